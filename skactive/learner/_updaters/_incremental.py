"""Classifiers that learn each answer at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._estimators import is_fitted, stored_samples
from skactive._fit_params import per_sample
from skactive._rows import n_samples_of, newest, take_rows
from skactive.base import TransductiveEstimator
from skactive.learner._arguments import declared_classes
from skactive.learner._updaters._updater import EstimatorUpdater

if TYPE_CHECKING:
    from skactive.learner._updaters._updater import UpdateSource


class AtOnceUpdater(EstimatorUpdater):
    """Base class of updaters that pass each answer to the classifier at once."""

    _source: UpdateSource
    _columns: list[Any]

    def _has_other_columns(self) -> bool:
        """Return whether the columns of the labels are other than those in the classifier."""
        columns = self._columns
        if self._source.pool.target.kind == "multilabel":
            self._columns = self._source.pool.classes_.tolist()
        return self._columns != columns


class IncrementalUpdater(AtOnceUpdater):
    """Passes each answer to `add_labeled`, and addresses it by the id from there."""

    def __init__(self, classifier: Any, source: UpdateSource) -> None:
        self.classifier = classifier
        self._source = source
        self._ids: dict[int, int] = {}
        self._columns: list[Any] = []
        self._has_other_columns()
        # Samples without ids cannot be removed: they stay in the classifier.
        has_ids = hasattr(classifier, "labeled_indices_")
        brought = stored_samples(classifier) if has_ids else (None, None)
        self._outside: list[Any] = [one for one in (brought, source.seed) if one[0] is not None]
        # Whether an error left the classifier without some labels of the pool.
        self._is_behind = False
        if source.classes is not None and not is_fitted(classifier):
            if not hasattr(classifier, "partial_fit"):
                raise TypeError(
                    f"`classes` was passed, but {type(classifier).__name__} has no `partial_fit`, "
                    "which declares classes. Hint: leave `classes` out. The first label of a class "
                    "adds it."
                )
            # `partial_fit` declares classes along with a sample, which is removed again.
            names, first = np.asarray(source.classes), take_rows(source.samples, np.array([0]))
            self.classifier.partial_fit(first, names[:1], classes=names)
            self.classifier.remove_labeled(self._last_ids(1))
        X, y = source.seed
        self._outside_ids: list[int] = [] if X is None else self._added(X, y)

    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        if self._has_other_columns():
            self.start_over()
        elif not self._is_behind:
            self._add(positions, labels)

    def _add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        samples = self._source.samples
        params = per_sample(self._source.fit_params, positions, n_samples_of(samples))
        ids = self._added(take_rows(samples, positions), labels, **params)
        self._ids.update(zip(positions.tolist(), ids, strict=True))

    def remove(self, positions: np.ndarray) -> None:
        if self._is_behind:
            return
        ids = [self._ids[position] for position in positions.tolist()]
        self.classifier.remove_labeled(ids)
        for position in positions.tolist():
            del self._ids[position]

    def relabel(self, positions: np.ndarray, labels: np.ndarray) -> None:
        if self._has_other_columns():
            self.start_over()
        elif not self._is_behind:
            ids = [self._ids[position] for position in positions.tolist()]
            self.classifier.relabel(ids, self._source.encoded(labels))

    def catch_up(self) -> None:
        if self._has_other_columns() or self._is_behind:
            self.start_over()

    def start_over(self) -> None:
        self._is_behind = True
        # A classifier may have removed some of these by itself.
        known = [*self._outside_ids, *self._ids.values()]
        stored = getattr(self.classifier, "labeled_indices_", known)
        if len(stored):
            self.classifier.remove_labeled(stored)
        self._ids.clear()
        self._outside_ids = []
        pool = self._source.pool
        n_outside = pool.n_labeled - len(pool.labeled)
        n_gone = sum(len(y) for _, y in self._outside) - n_outside
        for X, y in self._outside:
            X_left, y_left = newest(X, y, len(y) - n_gone)
            n_gone = max(n_gone - len(y), 0)
            if X_left is not None:
                self._outside_ids += self._added(X_left, y_left)
        if len(pool.labeled):
            self._add(pool.labeled, pool.labels)
        self._is_behind = False

    def positions_of(self, ids: np.ndarray) -> np.ndarray:
        positions = {id_: position for position, id_ in self._ids.items()}
        found = [positions.get(id_, -1) for id_ in np.ravel(ids).tolist()]
        return np.array(found, dtype=np.intp).reshape(np.shape(ids))

    def _added(self, X: Any, y: Any, **params: Any) -> list[int]:
        before = getattr(self.classifier, "last_ids_", None)
        self.classifier.add_labeled(X, self._encoded(y), **params)
        if getattr(self.classifier, "last_ids_", None) is before:
            raise TypeError(self._without_ids("has not set it"))
        return self._last_ids(len(y))

    def _encoded(self, y: Any) -> Any:
        # Samples that a fitted classifier has brought have its own form.
        return y if getattr(y, "ndim", 1) == 2 else self._source.encoded(y)

    def _last_ids(self, n: int) -> list[int]:
        ids = np.asarray(self.classifier.last_ids_).tolist()
        if len(ids) != n or len(set(ids)) != n:
            raise TypeError(self._without_ids(f"has set it to {ids} for {n} samples"))
        return ids

    def _without_ids(self, fact: str) -> str:
        name = type(self.classifier).__name__
        return (
            f"{name}.add_labeled must set the attribute `last_ids_` to the ids of the samples "
            f"that it has added, one for each, and {fact}. Hint: see "
            "skactive.base.IncrementalEstimator."
        )


class TransductiveUpdater(AtOnceUpdater):
    """Passes each answer to a classifier that has all samples of the pool already."""

    def __init__(self, classifier: TransductiveEstimator, source: UpdateSource) -> None:
        self.classifier: Any = classifier
        self._source = source
        self._columns = []
        self._pool = source.pool
        self._classes = declared_classes(classifier, source.classes)
        self.start_over()

    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        self.relabel(positions, labels)

    def remove(self, positions: np.ndarray) -> None:
        if self._has_other_columns():
            self.start_over()
        else:
            self.classifier.remove_labeled(positions)

    def relabel(self, positions: np.ndarray, labels: np.ndarray) -> None:
        if self._has_other_columns():
            self.start_over()
        else:
            self.classifier.relabel(positions, self._source.encoded(labels))

    def start_over(self) -> None:
        self._has_other_columns()
        self.classifier.fit_pool(self._pool, self._classes)
        if len(self._pool.labeled):
            self.classifier.relabel(self._pool.labeled, self._source.encoded(self._pool.labels))

    def positions_of(self, ids: np.ndarray) -> np.ndarray:
        return np.where(np.asarray(ids) < self._pool.n_samples, ids, -1)
