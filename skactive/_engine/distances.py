"""Distances between rows, by matrix products, and pair by pair if rounding could decide."""

from __future__ import annotations

from functools import cache
from typing import Any

import joblib
import numpy as np
import scipy.sparse as sp
from sklearn.metrics import pairwise_distances
from sklearn.utils.extmath import safe_sparse_dot

from skactive._engine.blocks import on_all_cpus, row_blocks
from skactive._engine.compiled import as_floats, compiled
from skactive._engine.norms import row_norms, squared_sums
from skactive._engine.stored import is_opened
from skactive._validation import check_choice, check_mapping

MATRIX_PRODUCT_METRICS = frozenset({"cosine", "euclidean"})
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
            "l2",
            "mahalanobis",
            "manhattan",
            "minkowski",
            "nan_euclidean",
            "seuclidean",
            "sqeuclidean",
        }
    )
)

# Missing values are refused, and without them `nan_euclidean` is the Euclidean distance.
SAME_AS_EUCLIDEAN = frozenset({"l2", "nan_euclidean"})

# The types of features that compiled loops read in place.
FLOATS = (np.float32, np.float64)

# The value of undefined distances, such as the correlation with a constant vector: larger than all
# others.
UNDEFINED = 1e38

# Exact cosine distances are rounded to this many decimals, so that parallel vectors are equal.
COSINE_DECIMALS = 14

# For smaller distances, that of the unit vectors is rounded to as many decimals: cosine distances
# of nearly parallel vectors are the squares of small numbers.
NARROW = 1e-4

# Norms outside this range have squares outside the range of float32.
SINGLE_RANGE = (1e-15, 1e18)

# Shorter vectors count as zero vectors, which have no direction: they have too few digits, and one
# over their norm is too large for the type of the features.
LEAST_NORM = {
    np.dtype(np.float32): float(np.finfo(np.float32).tiny),
    np.dtype(np.float64): float(np.finfo(np.float64).tiny),
}

# The error of a matrix product of unit rows is a few units in the last place. Distances below a
# thousand times that are recomputed, because too few of their digits are correct.
ROUNDING_UNITS = 8.0
NEAR = 1e3

# A multiple of the number of rows that BLAS processes at once in each thread.
GROUP = 64


def _check_space(metric: Any, metric_params: Any) -> None:
    check_choice("Space", "metric", metric, METRICS)
    check_mapping("Space", "metric_params", metric_params, "names of arguments")


def space_key(metric: str, metric_params: dict[str, Any] | None) -> str:
    """Return a name for a metric and its arguments, equal for equal arguments."""
    _check_space(metric, metric_params)
    return metric if not metric_params else f"{metric} {joblib.hash(metric_params)}"


