"""One SQLite file of vectors, each with a checksum."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

TABLE = (
    "CREATE TABLE vectors (key BLOB NOT NULL UNIQUE, dtype TEXT NOT NULL, "
    "checksum INTEGER NOT NULL, vector BLOB NOT NULL)"
)
SELECTION = "SELECT key, dtype, checksum, vector FROM vectors WHERE key IN ({})"
ALL_ROWS = "SELECT rowid, key, dtype, checksum, vector FROM vectors NOT INDEXED"
PAGE_SIZE = 16_384  # bytes: three vectors of 1280 float32 fill a page to 94 %
KEYS_AT_ONCE = 512  # SQLite before 3.32 takes 999 variables in a statement
CACHE_SIZE = 65_536  # KiB at most: the index of two million keys stays in memory
SECONDS_TO_WAIT = 60.0
# Of SQLite's file format.
PAGES_IN_HEADER = slice(28, 32)
TABLE_LEAF = b"\x0d"

# Python cannot decode what SQLite says of a file in which even names are damaged.
FAULTS = (sqlite3.Error, UnicodeDecodeError)

# What says nothing about the content of the file: rights, locks, a full or failing disk.
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

Row = tuple[bytes, bytes, int, bytes]
# The name of a vector's type, and its bytes: an array of each costs a tenth of all reading.
Stored = tuple[bytes, bytes]


def stacked(vectors: Sequence[Stored]) -> np.ndarray:
    """Return vectors of one length as the rows of an array, in the type that holds them all."""
    names = {name for name, _ in vectors}
    if len(names) == 1:
        whole = b"".join([vector for _, vector in vectors])
        return np.frombuffer(whole, _dtype(names.pop())).reshape(len(vectors), -1)
    return np.stack([np.frombuffer(vector, _dtype(name)) for name, vector in vectors])


def length(vector: Stored) -> int:
    """Return how many numbers a vector has."""
    return len(vector[1]) // _dtype(vector[0]).itemsize


class VectorFile:
    """A table from keys to vectors, in one file.

    Everything it does may raise one of `FAULTS`; `is_damage` tells what that means.

    Parameters
    ----------
    path : Path
        The file; made where there is none.
    salvage_from : Path or None
        A damaged file, from which whatever is whole is copied as the new file is made.
    read_only : bool
        Whether to leave everything in the folder as it is.

    Attributes
    ----------
    n_salvaged : int or None
        How many vectors were copied from a damaged file; None if there was nothing to do.
    """

    def __init__(
        self, path: Path, *, salvage_from: Path | None = None, read_only: bool = False
    ) -> None:
        self.path = path
        self.n_salvaged: int | None = None
        self._connection = _connected_to_read(path) if read_only else _connected(path)
        try:
            if not read_only:
                self._prepare(salvage_from)
        except BaseException:
            self.close()
            raise

    def read(self, keys: Sequence[bytes]) -> dict[bytes, Stored]:
        """Return the vectors there are for some keys; those that fail their checksum are not."""
        found = {}
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[start : start + KEYS_AT_ONCE]
            rows = self._connection.execute(
                SELECTION.format(",".join("?" * len(some))),
                some,
            )
            for key, dtype, checksum, vector in rows:
                # Not by `_is_whole`: a call would cost a tenth of the whole reading.
                try:
                    if crc32(vector, crc32(dtype, crc32(key))) == checksum:
                        found[key] = dtype, vector
                except TypeError:
                    continue
        return found

    def write(self, keys: Sequence[bytes], vectors: np.ndarray) -> None:
        """Store vectors, all or none."""
        dtype = vectors.dtype.str.encode()
        with self._transaction("IMMEDIATE"):
            self._insert(
                _row(key, dtype, vector.tobytes())
                for key, vector in zip(keys, vectors, strict=True)
            )
        # An index with a damaged entry is searched in vain, without an error, now and ever after.
        if len(self.read(keys)) < len(set(keys)):
            raise sqlite3.DatabaseError("what has been written is not found")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self, salvage_from: Path | None) -> None:
        connection = self._connection
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute("PRAGMA cell_size_check = ON")
        # No `mmap_size`: the pages of a new map cost more than reading them, and where the disk
        # fails or the file is cut short, a mapped page ends the process.
        connection.execute(f"PRAGMA cache_size = -{CACHE_SIZE}")
        # A commit is on the disk when it returns: that takes milliseconds, embedding a second.
        connection.execute("PRAGMA synchronous = FULL")
        if not self._tables():
            with self._transaction("EXCLUSIVE"):
                # Another process may have been faster.
                if not self._tables():
                    connection.execute(TABLE)
                    self.n_salvaged = self._salvage(salvage_from)
        if self._tables() != [TABLE.encode()]:
            raise sqlite3.DatabaseError("the table of vectors is not there")
        # Where a write-ahead log cannot be had, and while others are at work in another mode,
        # SQLite keeps its rollback journal, which is as safe, but makes readers wait.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")

    def _tables(self) -> list[bytes]:
        rows = self._connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return [sql for (sql,) in rows]

    def _salvage(self, path: Path | None) -> int | None:
        if path is None or not path.exists():
            return None
        self._insert(_whole_rows(path))
        return int(self._connection.execute("SELECT count(*) FROM vectors").fetchone()[0])

    def _insert(self, rows: Iterable[Row]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO vectors (key, dtype, checksum, vector) "
            "VALUES (?, CAST(? AS TEXT), ?, ?)",
            rows,
        )

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
    """Tell whether an error is the fault of the file's content."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return True
    if code == sqlite3.SQLITE_READONLY:
        # A header from which SQLite takes the file for one of a later release is read-only too.
        return path.exists() and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return code & 0xFF not in _CIRCUMSTANCES


