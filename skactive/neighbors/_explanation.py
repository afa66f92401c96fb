"""What made a prediction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class VoteExplanation:
    """The labelled samples behind each prediction, and what each of them had to say.

    `predict_proba` is the sum of `shares` over the neighbours of a class, plus `prior_share`
    divided by the number of classes.

    Attributes
    ----------
    predictions : ndarray of shape (n_queries,)
        The predicted labels.
    indices : ndarray of shape (n_queries, n_neighbors)
        The labelled samples that voted, nearest first, named as in `kneighbors`; for label
        spreading all of them, the one with the largest share first.
    labels : ndarray of shape (n_queries, n_neighbors)
        Their labels.
    distances : ndarray of shape (n_queries, n_neighbors)
        Their distances.
    shares : ndarray of shape (n_queries, n_neighbors)
        The share of the vote each had, in [0, 1]; a row and `prior_share` add up to 1.
    prior_share : ndarray of shape (n_queries,)
        The share of the uniform prior that `smoothing` brings in, in [0, 1]; larger where
        `half_life` has made the neighbours stale, or next to nothing spreads to a sample.
    """

    predictions: np.ndarray
    indices: np.ndarray
    labels: np.ndarray
    distances: np.ndarray
    shares: np.ndarray
    prior_share: np.ndarray
