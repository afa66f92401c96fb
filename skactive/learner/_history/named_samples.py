"""The samples of a journal, and their positions in the pool of a later session.

Each entry of a journal identifies its samples by position, by the digest of their content, and by
id if the user passed ids. If all of them are at their positions, these are used. Otherwise each is
found again: by its id, with unchanged content, else by its content. Samples with the same content
(and id) are interchangeable: those with answers, in the order of their positions, become the first
copies in the new pool.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import PurePath
from typing import Any

import numpy as np

from skactive._io.fingerprint import find_rows, row_fingerprints
from skactive._io.image_paths import are_paths
from skactive._rows import counts_rows
from skactive._text import shown

ACTIONS = ("teach", "relabel", "unlabel", "skip", "unskip")


@dataclass(eq=False)
class NamedSample:
    """A sample that was answered or skipped.

    `line` is the first line with it; `written` its position in the pool of the last session, as in
    the file; `position` its position in this pool, None if it is missing, for the reason `fault`.
    `digest` is empty if the content is unknown; `id` is JSON. `is_added` is whether `extend` added
    it, `is_removed` whether `remove` removed it, `is_gone` whether its id is not in this pool,
    `is_renamed` whether the file has another id, of a folder that was moved.
    """

    line: int
    written: int
    position: int | None
    digest: str = ""
    id: str = ""
    fault: str = "was removed from the pool"
    is_added: bool = False
    is_gone: bool = False
    is_removed: bool = False
    is_renamed: bool = False

    def __str__(self) -> str:
        if not self.id:
            return f"sample {self.written}"
        return f"the sample with id {shown_id(json.loads(self.id))}"


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
        default index, which counts positions; or the samples themselves if they are paths.
    """

    def __init__(self, samples: Any, n_samples: int, ids: Any = None) -> None:
        self.samples, self.n_samples = samples, n_samples
        self._are_paths = are_paths(samples)
        self._ids = ids
        if ids is None:
            self._ids = samples if self._are_paths else _index_of(samples)

    @property
    def columns(self) -> list[Any] | None:
        """The names of the columns of a DataFrame, as JSON has them, or None."""
        columns = getattr(self.samples, "columns", None)
        return None if columns is None else [plain_id(column) for column in columns]

    @property
    def has_ids(self) -> bool:
        """Whether samples have ids."""
        return self._ids is not None

    def digests(self, positions: Any) -> list[str]:
        """Return the digests of some rows. The content of a file is not read, and has none."""
        if len(positions) == 0:
            return []
        if self._are_paths:
            return [""] * len(positions)
        found: list[str] = row_fingerprints(self.samples, positions).tolist()
        return found

    def ids(self, positions: Iterable[int]) -> list[Any]:
        """Return the ids of some rows, as JSON has them."""
        return [plain_id(self._ids[position]) for position in positions]

    @cached_property
    def positions_by_id(self) -> dict[str, list[int]]:
        """The positions of each id, as JSON text."""
        positions: dict[str, list[int]] = {}
        for position, id_ in enumerate(self.ids(range(self.n_samples))):
            positions.setdefault(json.dumps(id_), []).append(position)
        return positions

    def moved_folder(self, ids: list[str]) -> dict[str, str]:
        """Return the present paths of files whose folder was moved, if there is one such folder.

        Parameters
        ----------
        ids : list of str
            The ids of all samples with answers, as JSON.
        """
        known = [json.loads(id_) for id_ in ids]
        if not self._are_paths or not all(isinstance(path, str) for path in known):
            return {}
        first = PurePath(known[0]).parts
        found = []
        for id_ in self.positions_by_id:
            parts = PurePath(json.loads(id_)).parts
            n_same = _n_same_at_end(first, parts)
            if n_same == 0:
                continue
            old, new = first[: len(first) - n_same], parts[: len(parts) - n_same]
            moved = {path: _moved(PurePath(path), old, new) for path in known}
            names = {json.dumps(path): json.dumps(there) for path, there in moved.items()}
            if all(there in self.positions_by_id for there in names.values()):
                found.append(names)
        return found[0] if len(found) == 1 else {}


