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
    owners, reached : ndarray of int of shape (n_reached,)
        Pairs of a label, by its position in `nodes`, and a node that it reaches, both ascending.
    contributions : ndarray of shape (n_reached,)
        The contribution of the label to the score of this node.
    """

    nodes: np.ndarray
    codes: np.ndarray
    factors: np.ndarray
    owners: np.ndarray
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
        pairs = places_among(labels * n_nodes + nodes, self.owners * n_nodes + self.reached)
        removed = np.zeros(len(nodes))
        removed[pairs >= 0] = self.contributions[pairs[pairs >= 0]]
        places, nothing = np.searchsorted(at.nodes, nodes), np.zeros(at.scores.shape)
        return self._sums(at, labels, places, removed, weights.ravel(), nothing)

    def changes(
        self, at: SpreadScores, before: np.ndarray, place_of: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """Return the weighted sums of the changes at all nodes that each label reaches.

        Parameters
        ----------
        at : SpreadScores
            The scores of nodes. Other nodes have the weight 0.
        before : ndarray of shape (n, n_classes)
            The probabilities at these nodes with all labels.
        place_of : ndarray of int of shape (n_nodes,)
            The position of each node of the graph in `at.nodes`, or -1.
        weights : ndarray of shape (n_labels, n)
            Their weights, for each label.
        """
        places = place_of[self.reached]
        return self._sums(
            at, self.owners, places, self.contributions, weights[self.owners, places], before
        )

    def _sums(
        self,
        at: SpreadScores,
        labels: np.ndarray,
        places: np.ndarray,
        removed: np.ndarray,
        weights: np.ndarray,
        before: np.ndarray,
    ) -> np.ndarray:
        """Return for each label the weighted sum of probabilities at places, less those before."""
        sums = np.zeros(self.factors.shape)
        compiled(_add_weighted)(
            labels, places, removed, weights, self.nodes, self.codes, self.factors,
            at.nodes, at.scores, at.codes, at.prior, before, sums,
        )  # fmt: skip
        return sums


def _add_weighted(  # type: ignore[no-untyped-def]
    labels, places, removed, weights, held_out, codes, factors,
    nodes, scores, own_codes, prior, before, sums,
):  # pragma: no cover - compiled  # fmt: skip
    n_classes = factors.shape[1]
    values = np.empty(n_classes)
    for pair in range(len(labels)):
        label, place, weight = labels[pair], places[pair], weights[pair]
        if place < 0:
            continue
        own = own_codes[place]
        total = 0.0
        if own >= 0 and nodes[place] != held_out[label]:
            # A labelled node has its own label.
            for column in range(n_classes):
                values[column] = prior / n_classes
            values[own] += 1 - prior
            total = 1.0
        else:
            for column in range(n_classes):
                score = scores[place, column]
                if column == codes[label]:
                    score = max(score - removed[pair], 0.0)
                values[column] = score * factors[label, column] + prior / n_classes
                total += values[column]
        share = weight / total
        for column in range(n_classes):
            sums[label, column] += share * values[column] - weight * before[place, column]
