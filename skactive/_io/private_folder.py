"""A folder of the user's own, for files that are executed when they are read."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

EXECUTABLE_HINT = "a model can execute code when it is loaded"


def user_cache_folder() -> Path:
    """Return the folder in which the platform keeps the caches of programs of this user."""
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A relative path is to be ignored, by the specification of the variable.
    return chosen if chosen.is_absolute() else Path.home() / ".cache"


def check_owner(folder: Path, remedy: str) -> None:
    """Raise a PermissionError if another user can write files into a folder.

    Parameters
    ----------
    folder : Path
        An existing folder. On Windows nothing is checked.
    remedy : str
        The hint of the error.
    """
    if not hasattr(os, "getuid"):
        return
    status = folder.stat()
    is_foreign = status.st_uid not in {os.getuid(), 0}
    others = stat.S_IWOTH | (stat.S_IWGRP if status.st_gid != os.getgid() else 0)
    if is_foreign or status.st_mode & others:
        fact = "belongs to another user" if is_foreign else "can be written by other users"
        raise PermissionError(f"{folder} {fact}, and {EXECUTABLE_HINT}. Hint: {remedy}")


def make_private(folder: Path, remedy: str) -> Path:
    """Create a folder that only this user can read, or check an existing one."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(
            f"The folder {folder} cannot be created: {error.strerror}. Hint: {remedy}"
        ) from error
    check_owner(folder, remedy)
    return folder
