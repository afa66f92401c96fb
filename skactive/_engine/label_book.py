"""The labels of a pool: of its samples, of samples from outside, skipped and forgotten ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skactive._contracts._target import Target
from skactive._engine.declared_classes import check_declared
from skactive._engine.distances import Rows, Space
from skactive._engine.labeled_samples import LabeledSamples
from skactive._engine.positions import check_positions, check_unlabeled


class Positions:
    """The state of each sample of a pool: labelled, skipped, or a candidate."""

    def __init__(self, n_samples: int) -> None:
        self.n_samples = n_samples
        self._ids = np.full(n_samples, -1, dtype=np.intp)
        self._is_labeled = np.zeros(n_samples, dtype=bool)
        self._is_skipped = np.zeros(n_samples, dtype=bool)
        self._ids_in_order: dict[int, int] = {}
        self._positions: dict[int, int] = {}
        self._candidates: np.ndarray | None = None

    @property
    def candidates(self) -> np.ndarray:
        """Positions of the samples neither labelled nor skipped, ascending."""
        if self._candidates is None:
            self._candidates = np.flatnonzero(self.is_candidate)
            self._candidates.flags.writeable = False
        return self._candidates

    @property
    def is_candidate(self) -> np.ndarray:
        """Whether each sample is neither labelled nor skipped."""
        return ~(self._is_labeled | self._is_skipped)

    @property
    def labeled(self) -> np.ndarray:
        """Positions of the labelled samples, in the order they were labelled."""
        return np.fromiter(self._ids_in_order, dtype=np.intp, count=len(self._ids_in_order))

    @property
    def n_labeled(self) -> int:
        """Number of labelled samples of the pool."""
        return len(self._ids_in_order)

    @property
    def skipped(self) -> np.ndarray:
        """Positions of the skipped samples that are not labelled, ascending."""
        return np.flatnonzero(self._is_skipped & ~self._is_labeled)

    def is_labeled(self, positions: np.ndarray | slice) -> np.ndarray:
        """Return which samples are labelled."""
        return np.asarray(self._is_labeled[positions])

    def ids(self, positions: np.ndarray) -> np.ndarray:
        """Return the ids of samples that are labelled."""
        return self._ids[positions]

    def of_ids(self, ids: np.ndarray) -> np.ndarray:
        """Return the positions of labelled samples by their ids, -1 for samples from outside."""
        return np.array([self._positions.get(id_, -1) for id_ in ids.tolist()], dtype=np.intp)

    def check_labeled(self, indices: Any) -> np.ndarray:
        """Return positions as an array, or raise if a sample is unlabelled or repeated."""
        positions = check_positions(indices, self.n_samples)
        unlabeled = positions[~self.is_labeled(positions)]
        if len(unlabeled):
            raise ValueError(f"Sample {unlabeled[0]} of the pool is not labelled.")
        if len(np.unique(positions)) < len(positions):
            raise ValueError(f"A sample is named twice in {positions.tolist()}.")
        return positions

    def add(self, positions: np.ndarray, ids: np.ndarray) -> None:
        """Mark samples as labelled."""
        self._ids[positions], self._is_labeled[positions] = ids, True
        places, numbers = positions.tolist(), ids.tolist()
        self._ids_in_order.update(zip(places, numbers, strict=True))
        self._positions.update(zip(numbers, places, strict=True))
        if self._candidates is not None:
            answered = positions[~self._is_skipped[positions]]
            places = np.searchsorted(self._candidates, answered)
            if len(places) == 1:
                before, after = self._candidates[: places[0]], self._candidates[places[0] + 1 :]
                left = np.concatenate([before, after])
            else:
                left = np.delete(self._candidates, places)
            left.flags.writeable = False
            self._candidates = left

    def restore(self, positions: np.ndarray, ids: np.ndarray) -> None:
        """Mark samples as labelled again, before all others in the order of labels."""
        newer = self._ids_in_order
        self._ids_in_order = {}
        self.add(positions, ids)
        self._ids_in_order |= newer

    def remove(self, positions: np.ndarray) -> None:
        """Mark samples as unlabelled."""
        self._ids[positions], self._is_labeled[positions] = -1, False
        for position in positions.tolist():
            del self._positions[self._ids_in_order.pop(position)]
        self._candidates = None

    def extend(self, n_added: int) -> None:
        """Add candidates after the last sample."""
        self._ids = np.concatenate([self._ids, np.full(n_added, -1, dtype=np.intp)])
        none = np.zeros(n_added, dtype=bool)
        self._is_labeled = np.concatenate([self._is_labeled, none])
        self._is_skipped = np.concatenate([self._is_skipped, none])
        self.n_samples += n_added
        self._candidates = None

    def keep(self, kept: np.ndarray) -> None:
        """Renumber the samples that stay, given their positions; the others are unlabelled."""
        order, ids = self.labeled, list(self._ids_in_order.values())
        places = np.searchsorted(kept, order).tolist()
        self._ids = self._ids[kept]
        self._is_labeled, self._is_skipped = self._is_labeled[kept], self._is_skipped[kept]
        self._ids_in_order = dict(zip(places, ids, strict=True))
        self._positions = dict(zip(ids, places, strict=True))
        self.n_samples = len(kept)
        self._candidates = None

    def skip(self, indices: Any) -> None:
        """Mark samples as skipped."""
        positions = check_positions(indices, self.n_samples)
        check_unlabeled(positions, self.labeled)
        self._is_skipped[positions] = True
        self._candidates = None

    def unskip(self, indices: Any) -> None:
        """Mark samples as not skipped."""
        self._is_skipped[check_positions(indices, self.n_samples)] = False
        self._candidates = None


@dataclass(frozen=True)
class ForgottenLabels:
    """The labelled samples removed by one call of `forget`, oldest first.

    Positions are -1 for samples from outside the pool.
    """

    ids: np.ndarray
    positions: np.ndarray
    X: Any
    labels: np.ndarray

    def keep(self, kept: np.ndarray) -> ForgottenLabels:
        """Return those of the samples that stay, given their ascending positions."""
        stays = (self.positions < 0) | np.isin(self.positions, kept)
        positions = self.positions[stays]
        positions = np.where(positions < 0, -1, np.searchsorted(kept, positions))
        return ForgottenLabels(self.ids[stays], positions, self.X[stays], self.labels[stays])


def without_repetition(
    positions: np.ndarray,
    labels: tuple[np.ndarray, np.ndarray],
    known: dict[int, Any],
    target: Target,
) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return the labels of new positions, and those of labelled ones that were completed.

    Raises if a label contradicts another. `labels` are as given, and resolved; `known` has those of
    positions labelled before.
    """
    known = dict(known)
    fresh: dict[int, Any] = {}
    completed: dict[int, Any] = {}
    given, resolved = (one.tolist() for one in labels)
    for position, label, first in zip(positions.tolist(), given, resolved, strict=True):
        if position not in known:
            known[position] = fresh[position] = first
            continue
        both = target.completed(label, known[position])
        if both is None:
            raise ValueError(
                f"Sample {position} is labelled {known[position]!r} already. "
                f"Got {label!r} for it. Hint: `relabel` replaces a label."
            )
        if both != known[position]:
            (fresh if position in fresh else completed)[position] = known[position] = both
    return fresh, completed


