"""Positions in the pool."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_positions(indices: Any, n_samples: int) -> np.ndarray:
    """Return positions as an array of shape (n,), or raise naming the first that is none."""
    positions = np.atleast_1d(np.asarray(indices))
    if positions.size == 0:
        return positions.astype(np.intp).ravel()
    if positions.ndim != 1 or positions.dtype.kind not in "iu":
        raise TypeError(
            f"Samples of the pool are named by integer positions. Got {indices!r} instead."
        )
    # One position, as each query asks about, is looked at without a temporary.
    least, most = positions[0], positions[0]
    if positions.size > 1:
        least, most = positions.min(), positions.max()
    if least < 0 or most >= n_samples:
        outside = positions[(positions < 0) | (positions >= n_samples)]
        raise IndexError(
            f"There is no sample {outside[0]} in a pool of {n_samples}: "
            f"positions go from 0 to {n_samples - 1}."
        )
    return positions.astype(np.intp)


def check_unlabeled(positions: np.ndarray, labeled: Any, skipped: Any = ()) -> None:
    """Raise naming the first position that is labelled or skipped already."""
    for what, taken in (("labelled", labeled), ("skipped", skipped)):
        clash = positions[np.isin(positions, taken)]
        if len(clash):
            raise ValueError(
                f"Sample {clash[0]} of the pool is {what} already. "
                "Hint: `candidates` lists those to choose from."
            )
