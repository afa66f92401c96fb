"""Conversion of the cells of files and tables to numbers and labels; errors name the cell."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def as_float(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the smallest of float32 and float64 that holds a numeric type, or float64."""
    wide = np.result_type(dtype, np.float32)
    return np.dtype(np.float32 if wide == np.float32 else np.float64)


def first_not_finite(X: np.ndarray) -> tuple[int, int] | None:
    """Return the row and column of the first number that is NaN or infinite."""
    faulty_rows = np.flatnonzero(~np.isfinite(X).all(axis=1))
    if len(faulty_rows) == 0:
        return None
    row = int(faulty_rows[0])
    return row, int(np.flatnonzero(~np.isfinite(X[row]))[0])


def is_missing(cell: Any) -> bool:
    """Return whether a cell of a table or an object array is a missing value."""
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(cell, str):
        return not cell.strip()
    return isinstance(cell, float | np.floating) and math.isnan(cell)


def as_labels(values: np.ndarray, whole: str, place: Callable[[int], str]) -> np.ndarray:
    """Return values as labels of at least two classes.

    `whole` names all values and `place` one of them, as the subject of an error message.
    """
    labels = typed_labels(values, whole, place)
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(
            f"{whole} has one class only, {classes.tolist()[0]!r}. Hint: a classifier needs at "
            "least two classes: check that this is the column or file of the labels."
        )
    return labels


def typed_labels(values: np.ndarray, whole: str, place: Callable[[int], str]) -> np.ndarray:
    """Return values as labels: strings, integers or booleans, of any number of classes."""
    if values.dtype.kind in "OUS":
        cells = [_text(cell) for cell in values.tolist()]
        for row, cell in enumerate(cells):
            if is_missing(cell):
                raise _missing(place(row))
            if not isinstance(cell, str | bool | int | float | np.generic):
                raise _not_a_label(place(row), cell)
        if any(isinstance(cell, str) for cell in cells):
            return np.array([str(cell) for cell in cells])
        return typed_labels(np.array(cells), whole, place)
    if values.dtype.kind == "f":
        missing, fraction = np.isnan(values), values != np.floor(values)
        if missing.any():
            raise _missing(place(int(missing.argmax())))
        if fraction.any() or np.isinf(values).any():
            row = int((fraction | np.isinf(values)).argmax())
            raise _not_a_label(place(row), values[row].item())
        return values.astype(np.int64)
    if values.dtype.kind not in "iub":
        raise ValueError(
            f"{whole} has values of type {values.dtype}, which are no class labels. Hint: labels "
            "are strings, integers or booleans."
        )
    return values


def _text(cell: Any) -> Any:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell


def _missing(where: str) -> ValueError:
    return ValueError(
        f"{where} is missing. Hint: leave out the samples without a label, or fill it in."
    )


def _not_a_label(where: str, value: Any) -> ValueError:
    return ValueError(
        f"{where} is {value!r}, which is not a class label. Hint: labels are strings, integers "
        "or booleans."
    )
