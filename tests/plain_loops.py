"""The compiled loops in NumPy, from their definitions."""

import numpy as np

from skactive._engine.labeled_distances import NearestLabeled


def plain_margins(posterior: np.ndarray) -> np.ndarray:
    """Return 1 minus the margin of the most probable class, to 12 decimals."""
    ordered = np.sort(posterior.astype(np.float64), axis=1)
    second = ordered[:, -2] if posterior.shape[1] > 1 else 0.0
    return np.round(1.0 - (ordered[:, -1] - second), 12)


def plain_bins(
    utilities: np.ndarray, low: float, scale: float, n_bins: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the bin of each utility, and the count, minimum and maximum of each bin."""
    with np.errstate(over="ignore"):
        places = np.subtract(utilities, low, dtype=np.float64) * scale
    bins = np.clip(places, 0, n_bins - 1).astype(np.uint16)
    least, most = np.full(n_bins, np.inf), np.full(n_bins, -np.inf)
    np.minimum.at(least, bins, utilities)
    np.maximum.at(most, bins, utilities)
    return bins, np.bincount(bins, minlength=n_bins), least, most


def plain_gains(
    kernel: np.ndarray, rows: np.ndarray, covered: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the sum over x of w(x) max(0, K(x, c) - coverage(x)) for some rows c, K dense."""
    added = np.maximum(kernel[:, rows] - covered[:, np.newaxis], 0.0)
    return weights @ added


def plain_insert(
    nearest: NearestLabeled,
    block: slice,
    compared: np.ndarray,
    slots: np.ndarray,
    tolerance: np.ndarray | float,
) -> np.ndarray:
    """Insert nothing: all rows within reach are recomputed one by one, in NumPy."""
    return nearest.rows_in_reach(block, compared, tolerance)
