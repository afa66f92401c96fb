"""The labels of stored samples, by slot: one implementation for each kind of labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from typing import Any

import numpy as np

from skactive._contracts._target import Target
from skactive._engine.growing_arrays import GrowingArray
from skactive._engine.indicator import indicator
from skactive._engine.label_arrays import cast, label_array, positions_of, union


class LabelStorage(ABC):
    """Base class of the labels of stored samples, in the order of their slots.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The classes, sorted; empty if labels are not categorical.
    declared : ndarray of shape (n_declared,) or None
        The declared classes, sorted.
    """

    classes: np.ndarray = np.empty(0)
    declared: np.ndarray | None = None

    @property
    def codes(self) -> np.ndarray:
        """Positions in `classes`, in the order of the slots."""
        raise TypeError(f"{type(self).__name__} has no classes.")

    @abstractmethod
    def at(self, slots: Any) -> np.ndarray:
        """Return the labels of some slots."""

    def encoded(self, slots: Any) -> np.ndarray:
        """Return the labels of some slots as estimators take them."""
        return self.at(slots)

    @abstractmethod
    def ranks(self) -> np.ndarray:
        """Return an integer for each slot, by which labels of equal distance are ordered."""

    @abstractmethod
    def extend(self, y: np.ndarray) -> None:
        """Store labels after the last slot."""

    @abstractmethod
    def replace(self, slots: np.ndarray, y: np.ndarray) -> None:
        """Replace the labels of some slots."""

    @abstractmethod
    def swap_remove(self, slot: int) -> None:
        """Remove the label of a slot; the last one moves there."""

    def forget_unused(self) -> None:
        """Remove classes without a label, after labels were removed."""


class ClassLabels(LabelStorage):
    """Categorical labels, as positions in the sorted classes.

    Parameters
    ----------
    y : ndarray
        Labels, whose type is that of no classes.
    declared : ndarray of shape (n_declared,) or None
        Classes that stay classes even if no sample has them.
    """

    def __init__(self, y: np.ndarray, declared: np.ndarray | None) -> None:
        self._codes = GrowingArray(np.empty(0, dtype=np.intp))
        self.declared = None if declared is None else union(declared)
        self.classes = np.empty(0, dtype=y.dtype) if self.declared is None else self.declared
        self._counts = np.zeros(len(self.classes), dtype=np.intp)
        self._is_declared = np.full(len(self.classes), True)

    @property
    def codes(self) -> np.ndarray:
        """Positions in `classes`, in the order of the slots."""
        return self._codes.view

    def at(self, slots: Any) -> np.ndarray:
        return np.asarray(self.classes[self._codes.view[slots]])

    def ranks(self) -> np.ndarray:
        return self._codes.view

    def extend(self, y: np.ndarray) -> None:
        self._codes.extend(self._encode(y))

    def replace(self, slots: np.ndarray, y: np.ndarray) -> None:
        new = self._encode(y)
        self._counts -= np.bincount(self._codes.view[slots], minlength=len(self._counts))
        self._codes.view[slots] = new
        self.forget_unused()

    def swap_remove(self, slot: int) -> None:
        self._counts[self._codes.view[slot]] -= 1
        self._codes.swap_remove(slot)

    def forget_unused(self) -> None:
        alive = (self._counts > 0) | self._is_declared
        if not alive.all():
            self._codes.view[:] = (np.cumsum(alive) - 1)[self._codes.view]
            self.classes = self.classes[alive]
            self._counts, self._is_declared = self._counts[alive], self._is_declared[alive]

    def _encode(self, y: np.ndarray) -> np.ndarray:
        codes = self._known_codes(y)
        if codes is None:
            self._extend_classes(union(y))
            codes = positions_of(y, self.classes)
        self._counts += np.bincount(codes, minlength=len(self._counts))
        return codes

    def _known_codes(self, y: np.ndarray) -> np.ndarray | None:
        if len(y) == 0:
            return np.empty(0, dtype=np.intp)
        given = cast(y, self.classes) if len(self.classes) else None
        if given is None:
            return None
        codes: np.ndarray = self.classes.searchsorted(given)
        if len(y) == 1:
            is_known = codes[0] < len(self.classes) and self.classes[codes[0]] == given[0]
        else:
            is_known = (self.classes.take(codes, mode="clip") == given).all()
        return codes if is_known else None

    def _extend_classes(self, seen: np.ndarray) -> None:
        merged = seen if len(self.classes) == 0 else union(self.classes, seen)
        moved = positions_of(self.classes, merged)
        counts, kept = np.zeros(len(merged), dtype=np.intp), np.full(len(merged), False)
        counts[moved], kept[moved] = self._counts, self._is_declared
        self._codes.view[:] = moved[self._codes.view]
        self.classes, self._counts, self._is_declared = merged, counts, kept


class ArrayLabels(LabelStorage):
    """Labels that are numbers, or rows of numbers, as an array.

    Parameters
    ----------
    y : ndarray of shape (n,) or (n, n_columns)
        Labels, whose type and number of columns are kept.
    """

    def __init__(self, y: np.ndarray) -> None:
        self._values = GrowingArray(np.empty((0, *y.shape[1:]), dtype=y.dtype))

    @property
    def classes(self) -> np.ndarray:  # type: ignore[override]
        """The numbers of the columns, as long as there are labels."""
        values = self._values.view
        return np.arange(values.shape[1]) if values.ndim == 2 and len(values) else np.empty(0)

    def at(self, slots: Any) -> np.ndarray:
        return np.array(self._values.view[slots])

    def ranks(self) -> np.ndarray:
        return ranks_of(self._values.view)

    def extend(self, y: np.ndarray) -> None:
        if len(self._values) == 0 and y.ndim == 2:
            self.__init__(y)  # type: ignore[misc]
        self._values.extend(y)

    def replace(self, slots: np.ndarray, y: np.ndarray) -> None:
        self._values.view[slots] = y

    def swap_remove(self, slot: int) -> None:
        self._values.swap_remove(slot)


class LabelSets(LabelStorage):
    """Sets of labels, also as rows of an indicator matrix.

    Parameters
    ----------
    declared : ndarray of shape (n_declared,) or None
        Labels that come first, in their order. Others follow, sorted.
    """

    def __init__(self, declared: np.ndarray | None) -> None:
        self.declared = declared
        self._values = GrowingArray(np.empty(0, dtype=object))
        # How many samples name each label that is not declared.
        self._counts: Counter[Any] = Counter()
        self._set_classes()

    def at(self, slots: Any) -> np.ndarray:
        return np.array(self._values.view[slots], dtype=object)

    def encoded(self, slots: Any) -> np.ndarray:
        return np.array(self._rows.view[slots])

    def ranks(self) -> np.ndarray:
        return ranks_of(self._rows.view)

    def extend(self, y: np.ndarray) -> None:
        self._count(y, 1)
        self._values.extend(y)
        self._rows.extend(indicator(y, self.classes))

    def replace(self, slots: np.ndarray, y: np.ndarray) -> None:
        before = self.at(slots)
        self._count(y, 1)
        self._values.view[slots] = y
        self._rows.view[slots] = indicator(y, self.classes)
        self._count(before, -1)
        self.forget_unused()

    def swap_remove(self, slot: int) -> None:
        self._count(self.at([slot]), -1)
        self._values.swap_remove(slot)
        self._rows.swap_remove(slot)

    def forget_unused(self) -> None:
        if len(self._counts) + self._n_declared < len(self.classes):
            self._set_classes()

    @property
    def _n_declared(self) -> int:
        return 0 if self.declared is None else len(self.declared)

    def _count(self, y: np.ndarray, change: int) -> None:
        declared = set() if self.declared is None else set(self.declared.tolist())
        for one in y.tolist():
            for name in one.names - declared:
                self._counts[name] += change
                if self._counts[name] == 0:
                    del self._counts[name]
        if change > 0 and len(self._counts) + self._n_declared > len(self.classes):
            self._set_classes()

    def _set_classes(self) -> None:
        """Set the classes to those in use, and encode all labels by them."""
        names = [] if self.declared is None else self.declared.tolist()
        self.classes = label_array(names + sorted(self._counts))
        self._rows = GrowingArray(indicator(self._values.view, self.classes))


def ranks_of(values: np.ndarray) -> np.ndarray:
    """Return integers that order labels: equal labels have equal ranks.

    The order of the samples then does not matter.
    """
    if values.size == 0:
        return np.zeros(len(values), dtype=np.intp)
    _, ranks = np.unique(values, axis=0, return_inverse=True)
    return np.asarray(ranks).ravel()


def storage_of(target: Target, y: np.ndarray, classes: np.ndarray | None) -> LabelStorage:
    """Return an empty storage for the labels of a target."""
    if target.kind == "categorical":
        return ClassLabels(y, classes)
    return LabelSets(classes) if target.kind == "multilabel" else ArrayLabels(y)
