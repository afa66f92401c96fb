"""The probability of each label from the number of neighbours that have it (ML-kNN)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from skactive._engine.distances import Rows, Space
from skactive._engine.exact_search import search
from skactive._engine.labeled_samples import LabeledSamples


@dataclass(frozen=True)
class LabelTables:
    """Priors of labels, and likelihoods of the number of neighbours that have them.

    Attributes
    ----------
    numbers : ndarray of shape (n_labels, 2)
        How many samples do not have each label, and how many have it.
    frequencies : ndarray of shape (n_labels, 2, n_neighbors + 1)
        How many of these samples have how many neighbours with the label.
    smoothing : float
        The number that is added to each.
    """

    numbers: np.ndarray
    frequencies: np.ndarray
    smoothing: float

    @classmethod
    def of(
        cls, y: np.ndarray, counts: np.ndarray, n_neighbors: int, smoothing: float
    ) -> LabelTables:
        """Count the answers of samples by the number of their neighbours that have each label."""
        labels = np.broadcast_to(np.arange(y.shape[1]), y.shape)
        frequencies = np.zeros((y.shape[1], 2, n_neighbors + 1))
        np.add.at(frequencies, (labels, y, counts), 1)
        return cls(frequencies.sum(axis=2), frequencies, smoothing)

    def probabilities(self, counts: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """Return the probability of each label, shape (n, n_labels).

        Parameters
        ----------
        counts : ndarray of int of shape (n, n_labels)
            Numbers of neighbours with each label.
        own : ndarray of int of shape (n, n_labels), default=None
            Answers of the samples themselves, which are left out of the tables.
        """
        width = self.frequencies.shape[2]
        labels = np.arange(len(self.numbers))
        odds = []
        for has in (0, 1):
            is_own = 0 if own is None else own == has
            n_alike = self.numbers[:, has] - is_own
            alike = self.frequencies[labels, has, counts] - is_own
            odds.append(
                (self.smoothing + n_alike)
                * (self.smoothing + alike)
                / (self.smoothing * width + n_alike)
            )
        return np.asarray(odds[1] / (odds[0] + odds[1]))


class AnsweredAlike:
    """Labels that are answered in the same samples, and these samples.

    Parameters
    ----------
    space : Space
        The metric.
    labeled : LabeledSamples
        All labelled samples.
    columns, slots : ndarray of int
        The labels and the samples.
    n_neighbors : int
        Number of neighbours to count.
    """

    def __init__(
        self,
        space: Space,
        labeled: LabeledSamples,
        columns: np.ndarray,
        slots: np.ndarray,
        n_neighbors: int,
    ) -> None:
        self.columns, self.slots = columns, slots
        self.known = labeled.encoded[np.ix_(slots, columns)]
        self._stored = labeled.rows[slots]
        self._search = partial(
            search,
            space,
            B=self._stored,
            n_neighbors=n_neighbors,
            precedence=partial(labeled.precedence, slots),
        )
        self._n_neighbors = n_neighbors

    def counts(self, queries: Rows) -> np.ndarray:
        """Return how many neighbours of queries have each label."""
        if len(self.slots) == 0:
            return np.zeros((len(queries), len(self.columns)), dtype=np.intp)
        return counted(self.known, self._search(queries)[1])

    def own_counts(self) -> np.ndarray:
        """Return how many neighbours of each sample have each label, itself left out."""
        if len(self.slots) == 0:
            return np.zeros(self.known.shape, dtype=np.intp)
        found = self._search(self._stored, exclude=np.arange(len(self.slots)))[1]
        return counted(self.known, found)

    def tables(self, smoothing: float) -> LabelTables:
        """Return the tables of the labels."""
        return LabelTables.of(self.known, self.own_counts(), self._n_neighbors, smoothing)


def answered_alike(
    space: Space, labeled: LabeledSamples, n_neighbors: int
) -> Iterator[AnsweredAlike]:
    """Yield groups of labels that are answered in the same samples."""
    is_answered = labeled.encoded >= 0
    patterns, of_label = np.unique(is_answered, axis=1, return_inverse=True)
    for place in range(patterns.shape[1]):
        columns = np.flatnonzero(np.ravel(of_label) == place)
        slots = np.flatnonzero(patterns[:, place])
        yield AnsweredAlike(space, labeled, columns, slots, n_neighbors)


def counted(labels: np.ndarray, neighbors: np.ndarray) -> np.ndarray:
    """Return how many neighbours have each label.

    Parameters
    ----------
    labels : ndarray of shape (n_labeled, n_labels)
        1 if a labelled sample has a label.
    neighbors : ndarray of int of shape (n, n_neighbors)
        Rows of `labels`.

    Returns
    -------
    counts : ndarray of int of shape (n, n_labels)
    """
    return np.asarray((labels[neighbors] > 0).sum(axis=1, dtype=np.intp))
