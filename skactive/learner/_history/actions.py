"""What happened to a learner, action by action: what `undo` goes back through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skactive.learner._history.journal import plain_labels
from skactive.pool import Pool


@dataclass(frozen=True)
class Taught:
    """Answers were given, and may have pushed the oldest out."""

    positions: np.ndarray
    labels: np.ndarray
    forgot: bool

    def entry(self) -> dict[str, Any]:
        """Return what a journal says of it."""
        return {"teach": self.positions.tolist(), "labels": plain_labels(self.labels)}


@dataclass(frozen=True)
class Relabeled:
    """Answers were replaced."""

    positions: np.ndarray
    before: np.ndarray
    after: np.ndarray

    def entry(self) -> dict[str, Any]:
        """Return what a journal says of it."""
        return {"relabel": self.positions.tolist(), "labels": plain_labels(self.after)}


@dataclass(frozen=True)
class Skipped:
    """Samples were passed over."""

    positions: np.ndarray

    def entry(self) -> dict[str, Any]:
        """Return what a journal says of it."""
        return {"skip": self.positions.tolist()}


@dataclass(frozen=True)
class Forgot:
    """The oldest labels were forgotten on purpose."""

    positions: np.ndarray
    n_kept: int

    def entry(self) -> dict[str, Any]:
        """Return what a journal says of it."""
        return {"forget": int(self.n_kept)}


Action = Taught | Relabeled | Skipped | Forgot


class History:
    """The actions that changed something and were not taken back, oldest first."""

    def __init__(self) -> None:
        self._actions: list[Action] = []
        self.n_answers = 0

    def __bool__(self) -> bool:
        return bool(self._actions)

    @property
    def last(self) -> Action:
        """The last action."""
        return self._actions[-1]

    def append(self, action: Action) -> None:
        """Note what happened."""
        self._actions.append(action)
        if isinstance(action, Taught):
            self.n_answers += len(action.positions)

    def pop(self) -> None:
        """Note that the last action was taken back."""
        action = self._actions.pop()
        if isinstance(action, Taught):
            self.n_answers -= len(action.positions)

    def answers(self) -> list[tuple[int, Any]]:
        """Return position and present label of all that was ever taught, in order."""
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

    def replay(self, pool: Pool) -> None:
        """Let a new pool go through all that happened, forgetting included."""
        for action in self._actions:
            if isinstance(action, Taught):
                pool.add_labels(action.positions, action.labels)
            elif isinstance(action, Relabeled):
                pool.relabel(action.positions, action.after)
            elif isinstance(action, Skipped):
                pool.skip(action.positions)
            else:
                pool.forget(action.n_kept)


def _pairs(positions: np.ndarray, labels: np.ndarray) -> zip[tuple[int, Any]]:
    return zip(positions.tolist(), labels.tolist(), strict=True)
