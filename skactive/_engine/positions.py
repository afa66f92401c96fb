"""Integers that name samples, and positions in the pool."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._text import shown

OF_POSITIONS = "pass an integer or a list of integers."


def array_of(values: Any) -> np.ndarray:
    """Return an array; nested sequences of different lengths are its objects."""
    try:
        return np.asarray(values)
    except ValueError:
        objects = list(values)
        return np.fromiter(objects, dtype=object, count=len(objects))


def check_integers(values: Any, rule: str, hint: str = OF_POSITIONS) -> np.ndarray:
    """Return integers as an array of shape (n,), or raise an error that begins with `rule`."""
    integers = np.atleast_1d(array_of(values))
    if integers.size == 0:
        return integers.astype(np.intp).ravel()
    if integers.ndim != 1 or integers.dtype.kind not in "iu" or np.ma.is_masked(values):
        raise TypeError(f"{rule}. Got {shown(values)} instead. Hint: {hint}")
    return integers


def check_positions(indices: Any, n_samples: int, hint: str = OF_POSITIONS) -> np.ndarray:
    """Return positions as an array of shape (n,), or raise if one is not in the pool."""
    positions = check_integers(indices, "Samples of the pool are named by integer positions", hint)
    if positions.size == 0:
        return positions
    # A single position, the most frequent case, needs no temporary array.
    least, most = positions[0], positions[0]
    if positions.size > 1:
        least, most = positions.min(), positions.max()
    if least < 0 or most >= n_samples:
        outside = positions[(positions < 0) | (positions >= n_samples)]
        raise IndexError(
            f"There is no sample {outside[0]} in a pool of {n_samples}: "
            f"positions go from 0 to {n_samples - 1}."
            + ("" if hint is OF_POSITIONS else f" Hint: {hint}")
        )
    return positions.astype(np.intp)


def check_removed(indices: Any, n_samples: int, place: str) -> np.ndarray:
    """Return ascending positions of samples to remove, or raise; some sample must be left."""
    positions = check_positions(indices, n_samples)
    removed = np.unique(positions)
    if len(removed) < len(positions):
        raise ValueError(f"A sample is named twice in {positions.tolist()}.")
    if len(removed) == n_samples:
        raise ValueError(
            f"All {n_samples} samples of the {place} would be removed. Hint: keep at least one."
        )
    return removed


def check_unlabeled(positions: np.ndarray, labeled: Any, skipped: Any = ()) -> None:
    """Raise if a position is already labelled or skipped."""
    for state, positions_in_state in (("labelled", labeled), ("skipped", skipped)):
        clash = positions[np.isin(positions, positions_in_state)]
        if len(clash):
            raise ValueError(
                f"Sample {clash[0]} of the pool is {state} already. "
                "Hint: `candidates` lists those to choose from."
            )
