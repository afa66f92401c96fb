"""Neighbour lists after samples were added or removed, with few rows searched again."""

from __future__ import annotations

import math

import numpy as np

from skactive._engine.distances import Rows, Space
from skactive._engine.distinct_rows import DistinctRows
from skactive._engine.exact_neighbors import exact_neighbors
from skactive._engine.neighbor_lists import in_graph_units, nearest_first

# From this number of samples on, a search of all rows is approximate. It takes about as long as
# an exact search of so many times the square root of the number of samples.
MIN_SAMPLES_CLUSTERS = 20_000
ROWS_PER_ROOT = 16

Lists = tuple[np.ndarray, np.ndarray]


def is_worthwhile(n_samples: int, n_searched: int) -> bool:
    """Return whether an exact search of some rows takes less time than a search of all rows."""
    if n_samples < MIN_SAMPLES_CLUSTERS:
        return True
    return n_searched <= ROWS_PER_ROOT * math.sqrt(n_samples)


def searched_lists(metric: str, rows: Rows, positions: np.ndarray, n_neighbors: int) -> Lists:
    """Return the neighbours of some rows among all, themselves excluded.

    Parameters
    ----------
    metric : str
        The metric.
    rows : Rows of length n_samples
        The samples.
    positions : ndarray of int of shape (n,)
        The rows to search for.
    n_neighbors : int
        Number of neighbours, at most n_samples - 1.

    Returns
    -------
    indices : ndarray of int32 of shape (n, n_neighbors)
        Nearest first, equal distances by position.
    distances : ndarray of float32 of shape (n, n_neighbors)
        In the units of a graph.
    """
    space = Space(metric)
    return _searched(space, rows, positions, DistinctRows(space, rows), n_neighbors)


def _searched(
    space: Space, rows: Rows, positions: np.ndarray, distinct: DistinctRows, n_neighbors: int
) -> Lists:
    if n_neighbors == 0 or len(positions) == 0:
        empty = np.empty((len(positions), n_neighbors))
        return empty.astype(np.int32), empty.astype(np.float32)
    found, columns = exact_neighbors(
        space,
        rows[positions],
        rows,
        n_neighbors + 1,
        asked=distinct[positions],
        stored=distinct,
    )
    found[columns == positions[:, np.newaxis]] = np.inf
    indices, distances = nearest_first(columns.astype(np.int32), found)
    distances = in_graph_units(distances[:, :n_neighbors], space.metric)
    return nearest_first(indices[:, :n_neighbors], distances)


def lists_with(
    metric: str, rows: Rows, indices: np.ndarray, distances: np.ndarray, n_neighbors: int
) -> Lists:
    """Return the lists of all rows, of which the first have lists among themselves.

    Each old list is merged with the new rows, and only the new rows are searched among all.

    Parameters
    ----------
    metric : str
        The metric.
    rows : Rows of length n_samples
        All samples, the old ones first.
    indices, distances : ndarray of shape (n_old, n_old_neighbors)
        The lists of the old samples.
    n_neighbors : int
        Number of neighbours, at most n_samples - 1. It may be larger than n_old_neighbors only if
        the old lists contain all other old samples.

    Returns
    -------
    indices, distances : ndarray of shape (n_samples, n_neighbors)
        As `searched_lists` returns them. Exact if the old lists are exact.
    """
    n_old, n_all = len(indices), len(rows)
    space = Space(metric)
    distinct = DistinctRows(space, rows)
    of_new = _searched(space, rows, np.arange(n_old, n_all), distinct, n_neighbors)
    found, columns = exact_neighbors(
        space,
        rows[:n_old],
        rows[n_old:],
        min(n_neighbors, n_all - n_old),
        asked=distinct[:n_old],
        stored=distinct[n_old:],
    )
    found, columns = in_graph_units(found, metric), (columns + n_old).astype(np.int32)
    if n_neighbors > indices.shape[1]:
        reached = np.arange(n_old)
        shape = (n_old, n_neighbors)
        lists = [np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.float32)]
    else:
        reached = np.flatnonzero(found[:, 0] <= distances[:, n_neighbors - 1])
        lists = [indices[:, :n_neighbors].copy(), distances[:, :n_neighbors].copy()]
    lists[0][reached], lists[1][reached] = _nearest(
        space,
        rows,
        reached,
        np.hstack([indices[reached], columns[reached]]),
        np.hstack([distances[reached], found[reached]]),
        n_neighbors,
    )
    return np.vstack([lists[0], of_new[0]]), np.vstack([lists[1], of_new[1]])


def rows_to_search(indices: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return which of the rows that stay lose a neighbour, as positions in `kept`."""
    is_kept = np.zeros(len(indices), dtype=bool)
    is_kept[kept] = True
    return np.flatnonzero(~is_kept[indices[kept]].all(axis=1))


def lists_without(
    metric: str, rows: Rows, indices: np.ndarray, distances: np.ndarray, kept: np.ndarray
) -> Lists:
    """Return the lists of the rows that stay, of which those that lose a neighbour are searched.

    Parameters
    ----------
    metric : str
        The metric.
    rows : Rows of length n_kept
        The samples that stay.
    indices, distances : ndarray of shape (n_samples, n_neighbors)
        The lists of all samples.
    kept : ndarray of int of shape (n_kept,)
        The positions of the samples that stay, ascending.

    Returns
    -------
    indices, distances : ndarray of shape (n_kept, min(n_neighbors, n_kept - 1))
        As `searched_lists` returns them, with new positions.
    """
    width = min(indices.shape[1], len(kept) - 1)
    places = np.zeros(len(indices), dtype=np.int32)
    places[kept] = np.arange(len(kept))
    lost = rows_to_search(indices, kept)
    indices, distances = places[indices[kept, :width]], distances[kept, :width]
    indices[lost], distances[lost] = searched_lists(metric, rows, lost, width)
    return indices, distances


def _nearest(
    space: Space,
    rows: Rows,
    owners: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    n_neighbors: int,
) -> Lists:
    """Return the nearest entries of the lists of some rows, equal distances by position.

    Lists have single precision. If the last place goes to one of several entries that are equal
    in it, their distances are computed again.
    """
    indices, distances = nearest_first(indices, distances)
    last, following = distances[:, n_neighbors - 1], distances[:, n_neighbors:]
    tied = np.flatnonzero((following == last[:, np.newaxis]).any(axis=1) & np.isfinite(last))
    if len(tied):
        exact = _exact(space, rows, owners[tied], indices[tied])
        exact[~np.isfinite(distances[tied])] = np.inf
        indices[tied], distances[tied] = nearest_first(indices[tied], distances[tied], exact)
    return nearest_first(indices[:, :n_neighbors], distances[:, :n_neighbors])


def _exact(space: Space, rows: Rows, places: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return the distances of some rows to the entries of their lists, without products."""
    if space.by_product:
        owners = np.repeat(places, indices.shape[1])
        return space.pairs(rows, owners, rows, indices.ravel()).reshape(indices.shape)
    exact = np.empty(indices.shape)
    for turn, place in enumerate(places):
        exact[turn] = space.compare(rows[place : place + 1], rows[indices[turn]])[0]
    return exact
