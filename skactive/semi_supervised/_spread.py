"""The solution of label spreading, updated label by label."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.compiled import compiled


class Spread:
    """Hold F = (I - alpha S)^-1 Y for labels Y that are added and removed one by one.

    S is the affinity of the graph, symmetrically normalised by the degrees d. The residual
    R = Y - (I - alpha S) F is stored beside F. A label adds 1 to R at its node. Then every
    residual r_j above tol (1 - alpha) sqrt(d_j / mean(d)) is added to F, and alpha S r to the
    residuals of its neighbours, until no residual is above its limit. Since sqrt(d) is an
    eigenvector of S, the error of F at node i is then below tol sqrt(d_i / mean(d)), after any
    sequence of changes.

    Parameters
    ----------
    affinity : CSR matrix of shape (n_nodes, n_nodes)
        Symmetric and not negative.
    alpha : float
        In [0, 1): the share of a node's score that comes from its neighbours.
    tol : float
        Bound on the error of scores. A label adds at least 1 to the score of its own node.

    Attributes
    ----------
    is_reached : ndarray of bool of shape (n_nodes,)
        Whether F of any class has ever been other than 0 at the node.
    """

    def __init__(self, affinity: sp.csr_matrix, *, alpha: float, tol: float) -> None:
        self._alpha, self._tol = alpha, tol
        self._columns: dict[Any, tuple[np.ndarray, np.ndarray]] = {}
        self._masses: dict[Any, float] = {}
        self._own_contributions: dict[int, tuple[float, float]] = {}
        self._set_affinity(affinity)
        self.is_reached = np.zeros(self.n_nodes, dtype=bool)

    def __getstate__(self) -> dict[str, Any]:
        # Formats such as skops cannot store keys that are booleans, as labels may be.
        return {**self.__dict__, "_columns": list(self._columns.items()), "_masses": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _columns=dict(state["_columns"]))

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self._limits)

    def add(self, nodes: np.ndarray, label: Any, amount: float = 1.0) -> None:
        """Add a label to nodes, or with an amount of -1 remove it."""
        if label not in self._columns:
            self._columns[label] = (np.zeros(self.n_nodes), np.zeros(self.n_nodes))
        scores, residuals = self._columns[label]
        self._masses.pop(label, None)
        np.add.at(residuals, nodes, amount)
        self._push(scores, residuals, nodes, self.is_reached)

    def join(self, affinity: sp.csr_matrix) -> None:
        """Add nodes: the last nodes of a larger affinity, whose other entries may change too.

        Cost: O(n_edges) for each class, and the update of the scores that change.
        """
        labels = {
            label: residuals + scores - self._spreading @ scores
            for label, (scores, residuals) in self._columns.items()
        }
        n_before = self.n_nodes
        self._set_affinity(affinity)
        n_new = self.n_nodes - n_before
        self.is_reached = np.concatenate([self.is_reached, np.zeros(n_new, dtype=bool)])
        for label, spread in labels.items():
            scores = np.concatenate([self._columns[label][0], np.zeros(n_new)])
            residuals = np.concatenate([spread, np.zeros(n_new)])
            residuals += self._spreading @ scores - scores
            self._columns[label] = (scores, residuals)
            self._masses.pop(label, None)
            self._push(scores, residuals, np.arange(self.n_nodes), self.is_reached)

    def scores(self, labels: Any, nodes: Any = slice(None)) -> np.ndarray:
        """Return F at given nodes and classes, shape (n, n_classes), never negative."""
        columns = np.zeros((len(self._limits[nodes]), len(labels)), order="F")
        for place, label in enumerate(labels):
            if label in self._columns:
                # After labels were removed, errors within the tolerance may be negative.
                np.maximum(self._columns[label][0][nodes], 0.0, out=columns[:, place])
        return columns

    def masses(self, labels: Any) -> np.ndarray:
        """Return the sum of F over all nodes for each of the given classes."""
        for label in set(labels) & set(self._columns) - set(self._masses):
            self._masses[label] = float(self._columns[label][0].sum())
        return np.maximum([self._masses.get(label, 0.0) for label in labels], 0.0)

    def own_contributions(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the contribution of each node's label to its own score and to all scores."""
        for node in nodes.tolist():
            if node not in self._own_contributions:
                scores = self._spread_from(node)
                self._own_contributions[node] = float(scores[node]), float(scores.sum())
        own = np.array([self._own_contributions[node] for node in nodes.tolist()]).reshape(-1, 2)
        return own[:, 0], own[:, 1]

    def contributions(self, nodes: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the contribution of a label at each other to each node, shape (n, n_others).

        The matrix is symmetric, so that one spreading for each of the nodes is enough.
        """
        found = [self._spread_from(node)[others] for node in nodes.tolist()]
        return np.maximum(np.array(found).reshape(len(nodes), len(others)), 0.0)

    def _spread_from(self, node: int) -> np.ndarray:
        scores, residuals = np.zeros(self.n_nodes), np.zeros(self.n_nodes)
        residuals[node] = 1.0
        self._push(scores, residuals, np.array([node]), np.zeros(self.n_nodes, dtype=bool))
        return scores

    def _set_affinity(self, affinity: sp.csr_matrix) -> None:
        self._own_contributions.clear()
        degrees = np.asarray(affinity.sum(axis=1)).ravel()
        # A node without neighbours has the degree 0.
        roots = np.sqrt(np.where(degrees > 0, degrees, 1.0))
        rows = np.repeat(np.arange(len(roots)), np.diff(affinity.indptr))
        values = self._alpha * affinity.data / (roots[rows] * roots[affinity.indices])
        self._spreading = sp.csr_matrix((values, affinity.indices, affinity.indptr), affinity.shape)
        self._limits = self._tol * (1 - self._alpha) * roots / np.sqrt(np.mean(roots**2))

    def _push(
        self,
        scores: np.ndarray,
        residuals: np.ndarray,
        nodes: np.ndarray,
        is_reached: np.ndarray,
    ) -> None:
        compiled(_push_from_queue)(
            self._spreading.indptr,
            self._spreading.indices,
            self._spreading.data,
            self._limits,
            scores,
            residuals,
            is_reached,
            np.unique(nodes),
        )


def _push_from_queue(  # type: ignore[no-untyped-def]
    starts, neighbors, values, limits, scores, residuals, is_reached, nodes
):  # pragma: no cover - compiled
    """Add residuals above their limits to the scores, node by node from a queue."""
    n_nodes = len(limits)
    queue = np.empty(n_nodes, dtype=np.int64)
    is_queued = np.zeros(n_nodes, dtype=np.bool_)
    first, length = 0, 0
    for node in nodes:
        if abs(residuals[node]) > limits[node]:
            queue[length] = node
            is_queued[node] = True
            length += 1
    while length > 0:
        i = queue[first]
        first = first + 1 if first + 1 < n_nodes else 0
        length -= 1
        is_queued[i] = False
        amount = residuals[i]
        residuals[i] = 0.0
        scores[i] += amount
        is_reached[i] = True
        for place in range(starts[i], starts[i + 1]):
            j = neighbors[place]
            residuals[j] += values[place] * amount
            if not is_queued[j] and abs(residuals[j]) > limits[j]:
                is_queued[j] = True
                queue[(first + length) % n_nodes] = j
                length += 1
