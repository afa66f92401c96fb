"""Nearest neighbours by matrix products of blocks, for graphs: exact up to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import NEAR, Rows, Space

# Number of distances of which only the minimum is compared in the first step.
LAYERS = 32


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
