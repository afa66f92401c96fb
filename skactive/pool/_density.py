"""How dense the pool is around each of its samples."""

from __future__ import annotations

import numpy as np

from skactive.neighbors._blocks import row_blocks
from skactive.neighbors._distances import Rows, Space


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
    mean = rows.weighted_sum(rows.inverse_norms) / len(rows)
    return rows.dot(mean.astype(rows.dtype)[np.newaxis])[:, 0] * rows.inverse_norms
