"""The embedding store in a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from numpy.typing import NDArray

from skactive._warning import warn_user
from skactive.embedding._sqlite_file import FAULTS, SQLiteFile, is_damage

Result = TypeVar("Result")

# A new layout of the files needs a new name: releases of skactive do not read each other's files.
NAME = "vectors-{}.sqlite3"
_NUMBER = re.compile(r"vectors-([1-9]\d*)\.sqlite3")


class SQLiteStore:
    """An `EmbeddingStore` in a folder, shared by any number of processes.

    The embeddings are in one SQLite file at a time. A file that is found damaged is set aside:
    it keeps its name and is not opened again, a warning names it, and the store continues in an
    empty file with the next number. The damaged file is not renamed, since another process may
    have it open, and SQLite finds and removes the log of a file by its name.

    An instance is for one thread.

    Parameters
    ----------
    location : str or path-like
        The folder, created if it does not exist.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        self._folder = Path(location).expanduser().absolute()
        self._name = os.fspath(location)
        self._file: SQLiteFile | None = None
        self._opened = 1
        self._can_get = self._can_put = True
        self._has_set_aside = False
        _make(self._folder, self._name)
        self._is_read_only = not os.access(self._folder, os.W_OK)
        if self._is_read_only and not self._path(self._newest()).exists():
            raise PermissionError(
                f"The folder {self._name}, in which embeddings are to be stored, is read-only. "
                "Hint: choose a folder that you can write to."
            )
        self._attempt(lambda _: None, "read")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def get(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[Any]]:
        """Return the embeddings that the store has for some keys.

        An embedding of which a single bit has changed since it was stored is absent.
        """
        if not self._can_get:
            return {}
        return self._attempt(lambda file: file.get(keys), "read") or {}

    def put(self, keys: Sequence[bytes], embeddings: NDArray[Any]) -> bool:
        """Store embeddings, either all of them or none, and return whether they are stored.

        The first failure is explained in a warning; after it, nothing more is stored.
        """
        if embeddings.ndim != 2 or embeddings.dtype.kind not in "biuf":
            raise TypeError(
                "Embeddings must be a 2-dimensional array of real numbers. Got an array of "
                f"{embeddings.dtype} of shape {embeddings.shape} instead."
            )
        if not self._can_put or embeddings.shape[1] == 0:
            return False
        if self._is_read_only:
            self._give_up("written", "it is read-only")
            return False
        return self._attempt(lambda file: self._put(file, keys, embeddings), "written") or False

    def _put(self, file: SQLiteFile, keys: Sequence[bytes], embeddings: NDArray[Any]) -> bool:
        file.put(keys, embeddings)
        while self._opened < self._newest():
            # Another process has set this file aside.
            self._open().put(keys, embeddings)
        return True

    def _newest(self) -> int:
        found = map(_NUMBER.fullmatch, os.listdir(self._folder))  # noqa: PTH208 - 10 times as fast
        return max((int(match[1]) for match in found if match), default=1)

    def _path(self, number: int) -> Path:
        return self._folder / NAME.format(number)

    def _open(self) -> SQLiteFile:
        self.close()
        self._opened = self._newest()
        self._file = SQLiteFile(self._path(self._opened), read_only=self._is_read_only)
        return self._file

    def _attempt(self, work: Callable[[SQLiteFile], Result], action: str) -> Result | None:
        """Work on the file; if it is damaged, set it aside once and work on a new one."""
        try:
            try:
                return work(self._file or self._open())
            except FAULTS as fault:
                if not self._should_set_aside(fault):
                    raise
            self._set_aside()
            return work(self._open())
        except (*FAULTS, OSError) as error:
            self._give_up(action, str(error))
            return None

    def _should_set_aside(self, fault: Exception) -> bool:
        if self._has_set_aside or self._is_read_only:
            return False
        return is_damage(fault, self._path(self._opened))

    def _set_aside(self) -> None:
        self._has_set_aside = True
        self.close()
        damaged, new = self._path(self._opened), self._path(self._opened + 1)
        if new.exists():
            # Another process has found the damage, and has warned of it.
            return
        # The first process that opens the empty file creates the table, in one transaction.
        new.touch()
        warn_user(
            f"{damaged} is damaged: it is set aside, and its embeddings are computed again and "
            f"stored in {new.name}. Hint: the damaged file can be deleted.",
            RuntimeWarning,
        )

    def _give_up(self, action: str, reason: str) -> None:
        if not self._can_put:
            return
        self._can_put = False
        if action == "read":
            self._can_get = False
            self.close()
        warn_user(
            f"The embeddings in {self._name} cannot be {action}: {reason}. Embeddings that are "
            "computed now are returned, but not stored. Hint: check that the disk has free space "
            "and that you can write to the folder.",
            RuntimeWarning,
        )


def _make(folder: Path, name: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise NotADirectoryError(
            f"Embeddings are stored in a folder, but {name} is a file or is below one. Hint: "
            "choose another location."
        ) from error
    except OSError as error:
        raise type(error)(
            f"The folder {name}, in which embeddings are to be stored, cannot be created: "
            f"{error.strerror}. Hint: choose another location."
        ) from error