class NamedSamples:
    """All samples of a journal.

    Attributes
    ----------
    n_samples : int
        The size of the pool of the last session.
    columns : list or None
        The columns of the last pool that had columns.
    """

    def __init__(self) -> None:
        self.n_samples = 0
        self.columns: list[Any] | None = None
        self._at: dict[int, NamedSample] = {}
        # Samples that were not in the pool of the last session.
        self._away: list[NamedSample] = []
        self._of_line: dict[int, list[NamedSample]] = {}
        self._first_added: int | None = None

    def can_read(self, number: int, entry: dict[str, Any]) -> bool:
        """Read a line, and return whether that is possible."""
        try:
            self.read(number, entry)
        except (TypeError, ValueError):
            return False
        return True

    def read(self, number: int, entry: dict[str, Any]) -> None:
        """Read a line: the samples of an action, or new positions of earlier samples."""
        if "remove" in entry:
            self._remove(entry["remove"])
        if "extend" in entry and self._first_added is None:
            self._first_added = self.n_samples
        if "session" in entry:
            self._first_added = None
        self.n_samples = entry.get("pool", self.n_samples)
        self.columns = entry.get("columns", self.columns)
        if "moved" in entry:
            self._move(dict(entry["moved"]))
        key = action_of(entry) or ("of" if "undo" in entry else "positions")
        positions = entry.get(key)
        # Other values raise when the line is executed.
        if isinstance(positions, list) and all(type(position) is int for position in positions):
            named = self._name(number, positions, entry, is_action=key != "positions")
            if key != "positions":
                self._of_line[number] = named

    def locate(self, pool: PoolRows, needed: Collection[NamedSample]) -> None:
        """Set the position of each sample in a pool, or the fault of those not found there.

        If copies are missing, samples that are not needed get none.
        """
        samples = list(self._at.values())
        if self._all_in_place(samples, pool):
            taken = {sample.written for sample in samples}
            self._find(self._away, pool, set(needed), taken)
        else:
            self._find([*samples, *self._away], pool, set(needed), set())

    def arrived(self, pool: PoolRows, needed: Collection[NamedSample]) -> list[NamedSample]:
        """Return the samples that a larger pool has and the pool before had not, located."""
        known = [*self._at.values(), *self._away]
        taken = {sample.position for sample in known if sample.position is not None}
        missing = [sample for sample in known if sample.position is None]
        self._find(missing, pool, set(needed), taken)
        return [sample for sample in missing if sample.position is not None]

    def waiting(self, needed: Iterable[NamedSample]) -> list[NamedSample]:
        """Return the needed samples that are not in the pool, but may be later."""
        return [one for one in needed if one.position is None and not one.is_removed]

    def of_line(self, number: int) -> list[NamedSample]:
        """Return the samples of a line."""
        return self._of_line.get(number, [])

    def changes(self, pool: PoolRows) -> dict[str, Any]:
        """Return the new positions and names, which the next session writes."""
        samples = self._at.values()
        moved = [[one.written, one.position] for one in samples if one.position != one.written]
        change: dict[str, Any] = {"moved": moved} if moved else {}
        there = {one: one.position for one in samples if one.position is not None}
        back = {one: one.position for one in self._away if one.position is not None}
        without = [sample for sample in there if not sample.digest]
        digests = pool.digests([there[sample] for sample in without])
        named = {
            *(sample for sample, digest in zip(without, digests, strict=True) if digest),
            *(one for one in there if pool.has_ids and (one.is_renamed or not one.id)),
        }
        positions = [position for sample, position in there.items() if sample in named]
        positions += list(back.values())
        return {**change, **names(pool, positions, "positions")} if positions else change

    def _name(
        self, number: int, positions: list[int], entry: dict[str, Any], *, is_action: bool
    ) -> list[NamedSample]:
        digests = entry.get("samples", [""] * len(positions))
        ids = entry.get("ids", [None] * len(positions))
        named = []
        for position, digest, id_ in zip(positions, digests, ids, strict=True):
            name = "" if id_ is None else json.dumps(plain_id(id_))
            if position not in self._at:
                self._at[position] = self._returned(position, digest, name) or NamedSample(
                    number, position, position
                )
            sample = self._at[position]
            if is_action and not (_agree(digest, sample.digest) and _agree(name, sample.id)):
                sample = self._elsewhere(number, position, digest, name)
            sample.digest = digest or sample.digest
            sample.id = name or sample.id
            if self._first_added is not None and position >= self._first_added:
                sample.is_added = True
            named.append(sample)
        return named

    def _returned(self, position: int, digest: str, id_: str) -> NamedSample | None:
        """Return a sample that is in the pool again."""
        for sample in self._away:
            is_known = (digest and sample.digest) or (id_ and sample.id)
            if is_known and _agree(digest, sample.digest) and _agree(id_, sample.id):
                self._away.remove(sample)
                sample.written = sample.position = position
                return sample
        return None

    def _elsewhere(self, number: int, position: int, digest: str, id_: str) -> NamedSample:
        """Return the sample of a line that was copied from another journal, by content and id."""
        for sample in (*self._at.values(), *self._away):
            if (digest, id_) == (sample.digest, sample.id):
                return sample
        sample = NamedSample(number, position, None)
        self._away.append(sample)
        return sample

    def _move(self, positions: dict[int, int | None]) -> None:
        samples, self._at = self._at, {}
        for position, sample in samples.items():
            sample.position = positions.get(position, position)
            if sample.position is None:
                self._away.append(sample)
            else:
                sample.written = sample.position
                self._at[sample.written] = sample

    def _remove(self, positions: list[int]) -> None:
        for position in positions:
            if position in self._at:
                sample = self._at.pop(position)
                sample.is_removed, sample.position = True, None
        removed, samples, self._at = np.sort(positions), self._at.values(), {}
        for sample in samples:
            sample.written -= int(np.searchsorted(removed, sample.written))
            sample.position = sample.written
            self._at[sample.written] = sample

    def _find(
        self,
        samples: list[NamedSample],
        pool: PoolRows,
        needed: Collection[NamedSample],
        taken: set[int],
    ) -> None:
        """Locate samples by their ids, and those without ids by their content."""
        samples = sorted(samples, key=lambda sample: (sample not in needed, sample.written))
        for sample in samples:
            sample.position = None
        by_id = [sample for sample in samples if pool.has_ids and sample.id]
        taken = taken | self._locate_by_id(by_id, pool, taken)
        rest = [sample for sample in samples if not (pool.has_ids and sample.id)]
        found = find_rows(pool.samples, {sample.digest for sample in rest if sample.digest})
        for digest, group in _groups(rest, lambda sample: sample.digest):
            copies = [position for position in found.get(digest, []) if position not in taken]
            _assign(group, copies, _missing_row(digest, len(copies), len(group)))

    def _all_in_place(self, samples: list[NamedSample], pool: PoolRows) -> bool:
        known = [one for one in samples if one.digest or (pool.has_ids and one.id)]
        if len(known) < len(samples) and pool.n_samples != self.n_samples:
            return False
        positions = [sample.written for sample in known]
        if not all(0 <= position < pool.n_samples for position in positions):
            return False
        found = zip(known, pool.digests(positions), strict=True)
        if not all(_agree(sample.digest, digest) for sample, digest in found):
            return False
        if not pool.has_ids:
            return True
        ids = zip(known, pool.ids(positions), strict=True)
        return all(_agree(sample.id, json.dumps(id_)) for sample, id_ in ids)

    def _locate_by_id(
        self, samples: list[NamedSample], pool: PoolRows, taken: set[int]
    ) -> set[int]:
        """Locate samples by their ids, and return the positions of all of them."""
        if not samples:
            return set()
        if not any(sample.id in pool.positions_by_id for sample in samples):
            moved = pool.moved_folder([sample.id for sample in samples])
            for sample in samples:
                sample.is_renamed = sample.id in moved
                sample.id = moved.get(sample.id, sample.id)
        candidates = {
            position: "" for one in samples for position in pool.positions_by_id.get(one.id, [])
        }
        candidates = dict(zip(candidates, pool.digests(list(candidates)), strict=True))
        for (id_, digest), group in _groups(samples, lambda one: (one.id, one.digest)):
            positions = [one for one in pool.positions_by_id.get(id_, []) if one not in taken]
            same = [position for position in positions if _agree(digest, candidates[position])]
            _assign(group, same, _wrong_id(positions, same, len(group)))
            for sample in group:
                sample.is_gone = not positions
        return {sample.position for sample in samples if sample.position is not None}


