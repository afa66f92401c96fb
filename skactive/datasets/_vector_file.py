"""Vectors on disk, read row by row."""

from __future__ import annotations

import mmap
import os
import zipfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO
from weakref import finalize

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, DTypeLike

from skactive._engine.numbers import as_numbers, vanished_row
from skactive._io.arrays import damage_as, unfit
from skactive._io.atomic_write import atomic_write, remove_left_over
from skactive._io.regular_files import check_regular
from skactive._text import shown
from skactive._validation import check_dtype, check_name, check_names, check_path

FLOATS = (np.dtype("<f2"), np.dtype("<f4"), np.dtype("<f8"))

# Number of digits in the fingerprints of version 0.1.
EARLIER_LENGTH = 32

# Number of bytes that are written at once.
WRITTEN_BYTES = 2**24


class VectorFile:
    """Read vectors from a file row by row, without holding them in memory.

    `open_vectors` returns it. Indexing works as in an array of shape (n_samples, n_features): the
    file is mapped while selected rows are in use. Each selection checks that the size and the
    modification time of the file have not changed.

    Parameters
    ----------
    path : path-like
        The file.
    key : str, default=None
        The array in a .npz file.
    fingerprint : str, default=None
        The fingerprint that the content of the file must have. None skips the check.

    Attributes
    ----------
    path : Path
        The file.
    shape : tuple of int
        Number of vectors, number of features.
    dtype : dtype
        The type of the stored numbers: float16, float32 or float64.
    fingerprint : str
        A digest of shape, type and all rows. It is computed when it is first needed, in one pass
        over the file.

    See Also
    --------
    open_vectors : Opens a file of vectors.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skactive.datasets import VectorFile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "photos.npy", np.eye(3, 2))
    ...     VectorFile(Path(folder) / "photos.npy").shape
    (3, 2)
    """

    ndim = 2

    def __init__(
        self,
        path: str | os.PathLike[str],
        key: str | None = None,
        fingerprint: str | None = None,
    ) -> None:
        self.path = Path(check_path(self, "path", path))
        check_name(self, "key", key)
        check_name(self, "fingerprint", fingerprint)
        self._key = key
        check_regular(self.path)
        remove_left_over(self.path)
        self._file = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._close = finalize(self, os.close, self._file)
        try:
            self._state = self._stat()
            self.shape, self.dtype, self._offset = self._layout()
            if fingerprint is not None:
                self._check(fingerprint)
        except BaseException:
            self._close()
            raise

    @cached_property
    def fingerprint(self) -> str:
        """A digest of shape, type and all rows."""
        from skactive._io.fingerprint import fingerprint

        return fingerprint(self)

    @property
    def nbytes(self) -> int:
        """Number of bytes of the vectors on disk."""
        return self.shape[0] * self._row_bytes

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:  # every index that NumPy accepts
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self._window(start, max(start, stop))
            index = np.arange(start, stop, step)
        if isinstance(index, tuple):
            return self[index[0]][(..., *index[1:])]
        positions = np.asarray(index)
        if positions.dtype == bool:
            positions = np.flatnonzero(positions)
        if positions.size == 0:
            return np.empty((0, self.shape[1]), dtype=self.dtype)
        outside = positions[(positions < -len(self)) | (positions >= len(self))]
        if outside.size:
            raise IndexError(
                f"Row {outside.flat[0]} is out of bounds for {self.path}, which has {len(self)} "
                "rows."
            )
        positions = np.where(positions < 0, positions + len(self), positions)
        first = int(positions.min())
        return self._window(first, int(positions.max()) + 1)[positions - first]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        """Read all vectors into memory."""
        return np.array(self[:], dtype=dtype)

    def __repr__(self) -> str:
        return f"VectorFile({str(self.path)!r}, shape={self.shape}, dtype={self.dtype})"

    def __reduce__(self) -> tuple[Any, ...]:
        return VectorFile, (self.path, self._key, self.fingerprint)

    @property
    def _row_bytes(self) -> int:
        return self.shape[1] * self.dtype.itemsize

    def _check(self, expected: str) -> None:
        if len(expected) == EARLIER_LENGTH:
            raise ValueError(
                f"The fingerprint {expected} of {self.path} was computed by version 0.1, from 64 "
                "of the rows. Hint: open the file without it, and store its new `fingerprint`."
            )
        if expected != self.fingerprint:
            raise ValueError(
                f"{self.path} contains other vectors than before: its fingerprint is "
                f"{self.fingerprint} instead of {expected}. Hint: restore the earlier file, or "
                "open this one without `fingerprint`."
            )

    def _stat(self) -> tuple[int, int]:
        status = os.fstat(self._file)
        return status.st_size, status.st_mtime_ns

    def _window(self, start: int, stop: int) -> np.ndarray:
        """Return rows as a view of the mapped file; the map is closed with the last view."""
        if start == stop or self.shape[1] == 0:
            return np.empty((stop - start, self.shape[1]), dtype=self.dtype)
        # Access to a mapped page beyond the end of a truncated file would end the process.
        if self._stat() != self._state:
            raise OSError(
                f"{self.path} was changed while its vectors were in use. Hint: open it again, and "
                "start again."
            )
        first = self._offset + start * self._row_bytes
        aligned = first - first % mmap.ALLOCATIONGRANULARITY
        length = self._offset + stop * self._row_bytes - aligned
        mapped = mmap.mmap(self._file, length, access=mmap.ACCESS_READ, offset=aligned)
        count = (stop - start) * self.shape[1]
        rows = np.frombuffer(mapped, self.dtype, count, first - aligned)
        return rows.reshape(stop - start, self.shape[1])

    def _layout(self) -> tuple[tuple[int, int], np.dtype[Any], int]:
        """Return shape, dtype and the offset of the numbers, or raise."""
        with open(self._file, "rb", closefd=False) as file:
            begin, end = (0, self._state[0])
            if self.path.suffix.lower() == ".npz":
                begin, end = self._member(file)
            with damage_as(
                f"{self.path} does not begin with the header of a NumPy array. Hint: write it "
                "with write_vectors."
            ):
                # A damaged directory may give an offset before the beginning.
                file.seek(begin)
                version = np.lib.format.read_magic(file)
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, is_fortran, dtype = read(file)
            offset = file.tell()
        if len(shape) != 2 or min(shape) < 0 or dtype not in FLOATS or is_fortran:
            order = "Fortran" if is_fortran else "C"
            raise ValueError(
                "Vectors must be a 2-dimensional array of float16, float32 or float64 in C order. "
                f"Got shape {shape}, type {dtype.str} and {order} order in {self.path}. Hint: "
                "write it with write_vectors."
            )
        needed = shape[0] * shape[1] * dtype.itemsize
        if end - offset != needed or end > self._state[0]:
            raise ValueError(
                f"{self.path} is incomplete: {shape[0]} × {shape[1]} numbers of {dtype} need "
                f"{needed} bytes, but it has {min(end, self._state[0]) - offset}. Hint: write it "
                "again."
            )
        return shape, dtype, offset

    def _member(self, file: BinaryIO) -> tuple[int, int]:
        """Return the offsets of the begin and end of an array in a .npz file."""
        truncated = "a complete .npz archive: it is truncated, or has another format"
        with damage_as(unfit(self.path, truncated, "Hint: write it with numpy.savez.")):
            members = {one.filename: one for one in zipfile.ZipFile(file).infolist()}
            keys = [name.removesuffix(".npy") for name in members if name.endswith(".npy")]
            key = self._key or next((name for name in ("X", "x") if name in keys), keys[0])
        if key not in keys:
            raise ValueError(
                f"{self.path} has no array {key!r}. Its arrays are: {', '.join(keys)}. Hint: pass "
                "one of them as `key`."
            )
        member = members[f"{key}.npy"]
        if member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(
                f"{key} in {self.path} is compressed, so that single rows cannot be read. "
                "Hint: write it with write_vectors or numpy.savez."
            )
        file.seek(max(member.header_offset, 0))
        header = file.read(30)
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        begin = member.header_offset + 30 + lengths
        return begin, begin + member.file_size


