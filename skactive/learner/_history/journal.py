"""A file of answers, in which each is stored before `teach` returns."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary, finalize

from skactive.learner._history.format_1 import FORMAT_1, check_pool
from skactive.learner._history.named_samples import NamedSamples, PoolRows, action_of, names

if TYPE_CHECKING:
    from skactive.learner._active_learner import ActiveLearner

FORMAT = "skactive answers 2"
# The common beginning of both formats.
FORMAT_BEGINS = json.dumps({"format": FORMAT})[:-3].encode()

# The open journals of this process, by file.
_OPEN: WeakValueDictionary[tuple[int, int], Journal] = WeakValueDictionary()


class Journal:
    """A file of JSON lines: an entry for each action, which names its samples.

    A sample is identified by its position in the pool of the session, the digest of its content
    and, if the user passed ids, its id. A pool with added or moved rows is accepted: all entries
    get the present positions of their samples, and the first line of the session stores them. A
    pool in which a sample with an answer is missing raises.

    An incomplete last line was never acknowledged, and is removed. One process at a time writes;
    within a process, the journal that began last.

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
        it is the default index; without an index samples are recognised by content.

    Attributes
    ----------
    path : Path
        The file.
    entries : dict of int to dict
        The entries at opening, by the number of the line, with positions in this pool.

    Notes
    -----
    Opening reads the answered rows. If one of them is no longer at its position, all rows are read
    once, unless there are ids.
    """

    def __init__(self, path: Any, samples: Any, n_samples: int, ids: Any = None) -> None:
        self.path = Path(path)
        self._pool = PoolRows(samples, n_samples, ids)
        self._named = NamedSamples()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, flags, 0o666)
        self._close = finalize(self, os.close, self._file)
        status = os.fstat(self._file)
        self._key = status.st_dev, status.st_ino
        try:
            if self._key not in _OPEN:
                _lock(self._file, self.path)
            self.entries, self._whole = self._read(_content(self._file))
            self._locate()
        except BaseException:
            self.close()
            raise

    def replay(self, learner: ActiveLearner) -> None:
        """Execute all entries, or raise with the number of the line that fails."""
        for number, entry in self.entries.items():
            try:
                _do(entry, learner)
            except (IndexError, KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f"Line {number} of {self.path} cannot be executed: {error} Hint: remove that "
                    "line to use the others."
                ) from error

    def begin(self) -> Journal:
        """Start to write, and close an earlier journal of this process."""
        earlier = _OPEN.pop(self._key, None)
        if earlier is not None:
            earlier.close()
        _lock(self._file, self.path)
        # An incomplete line has never been acknowledged.
        os.ftruncate(self._file, self._whole)
        if self._whole == 0:
            self.write({"format": FORMAT, "pool": self._pool.n_samples})
            _keep_name(self.path)
        session = {"session": os.getpid(), "format": FORMAT, "pool": self._pool.n_samples}
        self.write({**session, **self._named.changes(self._pool)})
        _OPEN[self._key] = self
        return self

    def close(self) -> None:
        """Stop writing, and release the lock."""
        self._close()

    def write(self, entry: dict[str, Any]) -> None:
        """Append an entry, and return when it is on the disk; or leave the file as it was."""
        if not self._close.alive:
            raise RuntimeError(
                f"Answers to {self.path} are written by another learner, which was created after "
                "this one. Hint: use that learner."
            )
        action = action_of(entry)
        if action is not None:
            entry = {**entry, **names(self._pool, entry[action], action)}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps({**entry, "time": now}, ensure_ascii=False, allow_nan=False)
        data = line.encode("utf-8", "surrogatepass") + b"\n"
        end = os.fstat(self._file).st_size
        try:
            _append(self._file, data, self.path)
        except BaseException:
            os.ftruncate(self._file, end)
            raise

    def _read(self, data: bytes) -> tuple[dict[int, dict[str, Any]], int]:
        """Return the entries by their lines and the end of the last one, or raise."""
        whole = data.rfind(b"\n") + 1
        entries: dict[int, dict[str, Any]] = {}
        for number, line in enumerate(data[:whole].splitlines(), 1):
            entries[number] = self._parsed(number, line)
        if not entries and not FORMAT_BEGINS.startswith(data[: len(FORMAT_BEGINS)]):
            raise self._no_journal()
        return entries, whole

    def _parsed(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            entry: dict[str, Any] = dict(json.loads(line))
            self._named.read(number, entry)
        except (TypeError, ValueError) as error:
            if number == 1:
                raise self._no_journal() from error
            raise ValueError(
                f"Line {number} of {self.path} cannot be read: {line[:60]!r}. Hint: remove that "
                "line to use the others."
            ) from error
        if number == 1 and entry.get("format") not in {FORMAT, FORMAT_1}:
            raise self._no_journal()
        return entry

    def _locate(self) -> None:
        """Set the positions of the entries to those of their samples in this pool, or raise."""
        if not self.entries:
            return
        if all(entry.get("format") != FORMAT for entry in self.entries.values()):
            check_pool(self.path, self.entries[1], self._pool.samples, self._pool.n_samples)
        undone = _undone(self.entries)
        self._named.locate(self._pool, undone)
        for number, entry in list(self.entries.items()):
            named, action = self._named.of_line(number), action_of(entry)
            missing = next((sample for sample in named if sample.position is None), None)
            if missing is None:
                positions = [sample.position for sample in named]
                if action is not None and named:
                    self.entries[number] = {**entry, action: positions}
            elif number in undone:
                # An answer that was undone no longer needs its sample.
                del self.entries[number], self.entries[undone[number]]
            else:
                raise ValueError(
                    f"{self.path} has an answer for {missing} (line {missing.line}), which "
                    f"{missing.fault}. Hint: pass the samples with answers unchanged, in any order "
                    "and among others, or another file."
                )

    def _no_journal(self) -> ValueError:
        return ValueError(
            f"{self.path} is not a file of answers. Hint: pass the path of a new file."
        )


def _do(entry: dict[str, Any], learner: ActiveLearner) -> None:
    if "teach" in entry:
        learner.teach(entry["teach"], entry["labels"])
    elif "relabel" in entry:
        learner.relabel(entry["relabel"], entry["labels"])
    elif "skip" in entry:
        learner.skip(entry["skip"])
    elif "forget" in entry:
        learner.forget(entry["forget"])
    elif "undo" in entry:
        learner.undo()
    elif not entry.keys() & {"format", "session"}:
        raise ValueError(f"unknown action in {sorted(entry)}.")


def _undone(entries: dict[int, dict[str, Any]]) -> dict[int, int]:
    """Return the lines that were undone, each with the line of its undo."""
    done: list[int] = []
    undone: dict[int, int] = {}
    for number, entry in entries.items():
        if "undo" in entry and done:
            undone[done.pop()] = number
        elif action_of(entry) is not None or "forget" in entry:
            done.append(number)
    return undone


def _keep_name(path: Path) -> None:
    """Write the entry of a new file in its folder to the disk, too."""
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _lock(file: int, path: Path) -> None:
    """Prevent other processes from writing, until this one exits or closes the file."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows has no such lock
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise RuntimeError(
            f"Another process{_last_session(file)} writes its answers to {path}. Hint: stop it, or "
            "pass another file."
        ) from error


def _last_session(file: int) -> str:
    for line in reversed(_content(file).splitlines()):
        try:
            return f" ({json.loads(line)['session']})"
        except (ValueError, KeyError, TypeError):
            continue
    return ""


def _append(file: int, data: bytes, path: Path) -> None:
    if os.write(file, data) != len(data):
        raise OSError(f"Only a part of an answer was written to {path}: is the disk full?")
    os.fsync(file)


def _content(file: int) -> bytes:
    os.lseek(file, 0, os.SEEK_SET)
    parts = []
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)
