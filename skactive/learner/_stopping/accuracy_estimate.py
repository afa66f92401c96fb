"""The estimate of the accuracy from labels that were not drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from skactive._engine.distances import distances_among

if TYPE_CHECKING:
    from skactive.base import LabelingPool
    from skactive.learner._active_learner import ActiveLearner

MIN_LABELED = 10
# 95 per cent of a normal distribution are within this many standard deviations.
DEVIATIONS = 1.959964


@dataclass(frozen=True)
class AccuracyEstimate:
    """The estimated accuracy on the samples left in a pool.

    Queried samples are harder than the others, so that the share of correct predictions among the
    labelled samples is far too low. Therefore each of them is predicted without its own label, and
    a logistic regression on these trials estimates the probability that a prediction is correct,
    given its class probability and the distance to the nearest labelled sample. Each trial is
    weighted by the number of samples left that are nearest to it; the estimate is the mean over
    the samples left.

    Attributes
    ----------
    value : float
        The estimate, in [0, 1].
    lower : float
        The lower end of its interval of 95 per cent.
    upper : float
        The upper end, as if labels had been drawn at random.
    n_labeled : int
        Number of labels behind the estimate.

    See Also
    --------
    SufficientAccuracy : Stops if `lower` is high enough.

    Notes
    -----
    The estimate is more often too low than too high. In simulations on three data sets (digits,
    photos, questions) with three classifiers and four strategies, the true accuracy was below
    `lower` in fewer than 1 per cent of the cases, but above `upper` in three of ten: with margin
    sampling the estimate is too low, by 0.1 to 0.2 with few labels. With `UncertaintyHerding` and
    `IncrementalLabelSpreading` it was off by 0.01 to 0.06 on average, and with labels drawn at
    random it was right on average from 100 labels on.

    With wrong labels it estimates the agreement with labels of the same kind, wrong ones included:
    the accuracy is higher where predictions correct the labels. With 5 per cent wrong labels it was
    0.02 to 0.07 below the accuracy on digits and photos, and up to 0.1 above the agreement on
    questions, whose classes overlap.

    The estimate does not include confident errors in regions without labels, or samples unlike
    those of the pool. For a reliable figure, label some samples drawn at random,
    do not teach them, and score on them.

    Examples
    --------
    >>> from skactive.learner import AccuracyEstimate
    >>> print(AccuracyEstimate(0.931, 0.882, 0.961, 80))
    about 93 % of the samples left are predicted correctly (95 % interval: 88 to 96 %)
    """

    value: float
    lower: float
    upper: float
    n_labeled: int

    def __str__(self) -> str:
        return (
            f"about {percent(self.value)} % of the samples left are predicted correctly "
            f"(95 % interval: {percent(self.lower)} to {percent(self.upper)} %)"
        )


def estimate_accuracy(learner: ActiveLearner) -> AccuracyEstimate | None:
    """Return the estimate for a learner, or None with fewer than ten labels or two classes.

    Cost: O(n_labeled² · n_features) for nearest neighbours; one spreading per label, once, for
    label spreading; five fits for others.
    """
    pool = learner.pool
    X, y = pool.labeled_samples()
    if len(y) < MIN_LABELED or len(np.unique(y)) < 2 or pool.n_candidates == 0:
        return None
    posterior, source = pool.posterior(), pool.posterior_source
    if posterior is None or source is None:
        return None
    held_out, predictions = source.held_out(), source.held_out_predictions()
    if held_out is None or predictions is None:
        return None
    # The confidence is that of the posterior, also if predictions combine it with others.
    (confidence, _), (_, right) = (_trials(one, pool) for one in (held_out, predictions))
    params = source.neighbors_params
    apart, nearest = (found[pool.candidates] for found in pool.labeled_neighbors(**params))
    metric = params.get("metric", "cosine")
    distances = distances_among(X, metric, params.get("metric_params"))
    share = np.bincount(nearest[:, 0], minlength=len(y)).astype(np.float64)
    # The logarithm of distances, bounded at a small part of the median.
    least = 0.005 * float(np.median(apart[:, 0])) or 1e-12
    tried = np.column_stack([_log_odds(confidence), np.log(distances.min(axis=1) + least)])
    left = np.column_stack([_log_odds(posterior.max(axis=1)), np.log(apart[:, 0] + least)])
    return _calibrated(tried, right, share, left)


def percent(share: float) -> str:
    """Return a share in whole per cent, 100 or 0 only if it is exactly that."""
    text = f"{100 * share:.0f}"
    if share < 1 and text == "100":
        return "99"
    return "1" if share > 0 and text == "0" else text


def _trials(held_out: np.ndarray, pool: LabelingPool) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of each held-out prediction, and whether it is correct."""
    confidence = held_out.max(axis=1)
    predicted = pool.classes_[held_out.argmax(axis=1)]
    # A row of zeros is a sample without a prediction.
    right = (predicted == pool.labeled_samples()[1]) & (confidence > 0)
    return confidence, right.astype(np.float64)


def _calibrated(
    tried: np.ndarray, right: np.ndarray, share: np.ndarray, left: np.ndarray
) -> AccuracyEstimate:
    """Return the mean probability over the samples left, with Wilson's interval."""
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
    # The variance of the model and of the trials around it; unequal weights reduce their number.
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
