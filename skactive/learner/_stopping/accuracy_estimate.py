"""How many predictions are right, estimated from labels that were not drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from skactive._engine.distances import distances_among
from skactive.learner._stopping.percent import percent

if TYPE_CHECKING:
    from skactive.base import LabelingPool
    from skactive.learner._active_learner import ActiveLearner

MIN_LABELED = 10
# Of a normal distribution, 95 per cent are within so many deviations.
DEVIATIONS = 1.959964


@dataclass(frozen=True)
class AccuracyEstimate:
    """How many of the samples left in a pool are predicted right, as far as labels tell.

    What strategies ask about is harder than the rest: the plain share of right predictions among
    the labelled samples is far too low. So each of them is predicted without its own label, and
    a logistic regression learns from these trials how often a prediction is right, given its
    probability and the distance to the nearest labelled sample. Trials count by how many of the
    samples left are nearest to them; the estimate is the mean over the samples left.

    Attributes
    ----------
    value : float
        The estimate, in [0, 1].
    lower : float
        The lower end of its interval of 95 per cent.
    upper : float
        The upper end, as if labels had been drawn at random.
    n_labeled : int
        From how many labels it comes.

    See Also
    --------
    SufficientAccuracy : Stops where `lower` is high enough.

    Notes
    -----
    It leans to the safe side. In simulations on three data sets (digits, photos, questions) with
    three classifiers and four strategies, the true accuracy was below `lower` in fewer than 1 per
    cent of the cases, but above `upper` in three of ten: with margin sampling the estimate is too
    low, by 0.1 to 0.2 with few labels. With `UncertaintyHerding` and `IncrementalLabelSpreading` it
    was off by 0.01 to 0.06 on average, and where labels are drawn at random, right on average from
    100 labels on.

    It cannot know of regions that no label has reached and that are predicted with confidence, of
    errors in the labels, nor of samples unlike those of the pool. If a promise hangs on the
    figure, label some samples drawn at random, do not teach them, and score on them.

    Examples
    --------
    >>> from skactive.learner import AccuracyEstimate
    >>> print(AccuracyEstimate(0.931, 0.882, 0.961, 80))
    about 93 % of what is left is predicted right (95 % interval: 88 to 96 %)
    """

    value: float
    lower: float
    upper: float
    n_labeled: int

    def __str__(self) -> str:
        return (
            f"about {percent(self.value)} % of what is left is predicted right "
            f"(95 % interval: {percent(self.lower)} to {percent(self.upper)} %)"
        )


def estimate_accuracy(learner: ActiveLearner) -> AccuracyEstimate | None:
    """Return the estimate for a learner, or None where there is too little to go by.

    Ten labels of two classes are asked for. Cost: O(n_labeled² · n_features) for nearest
    neighbours; one spreading per label, once, for label spreading; five fits for others.
    """
    pool = learner.pool
    X, y = pool.labeled_samples()
    if len(y) < MIN_LABELED or len(np.unique(y)) < 2 or pool.n_candidates == 0:
        return None
    posterior = pool.posterior()
    if posterior is None:
        return None
    source = pool.posterior_source
    held_out = None if source is None else source.held_out()
    if source is None or held_out is None:
        return None
    confidence, right = _trials(held_out, pool)
    params = source.neighbors_params
    apart, nearest = (found[pool.candidates] for found in pool.labeled_neighbors(**params))
    metric = params.get("metric", "cosine")
    distances = distances_among(X, metric, params.get("metric_params"))
    share = np.bincount(nearest[:, 0], minlength=len(y)).astype(np.float64)
    # Distances count by their ratios, down to a small part of the usual one.
    least = 0.005 * float(np.median(apart[:, 0])) or 1e-12
    tried = np.column_stack([_log_odds(confidence), np.log(distances.min(axis=1) + least)])
    left = np.column_stack([_log_odds(posterior.max(axis=1)), np.log(apart[:, 0] + least)])
    return _calibrated(tried, right, share, left)


def _trials(held_out: np.ndarray, pool: LabelingPool) -> tuple[np.ndarray, np.ndarray]:
    """Return how probable each prediction without the own label is, and whether it is right."""
    confidence = held_out.max(axis=1)
    predicted = pool.classes_[held_out.argmax(axis=1)]
    # Zeros stand for a sample about which nothing can be predicted.
    right = (predicted == pool.labeled_samples()[1]) & (confidence > 0)
    return confidence, right.astype(np.float64)


def _calibrated(
    tried: np.ndarray, right: np.ndarray, share: np.ndarray, left: np.ndarray
) -> AccuracyEstimate:
    """Return the mean probability of what is left, and how sure it is (Wilson's interval)."""
    mean, spread = left.mean(axis=0), left.std(axis=0) + 1e-9
    A = np.column_stack([np.ones(len(tried)), (tried - mean) / spread])
    B = np.column_stack([np.ones(len(left)), (left - mean) / spread])
    weights = share * len(share) / share.sum()
    coefficients, inverse = _logistic_regression(A, right, weights)
    chances = expit(B @ coefficients)
    value = float(chances.mean())
    gradient = (chances * (1 - chances)) @ B / len(B)
    scores = A * (weights * (right - expit(A @ coefficients)))[:, np.newaxis]
    n_trials = float(weights.sum() ** 2 / (weights**2).sum())
    # Both the model and what the trials scatter about it; unequal weights are worth fewer trials.
    variance = max(
        float(gradient @ inverse @ scores.T @ scores @ inverse @ gradient),
        float(gradient @ inverse @ gradient) * len(A) / n_trials,
    )
    n = float(np.clip(value * (1 - value) / max(variance, 1e-12), 4.0, max(n_trials, 4.0)))
    centre = value + DEVIATIONS**2 / (2 * n)
    width = DEVIATIONS * np.sqrt(value * (1 - value) / n + (DEVIATIONS / (2 * n)) ** 2)
    lower, upper = (centre + np.array([-width, width])) / (1 + DEVIATIONS**2 / n)
    return AccuracyEstimate(value, float(lower), float(upper), len(tried))


def _logistic_regression(
    A: np.ndarray, right: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return ridge coefficients by Newton's method, and the inverse of the Hessian."""
    penalty = np.array([0.1, *np.ones(A.shape[1] - 1)])
    coefficients = np.zeros(A.shape[1])
    for _ in range(50):
        chances = expit(A @ coefficients)
        gradient = A.T @ (weights * (right - chances)) - penalty * coefficients
        curvature = weights * chances * (1 - chances)
        hessian = (A * curvature[:, np.newaxis]).T @ A + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        coefficients += step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return coefficients, np.linalg.inv(hessian)


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    return np.asarray(logit(np.clip(probabilities, 1e-3, 1 - 1e-3)))
