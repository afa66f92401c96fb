"""Labels spread over a neighbour graph, kept up to date label by label."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.compiled import compiled


class Spread:
    """Hold F = (I - alpha S)^-1 Y for labels Y that come and go one by one.

    S is the affinity of the graph, symmetrically normalised by the degrees d. What is not spread
    yet is kept beside F as the residual R = Y - (I - alpha S) F. A label adds 1 to R at its node;
    then every residual r_j above tol (1 - alpha) sqrt(d_j / d) (d the mean degree) moves to F, and
    alpha S r to the residuals of its neighbours, until none is above. Since sqrt(d) is an
    eigenvector of S, F is then off by less than tol sqrt(d_i / d) at node i, whatever came before.

    Parameters
    ----------
    affinity : CSR matrix of shape (n_nodes, n_nodes)
        Symmetric and not negative.
    alpha : float
        In [0, 1): how much of its score a node takes from its neighbours.
    tol : float
        How far scores may be off; a label gives its own node a score of at least 1.

    Attributes
    ----------
    is_reached : ndarray of bool of shape (n_nodes,)
        Where F of any class has ever been other than 0.
    """

    def __init__(self, affinity: sp.csr_matrix, *, alpha: float, tol: float) -> None:
        self._alpha, self._tol = alpha, tol
        self._columns: dict[Any, tuple[np.ndarray, np.ndarray]] = {}
        self._masses: dict[Any, float] = {}
        self._own_contributions: dict[int, tuple[float, float]] = {}
        self._set_affinity(affinity)
        self.is_reached = np.zeros(self.n_nodes, dtype=bool)

    def __getstate__(self) -> dict[str, Any]:
        # Labels may be booleans, which formats such as skops cannot store as keys.
        return {**self.__dict__, "_columns": list(self._columns.items()), "_masses": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _columns=dict(state["_columns"]))

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self._limits)

    def add(self, nodes: np.ndarray, label: Any, amount: float = 1.0) -> None:
        """Add to what nodes say of a class: 1 for a label, -1 to take it back."""
        if label not in self._columns:
            self._columns[label] = (np.zeros(self.n_nodes), np.zeros(self.n_nodes))
        scores, residuals = self._columns[label]
        self._masses.pop(label, None)
        np.add.at(residuals, nodes, amount)
        self._push(scores, residuals, nodes, self.is_reached)

    def join(self, affinity: sp.csr_matrix) -> None:
        """Take in further nodes, the last of a larger affinity, which may change the others' too.

        Cost: O(n_edges) for each class, and what the change sets in motion.
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
        """Return F at some nodes, a column for each of some classes, never negative."""
        columns = np.zeros((len(self._limits[nodes]), len(labels)), order="F")
        for place, label in enumerate(labels):
            if label in self._columns:
                # Where labels were taken back, the tolerance may leave a little less than nothing.
                np.maximum(self._columns[label][0][nodes], 0.0, out=columns[:, place])
        return columns

    def masses(self, labels: Any) -> np.ndarray:
        """Return the sum of F over all nodes for each of some classes."""
        for label in set(labels) & set(self._columns) - set(self._masses):
            self._masses[label] = float(self._columns[label][0].sum())
        return np.maximum([self._masses.get(label, 0.0) for label in labels], 0.0)

    def own_contributions(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what each node's label adds to its own score, and to its class over all nodes."""
        for node in nodes.tolist():
            if node not in self._own_contributions:
                scores = self._spread_from(node)
                self._own_contributions[node] = float(scores[node]), float(scores.sum())
        own = np.array([self._own_contributions[node] for node in nodes.tolist()]).reshape(-1, 2)
        return own[:, 0], own[:, 1]

    def contributions(self, nodes: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return what a label at one of the others adds to each node, shape (n, n_others).

        The matrix is symmetric, so that it takes one spreading for each of the nodes.
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
        # A node without neighbours keeps to itself.
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
    """Move residuals above their limits to the scores, node by node from a queue."""
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
