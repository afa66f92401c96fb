"""How an estimator learns from answers: at once, in passes, or by fitting anew."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone

from skactive._estimators import is_fitted
from skactive._fit_params import per_sample
from skactive._rows import n_samples_of, take_rows
from skactive.learner._arguments import declared_classes, stored_samples
from skactive.pool import Pool
from skactive.semi_supervised import IncrementalLabelSpreading


def updater_for(
    classifier: Any,
    samples: Any,
    pool: Pool,
    seed: tuple[Any, Any],
    classes: Any,
    fit_params: dict[str, Any] | None = None,
) -> EstimatorUpdater:
    """Return the way a classifier learns.

    Parameters
    ----------
    classifier : classifier
        It is changed as answers come.
    samples : indexable of length n_samples
        The pool's samples as the classifier sees them.
    pool : Pool
        The labels given so far.
    seed : tuple of (X, y)
        Samples from outside the pool whose labels are known, or (None, None).
    classes : array-like or None
        Classes known beforehand.
    fit_params : dict, default=None
        Further arguments of the methods that the classifier learns by.
    """
    params = fit_params or {}
    if isinstance(classifier, IncrementalLabelSpreading):
        return TransductiveUpdater(classifier, pool, classes)
    if all(hasattr(classifier, name) for name in ("add_labeled", "remove_labeled", "relabel")):
        return IncrementalUpdater(classifier, samples, pool, seed, classes, params)
    if hasattr(classifier, "partial_fit"):
        return PartialFitUpdater(classifier, samples, pool, seed, classes, params)
    return RefitUpdater(classifier, samples, pool, seed, classes, params)


class EstimatorUpdater(ABC):
    """What a learner tells its classifier."""

    classifier: Any

    @abstractmethod
    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        """Take in answers, which the pool has taken in already."""

    @abstractmethod
    def remove(self, positions: np.ndarray) -> None:
        """Forget answers, which the pool has forgotten already."""

    @abstractmethod
    def relabel(self, positions: np.ndarray, labels: np.ndarray) -> None:
        """Replace answers, which the pool has replaced already."""

    @abstractmethod
    def start_over(self) -> None:
        """Learn what the pool knows now, whose oldest labels were forgotten or came back."""

    def catch_up(self) -> None:
        """Learn what was put off until the classifier is asked."""

    def positions_of(self, numbers: np.ndarray) -> np.ndarray:
        """Return the positions of samples that the classifier numbers, -1 for those of none."""
        return np.full(np.shape(numbers), -1)


class IncrementalUpdater(EstimatorUpdater):
    """Tell a classifier with `add_labeled` at once."""

    def __init__(
        self,
        classifier: Any,
        samples: Any,
        pool: Pool,
        seed: tuple[Any, Any],
        classes: Any,
        fit_params: dict[str, Any],
    ) -> None:
        self.classifier = classifier
        self._samples = samples
        self._pool = pool
        self._fit_params = fit_params
        self._numbers: dict[int, int] = {}
        self._outside = [one for one in (stored_samples(classifier), seed) if one[0] is not None]
        X, y = seed
        if classes is not None and not is_fitted(classifier):
            # Classes are declared along with a sample: one is lent, and taken back.
            names = np.asarray(classes)
            classifier.partial_fit(take_rows(samples, np.array([0])), names[:1], classes=names)
            classifier.remove_labeled([0])
        self._outside_numbers = [] if X is None else [*self._add(X, y)]

    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        params = per_sample(self._fit_params, positions, n_samples_of(self._samples))
        numbers = self._add(take_rows(self._samples, positions), labels, **params)
        self._numbers.update(zip(positions.tolist(), numbers, strict=True))

    def positions_of(self, numbers: np.ndarray) -> np.ndarray:
        positions = {number: position for position, number in self._numbers.items()}
        found = [positions.get(number, -1) for number in np.ravel(numbers).tolist()]
        return np.array(found, dtype=np.intp).reshape(np.shape(numbers))

    def remove(self, positions: np.ndarray) -> None:
        self.classifier.remove_labeled([self._numbers.pop(place) for place in positions.tolist()])

    def relabel(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self.classifier.relabel([self._numbers[place] for place in positions.tolist()], labels)

    def start_over(self) -> None:
        tracked = [*self._outside_numbers, *self._numbers.values()]
        stored = getattr(self.classifier, "labeled_indices_", tracked)
        if len(stored):
            self.classifier.remove_labeled(stored)
        self._numbers.clear()
        self._outside_numbers = []
        n_gone = sum(len(y) for _, y in self._outside) - n_outside(self._pool)
        for X, y in self._outside:
            X_left, y_left = newest(X, y, len(y) - n_gone)
            n_gone = max(n_gone - len(y), 0)
            if X_left is not None:
                self._outside_numbers += self._add(X_left, y_left)
        if len(self._pool.labeled):
            self.add(self._pool.labeled, self._pool.labels)

    def _add(self, X: Any, y: Any, **params: Any) -> range:
        first = int(getattr(self.classifier, "n_samples_seen_", 0))
        self.classifier.add_labeled(X, y, **params)
        return range(first, first + len(y))


class TransductiveUpdater(EstimatorUpdater):
    """Tell label spreading, whose first nodes are the samples of the pool."""

    def __init__(self, classifier: IncrementalLabelSpreading, pool: Pool, classes: Any) -> None:
        self.classifier: IncrementalLabelSpreading = classifier
        self._pool = pool
        self._classes = declared_classes(classifier, classes)
        self.start_over()

    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self.classifier.relabel(positions, labels)

    def remove(self, positions: np.ndarray) -> None:
        self.classifier.remove_labeled(positions)

    def relabel(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self.classifier.relabel(positions, labels)

    def start_over(self) -> None:
        graph = self._pool.graph(self.classifier.n_neighbors, self.classifier.metric)
        self.classifier.fit_graph(graph, self._pool.X, self._classes)
        X, y = self._pool.labeled_outside()
        if X is not None:
            self.classifier.join_labeled(X, y)
        if len(self._pool.labeled):
            self.classifier.relabel(self._pool.labeled, self._pool.labels)

    def positions_of(self, numbers: np.ndarray) -> np.ndarray:
        return np.where(np.asarray(numbers) < self._pool.n_samples, numbers, -1)


class RefitUpdater(EstimatorUpdater):
    """Fit a classifier anew, when it is next asked."""

    def __init__(
        self,
        classifier: Any,
        samples: Any,
        pool: Pool,
        seed: tuple[Any, Any],
        classes: Any,
        fit_params: dict[str, Any],
    ) -> None:
        if is_fitted(classifier) and seed[0] is None and not hasattr(classifier, "partial_fit"):
            raise ValueError(
                f"The estimator, {type(classifier).__name__}, is fitted already, and can only be "
                "fitted anew: the first answer would make it forget. Hint: pass what it was "
                "fitted on as X_labeled and y_labeled."
            )
        self.classifier = classifier
        self._blank = clone(classifier)
        self._samples = samples
        self._pool = pool
        self._seed = seed
        self._classes = classes
        self._fit_params = fit_params
        self._behind = seed[0] is not None

    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self._behind = True

    def remove(self, positions: np.ndarray) -> None:
        self._behind = True

    def relabel(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self._behind = True

    def start_over(self) -> None:
        self._behind = True

    def catch_up(self) -> None:
        if self._behind:
            self._fit_anew()
            self._behind = False

    def _fit_anew(self) -> None:
        restore(self.classifier, self._blank)
        X, y = self._answers()
        if y is None:
            return
        try:
            self.classifier.fit(X, y, **self._params(self._pool.labeled))
        except ValueError:
            # Most classifiers cannot be fitted on a single class: they wait for a second.
            if len(np.unique(y)) > 1:
                raise
            restore(self.classifier, self._blank)

    def _params(self, positions: np.ndarray) -> dict[str, Any]:
        return per_sample(self._fit_params, positions, n_samples_of(self._samples))

    def _answers(self) -> tuple[Any, Any]:
        X, y = self._seed
        if X is not None:
            X, y = newest(X, y, n_outside(self._pool))
        labeled = self._pool.labeled
        if len(labeled) == 0:
            return X, y
        taught = take_rows(self._samples, labeled)
        if X is None:
            return taught, self._pool.labels
        return concatenate_rows(X, taught), np.concatenate([np.asarray(y), self._pool.labels])


class PartialFitUpdater(RefitUpdater):
    """Pass answers to `partial_fit`, and start anew where that cannot follow."""

    def __init__(
        self,
        classifier: Any,
        samples: Any,
        pool: Pool,
        seed: tuple[Any, Any],
        classes: Any,
        fit_params: dict[str, Any],
    ) -> None:
        super().__init__(classifier, samples, pool, seed, classes, fit_params)
        self._blank = copy.deepcopy(classifier)
        self._pending: list[int] = []
        if seed[1] is not None:
            self._check_known(seed[1])

    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self._check_known(labels)
        self._pending += positions.tolist()

    def relabel(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self._check_known(labels)
        super().relabel(positions, labels)

    def catch_up(self) -> None:
        if self._pending and not self._behind:
            # Until it is done: a classifier that fails halfway through is fitted anew.
            self._behind = True
            labels = self._pool.labels_of(self._pending)
            if np.isin(labels, getattr(self.classifier, "classes_", ())).all():
                arrived = np.asarray(self._pending)
                X = take_rows(self._samples, arrived)
                self.classifier.partial_fit(X, labels, **self._params(arrived))
                self._pending.clear()
                self._behind = False
        super().catch_up()

    def _check_known(self, labels: np.ndarray) -> None:
        if not is_fitted(self._blank):
            return
        known = self._blank.classes_
        unknown = labels[~np.isin(labels, known)].tolist()
        if unknown:
            raise ValueError(
                f"{type(self._blank).__name__} was fitted with the classes {known.tolist()} and "
                f"cannot learn {unknown[0]!r}. Hint: pass it unfitted, and what it was fitted on "
                "as X_labeled and y_labeled."
            )

    def _fit_anew(self) -> None:
        restore(self.classifier, self._blank)
        X, y = self._answers()
        params = self._params(self._pool.labeled)
        if y is not None and is_fitted(self.classifier):
            self.classifier.partial_fit(X, y, **params)
        elif y is not None:
            classes = np.unique(y) if self._classes is None else np.union1d(self._classes, y)
            # With one class known there is nothing to tell apart: wait for a second.
            if len(classes) > 1:
                self.classifier.partial_fit(X, y, classes=classes, **params)
        self._pending.clear()


def n_outside(pool: Pool) -> int:
    """Return how many labelled samples from outside a pool knows: those older than any answer."""
    return pool.n_labeled - len(pool.labeled)


def newest(X: Any, y: Any, n: int) -> tuple[Any, Any]:
    """Return the last n of samples and labels, or (None, None) where that is none."""
    if n <= 0:
        return None, None
    if n >= len(y):
        return X, y
    rows = X.tocsr() if sp.issparse(X) else X
    return take_rows(rows, np.arange(len(y) - n, len(y))), np.asarray(y)[-n:]


def concatenate_rows(above: Any, below: Any) -> Any:
    """Put rows of one kind (array, sparse matrix, DataFrame, list) under each other."""
    if hasattr(above, "iloc") and hasattr(below, "iloc"):
        import pandas as pd

        return pd.concat([above, below])
    if sp.issparse(above) or sp.issparse(below):
        return sp.vstack([above, below], format="csr")
    if hasattr(above, "shape") or hasattr(below, "shape"):
        return np.concatenate([np.asarray(above), np.asarray(below)])
    return [*above, *below]


def restore(classifier: Any, blank: Any) -> None:
    """Put a classifier back to the state of another, without making it another object."""
    vars(classifier).clear()
    vars(classifier).update(vars(copy.deepcopy(blank)))
