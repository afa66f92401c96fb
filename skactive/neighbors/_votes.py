"""Class probabilities of neighbours: shares of the vote, and smoothing."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.compiled import as_floats, compiled

VOTE_WEIGHTS = ("uniform", "distance", "gaussian")

# The minimum number of votes of old neighbours, so that the most probable class is still that of
# the vote, and not the first of equal ones.
MIN_VOTES = 2.0**-30


def vote_shares(
    distances: np.ndarray,
    weights: str | Callable[[np.ndarray], ArrayLike],
    bandwidth: float | None,
    ages: np.ndarray | None = None,
    half_life: float | None = None,
) -> np.ndarray:
    """Return the share of each neighbour in the vote, shape of `distances`; rows sum to 1."""
    if distances.shape[1] == 0:
        return np.zeros(distances.shape)
    if callable(weights):
        shares = _custom_weights(weights, distances)
    elif weights == "uniform":
        shares = np.ones(distances.shape)
    elif weights == "distance":
        shares = _inverse_distances(distances)
    else:
        shares = _gaussian_weights(distances, bandwidth)
    total = shares.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, shares / np.where(total > 0, total, 1.0), 1 / distances.shape[1])
    return shares if half_life is None else _decayed(shares, _required(ages), half_life)


def n_votes(
    distances: np.ndarray, ages: np.ndarray | None = None, half_life: float | None = None
) -> np.ndarray:
    """Return the number of votes of each row: one per neighbour, less for older ones."""
    n, n_neighbors = distances.shape
    if half_life is None or n_neighbors == 0:
        return np.full(n, float(n_neighbors))
    return np.maximum(np.exp2(-_required(ages) / half_life).sum(axis=1), MIN_VOTES)


def smoothed_probabilities(
    shares: np.ndarray, codes: np.ndarray, n_classes: int, prior: np.ndarray
) -> np.ndarray:
    """Return (1 - prior) · share of each class + prior / n_classes, with one prior per row."""
    n, n_neighbors = shares.shape
    probabilities, total = np.zeros((n, n_classes)), np.zeros(n)
    rows = np.arange(n)
    for column in range(n_neighbors):
        probabilities[rows, codes[:, column]] += shares[:, column]
        total += shares[:, column]
    if n_neighbors > 0:
        # Both are summed in the same order: if one class has all shares, its sum is exactly 1.
        probabilities /= total[:, np.newaxis]
    probabilities *= 1 - prior[:, np.newaxis]
    probabilities += prior[:, np.newaxis] / n_classes
    return probabilities


def compiled_vote(
    distances: np.ndarray,
    codes: np.ndarray,
    n_classes: int,
    weights: str,
    bandwidth: float | None,
    smoothing: float,
) -> np.ndarray:
    """Return `smoothed_probabilities` for named weights without ages, by a compiled loop."""
    probabilities = np.zeros((len(distances), n_classes))
    scale = -1.0 if bandwidth is None else float(bandwidth) ** 2
    kind = VOTE_WEIGHTS.index(weights)
    compiled(_vote)(as_floats(distances), codes, kind, scale, float(smoothing), probabilities)
    return probabilities


def _vote(  # type: ignore[no-untyped-def]
    distances, codes, kind, scale, smoothing, probabilities
):  # pragma: no cover - compiled
    n_neighbors, n_classes = distances.shape[1], probabilities.shape[1]
    by_distance, by_kernel = kind == 1, kind == 2
    shares = np.ones(n_neighbors)
    prior = smoothing / (n_neighbors + smoothing) if n_neighbors > 0 else 1.0
    for row in range(len(distances)):
        if by_distance or by_kernel:
            nearest, farthest = np.inf, 0.0
            for place in range(n_neighbors):
                nearest = min(nearest, np.float64(distances[row, place]))
                farthest = max(farthest, np.float64(distances[row, place]))
            width = farthest * farthest if scale < 0 else scale
            for place in range(n_neighbors):
                distance = np.float64(distances[row, place])
                if by_distance:
                    shares[place] = nearest / distance if distance > 0 else 1.0
                else:
                    excess = distance * distance - nearest * nearest
                    shares[place] = math.exp(-0.5 * (excess / width)) if width > 0 else 1.0
        total = 0.0
        for place in range(n_neighbors):
            total += shares[place]
        voted = 0.0
        for place in range(n_neighbors):
            share = shares[place] / total
            probabilities[row, codes[row, place]] += share
            voted += share
        for one in range(n_classes):
            share = probabilities[row, one] / voted if n_neighbors > 0 else 0.0
            probabilities[row, one] = share * (1 - prior) + prior / n_classes


def prior_shares(votes: np.ndarray, smoothing: float) -> np.ndarray:
    """Return the share of the uniform prior in the vote of each row."""
    return np.divide(smoothing, votes + smoothing, out=np.ones_like(votes), where=votes > 0)


def _required(ages: np.ndarray | None) -> np.ndarray:
    if ages is None:
        raise ValueError(
            "With 'half_life' a vote depends on the ages of the neighbours. Hint: pass `ages`."
        )
    return ages


def _decayed(shares: np.ndarray, ages: np.ndarray, half_life: float) -> np.ndarray:
    # Only ratios matter. Relative to the youngest neighbour with a share, they do not underflow.
    youngest = np.where(shares > 0, ages, np.inf).min(axis=1, keepdims=True)
    shares = shares * np.exp2(np.minimum(youngest - ages, 0) / half_life)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _inverse_distances(distances: np.ndarray) -> np.ndarray:
    distances = distances.astype(np.float64)
    nearest = distances.min(axis=1, keepdims=True)
    # Only ratios matter. Relative to the nearest distance, they do not overflow.
    return np.divide(nearest, distances, out=np.ones_like(distances), where=distances > 0)


def _gaussian_weights(distances: np.ndarray, bandwidth: float | None) -> np.ndarray:
    squared = np.square(distances.astype(np.float64))
    scale = squared.max(axis=1, keepdims=True) if bandwidth is None else np.square(bandwidth)
    # Only ratios matter. Relative to the nearest neighbour, not all of a row underflow.
    excess = squared - squared.min(axis=1, keepdims=True)
    return np.exp(-0.5 * np.divide(excess, scale, out=np.zeros_like(excess), where=scale > 0))


def _custom_weights(
    weights: Callable[[np.ndarray], ArrayLike], distances: np.ndarray
) -> np.ndarray:
    values = np.asarray(weights(distances), dtype=np.float64)
    if values.shape != distances.shape:
        raise ValueError(
            "The callable 'weights' must return one weight per distance, shape "
            f"{distances.shape}. Got shape {values.shape} instead."
        )
    is_invalid = ~np.isfinite(values) | (values < 0)
    if is_invalid.any():
        raise ValueError(
            "The callable 'weights' must return finite weights of at least 0. "
            f"Got {values[is_invalid][0]} for distance {distances[is_invalid][0]} instead."
        )
    return values
