"""Rows of the samples that modAL supports: checked, selected and appended."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.utils import check_array, check_consistent_length

from skactive._engine.label_arrays import joined


def check_labeled(X: Any, y: Any, *, finite: bool) -> None:
    """Raise if X and y differ in length or, if `finite`, contain NaN or infinity."""
    check_consistent_length(X, y)
    if _is_table(X):
        check_array(
            X,
            accept_sparse=True,
            dtype=None,
            ensure_all_finite=finite,
            ensure_2d=False,
            allow_nd=True,
            input_name="X",
        )
    check_array(y, accept_sparse="csr", dtype=None, ensure_2d=False, input_name="y")


def rows_at(X: Any, indices: Any) -> Any:
    """Return the rows of X at `indices`, in the type of X; a single index gives a single row."""
    # `retrieve_rows` of modAL tries X[indices] first, which selects columns of a DataFrame with
    # integers as column names, and it turns a list into one array first.
    if hasattr(X, "iloc"):
        return X.iloc[indices]
    if isinstance(X, list):
        positions = np.asarray(indices)
        if positions.ndim == 0:
            return X[int(positions)]
        if positions.dtype == bool:
            positions = np.flatnonzero(positions)
        return [X[position] for position in positions]
    if isinstance(X, dict):
        return {name: rows_at(part, indices) for name, part in X.items()}
    from modAL.utils.data import retrieve_rows

    return retrieve_rows(X, indices)


def stacked(known: Any, new: Any, *, name: str) -> Any:
    """Return `known` followed by `new`, in the type of `known`; neither is changed."""
    if scipy.sparse.issparse(known) or scipy.sparse.issparse(new):
        _check_same_width(known, new, name)
        return scipy.sparse.vstack([known, new], format="csr")
    if hasattr(known, "iloc"):
        return _stacked_frames(known, new, name)
    if hasattr(new, "to_numpy"):
        new = new.to_numpy()
    if isinstance(known, list):
        return [*known, *(new.tolist() if isinstance(new, np.ndarray) else new)]
    if isinstance(known, np.ndarray):
        return _stacked_arrays(known, new, name)
    from modAL.utils.data import data_vstack

    return data_vstack((known, new))


def _is_table(X: Any) -> bool:
    # The estimator checks images, texts and other objects: as one array they could be ragged, or
    # need the memory of all of them at once.
    objects = isinstance(X, list) or (
        isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1
    )
    if not objects or not len(X):
        return True
    row = X[0]
    return isinstance(row, Number | list | tuple) or (isinstance(row, np.ndarray) and row.ndim == 1)


def _stacked_arrays(known: np.ndarray, new: Any, name: str) -> np.ndarray:
    if known.dtype == object and known.ndim == 1:
        # numpy would make one array of several objects of the same length.
        rows = np.empty(len(new), dtype=object)
        rows[:] = list(new)
    else:
        rows = np.asarray(new)
    _check_same_width(known, rows, name)
    if (known.dtype.kind in "US") != (rows.dtype.kind in "US"):
        # numpy would turn the numbers into text.
        return np.concatenate([known.astype(object), rows.astype(object)])
    if name == "y" and known.ndim == 1 and len(known) and len(rows):
        if (known.dtype.kind == "b") != (rows.dtype.kind == "b"):
            # scikit-learn refuses this array; NumPy would turn True into 1.
            return np.concatenate([known.astype(object), rows.astype(object)])
        return joined(known, rows)
    return np.concatenate([known, rows])


def _check_same_width(known: Any, new: Any, name: str) -> None:
    if known.shape[1:] != new.shape[1:]:
        raise ValueError(
            f"{name} must have the shape of {name}_training except for the number of rows. "
            f"Got shape {new.shape} for a training set of shape {known.shape} instead."
        )


def _stacked_frames(known: Any, new: Any, name: str) -> Any:
    import pandas as pd

    if isinstance(known, pd.Series):
        return pd.concat([known, pd.Series(new, name=known.name)])
    if not isinstance(new, pd.DataFrame):
        new = np.asarray(new)
        _check_same_width(known, new, name)
        new = pd.DataFrame(new, columns=known.columns)
    if set(new.columns) != set(known.columns):
        raise ValueError(
            f"{name} must have the columns of {name}_training, {list(known.columns)}. "
            f"Got {list(new.columns)} instead."
        )
    return pd.concat([known, new[known.columns]])
