"""Features on disk, read block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from skactive._engine import float16 as halves
from skactive._engine.blocks import on_all_cpus, row_blocks
from skactive._engine.norms import norms_of

# From so many columns on, one conversion and a matrix product are faster than the compiled loop.
PRODUCT_COLUMNS = 8


def is_stored(X: Any) -> bool:
    """Return whether X holds numbers on disk that are not read into memory as a whole.

    These are objects other than numpy arrays with `shape`, `dtype` and rows by slice and by
    positions, such as vectors in a file or a zarr array, and memory maps of half precision.
    """
    if isinstance(X, np.memmap):
        return X.dtype == np.float16 and X.ndim == 2
    if isinstance(X, np.ndarray) or hasattr(X, "iloc") or hasattr(X, "nnz"):
        return False
    dtype = getattr(X, "dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind == "f" and len(X.shape) == 2


def is_opened(X: Any) -> bool:
    """Return whether X is a `StoredFeatures`, which has been checked."""
    return isinstance(X, StoredFeatures)


class StoredFeatures:
    """Rows on disk, with picked rows as arrays of one type.

    Products, norms and sums are computed in blocks that fit into `working_memory`, for half
    precision without a converted copy.

    Parameters
    ----------
    source : object
        An object with `shape`, `dtype`, and rows by slice and by an array of positions.
    dtype : dtype
        The type that numbers are converted to.
    start, stop : int
        The first row, and the row after the last.
    """

    ndim = 2

    def __init__(
        self, source: Any, dtype: np.dtype[Any], start: int = 0, stop: int | None = None
    ) -> None:
        self.source = source
        self.dtype = np.dtype(dtype)
        self._start = start
        self.shape = (
            (source.shape[0] if stop is None else stop) - start,
            int(source.shape[1]),
        )

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            stop = max(stop, start) if step > 0 else start
            taken = self.source[self._start + start : self._start + stop]
            return self._converted(taken)[::step]
        if isinstance(index, tuple):
            return self[index[0]][(slice(None), *index[1:])]
        positions = np.asarray(index)
        if positions.dtype == bool:
            positions = np.flatnonzero(positions)
        flat = np.where(positions < 0, positions + len(self), positions).reshape(-1)
        if len(flat) == 0:
            return np.empty((0, self.shape[1]), dtype=self.dtype)
        rows = self._converted(self.source[self._start + flat.astype(np.intp)])
        return rows[0] if positions.ndim == 0 else rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Read everything into memory."""
        whole = np.empty(self.shape, dtype=self.dtype if dtype is None else dtype)
        for block in self._blocks():
            whole[block] = self[block]
        return whole

    def part(self, rows: slice) -> StoredFeatures:
        """Return some of the rows, without reading them."""
        start, stop, _ = rows.indices(len(self))
        return StoredFeatures(
            self.source, self.dtype, self._start + start, self._start + max(start, stop)
        )

    @cached_property
    def norms(self) -> np.ndarray:
        """The Euclidean norm of each row, in float64; not finite for rows that are not."""
        norms = np.empty(len(self))
        if self._is_half:
            self._each(lambda block: halves.squared_norms(self._bits(block), norms[block]))
            return np.sqrt(norms, out=norms)
        for block in self._blocks():
            rows = self[block].astype(np.float64)
            is_finite = np.asarray(np.isfinite(rows).all(axis=1))
            rows[~is_finite] = 0.0
            norms[block] = np.where(is_finite, norms_of(rows), np.nan)
        return norms

    def dot(self, vectors: np.ndarray) -> np.ndarray:
        """Return the products of the rows with vectors, shape (len(self), len(vectors))."""
        products = np.empty((len(self), len(vectors)), np.result_type(self.dtype, vectors))
        if self._is_half and len(vectors) < PRODUCT_COLUMNS and products.dtype == np.float32:
            self._each(lambda block: halves.products(self._bits(block), vectors, products[block]))
            return products
        for block in self._blocks():
            if len(vectors) == 1:
                products[block, 0] = self[block] @ vectors[0]
            else:
                np.matmul(self[block], vectors.T, out=products[block])
        return products

    def weighted_sum(self, weights: np.ndarray) -> np.ndarray:
        """Return the sum of the rows, each times its weight, in float64."""
        if self._is_half:
            sums = self._each(lambda block: halves.weighted_sum(self._bits(block), weights[block]))
        else:
            weights = weights.astype(self.dtype)
            sums = [weights[block] @ self[block] for block in self._blocks()]
        return np.asarray(np.sum(sums, axis=0, dtype=np.float64))

    @property
    def _is_half(self) -> bool:
        return bool(self.source.dtype == np.float16 and self.dtype == np.float32)

    def _blocks(self) -> Iterator[slice]:
        # The block as stored, as converted, and in float64 for the norms.
        widths = self.source.dtype.itemsize + self.dtype.itemsize + 8
        return row_blocks(len(self), self.shape[1] * widths)

    def _each(self, function: Callable[[slice], Any]) -> list[Any]:
        blocks = row_blocks(len(self), self.shape[1] * self.source.dtype.itemsize)
        return on_all_cpus(function, list(blocks))

    def _bits(self, block: slice) -> np.ndarray:
        rows = self.source[self._start + block.start : self._start + block.stop]
        return np.require(rows, np.float16, ["C", "A"]).view(np.ndarray).view(np.uint16)

    def _converted(self, rows: Any) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(rows, dtype=self.dtype).view(np.ndarray)