def open_vectors(
    path: str | os.PathLike[str], *, key: str | None = None, fingerprint: str | None = None
) -> VectorFile:
    """Open vectors on disk, for a pool that is larger than memory.

    A `Pool` or an `ActiveLearner` reads the vectors block by block.

    Parameters
    ----------
    path : path-like
        A .npy file, or a .npz file that is not compressed, with a vector of float16, float32 or
        float64 in each row.
    key : str, default=None
        The array in a .npz file. None takes 'X' or 'x', else the first one.
    fingerprint : str, default=None
        An earlier `fingerprint` of the vectors; a file with other vectors raises an error. None
        skips the check.

    Returns
    -------
    vectors : VectorFile
        An array-like on disk.

    Raises
    ------
    ValueError
        If the file is incomplete, has no such array, or has another fingerprint.

    See Also
    --------
    write_vectors : Writes such a file.
    load_vectors : Reads vectors and labels into memory.

    Notes
    -----
    Opening reads the header. With `fingerprint`, and if the file is pickled or unpickled, all
    rows are read once: 1,000,000 × 512 numbers of half precision, 1 GB, take 0.6 s of processor
    time, in as many threads as there are cores, or as long as the disk takes. A change of the
    file while it is in use is detected by its size and modification time, each time that rows are
    read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skactive.datasets import open_vectors, write_vectors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_vectors(Path(folder) / "photos.npy", np.eye(3), dtype="float16")
    ...     open_vectors(path)[1]
    array([0., 1., 0.], dtype=float16)
    """
    return VectorFile(path, key, fingerprint)


