"""The nodes that are nearest to samples outside the graph."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from skactive._engine.distances import Rows, Space


class NearestNodes:
    """The nearest nodes of samples in each graph, and their weights in a mean.

    Parameters
    ----------
    nodes : ndarray of int of shape (n_samples, n_graphs, n_neighbors)
        The nodes.
    weights : ndarray of shape (n_samples, n_graphs, n_neighbors)
        Their weights; those of a sample in a graph add up to 1.

    Attributes
    ----------
    nodes, weights : ndarray of shape (n_samples, n_graphs, n_neighbors)
        As above.
    used : ndarray of int of shape (n_used,)
        The nodes that are nearest to any of the samples, ascending.
    """

    def __init__(self, nodes: np.ndarray, weights: np.ndarray) -> None:
        self.nodes, self.weights = nodes, weights
        self.used, places = np.unique(nodes, return_inverse=True)
        places = places.reshape(nodes.shape)
        starts = np.arange(len(nodes) + 1) * nodes.shape[2]
        self._matrices = [
            sp.csr_matrix(
                (weights[:, graph].ravel(), places[:, graph].ravel(), starts),
                shape=(len(nodes), len(self.used)),
            )
            for graph in range(nodes.shape[1])
        ]

    def __len__(self) -> int:
        return len(self.nodes)

    def take(self, positions: np.ndarray) -> NearestNodes:
        """Return the nearest nodes of some of the samples."""
        if np.array_equal(positions, np.arange(len(self))):
            return self
        return NearestNodes(self.nodes[positions], self.weights[positions])

    def means(self, values: np.ndarray, graph_weights: np.ndarray) -> np.ndarray:
        """Return the weighted means of the nodes of each sample.

        Parameters
        ----------
        values : ndarray of shape (n_used, n_columns)
            Values of the nodes in `used`.
        graph_weights : ndarray of shape (n_graphs,)
            The weight of each graph.

        Returns
        -------
        means : ndarray of shape (n_samples, n_columns)
            Those of a sample do not depend on the other samples.
        """
        parts = [
            weight * (matrix @ values)
            for weight, matrix in zip(graph_weights, self._matrices, strict=True)
        ]
        return np.asarray(sum(parts[1:], parts[0]))


def distances_between(
    X: np.ndarray | sp.csr_matrix, nodes: np.ndarray | sp.csr_matrix, metric: str
) -> np.ndarray:
    """Return the distances of samples to nodes, given by their features."""
    if nodes.shape[0] == 0:
        return np.empty((X.shape[0], 0))
    space = Space(metric)
    return np.asarray(space.finish(space.compare(Rows(X), Rows(nodes))))
