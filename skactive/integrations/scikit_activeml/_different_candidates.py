"""Different candidates from the answer of a strategy of another package."""

from __future__ import annotations

from typing import Any

import numpy as np


def different_candidates(
    name: str, indices: Any, utilities: np.ndarray, candidates: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return n different candidates: those of a strategy, then those with the next utilities.

    Parameters
    ----------
    name : str
        The strategy, for an error.
    indices : array-like of int
        Its choice. What is no candidate, or was chosen before, is left out, and so is what exceeds
        n.
    utilities : ndarray of shape (n_choices, n_samples)
        The utilities of all samples at each choice, nan for samples that were not considered.
    candidates : ndarray of int
        The positions to choose from.
    n : int
        Number of samples, at most the number of candidates.

    Returns
    -------
    indices : ndarray of int of shape (n,)
        The positions.
    utilities : ndarray of shape (n,)
        The utility of each when it was chosen; for those added, the last one that is known, and
        equal ones by position.

    Raises
    ------
    ValueError
        If there are too few candidates with a utility.
    """
    answer = np.atleast_1d(np.asarray(indices))
    left = {int(position): None for position in candidates}
    chosen: dict[int, float] = {}
    if answer.dtype.kind in "iuf" and answer.ndim == 1:
        for place, position in enumerate(answer.tolist()):
            if len(chosen) < n and position in left:
                row = utilities[min(place, len(utilities) - 1)]
                chosen.setdefault(int(position), float(row[int(position)]))
    others = np.array([position for position in left if position not in chosen], dtype=np.intp)
    known = _last_known(utilities, others)
    others, known = others[~np.isnan(known)], known[~np.isnan(known)]
    n_missing = n - len(chosen)
    if n_missing > len(others):
        raise ValueError(
            f"{name} must choose {n} different candidates. Got {answer.tolist()} instead, with "
            f"{len(chosen)} of the {len(candidates)} candidates among them, and the utility of "
            f"{len(others)} others. Hint: ask for fewer samples, or use another strategy."
        )
    order = np.argsort(-known, kind="stable")[:n_missing]
    finite = known[np.isfinite(known)]
    lowest = finite.min() if len(finite) else 0.0
    worth = np.where(np.isfinite(known[order]), known[order], lowest)
    return (
        np.array([*chosen, *others[order]], dtype=np.intp),
        np.array([*chosen.values(), *worth], dtype=np.float64),
    )


def _last_known(utilities: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return the utility of samples at the last choice that has one, nan without."""
    known = np.full(len(positions), np.nan)
    for row in utilities[:, positions]:
        np.copyto(known, row, where=~np.isnan(row))
    return known
