"""The coverage of a pool by its labelled samples, and the gain of each further label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.compiled import compiled
from skactive._engine.gain_bounds import WHOLE_SHARE, GainBounds


class LabelCoverage:
    """Keep for each sample x its coverage max_l K(x, l) over the labelled samples l.

    K is the similarity of the neighbour graph, 1 for a sample and itself. The gain of labelling c
    is the sum over x of w(x) max(0, K(x, c) - coverage(x)). After a change, both are evaluated
    again for the rows that it affects, so that they equal a computation from scratch bit for bit.

    Parameters
    ----------
    kernel : CSR matrix of shape (n_samples, n_samples)
        Symmetric, in [0, 1], with nothing on the diagonal.
    """

    def __init__(self, kernel: sp.csr_matrix) -> None:
        n_samples = kernel.shape[0]
        self._kernel = kernel
        self._is_labeled = np.zeros(n_samples, dtype=bool)
        self._outside: np.ndarray | None = None
        self.covered = np.zeros(n_samples)
        self._gains: dict[str, Gains] = {}
        self._bounds: GainBounds | None = None

    def copy(self) -> LabelCoverage:
        """Return an independent copy."""
        twin = LabelCoverage(self._kernel)
        twin._is_labeled, twin._outside = self._is_labeled.copy(), self._outside
        twin.covered = self.covered.copy()
        twin._gains = {name: kept.copy() for name, kept in self._gains.items()}
        twin._bounds = self._bounds and self._bounds.copy()
        return twin

    def set_labeled(self, is_labeled: np.ndarray, outside: np.ndarray | None = None) -> None:
        """Set the labelled samples, and the coverage by samples from outside the pool.

        Cost: a comparison of all samples, and the neighbourhoods of those that differ.
        """
        changed = is_labeled != self._is_labeled
        self._is_labeled = is_labeled.copy()
        stale = self._with_neighbors(np.flatnonzero(changed))
        if outside is not None or self._outside is not None:
            before = np.zeros(len(changed)) if self._outside is None else self._outside
            now = np.zeros(len(changed)) if outside is None else outside
            stale = np.union1d(stale, np.flatnonzero(now != before))
            self._outside = outside
        if len(stale):
            self._cover(stale)

    def label(self, samples: Any) -> None:
        """Add labelled samples."""
        is_labeled = self._is_labeled.copy()
        is_labeled[samples] = True
        self.set_labeled(is_labeled, self._outside)

    def cover(self, outside: np.ndarray) -> None:
        """Add the coverage by further samples from outside the pool."""
        known = outside if self._outside is None else np.maximum(self._outside, outside)
        self.set_labeled(self._is_labeled, known)

    def gains(self, weights: np.ndarray, name: str) -> np.ndarray:
        """Return the gain of labelling each sample, shape (n_samples,).

        The array is kept under the name, and updated by the next call with this name. Cost: the
        neighbourhoods of the samples whose weight or coverage has changed since the last call.
        """
        if name not in self._gains:
            rows = np.arange(len(weights))
            values = gains_of(self._kernel, rows, self.covered, weights)
            self._gains[name] = Gains(weights.copy(), values, np.zeros(len(weights), dtype=bool))
            return values
        kept = self._gains[name]
        stale = self._with_neighbors(np.flatnonzero(kept.is_stale | (weights != kept.weights)))
        if len(stale):
            kept.values[stale] = gains_of(self._kernel, stale, self.covered, weights)
            kept.weights = weights.copy()
            kept.is_stale[:] = False
        return kept.values

    def largest(
        self, weights: np.ndarray, gains: np.ndarray, exponent: float, rows: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Find the largest of gains(weights) / gains ** exponent, with few gains computed.

        Parameters
        ----------
        weights : ndarray of shape (n_samples,)
            The weight of each sample's coverage, at least 0.
        gains : ndarray of shape (n_samples,)
            The gains if all weights above 0 were 1, or an upper bound on them.
        exponent : float
            At least 0, below 1. If the power is 0, so is the quotient.
        rows : ndarray of int of shape (n,)
            The samples to compare.

        Returns
        -------
        places : ndarray of int
            Positions in `rows` of the samples with the largest quotient.
        largest : float
            The largest quotient.
        """
        if self._bounds is None:
            self._bounds = GainBounds(self._kernel)
        return self._bounds.largest(weights, self.covered, gains, exponent, rows)

    def _cover(self, samples: np.ndarray) -> None:
        columns, values, starts = csr_rows(self._kernel, samples)
        covered = _reduced(np.maximum, np.where(self._is_labeled[columns], values, 0.0), starts)
        if self._outside is not None:
            covered = np.maximum(covered, self._outside[samples])
        covered = np.where(self._is_labeled[samples], 1.0, covered)
        before = self.covered[samples]
        self.covered[samples] = covered
        for kept in self._gains.values():
            kept.is_stale[samples[covered != before]] = True
        if self._bounds is not None:
            self._bounds.reset(self._with_neighbors(samples[covered < before]))

    def _with_neighbors(self, samples: np.ndarray) -> np.ndarray:
        """Return samples and their neighbours, ascending."""
        n_samples = len(self.covered)
        if len(samples) > WHOLE_SHARE * n_samples:
            return np.arange(n_samples)
        if len(samples) == 0:
            return samples
        found = np.zeros(n_samples, dtype=bool)
        found[samples] = True
        found[csr_rows(self._kernel, samples)[0]] = True
        return np.flatnonzero(found)


@dataclass
class Gains:
    """The gain of labelling each sample, the weights, and the samples whose coverage changed."""

    weights: np.ndarray
    values: np.ndarray
    is_stale: np.ndarray

    def copy(self) -> Gains:
        """Return an independent copy."""
        return Gains(self.weights, self.values.copy(), self.is_stale.copy())


def gains_of(
    kernel: sp.csr_matrix, rows: np.ndarray, covered: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the sum over x of w(x) max(0, K(x, c) - coverage(x)) for some rows c."""
    if len(rows) > WHOLE_SHARE * kernel.shape[0]:
        # Coverage and weight of a sample are adjacent in memory.
        covered, weights = np.column_stack([covered, weights]).T
    return np.asarray(
        compiled(_gains_of)(kernel.indptr, kernel.indices, kernel.data, rows, covered, weights)
    )


def _gains_of(  # type: ignore[no-untyped-def]
    starts, neighbors, values, rows, covered, weights
):  # pragma: no cover - compiled
    gains = np.empty(len(rows))
    for place in range(len(rows)):
        row = rows[place]
        gain = weights[row] * (1.0 - covered[row])
        for edge in range(starts[row], starts[row + 1]):
            sample = neighbors[edge]
            gain += weights[sample] * max(values[edge] - covered[sample], 0.0)
        gains[place] = gain
    return gains


def csr_rows(kernel: sp.csr_matrix, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return columns and values of ascending rows, and the index at which each row starts."""
    if len(rows) == kernel.shape[0]:
        return kernel.indices, kernel.data, kernel.indptr
    counts = kernel.indptr[rows + 1] - kernel.indptr[rows]
    starts = np.concatenate([[0], np.cumsum(counts)])
    places = np.arange(starts[-1]) + np.repeat(kernel.indptr[rows] - starts[:-1], counts)
    return kernel.indices[places], kernel.data[places], starts


def _reduced(function: Any, values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Reduce the values of each row to one, 0 for an empty row."""
    reduced = np.zeros(len(starts) - 1)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        reduced[filled] = function.reduceat(values, starts[:-1][filled])
    return reduced
