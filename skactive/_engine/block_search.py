"""Nearest neighbours by matrix products of blocks, and pair by pair if rounding could decide."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import NEAR, Rows, Space
from skactive._engine.points import Frame, lower_bounds, weights

# Number of distances of which only the minimum is compared in the first step.
LAYERS = 32

# Up to so many times the number of neighbours, contenders are compared pair by pair. More of them
# are compared by a product in float64.
FEW = 4

# Distances that are larger than so many times their rounding error are those of a product in
# float64. Equal ones are then ordered by position.
DIGITS = 1e6


class Candidates:
    """Rows among which the nearest are searched.

    A product gives lower bounds of the distances. If rounding could decide which candidates are
    the nearest, or their order, the candidates in question are compared again: by a product in
    float64, or pair by pair.

    Parameters
    ----------
    space : Space
        The cosine or Euclidean metric.
    rows : Rows
        The candidates.
    frame : Frame, default=None
        The coordinates of the products. None means a frame for these rows.
    keep : bool, default=True
        Whether the coordinates of the candidates may be stored in memory.
    """

    def __init__(
        self, space: Space, rows: Rows, frame: Frame | None = None, *, keep: bool = True
    ) -> None:
        self._space = space
        self._rows = rows
        self._frame = Frame(space, rows, rows.dtype) if frame is None else frame
        self._is_last = self._frame.dtype == np.float64
        self._points = self._frame.of(rows, keep=keep)
        self._unit = self._frame.unit
        self._weights = weights(self._frame, self._points)

    def nearest(self, queries: Rows, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest candidates of each query, nearest first.

        Parameters
        ----------
        queries : Rows
            The queries.
        n_neighbors : int
            Number of neighbours, at most that of the candidates.

        Returns
        -------
        compared : ndarray of float64 of shape (n_queries, n_neighbors)
            Distances in comparison units.
        columns : ndarray of int of shape (n_queries, n_neighbors)
            The candidates. Those with equal distances are ordered by position.
        """
        compared = np.empty((len(queries), n_neighbors))
        columns = np.empty((len(queries), n_neighbors), dtype=np.intp)
        width = len(self._rows) * self._frame.dtype.itemsize * 3
        for block in row_blocks(len(queries), width):
            compared[block], columns[block] = self._nearest(queries[block], n_neighbors)
        return compared, columns

    def _nearest(self, queries: Rows, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        points = self._frame.of(queries)
        lower = lower_bounds(self._frame, points, self._points, self._unit)
        # One more than needed: it tells whether rounding decides on the last place.
        kept, columns = nearest_first(*smallest(lower, n_neighbors + 1))
        errors = weights(self._frame, points)[:, np.newaxis] + self._weights[columns]
        errors = 2 * self._unit * errors[:, :n_neighbors]
        upper = np.maximum.accumulate(kept[:, :n_neighbors] + errors, axis=1)
        is_clear = np.all(kept[:, 1:] > upper[:, : kept.shape[1] - 1], axis=1)
        compared, columns = kept[:, :n_neighbors] + errors / 2, columns[:, :n_neighbors]
        i, j = np.nonzero((compared < NEAR / 2 * errors) & is_clear[:, np.newaxis])
        if len(i):
            compared[i, j] = self._space.pairs(queries, i, self._rows, columns[i, j])
        unclear = np.flatnonzero(~is_clear)
        if len(unclear):
            found = self._settle(
                queries[unclear], lower[unclear], upper[unclear, -1], errors[unclear], n_neighbors
            )
            compared[unclear], columns[unclear] = found
        return compared, columns

    def _settle(
        self,
        queries: Rows,
        lower: np.ndarray,
        limit: np.ndarray,
        errors: np.ndarray,
        n_neighbors: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the nearest of queries for which rounding could decide."""
        compared = np.empty((len(queries), n_neighbors))
        columns = np.empty((len(queries), n_neighbors), dtype=np.intp)
        is_contender = lower <= limit[:, np.newaxis]
        n_contenders = np.count_nonzero(is_contender, axis=1)
        by_pairs = n_contenders <= FEW * n_neighbors
        if self._is_last:
            by_pairs |= limit < DIGITS * errors.max(axis=1)
        some = np.flatnonzero(by_pairs)
        if len(some):
            i, j = np.nonzero(is_contender[some])
            values = self._space.pairs(queries, some[i], self._rows, j)
            found = _first_of_each(values, i, j, len(some), n_neighbors)
            compared[some], columns[some] = found
        others = np.flatnonzero(~by_pairs)
        if len(others) and self._is_last:
            bound = errors[others].max(axis=1)
            found = first_of_rounded(lower[others] + bound[:, np.newaxis] / 2, bound, n_neighbors)
            compared[others], columns[others] = found
        elif len(others):
            compared[others], columns[others] = self._double.nearest(queries[others], n_neighbors)
        return compared, columns

    @cached_property
    def _double(self) -> Candidates:
        return Candidates(self._space, self._rows, self._frame.in_float64(), keep=False)


def nearest_of_all(
    space: Space, A: Rows, B: Rows, n_neighbors: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances in comparison units and indices of the rows of B nearest to those of A."""
    return Candidates(space, B).nearest(A, n_neighbors)


def smallest(compared: np.ndarray, n_smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest entries of each row and their columns, in any order."""
    width = compared.shape[1]
    n_smallest = min(n_smallest, width)
    n_layers = width // max(1, 4 * n_smallest)
    if n_layers < 4:
        places = np.argpartition(compared, n_smallest - 1, axis=1)[:, :n_smallest]
    else:
        n_layers = min(n_layers, LAYERS)
        size = width // n_layers
        whole = compared[:, : size * n_layers].reshape(len(compared), n_layers, size)
        # The k smallest entries of a row are in the k stacks with the smallest minima.
        stacks = np.argpartition(whole.min(axis=1), n_smallest - 1, axis=1)[:, :n_smallest]
        layers = np.arange(n_layers) * size
        among = (stacks[:, :, np.newaxis] + layers).reshape(len(compared), -1)
        among = np.hstack([among, np.arange(size * n_layers, width) + np.zeros_like(among[:, :1])])
        values = np.take_along_axis(compared, among, axis=1)
        chosen = np.argpartition(values, n_smallest - 1, axis=1)[:, :n_smallest]
        places = np.take_along_axis(among, chosen, axis=1)
    return np.take_along_axis(compared, places, axis=1), places


def first_of_rounded(
    compared: np.ndarray, bound: np.ndarray, n_neighbors: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest entries of each row and their columns; of equal ones, the first.

    Entries are rounded to multiples of four bounds or more, a power of two: most entries that
    differ by less than the bound on their error are equal then, and integers stay as they are.
    """
    step = np.exp2(np.ceil(np.log2(4 * bound)))
    rounded = np.rint(compared / step[:, np.newaxis])
    last = np.partition(rounded, n_neighbors - 1, axis=1)[:, n_neighbors - 1, np.newaxis]
    is_chosen, is_last = rounded < last, rounded == last
    n_left = n_neighbors - np.count_nonzero(is_chosen, axis=1)
    is_chosen |= is_last & (np.cumsum(is_last, axis=1) <= n_left[:, np.newaxis])
    columns = np.nonzero(is_chosen)[1].reshape(len(compared), n_neighbors)
    values = np.take_along_axis(rounded, columns, axis=1) * step[:, np.newaxis]
    return nearest_first(values, columns)


def nearest_first(compared: Any, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort each row by distance, equal distances by position."""
    order = np.lexsort((columns, compared), axis=-1)
    return np.take_along_axis(compared, order, axis=1), np.take_along_axis(columns, order, axis=1)


def _first_of_each(
    values: np.ndarray, rows: np.ndarray, columns: np.ndarray, n_rows: int, n_first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest values of each row and their columns, equal values by position."""
    order = np.lexsort((columns, values, rows))
    starts = np.searchsorted(rows, np.arange(n_rows))
    chosen = order[starts[:, np.newaxis] + np.arange(n_first)]
    return values[chosen], columns[chosen]
