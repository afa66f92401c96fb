"""Euclidean norms in float64, without overflow and underflow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import row_blocks
from skactive._engine.compiled import compiled

# Norms outside this range have squares outside the range of float64.
DOUBLE_RANGE = (1e-140, 1e140)


def row_norms(X: Any) -> np.ndarray:
    """Return the norm of each row, independent of the other rows."""
    norms = np.empty(X.shape[0])
    if isinstance(X, np.ndarray) and X.dtype == np.float32:
        # Squares of float32 numbers are exact in float64.
        compiled(_square, reassociates=True)(X.view(np.ndarray), norms)
        return np.sqrt(norms, out=norms)
    for block in row_blocks(X.shape[0], X.shape[1] * 16):
        norms[block] = norms_of(X[block].astype(np.float64))
    return norms


def norms_of(X: Any) -> np.ndarray:
    """Return the norm of each row of X, which may be overwritten."""
    if X.shape[0] == 1 and not sp.issparse(X):
        norm = math.sqrt(squared_sums(X)[0])
        if DOUBLE_RANGE[0] <= norm <= DOUBLE_RANGE[1]:
            return np.array([norm])
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


def _square(X, squares):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for row in range(X.shape[0]):
        total = 0.0
        for column in range(X.shape[1]):
            value = np.float64(X[row, column])
            total += value * value
        squares[row] = total
