"""A file of answers, in which each is stored before `teach` returns."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from skactive._io.journal_file import JournalFile, json_object
from skactive._text import counted
from skactive._warning import warn_user
from skactive.learner._history.actions import now
from skactive.learner._history.entries import Entries, LineError, fault_of
from skactive.learner._history.format_1 import FORMAT_1, check_pool
from skactive.learner._history.named_samples import NamedSamples, PoolRows, action_of, names

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = "skactive answers 2"
# The common beginning of both formats.
FORMAT_BEGINS = json.dumps({"format": FORMAT})[:-3].encode()


class Journal:
    """A file of JSON lines: an entry for each action, which names its samples.

    A sample is identified by its position in the pool of the session, the digest of its content
    and, if the user passed ids, its id. A pool with added or moved rows is accepted: all entries
    get the present positions of their samples, and the first line of the session stores them.
    Answers for samples that `extend` added, or whose id is no longer in the pool, stay in the file
    until their samples are in the pool again. A sample that has changed raises.

    Parameters
    ----------
    path : path-like
        The file, which is created if it does not exist.
    samples : array-like of length n_samples
        The pool.
    n_samples : int
        Number of samples.
    ids : array-like of length n_samples, default=None
        The user's own names of the samples. None takes the index of a DataFrame or Series unless
        it is the default index, or paths; without these, samples are recognised by content.

    Notes
    -----
    Opening reads the answered rows. If one of them is no longer at its position, all rows are read
    once, unless there are ids.
    """

    def __init__(self, path: Any, samples: Any, n_samples: int, ids: Any = None) -> None:
        self._pool = PoolRows(samples, n_samples, ids)
        self._named = NamedSamples()
        self._entries = Entries({}, self._named)
        self._file = JournalFile(path)

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def __len__(self) -> int:
        return len(self._file)

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """Read the file; if the block ends without an error, begin to write to it."""
        with self._file.lock:
            try:
                lines = self._file.lines()
                self._entries = Entries(self._parsed(lines), self._named)
                self._locate()
                yield self
            except LineError as error:
                self.close()
                raise self.fault(error.number, error) from error
            except BaseException:
                self.close()
                raise
            self._begin()

    def entries(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the number and the entry of each action that is in effect, in order."""
        yield from self._entries.in_effect()

    def arrivals(self, samples: Any, n_samples: int, ids: Any) -> tuple[dict[str, Any], list[Any]]:
        """Return what a larger pool has of the samples whose answers wait, and their entries.

        Parameters
        ----------
        samples, n_samples, ids
            The larger pool.

        Returns
        -------
        named : dict
            The part of an entry that names the samples.
        entries : list of (int, dict)
            The entries in effect, with these samples only.
        """
        needed = self._entries.needed()
        if not self._named.waiting(needed):
            return {}, []
        pool = PoolRows(samples, n_samples, ids if self._pool.has_ids else None)
        arrived = self._named.arrived(pool, needed)
        entries = list(self._entries.in_effect(set(arrived)))
        positions = [one.position for one in arrived if one.position is not None]
        for one in arrived:
            one.position = None
        return names(pool, positions, "positions") if positions else {}, entries

    def set_pool(self, samples: Any, n_samples: int, ids: Any) -> None:
        """Continue with another pool."""
        pool = PoolRows(samples, n_samples, ids if self._pool.has_ids else None)
        self._named.arrived(pool, self._entries.needed())
        self._pool = pool

    def fault(self, number: int, error: object) -> ValueError:
        """Return the error for a line that cannot be executed."""
        return ValueError(
            f"Line {number} of {self.path} cannot be executed: {error} Hint: if the learner has "
            "the arguments of earlier sessions, remove that line to use the others."
        )

    def write(self, entry: dict[str, Any], time: str | None = None) -> None:
        """Append an entry, and return when it is on the disk; or leave the file as it was."""
        action = action_of(entry)
        if action is not None:
            entry = {**entry, **names(self._pool, entry[action], action)}
        elif "of" in entry:
            entry = {**entry, **names(self._pool, entry["of"], "of")}
        self._append(entry, time)

    def settle(self, size: int) -> bool:
        """Return whether an entry was written after the file had a size."""
        return self._file.settle(size)

    def close(self) -> None:
        """Stop writing, and release the lock."""
        self._file.close()

    def _begin(self) -> None:
        is_new = len(self._file) == 0
        self._file.begin()
        if is_new:
            self._append({"format": FORMAT, "pool": self._pool.n_samples})
            self._file.keep_name()
        session: dict[str, Any] = {
            "session": os.getpid(),
            "format": FORMAT,
            "pool": self._pool.n_samples,
        }
        if self._pool.columns is not None:
            session["columns"] = self._pool.columns
        self._append({**session, **self._named.changes(self._pool)})
        if waiting := self._named.waiting(self._entries.needed()):
            named = f"{', '.join(map(str, waiting[:3]))}{', …' if len(waiting) > 3 else ''}"
            samples = (
                "a sample that is" if len(waiting) == 1 else f"{len(waiting)} samples that are"
            )
            warn_user(
                f"{self.path} has answers for {samples} not in X_pool: {named}. These answers stay "
                "in the file, and are used when the samples are in the pool again."
            )

    def _append(self, entry: dict[str, Any], time: str | None = None) -> None:
        entry = {**entry, "time": time or now()}
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False)
        self._file.append(line.encode("utf-8", "surrogatepass"))

    def _parsed(self, lines: list[bytes]) -> dict[int, dict[str, Any]]:
        entries: dict[int, dict[str, Any]] = {}
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            entry = json_object(line)
            if not entries:
                self._check_format(entry)
            if entry is not None and entries and (fault := fault_of(entry)):
                raise LineError(number, fault)
            if entry is None or not self._named.can_read(number, entry):
                raise ValueError(
                    f"Line {number} of {self.path} cannot be read: {line[:60]!r}. Hint: remove "
                    "that line to use the others."
                )
            entries[number] = entry
        # A first line that was cut short does not end, and is written again.
        rest = self._file.rest
        is_cut = FORMAT_BEGINS.startswith(rest[: len(FORMAT_BEGINS)]) and b"}" not in rest
        if not entries and not is_cut:
            raise self._no_journal()
        return entries

    def _check_format(self, header: dict[str, Any] | None) -> None:
        """Raise unless the first line is that of a journal."""
        format_ = None if header is None else header.get("format")
        if format_ in (FORMAT, FORMAT_1):
            return
        if isinstance(format_, str) and format_.startswith(FORMAT[:-1]):
            raise ValueError(
                f"{self.path} has the format {format_!r}, which this version of skactive cannot "
                "read. Hint: update skactive, or pass the path of a new file."
            )
        raise self._no_journal()

    def _locate(self) -> None:
        """Set the positions of the entries to those of their samples in this pool, or raise."""
        if not self._entries:
            return
        if self._entries.are_all_but(FORMAT):
            check_pool(self.path, self._entries.first, self._pool.samples, self._pool.n_samples)
        known, columns = self._named.columns, self._pool.columns
        if known is not None and columns is not None and known != columns:
            raise ValueError(
                f"{self.path} has answers for samples with the columns {known}, but X_pool has "
                f"{columns}. Hint: pass the same columns, or another file."
            )
        needed = self._entries.needed()
        self._named.locate(self._pool, needed)
        # Without any sample that was answered, the pool is probably another one.
        is_known = any(sample.position is not None for sample in needed)
        wrong = [
            sample
            for sample in needed
            if sample.position is None
            and not (sample.is_added or sample.is_removed or (sample.is_gone and is_known))
        ]
        if wrong:
            raise ValueError(
                f"{self.path} has an answer for {wrong[0]} (line {wrong[0].line}), which "
                f"{wrong[0].fault}. {len(wrong):,} of {counted(len(needed), 'sample')} in the file "
                f"{'is' if len(wrong) == 1 else 'are'} not recognised. Hint: pass the samples with "
                "answers unchanged, in any order and among others, or another file."
            )

    def _no_journal(self) -> ValueError:
        return ValueError(
            f"{self.path} is not a file of answers. Hint: pass the path of a new file."
        )
