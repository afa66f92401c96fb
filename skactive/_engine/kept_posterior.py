"""A posterior of all samples of a pool, with row-wise functions of it."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from skactive._contracts._posterior_source import PosteriorSource, RowFunction

# So many bytes of rows are evaluated at once that intermediate results stay in a cache.
CACHED_BYTES = 2**11

# Beyond this share of the samples it is faster to evaluate all of them than to pick rows.
WHOLE_SHARE = 1 / 2


class KeptPosterior(PosteriorSource):
    """A posterior whose row-wise functions are kept for all samples."""

    def of_rows(self, function: RowFunction, positions: np.ndarray) -> np.ndarray | None:
        values = self._of_all(function)
        return None if values is None else values[positions]

    def of_samples(self, function: RowFunction, is_wanted: np.ndarray) -> np.ndarray | None:
        values = self._of_all(function)
        return None if values is None else values * is_wanted

    @abstractmethod
    def _of_all(self, function: RowFunction) -> np.ndarray | None:
        """Return the function of all samples, or None if no label is known."""


def as_slice(rows: np.ndarray) -> np.ndarray | slice:
    """Return ascending rows as a slice if none is left out, so that nothing is copied."""
    if rows[-1] - rows[0] == len(rows) - 1:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows
