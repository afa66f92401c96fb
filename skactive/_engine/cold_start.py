"""Utilities for the cold start, before labels of two classes are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.metrics.pairwise import euclidean_distances

from skactive._contracts._pool_view import PoolView
from skactive._engine.blocks import row_blocks
from skactive._engine.features import in_memory
from skactive._engine.norms import norms_of


def cold_start_utilities(pool: PoolView, metric: str) -> np.ndarray:
    """Return the distance of each candidate to the nearest labelled or picked sample.

    If there is none, return the centrality. The first query is then a representative sample, and
    each further query is far from the samples before.
    """
    distances = pool.distance_to_labeled(metric, "min")
    return centrality(pool, metric) if distances is None else distances.astype(np.float64)


def centrality(pool: PoolView, metric: str) -> np.ndarray:
    """Return how near each candidate is to all samples of the pool; larger is nearer.

    For the Euclidean metric it is minus the distance to the mean, which gives the same order as
    the mean of the squared distances, in O(n_samples · n_features). For other metrics it is the
    density.
    """
    if metric != "euclidean":
        return pool.density(metric)
    whole = pool.whole
    return whole.cached(("nearness to the mean",), lambda: _nearness_to_mean(in_memory(whole.X)))[
        pool.candidates
    ]


def has_two_classes(pool: PoolView) -> bool:
    """Return whether the labels of the pool are of two classes or more."""
    return len(np.unique(pool.labeled_samples()[1])) > 1


def posterior_of_classes(pool: PoolView) -> np.ndarray | None:
    """Return the posterior of the candidates, or None if it has fewer than two classes."""
    posterior = pool.posterior() if pool.estimator is not None else None
    return posterior if posterior is not None and posterior.shape[1] > 1 else None


def _nearness_to_mean(X: Any) -> np.ndarray:
    mean = np.asarray(X.mean(axis=0, dtype=np.float64)).reshape(1, -1)
    distances = np.empty(X.shape[0])
    for block in row_blocks(X.shape[0], 32 * X.shape[1]):
        rows = X[block].astype(np.float64)
        if sp.issparse(rows):
            distances[block] = euclidean_distances(rows, mean)[:, 0]
        else:
            # A product would lose the digits of rows far from the origin.
            distances[block] = norms_of(rows - mean)
    # Rounded relatively to the largest one, so that equal samples have equal values.
    unit = np.exp2(np.frexp(distances.max())[1])
    return -np.round(distances / unit, 9) * unit
