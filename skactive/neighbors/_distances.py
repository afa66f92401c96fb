"""Distances between rows: by matrix products, settled pair by pair where rounding could decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import joblib
import numpy as np
import scipy.sparse as sp
from sklearn import get_config
from sklearn.metrics import pairwise_distances
from sklearn.utils.extmath import safe_sparse_dot

from skactive._validation import check_choice

MATRIX_PRODUCT_METRICS = frozenset({"cosine", "euclidean", "l2"})
BOOLEAN_METRICS = frozenset(
    {"dice", "jaccard", "rogerstanimoto", "russellrao", "sokalsneath", "yule"}
)
METRICS = (
    MATRIX_PRODUCT_METRICS
    | BOOLEAN_METRICS
    | frozenset(
        {
            "braycurtis",
            "canberra",
            "chebyshev",
            "cityblock",
            "correlation",
            "hamming",
            "haversine",
            "l1",
            "mahalanobis",
            "manhattan",
            "minkowski",
            "nan_euclidean",
            "seuclidean",
            "sqeuclidean",
        }
    )
)

# A matrix product of unit rows is off by a few units in the last place; below a thousand times
# that, a distance has lost too many digits to be divided by.
ROUNDING_UNITS = 8.0
NEAR = 1e3


# Scratch that a cache holds is faster than scratch fetched from memory; below this many rows, a
# matrix product no longer is one.
SCRATCH_BYTES = 2**24
PRODUCT_ROWS = 256


def row_blocks(n_rows: int, bytes_per_row: float) -> Iterator[slice]:
    """Cut rows into slices that fit into scikit-learn's `working_memory` one by one."""
    allowed = get_config()["working_memory"] * 2**20
    bytes_per_row = max(bytes_per_row, 1.0)
    wanted = max(SCRATCH_BYTES, PRODUCT_ROWS * bytes_per_row)
    size = max(1, int(min(allowed, wanted) / bytes_per_row))
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


class Rows:
    """Rows of features, shape (n, n_features), with their Euclidean norms.

    The norms are computed once, in float64 and row by row, so that a row's norm does not depend
    on the rows around it. Rows picked by an array are copied when their features are asked for,
    which most of those that a label touches never are.
    """

    def __init__(
        self,
        X: Any,
        norms: np.ndarray | None = None,
        inverse_norms: np.ndarray | None = None,
        picked: np.ndarray | None = None,
    ) -> None:
        self._source = X
        self._norms = norms
        self._inverse_norms = inverse_norms
        self._picked = picked
        self.dtype = X.dtype
        self.n_features = int(X.shape[1])

    def __len__(self) -> int:
        return int(self._source.shape[0]) if self._picked is None else len(self._picked)

    def __getitem__(self, index: Any) -> Rows:
        norms, inverse_norms = self.norms[index], self.inverse_norms[index]
        if isinstance(index, slice):
            return Rows(self.X[index], norms, inverse_norms)
        picked = index if self._picked is None else self._picked[index]
        return Rows(self._source, norms, inverse_norms, picked)

    @property
    def X(self) -> Any:
        if self._picked is not None:
            self._source, self._picked = self._source[self._picked], None
        return self._source

    @property
    def norms(self) -> np.ndarray:
        if self._norms is None:
            norms = np.empty(len(self))
            for block in row_blocks(len(self), self.n_features * 16):
                norms[block] = np.sqrt(_squared_sums(_as_float64(self.X[block])))
            self._norms = norms
        return self._norms

    @property
    def inverse_norms(self) -> np.ndarray:
        """One over each norm; 0 for a zero vector, which has no direction."""
        if self._inverse_norms is None:
            nonzero = self.norms > 0
            self._inverse_norms = np.divide(1.0, self.norms, out=np.zeros(len(self)), where=nonzero)
        return self._inverse_norms


