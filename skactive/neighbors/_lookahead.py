"""The expected error of nearest neighbours after one more label."""

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
    """The expected error of nearest neighbours after each possible answer to each question.

    A vote changes only where the new sample comes among the nearest; what it weighs there does
    not depend on its label, so one pass serves all labels.

    Parameters
    ----------
    pool : PoolView
        The pool, with at least one label.
    classifier : IncrementalKNeighborsClassifier
        Lends its parameters.
    evaluated : ndarray of int of shape (n_evaluated,)
        Positions of the samples over which errors are added up.
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
        # Everybody is one label older than now.
        self._ages = len(y) - self._places
        self._makes_way: np.ndarray | None = None
        self._now = self._losses_of(self._distances, self._codes, self._ages)

    def posterior(self, positions: np.ndarray) -> np.ndarray:
        """Return class probabilities as they are now."""
        distances, places = (of_all[positions] for of_all in self._neighbors)
        ages = len(self._all_codes) - 1 - places
        return self._classifier.vote(distances, self._all_codes[places], self._n_classes, ages)

    def losses(self, positions: np.ndarray) -> np.ndarray:
        """Return the loss summed over the evaluated samples but the new one itself.

        Shape (n, n_classes): for each of `positions`, after each label that it may get.
        """
        summed = np.empty((len(positions), self._n_classes))
        n_columns = self._n_classes + 4 * self._classifier.n_neighbors + 8
        for block in row_blocks(len(positions), 16 * len(self.evaluated) * n_columns):
            summed[block] = self._losses_of_block(positions[block])
        return summed

    def _losses_of_block(self, positions: np.ndarray) -> np.ndarray:
        arrived = Rows(self._pool.X[positions])
        is_other = self.evaluated[:, np.newaxis] != positions
        summed = np.repeat((is_other.T @ self._now)[:, np.newaxis], self._n_classes, axis=1)
        if self._distances.shape[1] < self._classifier.n_neighbors:
            i, j = np.nonzero(is_other)
            distances = self._space.finish(self._space.compare(self._rows, arrived))[i, j]
            last = np.full(len(i), -1)
            enters: np.ndarray | None = None
        else:
            i, j, distances, last, enters = self._entering(arrived, is_other)
        if len(i) == 0:
            return summed
        gain = self._losses_of_entering(i, distances.astype(np.float64), last)
        gain -= self._now[i, np.newaxis]
        if enters is not None:
            gain = np.where(enters, gain, 0.0)
        for code in range(self._n_classes):
            summed[:, code] += np.bincount(j, weights=gain[:, code], minlength=len(positions))
        return summed

    def _entering(self, arrived: Rows, is_other: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the pairs where the new sample comes among the nearest, and who makes way.

        Among equals the class that sorts first stays, and the younger of one class: whether the
        new sample enters depends on its label where distances are equal.
        """
        compared = self._space.compare(self._rows, arrived)
        farthest = self._distances[:, -1]
        reach = farthest**2 if self._space.metric == "euclidean" else farthest
        margin = 4 * np.asarray(self._space.rounding(self._rows, arrived))
        i, j = np.nonzero(is_other & (compared <= (reach + margin)[:, np.newaxis]))
        distances = self._space.finish(compared)[i, j].astype(np.float64)
        tolerance = margin[i] if margin.ndim else margin
        near = np.flatnonzero(np.abs(compared[i, j] - reach[i]) <= tolerance)
        difference = distances - farthest[i]
        leaving = self._leaving()[i]
        if len(near) and self._space.by_product:
            rows = i[near]
            exact = self._space.pairs(self._rows, rows, arrived, j[near])
            held = self._places[rows, leaving[near]]
            difference[near] = exact - self._space.pairs(self._rows, rows, self._labeled, held)
        codes = self._codes[i, leaving]
        every_class = np.arange(self._n_classes)
        enters = (difference < 0)[:, np.newaxis] | (
            (difference == 0)[:, np.newaxis] & (every_class <= codes[:, np.newaxis])
        )
        kept = enters.any(axis=1)
        return i[kept], j[kept], distances[kept], leaving[kept], enters[kept]

    def _leaving(self) -> np.ndarray:
        """Return the column of each row's neighbour that makes way first, shape (n_evaluated,)."""
        if self._makes_way is None:
            distances = self._distances.copy()
            if self._space.by_product:
                self._settle(distances)
            is_last = distances == distances.max(axis=1, keepdims=True)
            order = self._codes * (self._ages.max(initial=0) + 1) + self._ages
            self._makes_way = np.where(is_last, order, -1).argmax(axis=1)
        return self._makes_way

    def _settle(self, distances: np.ndarray) -> None:
        """Replace distances that rounding could keep from being equal to their row's last."""
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
        """Return the loss of row i once a sample has taken a place, by its label."""
        every = np.arange(len(i))
        old, codes, ages = self._distances[i], self._codes[i], self._ages[i]
        if leaving[0] >= 0:
            old[every, leaving] = distances
            ages[every, leaving] = 0
            column = leaving
        else:
            old = np.column_stack([old, distances])
            ages = np.column_stack([ages, np.zeros(len(i), dtype=ages.dtype)])
            codes = np.column_stack([codes, np.zeros(len(i), dtype=codes.dtype)])
            column = np.full(len(i), old.shape[1] - 1)
        shares, prior = self._shares(old, ages)
        new_share = shares[every, column] / shares.sum(axis=1)
        others = shares / shares.sum(axis=1, keepdims=True)
        others[every, column] = 0.0
        cells = (every[:, np.newaxis] * self._n_classes + codes).ravel()
        n_cells = len(i) * self._n_classes
        summed = np.bincount(cells, weights=others.ravel(), minlength=n_cells)
        weight, floor = (1 - prior)[:, np.newaxis], prior[:, np.newaxis] / self._n_classes
        held = weight * summed.reshape(len(i), -1) + floor
        raised = held + weight * new_share[:, np.newaxis]
        if self.loss == "zero_one":
            return np.asarray(1 - np.maximum(held.max(axis=1, keepdims=True), raised))
        pieces = entr(held)
        return np.asarray(pieces.sum(axis=1, keepdims=True) - pieces + entr(raised))

    def _losses_of(self, distances: np.ndarray, codes: np.ndarray, ages: np.ndarray) -> np.ndarray:
        shares, prior = self._shares(distances, ages)
        posterior = smoothed_probabilities(shares, codes, self._n_classes, prior)
        return loss_of(posterior, self.loss)

    def _shares(self, distances: np.ndarray, ages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        one = self._classifier
        shares = vote_shares(distances, one.weights, one.bandwidth, ages, one.half_life)
        votes = n_votes(distances, ages, one.half_life)
        return shares, prior_shares(votes, float(one.smoothing))
