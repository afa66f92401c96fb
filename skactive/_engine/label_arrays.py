"""Arrays of labels that keep the value and the type of every label.

NumPy on its own merges labels: int64 beside uint64 becomes float64, `True` beside 1 an integer, a
string of fixed width loses NUL characters at its end, and each label takes the memory of the
longest one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

INT64, UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)
# The largest width of strings, in characters, that every label of an array takes.
FIXED_WIDTH = 256


def label_array(labels: list[Any]) -> np.ndarray:
    """Return labels of one type as an array, or raise.

    Strings and bytes have a fixed width. If one of them is long or ends with NUL, they are objects.
    """
    if labels and isinstance(labels[0], str | bytes):
        return _texts(labels)
    if labels and isinstance(labels[0], int) and not isinstance(labels[0], bool):
        return _integers(labels)
    return np.array(labels)


def compact(labels: np.ndarray) -> np.ndarray:
    """Return labels of a large fixed width in the type that `label_array` chooses."""
    return label_array(labels.tolist()) if _is_wide(labels) else labels


def joined(*arrays: np.ndarray) -> np.ndarray:
    """Return arrays of labels of one kind one after another, or raise if no type holds them."""
    filled = [array for array in arrays if len(array)]
    if len(filled) < 2:
        return filled[0] if filled else arrays[0]
    first = filled[0]
    if all(_go_together(first, other) for other in filled[1:]):
        return np.concatenate(filled)
    return label_array([label for array in filled for label in array.tolist()])


def union(*arrays: np.ndarray) -> np.ndarray:
    """Return the distinct labels of arrays of one kind, sorted, or raise if no type holds them."""
    return compact(np.unique(joined(*arrays)))


def cast(y: np.ndarray, known: np.ndarray) -> np.ndarray | None:
    """Return labels in a type that compares with known ones exactly, None if there is none."""
    if _go_together(known, y):
        return y
    if y.dtype.kind in "US":
        return y.astype(object)
    as_known = y.astype(known.dtype)
    return as_known if (as_known >= 0).all() and (y >= 0).all() else None


def positions_of(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the positions of labels in sorted classes that have all of them."""
    exact = cast(y, classes)
    positions: np.ndarray = classes.searchsorted(y if exact is None else exact)
    return positions


def places_among(values: np.ndarray, ascending: np.ndarray) -> np.ndarray:
    """Return the position of each number in an ascending array without repeats, or -1."""
    if len(ascending) == 0:
        return np.full(values.shape, -1)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return np.where(ascending[places] == values, places, -1)


def of_all_classes(probabilities: np.ndarray, known: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return class probabilities with a column for each class, 0 for a class that is not known.

    `known` has the classes of the columns, sorted, and `classes` all classes. The same array is
    returned if all are known. With a single known class its probability is 1, whatever the number
    of columns: some classifiers return two.
    """
    if len(known) == 1:
        probabilities = np.ones((len(probabilities), 1), dtype=probabilities.dtype)
    if len(known) == len(classes):
        return probabilities
    of_all = np.zeros((len(probabilities), len(classes)), dtype=probabilities.dtype)
    of_all[:, positions_of(known, classes)] = probabilities
    return of_all


def is_among(y: np.ndarray, known: Any) -> np.ndarray:
    """Return which labels are among known ones."""
    known = np.asarray(known)
    if len(known) and _go_together(known, y):
        return np.isin(y, known)
    names = set(known.tolist())
    return np.array([label in names for label in y.tolist()], dtype=bool)


def _go_together(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether NumPy can hold two arrays of one kind in one array without a loss."""
    if one.dtype == other.dtype:
        return True
    if one.dtype.kind in "US" and other.dtype.kind in "US":
        return not (_is_wide(one) or _is_wide(other))
    is_integer = one.dtype.kind in "iu" and other.dtype.kind in "iu"
    return not is_integer or np.result_type(one, other).kind in "iu"


def _is_wide(labels: np.ndarray) -> bool:
    width = {"U": 4 * FIXED_WIDTH, "S": FIXED_WIDTH}
    return labels.dtype.itemsize > width.get(labels.dtype.kind, labels.dtype.itemsize)


def _texts(labels: list[Any]) -> np.ndarray:
    null = "\0" if isinstance(labels[0], str) else b"\0"
    is_long = any(len(label) > FIXED_WIDTH for label in labels)
    if not is_long and not any(label.endswith(null) for label in labels):
        return np.array(labels)
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def _integers(labels: list[int]) -> np.ndarray:
    low, high = min(labels), max(labels)
    if low >= INT64.min and high <= INT64.max:
        return np.array(labels, dtype=np.int64)
    if low >= 0 and high <= UINT64.max:
        return np.array(labels, dtype=np.uint64)
    for position, label in enumerate(labels):
        if not INT64.min <= label <= UINT64.max:
            raise ValueError(
                f"y[{position}] is an integer of {label.bit_length()} bits, but labels have at "
                "most 64. Hint: give such labels as strings."
            )
    raise ValueError(
        f"The labels {low} and {high} do not fit in one type of 64-bit integers. Hint: give such "
        "labels as strings."
    )
