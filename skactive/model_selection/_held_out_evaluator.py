"""The test part of a split, scored after each answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.utils.metaestimators import available_if

from skactive._engine.label_arrays import of_all_classes, union
from skactive._estimators import classifier_of, keeps_stages
from skactive._rows import take_rows
from skactive.learner import ActiveLearner
from skactive.model_selection._held_out_predictions import HeldOutPredictions, can_predict

Scorer = Callable[[Any, Any, np.ndarray], float]


class HeldOutEvaluator:
    """Score the classifier of a learner on the test part of a split, after each answer.

    Parameters
    ----------
    learner : ActiveLearner
        The learner.
    X : array-like of length n_test
        The test samples.
    y : ndarray of shape (n_test,)
        Their true labels.
    classes : ndarray of shape (n_classes,)
        All classes, sorted.
    scorer : callable or None
        The score; None is the accuracy. Scorers of scikit-learn get recorded predictions, any
        other function gets the fitted classifier.
    may_defer : bool, default=False
        Whether labels are never revised. A classifier that predicts its own stages, such as
        nearest neighbours, is then scored at the end: `is_deferred` is True, and `staged_scores`
        returns the scores of all stages.
    """

    def __init__(
        self,
        learner: ActiveLearner,
        X: Any,
        y: np.ndarray,
        classes: np.ndarray,
        scorer: Scorer | None,
        *,
        may_defer: bool = False,
    ) -> None:
        self._learner = learner
        self._X = X
        self._y = y
        self._classes = classes
        self._scorer = scorer
        records = scorer is None or reads_only_predictions(scorer)
        self.is_deferred = may_defer and records and keeps_stages(learner.pool.estimator)
        if records and not self.is_deferred:
            self._predictions = HeldOutPredictions(learner, X)

    def score(self, *, revised: bool = False) -> float:
        """Return the score after the last answers, which may have revised earlier labels."""
        known = self._learner.classes_
        # An oracle may answer with a class that `y` does not have.
        classes = union(self._classes, known)
        if self._scorer is not None and not reads_only_predictions(self._scorer):
            return float(self._scorer(self._stage(classes), self._X, self._y))
        predictions = self._predictions
        if revised:
            predictions.reset()
        else:
            predictions.update()
        if self._scorer is None:
            return float(np.mean(predictions.labels() == self._y))
        complete = not predictions.are_pooled and np.array_equal(known, self._classes)
        if complete and can_predict(self._learner):
            return float(self._scorer(self._learner.fitted_estimator(), self._X, self._y))
        recorded = RecordedPredictions(classes, predictions.probabilities(classes))
        return float(self._scorer(recorded, self._X, self._y))

    def _stage(self, classes: np.ndarray) -> Any:
        """Return the fitted classifier, with a probability for each of all classes."""
        known = self._learner.classes_
        if len(known) == 1 or not can_predict(self._learner):
            # There are too few labels for the classifier: predict the most frequent one.
            labels = self._learner.labels
            fitted = DummyClassifier().fit(np.zeros((len(labels), 1)), labels)
        else:
            fitted = self._learner.fitted_estimator()
        return fitted if len(known) == len(classes) else PartlyLabeledClassifier(fitted, classes)

    def staged_scores(self, batch_size: int) -> Iterator[float]:
        """Yield the score after each batch of answers, from the stages of the classifier."""
        classifier, features = self._learner.pool.estimator, self._learner.features(self._X)
        n_labeled = len(self._learner.labeled)
        ends = {*range(batch_size, n_labeled, batch_size), n_labeled}
        if self._scorer is None:
            for stage, predicted in enumerate(classifier.staged_predict(features), start=1):
                if stage in ends:
                    yield float(np.mean(predicted == self._y))
            return
        for stage, recorded in enumerate(
            recorded_stages(classifier, features, self._classes), start=1
        ):
            if stage in ends:
                yield float(self._scorer(recorded, self._X, self._y))


def reads_only_predictions(scorer: Scorer) -> bool:
    """Return whether scikit-learn made a scorer: it reads the predictions of X, and no more."""
    return type(scorer) is type(make_scorer(accuracy_score))


def recorded_stages(classifier: Any, X: Any, classes: np.ndarray) -> Iterator[RecordedPredictions]:
    """Yield the stages of a classifier, with a column for each of all classes."""
    columns = np.searchsorted(classes, classifier.classes_)
    for stage in classifier.staged_predict_proba(X):
        probabilities = np.zeros((len(stage), len(classes)))
        probabilities[:, columns] = stage
        yield RecordedPredictions(classes, probabilities)


class RecordedPredictions(ClassifierMixin, BaseEstimator):
    """Class probabilities computed elsewhere, with the interface that scorers need."""

    def __init__(self, classes: np.ndarray, probabilities: np.ndarray) -> None:
        self.classes = classes
        self.probabilities = probabilities
        self.classes_ = classes

    def predict(self, X: Any) -> np.ndarray:
        return np.asarray(self.classes_[self.probabilities.argmax(axis=1)])

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.probabilities


def _predicts_probabilities(stage: PartlyLabeledClassifier) -> bool:
    return hasattr(stage.estimator, "predict_proba")


class PartlyLabeledClassifier(ClassifierMixin, BaseEstimator):
    """A fitted classifier, with probability 0 for the classes that have no label yet."""

    def __init__(self, estimator: Any, classes: np.ndarray) -> None:
        self.estimator = estimator
        self.classes = classes
        self.classes_ = classes

    def fit(self, X: Any, y: Any) -> PartlyLabeledClassifier:
        # Pipelines and `permutation_importance` accept no estimator without `fit`.
        self.estimator = clone(self.estimator).fit(X, y)
        self.classes_ = np.union1d(self.classes, self.estimator.classes_)
        return self

    @property
    def n_features_in_(self) -> int:
        return int(self.estimator.n_features_in_)

    def predict(self, X: Any) -> np.ndarray:
        return np.asarray(self.estimator.predict(X))

    @available_if(_predicts_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        probabilities = np.asarray(self.estimator.predict_proba(X))
        return of_all_classes(probabilities, self.estimator.classes_, self.classes_)

    @available_if(_predicts_probabilities)
    def predict_log_proba(self, X: Any) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{type(self).__name__}, which a scorer gets while classes have no label, has no "
            f"attribute {name!r}. Hint: its attribute `estimator` is the fitted classifier."
        )


class RecordedDecisions(ClassifierMixin, BaseEstimator):
    """A classifier without probabilities, to find out whether a scorer needs them."""

    def __init__(self, classes: np.ndarray) -> None:
        self.classes = classes
        self.classes_ = classes

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_

    def decision_function(self, X: Any) -> np.ndarray:
        n_classes = len(self.classes_)
        return np.array([-1.0, 1.0]) if n_classes == 2 else np.eye(n_classes)


def check_scorer(scorer: Scorer | None, name: Any, estimator: Any, X: Any, y: np.ndarray) -> None:
    """Raise if a scorer needs probabilities and the estimator has none."""
    if scorer is None or hasattr(estimator, "predict_proba"):
        return
    classes, first = np.unique(y, return_index=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scorer(RecordedDecisions(classes), take_rows(X, first), y[first])
    except AttributeError as error:
        if "predict_proba" not in str(error):
            return
        shown = name if isinstance(name, str) else getattr(name, "__name__", name)
        raise ValueError(
            f"scoring={shown!r} needs probabilities, and "
            f"{type(classifier_of(estimator)).__name__} has no predict_proba. "
            "Hint: choose a classifier that has it, wrap this one in CalibratedClassifierCV, or "
            "choose a score of predictions, such as 'balanced_accuracy'."
        ) from error
    except Exception:  # noqa: BLE001 - other errors are raised with the real classifier
        return
