"""Spread labels without the label of one node, for many nodes at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skactive._engine.compiled import compiled
from skactive._engine.label_arrays import places_among


@dataclass(frozen=True)
class SpreadScores:
    """What class probabilities at some nodes are computed from, along one graph.

    Attributes
    ----------
    nodes : ndarray of int of shape (n,)
        The nodes, ascending.
    scores : ndarray of shape (n, n_classes)
        The scores of the nodes.
    codes : ndarray of int of shape (n,)
        The class of a labelled node, or -1.
    prior : float
        The weight of the uniform prior, which a node's own label has for the other classes.
    """

    nodes: np.ndarray
    scores: np.ndarray
    codes: np.ndarray
    prior: float


@dataclass(frozen=True)
class HeldOutLabels:
    """Labels that are left out one by one.

    Attributes
    ----------
    nodes, codes : ndarray of int of shape (n_labels,)
        Their nodes and classes.
    factors : ndarray of shape (n_labels, n_classes)
        The factors of the scores of the classes without the label.
    starts : ndarray of int of shape (n_labels + 1,)
        Where the nodes that a label reaches begin in the next two arrays.
    reached, contributions : ndarray of shape (n_reached,)
        These nodes, ascending for each label, and the contribution of the label to their scores.
    """

    nodes: np.ndarray
    codes: np.ndarray
    factors: np.ndarray
    starts: np.ndarray
    reached: np.ndarray
    contributions: np.ndarray

    def means(self, at: SpreadScores, neighbors: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the weighted means over neighbours of each node, without its label.

        Parameters
        ----------
        at : SpreadScores
            The scores of all neighbours.
        neighbors : ndarray of int of shape (n_labels, n_neighbors)
            The neighbours of the nodes.
        weights : ndarray of shape (n_labels, n_neighbors)
            Their weights.
        """
        labels = np.repeat(np.arange(len(self.nodes)), neighbors.shape[1])
        nodes = neighbors.ravel()
        n_nodes = 1 + max(nodes.max(initial=0), self.reached.max(initial=0))
        # Labels and the nodes that they reach are in the order of these numbers.
        places = places_among(labels * n_nodes + nodes, self._owners() * n_nodes + self.reached)
        removed = np.zeros(len(nodes))
        removed[places >= 0] = self.contributions[places[places >= 0]]
        nothing = np.zeros(at.scores.shape)
        return self._sums(at, labels, nodes, removed, weights.ravel(), nothing)

    def changes(self, at: SpreadScores, before: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the weighted sums of the changes at all nodes that each label reaches.

        Parameters
        ----------
        at : SpreadScores
            The scores of nodes. Other nodes have the weight 0.
        before : ndarray of shape (n, n_classes)
            The probabilities at these nodes with all labels.
        weights : ndarray of shape (n_labels, n)
            Their weights, for each label.
        """
        places = places_among(self.reached, at.nodes)
        some = np.flatnonzero(places >= 0)
        labels, nodes, removed = self._owners()[some], self.reached[some], self.contributions[some]
        return self._sums(at, labels, nodes, removed, weights[labels, places[some]], before)

    def _owners(self) -> np.ndarray:
        """Return the label of each of the nodes that labels reach."""
        return np.repeat(np.arange(len(self.nodes)), np.diff(self.starts))

    def _sums(
        self,
        at: SpreadScores,
        labels: np.ndarray,
        nodes: np.ndarray,
        removed: np.ndarray,
        weights: np.ndarray,
        before: np.ndarray,
    ) -> np.ndarray:
        """Return for each label the weighted sum of probabilities at nodes, less those before."""
        sums = np.zeros(self.factors.shape)
        places, is_own = np.searchsorted(at.nodes, nodes), nodes == self.nodes[labels]
        compiled(_add_weighted)(
            labels, places, is_own, removed, weights, self.codes, self.factors,
            at.scores, at.codes, at.prior, before, sums,
        )  # fmt: skip
        return sums


def _add_weighted(  # type: ignore[no-untyped-def]
    labels, places, is_own, removed, weights, codes, factors, scores, own_codes, prior, before, sums
):  # pragma: no cover - compiled
    n_classes = factors.shape[1]
    values = np.empty(n_classes)
    for pair in range(len(labels)):
        label, place, weight = labels[pair], places[pair], weights[pair]
        if own_codes[place] >= 0 and not is_own[pair]:
            # A labelled node has its own label.
            values[:] = prior / n_classes
            values[own_codes[place]] += 1 - prior
        else:
            for column in range(n_classes):
                score = scores[place, column]
                if column == codes[label]:
                    score = max(score - removed[pair], 0.0)
                values[column] = score * factors[label, column] + prior / n_classes
            values /= values.sum()
        for column in range(n_classes):
            sums[label, column] += weight * (values[column] - before[place, column])
