"""Predictions that are computed elsewhere, with the interface of an estimator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone, is_regressor
from sklearn.utils.metaestimators import available_if

from skactive._engine.label_arrays import of_all_classes


def recorded_stages(classifier: Any, X: Any, classes: np.ndarray) -> Iterator[Any]:
    """Yield the stages of an estimator; those of a classifier with a column for each class."""
    if is_regressor(classifier):
        for means in classifier.staged_predict(X):
            yield RecordedMeans(means)
        return
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


class RecordedSets(ClassifierMixin, BaseEstimator):
    """Several labels of each sample predicted elsewhere, with the interface that scorers need."""

    def __init__(self, labels: np.ndarray, probabilities: np.ndarray) -> None:
        self.labels = labels
        self.probabilities = probabilities
        # As scikit-learn's classifiers of several labels have them.
        self.classes_ = [np.array([0, 1])] * labels.shape[1]

    def predict(self, X: Any) -> np.ndarray:
        return self.labels

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.probabilities


class RecordedMeans(RegressorMixin, BaseEstimator):
    """Predictions of a regressor computed elsewhere, with the interface that scorers need."""

    def __init__(self, means: np.ndarray) -> None:
        self.means = means

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Any) -> np.ndarray:
        return self.means


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
