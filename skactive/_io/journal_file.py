"""The file of a journal: opened by one learner at a time, and only ever appended to."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from threading import RLock
from typing import Any
from weakref import WeakValueDictionary, finalize

from skactive._warning import warn_user

# The open files of this process, by device and inode, and the locks under which they are written.
_OPEN: WeakValueDictionary[tuple[int, int], JournalFile] = WeakValueDictionary()
_LOCKS: WeakValueDictionary[tuple[int, int], Any] = WeakValueDictionary()


class JournalFile:
    """A file of lines, each of which is on the disk when `append` returns.

    One process at a time writes. Within a process the file that began last does: `begin` takes the
    descriptor of the earlier one, with its lock. `lock` is held from before the file is read until
    `begin`, so that no line is written in between.

    Parameters
    ----------
    path : path-like
        The file, which is created if it does not exist.

    Attributes
    ----------
    path : Path
        The file.
    lock : RLock
        Held by every writer of this process.
    rest : bytes
        The rest of an interrupted write at the end of the file.
    descriptor : int
        The open file.
    process : int
        The process that opened it.
    """

    def __init__(self, path: Any) -> None:
        # The working directory may change while the file is open.
        self.path = Path(path).absolute()
        self.process = os.getpid()
        self.descriptor = os.open(self.path, _flags(self.path), 0o666)
        self._close = finalize(self, os.close, self.descriptor)
        self._key = _key(os.fstat(self.descriptor))
        self.lock = _LOCKS.setdefault(self._key, RLock())
        self._content = bytearray()
        self.rest = b""

    def lines(self) -> list[bytes]:
        """Return the complete lines.

        The last line is complete if it ends with a line feed or is a whole JSON object. The rest
        of an interrupted write is set aside by `begin`.
        """
        if self._key not in _OPEN:
            _lock(self.descriptor, self.path)
        self._content = bytearray(_read(self.descriptor))
        lines, self.rest = _complete_lines(bytes(self._content))
        return lines

    def begin(self) -> None:
        """Start to write, in place of an earlier learner of this process."""
        earlier = _OPEN.pop(self._key, None)
        if earlier is not None and earlier.process == os.getpid():
            # The lock belongs to the open file, which both descriptors share from here on.
            os.dup2(earlier.descriptor, self.descriptor)
            earlier.close()
        _lock(self.descriptor, self.path)
        if self.rest:
            self._set_aside()
        if self._content and not self._content.endswith((b"\n", b"\r")):
            self._append(b"\n")
        _OPEN[self._key] = self

    def close(self) -> None:
        """Stop writing, and release the lock."""
        # A line that is being written must not go to another file with the same descriptor.
        with self.lock:
            if _OPEN.get(self._key) is self:
                del _OPEN[self._key]
            self._close()

    def __len__(self) -> int:
        """Return the number of bytes."""
        return len(self._content)

    def append(self, line: bytes) -> None:
        """Append a line, and return when it is on the disk; or leave the file as it was."""
        with self.lock:
            if not self._close.alive and self._key not in _OPEN:
                raise RuntimeError(
                    f"{self.path} is closed. The answer is not stored. Hint: open it again."
                )
            if not self._close.alive:
                raise RuntimeError(
                    f"Answers to {self.path} are written by another object, which was created "
                    "after this one. Hint: use that learner."
                )
            if os.getpid() != self.process:
                raise RuntimeError(
                    f"Answers to {self.path} are written by process {self.process}, from which "
                    "this one was forked. Hint: teach in that process, or create a learner with "
                    "another journal here."
                )
            self._follow()
            self._append(line + b"\n")

    def settle(self, size: int) -> bool:
        """Return whether a line was completed after the file had a size; remove a part of one.

        It is called after an interrupted `append`.
        """
        with self.lock:
            if not self._close.alive:
                return False
            content = _read(self.descriptor)
            if len(content) > size and content.endswith(b"\n"):
                os.fsync(self.descriptor)
                self._content = bytearray(content)
                return True
            if len(content) > size:
                os.ftruncate(self.descriptor, size)
            del self._content[size:]
            return False

    def _append(self, data: bytes) -> None:
        try:
            _write(self.descriptor, data, self.path)
        except BaseException:
            os.ftruncate(self.descriptor, len(self._content))
            raise
        self._content += data

    def _follow(self) -> None:
        """Check that the path still names the file with the lines of this learner.

        Editors and synchronisation tools replace files, even where the content is the same. A
        removed file is written again.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            if not self.path.parent.is_dir():
                raise FileNotFoundError(
                    f"The folder {self.path.parent} does not exist any more. The answer is not "
                    "stored. Hint: put it back."
                ) from None
            self._replace_file(os.O_EXCL)
            self._write_all()
            return
        if _key(found) == self._key and found.st_size == len(self._content):
            return
        if _key(found) == self._key or self.path.read_bytes() != self._content:
            raise RuntimeError(
                f"{self.path} was changed by another program after this learner had read it. The "
                "answer is not stored. Hint: create the learner again to use the file as it is "
                "now; or move the file away, and all answers are written to a new one."
            )
        self._replace_file(0)

    def _replace_file(self, flag: int) -> None:
        """Open the file that the path names now."""
        file = os.open(self.path, _flags(self.path) | flag, 0o666)
        try:
            _lock(file, self.path)
            os.dup2(file, self.descriptor)
        finally:
            os.close(file)
        _OPEN.pop(self._key, None)
        self._key = _key(os.fstat(self.descriptor))
        _LOCKS[self._key] = self.lock
        _OPEN[self._key] = self

    def _write_all(self) -> None:
        content, self._content = bytes(self._content), bytearray()
        try:
            self._append(content)
        except BaseException:
            self._content = bytearray(content)
            raise
        _keep_name(self.path)

    def _set_aside(self) -> None:
        """Move the rest of an interrupted write to another file, unless it is the first line."""
        rest, self.rest = self.rest, b""
        del self._content[len(self._content) - len(rest) :]
        if not self._content:
            os.ftruncate(self.descriptor, 0)
            return
        aside = self.path.with_name(f"{self.path.name}.incomplete")
        with aside.open("ab") as file:
            file.write(rest + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.ftruncate(self.descriptor, len(self._content))
        warn_user(
            f"The last line of {self.path} is incomplete, as after an interrupted write: "
            f"{rest[:60]!r}. It was moved to {aside.name}."
        )

    def keep_name(self) -> None:
        """Write the entry of a new file in its folder to the disk, too."""
        _keep_name(self.path)


class JournalCopy:
    """The lines of a journal at one moment, which another process may be writing.

    The file is neither locked nor changed.

    Parameters
    ----------
    path : path-like
        The file; one that does not exist has no lines.

    Attributes
    ----------
    path : Path
        The file.
    lock : RLock
        As that of a `JournalFile`.
    """

    def __init__(self, path: Any) -> None:
        self.path = Path(path).absolute()
        self.lock = RLock()
        _check_regular(self.path)
        self._content = self.path.read_bytes() if self.path.exists() else b""

    def lines(self) -> list[bytes]:
        """Return the complete lines; the last one may just be written."""
        return _complete_lines(self._content)[0]

    def close(self) -> None:
        """Do nothing: no file is open."""

    def __len__(self) -> int:
        """Return the number of bytes."""
        return len(self._content)

    def append(self, line: bytes) -> None:
        """Raise: nothing is written."""
        raise RuntimeError(
            f"{self.path.parent} is open to read only: nothing is stored. Hint: open it without "
            "read_only."
        )

    def settle(self, size: int) -> bool:
        """Return that no line was completed."""
        return False


def _complete_lines(content: bytes) -> tuple[list[bytes], bytes]:
    """Return the complete lines of a journal, and the rest of an interrupted write."""
    lines, rest = content.splitlines(keepends=True), b""
    if lines and not lines[-1].endswith((b"\n", b"\r")) and json_object(lines[-1]) is None:
        rest = lines.pop()
    return [line.rstrip(b"\r\n") for line in lines], rest


def _check_regular(path: Path) -> None:
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        raise ValueError(f"{path} is not a regular file. Hint: pass the path of a new file.")


def _flags(path: Path) -> int:
    _check_regular(path)
    return os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


def _key(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def json_object(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a line, or None."""
    try:
        # json.loads would take bytes in UTF-16, too, whose lines are not those of the file.
        value = json.loads(line.decode("utf-8-sig", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _keep_name(path: Path) -> None:
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
    except BlockingIOError as error:
        raise RuntimeError(
            f"Another process{_last_session(file)} writes its answers to {path}. Hint: stop it, or "
            "pass another file."
        ) from error
    except OSError as error:
        raise RuntimeError(
            f"{path} cannot be locked: {error.strerror}. Without a lock two processes could "
            "write to it at once. Hint: pass a file on a local disk."
        ) from error


def _last_session(file: int) -> str:
    for line in reversed(_read(file).splitlines()):
        try:
            return f" ({json.loads(line)['session']})"
        except (ValueError, KeyError, TypeError):
            continue
    return ""


def _write(file: int, data: bytes, path: Path) -> None:
    try:
        n_written = os.write(file, data)
    except OSError as error:
        fact = f"The answer is not stored: {error.strerror}"
        raise OSError(error.errno, fact, str(path)) from error
    if n_written != len(data):
        raise OSError(f"Only a part of an answer was written to {path}: is the disk full?")
    os.fsync(file)


def _read(file: int) -> bytes:
    os.lseek(file, 0, os.SEEK_SET)
    parts = []
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)
