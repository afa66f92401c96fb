"""Nearest neighbours by matrix products of blocks, and pair by pair if rounding could decide."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.neighbor_lists import first_of_each, nearest_first
from skactive._engine.points import Frame, lower_bounds, weights
from skactive._progress import advance

# Number of distances of which only the minimum is compared in the first step.
LAYERS = 32

# Up to so many times the number of neighbours, contenders are compared pair by pair. More of them
# are compared by a product in float64.
FEW = 4

# If many distances larger than so many times their rounding error are equal up to rounding in
# float64, the first of them are the nearest.
DIGITS = 1e6


class Candidates:
    """Rows among which the nearest are searched.

    A product gives lower bounds of the distances. If rounding could decide which candidates are
    the nearest, the candidates in question are compared again: by a product in float64, or pair by
    pair. The distances to the nearest are computed pair by pair, so that they depend only on the
    two rows.

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
            some = queries[block]
            nearest = self.columns(some, n_neighbors)
            owners = np.repeat(np.arange(len(some)), n_neighbors)
            exact = self._space.pairs(some, owners, self._rows, nearest.ravel())
            columns[block], compared[block] = nearest_first(nearest, exact.reshape(nearest.shape))
            advance(len(some))
        return compared, columns

    def columns(self, queries: Rows, n_neighbors: int) -> np.ndarray:
        """Return the nearest candidates of each query, in any order."""
        points = self._frame.of(queries)
        lower = lower_bounds(self._frame, points, self._points, self._unit)
        # One more than needed: it tells whether rounding decides on the last place.
        columns, kept = nearest_first(*smallest(lower, n_neighbors + 1))
        following, columns = kept[:, n_neighbors:], columns[:, :n_neighbors]
        errors = weights(self._frame, points)[:, np.newaxis] + self._weights[columns]
        errors = 2 * self._unit * errors
        upper = (kept[:, :n_neighbors] + errors).max(axis=1)
        unclear = np.flatnonzero((following <= upper[:, np.newaxis]).any(axis=1))
        if len(unclear):
            columns[unclear] = self._settled(
                queries[unclear],
                lower[unclear],
                upper[unclear],
                errors[unclear].max(axis=1),
                n_neighbors,
            )
        return columns

    def _settled(
        self,
        queries: Rows,
        lower: np.ndarray,
        upper: np.ndarray,
        errors: np.ndarray,
        n_neighbors: int,
    ) -> np.ndarray:
        """Return the nearest candidates of queries for which rounding could decide."""
        columns = np.empty((len(queries), n_neighbors), dtype=np.intp)
        is_contender = lower <= upper[:, np.newaxis]
        n_contenders = np.count_nonzero(is_contender, axis=1)
        by_pairs = n_contenders <= FEW * n_neighbors
        if self._is_last:
            by_pairs |= upper < DIGITS * errors
        some = np.flatnonzero(by_pairs)
        if len(some):
            i, j = np.nonzero(is_contender[some])
            values = self._space.pairs(queries, some[i], self._rows, j)
            columns[some] = j[first_of_each(values, j, i, len(some), n_neighbors)]
        others = np.flatnonzero(~by_pairs)
        if len(others) and self._is_last:
            middle = lower[others] + errors[others, np.newaxis] / 2
            columns[others] = first_of_rounded(middle, errors[others], n_neighbors)
        elif len(others):
            columns[others] = self._double.columns(queries[others], n_neighbors)
        return columns

    @cached_property
    def _double(self) -> Candidates:
        return Candidates(self._space, self._rows, self._frame.in_float64(), keep=False)


def smallest(compared: np.ndarray, n_smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns of the smallest entries of each row, in any order, and the entries."""
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
    return places, np.take_along_axis(compared, places, axis=1)


def first_of_rounded(compared: np.ndarray, bounds: np.ndarray, n_first: int) -> np.ndarray:
    """Return the columns of the smallest entries of each row; of equal ones, the first.

    Entries are rounded to multiples of four bounds or more, a power of two: most entries that
    differ by less than the bound on their error are equal then, and integers stay as they are.
    """
    step = np.exp2(np.ceil(np.log2(4 * bounds)))
    rounded = np.rint(compared / step[:, np.newaxis])
    last = np.partition(rounded, n_first - 1, axis=1)[:, n_first - 1, np.newaxis]
    is_chosen, is_last = rounded < last, rounded == last
    n_left = n_first - np.count_nonzero(is_chosen, axis=1)
    is_chosen |= is_last & (np.cumsum(is_last, axis=1) <= n_left[:, np.newaxis])
    return np.nonzero(is_chosen)[1].reshape(len(compared), n_first)
