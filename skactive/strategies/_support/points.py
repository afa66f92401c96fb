"""Euclidean distances of samples in single precision, by matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils.extmath import row_norms, safe_sparse_dot

from skactive._engine.distances import Rows, Space, row_scaled

# Squares that differ by less than this share of the squared norms are equal within rounding.
ROUNDING_UNITS = 8.0


def points_of(X: Any, metric: str) -> Any:
    """Return rows whose Euclidean distances follow a metric: for the cosine, unit vectors."""
    # scikit-learn's `normalize` does not scale short vectors, and overflows in single precision.
    return row_scaled(X, Rows(X).inverse_norms.astype(X.dtype)) if metric == "cosine" else X


class Points:
    """Rows of features, for many distances at once.

    Distances are reduced by the possible rounding error, so that the distance of duplicates is 0.
    """

    def __init__(self, X: Any, metric: str) -> None:
        points = points_of(X, metric)
        if metric == "euclidean" and not sp.issparse(points):
            # Far from the origin, squares lose the digits in which the samples differ.
            points = points - points.mean(axis=0, dtype=np.float64).astype(points.dtype)
        self._points = points
        self._squares = row_norms(points, squared=True)
        self._kept = 1.0 - ROUNDING_UNITS * float(np.finfo(points.dtype).eps)

    def squared_distances(self, rows: Any, others: Any) -> np.ndarray:
        """Return the squared distances of some rows to others, shape (len(rows), len(others))."""
        products = safe_sparse_dot(self._points[rows], self._points[others].T, dense_output=True)
        squared = np.asarray(products)
        squared *= -2
        squared += self._kept * self._squares[rows][:, np.newaxis]
        squared += self._kept * self._squares[others]
        return np.maximum(squared, 0, out=squared)

    def exact_squares(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the squared distances of pairs of rows, in double precision."""
        points = Rows(self._points)
        return Space("euclidean").pairs(points, rows, points, others)
