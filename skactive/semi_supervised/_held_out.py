"""Spread labels without the label of one node, for many nodes at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skactive._engine.compiled import compiled


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
        means = np.zeros(self.factors.shape)
        places = np.searchsorted(at.nodes, neighbors)
        compiled(_add_means)(*self._arrays(at), neighbors, places, weights, means)
        return means

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
        changes = np.zeros(self.factors.shape)
        places = np.searchsorted(at.nodes, self.reached)
        places[places == len(at.nodes)] = 0
        places[at.nodes[places] != self.reached] = -1
        compiled(_add_changes)(*self._arrays(at), places, before, weights, changes)
        return changes

    def _arrays(self, at: SpreadScores) -> tuple[np.ndarray | float, ...]:
        labels = self.nodes, self.codes, self.factors
        reached = self.starts, self.reached, self.contributions
        return *labels, *reached, at.scores, at.codes, at.prior


def _add_means(  # type: ignore[no-untyped-def]
    nodes, codes, factors, starts, reached, contributions, scores, own, prior,
    neighbors, places, weights, means,
):  # fmt: skip # pragma: no cover - compiled
    n_classes = factors.shape[1]
    values = np.empty(n_classes)
    for label in range(len(nodes)):
        first, last = starts[label], starts[label + 1]
        for turn in range(neighbors.shape[1]):
            node, place, weight = neighbors[label, turn], places[label, turn], weights[label, turn]
            if weight == 0.0:
                continue
            if own[place] >= 0 and node != nodes[label]:
                means[label] += weight * prior / n_classes
                means[label, own[place]] += weight * (1 - prior)
                continue
            at = first + np.searchsorted(reached[first:last], node)
            removed = contributions[at] if at < last and reached[at] == node else 0.0
            total = 0.0
            for column in range(n_classes):
                score = scores[place, column]
                if column == codes[label]:
                    score = max(score - removed, 0.0)
                values[column] = score * factors[label, column] + prior / n_classes
                total += values[column]
            for column in range(n_classes):
                means[label, column] += weight * values[column] / total


def _add_changes(  # type: ignore[no-untyped-def]
    nodes, codes, factors, starts, reached, contributions, scores, own, prior,
    places, before, weights, changes,
):  # fmt: skip # pragma: no cover - compiled
    n_classes = factors.shape[1]
    values = np.empty(n_classes)
    for label in range(len(nodes)):
        for at in range(starts[label], starts[label + 1]):
            place = places[at]
            if place < 0 or (own[place] >= 0 and reached[at] != nodes[label]):
                continue
            weight, total = weights[label, place], 0.0
            for column in range(n_classes):
                score = scores[place, column]
                if column == codes[label]:
                    score = max(score - contributions[at], 0.0)
                values[column] = score * factors[label, column] + prior / n_classes
                total += values[column]
            for column in range(n_classes):
                changes[label, column] += weight * (values[column] / total - before[place, column])
