"""The explanation of a prediction by labelled samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class VoteExplanation:
    """The labelled samples behind each prediction, with their shares of the vote.

    The probability of a class is the sum of `shares` over the neighbours of the class, plus
    `prior_share` divided by the number of classes.

    Attributes
    ----------
    predictions : ndarray of shape (n_queries,)
        The predicted labels.
    indices : ndarray of int of shape (n_queries, n_neighbors)
        The ids of the labelled samples that voted, as `kneighbors` returns them, nearest first.
        For label spreading, the ids of all labelled samples, largest share first.
    labels : ndarray of shape (n_queries, n_neighbors)
        Their labels.
    distances : ndarray of shape (n_queries, n_neighbors)
        Their distances to the query.
    shares : ndarray of shape (n_queries, n_neighbors)
        Their shares of the vote, in [0, 1]. The shares of a row and its `prior_share` sum to 1.
    prior_share : ndarray of shape (n_queries,)
        The share of the uniform prior, in [0, 1]. For nearest neighbours it depends on
        `smoothing` and is larger if the neighbours are old (`half_life`); for label spreading it
        is larger if little of the labels spreads to the sample.
    """

    predictions: np.ndarray
    indices: np.ndarray
    labels: np.ndarray
    distances: np.ndarray
    shares: np.ndarray
    prior_share: np.ndarray
