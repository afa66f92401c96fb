"""Class probabilities from spread scores, of nodes and of samples outside the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from skactive.semi_supervised._labeled_nodes import NodeLabelingClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Weight of the uniform prior at every node. A label adds at least 1 to the score of its own node,
# so that the prior decides only if scores are close to 0.
PRIOR = 0.005


class NodeScoringClassifier(NodeLabelingClassifier):
    """Base class that computes class probabilities from scores of nodes and a vote."""

    class_mass: float
    half_vote: float | None

    def nearest_nodes(self, X: ArrayLike | sp.spmatrix) -> tuple[np.ndarray, np.ndarray]:
        """Find the nearest nodes of samples outside the graph.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        nodes : ndarray of int of shape (n_queries, n_neighbors)
            Their nearest nodes.
        weights : ndarray of shape (n_queries, n_neighbors)
            Their weights in a mean; rows add up to 1.
        """
        self._check_fitted()
        distances, nodes = self.graph_.kneighbors(X)
        weights = self.graph_.similarities(distances, nodes)
        # A sample too far from all nodes for a similarity above 0 gets equal weights.
        weights = np.maximum(weights, np.finfo(np.float64).tiny)
        return nodes, weights / weights.sum(axis=1, keepdims=True)

    def spread_at(self, nearest: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Return the spread labels at samples outside the graph, without the vote.

        Parameters
        ----------
        nearest : tuple of (nodes, weights)
            The result of `nearest_nodes`.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            The weighted mean of the nodes.
        """
        nodes, weights = nearest
        used, places = np.unique(nodes, return_inverse=True)
        spread = self.spread_distributions(used)
        mean = np.einsum("qk,qkc->qc", weights, spread[places.reshape(nodes.shape)])
        # `log_loss` refuses probabilities above 1, which rounding of the weights could give.
        return np.minimum(mean, 1.0)

    def spread_distributions(self, nodes: ArrayLike | slice = slice(None)) -> np.ndarray:
        """Return the spread labels at nodes, without the vote.

        Parameters
        ----------
        nodes : array-like of int of shape (n,) or slice, default=slice(None)
            Ids of nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1.
        """
        classes = self.classes_.tolist()
        masses = self._spread.masses(classes)[np.newaxis]
        return self._normalized(self._spread.scores(classes, nodes), masses)

    def is_reached(self) -> np.ndarray:
        """Return whether a label has ever spread to each node.

        Returns
        -------
        is_reached : ndarray of bool of shape (n_nodes,)
            The probabilities of all other nodes are uniform. Nodes stay marked after labels were
            removed. The array must not be changed.
        """
        self._check_fitted()
        return self._spread.is_reached

    def held_out_distributions(self, nodes: ArrayLike) -> np.ndarray:
        """Return the spread labels at labelled nodes, each without its own label.

        Parameters
        ----------
        nodes : array-like of int of shape (n,)
            Ids of labelled nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1. Cost: one spreading for each node in the first call; the results are
            cached until nodes are added.
        """
        nodes = self._check_nodes(nodes)
        classes = self.classes_.tolist()
        labels = self._labeled.labels_of(self._ids[nodes])
        rows, columns = np.arange(len(nodes)), np.searchsorted(self.classes_, labels)
        scores = self._spread.scores(classes, nodes)
        masses = np.repeat(self._spread.masses(classes)[np.newaxis], len(nodes), axis=0)
        own, spread = self._spread.own_contributions(nodes)
        scores[rows, columns] = np.maximum(scores[rows, columns] - own, 0.0)
        # Without its only label, a class has no mass but that of rounding and the tolerance.
        left = masses[rows, columns] - spread
        masses[rows, columns] = np.where(left > 1e-6 * spread, left, 0.0)
        return self._normalized(scores, masses)

    def mixed(self, spread: np.ndarray, vote: np.ndarray | None) -> np.ndarray:
        """Return the mixture of spread labels and vote, weighted by the number of labels.

        Parameters
        ----------
        spread, vote : ndarray of shape (n, n_classes)
            Probabilities, or shares of them. If `vote` is None, `spread` is returned.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1 if those of both arguments do.
        """
        if vote is None or self.half_vote is None:
            return spread
        n_labeled = len(self._labeled)
        share = n_labeled / (n_labeled + float(self.half_vote))
        mixture = (1 - share) * spread
        mixture += share * vote
        return mixture

    def _spread_shares(
        self, nearest: tuple[np.ndarray, np.ndarray], labeled: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the shares of the labelled nodes and of the prior in the spread labels."""
        nodes, weights = nearest
        used, places = np.unique(nodes, return_inverse=True)
        classes = self.classes_.tolist()
        masses = self._spread.masses(classes)[np.newaxis]
        scores = self._weighted(self._spread.scores(classes, used), masses)
        whole = scores.sum(axis=1) + PRIOR
        codes = np.searchsorted(self.classes_, self.y_labeled_)
        is_of = np.eye(len(classes))[codes]
        # The labels of a class share its score in proportion to their contributions; if all of
        # these are close to 0, equally.
        reached = self._spread.contributions(used, labeled) + np.finfo(np.float64).tiny
        of_class = (scores / whole[:, np.newaxis]) / np.maximum(
            reached @ is_of, np.finfo(np.float64).tiny
        )
        shares, places = reached * of_class[:, codes], places.reshape(nodes.shape)
        return (
            np.einsum("qk,qkl->ql", weights, shares[places]),
            np.einsum("qk,qk->q", weights, (PRIOR / whole)[places]),
        )

    def _weighted(self, scores: np.ndarray, masses: np.ndarray) -> np.ndarray:
        factors = np.zeros(masses.shape)
        has_mass = masses > 0
        factors[has_mass] = masses[has_mass] ** -float(self.class_mass)
        # The sum of all scores stays the same.
        total, whole = (masses * factors).sum(axis=1), masses.sum(axis=1)
        factors *= np.divide(whole, total, out=np.zeros_like(total), where=total > 0)[:, np.newaxis]
        scores *= factors
        return scores

    def _normalized(self, scores: np.ndarray, masses: np.ndarray) -> np.ndarray:
        scores = self._weighted(scores, masses)
        scores += PRIOR / scores.shape[1]
        # Class by class, so that the sum of a row does not depend on the other rows.
        scores /= sum(scores.T)[:, np.newaxis]
        return scores
