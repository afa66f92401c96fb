"""Vectors kept in a folder, for whoever asks again."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from tqdm.auto import tqdm

from skactive._warning import warn_user
from skactive.embedding._sqlite_file import FAULTS, Stored, VectorFile, is_damage, length, stacked

# Another layout of the files takes another name: no version of skactive misreads another's.
NAME = "vectors-{}.sqlite3"
_NUMBER = re.compile(r"vectors-([1-9]\d*)\.sqlite3")


class VectorStore:
    """A folder of vectors, found by their keys.

    It has one file at a time. One found damaged is left as it is, with its log, and its whole
    vectors are copied to a new file with the next number, in one transaction: whoever finds
    damage at the same time waits for the first, and whoever dies in the middle leaves it to the
    next. Nothing is ever renamed or removed under the eyes of another process.

    Open it for one piece of work in one thread: nothing is shared with another process.

    Parameters
    ----------
    location : str or path-like
        The folder; made where there is none.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        self._folder = Path(location).expanduser().absolute()
        self._name = os.fspath(location)
        self._file: VectorFile | None = None
        self._keeps = True
        self._was_replaced = False
        self._opened = 1
        _make(self._folder, self._name)
        self._is_read_only = not os.access(self._folder, os.W_OK)
        if self._is_read_only and not self._path(self._number).exists():
            raise PermissionError(
                f"Nothing can be written to {self._name}, in which vectors are to be kept. Hint: "
                "name a folder of your own."
            )
        self._guarded(self._open, "read")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self, keys: Sequence[bytes]) -> dict[bytes, Stored]:
        """Return the vectors there are for some keys, for `stacked` to make an array of.

        A vector of which as much as a bit has changed since it was written is not there.
        """

        def read_from_file() -> dict[bytes, Stored]:
            return {} if self._file is None else self._file.read(keys)

        return self._guarded(read_from_file, "read") or {}

    def write(self, keys: Sequence[bytes], vectors: np.ndarray) -> bool:
        """Store vectors, all or none, and tell whether that was possible.

        Where it is not, one warning says why, and nothing is stored any more.

        Parameters
        ----------
        keys : sequence of bytes
            The vectors' keys.
        vectors : ndarray of shape (n_keys, n_features)
            Real numbers of any type, which is kept.
        """
        if vectors.ndim != 2 or vectors.dtype.kind not in "biuf":
            raise TypeError(
                f"Vectors are rows of real numbers. Got an array of {vectors.dtype} of shape "
                f"{vectors.shape} instead."
            )
        if not self._keeps or vectors.shape[1] == 0:
            return False
        if self._is_read_only:
            return self._go_without("written", "it is read-only")

        def write_to_file() -> bool:
            if self._file is None:
                return False
            while True:
                self._file.write(keys, vectors)
                if self._number == self._opened:
                    return True
                # Another process has found damage and works on a new file.
                self._open()

        return self._guarded(write_to_file, "written") or False

    @property
    def _number(self) -> int:
        found = map(_NUMBER.fullmatch, os.listdir(self._folder))  # noqa: PTH208 - 10 times as fast
        return max((int(match[1]) for match in found if match), default=1)

    def _path(self, number: int) -> Path:
        return self._folder / NAME.format(number)

    def _open(self) -> None:
        self.close()
        self._opened = self._number
        damaged = self._path(self._opened - 1) if self._opened > 1 else None
        path = self._path(self._opened)
        self._file = VectorFile(path, salvage_from=damaged, read_only=self._is_read_only)
        if self._file.n_salvaged is not None:
            warn_user(
                f"{damaged} is damaged. What is whole of it, {self._file.n_salvaged:,} vectors, is "
                f"now in {path.name}; what is lost will be embedded anew. Hint: the damaged file "
                "is of no more use and may be deleted.",
                RuntimeWarning,
            )

    def _guarded(self, work: Callable[[], Any], what: str) -> Any:
        """Do work on the file; replace the file once where it is damaged, and try again."""
        fault: Exception
        try:
            return work()
        except (*FAULTS, OSError) as error:
            fault = error
        if self._is_to_be_replaced(fault):
            self._was_replaced = True
            try:
                self._replace()
                return work()
            except (*FAULTS, OSError) as error:
                fault = error
        self._go_without(what, str(fault))
        return None

    def _is_to_be_replaced(self, fault: Exception) -> bool:
        return (
            isinstance(fault, FAULTS)
            and is_damage(fault, self._path(self._opened))
            and not (self._was_replaced or self._is_read_only)
        )

    def _replace(self) -> None:
        self.close()
        # An empty file is filled by the first who opens it, in one transaction.
        self._path(self._opened + 1).touch()
        self._open()

    def _go_without(self, what: str, reason: str) -> bool:
        if self._keeps:
            self._keeps = False
            if what == "read":
                self.close()
            warn_user(
                f"The vectors in {self._name} cannot be {what}: {reason}. What is embedded now is "
                "returned, but not kept. Hint: make sure that there is room on the disk and that "
                "the folder can be written to.",
                RuntimeWarning,
            )
        return False


