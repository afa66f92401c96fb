"""The area under a labelling curve."""

from __future__ import annotations

import numpy as np


def mean_height(n_labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the mean height of curves by the trapezoidal rule, over the range of labels.

    Parameters
    ----------
    n_labels : ndarray of shape (n_points,)
        Numbers of labels, ascending.
    scores : ndarray of shape (..., n_points)
        The curves.

    Returns
    -------
    heights : ndarray of shape (...,)
        In units of the score; for a curve with one point, its score.
    """
    if len(n_labels) == 1:
        return np.asarray(scores[..., 0])
    widths = np.diff(n_labels)
    heights = (scores[..., 1:] + scores[..., :-1]) / 2
    return np.asarray((heights * widths).sum(axis=-1) / widths.sum())
