"""Labels of a file that are numbers, recognised or required."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skactive._io.values import NUMBER, as_labels, is_missing, labels_of_text

TASKS = ("classification", "regression", "auto")
# Whole numbers are those of a regression if there are more different ones than this, ...
MAX_CLASSES = 20
# ... and fewer samples of each than this on average.
MIN_SAMPLES = 5
# The words for numbers that are not finite.
NO_NUMBERS = {"nan", "inf", "infinity"}


def labels_for(
    task: str,
    values: np.ndarray,
    whole: str,
    place: Callable[[int], str],
    *,
    unlabeled: bool = False,
    is_text: bool = False,
) -> np.ndarray:
    """Return values as the labels of a task.

    Parameters
    ----------
    task : {'classification', 'regression', 'auto'}
        'auto' is 'regression' if the values are numbers of which one has a fraction, or more than
        20 different whole numbers with fewer than five samples of each on average.
    values : ndarray of shape (n,)
        The values.
    whole : str
        All values, as the subject of an error message.
    place : callable
        ``place(row)`` is one of them.
    unlabeled : bool, default=False
        Whether values may be missing. Of a regression they are then NaN.
    is_text : bool, default=False
        Whether the values are the cells of a text file.

    Returns
    -------
    y : ndarray of shape (n,)
        Float64 for a regression, else as `as_labels` returns them.
    """
    if task != "classification":
        numbers, faulty = numbers_of(values)
        is_number = faulty is None and not (task == "auto" and not are_continuous(numbers))
        if is_number or task == "regression":
            return _checked(values, numbers, faulty, whole, place, unlabeled=unlabeled)
    if is_text:
        values = labels_of_text(values.tolist(), place)
    return as_labels(values, whole, place, unlabeled=unlabeled)


def numbers_of(values: np.ndarray) -> tuple[np.ndarray, int | None]:
    """Return values as numbers, NaN for missing ones, and the place of the first other value."""
    if values.dtype.kind in "iuf":
        return values.astype(np.float64), None
    numbers = np.full(len(values), np.nan)
    for row, cell in enumerate(values.tolist()):
        number = _number(cell)
        if number is None:
            return numbers, row
        numbers[row] = number
    return numbers, None


def are_continuous(numbers: np.ndarray) -> bool:
    """Return whether numbers are those of a regression, and not classes."""
    known = numbers[~np.isnan(numbers)]
    if (known != np.floor(known)).any():
        return True
    n_different = len(np.unique(known))
    return n_different > MAX_CLASSES and len(known) < MIN_SAMPLES * n_different


def _number(cell: Any) -> float | None:
    if isinstance(cell, bool | np.bool_):
        return None
    if isinstance(cell, int | float | np.number):
        return float(cell)
    if is_missing(cell):
        return np.nan
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    if text.lower().lstrip("+-") in NO_NUMBERS:
        return float(text)
    return float(text) if NUMBER.fullmatch(text) else None


def _checked(
    values: np.ndarray,
    numbers: np.ndarray,
    faulty: int | None,
    whole: str,
    place: Callable[[int], str],
    *,
    unlabeled: bool,
) -> np.ndarray:
    if faulty is not None:
        raise ValueError(
            f"{place(faulty)} is {values.tolist()[faulty]!r}, which is not a number. Hint: the "
            "labels of a regression are numbers."
        )
    if np.isinf(numbers).any():
        row = int(np.isinf(numbers).argmax())
        raise ValueError(
            f"{place(row)} is {numbers[row]}, which is not finite. Hint: leave out the samples "
            "without a label."
        )
    is_unknown = np.isnan(numbers)
    if is_unknown.any() and not (unlabeled and not is_unknown.all()):
        raise ValueError(
            f"{place(int(is_unknown.argmax()))} is missing. Hint: leave out the samples without a "
            "label, or pass unlabeled=True to read them as NaN."
        )
    known = np.unique(numbers[~is_unknown])
    if len(known) < 2:
        raise ValueError(
            f"{whole} has one value only, {known.tolist()[0]!r}. Hint: check that this is the "
            "column or file of the labels."
        )
    return numbers
