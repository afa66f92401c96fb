"""The test part of a split, scored after each answer."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from skactive._engine.features import check_features
from skactive._engine.sharing import shared
from skactive._rows import take_rows
from skactive.learner import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.semi_supervised import IncrementalLabelSpreading


class HeldOutEvaluator:
    """Score the learner's classifier on the test part of a split, after each answer.

    For `IncrementalKNeighborsClassifier` the test part is a pool of its own, in which an answer
    changes only the votes that it takes part in; for `IncrementalLabelSpreading` the same holds
    of the vote, and the nodes nearest to the test samples are found once. Any other classifier
    predicts anew.

    Parameters
    ----------
    learner : ActiveLearner
        The learner. Labels that it has already are not added.
    X : array-like of length n_test
        The test samples.
    y : ndarray of shape (n_test,)
        Their true labels.
    classes : ndarray of shape (n_classes,)
        All classes, sorted.
    scorer : callable or None
        The score; None is the accuracy.
    may_defer : bool, default=False
        Whether labels are never revised. Nearest neighbours that forget nothing are then scored
        at the end: `is_deferred` is True, and `staged_scores` returns the scores of all stages.
    """

    def __init__(
        self,
        learner: ActiveLearner,
        X: Any,
        y: np.ndarray,
        classes: np.ndarray,
        scorer: Any,
        *,
        may_defer: bool = False,
    ) -> None:
        self._learner = learner
        self._X = X
        self._y = y
        self._classes = classes
        self._scorer = scorer
        self._pool: Pool | None = None
        self._make_source: Any = None
        classifier = learner.pool.estimator
        votes = isinstance(classifier, IncrementalKNeighborsClassifier)
        self.is_deferred = may_defer and votes and classifier.votes_plainly
        if self.is_deferred:
            return
        spreads = isinstance(classifier, IncrementalLabelSpreading)
        if not (votes or spreads):
            return
        features = learner.features(X)
        if spreads:
            graph = classifier.graph_
            checked = check_features(features, "X", graph.X.dtype)
            key = (type(classifier), "nearest nodes", graph.n_neighbors, graph.metric)
            nearest = shared(key, lambda: classifier.nearest_nodes(checked), graph.X, checked)
            self._make_source = partial(classifier.outside_posterior_source, nearest=nearest)
        voter = classifier.voter_ if spreads else classifier
        self._pool = self._new_pool(features, voter)

    def add_labels(self, indices: np.ndarray, labels: np.ndarray) -> None:
        """Add labels of samples of the learner's pool."""
        if self._pool is not None:
            self._pool.add_labeled(self._learner.pool.X[indices], labels)

    def reset(self) -> None:
        """Remove all labels, and add those that the learner has now."""
        if self._pool is not None:
            self._pool = self._new_pool(self._pool.X, self._pool.estimator)
            self.add_labels(self._learner.labeled, self._learner.labels)

    def score(self) -> float:
        """Return the score on the test part."""
        if self._scorer is None:
            return float(np.mean(self._predict() == self._y))
        knows_all_classes = np.array_equal(self._learner.classes_, self._classes)
        predicts = self._pool is None and knows_all_classes
        estimator = self._learner.fitted_estimator() if predicts else self._recorded()
        return float(self._scorer(estimator, self._X, self._y))

    def staged_scores(self, batch_size: int) -> Iterator[float]:
        """Yield the score on the test part after each batch of answers."""
        classifier, features = self._learner.pool.estimator, self._learner.features(self._X)
        n_labeled = len(self._learner.labeled)
        ends = {*range(batch_size, n_labeled, batch_size), n_labeled}
        if self._scorer is None:
            for stage, predicted in enumerate(classifier.staged_predict(features), start=1):
                if stage in ends:
                    yield float(np.mean(predicted == self._y))
            return
        columns = np.searchsorted(self._classes, classifier.classes_)
        for stage, votes in enumerate(classifier.staged_predict_proba(features), start=1):
            if stage in ends:
                probabilities = np.zeros((len(self._y), len(self._classes)))
                probabilities[:, columns] = votes
                recorded = RecordedPredictions(self._classes, probabilities)
                yield float(self._scorer(recorded, self._X, self._y))

    def _new_pool(self, X: Any, classifier: Any) -> Pool:
        return Pool(X, estimator=classifier, posterior_source=self._make_source)

    def _predict(self) -> np.ndarray:
        if self._pool is not None:
            posterior = self._posterior()
            if posterior is not None:
                return np.asarray(self._pool.classes_[posterior.argmax(axis=1)])
        if len(self._learner.classes_) == 1:
            # Most classifiers cannot be fitted on one class; until there is a second, predict it.
            return np.repeat(self._learner.classes_, len(self._y))
        return self._learner.predict(self._X)

    def _posterior(self) -> np.ndarray | None:
        return None if self._pool is None else self._pool.posterior()

    def _recorded(self) -> RecordedPredictions:
        known = self._learner.classes_
        # An oracle may answer with a class that `y` does not have.
        classes = np.union1d(self._classes, known)
        probabilities = np.zeros((len(self._y), len(classes)))
        columns = np.searchsorted(classes, known)
        posterior = self._posterior()
        if posterior is not None:
            probabilities[:, columns] = posterior
        elif len(known) > 1 and hasattr(self._learner.estimator, "predict_proba"):
            probabilities[:, columns] = self._learner.predict_proba(self._X)
        else:
            winners = np.searchsorted(classes, self._predict())
            probabilities[np.arange(len(self._y)), winners] = 1.0
        return RecordedPredictions(classes, probabilities)


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


def check_scorer(scorer: Any, name: Any, estimator: Any, X: Any, y: np.ndarray) -> None:
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
        classifier = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        raise ValueError(
            f"scoring={shown!r} needs probabilities, and {type(classifier).__name__} has no "
            "predict_proba. "
            "Hint: choose a classifier that has it, wrap this one in CalibratedClassifierCV, or "
            "choose a score of predictions, such as 'balanced_accuracy'."
        ) from error
    except Exception:  # noqa: BLE001 - other errors are raised with the real classifier
        return