def write_vectors(
    path: str | os.PathLike[str],
    X: ArrayLike | os.PathLike[str],
    *,
    dtype: DTypeLike = "float16",
    columns: Sequence[str] | None = None,
) -> Path:
    """Write vectors block by block to a .npy file that `open_vectors` opens.

    Parameters
    ----------
    path : path-like
        The file, whose name ends in .npy. The vectors are written under another name; the
        complete file is then renamed, and replaces an existing one.
    X : array-like of shape (n_samples, n_features), or path-like
        The vectors: an array, a memory map, a zarr array, or another object with `shape` and
        slices of rows; or a Parquet file, with the vectors in one column of lists or with a
        number in each column (``pip install 'skactive[table]'``).
    dtype : {'float16', 'float32', 'float64'}, default='float16'
        The type of the stored numbers. Half precision has 11 significant bits, which hardly
        changes the neighbours of embeddings.
    columns : sequence of str, default=None
        The columns of a Parquet file. None takes all.

    Returns
    -------
    path : Path
        The file.

    Raises
    ------
    ValueError
        If a number is not finite in `dtype`, all numbers of a row are too small for it, X has
        masked values or has not two dimensions, or the name does not end in .npy.
    TypeError
        If X is sparse, or holds dates, times or other objects that are not numbers.

    See Also
    --------
    open_vectors : Opens the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skactive.datasets import write_vectors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_vectors(Path(folder) / "photos.npy", np.eye(3)).stat().st_size
    146
    """
    path = Path(check_path("write_vectors", "path", path))
    dtype = check_dtype("write_vectors", dtype, FLOATS)
    check_names("write_vectors", "columns", columns)
    if path.suffix != ".npy":
        raise ValueError(f"The 'path' must end in .npy. Got {shown(str(path))} instead.")
    vectors: Any = X  # an array of any library, with `shape` and slices of rows
    if isinstance(X, str | os.PathLike):
        from skactive.datasets._parquet_vectors import ParquetVectors

        vectors = ParquetVectors(X, columns)
    elif not hasattr(X, "shape"):
        vectors = np.asarray(as_numbers(X, "X"))
    if sp.issparse(vectors):
        raise TypeError(
            "X is sparse, but vectors are stored dense. Hint: pass X.toarray(), or reduce X to "
            "fewer features, for example with sklearn.decomposition.TruncatedSVD."
        )
    if len(vectors.shape) != 2:
        as_numbers(X, "X")  # raises for vectors in the cells of a column
        raise ValueError(
            f"X must have the shape (n_samples, n_features). Got shape {tuple(vectors.shape)} "
            "instead. Hint: X.reshape(len(X), -1) makes a row of each sample."
        )
    with atomic_write(path) as file:
        _write(file, vectors, dtype)
    return path


def _write(file: BinaryIO, X: Any, dtype: np.dtype[Any]) -> None:
    n, n_features = (int(length) for length in X.shape)
    header = {"descr": dtype.str, "fortran_order": False, "shape": (n, n_features)}
    np.lib.format.write_array_header_1_0(file, header)
    size = max(1, WRITTEN_BYTES // max(1, 8 * n_features))
    for start in range(0, n, size):
        wide = _as_floats(X, start, min(start + size, n))
        with np.errstate(over="ignore"):
            rows = np.ascontiguousarray(wide, dtype=dtype)
        faulty = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(faulty):
            raise ValueError(
                f"Row {start + faulty[0]} of X has a number that is not finite in {dtype}. Hint: "
                "leave such samples out, scale them, or pass dtype='float32'."
            )
        if (vanished := vanished_row(wide, rows)) is not None:
            wider = "float32" if dtype == np.float16 else "float64"
            raise ValueError(
                f"Row {start + vanished} of X has only numbers below {np.finfo(dtype).tiny:.1e}, "
                f"which {dtype} does not hold. Hint: scale X, or pass dtype={wider!r}."
            )
        file.write(rows.data)


def _as_floats(X: Any, start: int, stop: int) -> np.ndarray:
    """Return rows as an array of floats with the numbers that X shows, or raise."""
    rows = as_numbers(X.iloc[start:stop] if hasattr(X, "iloc") else X[start:stop], "X", start)
    if hasattr(rows, "isna"):
        return np.asarray(rows.to_numpy(dtype=np.float64, na_value=np.nan))
    array = np.asarray(rows)
    return array if array.dtype.kind == "f" else array.astype(np.float64)
