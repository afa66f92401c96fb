"""Neighbour lists after samples were added or removed, with few rows searched again."""

from __future__ import annotations

import math

import numpy as np

from skactive._engine.block_search import exact_neighbors
from skactive._engine.distances import Rows, Space
from skactive._engine.neighbor_lists import in_graph_units, nearest_first

# From this number of samples on, a search of all rows is approximate. It takes about as long as
# an exact search of so many times the square root of the number of samples.
MIN_SAMPLES_CLUSTERS = 20_000
ROWS_PER_ROOT = 16

# The distance from 1 to the next number of the distances in lists.
SINGLE_UNIT = float(np.finfo(np.float32).eps)

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
    if n_neighbors == 0 or len(positions) == 0:
        empty = np.empty((len(positions), n_neighbors))
        return empty.astype(np.int32), empty.astype(np.float32)
    found, columns = exact_neighbors(Space(metric), rows[positions], rows, n_neighbors + 1)
    found[columns == positions[:, np.newaxis]] = np.inf
    indices, distances = nearest_first(columns.astype(np.int32), found)
    distances = in_graph_units(distances[:, :n_neighbors], metric)
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
    of_new = searched_lists(metric, rows, np.arange(n_old, n_all), n_neighbors)
    space, old, new = Space(metric), rows[:n_old], rows[n_old:]
    found, columns = exact_neighbors(space, old, new, min(n_neighbors, n_all - n_old))
    found, columns = in_graph_units(found, metric), (columns + n_old).astype(np.int32)
    if n_neighbors > indices.shape[1]:
        reached = np.arange(n_old)
        shape = (n_old, n_neighbors)
        lists = [np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.float32)]
    else:
        last = distances[:, n_neighbors - 1]
        reached = np.flatnonzero(_is_close(space, old, rows, last, found[:, 0]))
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
    places: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    n_neighbors: int,
) -> Lists:
    """Return the nearest entries of the lists of some rows, equal distances by position.

    Distances in lists are single precision, and come from products of different shapes. If the
    order of two of them may be due to rounding, they are computed again, pair by pair.
    """
    indices, distances = nearest_first(indices, distances)
    if n_neighbors < indices.shape[1]:
        last, following = distances[:, n_neighbors - 1], distances[:, n_neighbors]
        close = np.flatnonzero(_is_close(space, rows[places], rows, last, following))
        exact = _exact(space, rows, places[close], indices[close])
        exact[~np.isfinite(distances[close])] = np.inf
        indices[close], distances[close] = nearest_first(indices[close], distances[close], exact)
        indices, distances = indices[:, :n_neighbors], distances[:, :n_neighbors]
        indices[close], distances[close] = nearest_first(indices[close], distances[close])
    return indices, distances


def _is_close(
    space: Space, own: Rows, rows: Rows, last: np.ndarray, following: np.ndarray
) -> np.ndarray:
    """Return whether the second of two distances is below the first, up to rounding."""
    limit = _compared(space, last)
    margin = 2 * space.rounding(own, rows) + 4 * SINGLE_UNIT * limit
    close = np.isfinite(following) & (_compared(space, following) <= limit + margin)
    return np.asarray(close)


def _compared(space: Space, distances: np.ndarray) -> np.ndarray:
    """Return distances in comparison units, from the units of a graph."""
    distances = distances.astype(np.float64)
    if space.metric == "cosine":
        return distances**2 / 2
    return distances**2 if space.metric == "euclidean" else distances


def _exact(space: Space, rows: Rows, places: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return the distances of some rows to the entries of their lists, without products."""
    if space.by_product:
        owners = np.repeat(places, indices.shape[1])
        return space.pairs(rows, owners, rows, indices.ravel()).reshape(indices.shape)
    exact = np.empty(indices.shape)
    for turn, place in enumerate(places):
        exact[turn] = space.compare(rows[place : place + 1], rows[indices[turn]])[0]
    return exact
