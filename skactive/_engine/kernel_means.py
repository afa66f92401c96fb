"""The Gaussian kernel of samples, its mean over a pool and its sums over chosen samples."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.distinct_rows import DistinctRows

# The median distance of a pool is that of at most this many of its samples.
N_MEDIAN_SAMPLES = 1_000

# Similarities with a bandwidth beyond these are 0 or 1.
BANDWIDTHS = 1e-150, 1e150
# Sums are kept as multiples of this number. The sum of integers is the same in any order, so that
# samples can be added to it and removed from it without error.
KERNEL_UNIT = 2.0**-40


class GaussianKernel:
    """The similarity exp(-d² / (2 s²)) of samples, 1 for equal ones.

    For the cosine, d is the Euclidean distance of unit vectors; zero vectors stay as they are.

    Parameters
    ----------
    metric : {'cosine', 'euclidean'}
        The geometry.
    bandwidth : float
        The bandwidth s, above 0.
    """

    def __init__(self, metric: str, bandwidth: float) -> None:
        self._space = Space(metric)
        # The square of any bandwidth is finite and above 0.
        self._factor = -0.5 / float(np.clip(bandwidth, *BANDWIDTHS)) ** 2

    def __call__(self, A: Rows, B: Rows) -> np.ndarray:
        """Return the similarities of all pairs, shape (len(A), len(B))."""
        squares = squared_distances(self._space, A, B)
        with np.errstate(over="ignore"):
            squares *= self._factor
        return np.exp(squares, out=squares)

    def distinct(self, rows: Rows) -> DistinctRows:
        """Return groups of equal rows."""
        return DistinctRows(self._space, rows)


class PoolKernel(NamedTuple):
    """The kernel of a pool, the mean similarity of each sample to the pool, and equal samples."""

    kernel: GaussianKernel
    means: np.ndarray
    distinct: DistinctRows

    @classmethod
    def of(cls, X: Any, metric: str, bandwidth: float) -> PoolKernel:
        """Compute the means, O(n_samples² · n_features), with a bandwidth in median distances."""
        rows = Rows(X)
        kernel = GaussianKernel(metric, bandwidth * median_distance(Space(metric), rows))
        means = np.empty(len(rows))
        for block in row_blocks(len(rows), len(rows) * 32):
            means[block] = kernel(rows[block], rows).mean(axis=1)
        distinct = kernel.distinct(rows)
        return cls(kernel, _equal_in_groups(means, distinct), distinct)


class KernelSums:
    """The similarity of every sample of a pool to chosen samples, added up.

    The last choice is kept, so that only differences from it are computed. The sums are the same
    as if they were computed anew.

    Parameters
    ----------
    of_pool : PoolKernel
        The similarity.
    X : {ndarray, CSR matrix, array-like} of shape (n_samples, n_features)
        The features of the pool.
    """

    def __init__(self, of_pool: PoolKernel, X: Any) -> None:
        self._kernel, self._distinct = of_pool.kernel, of_pool.distinct
        self._rows = Rows(X)
        n_samples = len(self._rows)
        self._is_chosen = np.zeros(n_samples, dtype=bool)
        self._inside = np.zeros(n_samples, dtype=np.int64)
        self._outside: tuple[Any, np.ndarray, float] = None, np.zeros_like(self._inside), 0.0

    def inside(self, positions: np.ndarray) -> np.ndarray:
        """Return Σ k(x, s) over chosen samples s of the pool, for every sample x of the pool.

        Cost: O(n_samples · n_features) for each sample that the last choice did not have, or had
        in addition.
        """
        is_chosen = np.zeros(len(self._rows), dtype=bool)
        is_chosen[positions] = True
        inside = self._inside
        for sign, changed in (
            (1, is_chosen & ~self._is_chosen),
            (-1, self._is_chosen & ~is_chosen),
        ):
            if changed.any():
                inside = inside + sign * self._sums(self._rows[np.flatnonzero(changed)])
        self._inside, self._is_chosen = inside, is_chosen
        return inside * KERNEL_UNIT

    def outside(self, X: Any) -> tuple[np.ndarray, float]:
        """Return the same sums over samples outside the pool, and that of all pairs of them.

        Samples that follow those of the last choice are added to it. Otherwise all are computed.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n, n_features) or None
            Their features.
        """
        known, sums, among = self._outside
        n_known = 0 if known is None else known.shape[0]
        n_rows = 0 if X is None else X.shape[0]
        if n_known > n_rows or (n_known and not _are_equal(X[:n_known], known)):
            n_known, sums, among = 0, np.zeros_like(sums), 0.0
        if n_known < n_rows:
            new = Rows(X[n_known:])
            sums = sums + self._sums(new)
            among += self._total(new, new)
            if n_known:
                among += 2 * self._total(new, Rows(X[:n_known]))
        self._outside = X, sums, among
        return sums * KERNEL_UNIT, among

    def _sums(self, chosen: Rows) -> np.ndarray:
        sums = np.empty(len(self._rows), dtype=np.int64)
        for block in row_blocks(len(self._rows), 40 * len(chosen)):
            similarities = self._kernel(self._rows[block], chosen) / KERNEL_UNIT
            sums[block] = np.rint(similarities).astype(np.int64).sum(axis=1)
        return _equal_in_groups(sums, self._distinct)

    def _total(self, A: Rows, B: Rows) -> float:
        blocks = row_blocks(len(A), 40 * len(B))
        return float(sum(self._kernel(A[block], B).sum() for block in blocks))


def squared_distances(space: Space, A: Rows, B: Rows) -> np.ndarray:
    """Return squared distances in float64, for the cosine those of unit vectors."""
    squares = space.compare(A, B).astype(np.float64, copy=False)
    if space.metric == "cosine":
        squares *= 2.0
        zero_rows, zero_columns = A.inverse_norms == 0, B.inverse_norms == 0
        squares[zero_rows] = 1.0
        squares[:, zero_columns] = 1.0
        squares[np.ix_(zero_rows, zero_columns)] = 0.0
    return squares


def median_distance(space: Space, rows: Rows) -> float:
    """Return the median distance of two different samples, 1 if all are equal.

    More than `N_MEDIAN_SAMPLES` rows are sorted along a direction and taken at equal steps.
    """
    if len(rows) > N_MEDIAN_SAMPLES:
        # The order of the rows along a direction does not depend on their positions.
        direction = np.random.default_rng(0).standard_normal((1, rows.n_features))
        along = rows.dot(direction.astype(rows.dtype))[:, 0]
        if space.metric == "cosine":
            along = along * rows.inverse_norms
        order = np.argsort(along, kind="stable")
        rows = rows[order[np.linspace(0, len(order) - 1, N_MEDIAN_SAMPLES).astype(np.intp)]]
    squares = squared_distances(space, rows, rows)
    different = squares[squares > 0]
    return float(np.sqrt(np.median(different))) if len(different) else 1.0


def _equal_in_groups(values: np.ndarray, distinct: DistinctRows) -> np.ndarray:
    """Return values that are equal for equal samples, whose products may differ by rounding."""
    return values if distinct.are_all else values[distinct.first][distinct.groups]


def _are_equal(left: Any, right: Any) -> bool:
    if sp.issparse(left) and sp.issparse(right):
        return (left != right).nnz == 0
    return np.array_equal(left, right)
