"""Rows with the largest products, as candidates for an exact comparison."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skactive._engine.blocks import on_all_cpus, row_blocks
from skactive._engine.compiled import compiled
from skactive._engine.distances import Rows, Space
from skactive._engine.inverted_file import InvertedFile

# From this number of rows on, each query is compared only with the rows of the nearest cells, which
# contain this share of the candidates.
MIN_ROWS_CELLS = 20_000
RECALL = 0.9

# A thread chooses the candidates of so many queries at once.
ROWS_AT_ONCE = 64


class NearCandidates:
    """Find the rows nearest to queries by products in single precision.

    Rounding decides between rows whose distances are nearly equal. For many rows the search is
    approximate.

    Parameters
    ----------
    points : ndarray of float32 of shape (n_rows, n_features)
        The rows, of few features.
    n_candidates : int
        Number of rows to find, at most n_rows.
    random_state : int
        Seed of the partition into cells.
    """

    def __init__(self, points: np.ndarray, n_candidates: int, random_state: int) -> None:
        self._n_candidates = n_candidates
        # The product of these is the squared distance, up to a constant for each query.
        halves = np.square(points).sum(axis=1, keepdims=True) / 2
        self._stored = np.hstack([points, -halves])
        self._cells = None
        if len(points) >= MIN_ROWS_CELLS:
            space = Space("euclidean")
            self._cells = InvertedFile(Rows(points), space, n_candidates, RECALL, random_state)

    def blocks(self, points: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield blocks of queries, with their candidates in any order.

        Parameters
        ----------
        points : ndarray of float32 of shape (n_queries, n_features)
            The queries.

        Yields
        ------
        queries : ndarray of int of shape (n_block,)
            Positions of the queries.
        columns : ndarray of int of shape (n_block, n_candidates)
            The rows that were found.
        """
        if self._cells is None:
            for block in row_blocks(len(points), 4 * len(self._stored)):
                queries = np.arange(block.start, block.stop)
                yield queries, self._largest(points[block], self._stored)
            return
        for queries, rows in self._cells.cells(Rows(points), self._n_candidates):
            stored = self._stored[rows]
            for block in row_blocks(len(queries), 4 * len(rows)):
                yield queries[block], rows[self._largest(points[queries[block]], stored)]

    def _largest(self, points: np.ndarray, stored: np.ndarray) -> np.ndarray:
        asked = np.hstack([points, np.ones((len(points), 1), points.dtype)])
        columns = np.empty((len(asked), self._n_candidates), dtype=np.intp)
        products = asked @ stored.T
        choose = compiled(_choose_largest)

        def of_block(block: slice) -> None:
            choose(products[block], columns[block])

        starts = range(0, len(asked), ROWS_AT_ONCE)
        on_all_cpus(of_block, [slice(start, start + ROWS_AT_ONCE) for start in starts])
        return columns


def _choose_largest(products, columns):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    n_chosen = columns.shape[1]
    values = np.empty(n_chosen, products.dtype)
    for row in range(len(columns)):
        chosen, of_row = columns[row], products[row]
        values[:] = of_row[:n_chosen]
        chosen[:] = np.arange(n_chosen)
        last = values.argmin()
        least = values[last]
        for column in range(n_chosen, len(of_row)):
            if of_row[column] > least:
                values[last], chosen[last] = of_row[column], column
                last = values.argmin()
                least = values[last]
