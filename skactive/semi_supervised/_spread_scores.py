"""Probabilities from the scores that labels give to nodes and to samples near them."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive.semi_supervised._labeled_nodes import NodeLabelingClassifier

# What the uniform prior counts at every node, where a label gives its own node at least 1: it
# decides only where next to nothing arrives.
PRIOR = 0.005


class NodeScoringClassifier(NodeLabelingClassifier):
    """Base class that turns scores of nodes into class probabilities, and mixes in a vote."""

    class_mass: float
    half_vote: float | None

    def nearest_nodes(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Find the nodes that speak for samples outside the graph.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        nodes : ndarray of int of shape (n_queries, n_neighbors)
            Their nearest nodes.
        weights : ndarray of shape (n_queries, n_neighbors)
            What each counts; rows add up to 1.
        """
        self._check_fitted()
        distances, nodes = self.graph_.kneighbors(X)
        weights = self.graph_.similarities(distances, nodes)
        # A sample so far out that it is like none is given the mean of its nearest nodes.
        weights = np.maximum(weights, np.finfo(np.float64).tiny)
        return nodes, weights / weights.sum(axis=1, keepdims=True)

    def spread_at(self, nearest: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Return what spreads to samples outside the graph, the vote left out.

        Parameters
        ----------
        nearest : tuple of (nodes, weights)
            What `nearest_nodes` returned.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            The weighted mean of the nodes.
        """
        nodes, weights = nearest
        used, places = np.unique(nodes, return_inverse=True)
        spread = self.spread_distributions(used)
        mean = np.einsum("qk,qkc->qc", weights, spread[places.reshape(nodes.shape)])
        # By rounding, weights may add up to more than 1, which `log_loss` refuses.
        return np.minimum(mean, 1.0)

    def spread_distributions(self, nodes: Any = slice(None)) -> np.ndarray:
        """Return what spreads to nodes, the vote left out.

        Parameters
        ----------
        nodes : array-like of int of shape (n,), default=slice(None)
            Which nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1.
        """
        classes = self.classes_.tolist()
        masses = self._spread.masses(classes)[np.newaxis]
        return self._normalized(self._spread.scores(classes, nodes), masses)

    def is_reached(self) -> np.ndarray:
        """Tell which nodes labels have ever spread to: at all others probabilities are uniform.

        Returns
        -------
        is_reached : ndarray of bool of shape (n_nodes,)
            Not to be changed. Some may not be reached any more, after labels were taken back.
        """
        self._check_fitted()
        return self._spread.is_reached

    def held_out_distributions(self, nodes: Any) -> np.ndarray:
        """Return what spreads to labelled nodes, each as if its own label were not known.

        Parameters
        ----------
        nodes : array-like of int of shape (n,)
            Labelled nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1. A label costs one spreading of its own the first time it is asked
            for, then nothing until samples join.
        """
        nodes = self._check_nodes(nodes)
        classes = self.classes_.tolist()
        labels = self._labeled.labels_of(self._ids[nodes])
        rows, columns = np.arange(len(nodes)), np.searchsorted(self.classes_, labels)
        scores = self._spread.scores(classes, nodes)
        masses = np.repeat(self._spread.masses(classes)[np.newaxis], len(nodes), axis=0)
        own, spread = self._spread.own_contributions(nodes)
        scores[rows, columns] = np.maximum(scores[rows, columns] - own, 0.0)
        # The last label of a class leaves no more than what rounding and the tolerance do.
        left = masses[rows, columns] - spread
        masses[rows, columns] = np.where(left > 1e-6 * spread, left, 0.0)
        return self._normalized(scores, masses)

    def mixed(self, spread: np.ndarray, vote: np.ndarray | None) -> np.ndarray:
        """Return the mixture of what spreads and of the vote, by the number of labels.

        Parameters
        ----------
        spread, vote : ndarray of shape (n, n_classes)
            Probabilities, or shares of them. Where `vote` is None there is none.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Where rows of both add up to 1, so do these.
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
        """Return what each label has of what spreads to samples, and what the prior has."""
        nodes, weights = nearest
        used, places = np.unique(nodes, return_inverse=True)
        classes = self.classes_.tolist()
        masses = self._spread.masses(classes)[np.newaxis]
        scores = self._weighted(self._spread.scores(classes, used), masses)
        whole = scores.sum(axis=1) + PRIOR
        codes = np.searchsorted(self.classes_, self.y_labeled_)
        is_of = np.eye(len(classes))[codes]
        # Labels of a class share its score as they spread; those that hardly do, alike.
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
        # On the whole, scores stay as large as they were.
        total, whole = (masses * factors).sum(axis=1), masses.sum(axis=1)
        factors *= np.divide(whole, total, out=np.zeros_like(total), where=total > 0)[:, np.newaxis]
        scores *= factors
        return scores

    def _normalized(self, scores: np.ndarray, masses: np.ndarray) -> np.ndarray:
        scores = self._weighted(scores, masses)
        scores += PRIOR / scores.shape[1]
        # Class by class, so that a row has the same sum whichever rows are beside it.
        scores /= sum(scores.T)[:, np.newaxis]
        return scores
