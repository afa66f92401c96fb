"""A table from content keys to embeddings in one SQLite file, each row with a checksum."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

TABLE = (
    "CREATE TABLE vectors (key BLOB NOT NULL UNIQUE, dtype TEXT NOT NULL, "
    "checksum INTEGER NOT NULL, vector BLOB NOT NULL)"
)
SELECTION = "SELECT key, dtype, checksum, vector FROM vectors WHERE key IN ({})"
INSERTION = "INSERT OR REPLACE INTO vectors VALUES (?, CAST(? AS TEXT), ?, ?)"
PAGE_SIZE = 16_384  # bytes: three vectors of 1280 float32 fill a page to 94 %
KEYS_AT_ONCE = 512  # SQLite before 3.32 takes 999 variables in a statement
CACHE_SIZE = 65_536  # KiB at most: the index of two million keys stays in memory
SECONDS_TO_WAIT = 60.0

# Python cannot decode SQLite's message about a file in which even names are damaged.
FAULTS = (sqlite3.Error, UnicodeDecodeError)

# Errors with causes outside the content of the file: permissions, locks, a full or failing disk.
_CIRCUMSTANCES = {
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}


class SQLiteFile:
    """One SQLite file with a table of embeddings.

    Each method may raise one of `FAULTS`; `is_damage` decides whether the file is damaged.

    Parameters
    ----------
    path : Path
        The file, created if it does not exist.
    read_only : bool
        Whether to leave everything in the folder unchanged.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._connection = _connected_to_read(path) if read_only else _connected(path)
        try:
            if not read_only:
                self._prepare()
        except BaseException:
            self.close()
            raise

    def get(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[Any]]:
        """Return the embeddings of some keys, without those that fail their checksum."""
        found = {}
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[start : start + KEYS_AT_ONCE]
            rows = self._connection.execute(SELECTION.format(",".join("?" * len(some))), some)
            for key, dtype, checksum, vector in rows:
                # Damage can change the type of a cell, of which there is then no checksum.
                with suppress(TypeError):
                    if _checksum(key, dtype, vector) == checksum:
                        found[key] = np.frombuffer(vector, _dtype(dtype))
        return found

    def put(self, keys: Sequence[bytes], embeddings: NDArray[Any]) -> None:
        """Store embeddings, either all of them or none."""
        dtype = embeddings.dtype.str.encode()
        vectors = [vector.tobytes() for vector in embeddings]
        rows = [
            (key, dtype, _checksum(key, dtype, vector), vector)
            for key, vector in zip(keys, vectors, strict=True)
        ]
        with self._transaction("IMMEDIATE"):
            self._connection.executemany(INSERTION, rows)
        # A search in an index with a damaged entry finds nothing and raises nothing, at any time.
        if len(self.get(keys)) < len(set(keys)):
            raise sqlite3.DatabaseError("a row that was written is not found")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute("PRAGMA cell_size_check = ON")
        # No `mmap_size`: the pages of a new map cost more than reading them, and if the disk
        # fails or the file is truncated, access to a mapped page ends the process.
        connection.execute(f"PRAGMA cache_size = -{CACHE_SIZE}")
        # A commit is on the disk when it returns: that takes milliseconds, embedding a second.
        connection.execute("PRAGMA synchronous = FULL")
        if not self._tables():
            with self._transaction("EXCLUSIVE"):
                # Another process may have created the table meanwhile.
                if not self._tables():
                    connection.execute(TABLE)
        if self._tables() != [TABLE.encode()]:
            raise sqlite3.DatabaseError("the table of vectors is missing")
        # If the file system has no shared memory, or other processes use the file in another
        # mode, SQLite keeps its rollback journal: as safe, but readers wait for writers.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")

    def _tables(self) -> list[bytes]:
        rows = self._connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return [sql for (sql,) in rows]

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        self._connection.execute(f"BEGIN {kind}")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise


def is_damage(error: Exception, path: Path) -> bool:
    """Return whether an error is caused by the content of the file."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return True
    if code == sqlite3.SQLITE_READONLY:
        # SQLite opens a file read-only if a damaged header names a later release of SQLite.
        return path.exists() and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return code & 0xFF not in _CIRCUMSTANCES


def _connected(path: Path, mode: str = "mode=rwc") -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        timeout=SECONDS_TO_WAIT,
        isolation_level=None,
        uri=True,
    )
    # A damaged byte can turn a cell into text that is not UTF-8.
    connection.text_factory = bytes
    return connection


def _connected_to_read(path: Path) -> sqlite3.Connection:
    connection = _connected(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # SQLite cannot create the log of the file in a read-only folder: read without one.
        connection.close()
        connection = _connected(path, "immutable=1")
    except BaseException:
        connection.close()
        raise
    return connection


def _checksum(key: bytes, dtype: bytes, vector: bytes) -> int:
    return crc32(vector, crc32(dtype, crc32(key)))


@lru_cache(maxsize=64)
def _dtype(name: bytes) -> np.dtype[Any]:
    return np.dtype(name.decode())
