"""Class probabilities from spread scores, of nodes and of samples outside the graph."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from skactive._engine.label_arrays import is_among, places_among
from skactive.semi_supervised._class_nodes import NodeLabelingClassifier
from skactive.semi_supervised._evidence import mixture_weights, temperature, tempered
from skactive.semi_supervised._held_out import HeldOutLabels, SpreadScores
from skactive.semi_supervised._nearest_nodes import NearestNodes
from skactive.semi_supervised._spread_head import SpreadHead
from skactive.semi_supervised._spread_view import SpreadView

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Weight of the uniform prior at every node. A label adds at least 1 to the score of its own node,
# so that the prior decides only if scores are close to 0.
PRIOR = 0.005

# The number of labels that a class description is worth before there are labels, and the number of
# labels at which it is worth half as many.
DESCRIPTION_LABELS = 4
HALF_DESCRIBED = 30

# Largest number of labels whose likelihood decides on weights and temperature.
N_EVIDENCE = 100


class NodeScoringClassifier(NodeLabelingClassifier):
    """Base class that computes class probabilities from scores of nodes and a regression."""

    class_mass: float
    head_weight: float

    def spread_at(self, nearest: NearestNodes) -> np.ndarray:
        """Return the spread labels at samples outside the graph.

        Parameters
        ----------
        nearest : NearestNodes
            The result of `nearest_nodes`.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            The weighted mean of the nodes.
        """
        mean = nearest.means(self.spread_distributions(nearest.used), self.graph_weights_)
        # `log_loss` refuses probabilities above 1, which rounding of the weights could give.
        return np.minimum(mean, 1.0)

    def spread_distributions(self, nodes: ArrayLike | slice = slice(None)) -> np.ndarray:
        """Return the spread labels at nodes, without regression and calibration.

        Parameters
        ----------
        nodes : array-like of int of shape (n,) or slice, default=slice(None)
            Ids of nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1. A labelled node has its own label.
        """
        if not isinstance(nodes, slice):
            nodes = np.asarray(nodes)
        parts = [
            weight * self._spread_along(view, nodes)
            for weight, view in zip(self.graph_weights_, self._views, strict=True)
        ]
        return self._with_own_labels(sum(parts[1:], parts[0]), self._ids[nodes])

    def is_reached(self) -> np.ndarray:
        """Return whether a label or a description has ever spread to each node.

        Returns
        -------
        is_reached : ndarray of bool of shape (n_nodes,)
            The probabilities of all other nodes are uniform. Nodes stay marked after labels were
            removed. The array must not be changed.
        """
        self._check_fitted()
        reached = [view.spread.is_reached for view in self._views]
        return reached[0] if len(reached) == 1 else np.any(reached, axis=0)

    def held_out_distributions(self, nodes: ArrayLike) -> np.ndarray:
        """Return the predictions of labelled nodes, each without its own label.

        Parameters
        ----------
        nodes : array-like of int of shape (n,)
            Ids of labelled nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1. Cost: one spreading for each node in the first call, whose results
            are cached until nodes are added, and the nodes that it reaches.
        """
        held_out = self._held_out_labels(self._check_nodes(nodes))
        spread = self._mean_of_graphs(self._held_out_spread(held_out))
        learnt = self._held_out_head(held_out) if self.head_weight else None
        return tempered(self._combined(spread, learnt), self.temperature_)

    def held_out_spread(self, nodes: ArrayLike) -> np.ndarray:
        """Return the spread labels of labelled nodes, each without its own label.

        Parameters
        ----------
        nodes : array-like of int of shape (n,)
            Ids of labelled nodes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            As `spread_at` returns them for samples outside the graph. Rows add up to 1.
        """
        held_out = self._held_out_labels(self._check_nodes(nodes))
        return self._mean_of_graphs(self._held_out_spread(held_out))

    def probabilities(self, spread: np.ndarray, mapped: np.ndarray | None) -> np.ndarray:
        """Return calibrated probabilities: the spread labels combined with the regression.

        Parameters
        ----------
        spread : ndarray of shape (n, n_classes)
            The spread labels at samples.
        mapped : ndarray of shape (n, n_mapped) or None
            The result of `mapped` for the samples.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            Rows add up to 1.
        """
        learnt = None if mapped is None else self._fitted_head().probabilities(mapped)
        return tempered(self._combined(spread, learnt), self.temperature_)

    def _predicted(self, spread: np.ndarray, X: np.ndarray | sp.csr_matrix) -> np.ndarray:
        """Return `probabilities` of samples that are mapped only for this."""
        learnt = None if self.head_weight == 0 else self._fitted_head().predicted(X)
        return tempered(self._combined(spread, learnt), self.temperature_)

    def mapped(self, X: np.ndarray | sp.csr_matrix) -> np.ndarray | None:
        """Return the features of samples as the regression takes them.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n, n_features)
            The samples.

        Returns
        -------
        mapped : ndarray of shape (n, n_mapped) or None
            None if `head_weight` is 0. The result stays the same until nodes are added.
        """
        return None if self.head_weight == 0 else self._unfitted_head().map(X)

    def share_head(self, head: SpreadHead) -> None:
        """Take the kernel of the regression from another estimator with the same nodes.

        Parameters
        ----------
        head : SpreadHead
            Its regression.
        """
        if self._learnt.head is None:
            self._learnt.head = copy.copy(head)

    @property
    def graph_weights_(self) -> np.ndarray:
        """The weight of each graph in the spread labels."""
        self._check_fitted()
        n_views, learnt = len(self._views), self._learnt
        if learnt.graph_weights is None:
            learnt.graph_weights = np.full(n_views, 1 / n_views)
            if n_views > 1 and len(self._labeled):
                held_out, spread = self._evidence()
                learnt.graph_weights = mixture_weights(
                    _of_labels(spread, held_out), learnt.graph_weights
                )
        return learnt.graph_weights

    @property
    def head_weight_(self) -> float:
        """The weight of the regression in predictions."""
        return self._weight_and_temperature()[0]

    @property
    def temperature_(self) -> float:
        """The temperature of the probabilities."""
        return self._weight_and_temperature()[1]

    def _weight_and_temperature(self) -> tuple[float, float]:
        self._check_fitted(labels=True)
        if self._learnt.weight_and_temperature is None:
            weight, (held_out, spread) = float(self.head_weight), self._evidence()
            combined = self._mean_of_graphs(spread)
            if weight > 0:
                both = np.stack([combined, self._held_out_head(held_out)])
                prior = np.array([1 - weight, weight])
                weights = mixture_weights(_of_labels(both, held_out), prior)
                combined, weight = np.einsum("v,vnc->nc", weights, both), float(weights[1])
            self._learnt.weight_and_temperature = weight, temperature(combined, held_out[0].codes)
        return self._learnt.weight_and_temperature

    def _combined(self, spread: np.ndarray, learnt: np.ndarray | None) -> np.ndarray:
        if learnt is None:
            return spread
        return (1 - self.head_weight_) * spread + self.head_weight_ * learnt

    def _mean_of_graphs(self, spread: np.ndarray) -> np.ndarray:
        return np.asarray(np.einsum("v,vnc->nc", self.graph_weights_, spread))

    def _evidence(self) -> tuple[list[HeldOutLabels], np.ndarray]:
        """Return the labels that are evidence, and the held-out spread labels along each graph."""
        if self._learnt.evidence is None:
            held_out = self._held_out_labels(self._nodes_of_evidence())
            self._learnt.evidence = held_out, self._held_out_spread(held_out)
        return self._learnt.evidence

    def _nodes_of_evidence(self) -> np.ndarray:
        nodes = self.labeled_indices_
        codes = self._labeled.codes_of(self._ids[nodes])
        # No classifier can predict the only label of a class that is not described without it.
        counts = np.bincount(codes, minlength=len(self.classes_)) + self._is_described()
        places = np.flatnonzero(counts[codes] > 1)
        return nodes[places[:: max(1, -(-len(places) // N_EVIDENCE))]]

    def _unfitted_head(self) -> SpreadHead:
        if self._learnt.head is None:
            self._learnt.head = SpreadHead(self._X, self.metric)
        return self._learnt.head

    def _fitted_head(self) -> SpreadHead:
        head = self._unfitted_head()
        if self._learnt.targets is None:
            self._learnt.targets = [self._targets(view, head.nodes) for view in self._views]
            parts = [probabilities for _, probabilities in self._learnt.targets]
            targets = self._mean_of_graphs(np.stack(parts))
            is_known = is_among(self.classes_, self.y_labeled_) | self._is_described()
            # Half of the weight is on the estimated class frequencies.
            intercept = targets.mean(axis=0) / 2 + is_known / max(2 * is_known.sum(), 1)
            head.fit(targets, intercept / intercept.sum())
        return head

    def _targets(self, view: SpreadView, nodes: np.ndarray) -> tuple[SpreadScores, np.ndarray]:
        """Return the scores along a graph at nodes, and the probabilities that follow from them."""
        at = self._scores_at(view, nodes)
        probabilities = self._normalized(at.scores.copy(), self._masses(view))
        return at, self._with_own_labels(probabilities, self._ids[nodes])

    def _held_out_spread(self, held_out: list[HeldOutLabels]) -> np.ndarray:
        """Return the spread labels along each graph, predicted for each node without its label.

        As for samples outside the graph, these are means over the neighbours. Shape (n_graphs, n,
        n_classes).
        """
        found = np.empty((len(self._views), *held_out[0].factors.shape))
        for place, (view, labels) in enumerate(zip(self._views, held_out, strict=True)):
            neighbors, weights = view.neighbors(labels.nodes)
            at = self._scores_at(view, np.unique(neighbors))
            found[place] = labels.means(at, neighbors, weights)
            found[place, weights.sum(axis=1) == 0] = 1 / len(self.classes_)
        return found

    def _held_out_head(self, held_out: list[HeldOutLabels]) -> np.ndarray:
        """Return the predictions of the regression for nodes, each without its own label."""
        head = self._fitted_head()
        mapped = head.map_nodes(held_out[0].nodes, self._X)
        values, smoother = head.values(mapped), head.smoother(mapped)
        targets = self._learnt.targets or []
        for weight, labels, (at, before) in zip(
            self.graph_weights_, held_out, targets, strict=True
        ):
            values += weight * labels.changes(at, before, head.place_of, smoother)
        return head.normalized(values)

    def _spread_along(self, view: SpreadView, nodes: np.ndarray | slice) -> np.ndarray:
        return self._normalized(self._scores(view, nodes), self._masses(view))

    def _scores(self, view: SpreadView, nodes: np.ndarray | slice) -> np.ndarray:
        """Return the scores of labels and descriptions at nodes, shape (n, n_classes)."""
        return view.spread.scores(self.classes_.tolist(), nodes, self._description_weight())

    def _masses(self, view: SpreadView) -> np.ndarray:
        """Return the sums of the scores over all nodes, shape (1, n_classes)."""
        weight = self._description_weight()
        return view.spread.masses(self.classes_.tolist(), weight)[np.newaxis]

    def _scores_at(self, view: SpreadView, nodes: np.ndarray) -> SpreadScores:
        ids = self._ids[nodes]
        codes = np.full(len(ids), -1)
        codes[ids >= 0] = self._labeled.codes_of(ids[ids >= 0])
        return SpreadScores(nodes, np.ascontiguousarray(self._scores(view, nodes)), codes, PRIOR)

    def _held_out_labels(self, nodes: np.ndarray) -> list[HeldOutLabels]:
        """Return the labels of nodes, to be left out along each graph."""
        codes, rows = self._labeled.codes_of(self._ids[nodes]), np.arange(len(nodes))
        held_out = []
        for view in self._views:
            lengths, reached, contributions = view.spread.contributions(nodes)
            owners = np.repeat(rows, lengths)
            spread = np.bincount(owners, contributions, minlength=len(nodes))
            masses = np.repeat(self._masses(view), len(nodes), axis=0)
            # Without its only label, a class has no mass but that of rounding and the tolerance.
            left = masses[rows, codes] - spread
            masses[rows, codes] = np.where(left > 1e-6 * spread, left, 0.0)
            factors = self._factors(masses)
            held_out.append(HeldOutLabels(nodes, codes, factors, owners, reached, contributions))
        return held_out

    def _with_own_labels(self, probabilities: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Set the rows of labelled nodes to their labels."""
        rows = np.flatnonzero(ids >= 0)
        if len(rows):
            probabilities[rows] = PRIOR / probabilities.shape[1]
            probabilities[rows, self._labeled.codes_of(ids[rows])] += 1 - PRIOR
        return probabilities

    def shares(
        self,
        probabilities: np.ndarray,
        nearest: NearestNodes,
        mapped: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the shares of the labelled nodes and of the prior in predictions.

        Parameters
        ----------
        probabilities : ndarray of shape (n, n_classes)
            The predictions of samples.
        nearest : NearestNodes
            Their nearest nodes.
        mapped : ndarray of shape (n, n_mapped) or None
            The result of `mapped` for them.

        Returns
        -------
        shares : ndarray of shape (n, n_labeled)
            The shares of `labeled_indices_`.
        prior : ndarray of shape (n,)
            The share of the prior.
        """
        parts = nearest.means(self._spread_shares(nearest.used), self.graph_weights_)
        if mapped is not None:
            head = self._fitted_head()
            learnt = head.regressed(mapped, self._spread_shares(head.nodes))
            parts = self._combined(parts, np.maximum(learnt, 0.0))
        # The rest is that of the prior, which is the same for all classes.
        rest = np.maximum(1 - parts.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        is_of = self._is_of_class()
        of_class = probabilities / (parts @ is_of + rest / is_of.shape[1])
        shares, n_labeled = parts * (of_class @ is_of.T), len(self._labeled)
        of_prior = rest[:, 0] * of_class.mean(axis=1) + shares[:, n_labeled:].sum(axis=1)
        return shares[:, :n_labeled], of_prior

    def _spread_shares(self, nodes: np.ndarray) -> np.ndarray:
        """Return the shares of the labelled nodes, and of described classes, at nodes."""
        labeled, described = self.labeled_indices_, self.classes_[self._is_described()].tolist()
        is_of = self._is_of_class()
        shares = np.zeros((len(nodes), len(is_of)))
        for weight, view in zip(self.graph_weights_, self._views, strict=True):
            scores = self._scores(view, nodes) * self._factors(self._masses(view))
            scores /= scores.sum(axis=1, keepdims=True) + PRIOR
            # The labels and descriptions of a class share its score in proportion to their
            # contributions; if all of these are close to 0, equally.
            anchored = self._description_weight() * view.spread.anchor_scores(described, nodes)
            reached = np.hstack([view.spread.contributions_at(nodes, labeled), anchored])
            reached += np.finfo(np.float64).tiny
            scores /= np.maximum(reached @ is_of, np.finfo(np.float64).tiny)
            shares += weight * reached * (scores @ is_of.T)
        places = places_among(nodes, labeled)
        rows = np.flatnonzero(places >= 0)
        shares[rows] = 0.0
        shares[rows, places[rows]] = 1 - PRIOR
        return shares

    def _is_of_class(self) -> np.ndarray:
        """Return the classes of the labelled nodes, then the described ones, as indicators."""
        of_labeled = np.searchsorted(self.classes_, self.y_labeled_)
        places = np.concatenate([of_labeled, np.flatnonzero(self._is_described())])
        return np.eye(len(self.classes_))[places]

    def _is_described(self) -> np.ndarray:
        """Return which of the classes have descriptions."""
        labels = [label for label, _ in self._descriptions]
        return np.array([label in labels for label in self.classes_.tolist()], dtype=bool)

    def _description_weight(self) -> float:
        """Return the weight of the descriptions, which falls with the number of labels."""
        return DESCRIPTION_LABELS * HALF_DESCRIBED / (HALF_DESCRIBED + len(self._labeled))

    def _factors(self, masses: np.ndarray) -> np.ndarray:
        """Return the factors of the scores of classes with given masses."""
        factors = np.zeros(masses.shape)
        has_mass = masses > 0
        factors[has_mass] = masses[has_mass] ** -float(self.class_mass)
        # The sum of all scores stays the same.
        total, whole = (masses * factors).sum(axis=1), masses.sum(axis=1)
        factors *= np.divide(whole, total, out=np.zeros_like(total), where=total > 0)[:, np.newaxis]
        return factors

    def _normalized(self, scores: np.ndarray, masses: np.ndarray) -> np.ndarray:
        scores *= self._factors(masses)
        scores += PRIOR / scores.shape[1]
        # Class by class, so that the sum of a row does not depend on the other rows.
        scores /= sum(scores.T)[:, np.newaxis]
        return scores


def _of_labels(predictions: np.ndarray, held_out: list[HeldOutLabels]) -> np.ndarray:
    """Return the probability of each label in each prediction, shape (n_labels, n_predictions)."""
    codes = held_out[0].codes
    return np.asarray(predictions[:, np.arange(len(codes)), codes].T)
