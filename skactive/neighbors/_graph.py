"""The neighbour graph of a pool: who is near whom, found once."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive.neighbors._distances import Rows, Space
from skactive.neighbors._nearest import search

# The neighbour whose distance is a sample's own bandwidth, as its authors have it.
SCALING_NEIGHBOR = 7


class NeighborGraph:
    """Hold the nearest neighbours of every sample of a pool, nearest first.

    Parameters
    ----------
    indices : ndarray of int of shape (n_samples, n_neighbors)
        The neighbours of each sample, itself excluded, nearest first.
    distances : ndarray of shape (n_samples, n_neighbors)
        How far they are; for the cosine the Euclidean distance of unit vectors, so that a
        Gaussian of it is one.

    Attributes
    ----------
    indices, distances : ndarray
        As passed.
    n_samples, n_neighbors : int
        Their shape.

    References
    ----------
    L. Zelnik-Manor and P. Perona, "Self-tuning spectral clustering", NeurIPS 2004.

    Examples
    --------
    >>> from skactive.neighbors import NeighborGraph
    >>> graph = NeighborGraph.of([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], n_neighbors=1)
    >>> graph.indices
    array([[1],
           [0],
           [1]], dtype=int32)
    """

    def __init__(self, indices: np.ndarray, distances: np.ndarray) -> None:
        self.indices = indices
        self.distances = distances
        self._affinities: dict[float | None, sp.csr_matrix] = {}

    @classmethod
    def of(cls, X: Any, *, n_neighbors: int = 15, metric: str = "cosine") -> NeighborGraph:
        """Find the neighbours of each row of X among the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The features.
        n_neighbors : int, default=15
            How many for each sample; all others where there are fewer.
        metric : str, default='cosine'
            The metric.

        Returns
        -------
        graph : NeighborGraph
            The graph.
        """
        rows, space = Rows(np.asarray(X, dtype=np.float32)), Space(metric)
        order = np.arange(len(rows))
        distances, indices = search(
            space, rows, rows, n_neighbors, precedence=lambda: order, exclude=order
        )
        if metric == "cosine":
            distances = np.sqrt(2 * np.maximum(distances, 0))
        return cls(indices.astype(np.int32), distances.astype(np.float32))

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.indices.shape[0])

    @property
    def n_neighbors(self) -> int:
        """Number of neighbours of each."""
        return int(self.indices.shape[1])

    def affinity(self, bandwidth: float | None = None) -> sp.csr_matrix:
        """Return the similarities of neighbours, 0 for all other pairs.

        Two samples are linked where one of them has the other among its neighbours.

        Parameters
        ----------
        bandwidth : float, default=None
            The bandwidth s of exp(-d² / (2 s²)). None is self-tuning, exp(-d² / (s_i s_j)), where
            s_i is the distance of sample i to its 7th neighbour.

        Returns
        -------
        affinity : CSR matrix of shape (n_samples, n_samples)
            Symmetric, in (0, 1], with nothing on the diagonal. It is kept: do not write to it.
        """
        if bandwidth not in self._affinities:
            self._affinities[bandwidth] = self._affinity(bandwidth)
        return self._affinities[bandwidth]

    def _affinity(self, bandwidth: float | None) -> sp.csr_matrix:
        squares = np.square(self.distances, dtype=np.float64)
        if bandwidth is None:
            own = self.distances[:, min(SCALING_NEIGHBOR, self.n_neighbors) - 1].astype(np.float64)
            own = np.maximum(own, np.finfo(np.float32).tiny)
            exponents = squares / (own[:, np.newaxis] * own[self.indices])
        else:
            exponents = squares / (2.0 * bandwidth**2)
        starts = np.arange(self.n_samples + 1) * self.n_neighbors
        weights = np.maximum(np.exp(-exponents), np.finfo(np.float32).tiny)
        directed = sp.csr_matrix(
            (weights.ravel(), self.indices.ravel(), starts), (self.n_samples,) * 2
        )
        return directed.maximum(directed.T).tocsr()
