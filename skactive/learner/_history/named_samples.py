"""The samples of a journal, and their positions in the pool of a later session.

Each entry of a journal identifies its samples by position, by the digest of their content, and by
id if the user passed ids. If all of them are at their positions, these are used. Otherwise each is
found again: by its id, with unchanged content, else by its content. Samples with the same content
(and id) are interchangeable: those with answers, in the order of their positions, become the first
copies in the new pool.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from skactive._io.fingerprint import find_rows, row_fingerprints

ACTIONS = ("teach", "relabel", "skip")


@dataclass(eq=False)
class NamedSample:
    """A sample that was answered or skipped.

    `line` is the first line with it; `written` its position in the pool of the last session, as in
    the file; `position` its position in this pool, None if it is missing, for the reason `fault`.
    `digest` is empty if the content is unknown; `id` is JSON.
    """

    line: int
    written: int
    position: int | None
    digest: str = ""
    id: str = ""
    fault: str = "was removed from the pool"

    def __str__(self) -> str:
        return f"the sample with id {self.id}" if self.id else f"sample {self.written}"


class PoolRows:
    """The samples of a pool, by position, digest and id.

    Parameters
    ----------
    samples : array-like of length n_samples
        The samples.
    n_samples : int
        Their number.
    ids : array-like of length n_samples, default=None
        The user's names of them. None takes the index of a DataFrame or Series, unless it is the
        default index, which counts positions.
    """

    def __init__(self, samples: Any, n_samples: int, ids: Any = None) -> None:
        self.samples, self.n_samples = samples, n_samples
        self._ids = _index_of(samples) if ids is None else ids

    @property
    def has_ids(self) -> bool:
        """Whether samples have ids."""
        return self._ids is not None

    def digests(self, positions: Any) -> list[str]:
        """Return the digests of some rows."""
        if len(positions) == 0:
            return []
        found: list[str] = row_fingerprints(self.samples, positions).tolist()
        return found

    def ids(self, positions: Iterable[int]) -> list[Any]:
        """Return the ids of some rows, as JSON has them."""
        return [_plain(self._ids[position]) for position in positions]

    @cached_property
    def positions_by_id(self) -> dict[str, list[int]]:
        """The positions of each id, as JSON text."""
        positions: dict[str, list[int]] = {}
        for position, id_ in enumerate(self.ids(range(self.n_samples))):
            positions.setdefault(json.dumps(id_), []).append(position)
        return positions


class NamedSamples:
    """All samples of a journal.

    Attributes
    ----------
    n_samples : int
        The size of the pool of the last session.
    """

    def __init__(self) -> None:
        self.n_samples = 0
        self._at: dict[int, NamedSample] = {}
        self._of_line: dict[int, list[NamedSample]] = {}

    def read(self, number: int, entry: dict[str, Any]) -> None:
        """Read a line: the samples of an action, or new positions of earlier samples."""
        self.n_samples = entry.get("pool", self.n_samples)
        if "moved" in entry:
            self._move(dict(entry["moved"]))
        action = action_of(entry)
        positions = entry.get("positions") if action is None else entry[action]
        # Other values raise when the line is executed.
        if isinstance(positions, list) and all(type(position) is int for position in positions):
            named = self._name(number, positions, entry)
            if action is not None:
                self._of_line[number] = named

    def locate(self, pool: PoolRows, undone: Container[int]) -> None:
        """Set the position of each sample in a pool, or the fault of those not found there.

        If copies are missing, samples that only lines in `undone` need get none.
        """
        samples = list(self._at.values())
        if self._all_in_place(samples, pool):
            return
        lines = (line for line in self._of_line if line not in undone)
        needed = {sample for line in lines for sample in self._of_line[line]}
        samples.sort(key=lambda sample: (sample not in needed, sample.written))
        for sample in samples:
            sample.position = None
        by_id = [sample for sample in samples if pool.has_ids and sample.id]
        taken = self._locate_by_id(by_id, pool)
        rest = [sample for sample in samples if not (pool.has_ids and sample.id)]
        found = find_rows(pool.samples, {sample.digest for sample in rest if sample.digest})
        for digest, group in _groups(rest, lambda sample: sample.digest):
            copies = [position for position in found.get(digest, []) if position not in taken]
            _assign(group, copies, _missing_row(digest, len(copies), len(group)))

    def of_line(self, number: int) -> list[NamedSample]:
        """Return the samples of a line."""
        return self._of_line.get(number, [])

    def changes(self, pool: PoolRows) -> dict[str, Any]:
        """Return the new positions and names, which the next session writes."""
        samples = self._at.values()
        moved = [[one.written, one.position] for one in samples if one.position != one.written]
        change: dict[str, Any] = {"moved": moved} if moved else {}
        there = {one: one.position for one in samples if one.position is not None}
        without = [sample for sample in there if not sample.digest]
        digests = pool.digests([there[sample] for sample in without])
        named = {
            *(sample for sample, digest in zip(without, digests, strict=True) if digest),
            *(sample for sample in there if pool.has_ids and not sample.id),
        }
        positions = [position for sample, position in there.items() if sample in named]
        return {**change, **names(pool, positions, "positions")} if positions else change

    def _name(self, number: int, positions: list[int], entry: dict[str, Any]) -> list[NamedSample]:
        digests = entry.get("samples", [""] * len(positions))
        ids = entry.get("ids", [None] * len(positions))
        named = []
        for position, digest, id_ in zip(positions, digests, ids, strict=True):
            sample = self._at.setdefault(position, NamedSample(number, position, position))
            sample.digest = digest or sample.digest
            sample.id = sample.id if id_ is None else json.dumps(id_)
            named.append(sample)
        return named

    def _move(self, positions: dict[int, int | None]) -> None:
        samples, self._at = self._at, {}
        for position, sample in samples.items():
            sample.position = positions.get(position, position)
            if sample.position is not None:
                sample.written = sample.position
                self._at[sample.written] = sample

    def _all_in_place(self, samples: list[NamedSample], pool: PoolRows) -> bool:
        known = [one for one in samples if one.digest or (pool.has_ids and one.id)]
        if len(known) < len(samples) and pool.n_samples != self.n_samples:
            return False
        positions = [sample.written for sample in known]
        if not all(0 <= position < pool.n_samples for position in positions):
            return False
        found = zip(known, pool.digests(positions), strict=True)
        if not all(sample.digest in {"", digest} for sample, digest in found):
            return False
        if not pool.has_ids:
            return True
        ids = zip(known, pool.ids(positions), strict=True)
        return all(sample.id in {"", json.dumps(id_)} for sample, id_ in ids)

    def _locate_by_id(self, samples: list[NamedSample], pool: PoolRows) -> set[int]:
        """Locate samples by their ids, and return the positions of all of them."""
        if not samples:
            return set()
        candidates = {
            position: "" for one in samples for position in pool.positions_by_id.get(one.id, [])
        }
        candidates = dict(zip(candidates, pool.digests(list(candidates)), strict=True))
        for (id_, digest), group in _groups(samples, lambda one: (one.id, one.digest)):
            positions = pool.positions_by_id.get(id_, [])
            same = [position for position in positions if digest in {"", candidates[position]}]
            _assign(group, same, _wrong_id(positions, same, len(group)))
        return {sample.position for sample in samples if sample.position is not None}


def action_of(entry: dict[str, Any]) -> str | None:
    """Return the kind of an action on samples, or None."""
    return next((action for action in ACTIONS if action in entry), None)


def names(pool: PoolRows, positions: list[int], key: str) -> dict[str, Any]:
    """Return the part of an entry that identifies samples."""
    named: dict[str, Any] = {key: positions, "samples": pool.digests(positions)}
    return {**named, "ids": pool.ids(positions)} if pool.has_ids else named


def _groups(samples: list[NamedSample], key: Any) -> Iterator[tuple[Any, list[NamedSample]]]:
    for value, group in groupby(sorted(samples, key=key), key):
        yield value, list(group)


def _assign(samples: list[NamedSample], positions: list[int], fault: str) -> None:
    """Assign positions, in order, to indistinguishable samples, as far as there are any."""
    is_unknown = not samples[0].digest and len(positions) > 1
    for sample, position in zip(samples, [] if is_unknown else positions, strict=False):
        sample.position = position
    for sample in samples:
        sample.fault = fault


def _missing_row(digest: str, n_copies: int, n_samples: int) -> str:
    if not digest:
        return (
            "is of a type without a content digest, so that it is recognised only in a pool of "
            "the same size and order, or by ids"
        )
    return _missing_copy(n_copies, n_samples) or "is not in X_pool: it was changed or removed"


def _wrong_id(positions: list[int], same: list[int], n_samples: int) -> str:
    if not positions:
        return "is not in X_pool: no sample has this id"
    if not same:
        return f"has other content now, in row {positions[0]} of X_pool"
    if len(same) > n_samples:
        return f"shares its id with others: rows {positions} of X_pool have it"
    return _missing_copy(len(same), n_samples)


def _missing_copy(n_copies: int, n_samples: int) -> str:
    if n_copies == 0:
        return ""
    return (
        f"is in X_pool {n_copies} times only, but {n_samples} equal samples were answered or "
        "skipped"
    )


def _index_of(samples: Any) -> Any:
    if not hasattr(samples, "iloc"):
        return None
    index = samples.index
    is_default = type(index).__name__ == "RangeIndex" and (index.start, index.step) == (0, 1)
    return None if is_default else np.asarray(index)


def _plain(id_: Any) -> Any:
    """Return an id as JSON has it."""
    if isinstance(id_, np.datetime64):
        return str(np.datetime_as_string(id_, unit="auto"))
    if isinstance(id_, np.generic):
        id_ = id_.item()
    if isinstance(id_, tuple | list):
        return [_plain(part) for part in id_]
    is_plain = isinstance(id_, str | int) or (isinstance(id_, float) and np.isfinite(id_))
    return id_ if is_plain else str(id_)
