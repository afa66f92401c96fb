"""What has been said of each sample of a pool: its label, or that nobody can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skactive._engine.labels import check_labels
from skactive._engine.positions import check_positions, check_unlabeled


class AnswerBook:
    """Which samples of a pool are labelled, which are skipped, and which are left.

    Labels themselves are kept with the labelled samples, where each has an id.
    """

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
    def skipped(self) -> np.ndarray:
        """Positions of the skipped samples that are not labelled, ascending."""
        return np.flatnonzero(self._is_skipped & ~self._is_labeled)

    def is_labeled(self, positions: np.ndarray | slice) -> np.ndarray:
        """Tell which samples are labelled."""
        return np.asarray(self._is_labeled[positions])

    def ids(self, positions: np.ndarray) -> np.ndarray:
        """Return the ids of samples that are labelled."""
        return self._ids[positions]

    def positions_of(self, ids: np.ndarray) -> np.ndarray:
        """Return the positions of labelled samples by their ids, -1 for those of no pool sample."""
        return np.array([self._positions.get(id_, -1) for id_ in ids.tolist()], dtype=np.intp)

    def check_labeled(self, indices: Any) -> np.ndarray:
        """Return positions of labelled samples, or raise naming the first that is none."""
        positions = check_positions(indices, self.n_samples)
        return check_labeled(positions, self.is_labeled(positions))

    def check_new(self, indices: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return positions and labels of one length, or raise."""
        return check_answers(indices, y, self.n_samples)

    def add(self, positions: np.ndarray, ids: np.ndarray) -> None:
        """Note that samples are labelled."""
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
        """Note that samples are labelled again that were so before all others."""
        newer = self._ids_in_order
        self._ids_in_order = {}
        self.add(positions, ids)
        self._ids_in_order |= newer

    def remove(self, positions: np.ndarray) -> None:
        """Note that samples are not labelled any more."""
        self._ids[positions], self._is_labeled[positions] = -1, False
        for position in positions.tolist():
            del self._positions[self._ids_in_order.pop(position)]
        self._candidates = None

    def skip(self, indices: Any) -> None:
        """Leave samples out that are not labelled."""
        positions = check_positions(indices, self.n_samples)
        check_unlabeled(positions, self.labeled)
        self._is_skipped[positions] = True
        self._candidates = None

    def unskip(self, indices: Any) -> None:
        """Take samples back."""
        self._is_skipped[check_positions(indices, self.n_samples)] = False
        self._candidates = None


@dataclass(frozen=True)
class ForgottenLabels:
    """Labelled samples that a pool has forgotten in one go, oldest first.

    Positions are -1 for samples from outside the pool.
    """

    ids: np.ndarray
    positions: np.ndarray
    X: Any
    labels: np.ndarray


def check_answers(indices: Any, y: Any, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and labels of one length, or raise."""
    positions, labels = check_positions(indices, n_samples), check_labels(y)
    if len(positions) != len(labels):
        raise ValueError(
            f"There are {len(positions)} indices, but {len(labels)} labels. "
            "Hint: give one label for each index."
        )
    return positions, labels


def check_labeled(positions: np.ndarray, are_labeled: np.ndarray) -> np.ndarray:
    """Return positions of labelled samples, or raise naming the first that is none."""
    unlabeled = positions[~are_labeled]
    if len(unlabeled):
        raise ValueError(f"Sample {unlabeled[0]} of the pool is not labelled.")
    if len(np.unique(positions)) < len(positions):
        raise ValueError(f"A sample is named twice in {positions.tolist()}.")
    return positions


def without_repetition(
    positions: np.ndarray, labels: np.ndarray, known: dict[int, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is new, each position once, or raise where one would get a second label.

    `known` has the labels of those labelled before, by position.
    """
    known, kept = dict(known), []
    for place, (position, label) in enumerate(
        zip(positions.tolist(), labels.tolist(), strict=True)
    ):
        if position not in known:
            known[position] = label
            kept.append(place)
        elif known[position] != label:
            raise ValueError(
                f"Sample {position} is labelled {known[position]!r} already. "
                f"Got {label!r} for it. Hint: `relabel` replaces a label."
            )
    return positions[kept], labels[kept]
