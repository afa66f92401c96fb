"""The actions of a learner, which `undo` reverses one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skactive.base import LabelingPool, Target
    from skactive.learner._updaters import EstimatorUpdater


class Action(ABC):
    """A change of the labels of a pool."""

    positions: np.ndarray
    n_answers = 0

    @abstractmethod
    def entry(self, target: Target) -> dict[str, Any]:
        """Return the action as an entry of a journal."""

    @abstractmethod
    def undo(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        """Reverse the action."""

    @abstractmethod
    def replay(self, pool: LabelingPool) -> None:
        """Repeat the action on a new pool."""


@dataclass(frozen=True)
class Taught(Action):
    """New labels. `forgot` is whether the pool forgot its oldest labels for them."""

    positions: np.ndarray
    labels: np.ndarray
    forgot: bool

    @property
    def n_answers(self) -> int:  # type: ignore[override]
        """Number of labels."""
        return len(self.positions)

    def entry(self, target: Target) -> dict[str, Any]:
        return {"teach": self.positions.tolist(), "labels": target.to_plain(self.labels)}

    def undo(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        if not self.forgot:
            updater.remove(self.positions)
        unlabel(pool, self.positions, forgot=self.forgot)
        if self.forgot:
            with restored_on_error(lambda: self.replay(pool), updater):
                updater.start_over()

    def replay(self, pool: LabelingPool) -> None:
        pool.add_labels(self.positions, self.labels)


@dataclass(frozen=True)
class Relabeled(Action):
    """Replaced labels."""

    positions: np.ndarray
    before: np.ndarray
    after: np.ndarray

    def entry(self, target: Target) -> dict[str, Any]:
        return {"relabel": self.positions.tolist(), "labels": target.to_plain(self.after)}

    def undo(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        relabel(pool, updater, self.positions, self.before)

    def replay(self, pool: LabelingPool) -> None:
        pool.relabel(self.positions, self.after)


@dataclass(frozen=True)
class Skipped(Action):
    """Skipped samples."""

    positions: np.ndarray

    def entry(self, target: Target) -> dict[str, Any]:
        return {"skip": self.positions.tolist()}

    def undo(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        pool.unskip(self.positions)

    def replay(self, pool: LabelingPool) -> None:
        pool.skip(self.positions)


@dataclass(frozen=True)
class Forgot(Action):
    """A call of `forget`."""

    positions: np.ndarray
    n_kept: int

    def entry(self, target: Target) -> dict[str, Any]:
        return {"forget": int(self.n_kept)}

    def undo(self, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        pool.restore_forgotten()
        with restored_on_error(lambda: self.replay(pool), updater):
            updater.start_over()

    def replay(self, pool: LabelingPool) -> None:
        pool.forget(self.n_kept)


@contextmanager
def restored_on_error(restore: Callable[[], object], updater: EstimatorUpdater) -> Iterator[None]:
    """Restore the labels of a pool and of its classifier if the classifier raises an error."""
    try:
        yield
    except BaseException:
        restore()
        # The classifier may fail again: the error that the user sees is the first one.
        with suppress(Exception):
            updater.start_over()
        raise


def unlabel(pool: LabelingPool, positions: np.ndarray, *, forgot: bool) -> None:
    """Remove new labels, and restore those that the pool forgot for them."""
    if forgot:
        pool.restore_forgotten()
    pool.remove_labels(positions)


def relabel(
    pool: LabelingPool, updater: EstimatorUpdater, positions: np.ndarray, y: Any
) -> np.ndarray:
    """Replace labels in a pool and its classifier, or neither; return the labels before."""
    before = pool.labels_of(positions)
    pool.relabel(positions, y)
    if len(positions):
        try:
            updater.relabel(positions, pool.labels_of(positions))
        except Exception:
            pool.relabel(positions, before)
            raise
    return before


class History:
    """The actions that were not undone, oldest first."""

    def __init__(self) -> None:
        self._actions: list[Action] = []
        self.n_answers = 0

    def __bool__(self) -> bool:
        return bool(self._actions)

    def append(self, action: Action) -> None:
        """Add an action."""
        self._actions.append(action)
        self.n_answers += action.n_answers

    def undo(self, pool: LabelingPool, updater: EstimatorUpdater) -> Action:
        """Reverse the last action, and return it."""
        action = self._actions[-1]
        action.undo(pool, updater)
        self._actions.pop()
        self.n_answers -= action.n_answers
        return action

    def redo(self, action: Action, pool: LabelingPool, updater: EstimatorUpdater) -> None:
        """Repeat an action that was just undone."""
        action.replay(pool)
        updater.start_over()
        self.append(action)

    def answers(self) -> list[tuple[int, Any]]:
        """Return the position and the present label of every answer, in order."""
        answers: list[tuple[int, Any]] = []
        last: dict[int, int] = {}
        for action in self._actions:
            if isinstance(action, Taught):
                for position, label in _pairs(action.positions, action.labels):
                    last[position] = len(answers)
                    answers.append((position, label))
            elif isinstance(action, Relabeled):
                for position, label in _pairs(action.positions, action.after):
                    answers[last[position]] = position, label
        return answers

    def replay(self, pool: LabelingPool) -> None:
        """Repeat all actions on a new pool, including `forget`."""
        for action in self._actions:
            action.replay(pool)


def _pairs(positions: np.ndarray, labels: np.ndarray) -> zip[tuple[int, Any]]:
    return zip(positions.tolist(), labels.tolist(), strict=True)
