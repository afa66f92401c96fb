"""Fingerprints of samples: one of all rows in their order, and one of each row.

All code that recognises samples uses them. A journal finds the answered rows by them. A pool
state, a neighbour graph and a vector file are refused if one row differs. Results shared by loops
are found by the fingerprint of the features.

Measured on two idle cores of an AMD EPYC with SHA instructions, with the file in the page cache:

======================================================  ========  ==============
operation                                               time      processor time
======================================================  ========  ==============
fingerprint of 1,000,000 × 512 float16 in a file, 1 GB  0.32 s    0.62 s
the same as float32, as a pool on disk reads it         1.1 s     2.2 s
row_fingerprints of 1,000,000 such rows                 2.1 s     2.1 s
======================================================  ========  ==============

The first is 3,200 MB/s, 1,800 MB/s on one core. BLAKE2b hashes 700 MB/s on one core.
Processors without SHA instructions were not measured.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from hashlib import sha256
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray

from skactive._engine.blocks import on_all_cpus
from skactive._io.content_keys import KEY_SIZE, content_key, keys_of_rows
from skactive._rows import n_samples_of, take_rows

# A fingerprint depends on the block size: after a change, no stored fingerprint matches.
BLOCK_BYTES = 2**22
ROWS_AT_ONCE = 4096
NUMBERS = "biufcmM"


def fingerprint(samples: Any, dtype: DTypeLike | None = None) -> str:
    """Return a digest of all rows of samples, in their order.

    Equal fingerprints mean equal samples. An array, a memory map, stored features and a DataFrame
    of one numeric type have the same fingerprint if shape, type and numbers are the same. Sparse
    matrices have the same fingerprint in every format, with or without stored zeros, but another
    one than a dense array. The fingerprint of other samples, such as texts, is that of their
    `row_fingerprints`.

    Parameters
    ----------
    samples : array-like of length n_samples
        An array, a sparse matrix, a DataFrame, a list, or any object with `shape`, `dtype` and
        rows by slice.
    dtype : dtype, default=None
        The type to which numbers are converted first: with ``dtype=numpy.float32``, float64
        features have the fingerprint of their float32 copy. None means no conversion.

    Returns
    -------
    fingerprint : str of length 40
        Hexadecimal digits of SHA-256, cut to 160 bits.

    Raises
    ------
    TypeError
        If the content of a sample is not known, such as that of an object of a user's class.

    Notes
    -----
    Threads hash blocks of 4 MiB, in O(n_samples · n_features). Only the blocks that are being
    hashed are in memory.
    """
    if sp.issparse(samples):
        return _of_sparse(samples, dtype)
    if _is_numeric(samples):
        dtype = _dtype_of(samples) if dtype is None else np.dtype(dtype)
        digest = sha256(_header("array", samples.shape, dtype))
        _add_blocks(digest, samples, dtype)
    else:
        n_samples = n_samples_of(samples)
        digest = sha256(_header("rows", (n_samples,), None))
        for position, row in enumerate(_each_row(samples)):
            if not row:
                raise TypeError(
                    f"Sample {position} has no content that can be read or is known. Hint: samples "
                    "are numbers, texts, paths, images and arrays, and lists and tuples of these."
                )
            digest.update(row.encode())
    return _hexadecimal(digest)


def row_fingerprints(samples: Any, positions: Any = None) -> NDArray[np.str_]:
    """Return a digest of each row, by which rows are compared and found again.

    The digest of a row does not depend on its position, nor on whether the rows are an array or a
    list. Rows of equal numbers have the same digest, whatever their type and byte order. The
    digest of a path depends on its name: the file need not exist. Column names of a DataFrame are
    ignored.

    Parameters
    ----------
    samples : array-like of length n_samples
        As in `fingerprint`.
    positions : array-like of int of shape (n,), default=None
        The rows. None takes all.

    Returns
    -------
    digests : ndarray of str of shape (n,)
        40 hexadecimal digits each; an empty string for a sample whose content cannot be read or
        is not known, such as an object of the user's own class.

    Notes
    -----
    The cost is some microseconds per row of numbers.
    """
    return np.array(list(_each_row(samples, positions)), dtype=f"U{2 * KEY_SIZE}")


def find_rows(samples: Any, wanted: Collection[str]) -> dict[str, list[int]]:
    """Return the positions of the rows that have one of the given digests.

    Samples outside this process, such as those of a Dask cluster, have their own method
    `find_rows`, which is called instead.

    Parameters
    ----------
    samples : array-like of length n_samples
        As in `fingerprint`.
    wanted : collection of str
        Digests as `row_fingerprints` returns them.

    Returns
    -------
    positions : dict of str to list of int
        The positions of the rows with a digest in `wanted`, ascending. A digest that no row has
        is absent.
    """
    if not wanted:
        return {}
    if hasattr(samples, "find_rows"):
        found: dict[str, list[int]] = samples.find_rows(wanted)
        return found
    positions: dict[str, list[int]] = {}
    wanted = set(wanted)
    for position, row in enumerate(_each_row(samples)):
        if row in wanted:
            positions.setdefault(row, []).append(position)
    return positions


def _of_sparse(X: Any, dtype: DTypeLike | None) -> str:
    X = _canonical(X)
    dtype = X.dtype if dtype is None else np.dtype(dtype)
    digest = sha256(_header("sparse", X.shape, dtype))
    for part, kind in ((np.diff(X.indptr), "<i8"), (X.indices, _index_type(X)), (X.data, dtype)):
        _add_blocks(digest, part, np.dtype(kind))
    return _hexadecimal(digest)


def _canonical(X: Any) -> Any:
    """Return a CSR matrix with sorted columns, without duplicates or stored zeros."""
    X = X.tocsr()
    if X.has_canonical_format and X.data.all():
        return X
    X = X.copy()
    X.sum_duplicates()
    X.eliminate_zeros()
    return X


def _index_type(X: Any) -> str:
    return "<i4" if X.shape[1] <= np.iinfo(np.int32).max else "<i8"


def _is_numeric(samples: Any) -> bool:
    """Return whether rows are numbers of one type, so that slices of them can be read."""
    if isinstance(samples, np.ma.MaskedArray):
        return False
    dtype = _dtype_of(samples)
    return isinstance(dtype, np.dtype) and dtype.kind in NUMBERS and len(samples.shape) > 0


def _dtype_of(samples: Any) -> Any:
    if hasattr(samples, "iloc") and hasattr(samples, "columns"):
        dtypes = set(samples.dtypes)
        return dtypes.pop() if len(dtypes) == 1 else None
    return getattr(samples, "dtype", None)


def _add_blocks(digest: Any, rows: Any, dtype: np.dtype[Any]) -> None:
    """Add the digests of blocks of rows. The blocks depend only on shape and type."""
    size = _rows_per_block(rows, dtype)
    blocks = [slice(start, start + size) for start in range(0, rows.shape[0], size)]

    def digest_of(block: slice) -> bytes:
        return sha256(_bytes_of(rows, block, dtype).data).digest()

    for part in on_all_cpus(digest_of, blocks):
        digest.update(part)


def _rows_per_block(rows: Any, dtype: np.dtype[Any]) -> int:
    n_bytes = dtype.itemsize * int(np.prod(rows.shape[1:], dtype=np.int64))
    return max(1, BLOCK_BYTES // max(1, n_bytes))


def _bytes_of(rows: Any, block: slice, dtype: np.dtype[Any]) -> NDArray[np.uint8]:
    block = slice(block.start, min(block.stop, rows.shape[0]))
    taken = rows.iloc[block].to_numpy() if hasattr(rows, "iloc") else rows[block]
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(taken, dtype=dtype)
    if numbers.dtype.kind in "fc":
        # Negative zeros become zeros.
        numbers = numbers + numbers.dtype.type(0)
    return numbers.reshape(-1).view(np.uint8)


def _header(kind: str, shape: Any, dtype: Any) -> bytes:
    lengths = [int(length) for length in shape]
    return f"{kind} {lengths} {'' if dtype is None else dtype.str}\n".encode()


def _hexadecimal(digest: Any) -> str:
    return str(digest.hexdigest()[: 2 * KEY_SIZE])


def _each_row(samples: Any, positions: Any = None) -> Iterator[str]:
    """Yield the digest of each row. A limited number of rows is in memory at a time."""
    if sp.issparse(samples):
        samples = samples.tocsr()
    if positions is None:
        positions = np.arange(n_samples_of(samples))
    positions, size = np.asarray(positions, dtype=np.intp), ROWS_AT_ONCE
    if _is_numeric(samples):
        size = _rows_per_block(samples, _dtype_of(samples))
    for start in range(0, len(positions), size):
        yield from _keys(take_rows(samples, positions[start : start + size]))


def _keys(rows: Any) -> Iterator[str]:
    if sp.issparse(rows):
        rows = _sparse_rows(_canonical(rows))
    elif _is_numeric(rows):
        values = rows.to_numpy() if hasattr(rows, "iloc") else np.asarray(rows)
        yield from _keys_of_numbers(values)
        return
    elif hasattr(rows, "itertuples"):
        rows = rows.itertuples(index=False, name=None)
    elif hasattr(rows, "iter_rows"):
        rows = rows.iter_rows()
    for row in rows:
        yield _key(row)


def _keys_of_numbers(values: NDArray[Any]) -> Iterator[str]:
    """Yield equal digests for rows of equal numbers, of whatever type."""
    if values.dtype.kind in "biu":
        # Integers that float64 cannot hold are compared as integers.
        rows = values.reshape(len(values), -1)
        is_exact = np.all(rows < 2**53, axis=1) & np.all(rows > -(2**53), axis=1)
        if not is_exact.all():
            whole = values.astype("<u8" if values.dtype.kind == "u" else "<i8")
            for row, exact in enumerate(is_exact.tolist()):
                one = values[row : row + 1]
                yield from _keys_of_numbers(one) if exact else _hex(whole[row : row + 1])
            return
    if values.dtype.kind in "biuf" and values.dtype.itemsize <= 8:
        values = values.astype("<f8") + 0.0
    yield from _hex(values)


def _hex(values: NDArray[Any]) -> Iterator[str]:
    return (key.hex() for key in keys_of_rows(values))


def _sparse_rows(X: Any) -> Iterator[tuple[Any, ...]]:
    indices = X.indices.astype(_index_type(X))
    for start, stop in zip(X.indptr[:-1], X.indptr[1:], strict=True):
        yield int(X.shape[1]), indices[start:stop], X.data[start:stop]


def _key(sample: Any) -> str:
    numbers = _as_numbers(sample)
    if numbers is not None:
        return next(_keys_of_numbers(numbers[None]))
    try:
        key = content_key(b"", _named(sample), paths=False)
    except TypeError:
        return ""
    return "" if key is None else key.hex()


def _as_numbers(sample: Any) -> NDArray[Any] | None:
    """Return an array of numbers, or a list or tuple of them, as an array; else None."""
    if isinstance(sample, np.ma.MaskedArray):
        return None
    if isinstance(sample, list | tuple):
        # A first look saves the conversion of texts.
        if len(sample) == 0 or isinstance(sample[0], str | bytes):
            return None
        try:
            sample = np.array(sample)
        except ValueError:
            return None
    is_array = isinstance(sample, np.ndarray) and sample.dtype.kind in NUMBERS
    return sample if is_array and sample.ndim > 0 else None


def _named(sample: Any) -> Any:
    """Return a sample with the names of its paths in their place."""
    if isinstance(sample, os.PathLike):
        return os.fspath(sample)
    if isinstance(sample, np.ndarray) and sample.dtype == object:
        sample = sample.tolist()
    if isinstance(sample, tuple):
        return tuple(_named(part) for part in sample)
    if isinstance(sample, list):
        return [_named(part) for part in sample]
    if isinstance(sample, dict):
        return {key: _named(value) for key, value in sample.items()}
    return sample
