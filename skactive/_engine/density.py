"""The information density of the samples of a pool."""

from __future__ import annotations

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space


def information_density(rows: Rows, space: Space) -> np.ndarray:
    """Return the mean similarity of each row to all rows, itself included, shape (len(rows),).

    For the cosine metric it is one product with the mean unit vector, O(n · n_features). For
    other metrics the similarity is 1 / (1 + distance), O(n² · n_features) in blocks.
    """
    if space.metric == "cosine":
        return mean_cosine(rows, unit_sum(rows) / len(rows))
    density = np.empty(len(rows))
    for block in row_blocks(len(rows), len(rows) * 32):
        distances = space.finish(space.compare(rows[block], rows))
        density[block] = (1.0 / (1.0 + distances)).mean(axis=1, dtype=np.float64)
    return density


def unit_sum(rows: Rows) -> np.ndarray:
    """Return the sum of the unit vectors of rows, in float64."""
    return rows.weighted_sum(rows.inverse_norms)


def mean_cosine(rows: Rows, mean: np.ndarray) -> np.ndarray:
    """Return the mean cosine of each row with samples, given the mean of their unit vectors."""
    return rows.dot(mean.astype(rows.dtype)[np.newaxis])[:, 0] * rows.inverse_norms
