"""Neighbours as lists of one length, out of the sparse matrix that a transformer gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp


def neighbor_lists(found: Any, n_samples: int, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest entries of each row, itself left out, nearest first, equals by position.

    Parameters
    ----------
    found : sparse matrix of shape (n_samples, n_samples)
        Distances to the neighbours; what is stored counts, zeros included.
    n_samples : int
        How many rows there must be.
    n_neighbors : int
        How many entries are kept at most.

    Returns
    -------
    indices : ndarray of int32 of shape (n_samples, width)
        A row with fewer entries names itself in the places that are left.
    distances : ndarray of shape (n_samples, width)
        Infinite in those places.
    """
    found = sp.csr_matrix(found)
    if found.shape != (n_samples, n_samples):
        raise ValueError(
            f"The transformer gave a matrix of shape {found.shape} for {n_samples} samples. Hint: "
            "it must give the distances of all samples to each other's neighbours."
        )
    if np.isnan(found.data).any():
        raise ValueError("The transformer gave distances that are NaN. Hint: look at its metric.")
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
