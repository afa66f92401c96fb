"""Checks of positions in a pool."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_positions(indices: Any, n_samples: int) -> np.ndarray:
    """Return positions as an array of shape (n,), or raise if one is not in the pool."""
    positions = np.atleast_1d(np.asarray(indices))
    if positions.size == 0:
        return positions.astype(np.intp).ravel()
    if positions.ndim != 1 or positions.dtype.kind not in "iu":
        raise TypeError(
            f"Samples of the pool are named by integer positions. Got {indices!r} instead."
        )
    # A single position, the most frequent case, needs no temporary array.
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
    """Raise if a position is already labelled or skipped."""
    for state, positions_in_state in (("labelled", labeled), ("skipped", skipped)):
        clash = positions[np.isin(positions, positions_in_state)]
        if len(clash):
            raise ValueError(
                f"Sample {clash[0]} of the pool is {state} already. "
                "Hint: `candidates` lists those to choose from."
            )
