"""Some rows of whatever holds samples."""

from __future__ import annotations

from typing import Any

import numpy as np

# So many rows, spread evenly, tell one pool from another. Files that are there already hold
# digests of them: another number, or other rows, would refuse those.
N_COMPARED = 64


def telling_rows(n_rows: int) -> np.ndarray:
    """Return the positions of those rows that tell samples from others, all where they are few."""
    return np.unique(np.linspace(0, max(n_rows - 1, 0), N_COMPARED).astype(np.intp))


def take_rows(samples: Any, positions: np.ndarray) -> Any:
    """Return some rows of an array, a sparse matrix, a DataFrame or a sequence."""
    if hasattr(samples, "iloc"):
        return samples.iloc[positions]
    if hasattr(samples, "shape"):
        return samples[positions]
    return [samples[position] for position in positions]


def n_samples_of(samples: Any) -> int:
    """Return how many samples there are."""
    return int(samples.shape[0]) if hasattr(samples, "shape") else len(samples)
