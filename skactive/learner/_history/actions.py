"""The actions of a learner: changes of labels, which `undo` reverses one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from skactive.base import LabelingPool, Target
    from skactive.learner._updaters import EstimatorUpdater


def now() -> str:
    """Return the time in UTC, as a journal has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class Action(ABC):
    """A change of the labels of a pool.

    Attributes
    ----------
    positions : ndarray of int of shape (n,)
        The samples.
    time : str
        The time of the action, in UTC.
    """

    positions: np.ndarray
    time: str = field(default_factory=now, kw_only=True)

    # The name of the action in a journal.
    verb = ""
    n_answers = 0

    def entry(self, target: Target) -> dict[str, Any]:
        """Return the action as an entry of a journal."""
        return {self.verb: self.positions.tolist()}

    def undo_entry(self) -> dict[str, Any]:
        """Return the reversal of the action as an entry of a journal."""
        return {"undo": self.verb, "of": self.positions.tolist()}

    def check_after(self, taught: set[int]) -> None:
        """Raise if the action needs labels of samples that were not taught before."""

    def answers(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the samples and labels of new answers, or None."""
        return None

    @abstractmethod
    def apply(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        """Execute the action on the pool and on the classifier."""

    def can_apply(self, pool: LabelingPool) -> bool:
        """Return whether the labels of a pool are such that `apply` is possible."""
        return True

    @abstractmethod
    def replay(self, pool: LabelingPool) -> None:
        """Execute the action on a pool, whose other labels may differ from those of the time.

        A classifier with another `max_labeled` may have forgotten labels, or kept them.
        """

    @abstractmethod
    def reverse(self, pool: LabelingPool, updater: EstimatorUpdater) -> bool:
        """Reverse the action, or return False if all others have to be replayed for it."""

    def without(self, is_kept: np.ndarray, renumbered: np.ndarray) -> Self | None:
        """Return the action on a pool from which samples were removed; None if none is left."""
        places = np.flatnonzero(is_kept[self.positions])
        return self._of(places, renumbered[self.positions[places]]) if len(places) else None

    def _of(self, places: np.ndarray, positions: np.ndarray) -> Self:
        return replace(self, positions=positions)


@dataclass
class Taught(Action):
    """New labels."""

    labels: np.ndarray
    # Whether no other label was forgotten or replaced for them.
    is_alone: bool = True

    verb = "teach"

    def check_after(self, taught: set[int]) -> None:
        taught.update(self.positions.tolist())

    def answers(self) -> tuple[np.ndarray, np.ndarray]:
        return self.positions, self.labels

    @property
    def n_answers(self) -> int:  # type: ignore[override]
        """Number of labels."""
        return len(self.positions)

    def entry(self, target: Target) -> dict[str, Any]:
        return {**super().entry(target), "labels": target.to_plain(self.labels)}

    def can_apply(self, pool: LabelingPool) -> bool:
        return not pool.is_labeled(self.positions).any()

    def apply(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        n_forgotten = pool.n_forgotten
        pool.add_labels(self.positions, self.labels)
        self.is_alone = pool.n_forgotten == n_forgotten
        updater.add(self.positions, self.labels)

    def replay(self, pool: LabelingPool) -> None:
        before = self.positions[pool.is_labeled(self.positions)]
        n_forgotten = pool.n_forgotten
        pool.remove_labels(before)
        pool.add_labels(self.positions, self.labels)
        self.is_alone = len(before) == 0 and pool.n_forgotten == n_forgotten

    def reverse(self, pool: LabelingPool, updater: EstimatorUpdater) -> bool:
        if self.is_alone:
            pool.remove_labels(self.positions)
            updater.remove(self.positions)
        return self.is_alone

    def _of(self, places: np.ndarray, positions: np.ndarray) -> Self:
        return replace(self, positions=positions, labels=self.labels[places])


@dataclass
class Relabeled(Action):
    """Replaced labels. `before` is None if it is not known, as after a replay."""

    before: np.ndarray | None
    after: np.ndarray

    verb = "relabel"

    def check_after(self, taught: set[int]) -> None:
        _check_taught(self.positions, taught)

    def entry(self, target: Target) -> dict[str, Any]:
        return {**super().entry(target), "labels": target.to_plain(self.after)}

    def can_apply(self, pool: LabelingPool) -> bool:
        return bool(pool.is_labeled(self.positions).all())

    def apply(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        self.before = pool.labels_of(self.positions)
        pool.relabel(self.positions, self.after)
        updater.relabel(self.positions, self.after)

    def replay(self, pool: LabelingPool) -> None:
        is_labeled = pool.is_labeled(self.positions)
        labeled = self.positions[is_labeled]
        self.before = pool.labels_of(labeled) if is_labeled.all() else None
        pool.relabel(labeled, self.after[is_labeled])

    def reverse(self, pool: LabelingPool, updater: EstimatorUpdater) -> bool:
        if self.before is None:
            return False
        pool.relabel(self.positions, self.before)
        updater.relabel(self.positions, self.before)
        return True

    def _of(self, places: np.ndarray, positions: np.ndarray) -> Self:
        before = None if self.before is None else self.before[places]
        return replace(self, positions=positions, before=before, after=self.after[places])


@dataclass
class Unlabeled(Action):
    """Removed labels."""

    verb = "unlabel"

    def check_after(self, taught: set[int]) -> None:
        _check_taught(self.positions, taught)
        taught.difference_update(self.positions.tolist())

    @property
    def n_answers(self) -> int:  # type: ignore[override]
        """Number of labels, negative."""
        return -len(self.positions)

    def can_apply(self, pool: LabelingPool) -> bool:
        return bool(pool.is_labeled(self.positions).all())

    def apply(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        pool.remove_labels(self.positions)
        updater.remove(self.positions)

    def replay(self, pool: LabelingPool) -> None:
        pool.remove_labels(self.positions[pool.is_labeled(self.positions)])

    def reverse(self, pool: LabelingPool, updater: EstimatorUpdater) -> bool:
        # The labels had places among the others.
        return False


@dataclass
class Skipped(Action):
    """Skipped samples."""

    verb = "skip"

    def can_apply(self, pool: LabelingPool) -> bool:
        return not pool.is_labeled(self.positions).any()

    def apply(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        pool.skip(self.positions)

    def replay(self, pool: LabelingPool) -> None:
        pool.skip(self.positions[~pool.is_labeled(self.positions)])

    def reverse(self, pool: LabelingPool, updater: EstimatorUpdater) -> bool:
        pool.unskip(self.positions)
        return True


@dataclass
class Unskipped(Action):
    """Samples that are no longer skipped."""

    verb = "unskip"

    def apply(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        pool.unskip(self.positions)

    def replay(self, pool: LabelingPool) -> None:
        pool.unskip(self.positions)

    def reverse(self, pool: LabelingPool, updater: EstimatorUpdater) -> bool:
        pool.skip(self.positions[~pool.is_labeled(self.positions)])
        return True


@dataclass
class Forgot(Action):
    """A call of `forget`."""

    n_kept: int

    verb = "forget"

    def entry(self, target: Target) -> dict[str, Any]:
        return {self.verb: int(self.n_kept)}

    def undo_entry(self) -> dict[str, Any]:
        return {"undo": self.verb}

    def apply(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        pool.forget(self.n_kept)
        updater.start_over()

    def replay(self, pool: LabelingPool) -> None:
        labeled = pool.labeled
        pool.forget(self.n_kept)
        self.positions = labeled[~pool.is_labeled(labeled)]

    def reverse(self, pool: LabelingPool, updater: EstimatorUpdater) -> bool:
        return False

    def without(self, is_kept: np.ndarray, renumbered: np.ndarray) -> Self:
        places = np.flatnonzero(is_kept[self.positions])
        return self._of(places, renumbered[self.positions[places]])


class History:
    """The actions that were not undone, oldest first."""

    def __init__(self, actions: list[Action] | None = None) -> None:
        self.actions: list[Action] = [] if actions is None else actions

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def n_answers(self) -> int:
        """Number of answers."""
        return sum(action.n_answers for action in self.actions)

    def replay(self, pool: LabelingPool) -> None:
        """Execute all actions on a pool without labels."""
        for action in self.actions:
            action.replay(pool)

    def answers(self) -> list[tuple[int, Any, str]]:
        """Return the position, the present label and the time of every answer, in order."""
        answers: list[tuple[int, Any, str] | None] = []
        last: dict[int, int] = {}
        for action in self.actions:
            if isinstance(action, Taught):
                for position, label in _pairs(action.positions, action.labels):
                    last[position] = len(answers)
                    answers.append((position, label, action.time))
            elif isinstance(action, Relabeled):
                for position, label in _pairs(action.positions, action.after):
                    answers[last[position]] = position, label, action.time
            elif isinstance(action, Unlabeled):
                for position in action.positions.tolist():
                    answers[last[position]] = None
        return [answer for answer in answers if answer is not None]

    def without(self, is_kept: np.ndarray) -> History:
        """Return the history on a pool from which samples were removed."""
        renumbered = np.cumsum(is_kept) - 1
        actions = [action.without(is_kept, renumbered) for action in self.actions]
        return History([action for action in actions if action is not None])


def _check_taught(positions: np.ndarray, taught: set[int]) -> None:
    for position in positions.tolist():
        if position not in taught:
            raise ValueError(f"Sample {position} of the pool is not labelled.")


def _pairs(positions: np.ndarray, labels: np.ndarray) -> zip[tuple[int, Any]]:
    return zip(positions.tolist(), labels.tolist(), strict=True)
