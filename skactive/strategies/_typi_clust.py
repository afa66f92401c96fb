"""The most typical sample of each cluster: TypiClust."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.chosen_metric import chosen_metric
from skactive._validation import check_integer
from skactive.base import PoolView
from skactive.strategies._base import QueryStrategy
from skactive.strategies._support.clusters import GEOMETRIES, Clusters, clusters_of, rounded_up
from skactive.strategies._support.points import Points

# Number of members drawn from a larger cluster to estimate typicality, and of the most typical
# members that are compared with all members.
N_DRAWN = 1024
N_SHORTLISTED = 256

# The least number of clusters of a pool with enough samples.
FEWEST = 16

# Keeps the typicality of duplicates finite, as in scikit-activeml.
LEAST_SUM = 1e-7


class TypiClust(QueryStrategy):
    """Choose the most typical sample of the largest cluster without a label.

    The pool is clustered by k-means into as many clusters as there will be labels, so that each
    label is for another part of it. The typicality of a sample is one over its mean distance to
    its nearest neighbours in the cluster, largest where the cluster is densest. The strategy is
    meant for the first labels of classes that form clusters.

    Parameters
    ----------
    metric : {'cosine', 'euclidean'}, default=None
        The geometry; for the cosine, Euclidean distances of unit vectors.
        None is the metric of an incremental classifier of the pool, else the cosine.
    n_neighbors : int, default=20
        Number of neighbours in the typicality; fewer in a smaller cluster.
    max_clusters : int, default=500
        The largest number of clusters. With more labels, the clusters with the fewest labels come
        next.
    min_cluster_size : int, default=6
        Clusters of fewer samples, mostly outliers, come last.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random. The clusters do not
        depend on it.

    See Also
    --------
    ProbCover : Covers the pool with balls instead of clusters.

    Notes
    -----
    The clusters are those of the whole pool. In the paper their number is that of labels
    and of queries of a batch together. Here it is one more than that of labelled and picked
    samples, rounded up to two binary digits (at most half more), and at least 16 if that leaves
    `n_neighbors` neighbours in a cluster: queries of single samples share a clustering, as a batch
    of the paper does. The pool keeps the clusterings. Labelled samples from outside the pool count
    for the cluster with the nearest centre. `utilities` are above 0 in the cluster that comes next
    and 0 elsewhere. The only component of `terms` is 'typicality'.

    Cost: O(n_samples · n_features · n_clusters) once for each number of clusters, and as much for
    each of at most 25 passes of k-means over 5,000 samples, or 20 for each cluster; then
    O(m² · n_features) for each sample chosen, where the cluster has m members. A cluster of
    more than 1024 members is compared with 1024 drawn ones, which underestimates typicality, and
    only the best 256 of them with all members.

    References
    ----------
    G. Hacohen, A. Dekel and D. Weinshall, "Active learning on a budget: opposite strategies suit
    high and low budgets", ICML 2022.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.strategies import TypiClust
    >>> pool = Pool([[0.0], [0.1], [0.2], [0.3], [8.0], [8.1], [8.2]])
    >>> TypiClust("euclidean", n_neighbors=2).select(pool, 2)[0]
    array([1, 5])
    """

    _component_name = "typicality"

    def __init__(
        self,
        metric: str | None = None,
        *,
        n_neighbors: int = 20,
        max_clusters: int = 500,
        min_cluster_size: int = 6,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.metric = metric
        self.n_neighbors = n_neighbors
        self.max_clusters = max_clusters
        self.min_cluster_size = min_cluster_size

    def utilities(self, pool: PoolView) -> np.ndarray:
        metric, _ = chosen_metric(self, pool, GEOMETRIES)
        n_neighbors = check_integer(self, "n_neighbors", self.n_neighbors, minimum=1)
        whole = pool.whole
        picked = pool.picked
        candidates = pool.candidates
        utilities = np.zeros(len(candidates))
        if len(candidates) == 0:
            return utilities
        clusters = clusters_of(whole, self._n_clusters(pool, n_neighbors), metric)
        known = np.append(whole.labeled, np.asarray(picked, dtype=np.intp))
        next_one = self._next_cluster(whole, clusters, known, candidates)
        is_member = clusters.labels == next_one
        is_member[known] = False
        members = np.flatnonzero(is_member)
        typical = typicality(whole.X[members], metric, n_neighbors)
        is_in = is_member[candidates]
        utilities[is_in] = typical[np.searchsorted(members, candidates[is_in])]
        return utilities

    def _n_clusters(self, pool: PoolView, n_neighbors: int) -> int:
        most = check_integer(self, "max_clusters", self.max_clusters, minimum=1)
        fewest = min(FEWEST, pool.n_samples // (n_neighbors + 1))
        return min(max(rounded_up(pool.n_labeled + 1), fewest), most)

    def _next_cluster(
        self, pool: PoolView, clusters: Clusters, known: np.ndarray, candidates: np.ndarray
    ) -> int:
        least = check_integer(self, "min_cluster_size", self.min_cluster_size, minimum=1)
        n_clusters = clusters.model.n_clusters
        sizes = np.bincount(clusters.labels, minlength=n_clusters)
        n_labels = np.bincount(clusters.labels[known], minlength=n_clusters)
        outside, _ = pool.labeled_outside()
        if outside is not None:
            n_labels += clusters.count(outside, chosen_metric(self, pool, GEOMETRIES)[0])
        open_ones = np.unique(clusters.labels[candidates])
        first = np.lexsort((-sizes[open_ones], n_labels[open_ones], sizes[open_ones] < least))
        return int(open_ones[first[0]])


def typicality(X: Any, metric: str, n_neighbors: int) -> np.ndarray:
    """Return one over the mean distance of each row to its nearest neighbours among the others.

    A single row has typicality 1. Of more than `N_DRAWN` rows, most get an estimate that is too
    low; the largest value is that of a row that was compared with all others.
    """
    n_rows = X.shape[0]
    n_neighbors = min(n_neighbors, n_rows - 1)
    if n_neighbors == 0:
        return np.ones(n_rows)
    points, rows = Points(X, metric), np.arange(n_rows)
    if n_rows <= N_DRAWN:
        return _typicality(points, rows, rows, n_neighbors, exact=True)
    drawn = np.sort(np.random.default_rng(0).choice(n_rows, N_DRAWN, replace=False))
    typical = _typicality(points, rows, drawn, min(n_neighbors, N_DRAWN - 1), exact=False)
    best = np.argsort(-typical, kind="stable")[:N_SHORTLISTED]
    typical[best] = _typicality(points, best, rows, n_neighbors, exact=True)
    return typical


def _typicality(
    points: Points, rows: np.ndarray, others: np.ndarray, n_neighbors: int, *, exact: bool
) -> np.ndarray:
    sums = np.empty(len(rows))
    for block in row_blocks(len(rows), 24 * len(others)):
        part = rows[block]
        squared = points.squared_distances(part, others)
        squared[part[:, np.newaxis] == others] = np.inf
        if exact:
            nearest = others[np.argpartition(squared, n_neighbors - 1, axis=1)[:, :n_neighbors]]
            pairs = points.exact_squares(np.repeat(part, n_neighbors), nearest.ravel())
            kept = pairs.reshape(nearest.shape)
        else:
            kept = np.partition(squared, n_neighbors - 1, axis=1)[:, :n_neighbors]
        sums[block] = np.sqrt(kept, dtype=np.float64).sum(axis=1)
    typical: np.ndarray = n_neighbors / (sums + LEAST_SUM)
    return typical
