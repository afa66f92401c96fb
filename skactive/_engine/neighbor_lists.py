"""Neighbours as arrays, from the sparse matrix of a transformer, and the units of graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import row_blocks

# Rounding may make the distances of equal samples so much smaller than 0.
NEGATIVE = 1e-5


def neighbor_lists(found: Any, n_samples: int, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest neighbours of each row, nearest first, equal distances by position.

    Parameters
    ----------
    found : sparse matrix of shape (n_samples, n_samples)
        Distances to the neighbours: the stored entries, zeros included.
    n_samples : int
        The number of rows that the matrix must have.
    n_neighbors : int
        Largest number of neighbours to keep. The row itself is not counted.

    Returns
    -------
    indices : ndarray of int32 of shape (n_samples, width)
        The neighbours. If a row has fewer entries, the remaining places have its own index.
    distances : ndarray of shape (n_samples, width)
        The distances; infinite in the remaining places.

    Raises
    ------
    ValueError
        If the matrix has another shape, or entries that are not positions and distances.
    """
    found = _checked_matrix(found, n_samples)
    lengths = np.diff(found.indptr)
    blocks = list(row_blocks(n_samples, 64 * (1 + len(found.data) / n_samples)))
    for block in blocks:
        rows, columns, _ = _others(found, block)
        lengths[block] = np.bincount(rows, minlength=block.stop - block.start)
    width = min(n_neighbors, int(lengths.max(initial=0)))
    indices = np.repeat(np.arange(n_samples, dtype=np.int32)[:, np.newaxis], width, axis=1)
    distances = np.full((n_samples, width), np.inf, dtype=found.data.dtype)
    for block in blocks:
        rows, columns, values = _others(found, block)
        order = np.lexsort((columns, values, rows))
        rows, columns, values = rows[order], columns[order], values[order]
        counts = lengths[block]
        places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = places < width
        indices[block][rows[kept], places[kept]] = columns[kept]
        distances[block][rows[kept], places[kept]] = values[kept]
    return indices, distances


def _others(found: sp.csr_matrix, block: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the entries of some rows, without those on the diagonal; rows begin at 0."""
    starts = found.indptr[block.start : block.stop + 1]
    entries = slice(starts[0], starts[-1])
    rows, columns = np.repeat(np.arange(len(starts) - 1), np.diff(starts)), found.indices[entries]
    others = columns != rows + block.start
    return rows[others], columns[others], found.data[entries][others]


def in_graph_units(distances: np.ndarray, metric: str) -> np.ndarray:
    """Return distances in the units of a graph: cosine as the distance of unit vectors."""
    if metric == "cosine":
        distances = np.sqrt(2 * np.maximum(distances, 0))
    return distances.astype(np.float32)


def nearest_first(
    indices: np.ndarray, distances: np.ndarray, values: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Sort each list by distance, or by other values; equal ones by position."""
    order = np.lexsort((indices, distances if values is None else values), axis=-1)
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)


def first_of_each(
    values: np.ndarray, members: np.ndarray, rows: np.ndarray, n_rows: int, n_first: int
) -> np.ndarray:
    """Return where the smallest values of each row are, shape (n_rows, n_first).

    Equal values are in the order of their members. Rows begin at 0 and ascend; each has at least
    `n_first` values.
    """
    order = np.lexsort((members, values, rows))
    starts = np.searchsorted(rows, np.arange(n_rows))
    return np.asarray(order[starts[:, np.newaxis] + np.arange(n_first)])


