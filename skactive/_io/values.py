"""Conversion of the cells of files and tables to numbers and labels; errors name the cell."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from skactive._engine.label_arrays import label_array

# A boolean is also an int.
KINDS = (str, bool, int, float)
INTEGER = re.compile(r"0|-?[1-9][0-9]*")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


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


def as_labels(
    values: np.ndarray, whole: str, place: Callable[[int], str], *, unlabeled: bool = False
) -> np.ndarray:
    """Return values as labels of at least two classes.

    `whole` names all values and `place` one of them, as the subject of an error message. With
    `unlabeled`, values may be missing: the labels are then an object array with None for those.
    """
    if unlabeled and values.dtype.kind in "OUSf":
        known = np.flatnonzero([not is_missing(cell) for cell in values.tolist()])
        if 0 < len(known) < len(values):
            labels = np.full(len(values), None, dtype=object)
            some = as_labels(values[known], whole, lambda at: place(int(known[at])))
            labels[known] = some.tolist()
            return labels
    labels = typed_labels(values, whole, place)
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(
            f"{whole} has one class only, {classes.tolist()[0]!r}. Hint: a classifier needs at "
            "least two classes: check that this is the column or file of the labels."
        )
    return labels


def typed_labels(values: np.ndarray, whole: str, place: Callable[[int], str]) -> np.ndarray:
    """Return values as labels: strings, integers or booleans, of any number of classes.

    Bytes are decoded, and whole floats become integers. No two labels become one.
    """
    if values.dtype.kind in "OUS":
        cells = [_cell(cell, place, row) for row, cell in enumerate(values.tolist())]
        kinds = [next(kind for kind in KINDS if isinstance(cell, kind)) for cell in cells]
        for cell, kind in zip(cells, kinds, strict=True):
            if kind != kinds[0]:
                raise ValueError(
                    f"{whole} mixes types: {cells[0]!r} and {cell!r}. Hint: give every label in "
                    "one type."
                )
        if kinds[0] is not float:
            return _array(cells, whole)
        values = np.array(cells)
    if values.dtype.kind == "f":
        missing, fraction = np.isnan(values), values != np.floor(values)
        if missing.any():
            raise _missing(place(int(missing.argmax())))
        # Larger numbers do not fit in an integer.
        refused = fraction | ~(np.abs(values.astype(np.float64)) < 2.0**63)
        if refused.any():
            row = int(refused.argmax())
            raise _not_a_label(place(row), values[row].item())
        return values.astype(np.int64)
    if values.dtype.kind not in "iub":
        raise ValueError(
            f"{whole} has values of type {values.dtype}, which are no class labels. Hint: labels "
            "are strings, integers or booleans."
        )
    return values


def labels_of_text(cells: list[str], place: Callable[[int], str]) -> np.ndarray:
    """Return the cells of a text file as labels: as text, unless they were written from numbers.

    The cells are integers, or booleans, if all of them are written as Python writes these: then
    each has one spelling. Blanks around a number do not count. All of "01", "1" and "1.0" are
    text beside each other. Numbers with a fraction are refused.
    """
    texts = np.empty(len(cells), dtype=object)
    texts[:] = cells
    stripped = [cell.strip() for cell in cells]
    known = set(stripped) - {""}
    if len(known) < len({cell for cell in set(cells) if cell.strip()}):
        return texts
    if known <= {"True", "False"}:
        texts[:] = [cell == "True" if cell else "" for cell in stripped]
    elif all(INTEGER.fullmatch(cell) for cell in known):
        # 20 digits: no need to convert a longer one, which would take long.
        is_short = max(map(len, known)) <= 20
        numbers = [int(cell) for cell in known] if is_short else []
        low, high = min(numbers, default=0), max(numbers, default=2**64)
        if (low >= -(2**63) and high < 2**63) or (low >= 0 and high < 2**64):
            texts[:] = [int(cell) if cell else "" for cell in stripped]
    elif all(NUMBER.fullmatch(cell) for cell in known):
        for row, cell in enumerate(stripped):
            if cell and not float(cell).is_integer():
                raise _not_a_label(place(row), float(cell))
    return texts


def _cell(cell: Any, place: Callable[[int], str], row: int) -> Any:
    """Return a cell as one of the types of labels, or raise."""
    if is_missing(cell):
        raise _missing(place(row))
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, bytes):
        try:
            return cell.decode()
        except UnicodeDecodeError:
            raise _not_a_label(place(row), cell) from None
    if not isinstance(cell, KINDS):
        raise _not_a_label(place(row), cell)
    return cell


def _array(labels: list[Any], whole: str) -> np.ndarray:
    try:
        return label_array(labels)
    except ValueError as error:
        fact = str(error).partition(" ")[2] if str(error).startswith("y[") else str(error)
        raise ValueError(f"{whole} has labels that do not fit: {fact}") from error


def _missing(where: str) -> ValueError:
    return ValueError(
        f"{where} is missing. Hint: leave out the samples without a label, or pass "
        "unlabeled=True to read them as None."
    )


def _not_a_label(where: str, value: Any) -> ValueError:
    return ValueError(
        f"{where} is {value!r}, which is not a class label. Hint: labels are strings, integers "
        "or booleans."
    )