def action_of(entry: dict[str, Any]) -> str | None:
    """Return the kind of an action on samples, or None."""
    return next((action for action in ACTIONS if action in entry), None)


def names(pool: PoolRows, positions: list[int], key: str) -> dict[str, Any]:
    """Return the part of an entry that identifies samples."""
    named: dict[str, Any] = {key: positions, "samples": pool.digests(positions)}
    return {**named, "ids": pool.ids(positions)} if pool.has_ids else named


def _agree(one: str, other: str) -> bool:
    """Return whether two digests or ids are equal, or one of them is unknown."""
    return not one or not other or one == other


def _n_same_at_end(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    n_same = 0
    while n_same < min(len(one), len(other)) and one[-1 - n_same] == other[-1 - n_same]:
        n_same += 1
    return n_same


def _moved(path: PurePath, old: tuple[str, ...], new: tuple[str, ...]) -> str:
    """Return a path with another folder at its beginning, or as it is."""
    if path.parts[: len(old)] != old:
        return str(path)
    return str(PurePath(*new, *path.parts[len(old) :]))


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
        f"is in X_pool {'once' if n_copies == 1 else f'{n_copies} times'} only, but {n_samples} "
        "equal samples were answered or skipped"
    )


def _index_of(samples: Any) -> Any:
    if not hasattr(samples, "iloc"):
        return None
    return None if counts_rows(samples) else np.asarray(samples.index)


