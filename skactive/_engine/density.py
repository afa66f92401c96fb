"""The information density of the samples of a pool."""

from __future__ import annotations

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space

# Similarities are added up as multiples of this number. The sum of integers is the same in any
# order of the samples, so that samples can be added to it and removed from it without error.
SIMILARITY_UNIT = 2.0**-40


def information_density(rows: Rows, space: Space) -> np.ndarray:
    """Return the mean similarity of each row to all rows, itself included, shape (len(rows),).

    For the cosine metric it is one product with the mean unit vector, O(n · n_features). For
    other metrics the similarity is 1 / (1 + distance), O(n² · n_features) in blocks.
    """
    if space.metric == "cosine":
        return mean_cosine(rows, unit_sum(rows) / len(rows))
    return mean_similarity(similarity_sums(space, rows, rows))


def similarity_sums(space: Space, A: Rows, B: Rows) -> np.ndarray:
    """Return the sum of the similarities 1 / (1 + distance) of each row of A to all rows of B.

    The sums are integers, in multiples of `SIMILARITY_UNIT`.
    """
    sums = np.empty(len(A), dtype=np.int64)
    for block in row_blocks(len(A), len(B) * 32):
        distances = space.finish(space.compare(A[block], B))
        similarities = np.rint(1.0 / ((1.0 + distances) * SIMILARITY_UNIT))
        sums[block] = similarities.astype(np.int64).sum(axis=1)
    return sums


def mean_similarity(sums: np.ndarray) -> np.ndarray:
    """Return the means of the sums of similarities of all rows to all rows."""
    return sums * (SIMILARITY_UNIT / len(sums))


def unit_sum(rows: Rows) -> np.ndarray:
    """Return the sum of the unit vectors of rows, in float64."""
    return rows.weighted_sum(rows.inverse_norms)


def mean_cosine(rows: Rows, mean: np.ndarray) -> np.ndarray:
    """Return the mean cosine of each row with samples, given the mean of their unit vectors."""
    return rows.dot(mean.astype(rows.dtype)[np.newaxis])[:, 0] * rows.inverse_norms
