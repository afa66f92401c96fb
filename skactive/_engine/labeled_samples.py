"""Labelled samples, added and removed one by one at a cost independent of their number."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._contracts._target import Target
from skactive._engine.distances import Rows
from skactive._engine.growing_arrays import GrowingArray, GrowingCSR
from skactive._engine.label_storage import storage_of
from skactive._engine.labels import CATEGORICAL
from skactive._engine.positions import check_integers


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
    target : Target, default=CATEGORICAL
        The kind of labels.
    """

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        classes: np.ndarray | None = None,
        max_labeled: int | None = None,
        target: Target = CATEGORICAL,
    ) -> None:
        empty = X[:0]
        self._X: Any = GrowingCSR(empty) if sp.issparse(X) else GrowingArray(np.array(empty))
        self._norms = GrowingArray(np.empty(0))
        self._ids = GrowingArray(np.empty(0, dtype=np.intp))
        self._slots = GrowingArray(np.empty(0, dtype=np.intp))
        self._oldest_id = 0
        # An index of the stored samples, and the ids of removed samples for its update.
        self.index: Any = None
        self.removed_ids: list[int] = []
        # Whether no sample was ever removed, so that ids equal slots.
        self._ids_are_slots = True
        self.target = target
        self._storage = storage_of(target, y, classes)
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
        return self._storage.at(slice(None))

    @property
    def encoded(self) -> np.ndarray:
        """Labels as estimators take them, in the order of the slots."""
        return self._storage.encoded(slice(None))

    @property
    def is_known(self) -> bool:
        """Whether there is a labelled sample, or a declared class."""
        return len(self) > 0 or len(self.classes) > 0

    @property
    def classes(self) -> np.ndarray:
        """The classes of categorical labels, sorted; empty for other targets."""
        return self._storage.classes

    @property
    def declared(self) -> np.ndarray | None:
        """The declared classes, sorted, or None."""
        return self._storage.declared

    @property
    def codes(self) -> np.ndarray:
        """Positions in `classes` of categorical labels, in the order of the slots."""
        return self._storage.codes

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
        return self._storage.at(self.slots(ids))

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

    def labels_by_id(self) -> np.ndarray:
        """Return `encoded` in the order of the ids; those of removed samples are arbitrary.

        The array must not be changed.
        """
        labels = self.encoded
        if self._ids_are_slots:
            return labels
        by_id = np.zeros((self.next_id, *labels.shape[1:]), dtype=labels.dtype)
        by_id[self.ids] = labels
        return by_id

    def ages_by_id(self) -> np.ndarray:
        """Return `ages` in the order of the ids; 0 for removed samples."""
        ages = np.zeros(self.next_id, dtype=np.intp)
        ages[self.ids] = self.ages()
        return ages

    def precedence(self, slots: Any = slice(None)) -> np.ndarray:
        """Return numbers that order equal distances, lowest first: by label, then newest first."""
        return self.ranks()[slots] * self.next_id - self.ids[slots]

    def ranks(self) -> np.ndarray:
        """Return an integer for each slot, the same for equal labels, which orders labels."""
        return self._storage.ranks()

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
        if self._X.is_sparse and not sp.issparse(X):
            X = sp.csr_matrix(X)
        elif sp.issparse(X) and not self._X.is_sparse:
            X = X.toarray()
        norms = Rows(X).norms
        # It raises before anything is changed, if no type holds the labels.
        self._storage.extend(y)
        self._slots.view[ids] = np.arange(len(self), len(self) + len(ids))
        self._X.extend(X)
        self._norms.extend(norms)
        self._ids.extend(ids)

    def remove(self, ids: np.ndarray) -> None:
        """Remove samples. Cost: O(n_features) each."""
        self._ids_are_slots = self._ids_are_slots and len(ids) == 0
        for sample in ids:
            slot = int(self._slots.view[sample])
            self._slots.view[self.ids[-1]] = slot
            self._slots.view[sample] = -1
            for column in (self._X, self._norms, self._storage, self._ids):
                column.swap_remove(slot)
        self.removed_ids += ids.tolist()
        self._storage.forget_unused()

    def relabel(self, ids: np.ndarray, y: np.ndarray) -> None:
        """Replace labels. Cost: O(1) each."""
        self._storage.replace(self.slots(ids), y)

    def check_labels(self, y: np.ndarray) -> None:
        """Raise if labels cannot be stored beside those already there."""
        self.target.check_alike(self.classes, y)
