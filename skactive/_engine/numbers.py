"""Checks that features are numbers, which a conversion to floats keeps as they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._rows import check_is_samples

_PLAIN = {float, bool, type(None)}
_TIMES = (dt.date, dt.time, dt.timedelta, np.datetime64, np.timedelta64)
FILL_IN = "fill in such values, or leave such samples out."
TO_VECTORS = "put what turns raw samples into vectors before the classifier, in a Pipeline."
OF_TIMES = "leave dates and times out, or turn them into numbers of a unit of your choice."
TO_ARRAY = "numpy.stack turns a column of vectors into an array."


def as_numbers(X: Any, name: str, first_row: int = 0) -> Any:
    """Return features in which scikit-learn and NumPy find the numbers that X shows, or raise.

    The fill data of masked values, dates and times, and imaginary parts are refused: a conversion
    to floats makes other numbers of them, or drops them, without a word.

    Parameters
    ----------
    X : array-like
        A DataFrame and a sparse matrix are returned as they are. Lists of numbers become arrays.
        All else is left to scikit-learn's checks.
    name : str
        The name of the features in messages.
    first_row : int
        The number of the first row in messages.

    Returns
    -------
    X : array-like
        The features.
    """
    check_is_samples(X, name)
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        for at, label in enumerate(X.columns):
            column = X.iloc[:, at] if hasattr(X, "iloc") else X[:, at]
            if getattr(column.dtype, "kind", "O") not in "biuf":
                _check_values(np.asarray(column), f"Column {label!r} of {name}", first_row)
        return X
    if sp.issparse(X):
        _check_values(np.empty(0, X.dtype), name, 0)
        return X
    if isinstance(X, list | tuple):
        for row, sample in enumerate(X, first_row):
            _check_masks(sample, name, row)
        try:
            values = np.asarray(X)
        except ValueError as error:
            raise ValueError(
                f"{name} has rows of different lengths. Hint: give all samples the same features."
            ) from error
        _check_values(values, name, first_row)
        return values if values.dtype.kind in "biuf" else X
    if getattr(getattr(X, "dtype", None), "kind", "O") in "biuf" and not np.ma.isMA(X):
        return X
    if hasattr(X, "__array__"):
        _check_masks(X, name, first_row)
        _check_values(np.asarray(X), name, first_row)
    return X


def vanished_row(before: Any, after: Any) -> int | None:
    """Return the first row that is not zero, but below the precision of a narrower type.

    Parameters
    ----------
    before, after : ndarray or sparse matrix of shape (n_samples, n_features)
        The same rows, before and after a conversion to a narrower type of floats.

    Returns
    -------
    row : int or None
        A row without a number as large as the smallest that `after` holds in full precision.
    """
    if 0 in after.shape or before.dtype == after.dtype:
        return None
    smallest = np.finfo(after.dtype).tiny
    low, high = after.min(axis=1), after.max(axis=1)
    if sp.issparse(after):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    for row in np.flatnonzero((low > -smallest) & (high < smallest)).tolist():
        values = before[[row]]
        if (values.data if sp.issparse(values) else values).any():
            return int(row)
    return None


def _check_masks(X: Any, name: str, row: int) -> None:
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        if X.ndim > 1:
            row += int(np.argwhere(np.ma.getmaskarray(X))[0, 0])
        raise ValueError(f"{name} has masked values, first in row {row}. Hint: {FILL_IN}")


def _check_values(values: np.ndarray, name: str, first_row: int) -> None:
    kind = values.dtype.kind
    if kind in "mM":
        raise TypeError(f"{name} holds {values.dtype}, not numbers. Hint: {OF_TIMES}")
    if kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} is {values.dtype}. Hint: pass real and imaginary "
            "parts as columns of their own."
        )
    if kind == "V":
        raise TypeError(
            f"{name} holds {values.dtype}, not numbers. Hint: "
            "numpy.lib.recfunctions.structured_to_unstructured turns records into an array."
        )
    for row, cell in _unusual_cells(values):
        if (reason := _reason(cell)) is not None:
            fact, hint, error = reason
            raise error(
                f"{name} holds what is not a number: {fact}, first in row {first_row + row}. "
                f"Hint: {hint}"
            )


def _unusual_cells(values: np.ndarray) -> Iterator[tuple[int, Any]]:
    if values.dtype.kind in "biuf" or values.size == 0:
        return
    n_columns = values.size // len(values)
    for place, cell in enumerate(values.flat):
        if type(cell) not in _PLAIN:
            yield place // n_columns, cell


def _reason(cell: Any) -> tuple[str, str, type[Exception]] | None:
    """Return why a cell is not a number, what to do, and the type of the error; or None."""
    if cell is np.ma.masked or type(cell).__name__ in {"NAType", "NaTType"}:
        return f"the missing value {cell}", FILL_IN, ValueError
    if isinstance(cell, _TIMES):
        return f"{type(cell).__name__} {cell}", OF_TIMES, TypeError
    if isinstance(cell, list | tuple | np.ndarray):
        return "a vector in one cell", TO_ARRAY, ValueError
    try:
        # Python reads 1_0 as 10.
        float(repr(cell) if isinstance(cell, str | bytes) and "_" in str(cell) else cell)
    except OverflowError as error:
        return str(error), "scale such values, or leave such samples out.", ValueError
    except (TypeError, ValueError) as error:
        return str(error), TO_VECTORS, type(error)
    return None


# Numbers that are equal in theory differ in the last digits. Rounded to so many binary digits they
# are equal, so that ranks do not depend on rounding errors.
DIGITS = 40


def rounded(values: np.ndarray) -> np.ndarray:
    """Return numbers with fewer digits, whatever their scale."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(np.ldexp(mantissa, DIGITS)), exponent - DIGITS)
