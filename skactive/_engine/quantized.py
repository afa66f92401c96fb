"""Unit vectors in one byte for each feature, which tell who cannot be near."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from skactive._engine.blocks import n_threads, on_all_cpus
from skactive._engine.compiled import compiled, is_compiling
from skactive._engine.distances import Rows, Space

# Below this, a product with all features is as soon done.
LEAST_BYTES = 2**28

# A block of features that is read again before it leaves the processor's cache.
CACHED_BYTES = 2**20

# Bytes that are multiplied at once: fewer or more are fetched from memory more slowly.
PRODUCT_BYTES = 2**24

# Sums of so many products of two bytes stay within 32 bits.
MOST_FEATURES = 2**17

# More columns are sooner multiplied as a matrix.
MOST_ARRIVED = 16

# Norms, steps and errors are rounded by less.
ROUNDING = 1e-6


@cache
def is_available() -> bool:
    """Tell whether numba and NumKong are installed: the extra `fast`."""
    return is_compiling() and find_spec("numkong") is not None


class QuantizedRows:
    """Rows of features as unit vectors, each feature a whole multiple of the row's step.

    With how far each is off, products of bytes bound cosines, and so distances: who is farther
    from a sample than a limit can be told without the features, in a quarter of the memory of
    float32.

    Parameters
    ----------
    rows : Rows
        Dense features in memory.
    """

    def __init__(self, rows: Rows) -> None:
        self._bytes = np.empty((len(rows), rows.n_features), dtype=np.int8)
        self._steps = np.empty(len(rows), dtype=np.float32)
        self._errors = np.empty(len(rows), dtype=np.float32)
        self._norms = rows.norms
        X, inverse_norms = rows.X, rows.inverse_norms

        def coarsen(block: slice) -> None:
            compiled(_coarsen, reassociates=True)(
                X[block],
                np.abs(X[block]).max(axis=1) * inverse_norms[block],
                inverse_norms[block],
                self._bytes[block],
                self._steps[block],
                self._errors[block],
            )

        # Three times a block is read, but fetched once.
        _each(coarsen, len(rows), CACHED_BYTES // (rows.n_features * rows.dtype.itemsize))

    @staticmethod
    def pays(rows: Rows) -> bool:
        """Tell whether rows are so many that they are worth keeping once more."""
        if not is_available() or not rows.is_plain or rows.n_features > MOST_FEATURES:
            return False
        n_bytes = len(rows) * rows.n_features * rows.dtype.itemsize
        return n_bytes >= LEAST_BYTES and not _is_mapped(rows.X)

    def within(self, space: Space, arrived: Rows, limits: np.ndarray, tolerance: Any) -> np.ndarray:
        """Return the rows that may be within a limit, of their own, of any that arrived.

        Parameters
        ----------
        space : Space
            The cosine or the Euclidean metric.
        arrived : Rows
            At most `MOST_ARRIVED` of them.
        limits : ndarray of shape (n,)
            One for each row, in comparison units.
        tolerance : float or ndarray of shape (n,)
            What is added to limits.

        Returns
        -------
        rows : ndarray of int
            Ascending: all within their limit, and few others.
        """
        import numkong

        others = QuantizedRows(arrived)
        is_cosine = space.metric == "cosine"
        tolerances = np.asarray(tolerance, dtype=np.float64).reshape(-1)

        def within(block: slice) -> np.ndarray:
            products = np.asarray(numkong.cdist(self._bytes[block], others._bytes, metric="dot"))
            found = np.empty(len(products), dtype=np.intp)
            n_found = compiled(_within)(
                products.reshape(-1, len(arrived)),
                self._steps[block],
                self._errors[block],
                self._norms[block],
                others._steps,
                others._errors,
                others._norms,
                limits[block],
                tolerances if len(tolerances) == 1 else tolerances[block],
                is_cosine,
                found,
            )
            return found[:n_found] + block.start

        return np.concatenate(_each(within, len(limits), PRODUCT_BYTES // self._bytes.shape[1]))


def _each(function: Callable[[slice], Any], n_rows: int, n_at_once: int) -> list[Any]:
    """Call a function with blocks of rows, no fewer than there are CPUs."""
    size = max(1, min(n_at_once, -(-n_rows // n_threads())))
    return on_all_cpus(
        function, [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
    )


def _is_mapped(X: Any) -> bool:
    """Tell whether an array shows what a file holds."""
    while isinstance(X, np.ndarray):
        if isinstance(X, np.memmap):
            return True
        X = X.base
    return False


def _coarsen(  # type: ignore[no-untyped-def]
    X, lengths, inverse_norms, coarse, steps, errors
):  # pragma: no cover - compiled
    for row in range(X.shape[0]):
        inverse_norm = inverse_norms[row]
        step = np.float32(lengths[row] / 127)
        per_step = 1.0 / step if step > 0 else 0.0
        off = 0.0
        for column in range(X.shape[1]):
            value = X[row, column] * inverse_norm
            # Moved to where nothing is negative, cutting off rounds to the nearest.
            multiple = np.int32(value * per_step + 128.5) - np.int32(128)
            coarse[row, column] = multiple
            left = value - multiple * np.float64(step)
            off += left * left
        steps[row] = step
        errors[row] = np.sqrt(off) + ROUNDING


def _within(  # type: ignore[no-untyped-def]
    products,
    steps,
    errors,
    norms,
    other_steps,
    other_errors,
    other_norms,
    limits,
    tolerances,
    is_cosine,
    found,
):  # pragma: no cover - compiled
    """Write the rows that may be within their limit, and return how many there are.

    With unit vectors x = c + e, y = d + f, c and d of whole steps, <x, y> is at most
    <c, d> + |e| + |c| |f|, and |c| at most 1 + |e|.
    """
    n_found, last = 0, len(tolerances) - 1
    for row in range(len(products)):
        limit, error = limits[row] + tolerances[min(row, last)], np.float64(errors[row])
        for column in range(products.shape[1]):
            cosine = products[row, column] * steps[row] * other_steps[column]
            cosine += error + (1 + error) * other_errors[column]
            if is_cosine:
                least = 1 - cosine
            else:
                norm, other = norms[row], other_norms[column]
                least = norm * norm + other * other - 2 * norm * other * cosine
            # What is not a number any more is looked at.
            if not least > limit:
                found[n_found] = row
                n_found += 1
                break
    return n_found