@dataclass(frozen=True)
class NewLabels:
    """Labels to add: first labels of samples, and labels that complete earlier ones."""

    positions: np.ndarray
    labels: np.ndarray
    completed: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    completed_labels: np.ndarray = field(default_factory=lambda: np.empty(0))


class LabelListener(Protocol):
    """Follows the labelled samples of a `LabelBook`."""

    def before_removal(self, ids: np.ndarray) -> None:
        """Prepare for the removal of labelled samples, which are still stored."""

    def after_removal(self, ids: np.ndarray) -> None:
        """Complete the removal of labelled samples."""

    def before_restoring(self) -> None:
        """Prepare for the restoration of forgotten labels."""

    def after_restoring(self, ids: np.ndarray) -> None:
        """Add restored labelled samples, under their earlier ids."""

    def after_relabeling(self, ids: np.ndarray) -> None:
        """Update after labels were replaced."""


class LabelBook:
    """The labels of a pool.

    Every operation checks its arguments before it changes anything. Listeners, such as distances
    to the labelled samples, are called before and after each removal and restoration, and after
    each relabelling. They recognise added samples by their ids.

    Parameters
    ----------
    n_samples : int
        Number of samples of the pool.
    no_features : {ndarray, CSR matrix} of shape (0, n_features)
        An array without samples, of the type of the features.
    classes : ndarray of shape (n_classes,) or None
        Labels that are known beforehand.
    target : Target
        The kind of labels.
    strict_classes : bool, default=False
        Whether labels that are not among `classes` are refused.

    Attributes
    ----------
    store : LabeledSamples or None
        The labelled samples with their features and ids. None before the first label.
    positions : Positions
        The state of each sample of the pool.
    listeners : list of LabelListener
        Called at each change.
    """

    def __init__(
        self,
        n_samples: int,
        no_features: Any,
        classes: np.ndarray | None,
        target: Target,
        *,
        strict_classes: bool = False,
    ) -> None:
        if strict_classes and classes is None:
            raise ValueError(
                "strict_classes=True needs the classes. Hint: pass all of them as `classes`."
            )
        self.positions = Positions(n_samples)
        self.target = target
        self.store: LabeledSamples | None = None
        self.listeners: list[LabelListener] = []
        self._is_strict = strict_classes
        self._no_features = no_features
        self._forgotten: list[ForgottenLabels] = []
        if classes is not None:
            self.store = LabeledSamples(no_features, classes[:0], classes, target=target)

    @property
    def n_labeled(self) -> int:
        """Number of labelled samples, those from outside the pool included."""
        return 0 if self.store is None else len(self.store)

    @property
    def n_outside(self) -> int:
        """Number of labelled samples from outside the pool."""
        return self.n_labeled - self.positions.n_labeled

    @property
    def n_forgotten(self) -> int:
        """Number of forgotten labels."""
        return sum(len(one.ids) for one in self._forgotten)

    @property
    def classes(self) -> np.ndarray:
        """The labels known so far, sorted."""
        return np.empty(0) if self.store is None else self.store.classes

    def labels_of(self, indices: Any) -> np.ndarray:
        """Return the labels of labelled samples of the pool."""
        positions = self.positions.check_labeled(indices)
        if self.store is None:
            return np.empty(0)
        return self.store.labels_of(self.positions.ids(positions))

    def samples(self) -> tuple[Any, np.ndarray]:
        """Return the features and labels of all labelled samples, oldest first."""
        if self.store is None:
            return self._no_features, np.empty(0)
        order = np.argsort(self.store.ids)
        return self.store.rows.X[order], self.store.encoded[order]

    def outside_ids(self) -> np.ndarray:
        """Return the ids of labelled samples from outside the pool, ascending."""
        if self.store is None or self.n_outside == 0:
            return np.empty(0, dtype=np.intp)
        return np.setdiff1d(self.store.ids, self.positions.ids(self.positions.labeled))

    def outside(self) -> tuple[Any, np.ndarray | None]:
        """Return features and labels of samples from outside the pool, or (None, None)."""
        ids = self.outside_ids()
        if self.store is None or len(ids) == 0:
            return None, None
        slots = self.store.slots(ids)
        return self.store.rows.X[slots], self.store.encoded[slots]

    def nearest(
        self, sample: Rows, n_neighbors: int, space: Space
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return positions, labels and distances of the labelled samples nearest to one sample."""
        if self.store is None or len(self.store) == 0:
            return np.empty(0, dtype=np.intp), self.classes[:0], np.empty(0)
        distances = space.finish(space.compare(sample, self.store.rows))[0]
        nearest = np.lexsort((self.store.ids, distances))[:n_neighbors]
        positions = self.positions.of_ids(self.store.ids[nearest])
        return positions, self.store.labels[nearest], distances[nearest]

    def new_labels(self, indices: Any, y: Any) -> NewLabels:
        """Return the unlabelled positions, each once, with their labels, or raise."""
        positions = check_positions(indices, self.positions.n_samples)
        labels = self.target.validate(y)
        if len(positions) != len(labels):
            raise ValueError(
                f"There are {len(positions)} indices, but {len(labels)} labels. "
                "Hint: give one label for each index."
            )
        self.target.check_answers(labels)
        self._check_alike(labels)
        labeled = positions[self.positions.is_labeled(positions)]
        first = self.target.resolved(labels, self.classes)
        if len(labeled) == 0 and len(positions) <= 1:
            return NewLabels(positions, first)
        labeled = np.unique(labeled)
        known = dict(zip(labeled.tolist(), self.labels_of(labeled).tolist(), strict=True))
        fresh, completed = without_repetition(positions, (labels, first), known, self.target)
        _, kept = np.unique(positions, return_index=True)
        kept = np.sort(kept)
        kept = kept[[position in fresh for position in positions[kept].tolist()]]
        labels = first[kept]
        if completed or len(kept) < len(first):
            labels[:] = [*fresh.values()]
        done = np.fromiter(completed, dtype=np.intp, count=len(completed))
        values = self.labels_of(done)
        values[:] = [*completed.values()]
        return NewLabels(positions[kept], labels, done, values)

    def add(self, positions: np.ndarray, X: Any, labels: np.ndarray) -> None:
        """Add the labels that `new_labels` returned, with the features of their samples."""
        self.positions.add(positions, self._stored(X, labels))

    def add_outside(self, X: Any, labels: np.ndarray) -> None:
        """Add labelled samples from outside the pool."""
        self.target.check_answers(labels)
        self._check_alike(labels)
        self._stored(X, self.target.resolved(labels, self.classes))

    def remove(self, indices: Any) -> bool:
        """Remove labels of samples of the pool; return whether any was removed."""
        positions = self.positions.check_labeled(indices)
        if self.store is None or len(positions) == 0:
            return False
        self._remove_from_store(self.store, self.positions.ids(positions))
        self.positions.remove(positions)
        return True

    def replacements(self, indices: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return labelled positions and their new labels, or raise."""
        positions, labels = self.positions.check_labeled(indices), self.target.validate(y)
        check_consistent_length(positions, labels)
        if len(positions):
            self.target.check_answers(labels)
            self._check_alike(labels)
            labels = self.target.replaced(labels, self.labels_of(positions))
        return positions, labels

    def relabel(self, indices: Any, y: Any) -> bool:
        """Replace labels of samples of the pool; return whether any was replaced."""
        positions, labels = self.replacements(indices, y)
        if self.store is None or len(positions) == 0:
            return False
        ids = self.positions.ids(positions)
        self.store.relabel(ids, labels)
        for listener in self.listeners:
            listener.after_relabeling(ids)
        return True

    def extend(self, n_added: int) -> None:
        """Add candidates after the last sample of the pool."""
        self.positions.extend(n_added)

    def keep(self, kept: np.ndarray) -> None:
        """Renumber the samples of the pool that stay; the labels of others are removed before."""
        self._forgotten = [one.keep(kept) for one in self._forgotten]
        self.positions.keep(kept)

    def forget(self, n_kept: int) -> bool:
        """Forget all labels but the newest `n_kept`; return whether any was forgotten."""
        if self.store is None or len(self.store) <= n_kept:
            return False
        ids = self.store.oldest(len(self.store) - n_kept)
        slots, positions = self.store.slots(ids), self.positions.of_ids(ids)
        X, labels = self.store.rows.X[slots], self.store.labels[slots]
        self._remove_from_store(self.store, ids)
        self.positions.remove(positions[positions >= 0])
        self._forgotten.append(ForgottenLabels(ids, positions, X, labels))
        return True

    def restore_forgotten(self) -> bool:
        """Restore the labels of the last `forget`; return whether there were any."""
        if self.store is None or not self._forgotten:
            return False
        self._check_alike(self._forgotten[-1].labels)
        one = self._forgotten.pop()
        is_inside = one.positions >= 0
        back = ~(is_inside & self.positions.is_labeled(one.positions))
        for listener in self.listeners:
            listener.before_restoring()
        self.store.restore(one.ids[back], one.X[back], one.labels[back])
        self.positions.restore(one.positions[back & is_inside], one.ids[back & is_inside])
        for listener in self.listeners:
            listener.after_restoring(one.ids[back])
        return True

    def _check_alike(self, labels: np.ndarray) -> None:
        if self.store is not None:
            self.target.check_alike(self.store.classes, labels)
            if self._is_strict and self.store.declared is not None:
                check_declared(self.target.names(labels), self.store.declared)

    def _remove_from_store(self, store: LabeledSamples, ids: np.ndarray) -> None:
        for listener in self.listeners:
            listener.before_removal(ids)
        store.remove(ids)
        for listener in self.listeners:
            listener.after_removal(ids)

    def _stored(self, X: Any, labels: np.ndarray) -> np.ndarray:
        if self.store is None:
            self.store = LabeledSamples(self._no_features, labels[:0], target=self.target)
        return self.store.add(X, labels)
