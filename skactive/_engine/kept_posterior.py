"""A posterior of all samples of a pool, with cached row-wise functions."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from skactive._contracts._posterior_source import PosteriorSource, RowFunction

# Size of the blocks of rows, so that intermediate results fit into the processor's cache.
CACHED_BYTES = 2**11

# If more than this share of the samples has changed, evaluating all of them is faster.
WHOLE_SHARE = 1 / 2


class KeptPosterior(PosteriorSource):
    """A posterior whose row-wise functions are cached for all samples."""

    def of_rows(self, function: RowFunction, positions: np.ndarray) -> np.ndarray | None:
        values = self._of_all(function)
        return None if values is None else values[positions]

    def of_samples(self, function: RowFunction, is_wanted: np.ndarray) -> np.ndarray | None:
        values = self._of_all(function)
        return None if values is None else values * is_wanted

    @abstractmethod
    def _of_all(self, function: RowFunction) -> np.ndarray | None:
        """Return the function of all samples, or None if the pool has no labels."""


def as_slice(rows: np.ndarray) -> np.ndarray | slice:
    """Return ascending rows as a slice if they are contiguous, which avoids a copy."""
    if rows[-1] - rows[0] == len(rows) - 1:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows
