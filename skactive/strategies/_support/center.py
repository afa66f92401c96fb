"""The first query: the sample nearest to the mean of the pool."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space, space_key
from skactive._engine.features import in_memory
from skactive._engine.points import Frame
from skactive.base import PoolView
from skactive.strategies._support.points import points_of


def nearness_to_center(
    pool: PoolView, metric: str, metric_params: dict[str, Any] | None = None
) -> np.ndarray:
    """Return 1 / (1 + distance to the mean of the pool) of each candidate, in (0, 1].

    For the cosine it is the mean of the unit vectors. For the cosine and the Euclidean metric
    the nearest sample is the one with the least mean squared distance to all others. Cost:
    O(n_samples · n_features), once.
    """
    whole = pool.whole
    key = ("nearness_to_center", space_key(metric, metric_params))
    return whole.cached(key, lambda: _nearness(whole, metric, metric_params))[pool.candidates]


def _nearness(pool: PoolView, metric: str, metric_params: dict[str, Any] | None) -> np.ndarray:
    X = in_memory(pool.X)
    is_cosine = metric == "cosine"
    mean = pool.mean_of(points_of(X, metric), "unit vectors" if is_cosine else "samples")
    space, rows = Space(metric, metric_params), Rows(X)
    # Far from the origin, float32 would move the mean.
    is_far = Frame(space, rows, X.dtype).origin is not None if space.by_product else False
    center = Rows(mean.astype(np.float64 if is_far else X.dtype)[np.newaxis])
    nearness = np.empty(len(rows))
    for block in row_blocks(len(rows), 8 * rows.n_features):
        distances = space.finish(space.compare(rows[block], center))[:, 0]
        nearness[block] = 1.0 / (1.0 + distances)
    return nearness