def has_names(samples: Any, ids: Any = None) -> bool:
    """Return whether samples have names, given or of their own, and are not only counted."""
    return PoolRows(samples, 0, ids).has_ids


def shown_id(id_: Any) -> str:
    """Return an id, as JSON has it, as a message shows it."""
    return shown(tuple(id_) if isinstance(id_, list) else id_)


def plain_id(id_: Any) -> Any:
    """Return an id as JSON has it: ids that are equal in Python are equal."""
    if isinstance(id_, np.ndarray) and id_.ndim == 0:
        id_ = id_[()]
    if isinstance(id_, dt.datetime) and id_.tzinfo is not None:
        return id_.astimezone(dt.UTC).isoformat()
    if isinstance(id_, dt.datetime):
        id_ = id_.to_datetime64() if hasattr(id_, "to_datetime64") else np.datetime64(id_)
    if isinstance(id_, np.datetime64):
        return str(np.datetime_as_string(id_, unit="auto"))
    if isinstance(id_, np.generic):
        id_ = id_.item()
    if isinstance(id_, float) and id_.is_integer() and abs(id_) < 2**53:
        id_ = int(id_)
    if isinstance(id_, os.PathLike):
        id_ = os.fspath(id_)
    if isinstance(id_, tuple | list):
        return [plain_id(part) for part in id_]
    is_plain = isinstance(id_, str | int) or (isinstance(id_, float) and np.isfinite(id_))
    return id_ if is_plain else str(id_)
