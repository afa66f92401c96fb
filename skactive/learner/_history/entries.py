"""The entries of a journal that are in effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skactive._engine.positions import check_positions
from skactive._validation import check_integer
from skactive.learner._history.actions import (
    Action,
    Forgot,
    Relabeled,
    Skipped,
    Taught,
    Unlabeled,
    Unskipped,
)
from skactive.learner._history.named_samples import ACTIONS, action_of

if TYPE_CHECKING:
    from skactive.learner._history.named_samples import NamedSample, NamedSamples

# Each entry has exactly one of these keys. Others may accompany it.
KINDS = (*ACTIONS, "forget", "undo", "extend", "remove", "session")


def fault_of(entry: dict[str, Any]) -> str:
    """Return the reason why an entry is not exactly one action; an empty string if it is."""
    kinds = [kind for kind in KINDS if kind in entry]
    if len(kinds) > 1:
        return f"it has several actions, {' and '.join(map(repr, kinds))}."
    if not kinds and "format" in entry:
        return "another file of answers begins here."
    if not kinds or entry.get("undo", True) not in (True, *ACTIONS, "forget"):
        return f"unknown action in {sorted(entry)}."
    return ""


def action_from(entry: dict[str, Any], pool: Any) -> Action:  # a LabelingPool with a target
    """Return the action of an entry, or raise if it names samples that the pool does not have."""
    time = str(entry.get("time", ""))
    if "forget" in entry:
        n_kept = check_integer("forget", "n_kept", entry["forget"], minimum=0)
        return Forgot(np.empty(0, dtype=np.intp), n_kept, time=time)
    kind = action_of(entry) or ""
    positions = check_positions(entry[kind], pool.n_samples)
    if len(np.unique(positions)) < len(positions):
        raise ValueError(f"A sample is named twice in {positions.tolist()}.")
    if kind == "skip":
        return Skipped(positions, time=time)
    if kind == "unskip":
        return Unskipped(positions, time=time)
    if kind == "unlabel":
        return Unlabeled(positions, time=time)
    labels = pool.target.from_plain(entry["labels"])
    check_consistent_length(positions, labels)
    if kind == "relabel":
        return Relabeled(positions, None, labels, time=time)
    return Taught(positions, labels, time=time)


class Entries:
    """The entries of a journal by the numbers of their lines.

    An `undo` names the kind and the samples of the action that it reverses, so that it reverses
    that action whatever the classifier of a later session makes of the others. Version 0.1 wrote
    ``{"undo": true}``, which reverses the last action.

    Parameters
    ----------
    entries : dict of int to dict
        All entries.
    named : NamedSamples
        The samples that they name.
    """

    def __init__(self, entries: dict[int, dict[str, Any]], named: NamedSamples) -> None:
        self._entries = entries
        self._named = named
        self._in_effect: list[int] | None = None

    def __bool__(self) -> bool:
        return bool(self._entries)

    @property
    def first(self) -> dict[str, Any]:
        """The entry of the first line."""
        return next(iter(self._entries.values()))

    def are_all_but(self, format_: str) -> bool:
        """Return whether no entry has a format."""
        return all(entry.get("format") != format_ for entry in self._entries.values())

    def needed(self) -> list[NamedSample]:
        """Return the samples of the entries in effect, in the order of the file."""
        lines = self._lines()
        return list(dict.fromkeys(one for line in lines for one in self._named.of_line(line)))

    def in_effect(self, only: Any = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the numbers and entries in effect, with the positions of samples in this pool.

        Samples that are not in the pool are left out.

        Parameters
        ----------
        only : collection of NamedSample, default=None
            Leave out all other samples.
        """
        for number in self._lines():
            entry = self._entries[number]
            action = action_of(entry)
            if action is None:
                if only is None:
                    yield number, entry
                continue
            samples = self._named.of_line(number)
            if not samples and only is None:
                yield number, entry
                continue
            places = [
                place
                for place, sample in enumerate(samples)
                if sample.position is not None and (only is None or sample in only)
            ]
            if not places:
                continue
            entry = {**entry, action: [samples[place].position for place in places]}
            labels = entry.get("labels")
            if isinstance(labels, list) and len(labels) == len(samples):
                entry["labels"] = [labels[place] for place in places]
            yield number, entry

    def _lines(self) -> list[int]:
        """Return the lines of actions that were not undone."""
        if self._in_effect is None:
            self._in_effect = []
            for number, entry in self._entries.items():
                if "undo" in entry:
                    self._undo(number, entry)
                elif action_of(entry) is not None or "forget" in entry:
                    self._in_effect.append(number)
        return self._in_effect

    def _undo(self, number: int, entry: dict[str, Any]) -> None:
        done = self._in_effect or []
        for line in reversed(done):
            if entry["undo"] is True or self._is_same(line, number, entry):
                done.remove(line)
                return
        raise LineError(number, "There is no answer to take back.")

    def _is_same(self, line: int, undo: int, entry: dict[str, Any]) -> bool:
        if entry["undo"] not in self._entries[line]:
            return False
        undone = set(self._named.of_line(undo))
        samples = {one for one in self._named.of_line(line) if not one.is_removed or one in undone}
        return samples == undone


class LineError(ValueError):
    """A line of a journal that cannot be executed."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number
