"""How well the labelled samples cover a pool, and what a further one would add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._compiled import compiled, is_compiling

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
        self._gains: dict[str, Gains] = {}

    def copy(self) -> Coverage:
        """Return a copy that goes its own way."""
        twin = Coverage(self._kernel)
        for name in ("_is_labeled", "_outside", "covered"):
            setattr(twin, name, getattr(self, name).copy())
        # What is kept of gains is replaced, never changed.
        twin._gains = self._gains.copy()
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
            columns, values, starts = picked(self._kernel, stale)
            nearest = _reduced(np.maximum, np.where(self._is_labeled[columns], values, 0.0), starts)
            nearest = np.maximum(nearest, self._outside[stale])
            self.covered[stale] = np.where(self._is_labeled[stale], 1.0, nearest)

    def label(self, samples: Any) -> None:
        """Count samples as labelled too."""
        is_labeled = self._is_labeled.copy()
        is_labeled[samples] = True
        self.set_labeled(is_labeled)

    def cover(self, outside: np.ndarray) -> None:
        """Count what further samples from outside cover too."""
        self.set_labeled(self._is_labeled, np.maximum(self._outside, outside))

    def gains(self, weights: np.ndarray, kept_as: str) -> np.ndarray:
        """Return what labelling each sample would add, shape (n_samples,).

        Cost: the neighbourhoods of the samples whose weight or coverage differs from what it was
        when gains were last asked for under the same name.
        """
        kept, stale = self._gains.get(kept_as), np.arange(len(weights))
        if kept is not None:
            changed = (weights != kept.weights) | (self.covered != kept.covered)
            stale = self._and_neighbors(np.flatnonzero(changed))
            if len(stale) == 0:
                return kept.values
        gains = compiled_gains if is_compiling() else plain_gains
        values = gains(self._kernel, stale, self.covered, weights)
        if kept is not None and len(stale) < len(weights):
            some, values = values, kept.values.copy()
            values[stale] = some
        self._gains[kept_as] = Gains(weights.copy(), self.covered.copy(), values)
        return values

    def _and_neighbors(self, samples: np.ndarray) -> np.ndarray:
        n_samples = len(self.covered)
        if len(samples) > WHOLE_SHARE * n_samples:
            return np.arange(n_samples)
        return np.union1d(samples, picked(self._kernel, samples)[0])


@dataclass(frozen=True)
class Gains:
    """What labelling each sample would add, and the weights and coverages that this is of."""

    weights: np.ndarray
    covered: np.ndarray
    values: np.ndarray


def plain_gains(
    kernel: sp.csr_matrix, rows: np.ndarray, covered: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the sum over x of w(x) max(0, K(x, c) - coverage(x)) for some rows c."""
    columns, values, starts = picked(kernel, rows)
    added = values - covered[columns]
    np.maximum(added, 0.0, out=added)
    added *= weights[columns]
    return np.asarray(weights[rows] * (1.0 - covered[rows]) + _reduced(np.add, added, starts))


def compiled_gains(
    kernel: sp.csr_matrix, rows: np.ndarray, covered: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Do the same with numba."""
    # What an edge needs of its sample lies in one place.
    states = np.column_stack([covered, weights])
    return np.asarray(compiled(_gains_of)(kernel.indptr, kernel.indices, kernel.data, rows, states))


def _gains_of(  # type: ignore[no-untyped-def]
    starts, neighbors, values, rows, states
):  # pragma: no cover - compiled
    gains = np.empty(len(rows))
    for place in range(len(rows)):
        row = rows[place]
        gain = states[row, 1] * (1.0 - states[row, 0])
        for edge in range(starts[row], starts[row + 1]):
            sample = neighbors[edge]
            gain += states[sample, 1] * max(values[edge] - states[sample, 0], 0.0)
        gains[place] = gain
    return gains


def picked(kernel: sp.csr_matrix, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the columns and values of rows, ascending, and where each row's begin."""
    if len(rows) == kernel.shape[0]:
        return kernel.indices, kernel.data, kernel.indptr
    counts = kernel.indptr[rows + 1] - kernel.indptr[rows]
    starts = np.concatenate([[0], np.cumsum(counts)])
    places = np.arange(starts[-1]) + np.repeat(kernel.indptr[rows] - starts[:-1], counts)
    return kernel.indices[places], kernel.data[places], starts


def _reduced(function: Any, values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Reduce each row's values to one, 0 for a row that has none."""
    reduced = np.zeros(len(starts) - 1)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        reduced[filled] = function.reduceat(values, starts[:-1][filled])
    return reduced
