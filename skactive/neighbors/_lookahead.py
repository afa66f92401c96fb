"""The expected error of the nearest-neighbour vote after one more label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import entr

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.losses import loss_of
from skactive.neighbors._votes import (
    n_votes,
    prior_shares,
    smoothed_probabilities,
    vote_shares,
)

if TYPE_CHECKING:
    from skactive._contracts._pool_view import PoolView
    from skactive.neighbors._classifier import IncrementalKNeighborsClassifier


class KNNLookahead:
    """The expected error of the nearest-neighbour vote after each possible next label.

    A new label changes the vote only of the samples that have it among their nearest. Its weight
    there does not depend on the label, so that one pass computes the losses for all labels.

    Parameters
    ----------
    pool : PoolView
        The pool, with at least one label. Its labelled samples vote.
    classifier : IncrementalKNeighborsClassifier
        The classifier whose parameters are used.
    evaluated : ndarray of int of shape (n_evaluated,)
        Positions of the samples whose losses are summed.
    loss : {'zero_one', 'log'}
        1 - p of the most probable class, or the entropy.
    """

    def __init__(
        self,
        pool: PoolView,
        classifier: IncrementalKNeighborsClassifier,
        evaluated: np.ndarray,
        loss: str,
    ) -> None:
        self._pool = pool
        self._classifier = classifier
        self._space = Space(classifier.metric, classifier.metric_params)
        self.evaluated = evaluated
        self.loss = loss
        self._rows = Rows(pool.X[evaluated])
        classifier.check_parameters()
        X, y = pool.labeled_samples()
        self._labeled = Rows(X)
        self._n_classes = len(pool.classes_)
        self._all_codes = np.searchsorted(pool.classes_, y)
        self._neighbors = pool.labeled_neighbors(
            classifier.n_neighbors, classifier.metric, classifier.metric_params
        )
        self._distances, self._places = (of_all[evaluated] for of_all in self._neighbors)
        self._distances = self._distances.astype(np.float64)
        self._codes = self._all_codes[self._places]
        # The ages after the next label.
        self._ages = len(y) - self._places
        self._leaving_columns: np.ndarray | None = None
        self._current_losses = self._losses_of(self._distances, self._codes, self._ages)

    def posterior(self, positions: np.ndarray) -> np.ndarray:
        """Return the class probabilities before the next label."""
        distances, places = (of_all[positions] for of_all in self._neighbors)
        ages = len(self._all_codes) - 1 - places
        return self._classifier.vote(distances, self._all_codes[places], self._n_classes, ages)

    def losses(self, positions: np.ndarray) -> np.ndarray:
        """Return the losses after each label of each position, shape (n, n_classes).

        The losses of the evaluated samples are summed, except that of the new sample itself.
        """
        summed = np.empty((len(positions), self._n_classes))
        n_columns = self._n_classes + 4 * self._classifier.n_neighbors + 8
        for block in row_blocks(len(positions), 16 * len(self.evaluated) * n_columns):
            summed[block] = self._losses_of_block(positions[block])
        return summed

    def _losses_of_block(self, positions: np.ndarray) -> np.ndarray:
        added = Rows(self._pool.X[positions])
        is_other = self.evaluated[:, np.newaxis] != positions
        current = (is_other.T @ self._current_losses)[:, np.newaxis]
        summed = np.repeat(current, self._n_classes, axis=1)
        if self._distances.shape[1] < self._classifier.n_neighbors:
            i, j = np.nonzero(is_other)
            distances = self._space.finish(self._space.compare(self._rows, added))[i, j]
            leaving = np.full(len(i), -1)
            enters: np.ndarray | None = None
        else:
            i, j, distances, leaving, enters = self._entering(added, is_other)
        if len(i) == 0:
            return summed
        change = self._losses_of_entering(i, distances.astype(np.float64), leaving)
        change -= self._current_losses[i, np.newaxis]
        if enters is not None:
            change = np.where(enters, change, 0.0)
        for code in range(self._n_classes):
            summed[:, code] += np.bincount(j, weights=change[:, code], minlength=len(positions))
        return summed

    def _entering(self, added: Rows, is_other: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the pairs in which the new sample replaces a neighbour.

        Of samples with equal distances, the first class in sorted order is kept, and of one class
        the sample added last. With equal distances, the label of the new sample therefore decides
        whether it enters.

        Returns
        -------
        i, j : ndarray of int of shape (n_pairs,)
            Rows of `evaluated` and of `added`.
        distances : ndarray of shape (n_pairs,)
            Their distances.
        leaving : ndarray of int of shape (n_pairs,)
            Columns of the neighbours that are replaced.
        enters : ndarray of bool of shape (n_pairs, n_classes)
            Whether the new sample enters with each label.
        """
        compared = self._space.compare(self._rows, added)
        farthest = self._distances[:, -1]
        reach = farthest**2 if self._space.metric == "euclidean" else farthest
        margin = 4 * np.asarray(self._space.rounding(self._rows, added))
        i, j = np.nonzero(is_other & (compared <= (reach + margin)[:, np.newaxis]))
        distances = self._space.finish(compared)[i, j].astype(np.float64)
        tolerance = margin[i] if margin.ndim else margin
        near = np.flatnonzero(np.abs(compared[i, j] - reach[i]) <= tolerance)
        difference = distances - farthest[i]
        leaving = self._leaving()[i]
        if len(near) and self._space.by_product:
            rows = i[near]
            exact = self._space.pairs(self._rows, rows, added, j[near])
            replaced = self._places[rows, leaving[near]]
            difference[near] = exact - self._space.pairs(self._rows, rows, self._labeled, replaced)
        codes = self._codes[i, leaving]
        classes = np.arange(self._n_classes)
        enters = (difference < 0)[:, np.newaxis] | (
            (difference == 0)[:, np.newaxis] & (classes <= codes[:, np.newaxis])
        )
        kept = enters.any(axis=1)
        return i[kept], j[kept], distances[kept], leaving[kept], enters[kept]

    def _leaving(self) -> np.ndarray:
        """Return the column of the neighbour that is replaced first, shape (n_evaluated,)."""
        if self._leaving_columns is None:
            distances = self._distances.copy()
            if self._space.by_product:
                self._resolve_ties(distances)
            is_last = distances == distances.max(axis=1, keepdims=True)
            order = self._codes * (self._ages.max(initial=0) + 1) + self._ages
            self._leaving_columns = np.where(is_last, order, -1).argmax(axis=1)
        return self._leaving_columns

    def _resolve_ties(self, distances: np.ndarray) -> None:
        """Replace distances that differ from the last of their row at most by rounding.

        They are computed exactly. The other distances of these rows become -1.
        """
        compared = np.square(distances) if self._space.metric == "euclidean" else distances
        margin = 2 * np.asarray(self._space.rounding(self._rows, self._labeled))
        limit = compared[:, -1] - margin
        is_close = compared >= limit[:, np.newaxis]
        i, column = np.nonzero(is_close & (np.count_nonzero(is_close, axis=1) > 1)[:, np.newaxis])
        exact = self._space.pairs(self._rows, i, self._labeled, self._places[i, column])
        distances[np.unique(i)] = -1.0
        distances[i, column] = exact

    def _losses_of_entering(
        self, i: np.ndarray, distances: np.ndarray, leaving: np.ndarray
    ) -> np.ndarray:
        """Return the losses of rows i after a new sample enters, shape (n_pairs, n_classes).

        The sample replaces the neighbour in the column `leaving`. With -1 no neighbour leaves.
        """
        rows = np.arange(len(i))
        entered, codes, ages = self._distances[i], self._codes[i], self._ages[i]
        if leaving[0] >= 0:
            entered[rows, leaving] = distances
            ages[rows, leaving] = 0
            column = leaving
        else:
            entered = np.column_stack([entered, distances])
            ages = np.column_stack([ages, np.zeros(len(i), dtype=ages.dtype)])
            codes = np.column_stack([codes, np.zeros(len(i), dtype=codes.dtype)])
            column = np.full(len(i), entered.shape[1] - 1)
        shares, prior = self._shares(entered, ages)
        new_share = shares[rows, column] / shares.sum(axis=1)
        others = shares / shares.sum(axis=1, keepdims=True)
        others[rows, column] = 0.0
        cells = (rows[:, np.newaxis] * self._n_classes + codes).ravel()
        n_cells = len(i) * self._n_classes
        summed = np.bincount(cells, weights=others.ravel(), minlength=n_cells)
        weight, floor = (1 - prior)[:, np.newaxis], prior[:, np.newaxis] / self._n_classes
        # Probabilities without the vote of the new sample, and of its class with this vote.
        without = weight * summed.reshape(len(i), -1) + floor
        raised = without + weight * new_share[:, np.newaxis]
        if self.loss == "zero_one":
            return np.asarray(1 - np.maximum(without.max(axis=1, keepdims=True), raised))
        entropies = entr(without)
        return np.asarray(entropies.sum(axis=1, keepdims=True) - entropies + entr(raised))

    def _losses_of(self, distances: np.ndarray, codes: np.ndarray, ages: np.ndarray) -> np.ndarray:
        shares, prior = self._shares(distances, ages)
        posterior = smoothed_probabilities(shares, codes, self._n_classes, prior)
        return loss_of(posterior, self.loss)

    def _shares(self, distances: np.ndarray, ages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        classifier = self._classifier
        half_life = classifier.half_life
        shares = vote_shares(distances, classifier.weights, classifier.bandwidth, ages, half_life)
        votes = n_votes(distances, ages, half_life)
        return shares, prior_shares(votes, float(classifier.smoothing))