class Rows:
    """Rows of features, shape (n, n_features), with their Euclidean norms.

    The norms are computed once, in float64 and row by row, so that the norm of a row does not
    depend on the other rows. Rows picked by an array are copied at the first access to `X`; most
    rows that a label changes need no copy. Features on disk are read at each access to `X`, and
    block by block in `dot`.
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
        self._negative_inverse_norms: np.ndarray | None = None
        self.dtype = X.dtype
        self.n_features = int(X.shape[1])

    def __len__(self) -> int:
        return int(self._source.shape[0]) if self._picked is None else len(self._picked)

    def __getitem__(self, index: Any) -> Rows:
        norms, inverse_norms = self.norms[index], self.inverse_norms[index]
        if isinstance(index, slice) and self._picked is None:
            X = self._source.part(index) if self.is_stored else self.X[index]
            return Rows(X, norms, inverse_norms)
        picked = index if self._picked is None else self._picked[index]
        return Rows(self._source, norms, inverse_norms, picked)

    def read(self) -> Rows:
        """Return the same rows with their features in memory."""
        return Rows(self.X, self.norms, self.inverse_norms)

    @property
    def is_plain(self) -> bool:
        """Whether the features are an array in memory, without picked rows."""
        return type(self._source) is np.ndarray and self._picked is None

    @property
    def is_stored(self) -> bool:
        """Whether the features are on disk, and read at each access."""
        return is_opened(self._source) and self._picked is None

    @property
    def is_on_disk(self) -> bool:
        """Whether the features are on disk, picked rows among them."""
        return is_opened(self._source)

    @property
    def is_sparse(self) -> bool:
        """Whether the features are a sparse matrix."""
        return bool(sp.issparse(self._source))

    @property
    def X(self) -> Any:
        if self._picked is not None:
            self._source, self._picked = self._source[self._picked], None
        return self._source[:] if self.is_stored else self._source

    def dot(self, vectors: Any) -> np.ndarray:
        """Return the products with vectors, shape (len(self), len(vectors))."""
        return self._source.dot(vectors) if self.is_stored else _products(self.X, vectors)

    def weighted_sum(self, weights: np.ndarray) -> np.ndarray:
        """Return the sum of the rows, each times its weight, in float64."""
        if self.is_stored:
            return np.asarray(self._source.weighted_sum(weights))
        total = np.zeros(self.n_features)
        # A dense product needs no temporary array: its blocks keep the error of float32 sums small.
        bytes_per_row = self.n_features * 8 if sp.issparse(self.X) else 256
        for block in row_blocks(len(self), bytes_per_row):
            total += safe_sparse_dot(self.X[block].T, weights[block].astype(self.dtype))
        return total

    @property
    def norms(self) -> np.ndarray:
        if self._norms is None:
            self._norms = self._source.norms if self.is_stored else row_norms(self.X)
        return self._norms

    @property
    def inverse_norms(self) -> np.ndarray:
        """One over each norm; 0 for zero vectors."""
        if self._inverse_norms is None:
            least = LEAST_NORM.get(self.dtype, LEAST_NORM[np.dtype(np.float64)])
            nonzero = self.norms > least
            self._inverse_norms = np.divide(1.0, self.norms, out=np.zeros(len(self)), where=nonzero)
        return self._inverse_norms

    @property
    def negative_inverse_norms(self) -> np.ndarray:
        """Minus one over each norm, in the type of the features."""
        if self._negative_inverse_norms is None:
            self._negative_inverse_norms = -self.inverse_norms.astype(self.dtype)
        return self._negative_inverse_norms


# Rows, places among them, and a factor for each row.
ScaledRows = tuple[Rows, np.ndarray, np.ndarray]


class Space:
    """A metric, and distances in it.

    Distances are compared in `comparison units`: the squared distance for the Euclidean metric,
    the distance for others. `finish` converts comparison units to distances.
    """

    def __init__(self, metric: str = "cosine", metric_params: dict[str, Any] | None = None) -> None:
        _check_space(metric, metric_params)
        self.metric = "euclidean" if metric in SAME_AS_EUCLIDEAN else metric
        self.metric_params = metric_params or {}
        self.by_product = self.metric in MATRIX_PRODUCT_METRICS

    def compare(self, A: Rows, B: Rows) -> np.ndarray:
        """Return the distances of all pairs in comparison units, shape (len(A), len(B)).

        The caller passes blocks of rows to limit the memory.
        """
        if B.is_stored:
            parts = row_blocks(len(B), B.n_features * (B.dtype.itemsize + 8))
            return np.hstack([self.compare(A, B[part].read()) for part in parts])
        if not self.by_product:
            return self._by_pairs(A, B)
        if self.metric == "cosine":
            compared = _cosine_distances(A, B)
            near = NEAR * self.rounding(A, B)
        else:
            compared = _squared_distances(A, B)
            near = NEAR * self.rounding(A, B)[:, np.newaxis]
        i, j = _positions(compared < near)
        if len(i):
            compared[i, j] = self.pairs(A, i, B, j)
        return compared

    def rounding(self, A: Rows, B: Rows) -> Any:
        """Return a bound on the error of `compare`: a number, or one for each row of A."""
        if not self.by_product:
            return 0.0
        unit = ROUNDING_UNITS * _spacing(A.dtype, B.dtype)
        if self.metric == "cosine":
            # Distances of pairs are rounded more coarsely than a product in float64.
            return max(unit, 10.0**-COSINE_DECIMALS)
        return unit * (np.square(A.norms) + np.square(B.norms).max(initial=0.0))

    def pairs(self, A: Rows, i: np.ndarray, B: Rows, j: np.ndarray) -> np.ndarray:
        """Return the distances of pairs A[i], B[j] in comparison units, in float64.

        A distance depends only on its two rows, so that equal rows have equal distances.
        """
        if len(i) == 1 and A.is_plain and B.is_plain and _are_equal(A, i[0], B, j[0]):
            # A sample and itself: each label has one such pair.
            directed = self.metric != "cosine" or B.inverse_norms[j[0]] > 0
            return np.zeros(1) if directed else np.ones(1)
        exact = np.empty(len(i))
        a_scales, b_scales = (self._scales(rows) for rows in (A, B))

        def of_block(block: slice) -> None:
            left, right = (A, i[block], a_scales), (B, j[block], b_scales)
            exact[block] = self._of_pairs(left, right)

        on_all_cpus(of_block, list(row_blocks(len(i), A.n_features * 24)))
        return exact

    def _scales(self, rows: Rows) -> np.ndarray:
        return rows.inverse_norms if self.metric == "cosine" else np.ones(len(rows))

    def _of_pairs(self, left: ScaledRows, right: ScaledRows) -> np.ndarray:
        squares = _squared_differences(left, right)
        if self.metric != "cosine":
            return squares
        (_, i, a_scales), (_, j, b_scales) = left, right
        return np.where((a_scales[i] > 0) & (b_scales[j] > 0), _rounded(squares / 2), 1.0)

    def finish(self, compared: np.ndarray) -> np.ndarray:
        """Convert comparison units to distances."""
        if self.metric == "euclidean":
            return np.sqrt(compared)
        return compared

    def _by_pairs(self, A: Rows, B: Rows) -> np.ndarray:
        left, right = _with_short_indices(A.X), _with_short_indices(B.X)
        if self.metric in BOOLEAN_METRICS:
            left, right = left.astype(bool), right.astype(bool)
        distances = pairwise_distances(left, right, metric=self.metric, **self.metric_params)
        return np.nan_to_num(distances, copy=False, nan=UNDEFINED, posinf=UNDEFINED)


def distances_among(X: Any, metric: str, metric_params: dict[str, Any] | None = None) -> np.ndarray:
    """Return the distances between samples, with an infinite diagonal."""
    space, rows = Space(metric, metric_params), Rows(X)
    blocks = row_blocks(len(rows), 40 * len(rows) + 8 * rows.n_features)
    distances = np.vstack([space.finish(space.compare(rows[b], rows)) for b in blocks])
    distances = distances.astype(np.float64)
    np.fill_diagonal(distances, np.inf)
    return distances


def nearest_others(
    X: Any, n_neighbors: int, metric: str, metric_params: dict[str, Any] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances and rows of the samples nearest to each sample, itself excluded."""
    distances = distances_among(X, metric, metric_params)
    nearest = np.argsort(distances, axis=1, kind="stable")
    nearest = nearest[:, : min(n_neighbors, len(distances) - 1)]
    return np.take_along_axis(distances, nearest, axis=1), nearest


