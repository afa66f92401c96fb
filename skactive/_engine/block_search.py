"""Nearest neighbours by matrix products of blocks, for graphs: exact up to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import row_blocks
from skactive._engine.compiled import compiled
from skactive._engine.distances import NEAR, SINGLE_RANGE, Rows, Space
from skactive._engine.exact_search import search

# Number of distances of which only the minimum is compared in the first step.
LAYERS = 32

# If more samples than these differ from the last neighbour by less than rounding, their products
# are compared: they are duplicates, or the metric does not distinguish them.
MOST_CONTENDERS = 256


def exact_neighbors(
    space: Space, A: Rows, B: Rows, n_neighbors: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and indices of the rows of B nearest to each row of A, nearest first.

    Among equal distances, those with the lowest indices are chosen. The result for a row does not
    depend on the other rows of A, up to the rounding of distances.
    """
    if has_products(space, B) and A.norms.max(initial=0.0) < SINGLE_RANGE[1]:
        return nearest_of_all(space, A, B, n_neighbors)
    order = np.arange(len(B))
    return search(space, A, B, n_neighbors, precedence=lambda: order)


def has_products(space: Space, stored: Rows) -> bool:
    """Return whether distances to rows can be computed from products of single precision."""
    return space.by_product and bool(
        SINGLE_RANGE[0] < stored.norms.max(initial=0.0) < SINGLE_RANGE[1]
    )


def nearest_of_all(
    space: Space, A: Rows, B: Rows, n_neighbors: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and indices of the rows of B nearest to each row of A."""
    dtype = np.result_type(A.dtype, B.dtype)
    distances = np.empty((len(A), n_neighbors), dtype=dtype)
    columns = np.empty((len(A), n_neighbors), dtype=np.int32)
    for block in row_blocks(len(A), len(B) * dtype.itemsize * 3):
        compared = distances_by_product(space, A[block], B)
        kept, columns[block] = smallest(compared, n_neighbors)
        choose_among_contenders(space, A[block], B, compared, kept, columns[block])
        distances[block] = with_exact_pairs(space, A[block], B, kept, columns[block])
    return nearest_first(space.finish(distances), columns)


def distances_by_product(space: Space, A: Rows, B: Rows) -> np.ndarray:
    """Return distances in comparison units, with those below the rounding error set to 0."""
    product: Any = B.dot(A.X).T if B.is_stored else A.X @ B.X.T
    product = np.asarray(product.toarray() if sp.issparse(product) else product)
    if space.metric == "cosine":
        product *= A.inverse_norms.astype(product.dtype)[:, np.newaxis]
        product *= -B.inverse_norms.astype(product.dtype)
        product += 1
        bound: Any = space.rounding(A, B)
    else:
        product *= -2
        product += np.square(A.norms).astype(product.dtype)[:, np.newaxis]
        product += np.square(B.norms).astype(product.dtype)
        bound = space.rounding(A, B)[:, np.newaxis]
    product[product < bound] = 0
    return product


def smallest(compared: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest entries of each row, of equal zeros the first."""
    width = compared.shape[1]
    n_layers = width // max(1, 4 * n_neighbors)
    if n_layers < 4:
        places = np.argpartition(compared, min(n_neighbors, width) - 1, axis=1)[:, :n_neighbors]
    else:
        n_layers = min(n_layers, LAYERS)
        size = width // n_layers
        whole = compared[:, : size * n_layers].reshape(len(compared), n_layers, size)
        # The k smallest entries of a row are in the k stacks with the smallest minima.
        stacks = np.argpartition(whole.min(axis=1), n_neighbors - 1, axis=1)[:, :n_neighbors]
        layers = np.arange(n_layers) * size
        among = (stacks[:, :, np.newaxis] + layers).reshape(len(compared), -1)
        among = np.hstack([among, np.arange(size * n_layers, width) + np.zeros_like(among[:, :1])])
        values = np.take_along_axis(compared, among, axis=1)
        chosen = np.argpartition(values, n_neighbors - 1, axis=1)[:, :n_neighbors]
        places = np.take_along_axis(among, chosen, axis=1)
    kept = np.take_along_axis(compared, places, axis=1)
    for row in np.flatnonzero(kept.max(axis=1, initial=0) == 0):
        places[row] = np.flatnonzero(compared[row] == 0)[:n_neighbors]
    return kept, places


def choose_among_contenders(
    space: Space, A: Rows, B: Rows, compared: np.ndarray, kept: np.ndarray, columns: np.ndarray
) -> None:
    """Choose again, in place, for rows whose last neighbours were chosen by rounding or at random.

    Distances that may be equal are recomputed pair by pair. Of equal ones, the lowest columns are
    chosen. Rows whose neighbours are all at the distance 0 have their first ones already.
    """
    n_neighbors = kept.shape[1]
    farthest = kept.max(axis=1, initial=0.0)
    margin = 2 * np.broadcast_to(space.rounding(A, B), farthest.shape)
    low, high = farthest - margin, farthest + margin
    contested = compiled(_rows_with_more)(compared, high.astype(compared.dtype), n_neighbors)
    for row in contested[farthest[contested] > 0]:
        contenders = np.flatnonzero((compared[row] >= low[row]) & (compared[row] <= high[row]))
        values = compared[row, contenders]
        if len(contenders) <= MOST_CONTENDERS:
            values = space.pairs(A, np.full(len(contenders), row), B, contenders)
        nearer = columns[row, kept[row] < low[row]]
        first = np.lexsort((contenders, values))[: n_neighbors - len(nearer)]
        columns[row] = np.concatenate([nearer, contenders[first]])
        kept[row] = compared[row, columns[row]]


def _rows_with_more(compared, limits, n_neighbors):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """Return the rows in which more than `n_neighbors` entries are within the limit."""
    found = np.empty(len(compared), dtype=np.intp)
    n_found = 0
    for row in range(len(compared)):
        limit, n_within = limits[row], 0
        for column in range(compared.shape[1]):
            n_within += compared[row, column] <= limit
        if n_within > n_neighbors:
            found[n_found] = row
            n_found += 1
    return found[:n_found]


def with_exact_pairs(
    space: Space, A: Rows, B: Rows, kept: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Recompute pair by pair the distances that are too small for a product to be accurate."""
    near = kept < NEAR * np.asarray(space.rounding(A, B)).reshape(-1, 1)
    i, j = np.nonzero(near)
    if len(i):
        kept[i, j] = space.pairs(A, i, B, columns[i, j])
    return kept


def nearest_first(distances: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort each row by distance, equal distances by position."""
    order = np.lexsort((columns, distances), axis=-1)
    return np.take_along_axis(distances, order, axis=1), np.take_along_axis(columns, order, axis=1)
