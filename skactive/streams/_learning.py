"""How the classifier of a stream learns labels, and forgets old ones."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections import deque
from typing import Any

import numpy as np
from sklearn.base import clone

from skactive._engine.label_arrays import label_array
from skactive._estimators import has_partial_fit, is_fitted
from skactive._few_labels import fitted_copy, posterior_or_none
from skactive.base import IncrementalEstimator


class StreamLearning(ABC):
    """A classifier that learns the labels of a stream, of which the latest are kept.

    Parameters
    ----------
    given : classifier
        It is copied with what it has learned, or cloned if it is not fitted.
    max_labeled : int
        The number of latest samples that are kept.
    classes : ndarray of shape (n_classes,) or None
        The declared classes.
    """

    def __init__(self, given: Any, max_labeled: int, classes: np.ndarray | None) -> None:
        self._given = given
        self._max_labeled = max_labeled
        self._classes = classes
        self.can_predict = _has_learned(given)
        self.estimator = copy.deepcopy(given) if self.can_predict else clone(given)
        self._rows: deque[np.ndarray] = deque(maxlen=max_labeled)
        self._labels: deque[Any] = deque(maxlen=max_labeled)

    @property
    def n_kept(self) -> int:
        """The number of samples that are kept."""
        return len(self._labels)

    @property
    def classes(self) -> np.ndarray:
        """The declared classes, or the labels that the classifier knows."""
        if self._classes is not None:
            return self._classes
        if self.can_predict:
            return np.asarray(self.estimator.classes_)
        return np.unique(label_array(list(self._labels)))

    def add(self, X: np.ndarray, y: np.ndarray) -> None:
        """Learn labelled samples; if that fails, nothing is kept."""
        self._learn(X, y)
        self._rows.extend(X)
        self._labels.extend(y.tolist())

    def forget(self, n_kept: int) -> None:
        """Forget all but the latest labels."""
        X, y = self.latest()
        X, y = X[-n_kept:], y[-n_kept:]
        self._forget(X, y)
        self._rows = deque(X, maxlen=self._max_labeled)
        self._labels = deque(y.tolist(), maxlen=self._max_labeled)

    def latest(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the samples that are kept, and their labels."""
        return np.array(self._rows), label_array(list(self._labels))

    def posterior(self, X: np.ndarray) -> np.ndarray | None:
        """Return class probabilities, or None if the classifier needs more labels for them."""
        if not self.can_predict:
            return None
        probabilities = posterior_or_none(self.estimator, X, self.latest)
        if probabilities is None or self._classes is None:
            return probabilities
        if probabilities.shape[1] == len(self._classes):
            return probabilities
        # A classifier that is fitted to some of the declared classes.
        columns = np.zeros((len(X), len(self._classes)))
        columns[:, np.searchsorted(self._classes, self.estimator.classes_)] = probabilities
        return columns

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return predicted labels: the most frequent one if the classifier needs more labels."""
        if self.can_predict and not self._is_without_probabilities(X):
            # Naive Bayes with one label of a class divides by 0.
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(self.estimator.predict(X))
        best = int(self.frequencies().argmax())
        return np.repeat(self.classes[best : best + 1], len(X))

    def frequencies(self) -> np.ndarray:
        """Return the share of each class among the labels that are kept."""
        classes, y = self.classes, self.latest()[1]
        return np.array([np.mean(y == one) for one in classes.tolist()])

    def _is_without_probabilities(self, X: np.ndarray) -> bool:
        """Return whether the probabilities of a classifier are not numbers for lack of labels.

        Naive Bayes then predicts a class without a label.
        """
        has_labels = self.n_kept > 0 and hasattr(self.estimator, "predict_proba")
        return has_labels and self.posterior(X) is None

    @abstractmethod
    def _learn(self, X: np.ndarray, y: np.ndarray) -> None:
        """Learn samples, which are kept afterwards."""

    @abstractmethod
    def _forget(self, X: np.ndarray, y: np.ndarray) -> None:
        """Forget all but the given samples, the latest of those that are kept."""


class StoredLabels(StreamLearning):
    """A classifier that stores labelled samples, and removes the oldest."""

    def __init__(self, given: Any, max_labeled: int, classes: np.ndarray | None) -> None:
        super().__init__(given, max_labeled, classes)
        self._ids = deque(np.asarray(getattr(self.estimator, "labeled_indices_", [])).tolist())
        self._n_removed = 0

    def _learn(self, X: np.ndarray, y: np.ndarray) -> None:
        self._add(X, y)
        self._remove(len(self._ids) - self._max_labeled)
        self.can_predict = True
        # A classifier may remember the ids of removed samples.
        if self._n_removed > self._max_labeled and hasattr(self.estimator, "labeled_samples"):
            kept = self.estimator.labeled_samples()
            self.estimator, self._ids, self._n_removed = clone(self.estimator), deque(), 0
            self._add(*kept)

    def _add(self, X: np.ndarray, y: np.ndarray) -> None:
        if self._classes is not None and hasattr(self.estimator, "partial_fit"):
            self.estimator.partial_fit(X, y, classes=self._classes)
        else:
            self.estimator.add_labeled(X, y)
        self._ids.extend(np.asarray(self.estimator.last_ids_).tolist())

    def _forget(self, X: np.ndarray, y: np.ndarray) -> None:
        self._remove(len(self._ids) - len(y))

    def _is_without_probabilities(self, X: np.ndarray) -> bool:
        return False

    def _remove(self, n: int) -> None:
        oldest = [self._ids.popleft() for _ in range(n)]
        # The classifier may have a limit of its own.
        stored = getattr(self.estimator, "labeled_indices_", None)
        if stored is not None and oldest:
            oldest = np.intersect1d(oldest, stored).tolist()
        if oldest:
            self.estimator.remove_labeled(oldest)
            self._n_removed += len(oldest)


class PartialFits(StreamLearning):
    """A classifier that learns by `partial_fit`, and cannot forget: it starts anew."""

    def _learn(self, X: np.ndarray, y: np.ndarray) -> None:
        if self.can_predict:
            self.estimator.partial_fit(X, y)
        else:
            self.estimator.partial_fit(X, y, classes=self._classes)
        self.can_predict = True

    def _forget(self, X: np.ndarray, y: np.ndarray) -> None:
        classes = self.classes
        self.estimator = clone(self._given)
        self.estimator.partial_fit(X, y, classes=classes)


class Refits(StreamLearning):
    """A classifier that is fitted anew to the samples that are kept."""

    def _learn(self, X: np.ndarray, y: np.ndarray) -> None:
        if self.n_kept:
            rows, labels = self.latest()
            X, y = np.concatenate([rows, X]), np.concatenate([labels, y])
        self._fit(X[-self._max_labeled :], y[-self._max_labeled :])

    def _forget(self, X: np.ndarray, y: np.ndarray) -> None:
        self._fit(X, y)

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        fitted = fitted_copy(self._given, X, y)
        self.can_predict = fitted is not None
        self.estimator = clone(self._given) if fitted is None else fitted


def _has_learned(classifier: Any) -> bool:
    # river's adapter counts as fitted before it knows the classes.
    return is_fitted(classifier) and hasattr(classifier, "classes_")


def learning_of(given: Any, max_labeled: int, classes: np.ndarray | None) -> StreamLearning:
    """Return how a classifier learns: as cheaply as it can."""
    if isinstance(given, IncrementalEstimator):
        return StoredLabels(given, max_labeled, classes)
    # partial_fit has to know all classes at its first call.
    if has_partial_fit(given) and (classes is not None or _has_learned(given)):
        return PartialFits(given, max_labeled, classes)
    return Refits(given, max_labeled, classes)
