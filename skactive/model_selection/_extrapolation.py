"""A labelling curve beyond its last point."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student_t

MIN_SPLITS = 3
MIN_LABELS = 20
N_POINTS = 12
# The first tenth of a curve does not follow the power law.
FIRST_SHARE = 0.1
EXPONENTS = np.linspace(0.1, 1.5, 29)
# Exponents whose squared error is at most this many times the smallest are plausible.
PLAUSIBLE = 2.0


def extrapolated(
    n_labels: np.ndarray,
    curves: np.ndarray,
    at: int,
    *,
    n_train: np.ndarray,
    n_test: np.ndarray,
    confidence: float,
) -> tuple[float, float, float]:
    """Return the score at a number of labels beyond the curve, and the ends of its interval.

    Parameters
    ----------
    n_labels : ndarray of shape (n_points,)
        Numbers of labels, ascending.
    curves : ndarray of shape (n_splits, n_points)
        Scores.
    at : int
        The number of labels.
    n_train, n_test : ndarray of shape (n_splits,)
        Sizes of the splits.
    confidence : float
        The level of the interval.

    Returns
    -------
    score, low, high : float
        The extrapolation, see `StrategyComparison.extrapolated_score`.
    """
    n_splits = len(curves)
    low = max(FIRST_SHARE * n_labels[-1], n_labels[0])
    wanted = np.geomspace(low, n_labels[-1], N_POINTS)
    points = np.unique(np.searchsorted(n_labels, wanted).clip(max=len(n_labels) - 1))
    x, curves = n_labels[points].astype(float), curves[:, points]
    mean = curves.mean(axis=0)
    share = 1 / n_splits + float(np.mean(n_test / n_train))
    quantile = float(student_t.ppf((1 + confidence) / 2, n_splits - 1))
    fits = []
    for exponent in EXPONENTS:
        powers = x**-exponent
        design = np.column_stack([np.ones_like(x), powers])
        coefficients = np.linalg.lstsq(design, curves.T, rcond=None)[0]
        if coefficients[1].mean() > 0:
            # The mean curve falls: the model is a constant.
            coefficients = np.vstack([curves.mean(axis=1), np.zeros(n_splits)])
        squares = float(((design @ coefficients.mean(axis=1) - mean) ** 2).sum())
        scores = np.array([1.0, float(at) ** -exponent]) @ coefficients
        half = quantile * np.sqrt(share * scores.var(ddof=1))
        fits.append((squares, float(scores.mean()), float(half)))
    squares, scores, halves = np.transpose(fits)
    plausible = squares <= PLAUSIBLE * squares.min() + 1e-12
    score = scores[squares.argmin()]
    interval = (scores - halves)[plausible].min(), score, (scores + halves)[plausible].max()
    lowest, middle, highest = np.minimum(interval, 1.0) if mean.max() <= 1 else interval
    return float(middle), float(lowest), float(highest)
