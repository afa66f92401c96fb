"""Categorical labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skactive._contracts._target import Target

SKIP_HINT = "Hint: skip samples that cannot be labelled."


class CategoricalTarget(Target):
    """One categorical label for each sample: a string, an integer, a boolean or a whole number.

    See Also
    --------
    Target : The contract.

    Examples
    --------
    >>> from skactive.base import CategoricalTarget
    >>> CategoricalTarget().validate(["apple", "pear"])
    array(['apple', 'pear'], dtype='<U5')
    """

    def validate(self, y: ArrayLike) -> np.ndarray:
        labels = np.asarray(y)
        if labels.dtype.kind in "US" and not hasattr(y, "dtype"):
            # numpy converts a list of mixed types to strings, NaN included.
            labels = np.asarray(y, dtype=object)
        if labels.ndim != 1:
            labels = column_or_1d(np.atleast_1d(labels), warn=True)
        if labels.size == 0:
            return labels
        # "T" is numpy's string type of variable width, which can hold missing values.
        if labels.dtype.kind in "OT":
            labels = _of_one_type(labels.tolist())
        elif labels.dtype.kind == "f" and not np.isfinite(labels).all():
            position = int(np.flatnonzero(~np.isfinite(labels))[0])
            raise ValueError(
                f"y[{position}] is missing (NaN or infinity: {labels[position]}). {SKIP_HINT}"
            )
        if labels.dtype.kind not in "biuUS":
            # The check is slow, and integers and strings always pass it.
            check_classification_targets(labels)
        return labels

    def check_alike(self, known: np.ndarray, y: np.ndarray) -> None:
        alike = y.dtype == known.dtype and y.dtype.kind != "O"
        if not alike and len(known) and len(y) and _kind(y) != _kind(known):
            stored, given = known[:1].tolist()[0], y[:1].tolist()[0]
            raise ValueError(
                f"Labels are {_kind(known)} so far (such as {stored!r}). Got {given!r}, which is "
                "not. Hint: give every label in one type."
            )

    def to_plain(self, y: np.ndarray) -> list[Any]:
        plain: list[Any] = y.tolist()
        for label in plain:
            if not isinstance(label, str | int | float):
                raise TypeError(
                    f"The label {label!r} is a {type(label).__name__}, which a journal cannot "
                    "store. Hint: use strings or numbers."
                )
        return plain

    def differ(self, y: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.asarray(y != other)


CATEGORICAL = CategoricalTarget()


def check_labels(y: ArrayLike) -> np.ndarray:
    """Return categorical labels as a one-dimensional array of one type, or raise."""
    return CATEGORICAL.validate(y)


def _of_one_type(values: list[Any]) -> np.ndarray:
    for position, label in enumerate(values):
        if _is_missing(label):
            raise ValueError(f"y[{position}] is missing ({label!r}). {SKIP_HINT}")
    first = isinstance(values[0], str)
    others = [label for label in values if isinstance(label, str) != first]
    if others:
        raise ValueError(
            f"y mixes strings with other types: {values[0]!r} and {others[0]!r}. "
            "Hint: give every label in one type."
        )
    return np.array(values)


def _is_missing(label: Any) -> bool:
    if label is None:
        return True
    # NaN is unequal to itself. Comparing pandas.NA with itself gives pandas.NA again.
    differs = label != label  # noqa: PLR0124
    return not isinstance(differs, bool | np.bool_) or bool(differs)


def _kind(labels: np.ndarray) -> str:
    if labels.dtype.kind == "O":
        return "strings" if isinstance(labels[0], str) else "objects"
    return "strings" if labels.dtype.kind in "US" else "numbers"
