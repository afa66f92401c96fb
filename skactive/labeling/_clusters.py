"""Groups of similar samples, before there are predictions."""

from __future__ import annotations

from threading import Lock
from typing import Any
from weakref import ref

import numpy as np

# Number of samples of a group, before the number of groups reaches its limit, and that limit.
N_PER_ROOT = 10
MOST = 16
# Number of samples from which the centres are learnt, and that are compared with them at once.
N_LEARNT_FROM = 5000
BLOCK = 10_000


class SampleClusters:
    """The clusters of a pool, kept until there is another pool."""

    def __init__(self) -> None:
        # Two requests wait for one computation.
        self._lock = Lock()
        self._pool: Any = None
        self._clusters: list[np.ndarray] = []

    def of(self, X: np.ndarray) -> list[np.ndarray]:
        """Return the positions of samples by cluster, the largest first; see `clusters`."""
        with self._lock:
            if self._pool is None or self._pool() is not X:
                self._clusters = clusters(X)
                self._pool = ref(X)
            return self._clusters


def clusters(X: np.ndarray) -> list[np.ndarray]:
    """Return the positions of vectors by cluster, those nearest to the centre first.

    The clusters are those of k-means for the directions of the vectors, the largest first. The
    centres are learnt from at most 5,000 vectors.
    """
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import normalize

    n_clusters = min(int(np.clip(np.sqrt(len(X) / N_PER_ROOT), 2, MOST)), len(X))
    some = np.random.default_rng(0).permutation(len(X))[:N_LEARNT_FROM]
    directions = normalize(X[np.sort(some)])
    n_clusters = min(n_clusters, len(np.unique(directions, axis=0)))
    model = KMeans(n_clusters, n_init=3, random_state=0).fit(directions)
    nearest, distances = np.empty(len(X), dtype=np.intp), np.empty(len(X))
    for start in range(0, len(X), BLOCK):
        block = slice(start, start + BLOCK)
        found = model.transform(normalize(X[block]))
        nearest[block], distances[block] = found.argmin(axis=1), found.min(axis=1)
    order = np.argsort(distances, kind="stable")
    groups = [order[nearest[order] == cluster] for cluster in range(n_clusters)]
    return sorted((group for group in groups if len(group)), key=len, reverse=True)
