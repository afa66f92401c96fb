"""Opening of regular files: reading a named pipe or a device can block for ever."""

from __future__ import annotations

import os
import stat
from typing import Any

_KINDS = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))
_DEVICES = (stat.S_ISCHR, stat.S_ISBLK)


def special_kind(path: Any) -> str | None:
    """Return the kind of a file that is neither regular nor a folder; None for all others."""
    mode = os.stat(path).st_mode  # noqa: PTH116 - every content key calls it
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    for is_kind, kind in _KINDS:
        if is_kind(mode):
            return kind
    return "a device" if any(is_device(mode) for is_device in _DEVICES) else "a special file"


def check_regular(path: Any) -> None:
    """Raise a ValueError if a path names a pipe, a socket or a device."""
    if (kind := special_kind(path)) is not None:
        raise ValueError(
            f"{os.fspath(path)} is {kind}, not a regular file. Hint: write its content to a file "
            "first."
        )


def open_regular(path: Any, buffering: int = -1) -> Any:  # a BufferedReader or FileIO
    """Open a regular file to read its bytes, or raise an OSError with the reason."""
    if (kind := special_kind(path)) is not None:
        raise OSError(f"{kind}, not a regular file")
    return open(path, "rb", buffering, opener=_without_waiting)


def _without_waiting(path: str, flags: int) -> int:
    # The file may have been replaced by a pipe since it was checked.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
