"""Exact nearest neighbours among rows, equal rows searched once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skactive._engine.block_search import Candidates
from skactive._engine.distances import SINGLE_RANGE, Rows, Space
from skactive._engine.distinct_rows import DistinctRows
from skactive._engine.exact_search import search

Search = Callable[[Rows, int], tuple[np.ndarray, np.ndarray]]


def exact_neighbors(
    space: Space,
    A: Rows,
    B: Rows,
    n_neighbors: int,
    *,
    asked: DistinctRows,
    stored: DistinctRows,
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and indices of the rows of B nearest to each row of A.

    Parameters
    ----------
    space : Space
        The metric.
    A, B : Rows
        The queries, and the rows among which their neighbours are searched.
    n_neighbors : int
        Number of neighbours, at most len(B).
    asked, stored : DistinctRows
        The distinct rows of A and of B.

    Returns
    -------
    distances, columns : ndarray of shape (len(A), n_neighbors)
        Nearest first, equal distances by position.
    """
    searched = B if stored.are_all else B[stored.first]

    def nearest(queries: Rows, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        return nearest_distinct(space, queries, searched, n_neighbors)

    return with_equal_rows(nearest, A, asked, stored, n_neighbors)


def with_equal_rows(
    nearest: Search,
    queries: Rows,
    asked: DistinctRows | None,
    stored: DistinctRows,
    n_neighbors: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the neighbours of queries, from a search among the first rows of equal ones.

    Equal queries have equal neighbours, and equal rows equal distances.
    """
    if asked is None or (asked.are_all and stored.are_all):
        return nearest(queries, n_neighbors)
    distances, columns = nearest(queries[asked.first], min(n_neighbors, len(stored.first)))
    distances, columns = stored.with_equal(distances, columns, n_neighbors)
    return distances[asked.groups], columns[asked.groups]


def nearest_distinct(
    space: Space, A: Rows, B: Rows, n_neighbors: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and indices of the rows of B nearest to each row of A, one by one."""
    if has_products(space, B) and A.norms.max(initial=0.0) < SINGLE_RANGE[1]:
        compared, columns = Candidates(space, B).nearest(A, n_neighbors)
        return finished(space, compared, A, B), columns
    order = np.arange(len(B))
    return search(space, A, B, n_neighbors, precedence=lambda: order)


def has_products(space: Space, stored: Rows) -> bool:
    """Return whether distances to rows can be computed from products of single precision."""
    return space.by_product and bool(
        SINGLE_RANGE[0] < stored.norms.max(initial=0.0) < SINGLE_RANGE[1]
    )


def finished(space: Space, compared: np.ndarray, A: Rows, B: Rows) -> np.ndarray:
    """Convert comparison units to distances, in the type of the rows."""
    return space.finish(compared).astype(np.result_type(A.dtype, B.dtype))
