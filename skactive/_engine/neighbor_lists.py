"""Neighbours as arrays, from the sparse matrix of a transformer, and the units of graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp


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
    """
    found = sp.csr_matrix(found)
    if found.shape != (n_samples, n_samples):
        raise ValueError(
            f"The transformer gave a matrix of shape {found.shape} for {n_samples} samples. Hint: "
            "it must give the distances of all samples to each other's neighbours."
        )
    if np.isnan(found.data).any():
        raise ValueError("The transformer gave distances that are NaN. Hint: check its metric.")
    rows = np.repeat(np.arange(n_samples), np.diff(found.indptr))
    others = found.indices != rows
    rows, columns, values = rows[others], found.indices[others], found.data[others]
    order = np.lexsort((columns, values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    counts = np.bincount(rows, minlength=n_samples)
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = min(n_neighbors, int(counts.max(initial=0)))
    kept = places < width
    indices = np.repeat(np.arange(n_samples, dtype=np.int32)[:, np.newaxis], width, axis=1)
    distances = np.full((n_samples, width), np.inf, dtype=found.data.dtype)
    indices[rows[kept], places[kept]] = columns[kept]
    distances[rows[kept], places[kept]] = values[kept]
    return indices, distances


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
