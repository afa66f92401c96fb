"""From neighbours to class probabilities: shares of the vote, and their smoothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

VOTE_WEIGHTS = frozenset({"uniform", "distance", "gaussian"})


def vote_shares(
    distances: np.ndarray, weights: str | Callable[[np.ndarray], Any], bandwidth: float | None
) -> np.ndarray:
    """Return each neighbour's share of its row's vote, shape of `distances`, rows summing to 1."""
    if distances.shape[1] == 0:
        return np.zeros(distances.shape)
    if callable(weights):
        shares = _called(weights, distances)
    elif weights == "uniform":
        shares = np.ones(distances.shape)
    elif weights == "distance":
        shares = _inverse(distances)
    else:
        shares = _gaussian(distances, bandwidth)
    total = shares.sum(axis=1, keepdims=True)
    return np.where(total > 0, shares / np.where(total > 0, total, 1.0), 1 / distances.shape[1])


def smoothed_probabilities(
    shares: np.ndarray, codes: np.ndarray, n_classes: int, smoothing: float
) -> np.ndarray:
    """Return (m · share of each class + smoothing / n_classes) / (m + smoothing), m neighbours."""
    n, n_neighbors = shares.shape
    probabilities, total = np.zeros((n, n_classes)), np.zeros(n)
    every_row = np.arange(n)
    for column in range(n_neighbors):
        probabilities[every_row, codes[:, column]] += shares[:, column]
        total += shares[:, column]
    if n_neighbors > 0:
        # Summed in the same order, the shares of a class that has them all are exactly 1.
        probabilities /= total[:, np.newaxis]
    prior = prior_share(n_neighbors, smoothing)
    probabilities *= 1 - prior
    probabilities += prior / n_classes
    return probabilities


def prior_share(n_neighbors: int, smoothing: float) -> float:
    """Return the uniform prior's share of the vote beside `n_neighbors` neighbours."""
    if n_neighbors == 0:
        return 1.0
    return smoothing / (n_neighbors + smoothing)


def _inverse(distances: np.ndarray) -> np.ndarray:
    distances = distances.astype(np.float64)
    nearest = distances.min(axis=1, keepdims=True)
    # Only ratios of weights count: measuring in nearest distances keeps them from overflowing.
    return np.divide(nearest, distances, out=np.ones_like(distances), where=distances > 0)


def _gaussian(distances: np.ndarray, bandwidth: float | None) -> np.ndarray:
    squared = np.square(distances.astype(np.float64))
    scale = squared.max(axis=1, keepdims=True) if bandwidth is None else np.square(bandwidth)
    # Only ratios of weights count: measuring from the nearest keeps far rows from underflowing.
    excess = squared - squared.min(axis=1, keepdims=True)
    return np.exp(-0.5 * np.divide(excess, scale, out=np.zeros_like(excess), where=scale > 0))


def _called(weights: Callable[[np.ndarray], Any], distances: np.ndarray) -> np.ndarray:
    called = np.asarray(weights(distances), dtype=np.float64)
    if called.shape != distances.shape:
        raise ValueError(
            "The callable 'weights' must return one weight per distance, shape "
            f"{distances.shape}. Got shape {called.shape} instead."
        )
    faulty = ~np.isfinite(called) | (called < 0)
    if faulty.any():
        raise ValueError(
            "The callable 'weights' must return finite weights of at least 0. "
            f"Got {called[faulty][0]} for distance {distances[faulty][0]} instead."
        )
    return called
