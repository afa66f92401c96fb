"""The part of a pool that holds its coverage by labelled samples."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.coverage import LabelCoverage
from skactive._engine.label_book import LabelBook
from skactive._text import shown
from skactive._validation import check_bandwidth, check_number
from skactive.pool._graphs import NeighborGraphs

# Number of neighbours, metric and bandwidth.
Kernel: TypeAlias = tuple[int, str, float | str | None]


class PoolCoverages:
    """The coverage of a pool under each kernel, brought up to date when it is read.

    Parameters
    ----------
    graphs : NeighborGraphs
        The neighbour graphs of the pool.
    """

    def __init__(self, graphs: NeighborGraphs) -> None:
        self._graphs = graphs

    def begin(self, book: LabelBook) -> None:
        """Follow the labels of a new book."""
        self._book = book
        self._coverages: dict[Kernel, LabelCoverage] = {}
        self._outside: dict[Kernel, tuple[np.ndarray, np.ndarray]] = {}

    def __getstate__(self) -> dict[str, Any]:
        # Both are computed again. Tuples are keys, which formats such as skops cannot store.
        return {**self.__dict__, "_coverages": {}, "_outside": {}}

    def of(self, kernel: Kernel) -> LabelCoverage:
        """Return the coverage by the labelled samples. Copy it to change it."""
        check_bandwidth("coverage_gain", kernel[2])
        self._graphs.check(kernel[0], kernel[1])
        if kernel not in self._coverages:
            graph = self._graphs.graph(kernel[0], kernel[1], None)
            self._coverages[kernel] = LabelCoverage(graph.affinity(kernel[2]))
        is_labeled = self._book.positions.is_labeled(slice(None))
        self._coverages[kernel].set_labeled(is_labeled, self._covered_from_outside(kernel))
        return self._coverages[kernel]

    def covered_by(self, X: Any, kernel: Kernel) -> np.ndarray:
        """Return the coverage of each sample of the pool by samples outside it."""
        graph = self._graphs.graph(kernel[0], kernel[1], None)
        distances, indices = graph.kneighbors(X)
        covered = np.zeros(self._book.positions.n_samples)
        # Rounded as the affinities are, so that equal samples gain nothing.
        similarities = graph.similarities(distances, indices, kernel[2]).astype(np.float32)
        np.maximum.at(covered, indices, similarities)
        return covered

    def gains(self, coverage: LabelCoverage, weights: ArrayLike | None) -> np.ndarray:
        """Return the gain of a label of each sample. Do not change it; copy it to keep it."""
        name = "all" if weights is None else "weighted"
        return coverage.gains(self._weights(weights), name)

    def largest_gain(
        self, coverage: LabelCoverage, weights: ArrayLike, exponent: float, rows: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Return the rows with the largest quotient of gain and powered gain, and the quotient."""
        exponent = check_number("largest_coverage_gain", "exponent", exponent, below=1.0)
        gains = self.gains(coverage, None)
        return coverage.largest(self._weights(weights), gains, exponent, rows)

    def _covered_from_outside(self, kernel: Kernel) -> np.ndarray | None:
        """Return the coverage of each sample by the seed set; only new samples are computed."""
        ids, store = self._book.outside_ids(), self._book.store
        if store is None or len(ids) == 0:
            return None
        n_samples = self._book.positions.n_samples
        known, covered = self._outside.get(kernel, (ids[:0], np.zeros(n_samples)))
        if not np.array_equal(known, ids[: len(known)]):
            known, covered = ids[:0], np.zeros(n_samples)
        if len(known) < len(ids):
            X = store.rows.X[store.slots(ids[len(known) :])]
            covered = np.maximum(covered, self.covered_by(X, kernel))
        self._outside[kernel] = (ids, covered)
        return covered

    def _weights(self, weights: ArrayLike | None) -> np.ndarray:
        """Return checked weights of all samples; None is 1 for each candidate."""
        if weights is None:
            return self._book.positions.is_candidate
        n_samples = self._book.positions.n_samples
        try:
            weights = np.asarray(weights, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"weights must be an array of numbers. Got {shown(weights)} instead."
            ) from error
        if weights.shape != (n_samples,):
            raise ValueError(
                f"weights has shape {weights.shape}, but the pool has {n_samples} samples. "
                "Hint: pass one number for each sample, including labelled ones."
            )
        if not (weights.min() >= 0 and np.isfinite(weights.max())):
            wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
            raise ValueError(
                f"weights must be finite numbers of at least 0. Got {weights[wrong[0]]} at "
                f"position {wrong[0]}. Hint: pass 0 for a sample that need not be covered."
            )
        return weights
