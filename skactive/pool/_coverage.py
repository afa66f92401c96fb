"""How well the labelled samples cover a pool, and what a further one would add."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

# Beyond this share of the samples it is faster to look at all of them than to pick rows.
WHOLE_SHARE = 1 / 8


class Coverage:
    """Keep for each sample x its coverage max_l K(x, l) over the labelled samples l.

    K is the similarity of the neighbour graph, 1 for a sample and itself. What labelling c would
    add is its gain, the sum over x of w(x) max(0, K(x, c) - coverage(x)). Both are evaluated row
    by row where something has changed, so that they are what they would be from scratch, to the
    last bit.

    Parameters
    ----------
    kernel : CSR matrix of shape (n_samples, n_samples)
        Symmetric, in [0, 1], with nothing on the diagonal.
    """

    def __init__(self, kernel: sp.csr_matrix) -> None:
        n_samples = kernel.shape[0]
        self._kernel = kernel
        self._is_labeled = np.zeros(n_samples, dtype=bool)
        self._outside = np.zeros(n_samples)
        self.covered = np.zeros(n_samples)
        self._weights = np.zeros(n_samples)
        self._of_gains = np.zeros(n_samples)
        self._gains = np.zeros(n_samples)

    def copy(self) -> Coverage:
        """Return a copy that goes its own way."""
        twin = Coverage(self._kernel)
        for name in ("_is_labeled", "_outside", "covered", "_weights", "_of_gains", "_gains"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def set_labeled(self, is_labeled: np.ndarray, outside: np.ndarray | None = None) -> None:
        """Say which samples are labelled now, and what samples from outside cover.

        Cost: a comparison of all samples, and the neighbourhoods of those that differ.
        """
        changed = is_labeled != self._is_labeled
        self._is_labeled = is_labeled.copy()
        stale = self._and_neighbors(np.flatnonzero(changed))
        if outside is not None and not np.array_equal(outside, self._outside):
            stale = np.union1d(stale, np.flatnonzero(outside != self._outside))
            self._outside = outside.copy()
        if len(stale):
            rows, columns, values, starts = self._rows(stale)
            known = np.where(self._is_labeled[columns], values, 0.0)
            nearest = _maxima(known, starts, len(rows))
            nearest = np.maximum(nearest, self._outside[rows])
            self.covered[rows] = np.where(self._is_labeled[rows], 1.0, nearest)

    def label(self, samples: Any) -> None:
        """Count samples as labelled too."""
        is_labeled = self._is_labeled.copy()
        is_labeled[samples] = True
        self.set_labeled(is_labeled)

    def gains(self, weights: np.ndarray) -> np.ndarray:
        """Return what labelling each sample would add, shape (n_samples,).

        Cost: the neighbourhoods of the samples whose weight or coverage has changed.
        """
        changed = (weights != self._weights) | (self.covered != self._of_gains)
        stale = self._and_neighbors(np.flatnonzero(changed))
        if len(stale):
            rows, columns, values, starts = self._rows(stale)
            added = np.maximum(values - self.covered[columns], 0.0) * weights[columns]
            self._gains[rows] = weights[rows] * (1.0 - self.covered[rows]) + _sums(
                added, starts, len(rows)
            )
            self._weights, self._of_gains = weights.copy(), self.covered.copy()
        return self._gains

    def _and_neighbors(self, samples: np.ndarray) -> np.ndarray:
        n_samples = len(self.covered)
        if len(samples) > WHOLE_SHARE * n_samples:
            return np.arange(n_samples)
        _, columns, _, _ = self._rows(samples)
        return np.union1d(samples, columns)

    def _rows(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return rows with their columns, values, and where each row's begin."""
        kernel = self._kernel
        if len(rows) > WHOLE_SHARE * len(self.covered):
            rows = np.arange(len(self.covered))
            return rows, kernel.indices, kernel.data, kernel.indptr
        counts = kernel.indptr[rows + 1] - kernel.indptr[rows]
        starts = np.concatenate([[0], np.cumsum(counts)])
        places = np.arange(starts[-1]) + np.repeat(kernel.indptr[rows] - starts[:-1], counts)
        return rows, kernel.indices[places], kernel.data[places], starts


def _sums(values: np.ndarray, starts: np.ndarray, n_rows: int) -> np.ndarray:
    return _reduced(np.add, values, starts, n_rows)


def _maxima(values: np.ndarray, starts: np.ndarray, n_rows: int) -> np.ndarray:
    return _reduced(np.maximum, values, starts, n_rows)


def _reduced(function: Any, values: np.ndarray, starts: np.ndarray, n_rows: int) -> np.ndarray:
    """Reduce each row's values to one, 0 for a row that has none."""
    reduced = np.zeros(n_rows)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        reduced[filled] = function.reduceat(values, starts[:-1][filled])
    return reduced