def _cosine_distances(A: Rows, B: Rows) -> np.ndarray:
    # The smaller matrix is scaled before the product, the larger one after it, in place. If one is
    # float64, so are the unit vectors: `rounding` relies on it.
    dtype = np.result_type(A.dtype, B.dtype)
    if len(A) < len(B):
        compared = _products(_unit(A).astype(dtype), B.X)
        compared *= -B.inverse_norms.astype(compared.dtype)
    else:
        compared = A.dot(_unit(B).astype(dtype))
        scale = A.negative_inverse_norms
        if compared.dtype != scale.dtype:
            scale = -A.inverse_norms.astype(compared.dtype)
        compared *= scale[:, np.newaxis]
    compared += 1
    return compared


@cache
def _spacing(left: np.dtype[Any], right: np.dtype[Any]) -> float:
    """Return the distance from 1 to the next number in the type that products have."""
    return float(np.finfo(np.result_type(left, right)).eps)


def _positions(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the true entries of a matrix."""
    if mask.shape[1] == 1:
        rows = np.flatnonzero(mask)
        return rows, np.zeros(len(rows), dtype=np.intp)
    rows, columns = np.nonzero(mask)
    return rows, columns


def _are_equal(A: Rows, i: int, B: Rows, j: int) -> bool:
    return A.dtype == B.dtype and A.X[i].tobytes() == B.X[j].tobytes()


def _squared_distances(A: Rows, B: Rows) -> np.ndarray:
    largest = max(A.norms.max(initial=0.0), B.norms.max(initial=0.0))
    if SINGLE_RANGE[0] < largest < SINGLE_RANGE[1]:
        compared = A.dot(B.X)
    else:
        compared = _products(_as_float64(A.X), B.X)
    compared *= -2
    compared += np.square(A.norms).astype(compared.dtype)[:, np.newaxis]
    compared += np.square(B.norms).astype(compared.dtype)
    return compared


def _products(left: Any, right: Any) -> np.ndarray:
    if right.shape[0] == 1 and not sp.issparse(left) and not sp.issparse(right):
        # One column: a matrix-vector product is limited only by the speed of the memory.
        return _column(left, right[0])[:, np.newaxis]
    if sp.issparse(left) and sp.issparse(right) and left.dtype != right.dtype:
        # scikit-learn's product of two sparse matrices needs one type.
        dtype = np.result_type(left.dtype, right.dtype)
        left, right = left.astype(dtype), right.astype(dtype)
    return np.asarray(safe_sparse_dot(left, right.T, dense_output=True))


def _column(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return the product of each row with a vector, independent of the other rows.

    BLAS processes rows in groups, and adds the terms of the remaining rows in another order.
    Remaining rows are therefore computed as a part of a complete group.
    """
    n_left = len(rows) % GROUP
    if n_left == 0 or len(rows) < GROUP:
        return np.asarray(rows @ vector)
    column = np.empty(len(rows), dtype=np.result_type(rows, vector))
    np.dot(rows[:-n_left], vector, out=column[:-n_left])
    column[-n_left:] = (rows[-GROUP:] @ vector)[-n_left:]
    return column


def _with_short_indices(X: Any) -> Any:
    # scikit-learn's sparse Manhattan distance takes 32-bit indices only.
    if not sp.issparse(X) or X.indices.dtype == X.indptr.dtype == np.int32:
        return X
    indices, indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return sp.csr_matrix((X.data, indices, indptr), X.shape)


def _as_float64(X: Any) -> Any:
    return X.astype(np.float64)


def _unit(rows: Rows) -> Any:
    return row_scaled(_as_float64(rows.X), rows.inverse_norms)


def _squared_differences(left: ScaledRows, right: ScaledRows) -> np.ndarray:
    """Return the squared distance of each pair of scaled rows, in float64."""
    (A, i, _), (B, j, _) = left, right
    if A.is_sparse or B.is_sparse:
        scaled = (
            row_scaled(_as_float64(rows[places].X), scales[places])
            for rows, places, scales in (left, right)
        )
        return squared_sums(next(scaled) - next(scaled))
    in_place = A.is_plain and B.is_plain and A.dtype == B.dtype and A.dtype in FLOATS
    X, i, a_scales = _compilable(left, picks=not in_place)
    Y, j, b_scales = _compilable(right, picks=not in_place)
    if X.dtype != Y.dtype:
        X, Y = _as_float64(X), _as_float64(Y)
    sums = np.empty(len(i))
    compiled(_add_squared_differences, reassociates=True)(X, i, a_scales, Y, j, b_scales, sums)
    return sums


def _compilable(scaled: ScaledRows, *, picks: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features for a compiled loop, with places and scales; `picks` copies the rows."""
    rows, places, scales = scaled
    if not picks:
        return rows.X, places, scales
    picked = as_floats(rows[places].X).view(np.ndarray)
    return picked, np.arange(len(places)), scales[places]


def _add_squared_differences(A, i, a_scales, B, j, b_scales, sums):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for pair in range(len(sums)):
        row, other = i[pair], j[pair]
        a_scale, b_scale, total = a_scales[row], b_scales[other], 0.0
        for column in range(A.shape[1]):
            # Equal rows have the distance 0: the two products are rounded in the same way.
            difference = A[row, column] * a_scale - B[other, column] * b_scale
            total += difference * difference
        sums[pair] = total


def _rounded(halves: np.ndarray) -> np.ndarray:
    """Round halves of squared distances of unit vectors, the more finely the smaller they are.

    The error is that of the distance, which decides below `NARROW`.
    """
    rounded = np.round(halves, COSINE_DECIMALS)
    narrow = halves < NARROW
    if narrow.any():
        chords = np.round(np.sqrt(2 * halves[narrow]), COSINE_DECIMALS)
        rounded[narrow] = np.square(chords) / 2
    return rounded


def row_scaled(X: Any, factors: np.ndarray) -> Any:
    """Return each row times its factor."""
    if sp.issparse(X):
        return sp.csr_matrix(X.multiply(factors[:, np.newaxis]))
    return X * factors[:, np.newaxis]
