"""How dense the pool is around each of its samples."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.utils.extmath import safe_sparse_dot

from skactive.neighbors._distances import Rows, Space, row_blocks


def information_density(rows: Rows, space: Space) -> np.ndarray:
    """Return the mean similarity of each row to all rows, itself included, shape (len(rows),).

    For the cosine it is one product with the mean unit vector, O(n · n_features); for other
    metrics the similarity is 1 / (1 + distance), O(n² · n_features) in blocks.
    """
    if space.metric == "cosine":
        return _cosine_density(rows)
    density = np.empty(len(rows))
    for block in row_blocks(len(rows), len(rows) * 32):
        distances = space.finish(space.compare(rows[block], rows))
        density[block] = (1.0 / (1.0 + distances)).mean(axis=1, dtype=np.float64)
    return density


def _cosine_density(rows: Rows) -> np.ndarray:
    inverse = rows.inverse_norms
    mean = np.zeros(rows.X.shape[1])
    # A dense product needs no scratch: its blocks are there to keep float32 sums short.
    bytes_per_row = rows.n_features * 8 if sp.issparse(rows.X) else 256
    for block in row_blocks(len(rows), bytes_per_row):
        weights = inverse[block].astype(rows.X.dtype)
        mean += safe_sparse_dot(rows.X[block].T, weights)
    mean /= len(rows)
    return np.asarray(safe_sparse_dot(rows.X, mean.astype(rows.X.dtype))) * inverse