def _connected(path: Path, mode: str = "mode=rwc") -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        timeout=SECONDS_TO_WAIT,
        isolation_level=None,
        uri=True,
    )
    # A damaged byte may make text of anything, which nobody could decode.
    connection.text_factory = bytes
    return connection


def _connected_to_read(path: Path) -> sqlite3.Connection:
    connection = _connected(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # The log of a file is in its folder, where nothing can be made: without, then.
        connection.close()
        connection = _connected(path, "immutable=1")
    return connection


def _row(key: bytes, dtype: bytes, vector: bytes) -> Row:
    return key, dtype, _checksum(key, dtype, vector), vector


def _checksum(key: bytes, dtype: bytes, vector: bytes) -> int:
    return crc32(vector, crc32(dtype, crc32(key)))


@lru_cache(maxsize=64)
def _dtype(name: bytes) -> np.dtype[Any]:
    return np.dtype(name.decode())


def _is_whole(row: tuple[Any, ...]) -> bool:
    key, dtype, checksum, vector = row
    try:
        return _checksum(key, dtype, vector) == checksum
    except TypeError:
        return False


def _whole_rows(path: Path) -> Iterator[Row]:
    """Yield what is whole of a damaged file; some rows twice."""
    try:
        with closing(_connected(path, "mode=rw")) as connection:
            yield from filter(_is_whole, _rows_in_order(connection))
    except FAULTS:
        with suppress(*FAULTS, OSError):
            yield from filter(_is_whole, _rows_page_by_page(path))


def _rows_in_order(connection: sqlite3.Connection) -> Iterator[Row]:
    last = -1
    for number, *row in connection.execute(f"{ALL_ROWS} ORDER BY rowid"):
        # Pages that lead back to others would be read for ever.
        if number <= last:
            raise sqlite3.DatabaseError("rows out of order")
        last = number
        yield tuple(row)


def _rows_page_by_page(path: Path) -> Iterator[Row]:
    """Yield the rows of a copy of a file in which every page with rows is made the first.

    What leads to a page may be lost: the file's header, its schema, the pages above.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        pages = _mended(copy)
        with closing(_connected(copy, "mode=rw")) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            for page in pages:
                with suppress(*FAULTS):
                    connection.execute("PRAGMA writable_schema = ON")
                    connection.execute(
                        "UPDATE sqlite_master SET rootpage = ? WHERE type = 'table'", (page,)
                    )
                    connection.execute("PRAGMA writable_schema = RESET")
                    yield from (tuple(row) for _, *row in connection.execute(ALL_ROWS))


def _mended(path: Path) -> list[int]:
    """Give a file the first page of a new one; return the numbers of the pages with rows."""
    new = path.with_name("new")
    with closing(_connected(new)) as connection:
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute(TABLE)
    first_page = bytearray(new.read_bytes()[:PAGE_SIZE])
    # The new page speaks of two others, the table's and the index's.
    n_pages = max(3, path.stat().st_size // PAGE_SIZE)
    first_page[PAGES_IN_HEADER] = n_pages.to_bytes(4, "big")
    with path.open("r+b") as file:
        file.write(first_page)
        file.truncate(n_pages * PAGE_SIZE)
        pages = []
        for number in range(2, n_pages + 1):
            file.seek((number - 1) * PAGE_SIZE)
            if file.read(1) == TABLE_LEAF:
                pages.append(number)
    return pages