class Space:
    """One metric, and the arithmetic that goes with it.

    Distances are compared in `comparison units`: squared for the Euclidean metric, the distance
    itself otherwise. `finish` turns them into distances.
    """

    def __init__(self, metric: str = "cosine", metric_params: dict[str, Any] | None = None) -> None:
        self.metric = check_choice("Space", "metric", metric, METRICS)
        self.metric_params = metric_params or {}
        self.by_product = metric in MATRIX_PRODUCT_METRICS

    def compare(self, A: Rows, B: Rows) -> np.ndarray:
        """Return every pair's distance in comparison units, shape (len(A), len(B)).

        The caller bounds the memory by calling with blocks of rows.
        """
        if not self.by_product:
            return self._by_pairs(A, B)
        compared = self._products(A, B)
        if self.metric == "cosine":
            # Scaling columns before rows, in place, keeps one array alive.
            compared *= -B.inverse_norms.astype(compared.dtype)
            compared *= A.inverse_norms.astype(compared.dtype)[:, np.newaxis]
            compared += 1
            near = compared < NEAR * self.rounding(A, B)
        else:
            compared *= -2
            compared += np.square(A.norms).astype(compared.dtype)[:, np.newaxis]
            compared += np.square(B.norms).astype(compared.dtype)
            near = compared < NEAR * self.rounding(A, B)[:, np.newaxis]
        if near.any():
            i, j = np.nonzero(near)
            compared[i, j] = self.pairs(A, i, B, j)
        return compared

    def rounding(self, A: Rows, B: Rows) -> Any:
        """Return a bound on how far `compare` is off: a number, or one per row of A."""
        if not self.by_product:
            return 0.0
        unit = ROUNDING_UNITS * np.finfo(np.result_type(A.dtype, B.dtype)).eps
        if self.metric == "cosine":
            return unit
        return unit * (np.square(A.norms) + np.square(B.norms).max(initial=0.0))

    def pairs(self, A: Rows, i: np.ndarray, B: Rows, j: np.ndarray) -> np.ndarray:
        """Return the distance of A[i] to B[j] pair by pair, in comparison units, in float64.

        It depends on the two rows alone, so equal rows get equal distances wherever they stand.
        """
        exact = np.empty(len(i))
        for block in row_blocks(len(i), A.n_features * 24):
            a, b = A[i[block]], B[j[block]]
            if self.metric == "cosine":
                gap = _scaled(a) - _scaled(b)
                exact[block] = np.where((a.norms > 0) & (b.norms > 0), _squared_sums(gap) / 2, 1.0)
            else:
                exact[block] = _squared_sums(_as_float64(a.X) - _as_float64(b.X))
        return exact

    def finish(self, compared: np.ndarray) -> np.ndarray:
        """Return distances for values in comparison units."""
        if self.metric in ("euclidean", "l2"):
            return np.sqrt(compared)
        return compared

    def _products(self, A: Rows, B: Rows) -> np.ndarray:
        if len(B) == 1 and not sp.issparse(A.X) and not sp.issparse(B.X):
            # One column: a matrix-vector product runs at the speed of memory.
            return (A.X @ B.X[0])[:, np.newaxis]
        return np.asarray(safe_sparse_dot(A.X, B.X.T, dense_output=True))

    def _by_pairs(self, A: Rows, B: Rows) -> np.ndarray:
        left, right = _with_short_indices(A.X), _with_short_indices(B.X)
        if self.metric in BOOLEAN_METRICS:
            left, right = left.astype(bool), right.astype(bool)
        return np.asarray(pairwise_distances(left, right, metric=self.metric, **self.metric_params))


def _with_short_indices(X: Any) -> Any:
    # scikit-learn's sparse Manhattan distance takes 32-bit indices only.
    if not sp.issparse(X) or X.indices.dtype == X.indptr.dtype == np.int32:
        return X
    indices, indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return sp.csr_matrix((X.data, indices, indptr), X.shape)


def _as_float64(X: Any) -> Any:
    return X.astype(np.float64)


def _scaled(rows: Rows) -> Any:
    inverse = rows.inverse_norms
    if sp.issparse(rows.X):
        return sp.csr_matrix(_as_float64(rows.X).multiply(inverse[:, np.newaxis]))
    return rows.X * inverse[:, np.newaxis]


def _squared_sums(X: Any) -> np.ndarray:
    if sp.issparse(X):
        return np.asarray(X.multiply(X).sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", X, X)


def space_key(metric: str, metric_params: dict[str, Any] | None) -> str:
    """Return a name for a metric and its arguments, the same for equal ones, arrays included."""
    return metric if not metric_params else f"{metric} {joblib.hash(metric_params)}"
