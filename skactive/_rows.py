"""Rows of samples of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np


def take_rows(samples: Any, positions: np.ndarray) -> Any:
    """Return some rows of an array, a sparse matrix, a DataFrame or a sequence."""
    if hasattr(samples, "iloc"):
        return samples.iloc[positions]
    if hasattr(samples, "shape"):
        return samples[positions]
    return [samples[position] for position in positions]


def n_samples_of(samples: Any) -> int:
    """Return the number of samples."""
    return int(samples.shape[0]) if hasattr(samples, "shape") else len(samples)
