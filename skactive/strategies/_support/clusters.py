"""Clusters of the samples of a pool, independent of their order."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.features import in_memory
from skactive._engine.norms import norms_of
from skactive._engine.points import Frame
from skactive.base import PoolView
from skactive.strategies._support.points import points_of

GEOMETRIES = frozenset({"cosine", "euclidean"})

# k-means is fitted to at most this many samples in all, or for each cluster.
N_LEARNT_FROM = 5_000
N_PER_CLUSTER = 20

# Further passes hardly move a centre.
N_PASSES = 25

# Numbers of clusters have so many binary digits, so that few clusterings are computed.
N_DIGITS = 2

# Smaller distances, relative to the norms, are rounding errors.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Clusters:
    """The clusters of the samples of a pool.

    Attributes
    ----------
    labels : ndarray of int of shape (n_samples,)
        The cluster of each sample, from 0.
    model : KMeans
        Predicts the cluster of other points.
    frame : Frame
        The coordinates of the points.
    """

    labels: np.ndarray
    model: KMeans
    frame: Frame

    def count(self, X: Any, metric: str) -> np.ndarray:
        """Return the number of rows nearest to the centre of each cluster, shape (n_clusters,)."""
        if X.shape[0] == 0:
            return np.zeros(self.model.n_clusters, dtype=np.intp)
        predicted = self.model.predict(_points(X, metric, self.frame))
        return np.bincount(predicted, minlength=self.model.n_clusters)

    def distances(self, X: Any, metric: str) -> np.ndarray:
        """Return the distance of each of the clustered rows to the centre of its cluster."""
        distances = np.empty(X.shape[0])
        for block in row_blocks(X.shape[0], 32 * X.shape[1]):
            points = _points(X[block], metric, self.frame)
            points = (points.toarray() if sp.issparse(points) else points).astype(np.float64)
            found = norms_of(points - self.model.cluster_centers_[self.labels[block]])
            distances[block] = np.where(found > ROUNDING * norms_of(points), found, 0.0)
        return distances


def clusters_of(pool: PoolView, n_clusters: int, metric: str) -> Clusters:
    """Return the samples of a pool in clusters by k-means; the pool keeps them.

    k-means is fitted to at most 5,000 samples, or 20 for each cluster. Cost: O(n_samples ·
    n_features · n_clusters), and for each of at most 25 passes the same with the fitted samples.
    """
    n_clusters = min(n_clusters, pool.n_samples)
    key = ("clusters_of", n_clusters, metric)
    return pool.cached(key, lambda: _clusters(in_memory(pool.X), metric, n_clusters), shared=True)


def clusters_of_rows(X: Any, metric: str, n_clusters: int) -> Clusters:
    """Return rows in clusters, as `clusters_of` does for those of a pool."""
    return _clusters(X, metric, min(n_clusters, X.shape[0]))


def rounded_up(number: int) -> int:
    """Return a number rounded up to two significant binary digits."""
    step = 1 << max(number.bit_length() - N_DIGITS, 0)
    return -(-number // step) * step


def _points(X: Any, metric: str, frame: Frame) -> Any:
    # k-means predicts by products, which lose the digits of points far from the origin.
    if frame.origin is None:
        return points_of(X, metric)
    return frame.array(Rows(X))


def _clusters(X: Any, metric: str, n_clusters: int) -> Clusters:
    frame = Frame(Space(metric), Rows(X), X.dtype)
    points = _points(X, metric, frame)
    # k-means draws its first centres by position. In an order by their features, the draw does
    # not depend on the positions of the samples.
    direction = np.random.default_rng(0).standard_normal(points.shape[1])
    order = np.argsort(points @ direction.astype(points.dtype), kind="stable")
    n_learnt_from = min(len(order), max(N_LEARNT_FROM, N_PER_CLUSTER * n_clusters))
    learnt_from = order[np.linspace(0, len(order) - 1, n_learnt_from).astype(np.intp)]
    learnt = points[learnt_from]
    # In double precision, to which scikit-learn would convert all of them for each centre.
    first, _ = kmeans_plusplus(learnt.astype(np.float64), n_clusters, random_state=0)
    model = KMeans(
        n_clusters, init=first.astype(points.dtype), n_init=1, max_iter=N_PASSES, random_state=0
    )
    with warnings.catch_warnings():
        # With fewer distinct samples than clusters, some clusters are empty.
        warnings.filterwarnings("ignore", "Number of distinct clusters", ConvergenceWarning)
        model.fit(learnt)
    return Clusters(model.predict(points).astype(np.int32), model, frame)
