"""Expected losses of predictions."""

from __future__ import annotations

import numpy as np
from scipy.special import entr


def loss_of(posterior: np.ndarray, loss: str) -> np.ndarray:
    """Return the expected loss of each row of probabilities."""
    if loss == "zero_one":
        return np.asarray(1 - posterior.max(axis=1))
    return np.asarray(entr(posterior).sum(axis=1))
