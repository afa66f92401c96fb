"""Exact nearest neighbours, independent of rounding and of the order of the samples."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._progress import advance

# The rows among which neighbours are searched are compared in blocks of this size, so that
# temporary memory does not grow with their number.
BLOCK_ROWS = 2**14


def choose_nearest(
    compared: np.ndarray,
    columns: np.ndarray | None,
    n_neighbors: int,
    *,
    space: Space,
    A: Rows,
    B: Rows,
    precedence: Callable[[], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the nearest columns of each row, nearest first.

    If candidates for the last place differ by less than the rounding error, their distances are
    recomputed pair by pair. Equal distances are ordered by precedence.

    Parameters
    ----------
    compared : ndarray of shape (n, width)
        Distances in comparison units.
    columns : ndarray of shape (n, width) or None
        The row of B of each entry. None means that entry j belongs to row j.
    n_neighbors : int
        Number of neighbours to keep; all if there are fewer.
    space, A, B
        The metric, the rows of `compared`, and the rows that `columns` refers to.
    precedence : callable
        Returns a number for each row of B. Of equal distances, the lowest number is first.

    Returns
    -------
    compared, columns : ndarrays of shape (n, min(n_neighbors, width))
    """
    n, width = compared.shape
    n_neighbors = min(n_neighbors, width)
    if n_neighbors in (0, width):
        chosen = np.broadcast_to(np.arange(n_neighbors), (n, n_neighbors))
        kept = compared[:, :n_neighbors]
    else:
        chosen = np.argpartition(compared, n_neighbors - 1, axis=1)[:, :n_neighbors]
        kept = np.take_along_axis(compared, chosen, axis=1)
        limit = kept.max(axis=1) + 2 * space.rounding(A, B)
        contenders = np.count_nonzero(compared <= limit[:, np.newaxis], axis=1)
        # Empty places have an infinite distance, and need no comparison.
        contested = np.flatnonzero((contenders > n_neighbors) & np.isfinite(limit))
        if contested.size:
            contested = contested[np.argsort(contenders[contested], kind="stable")]
            widest = int(contenders[contested[-1]])
            order = precedence()
            for block in row_blocks(len(contested), widest * 64):
                rows = contested[block]
                chosen[rows], kept[rows] = _compare_contenders(
                    rows,
                    compared[rows],
                    None if columns is None else columns[rows],
                    limit[rows],
                    n_neighbors,
                    int(contenders[rows[-1]]),
                    space=space,
                    A=A,
                    B=B,
                    order=order,
                )
    nearest_first = np.argsort(kept, axis=1, kind="stable")
    kept = np.take_along_axis(kept, nearest_first, axis=1)
    chosen = np.take_along_axis(chosen, nearest_first, axis=1)
    if columns is not None:
        chosen = np.take_along_axis(columns, chosen, axis=1)
    return kept, chosen


def _compare_contenders(
    rows: np.ndarray,
    compared: np.ndarray,
    columns: np.ndarray | None,
    limit: np.ndarray,
    n_neighbors: int,
    n_contenders: int,
    *,
    space: Space,
    A: Rows,
    B: Rows,
    order: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    places = np.argpartition(compared, n_contenders - 1, axis=1)[:, :n_contenders]
    values = np.take_along_axis(compared, places, axis=1).astype(np.float64)
    candidates = places if columns is None else np.take_along_axis(columns, places, axis=1)
    values[values > limit[:, np.newaxis]] = np.inf
    if space.by_product:
        i, j = np.nonzero(np.isfinite(values))
        values[i, j] = space.pairs(A, rows[i], B, candidates[i, j])
    first = np.lexsort((order[candidates], values), axis=-1)[:, :n_neighbors]
    return np.take_along_axis(places, first, axis=1), np.take_along_axis(values, first, axis=1)


def search(
    space: Space,
    A: Rows,
    B: Rows,
    n_neighbors: int,
    *,
    precedence: Callable[[], np.ndarray],
    exclude: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the rows of B nearest to each row of A, in blocks limited by `working_memory`.

    `exclude` has for each row of A a row of B to leave out, such as the sample itself. Cost:
    O(len(A) · len(B) · n_features) time, O(working_memory) temporary memory.
    """
    precedence, width = cache(precedence), len(B) - (exclude is not None)
    n_neighbors = min(n_neighbors, width)
    distances = np.empty((len(A), n_neighbors), dtype=np.result_type(A.dtype, B.dtype))
    columns = np.empty((len(A), n_neighbors), dtype=np.intp)
    for block in row_blocks(len(A), min(len(B), BLOCK_ROWS) * 32):
        part, excluded = A[block], None if exclude is None else exclude[block]
        kept, columns[block] = _search_block(space, part, B, n_neighbors, precedence, excluded)
        distances[block] = space.finish(kept)
        advance(len(part))
    return distances, columns


def _search_block(
    space: Space,
    A: Rows,
    B: Rows,
    n_neighbors: int,
    precedence: Callable[[], np.ndarray],
    exclude: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest rows of B, chosen from the nearest of each block of B."""
    found = []
    for start in range(0, max(len(B), 1), BLOCK_ROWS):
        some = B if len(B) <= BLOCK_ROWS else B[start : start + BLOCK_ROWS]
        compared = space.compare(A, some)
        if exclude is not None:
            rows = np.flatnonzero((start <= exclude) & (exclude < start + len(some)))
            compared[rows, exclude[rows] - start] = np.inf
        order = partial(_from, precedence, start)
        kept, columns = choose_nearest(
            compared, None, n_neighbors, space=space, A=A, B=some, precedence=order
        )
        found.append((kept, columns + start))
    if len(found) == 1:
        return found[0]
    kept, columns = (np.hstack(parts) for parts in zip(*found, strict=True))
    return choose_nearest(kept, columns, n_neighbors, space=space, A=A, B=B, precedence=precedence)


def _from(precedence: Callable[[], np.ndarray], start: int) -> np.ndarray:
    return precedence()[start:]