def checked_neighbors(indices: Any, distances: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the neighbours of a graph and their distances, or raise.

    Compiled code reads memory at these positions without a check.
    """
    if np.ma.is_masked(indices) or np.ma.is_masked(distances):
        raise ValueError(
            "Neighbours or distances have masked values. Hint: where a search found no neighbour, "
            "pass the sample itself at an infinite distance."
        )
    indices, distances = np.asarray(indices), np.asarray(distances)
    if indices.ndim != 2 or indices.shape != distances.shape:
        raise ValueError(
            "Neighbours and distances must have one shape (n_samples, n_neighbors). Got "
            f"{indices.shape} and {distances.shape}."
        )
    if indices.dtype.kind not in "iu" or distances.dtype.kind != "f":
        raise ValueError(
            "Neighbours must be integers, and distances floats. Got the types "
            f"{indices.dtype} and {distances.dtype}."
        )
    for block in row_blocks(len(indices), 64 * indices.shape[1]):
        _check_lists(indices[block], distances[block], block.start, len(indices))
    return indices.astype(np.int32, copy=False), distances


def _check_lists(indices: np.ndarray, distances: np.ndarray, first: int, n_samples: int) -> None:
    """Raise if the lists of some samples are invalid; row 0 is sample `first`."""
    _refuse(
        (indices < 0) | (indices >= n_samples),
        lambda row, column: (
            f"The neighbour {indices[row, column]} of sample {first + row} is not a position from "
            f"0 to {n_samples - 1}. Hint: where an approximate search found no neighbour, pass the "
            "sample itself at an infinite distance."
        ),
    )
    _refuse(
        ~(distances >= 0),
        lambda row, column: (
            f"Distances must be numbers of at least 0. Got {distances[row, column]} for sample "
            f"{first + row}."
        ),
    )
    _refuse(
        distances[:, 1:] < distances[:, :-1],
        lambda row, _: (
            f"The neighbours of sample {first + row} are not sorted by distance, nearest first."
        ),
    )
    is_own = indices == np.arange(first, first + len(indices))[:, np.newaxis]
    _refuse(
        is_own & np.isfinite(distances),
        lambda row, column: (
            f"Sample {first + row} is its own neighbour at the distance {distances[row, column]}. "
            "Hint: leave samples out of their own neighbours, or pass an infinite distance."
        ),
    )
    ordered = np.sort(np.where(is_own, -1, indices.astype(np.int64)), axis=1)
    _refuse(
        (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0),
        lambda row, column: f"Sample {first + row} has the neighbour {ordered[row, column]} twice.",
    )


def _checked_matrix(found: Any, n_samples: int) -> sp.csr_matrix:
    """Return the matrix of a transformer, or raise."""
    shape = np.shape(found)
    if shape != (n_samples, n_samples):
        raise ValueError(
            f"The transformer gave a matrix of shape {shape} for {n_samples} samples. Hint: "
            "it must give the distances of all samples to each other's neighbours."
        )
    if not sp.issparse(found):
        found = np.asarray(found)
    if found.dtype.kind not in "fiu":
        raise ValueError(
            f"The transformer gave distances of the type {found.dtype}. Hint: they must be floats."
        )
    # Conversions read memory at these positions without a check.
    try:
        if sp.issparse(found) and found.format == "coo":
            found = sp.coo_matrix((found.data, (found.row, found.col)), shape)
        elif sp.issparse(found) and hasattr(found, "check_format"):
            found.check_format(full_check=True)
        found = sp.csr_matrix(found)
    except ValueError as error:
        raise ValueError(
            f"The transformer gave neighbours that are not positions from 0 to {n_samples - 1}: "
            f"{error}. Hint: an approximate search may mark missing neighbours with -1; leave such "
            "entries out."
        ) from error
    values = found.data.astype(np.result_type(found.dtype, np.float32), copy=False)
    if np.isnan(values).any():
        raise ValueError("The transformer gave distances that are NaN. Hint: check its metric.")
    least = values.min(initial=0)
    if least < -NEGATIVE * max(1.0, values.max(initial=0)):
        raise ValueError(
            f"The transformer gave the negative distance {least}. Hint: pass distances, not "
            "similarities."
        )
    values = np.maximum(values, 0) if least < 0 else values
    return sp.csr_matrix((values, found.indices, found.indptr), found.shape)


def _refuse(mask: np.ndarray, sentence: Callable[[int, int], str]) -> None:
    if mask.any():
        row, column = np.unravel_index(int(mask.argmax()), mask.shape)
        raise ValueError(sentence(int(row), int(column)))
