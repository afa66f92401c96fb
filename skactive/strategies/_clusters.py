"""The samples of a pool in clusters, the same whatever their order."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning

from skactive.pool import Batch, Pool
from skactive.strategies._points import points_of

GEOMETRIES = frozenset({"cosine", "euclidean"})

# Above this many samples times clusters, k-means learns from draws of this many samples.
FULL_PASSES = 1_000_000
DRAW = 4096


@dataclass(frozen=True, eq=False)
class Clusters:
    """What cluster each sample of a pool is in.

    Attributes
    ----------
    labels : ndarray of int of shape (n_samples,)
        The cluster of each sample, from 0.
    model : KMeans or MiniBatchKMeans
        Tells the cluster of other points.
    """

    labels: np.ndarray
    model: Any

    def count(self, X: Any, metric: str) -> np.ndarray:
        """Return how many rows are nearest to each cluster's centre, shape (n_clusters,)."""
        predicted = self.model.predict(points_of(X, metric))
        return np.bincount(predicted, minlength=self.model.n_clusters)


def whole_of(pool: Pool | Batch) -> Pool:
    """Return the pool behind a batch, or the pool itself."""
    return pool.pool if isinstance(pool, Batch) else pool


def clusters_of(pool: Pool, n_clusters: int, metric: str) -> Clusters:
    """Return the samples of a pool in clusters by k-means; the pool keeps them.

    Cost: O(n_samples · n_features · n_clusters) for each of at most 300 passes, of draws of
    4096 samples where samples times clusters are more than a million.
    """
    n_clusters = min(n_clusters, pool.n_samples)
    key = ("clusters_of", n_clusters, metric)
    return pool.cached(key, lambda: _clusters(points_of(pool.X, metric), n_clusters))


def _clusters(points: Any, n_clusters: int) -> Clusters:
    # k-means draws its first centres by position: in an order of their own, the samples are
    # drawn whatever their positions are. Only duplicates are equal in it.
    direction = np.random.default_rng(0).standard_normal(points.shape[1])
    order = np.argsort(points @ direction.astype(points.dtype), kind="stable")
    if len(order) * n_clusters <= FULL_PASSES:
        model: Any = KMeans(n_clusters, n_init=1, random_state=0)
    else:
        model = MiniBatchKMeans(n_clusters, n_init=1, batch_size=DRAW, random_state=0)
    with warnings.catch_warnings():
        # Fewer distinct samples than clusters: some clusters are empty, which is all right.
        warnings.filterwarnings("ignore", "Number of distinct clusters", ConvergenceWarning)
        sorted_labels = model.fit_predict(points[order])
    labels = np.empty(len(order), dtype=np.int32)
    labels[order] = sorted_labels
    return Clusters(labels, model)
