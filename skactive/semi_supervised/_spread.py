"""The solution of label spreading, updated label by label."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.compiled import compiled
from skactive._engine.label_arrays import places_among

# So many labels of a class are spread together, and the labels after them one by one. A new label
# completes a group once in `GROUP` times, and all labels of its class are spread again, which costs
# as much as about ten single labels.
GROUP = 32


class Spread:
    """Hold F = (I - alpha S)^-1 Y for labels Y that are added and removed one by one.

    S is the affinity of the graph, symmetrically normalised by the degrees d. The residual
    R = Y - (I - alpha S) F is stored beside F. A label adds 1 to R at its node. Then every
    residual r_j above tol (1 - alpha) sqrt(d_j / mean(d)) is added to F, and alpha S r to the
    residuals of its neighbours, until no residual is above its limit. Since sqrt(d) is an
    eigenvector of S, the error of F at node i is then below tol sqrt(d_i / mean(d)).

    F depends on the affinity and on the labels in their order, not on labels that were removed,
    nor on the calls in which the labels came: all complete groups of `GROUP` labels of a class are
    spread together, the other labels after them one by one. A class whose labels change otherwise
    than by an addition is spread from the start.

    A class may have an anchor beside its labels: amounts that are added to R at several nodes. Its
    scores and their sum are stored apart, so that they can be weighted.

    Parameters
    ----------
    affinity : CSR matrix of shape (n_nodes, n_nodes)
        Symmetric and not negative.
    alpha : float
        In [0, 1): the share of a node's score that comes from its neighbours.
    tol : float
        Bound on the error of scores. A label adds at least 1 to the score of its own node.
    contributions : dict, default=None
        The cache of `contribution`, shared with another solution on the same graph.

    Attributes
    ----------
    is_reached : ndarray of bool of shape (n_nodes,)
        Whether F of any class has ever been other than 0 at the node.
    """

    def __init__(
        self,
        affinity: sp.csr_matrix,
        *,
        alpha: float,
        tol: float,
        contributions: dict[int, tuple[np.ndarray, np.ndarray]] | None = None,
    ) -> None:
        self._alpha, self._tol = alpha, tol
        # For each class, the nodes with its label, F, and R times the roots of the degrees.
        self._columns: dict[Any, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self._masses: dict[Any, float] = {}
        # For each class with an anchor, its scores and their sum.
        self._anchors: dict[Any, tuple[np.ndarray, float]] = {}
        self._contributions = {} if contributions is None else contributions
        self._set_affinity(affinity)
        self.is_reached = np.zeros(self.n_nodes, dtype=bool)

    def __getstate__(self) -> dict[str, Any]:
        # Formats such as skops cannot store keys that are booleans, as labels may be.
        state = {**self.__dict__, "_masses": {}, "_contributions": {}}
        return state | {name: list(state[name].items()) for name in ("_columns", "_anchors")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        dicts = {name: dict(state[name]) for name in ("_columns", "_anchors")}
        self.__dict__.update(state, **dicts)

    def beside(self) -> Spread:
        """Return a solution for other labels on the same graph, which shares `contribution`."""
        return Spread(
            self._affinity, alpha=self._alpha, tol=self._tol, contributions=self._contributions
        )

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self._roots)

    def assign(self, label: Any, nodes: np.ndarray) -> None:
        """Set the nodes that have a label, in the order in which they were labelled.

        Cost: one spreading for each further node. If nodes were removed or inserted, one for all
        groups and one for each node after them.
        """
        self._masses.pop(label, None)
        # Without the column until it is complete, an interrupted call can be repeated.
        column = self._columns.pop(label, None)
        n_grouped = len(nodes) - len(nodes) % GROUP
        if column is not None and self._continues(column[0], nodes, n_grouped):
            n_spread, scores, residuals = len(column[0]), *column[1:]
        else:
            n_spread, scores, residuals = 0, np.zeros(self.n_nodes), np.zeros(self.n_nodes)
        if n_spread < n_grouped:
            self._push(scores, residuals, nodes[:n_grouped], self.is_reached)
            n_spread = n_grouped
        for place in range(n_spread, len(nodes)):
            self._push(scores, residuals, nodes[place : place + 1], self.is_reached)
        if len(nodes):
            self._columns[label] = nodes, scores, residuals

    def anchor(self, label: Any, nodes: np.ndarray, amounts: np.ndarray) -> None:
        """Set the anchor of a class.

        Parameters
        ----------
        label : label
            The class.
        nodes : ndarray of int of shape (n,)
            The nodes at which it starts to spread. They may repeat.
        amounts : ndarray of shape (n,)
            What it adds there, not negative. A label adds 1.
        """
        scores, residuals = np.zeros(self.n_nodes), np.zeros(self.n_nodes)
        self._push(scores, residuals, nodes, self.is_reached, amounts)
        self._anchors[label] = scores, float(scores.sum())

    def join(self, affinity: sp.csr_matrix) -> None:
        """Add nodes: the last nodes of a larger affinity, whose other entries may change too.

        All labels are spread again. Anchors are removed: the caller sets them again, since other
        nodes may be nearest to them.
        """
        self._anchors.clear()
        n_before = self.n_nodes
        self._contributions = {}
        self._set_affinity(affinity)
        n_new = self.n_nodes - n_before
        self.is_reached = np.concatenate([self.is_reached, np.zeros(n_new, dtype=bool)])
        labels = {label: nodes for label, (nodes, _, _) in self._columns.items()}
        self._columns.clear()
        for label, nodes in labels.items():
            self.assign(label, nodes)

    def scores(
        self, labels: Any, nodes: Any = slice(None), anchor_weight: float = 0.0
    ) -> np.ndarray:
        """Return F at given nodes and classes, shape (n, n_classes), never negative.

        The scores of anchors are added with a weight.
        """
        columns = np.zeros((len(self._roots[nodes]), len(labels)), order="F")
        for place, label in enumerate(labels):
            if label in self._columns:
                columns[:, place] = self._columns[label][1][nodes]
            if label in self._anchors:
                columns[:, place] += anchor_weight * self._anchors[label][0][nodes]
        return columns

    def anchor_scores(self, labels: Any, nodes: Any = slice(None)) -> np.ndarray:
        """Return the scores of the anchors of classes at nodes, shape (n, n_classes)."""
        columns = np.zeros((len(self._roots[nodes]), len(labels)), order="F")
        for place, label in enumerate(labels):
            if label in self._anchors:
                columns[:, place] = self._anchors[label][0][nodes]
        return columns

    def masses(self, labels: Any, anchor_weight: float = 0.0) -> np.ndarray:
        """Return the sum over all nodes of `scores`, for each of the given classes."""
        for label in set(labels) & set(self._columns) - set(self._masses):
            self._masses[label] = float(self._columns[label][1].sum())
        of_labels = np.array([self._masses.get(label, 0.0) for label in labels])
        of_anchors = np.array([self._anchors.get(label, (None, 0.0))[1] for label in labels])
        return of_labels + anchor_weight * of_anchors

    def contribution(self, node: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the nodes that a label at a node reaches, ascending, and its scores there.

        Cost: one spreading in the first call; the result is cached until nodes are added.
        """
        if node not in self._contributions:
            scores, residuals = np.zeros(self.n_nodes), np.zeros(self.n_nodes)
            self._push(scores, residuals, np.array([node]), np.zeros(self.n_nodes, dtype=bool))
            reached = np.flatnonzero(scores)
            self._contributions[node] = reached.astype(np.int32), scores[reached]
        return self._contributions[node]

    def contributions(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the nodes that a label at each of some nodes reaches, and its scores there.

        Returns
        -------
        lengths : ndarray of int of shape (n,)
            Number of nodes that each label reaches.
        reached, scores : ndarray of shape (sum(lengths),)
            The results of `contribution`, one after another.
        """
        found = [self.contribution(node) for node in nodes.tolist()]
        lengths = np.array([len(reached) for reached, _ in found], dtype=np.intp)
        reached = np.concatenate([*[one for one, _ in found], np.empty(0, dtype=np.int32)])
        return lengths, reached, np.concatenate([*[one for _, one in found], np.empty(0)])

    def contributions_at(self, nodes: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the contribution of a label at each other to each node, shape (n, n_others)."""
        found = np.zeros((len(nodes), len(others)))
        for column, other in enumerate(others.tolist()):
            reached, scores = self.contribution(other)
            places = places_among(nodes, reached)
            found[:, column] = np.where(places >= 0, scores[places], 0.0)
        return found

    def _continues(self, spread: np.ndarray, nodes: np.ndarray, n_grouped: int) -> bool:
        """Return whether nodes were only added, without completing a group."""
        n_spread = len(spread)
        return n_grouped <= n_spread and np.array_equal(spread, nodes[:n_spread])

    def _set_affinity(self, affinity: sp.csr_matrix) -> None:
        self._affinity = affinity
        degrees = np.empty(affinity.shape[0])
        compiled(_row_sums)(affinity.indptr, affinity.data, degrees)
        # A node without neighbours has the degree 0.
        self._roots = np.sqrt(np.where(degrees > 0, degrees, 1.0))
        self._limit = self._tol * (1 - self._alpha) / np.sqrt(np.mean(self._roots**2))

    def _push(
        self,
        scores: np.ndarray,
        residuals: np.ndarray,
        nodes: np.ndarray,
        is_reached: np.ndarray,
        amounts: float | np.ndarray = 1.0,
    ) -> None:
        """Add amounts to the residuals of nodes, and spread residuals above their limits."""
        np.add.at(residuals, nodes, amounts * self._roots[nodes])
        compiled(_push_from_queue)(
            self._affinity.indptr,
            self._affinity.indices,
            self._affinity.data,
            self._roots,
            self._alpha,
            self._limit,
            scores,
            residuals,
            is_reached,
            np.unique(nodes),
        )


def _row_sums(starts, values, sums):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for row in range(len(sums)):
        total = 0.0
        for place in range(starts[row], starts[row + 1]):
            total += values[place]
        sums[row] = total


def _push_from_queue(  # type: ignore[no-untyped-def]
    starts, neighbors, affinities, roots, alpha, limit, scores, residuals, is_reached, nodes
):  # pragma: no cover - compiled
    """Add residuals above their limits to the scores, node by node from a queue.

    The residuals are times the roots of the degrees, so that affinities need not be normalised.
    """
    n_nodes = len(roots)
    queue = np.empty(n_nodes, dtype=np.int64)
    is_queued = np.zeros(n_nodes, dtype=np.bool_)
    first, length = 0, 0
    for node in nodes:
        if residuals[node] > limit * roots[node] * roots[node]:
            queue[length] = node
            is_queued[node] = True
            length += 1
    while length > 0:
        i = queue[first]
        first = first + 1 if first + 1 < n_nodes else 0
        length -= 1
        is_queued[i] = False
        amount = residuals[i] / roots[i]
        residuals[i] = 0.0
        scores[i] += amount
        is_reached[i] = True
        share = alpha * amount / roots[i]
        for place in range(starts[i], starts[i + 1]):
            j = neighbors[place]
            residuals[j] += affinities[place] * share
            if not is_queued[j] and residuals[j] > limit * roots[j] * roots[j]:
                is_queued[j] = True
                queue[(first + length) % n_nodes] = j
                length += 1