def through_store(
    location: str | os.PathLike[str],
    n_samples: int,
    key_of: Callable[[int], bytes | None],
    compute: Callable[[np.ndarray], np.ndarray],
    *,
    label: str,
    progress: bool,
    block_size: int = 1024,
) -> np.ndarray:
    """Return the vectors of samples, computing only those that a store does not have.

    Whatever is computed is stored block by block, so that an interruption costs one block at
    most. Samples of the same key are computed once. Beside the result, one block is in memory.

    Parameters
    ----------
    location : str or path-like
        The folder of the store.
    n_samples : int
        How many samples there are.
    key_of : callable
        From the position of a sample to what identifies its vector among all others in the
        store. Samples whose key is None are computed and not stored.
    compute : callable
        From positions, an ndarray of shape (n,) in no particular order, to an ndarray of shape
        (n, n_features). Rows that are not finite are not stored.
    label : str
        What to call the work beside the progress bar.
    progress : bool
        Whether to show one, on standard error.
    block_size : int
        How many samples are looked up, computed and stored at once.

    Returns
    -------
    vectors : ndarray of shape (n_samples, n_features)
        In the type that holds what was stored and what was computed.
    """
    if n_samples == 0:
        return compute(np.arange(0))
    with VectorStore(location) as store:
        width = None
        while True:
            with tqdm(total=n_samples, desc=label, disable=not progress) as bar:
                filling = _Filling(store, n_samples, compute, bar, width)
                try:
                    return filling.filled(key_of, block_size)
                except _OtherWidthError as other:
                    # The store has vectors of another length under these keys.
                    width = other.width


class _OtherWidthError(Exception):
    """Raised where the length of computed vectors is not that of stored ones."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.width = width


class _Filling:
    """The rows of a result, filled as they become known.

    A sample without a key stands under its position, which is no key.
    """

    def __init__(
        self,
        store: VectorStore,
        n_samples: int,
        compute: Callable[[np.ndarray], np.ndarray],
        bar: Any,
        width: int | None,
    ) -> None:
        self._store = store
        self._n_samples = n_samples
        self._compute = compute
        self._bar = bar
        self._width = width
        self._is_width_computed = width is not None
        self._vectors: np.ndarray | None = None
        self._waiting: dict[bytes | int, list[int]] = {}
        self._not_kept: dict[bytes | int, int] = {}

    def filled(self, key_of: Callable[[int], bytes | None], block_size: int) -> np.ndarray:
        """Return the whole result."""
        for start in range(0, self._n_samples, block_size):
            positions = range(start, min(start + block_size, self._n_samples))
            self._look_up(positions, [key_of(position) for position in positions])
            while len(self._waiting) >= block_size:
                self._compute_waiting(block_size)
        if self._waiting:
            self._compute_waiting(len(self._waiting))
        if self._vectors is None:
            raise RuntimeError("No vector was computed.")
        return self._vectors

    def _look_up(self, positions: Sequence[int], keys: Sequence[bytes | None]) -> None:
        stored = self._store.read([key for key in dict.fromkeys(keys) if key is not None])
        if stored:
            self._leave_out_other_widths(stored)
        places, rows = [], []
        for position, key in zip(positions, keys, strict=True):
            row = None if key is None else stored.get(key)
            if row is not None:
                places.append(position)
                rows.append(row)
            elif key in self._not_kept and self._vectors is not None:
                self._put([position], self._vectors[[self._not_kept[key]]])
            else:
                self._waiting.setdefault(position if key is None else key, []).append(position)
        if rows:
            self._put(places, stacked(rows))

    def _leave_out_other_widths(self, stored: dict[bytes, Stored]) -> None:
        if self._width is None:
            self._width = length(next(iter(stored.values())))
        # The length of each would be asked for in vain: they have one length and type, or else
        # something is wrong with an identity.
        if len({(name, len(vector)) for name, vector in stored.values()}) > 1 or (
            length(next(iter(stored.values()))) != self._width
        ):
            for key in [key for key, row in stored.items() if length(row) != self._width]:
                del stored[key]

    def _compute_waiting(self, n: int) -> None:
        keys = list(self._waiting)[:n]
        computed = self._checked(keys)
        finite = np.ones(n, dtype=bool)
        if computed.dtype.kind == "f":
            finite = np.isfinite(computed).all(axis=1)
        to_keep = [row for row in np.flatnonzero(finite) if isinstance(keys[row], bytes)]
        kept = set(to_keep if self._kept([keys[row] for row in to_keep], computed[to_keep]) else [])
        places, rows = [], []
        for row, key in enumerate(keys):
            positions = self._waiting.pop(key)
            places += positions
            rows += [row] * len(positions)
            if row not in kept and isinstance(key, bytes):
                self._not_kept[key] = positions[0]
        self._put(places, computed[rows])

    def _kept(self, keys: Sequence[Any], vectors: np.ndarray) -> bool:
        return bool(keys) and self._store.write(keys, vectors)

    def _checked(self, keys: Sequence[bytes | int]) -> np.ndarray:
        positions = np.array([self._waiting[key][0] for key in keys])
        computed = self._compute(positions)
        if computed.ndim != 2 or len(computed) != len(positions):
            raise ValueError(
                f"{len(positions)} samples were embedded to an array of shape {computed.shape}, "
                "where vectors have (n_samples, n_features)."
            )
        width = computed.shape[1]
        if self._width is not None and width != self._width:
            if not self._is_width_computed:
                raise _OtherWidthError(width)
            raise ValueError(
                f"The vector of X[{positions[0]}] has length {width}, while others have length "
                f"{self._width}."
            )
        self._width, self._is_width_computed = width, True
        return computed

    def _put(self, places: Sequence[int], vectors: np.ndarray) -> None:
        if self._vectors is None:
            self._vectors = np.empty((self._n_samples, vectors.shape[1]), vectors.dtype)
        elif self._vectors.dtype != vectors.dtype:
            self._vectors = self._vectors.astype(np.result_type(self._vectors, vectors), copy=False)
        self._vectors[places] = vectors
        self._bar.update(len(places))


def _make(folder: Path, name: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise NotADirectoryError(
            f"Vectors are kept in a folder, but {name} is a file, or in one. Hint: name another "
            "location."
        ) from error
    except OSError as error:
        raise type(error)(
            f"The folder {name}, in which vectors are to be kept, cannot be made: "
            f"{error.strerror}. Hint: name another location."
        ) from error
