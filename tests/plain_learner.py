"""The labels of an active learner, in plain lists and dicts: the model of `ActiveLearner`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


class RefusedError(Exception):
    """The call must be refused."""


@dataclass(frozen=True)
class PlainLearner:
    """A learner that executes its whole history at each look.

    Attributes
    ----------
    rows : tuple of (name, place)
        The samples of the pool, in order: their names, which are unique for ever, and the places
        of their features in a bank.
    seeds : tuple of labels
        The seed set.
    declared : tuple of labels
        The declared classes.
    is_strict : bool
        Whether other labels are refused.
    max_labeled : int or None
        The largest number of labels.
    history : tuple of (kind, value)
        The actions: (name, label) pairs of "teach" and "relabel", names of "unlabel", "skip" and
        "unskip", the number of "forget".
    """

    rows: tuple[tuple[str, int], ...]
    seeds: tuple[Any, ...] = ()
    declared: tuple[Any, ...] = ()
    is_strict: bool = False
    max_labeled: int | None = None
    history: tuple[tuple[str, Any], ...] = ()

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.rows]

    def position(self, name: str) -> int:
        return self.names.index(name)

    def labels(self) -> tuple[dict[Any, Any], set[str]]:
        """Return all labels, oldest first, by the names of samples, and the skipped samples."""
        labels: dict[Any, Any] = dict(enumerate(self.seeds))
        skipped: set[str] = set()
        labels = newest(labels, self.max_labeled)
        for kind, value in self.history:
            if kind == "teach":
                for name, label in value:
                    labels.pop(name, None)
                    labels[name] = label
                labels = newest(labels, self.max_labeled)
            elif kind == "relabel":
                labels.update({name: label for name, label in value if name in labels})
            elif kind == "unlabel":
                for name in value:
                    labels.pop(name, None)
            elif kind == "skip":
                skipped |= {name for name in value if name not in labels}
            elif kind == "unskip":
                skipped -= set(value)
            else:
                labels = newest(labels, value)
        return labels, skipped

    def in_pool(self) -> dict[str, Any]:
        """Return the labels of samples of the pool, oldest first."""
        return {name: label for name, label in self.labels()[0].items() if isinstance(name, str)}

    def skipped(self) -> set[str]:
        labels, skipped = self.labels()
        return skipped - set(labels)

    def candidates(self) -> list[int]:
        labels, skipped = self.labels()
        return [
            position
            for position, name in enumerate(self.names)
            if name not in labels and name not in skipped
        ]

    def answers(self) -> list[tuple[str, Any]]:
        answers: list[tuple[str, Any]] = []
        for kind, value in self.history:
            if kind == "teach":
                answers += value
            elif kind == "relabel":
                for name, label in value:
                    last = max(place for place, (known, _) in enumerate(answers) if known == name)
                    answers[last] = name, label
            elif kind == "unlabel":
                for name in value:
                    del answers[max(n for n, (known, _) in enumerate(answers) if known == name)]
        return answers

    def classes(self) -> list[Any]:
        return sorted({*self.declared, *self.labels()[0].values()})

    def state(self) -> dict[str, Any]:
        """Return everything that the attributes of a learner show."""
        labels, answers = self.in_pool(), self.answers()
        return {
            "n_samples": len(self.rows),
            "labeled": [self.position(name) for name in labels],
            "labels": list(labels.values()),
            "answered": [self.position(name) for name, _ in answers],
            "answers": [label for _, label in answers],
            "skipped": sorted(self.position(name) for name in self.skipped()),
            "candidates": self.candidates(),
            "classes": self.classes(),
        }

    def after(self, kind: str, value: Any) -> PlainLearner:
        return replace(self, history=(*self.history, (kind, value)))

    def teach(self, names: list[str], labels: list[Any]) -> PlainLearner:
        self._check(names, labels)
        known, fresh = self.in_pool(), {}
        for name, label in zip(names, labels, strict=True):
            if {**known, **fresh}.get(name, label) != label:
                raise RefusedError
            if name not in known:
                fresh.setdefault(name, label)
        return self.after("teach", list(fresh.items())) if fresh else self

    def relabel(self, names: list[str], labels: list[Any]) -> PlainLearner:
        self._check(names, labels)
        known = self.in_pool()
        if len(set(names)) < len(names) or not set(names) <= set(known):
            raise RefusedError
        pairs = list(zip(names, labels, strict=True))
        if all(known[name] == label for name, label in pairs):
            return self
        return self.after("relabel", pairs)

    def unlabel(self, names: list[str]) -> PlainLearner:
        if not set(names) <= set(self.in_pool()):
            raise RefusedError
        return self.after("unlabel", sorted(set(names))) if names else self

    def skip(self, names: list[str]) -> PlainLearner:
        if set(names) & set(self.in_pool()):
            raise RefusedError
        fresh = sorted(set(names) - self.skipped())
        return self.after("skip", fresh) if fresh else self

    def unskip(self, names: list[str]) -> PlainLearner:
        skipped = sorted(set(names) & self.skipped())
        return self.after("unskip", skipped) if skipped else self

    def forget(self, n_kept: int) -> PlainLearner:
        return self.after("forget", n_kept) if len(self.labels()[0]) > n_kept else self

    def undo(self) -> tuple[PlainLearner, set[str]]:
        """Return the learner before the last action, and the samples that the action changed."""
        if not self.history:
            raise RefusedError
        before = replace(self, history=self.history[:-1])
        kind, value = self.history[-1]
        if kind == "forget":
            changed = set(before.in_pool()) - set(self.in_pool())
        elif kind in {"teach", "relabel"}:
            changed = {name for name, _ in value}
        else:
            changed = set(value)
        return before, changed

    def extend(self, rows: list[tuple[str, int]]) -> PlainLearner:
        names = [name for name, _ in rows]
        if len(set(names)) < len(names) or set(names) & set(self.names):
            raise RefusedError
        return replace(self, rows=(*self.rows, *rows))

    def remove(self, names: list[str]) -> PlainLearner:
        rows = tuple(row for row in self.rows if row[0] not in names)
        if not rows:
            raise RefusedError
        history = []
        for kind, value in self.history:
            left = value
            if kind in {"teach", "relabel"}:
                left = [(name, label) for name, label in value if name not in names]
            elif kind != "forget":
                left = [name for name in value if name not in names]
            if kind == "forget" or left:
                history.append((kind, left))
        return replace(self, rows=rows, history=tuple(history))

    def _check(self, names: list[str], labels: list[Any]) -> None:
        if len(names) != len(labels) or (self.is_strict and set(labels) - set(self.declared)):
            raise RefusedError


def newest(labels: dict[Any, Any], n_kept: int | None) -> dict[Any, Any]:
    """Return the newest labels."""
    if n_kept is None:
        return labels
    return dict(list(labels.items())[max(len(labels) - n_kept, 0) :])
