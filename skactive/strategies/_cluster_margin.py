"""Uncertain candidates of different clusters: Cluster-Margin."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from skactive._engine.blocks import row_blocks
from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.cold_start import centrality
from skactive._engine.distances import Rows, Space, distances_among
from skactive._engine.features import in_memory
from skactive._validation import check_integer, checked_utilities
from skactive.base import PoolView
from skactive.measures import Margin
from skactive.strategies._base import QueryStrategy
from skactive.strategies._utility_component import UtilityComponent

METRICS = frozenset({"cosine", "euclidean"})

# Number of samples in average linkage, which needs 16 bytes for each pair.
N_LINKED = 2000


class ClusterMargin(QueryStrategy):
    """Choose uncertain candidates from the clusters of the pool in turn.

    The samples with the smallest margins are often near-duplicates. The pool is clustered once, by
    average linkage. Of the candidates with the smallest margins, those in the cluster with the
    fewest labels come first, and in the smallest cluster if several are equal, so that no dense
    region fills the whole batch.

    Parameters
    ----------
    n_clusters : int, default=20
        Number of clusters, at least 1.
    n_uncertain : int, default=100
        Number of candidates, those with the smallest margins, that are considered at a time, at
        least 1. A larger batch continues with the next ones.
    metric : {'cosine', 'euclidean'}, default=None
        The metric of the clusters.
        None is the metric of an incremental classifier of the pool, else the cosine.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    UncertaintySampling : Uses the margins alone.
    BADGE : Combines uncertainty and diversity by gradients.

    Notes
    -----
    The paper selects batches, and begins each with the smallest cluster. Here each label counts as
    a turn of its cluster, so that queries of single samples visit the clusters in turn, too.
    Within a cluster the smallest margin comes first, then the most central sample; the paper
    draws at random.

    Without probabilities of two classes, the largest of the clusters with the fewest labels comes
    first, and in it the most central sample of the pool.

    `utilities` are 1 / (1 + turn of the cluster + a share below 1 for the order within it), in
    (0, 1]. Candidates whose margin is not among the smallest come after all others. `terms` has
    'uncertainty', with the factor 1, and "cluster's turn", whose factor is the utility.

    Cost: the clustering, once for the pool, O(n_samples² · n_features) time and O(n_samples²)
    memory up to 2,000 samples. Of a larger pool, 2,000 samples drawn with a fixed seed are
    clustered, and each other sample is assigned to the cluster of the nearest of them: O(n_samples
    · 2,000 · n_features). Each query: that of the margins, and O(n_candidates log n_candidates).

    References
    ----------
    G. Citovsky, G. DeSalvo, C. Gentile, L. Karydas, A. Rajagopalan, A. Rostamizadeh and S. Kumar,
    "Batch active learning at scale", NeurIPS 2021.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import ClusterMargin
    >>> X = [[0.0], [5.1], [5.2], [5.3], [8.9], [9.0], [10.0]]
    >>> pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric="euclidean"))
    >>> strategy = ClusterMargin(3, metric="euclidean")
    >>> strategy.select(pool.add_labels([0, 6], ["a", "b"]), 3)[0]
    array([1, 4, 2])
    """

    target_kinds = frozenset({"categorical"})

    def __init__(
        self,
        n_clusters: int = 20,
        *,
        n_uncertain: int = 100,
        metric: str | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.n_clusters = n_clusters
        self.n_uncertain = n_uncertain
        self.metric = metric

    def utilities(self, pool: PoolView) -> np.ndarray:
        turns, _ = self._turns(pool)
        return 1 / (1 + turns)

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        turns, unsure = self._turns(pool)
        values = 1 / (1 + turns)
        return {
            "uncertainty": UtilityComponent(Margin(), unsure, np.ones(len(unsure))),
            "cluster's turn": UtilityComponent(self, values, values),
        }

    def clusters(self, pool: PoolView) -> np.ndarray:
        """Return the cluster of each sample of the pool, computed once.

        Parameters
        ----------
        pool : PoolView
            The pool.

        Returns
        -------
        clusters : ndarray of int of shape (n_samples,)
            From 0 on.
        """
        whole = pool.whole
        metric, _ = chosen_metric(self, whole, METRICS)
        n_clusters = check_integer(self, "n_clusters", self.n_clusters, minimum=1)
        return whole.cached(
            (ClusterMargin, n_clusters, metric),
            lambda: average_linkage_clusters(in_memory(whole.X), n_clusters, metric),
            shared=True,
        )

    def _turns(self, pool: PoolView) -> tuple[np.ndarray, np.ndarray]:
        """Return the turn of each candidate, and its margin."""
        n_uncertain = check_integer(self, "n_uncertain", self.n_uncertain, minimum=1)
        whole = pool.whole
        candidates = pool.candidates
        unsure = checked_utilities("Margin", Margin().utilities(pool), pool)
        clusters = self.clusters(whole)
        picked = pool.picked
        n_clusters = int(clusters.max()) + 1
        n_turns = np.bincount(clusters[whole.labeled], minlength=n_clusters)
        n_turns += np.bincount(clusters[picked], minlength=n_clusters)
        if len(candidates) == 0:
            return np.empty(0), unsure
        is_constant = bool(unsure.min() == unsure.max())
        # Picked samples were on the list: when all of it is picked, the next ones follow.
        n_left = n_uncertain - len(picked) % n_uncertain
        n_left = len(candidates) if is_constant else min(n_left, len(candidates))
        limit = np.partition(unsure, len(unsure) - n_left)[len(unsure) - n_left]
        takes_part = unsure >= limit
        members = np.concatenate([candidates[takes_part], np.asarray(picked, dtype=np.intp)])
        sizes = np.bincount(clusters[members], minlength=n_clusters)
        if is_constant:
            sizes = -sizes
        own = clusters[candidates]
        turn = dense_ranks(sizes[own], n_turns[own])
        turn[~takes_part] = turn.max(initial=0) + 1
        place = dense_ranks(-centrality(pool, chosen_metric(self, pool, METRICS)[0]), -unsure)
        return turn + place / (place.max(initial=0) + 1), unsure


def average_linkage_clusters(X: Any, n_clusters: int, metric: str) -> np.ndarray:
    """Return the cluster of each row, at most `n_clusters`, by average linkage."""
    n_samples = X.shape[0]
    if min(n_clusters, n_samples) == 1:
        return np.zeros(n_samples, dtype=np.intp)
    n_linked = max(N_LINKED, n_clusters)
    if n_samples <= n_linked:
        return linked(X, n_clusters, metric)
    drawn = np.sort(np.random.default_rng(0).choice(n_samples, n_linked, replace=False))
    space, rows, linked_rows = Space(metric), Rows(X), Rows(X[drawn])
    nearest = np.empty(n_samples, dtype=np.intp)
    for block in row_blocks(n_samples, 8 * n_linked):
        nearest[block] = space.compare(rows[block], linked_rows).argmin(axis=1)
    return linked(X[drawn], n_clusters, metric)[nearest]


def linked(X: Any, n_clusters: int, metric: str) -> np.ndarray:
    """Return the clusters of few rows."""
    distances = distances_among(X, metric)
    # Rounding makes the matrix asymmetric.
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    clusters = fcluster(tree, n_clusters, criterion="maxclust")
    return np.unique(clusters, return_inverse=True)[1].ravel()


def dense_ranks(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the rank of each by `first`, then by `second`, from 0; equal ones share a rank."""
    order = np.lexsort((second, first))
    changes = (np.diff(first[order]) != 0) | (np.diff(second[order]) != 0)
    ranks = np.empty(len(order))
    ranks[order] = np.concatenate([[0], np.cumsum(changes)])
    return ranks
