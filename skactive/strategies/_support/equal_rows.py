"""A search for a row in a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp


def contains_row(X: Any, row: Any) -> bool:
    """Return whether a matrix has a row.

    Numbers are equal up to rounding: steps of a Pipeline may round a sample differently together
    with other samples.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n, n_features)
        The matrix.
    row : {ndarray, CSR matrix} of shape (1, n_features)
        The row.

    Returns
    -------
    contains : bool
        Whether it has.

    Notes
    -----
    Cost: O(n) if few rows are equal in their first column; O(n_nonzero) for sparse matrices.
    """
    if sp.issparse(X):
        return _sparse_contains_row(X, sp.csr_matrix(row))
    values = np.asarray(row, dtype=np.float64).ravel()
    tolerance = _tolerance(X.dtype, values)
    places = np.arange(len(X))
    # Each column leaves fewer rows; the last step compares all columns of these.
    for column in range(min(3, len(values))):
        places = places[np.abs(X[places, column] - values[column]) <= tolerance]
    for start in range(0, len(places), 1024):
        block = places[start : start + 1024]
        if (np.abs(X[block] - values) <= tolerance).all(axis=1).any():
            return True
    return False


def _sparse_contains_row(X: Any, row: Any) -> bool:
    squared = float(row.multiply(row).sum())
    tolerance = _tolerance(X.dtype, row.data)
    # Equal rows have as many entries and the product of the row with itself.
    products = np.asarray((X @ row.T).todense()).ravel()
    as_many = np.diff(X.indptr) == row.nnz
    near = np.abs(products - squared) <= max(squared, 1.0) * 1e-5
    for place in np.flatnonzero(as_many & near).tolist():
        difference = abs(X[[place]] - row)
        if difference.nnz == 0 or difference.max() <= tolerance:
            return True
    return False


def _tolerance(dtype: Any, values: np.ndarray) -> float:
    kind = dtype if np.issubdtype(dtype, np.floating) else np.float64
    return 16 * float(np.finfo(kind).eps) * float(np.abs(values).max(initial=0.0))
