"""Labelled samples, added and removed one by one at a cost independent of their number."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.distances import Rows
from skactive._engine.label_arrays import cast, positions_of, union
from skactive._engine.labels import CATEGORICAL
from skactive._engine.positions import check_integers


class GrowingArray:
    """An array whose capacity doubles when full, and whose last row replaces a removed row."""

    def __init__(self, rows: np.ndarray) -> None:
        self._buffer = rows
        self._size = len(rows)

    def __len__(self) -> int:
        return self._size

    @property
    def view(self) -> np.ndarray:
        return self._buffer[: self._size]

    def extend(self, rows: np.ndarray) -> None:
        needed, dtype = self._size + len(rows), self._buffer.dtype
        if rows.dtype != dtype:
            dtype = np.result_type(self._buffer, rows)
        if needed > len(self._buffer) or dtype != self._buffer.dtype:
            shape = (max(needed, 2 * len(self._buffer), 8), *self._buffer.shape[1:])
            grown = np.empty(shape, dtype=dtype)
            grown[: self._size] = self.view
            self._buffer = grown
        self._buffer[self._size : needed] = rows
        self._size = needed

    def swap_remove(self, slot: int) -> None:
        self._buffer[slot] = self._buffer[self._size - 1]
        self._size -= 1

    def __getstate__(self) -> dict[str, Any]:
        return {"_buffer": self.view.copy(), "_size": self._size}


class GrowingCSR:
    """A `GrowingArray` of sparse rows. Removing any row but the last copies all rows."""

    def __init__(self, rows: sp.csr_matrix) -> None:
        self._shape = rows.shape
        self._values = GrowingArray(rows.data)
        self._columns = GrowingArray(rows.indices)
        self._ends = GrowingArray(np.asarray(rows.indptr[1:], dtype=np.int64))

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def view(self) -> sp.csr_matrix:
        starts = np.concatenate([[0], self._ends.view])
        return sp.csr_matrix(
            (self._values.view, self._columns.view, starts), (len(self), self._shape[1])
        )

    def extend(self, rows: sp.csr_matrix) -> None:
        self._ends.extend(rows.indptr[1:] + len(self._values))
        self._values.extend(rows.data)
        self._columns.extend(rows.indices)

    def swap_remove(self, slot: int) -> None:
        order = np.arange(len(self) - 1)
        if slot < len(order):
            order[slot] = len(self) - 1
        self.__init__(self.view[order])  # type: ignore[misc]


class LabeledSamples:
    """The labelled samples of a classifier or a pool.

    The id of a sample is the number of samples added before it, and never changes. Slots, the
    positions in the arrays, do change: the last sample moves to the slot of a removed one.

    Parameters
    ----------
    X : array or CSR matrix of shape (n_samples, n_features)
    y : array of shape (n_samples,)
    classes : array of shape (n_classes,), default=None
        Declared classes, which stay classes even if no sample has them.
    max_labeled : int, default=None
        Number of samples to keep, the newest ones. None keeps all.
    """

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        classes: np.ndarray | None = None,
        max_labeled: int | None = None,
    ) -> None:
        empty = X[:0]
        self._X: Any = GrowingCSR(empty) if sp.issparse(X) else GrowingArray(np.array(empty))
        self._norms = GrowingArray(np.empty(0))
        self._codes = GrowingArray(np.empty(0, dtype=np.intp))
        self._ids = GrowingArray(np.empty(0, dtype=np.intp))
        self._slots = GrowingArray(np.empty(0, dtype=np.intp))
        self._oldest_id = 0
        # An index of the stored samples, and the ids of removed samples for its update.
        self.index: Any = None
        self.removed_ids: list[int] = []
        # Whether no sample was ever removed, so that ids equal slots.
        self._ids_are_slots = True
        self.declared = None if classes is None else union(classes)
        self.classes = np.empty(0, dtype=y.dtype) if self.declared is None else self.declared
        self._counts = np.zeros(len(self.classes), dtype=np.intp)
        self._is_declared = np.full(len(self.classes), True)
        self.add(X, y, max_labeled)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def rows(self) -> Rows:
        return Rows(self._X.view, self._norms.view)

    def rows_at(self, slots: np.ndarray) -> Rows:
        """Return the rows of some slots, at a cost independent of the other slots."""
        return Rows(self._X.view[slots], self._norms.view[slots])

    @property
    def ids(self) -> np.ndarray:
        """Ids in the order of the slots."""
        return self._ids.view

    @property
    def labels(self) -> np.ndarray:
        """Labels in the order of the slots."""
        return self.classes[self._codes.view]

    @property
    def codes(self) -> np.ndarray:
        """Positions in `classes`, in the order of the slots."""
        return self._codes.view

    @property
    def next_id(self) -> int:
        return len(self._slots)

    def slots(self, ids: Any) -> np.ndarray:
        """Return the slots of stored samples by their ids."""
        return self._slots.view[ids]

    def slots_since(self, id_: int) -> np.ndarray:
        """Return the slots of the samples with this id or a later one."""
        if id_ == self.next_id - 1:
            slots = self._slots.view[id_:]
            return slots[slots >= 0]
        return np.flatnonzero(self.ids >= id_)

    def labels_of(self, ids: Any) -> np.ndarray:
        """Return the labels of stored samples by their ids."""
        return np.asarray(self.classes[self.codes_of(ids)])

    def codes_of(self, ids: Any) -> np.ndarray:
        """Return the positions in `classes` of the labels of stored samples, by their ids."""
        return np.asarray(self.codes[self.slots(ids)])

    def check_ids(self, ids: Any) -> np.ndarray:
        """Return ids as an array, or raise if one is not stored or is repeated."""
        array = check_integers(ids, "Labelled samples are named by integers")
        if array.size == 0:
            return array
        known = (array >= 0) & (array < self.next_id)
        known[known] = self._slots.view[array[known]] >= 0
        if not known.all():
            raise ValueError(
                f"There is no labelled sample {array[~known][0]}. "
                f"Hint: {len(self)} are stored, see `labeled_indices_`."
            )
        if len(np.unique(array)) < len(array):
            raise ValueError(f"A labelled sample is named twice in {array.tolist()}.")
        return array.astype(np.intp)

    def codes_by_id(self) -> np.ndarray:
        """Return positions in `classes` in the order of the ids; 0 for removed samples.

        The array must not be changed.
        """
        if self._ids_are_slots:
            return self.codes
        codes = np.zeros(self.next_id, dtype=np.intp)
        codes[self.ids] = self.codes
        return codes

    def ages_by_id(self) -> np.ndarray:
        """Return `ages` in the order of the ids; 0 for removed samples."""
        ages = np.zeros(self.next_id, dtype=np.intp)
        ages[self.ids] = self.ages()
        return ages

    def precedence(self, slots: Any = slice(None)) -> np.ndarray:
        """Return numbers that order equal distances, lowest first: by class, then newest first."""
        return self.codes[slots] * self.next_id - self.ids[slots]

    def ages(self) -> np.ndarray:
        """Return for each slot the number of stored samples that are newer."""
        ages = np.empty(len(self), dtype=np.intp)
        ages[np.argsort(self.ids)] = np.arange(len(self))[::-1]
        return ages

    def oldest(self, n: int) -> np.ndarray:
        """Return the ids of the `n` oldest samples. Cost: O(1) each, amortised."""
        slots = self._slots.view
        found: list[int] = []
        # Removed samples before the oldest stored one are skipped in all later calls.
        while self._oldest_id < len(slots) and slots[self._oldest_id] < 0:
            self._oldest_id += 1
        place = self._oldest_id
        while len(found) < min(n, len(self)):
            if slots[place] >= 0:
                found.append(place)
            place += 1
        return np.array(found, dtype=np.intp)

    def add(self, X: Any, y: np.ndarray, max_labeled: int | None = None) -> np.ndarray:
        """Store samples, and return their ids. Cost: O(n_features) each, amortised.

        With `max_labeled`, the oldest samples are removed. Samples of the batch that would be
        removed at once are not stored.
        """
        ids = np.arange(self.next_id, self.next_id + len(y))
        self._slots.extend(np.full(len(y), -1))
        if max_labeled is None:
            self._append(X, y, ids)
            return ids
        n_dropped = max(len(y) - max_labeled, 0)
        self._ids_are_slots = self._ids_are_slots and n_dropped == 0
        self._append(X[n_dropped:], y[n_dropped:], ids[n_dropped:])
        if len(y) and len(self) > max_labeled:
            self.remove(self.oldest(len(self) - max_labeled))
        return ids

    def restore(self, ids: np.ndarray, X: Any, y: np.ndarray) -> None:
        """Store removed samples again, under their earlier ids."""
        self._append(X, y, ids)
        self._oldest_id = min([self._oldest_id, *ids.tolist()])

    def _append(self, X: Any, y: np.ndarray, ids: np.ndarray) -> None:
        if isinstance(self._X, GrowingCSR) and not sp.issparse(X):
            X = sp.csr_matrix(X)
        elif isinstance(self._X, GrowingArray) and sp.issparse(X):
            X = X.toarray()
        norms = Rows(X).norms
        codes = self._encode(y)
        self._slots.view[ids] = np.arange(len(self), len(self) + len(ids))
        self._X.extend(X)
        self._norms.extend(norms)
        self._codes.extend(codes)
        self._ids.extend(ids)

    def remove(self, ids: np.ndarray) -> None:
        """Remove samples. Cost: O(n_features) each."""
        codes = self.codes_of(ids)
        self._ids_are_slots = self._ids_are_slots and len(ids) == 0
        for sample in ids:
            slot = int(self._slots.view[sample])
            self._slots.view[self.ids[-1]] = slot
            self._slots.view[sample] = -1
            for column in (self._X, self._norms, self._codes, self._ids):
                column.swap_remove(slot)
        self.removed_ids += ids.tolist()
        self._decrease_counts(codes)

    def relabel(self, ids: np.ndarray, y: np.ndarray) -> None:
        """Replace labels. Cost: O(1) each."""
        new = self._encode(y)
        slots = self.slots(ids)
        old = self._codes.view[slots]
        self._codes.view[slots] = new
        self._decrease_counts(old)

    def check_labels(self, y: np.ndarray) -> None:
        """Raise if categorical labels cannot be stored beside those already there."""
        CATEGORICAL.check_alike(self.classes, y)

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

    def _decrease_counts(self, codes: np.ndarray) -> None:
        self._counts -= np.bincount(codes, minlength=len(self._counts))
        alive = (self._counts > 0) | self._is_declared
        if not alive.all():
            self._codes.view[:] = (np.cumsum(alive) - 1)[self._codes.view]
            self.classes = self.classes[alive]
            self._counts, self._is_declared = self._counts[alive], self._is_declared[alive]
