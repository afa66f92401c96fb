"""A graph along which labels spread, and the second graph of tables."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import on_all_cpus, row_blocks
from skactive._engine.compiled import compiled
from skactive._engine.near_candidates import NearCandidates
from skactive._engine.neighbor_lists import nearest_first
from skactive._progress import advance, long_step
from skactive.neighbors import NeighborGraph
from skactive.semi_supervised._spread import Spread

# Tables have at most this number of features.
MAX_TABLE_FEATURES = 64

# Number of Euclidean neighbours, for each neighbour, among which the nearest by the Manhattan
# distance are searched.
CANDIDATES_PER_NEIGHBOR = 10

# Standardised features are limited to this range, in which float32 holds squares and their sums.
FARTHEST = 1e15

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
    """

    def __init__(self, graph: NeighborGraph, *, alpha: float, tol: float) -> None:
        self.graph = graph
        self.spread = Spread(graph.affinity(), alpha=alpha, tol=tol)

    def beside(self) -> Self:
        """Return a view of the same graph without labels."""
        other = copy.copy(self)
        other.spread = self.spread.beside()
        return other

    def nearest(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest nodes of samples, and their weights, shape (n, n_neighbors)."""
        distances, nodes = self._search(X)
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
        self.graph = self.graph.join(X)
        self.spread.join(self.graph.affinity())

    def _search(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        return self.graph.kneighbors(X)

    def _weights(self, distances: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        if distances.shape[1] == 0:
            return np.zeros(distances.shape)
        is_node = np.isfinite(distances)
        similarities = self.graph.similarities(np.where(is_node, distances, 0), nodes)
        # A sample too far from all nodes for a similarity above 0 gets equal weights.
        weights = np.maximum(similarities, np.finfo(np.float64).tiny) * is_node
        totals = weights.sum(axis=1, keepdims=True)
        return np.divide(weights, totals, out=np.zeros_like(weights), where=totals > 0)


class TableView(SpreadView):
    """A graph of the nearest samples by the Manhattan distance of standardised features.

    They are searched among the nearest by the Euclidean distance.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The features, few of them.
    n_neighbors : int
        Number of neighbours of each sample.
    alpha, tol : float
        As in `IncrementalLabelSpreading`.
    """

    def __init__(self, X: Any, n_neighbors: int, *, alpha: float, tol: float) -> None:
        self._standardized = Standardized(X)
        self._stored = self._standardized(X)
        self._n_candidates = min(CANDIDATES_PER_NEIGHBOR * n_neighbors + 1, len(self._stored))
        self._candidates: NearCandidates | None = None
        with long_step("neighbour graph of scaled features", len(self._stored)):
            n_others = min(n_neighbors, len(self._stored) - 1)
            distances, indices = self._nearest(self._stored, n_others, are_nodes=True)
        graph = NeighborGraph(indices, distances, X=self._stored, metric="manhattan")
        super().__init__(graph, alpha=alpha, tol=tol)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_candidates": None}

    def join(self, X: Any) -> None:
        raise NotImplementedError("More samples change the scales: build another graph.")

    def _search(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        return self._nearest(self._standardized(X), max(self.graph.n_neighbors, 1), are_nodes=False)

    def _nearest(
        self, X: np.ndarray, n_neighbors: int, *, are_nodes: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and positions of the nearest nodes of standardised samples."""
        stored = self._stored
        if self._candidates is None:
            self._candidates = NearCandidates(stored, self._n_candidates, 0)
        indices = np.empty((len(X), n_neighbors), dtype=np.int32)
        distances = np.empty((len(X), n_neighbors), dtype=np.float32)
        for samples, found in self._candidates.blocks(X):
            sums = _manhattan_distances(X[samples], stored, found)
            if are_nodes:
                sums[found == samples[:, np.newaxis]] = np.inf
            nearest = nearest_first(found, sums.astype(np.float32))
            indices[samples], distances[samples] = (part[:, :n_neighbors] for part in nearest)
            advance(len(samples))
        return distances, indices


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
        scaled = (_dense(X) - self._mean) / self._deviations
        return np.ascontiguousarray(np.clip(scaled, -FARTHEST, FARTHEST), dtype=np.float32)


def _dense(X: Any) -> np.ndarray:
    return np.asarray(X.toarray() if sp.issparse(X) else X, dtype=np.float64)


def is_table(X: Any) -> bool:
    """Return whether features are as few as those of tables."""
    return bool(X.shape[1] <= MAX_TABLE_FEATURES)


def _manhattan_distances(X: np.ndarray, stored: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the distance of each sample to each of its rows among those stored, in float64."""
    sums = np.empty(found.shape)
    add = compiled(_add_differences, reassociates=True)

    def of_block(block: slice) -> None:
        add(X[block], stored, found[block], sums[block])

    on_all_cpus(of_block, list(row_blocks(len(X), 2**16)))
    return sums


def _add_differences(X, stored, found, sums):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for row in range(len(X)):
        for column in range(found.shape[1]):
            other, total = found[row, column], 0.0
            for feature in range(X.shape[1]):
                total += abs(X[row, feature] - stored[other, feature])
            sums[row, column] = total
