"""Answers in a file, each there before it is acknowledged."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary, finalize

import numpy as np
import scipy.sparse as sp

from skactive._rows import take_rows, telling_rows

if TYPE_CHECKING:
    from skactive.learner._active_learner import ActiveLearner

FORMAT = "skactive answers 1"
FORMAT_BEGINS = json.dumps({"format": FORMAT})[:-1].encode()

# Those of this process, by the file they write to.
_OPEN: WeakValueDictionary[tuple[int, int], Journal] = WeakValueDictionary()


class Journal:
    """A file of JSON lines: what the pool is, then an entry for each thing that happened.

    A line that is cut short was never acknowledged, and is dropped. One process at a time writes;
    within a process the last that begins to.

    Parameters
    ----------
    path : path-like
        The file. It is made where there is none.
    samples : array-like of length n_samples
        The pool that the entries speak of.
    n_samples : int
        Its size.

    Attributes
    ----------
    path : Path
        The file.
    entries : list of dict
        What it had when it was opened.
    """

    def __init__(self, path: Any, samples: Any, n_samples: int) -> None:
        self.path = Path(path)
        self._about = {"pool": n_samples, "content": content_of(samples, n_samples)}
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, flags, 0o666)
        self._close = finalize(self, os.close, self._file)
        status = os.fstat(self._file)
        self._key = status.st_dev, status.st_ino
        try:
            if self._key not in _OPEN:
                _lock(self._file, self.path)
            self.entries, self._whole = self._read(_content(self._file))
        except BaseException:
            self.close()
            raise

    def replay(self, learner: ActiveLearner) -> None:
        """Do all that the entries say, or raise naming the line that cannot be done."""
        for number, entry in enumerate(self.entries, 1):
            try:
                _do(entry, learner)
            except (IndexError, KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f"Line {number} of {self.path} cannot be done: {error} Hint: take that line "
                    "out to go on with the others."
                ) from error

    def begin(self) -> Journal:
        """Write from now on, in place of whoever did in this process."""
        earlier = _OPEN.pop(self._key, None)
        if earlier is not None:
            earlier.close()
        _lock(self._file, self.path)
        # What is cut short has never been acknowledged.
        os.ftruncate(self._file, self._whole)
        if self._whole == 0:
            self.write({"format": FORMAT, **self._about})
            _keep_name(self.path)
        self.write({"session": os.getpid()})
        _OPEN[self._key] = self
        return self

    def close(self) -> None:
        """Write no more, and let others write."""
        self._close()

    def write(self, entry: dict[str, Any]) -> None:
        """Append an entry, and return once it is on the disk; or leave the file as it was."""
        if not self._close.alive:
            raise RuntimeError(
                f"Answers to {self.path} are written by another learner, which was made after "
                "this one. Hint: go on with that one."
            )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps({**entry, "time": now}, ensure_ascii=False, allow_nan=False)
        data = line.encode("utf-8", "surrogatepass") + b"\n"
        end = os.fstat(self._file).st_size
        try:
            _append(self._file, data, self.path)
        except BaseException:
            os.ftruncate(self._file, end)
            raise

    def _read(self, data: bytes) -> tuple[list[dict[str, Any]], int]:
        """Return the entries and where they end, or raise where they are not of this pool."""
        whole = data.rfind(b"\n") + 1
        lines = data[:whole].splitlines()
        entries = [self._parsed(number, line) for number, line in enumerate(lines, 1)]
        if entries:
            self._check(entries[0])
        elif not FORMAT_BEGINS.startswith(data[: len(FORMAT_BEGINS)]):
            raise self._no_journal()
        return entries, whole

    def _parsed(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict):
            return entry
        if number == 1:
            raise self._no_journal()
        raise ValueError(
            f"Line {number} of {self.path} cannot be read: {line[:60]!r}. Hint: take that line "
            "out to go on with the others."
        )

    def _check(self, first: dict[str, Any]) -> None:
        if first.get("format") != FORMAT:
            raise self._no_journal()
        if first["pool"] != self._about["pool"]:
            raise ValueError(
                f"{self.path} has answers for a pool of {first['pool']} samples, but this one has "
                f"{self._about['pool']}. Hint: pass the samples in question, or another file."
            )
        if first["content"] != self._about["content"]:
            raise ValueError(
                f"{self.path} has answers for other samples than these, or for the same in "
                "another order. Hint: pass the samples in question, or another file."
            )

    def _no_journal(self) -> ValueError:
        return ValueError(
            f"{self.path} is no file of answers. Hint: name one that does not exist yet."
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
        raise ValueError("it says nothing that is known.")


def content_of(samples: Any, n_samples: int) -> str:
    """Return what tells samples from others: a digest of some of them."""
    rows = take_rows(samples, telling_rows(n_samples))
    if sp.issparse(rows):
        rows = rows.toarray()
    elif hasattr(rows, "to_numpy"):
        rows = rows.to_numpy()
    digest = blake2b(digest_size=16)
    for row in rows:
        digest.update(_key(row))
    return digest.hexdigest()


def _key(sample: Any) -> bytes:
    # Only who keeps a journal waits for it.
    from skactive._io.content_keys import content_key

    # A file is told from others by its name: it need not be there, nor be read.
    if isinstance(sample, os.PathLike):
        sample = os.fspath(sample)
    try:
        return content_key(b"", sample, paths=False) or b""
    except TypeError:
        # What has no known content may read differently in every session.
        return type(sample).__qualname__.encode()


def plain_labels(labels: np.ndarray) -> list[Any]:
    """Return labels as JSON has them, or raise."""
    plain: list[Any] = labels.tolist()
    for label in plain:
        if not isinstance(label, str | int | float):
            raise TypeError(
                f"The label {label!r} is a {type(label).__name__}, which cannot be written to a "
                "file of answers. Hint: use strings or numbers."
            )
    return plain


def _keep_name(path: Path) -> None:
    """Have the folder on the disk, too, that a new file is in."""
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _lock(file: int, path: Path) -> None:
    """Keep other processes from writing, until this one ends or closes the file."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows, where nobody is refused
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise RuntimeError(
            f"Another process{_last_session(file)} writes its answers to {path}. Hint: end it, or "
            "name another file."
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
        raise OSError(f"{path} took a part of an answer only: is the disk full?")
    os.fsync(file)


def _content(file: int) -> bytes:
    os.lseek(file, 0, os.SEEK_SET)
    parts = []
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)
