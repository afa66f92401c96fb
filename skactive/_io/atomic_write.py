"""Atomic writes: a file is replaced completely or stays as it was."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def atomic_write(path: Any, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Write a temporary file and rename it, so that no process reads a partly written file.

    What killed processes left of writing the same file is removed.
    """
    path = Path(path)
    remove_left_over(path)
    made, handle = _made_file(path, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if fcntl is None:
                file.close()  # Windows renames no open file.
            # While the file is locked, so that no process takes it for left over.
            made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


@contextmanager
def folder_beside(path: Path, *, mode: int = 0o700) -> Iterator[Path]:
    """Make a temporary folder beside a path, for what is to be renamed to it.

    What killed processes left of making the same path is removed.
    """
    remove_left_over(path)
    made, handle = _made_folder(path, mode)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def remove_left_over(path: Any) -> None:
    """Remove temporary files and folders beside a path whose processes have ended.

    Each is locked by its process. Without locks, as on Windows, nothing is removed.
    """
    path = Path(path)
    if fcntl is None:
        return
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.part")
    with suppress(OSError):
        for made in [one for one in path.parent.iterdir() if ours.fullmatch(one.name)]:
            with suppress(OSError):
                _remove_if_unlocked(made)


def _made_file(path: Path, mode: int) -> tuple[Path, int]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        made = _temporary(path)
        handle = os.open(made, flags, mode)
        if _is_locked_in_place(handle, made):
            return made, handle
        os.close(handle)


def _made_folder(path: Path, mode: int) -> tuple[Path, int | None]:
    while True:
        made = _temporary(path)
        made.mkdir(mode=mode)
        if fcntl is None:
            return made, None
        with suppress(FileNotFoundError):
            handle = os.open(made, os.O_RDONLY)
            if _is_locked_in_place(handle, made):
                return made, handle
            os.close(handle)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def _is_locked_in_place(handle: int, made: Path) -> bool:
    """Lock what was just made, and return whether no other process had removed it before."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        return True  # A file system without locks: no process can lock it to remove it.
    return _is_at(handle, made)


def _remove_if_unlocked(made: Path) -> None:
    # A link or a named pipe is nothing that was made here, and must neither be followed nor block.
    handle = os.open(made, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(handle, made):
            if made.is_dir():
                shutil.rmtree(made)
            else:
                made.unlink()
    finally:
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except FileNotFoundError:
        return False
