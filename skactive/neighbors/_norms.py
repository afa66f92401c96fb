"""Euclidean norms in float64, of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

# Norms beyond which squares leave the range of float64.
DOUBLE_RANGE = (1e-140, 1e140)


def norms_of(X: Any) -> np.ndarray:
    """Return the norm of each row, whose features may be changed."""
    with np.errstate(over="ignore", under="ignore"):
        norms = np.sqrt(squared_sums(X))
    odd = np.flatnonzero((norms < DOUBLE_RANGE[0]) | (norms > DOUBLE_RANGE[1]))
    if odd.size:
        rows = X[odd]
        largest = abs(rows).max(axis=1)
        largest = largest.toarray().ravel() if sp.issparse(rows) else largest
        scale = np.where(largest > 0, largest, 1.0)
        if sp.issparse(rows):
            rows.data /= np.repeat(scale, np.diff(rows.indptr))
        else:
            rows /= scale[:, np.newaxis]
        norms[odd] = largest * np.sqrt(squared_sums(rows))
    return norms


def squared_sums(X: Any) -> np.ndarray:
    """Return the sum of squares of each row."""
    if sp.issparse(X):
        return np.asarray(X.multiply(X).sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", X, X)
