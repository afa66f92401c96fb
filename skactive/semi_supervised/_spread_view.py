"""A graph along which labels spread, and the second graph of tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import on_all_cpus, row_blocks
from skactive._engine.compiled import compiled
from skactive._engine.near_candidates import NearCandidates
from skactive._engine.neighbor_lists import nearest_first
from skactive.neighbors import NeighborGraph
from skactive.semi_supervised._spread import Spread

# Tables have at most this number of features.
MAX_TABLE_FEATURES = 64

# Number of Euclidean neighbours, for each neighbour, among which the nearest by the Manhattan
# distance are searched.
CANDIDATES_PER_NEIGHBOR = 10

# A feature whose standard deviation is at most this number of roundings of its mean is constant.
N_ROUNDINGS = 4


class SpreadView:
    """A graph of all samples, and the labels that spread along it.

    Parameters
    ----------
    graph : NeighborGraph
        The graph.
    alpha, tol : float
        As in `IncrementalLabelSpreading`.
    features_of : callable, default=None
        Maps the features of the classifier to those of the graph. None means that they are equal.
    """

    def __init__(
        self,
        graph: NeighborGraph,
        *,
        alpha: float,
        tol: float,
        features_of: Callable[[Any], Any] | None = None,
    ) -> None:
        self.graph = graph
        self.spread = Spread(graph.affinity(), alpha=alpha, tol=tol)
        self._features_of = features_of

    def nearest(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest nodes of samples, and their weights, shape (n, n_neighbors)."""
        distances, nodes = self.graph.kneighbors(self._of(X))
        return nodes, self._weights(distances, nodes)

    def neighbors(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the neighbours of nodes, and their weights, shape (n, n_neighbors)."""
        graph = self.graph
        distances, neighbors = graph.distances[nodes], graph.indices[nodes]
        return neighbors, self._weights(distances, neighbors)

    def anchor(self, descriptions: list[tuple[Any, Any]]) -> None:
        """Set the anchors of classes: samples that are no nodes spread from the nearest nodes."""
        for label, X in descriptions:
            nodes, weights = self.nearest(X)
            self.spread.anchor(label, nodes.ravel(), weights.ravel())

    def join(self, X: Any) -> None:
        """Add samples as nodes. Anchors are removed."""
        self.graph = self.graph.join(self._of(X))
        self.spread.join(self.graph.affinity())

    def _of(self, X: Any) -> Any:
        return X if self._features_of is None else self._features_of(X)

    def _weights(self, distances: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        if distances.shape[1] == 0:
            return np.zeros(distances.shape)
        is_node = np.isfinite(distances)
        similarities = self.graph.similarities(np.where(is_node, distances, 0), nodes)
        # A sample too far from all nodes for a similarity above 0 gets equal weights.
        weights = np.maximum(similarities, np.finfo(np.float64).tiny) * is_node
        totals = weights.sum(axis=1, keepdims=True)
        return np.divide(weights, totals, out=np.zeros_like(weights), where=totals > 0)


class Standardized:
    """Scale each feature to mean 0 and standard deviation 1 over the samples given first.

    Features that are constant but for rounding become 0.
    """

    def __init__(self, X: Any) -> None:
        # The features are rounded, and so is each of the sums.
        rounding = N_ROUNDINGS * np.finfo(X.dtype).eps + X.shape[0] * np.finfo(np.float64).eps
        X = _dense(X)
        self._mean, deviations = X.mean(axis=0), X.std(axis=0)
        is_constant = deviations <= rounding * np.abs(self._mean)
        self._deviations = np.where(is_constant, np.inf, deviations)

    def __call__(self, X: Any) -> np.ndarray:
        return np.ascontiguousarray((_dense(X) - self._mean) / self._deviations, dtype=np.float32)


def _dense(X: Any) -> np.ndarray:
    return np.asarray(X.toarray() if sp.issparse(X) else X, dtype=np.float64)


def is_table(X: Any) -> bool:
    """Return whether features are as few as those of tables."""
    return bool(X.shape[1] <= MAX_TABLE_FEATURES)


def table_view(X: Any, n_neighbors: int, *, alpha: float, tol: float) -> SpreadView:
    """Return the graph of tables, of Manhattan distances of standardised features.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The features.
    n_neighbors : int
        Number of neighbours of each sample.
    alpha, tol : float
        As in `SpreadView`.

    Returns
    -------
    view : SpreadView
        The graph, without labels.
    """
    standardized = Standardized(X)
    graph = manhattan_graph(standardized(X), n_neighbors)
    return SpreadView(graph, alpha=alpha, tol=tol, features_of=standardized)


def manhattan_graph(X: np.ndarray, n_neighbors: int) -> NeighborGraph:
    """Return the graph of the nearest samples by the Manhattan distance, of float32 features.

    They are searched among the nearest by the Euclidean distance.
    """
    n = len(X)
    n_neighbors = min(n_neighbors, n - 1)
    n_candidates = min(CANDIDATES_PER_NEIGHBOR * n_neighbors + 1, n)
    indices = np.empty((n, n_neighbors), dtype=np.int32)
    distances = np.empty((n, n_neighbors), dtype=np.float32)
    for samples, found in NearCandidates(X, n_candidates, 0).blocks(X):
        sums = _manhattan_distances(X, samples, found)
        sums[found == samples[:, np.newaxis]] = np.inf
        nearest = nearest_first(found, sums.astype(np.float32))
        indices[samples], distances[samples] = (part[:, :n_neighbors] for part in nearest)
    return NeighborGraph(indices, distances, X=X, metric="manhattan")


def _manhattan_distances(X: np.ndarray, samples: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distances of samples to a row of others each, in float64."""
    sums = np.empty(others.shape)
    add = compiled(_add_differences, reassociates=True)

    def of_block(block: slice) -> None:
        add(X, samples[block], others[block], sums[block])

    on_all_cpus(of_block, list(row_blocks(len(samples), 2**16)))
    return sums


def _add_differences(X, rows, others, sums):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for place in range(len(rows)):
        row = rows[place]
        for column in range(others.shape[1]):
            other, total = others[place, column], 0.0
            for feature in range(X.shape[1]):
                total += abs(X[row, feature] - X[other, feature])
            sums[place, column] = total
