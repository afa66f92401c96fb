"""Categorical labels."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skactive._contracts._target import Target
from skactive._engine.label_arrays import compact, joined, label_array
from skactive._text import shown
from skactive._warning import warn_user

SKIP_HINT = "Hint: leave out samples without a label; skip those that cannot be labelled."
SEVERAL_HINT = (
    "Hint: several labels of each sample need target=MultiLabelTarget() in ActiveLearner, and a "
    "classifier such as IncrementalMultiLabelKNeighbors."
)
KINDS = {
    "U": "strings",
    "S": "bytes",
    "b": "booleans",
    "i": "integers",
    "u": "integers",
    "f": "floats",
}
TEXTS = {"strings", "bytes"}


class CategoricalTarget(Target):
    """One categorical label for each sample: a string, an integer, a boolean or a whole number.

    Labels keep their values and their type: 1, 1.0, `True`, "1" and "01" are different labels, and
    labels of two types are refused. A Python string is the answer of an annotator: white space
    around it is removed, with a warning, and a blank one is refused. Strings in an array, and
    NumPy's own strings, are the recorded labels of a data set, and are kept as they are.

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
        return _checked(y, are_answers=not hasattr(y, "dtype"))

    def check_alike(self, known: np.ndarray, y: np.ndarray) -> None:
        if (y.dtype == known.dtype and y.dtype.kind != "O") or not len(known) or not len(y):
            return
        kind, kind_of_y = _kind(known), _kind(y)
        if kind == kind_of_y:
            joined(known, y)
            return
        if kind not in TEXTS and kind_of_y in TEXTS:
            kind = "numbers"
        stored, given = known[:1].tolist()[0], y[:1].tolist()[0]
        raise ValueError(
            f"Labels are {kind} so far (such as {stored!r}). Got {given!r}, which is not. "
            "Hint: give every label in one type."
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

    def from_plain(self, labels: Any) -> np.ndarray:
        return check_labels(labels)

    def differ(self, y: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.asarray(y != other)


CATEGORICAL = CategoricalTarget()


def check_labels(y: ArrayLike) -> np.ndarray:
    """Return the labels of a data set as a one-dimensional array of one type, or raise."""
    return _checked(y, are_answers=False)


def _checked(y: Any, *, are_answers: bool) -> np.ndarray:
    labels = label_values(y)
    if labels.ndim != 1:
        labels = as_column(labels, SEVERAL_HINT)
    if labels.size == 0:
        return labels
    if labels.dtype.kind not in "biufUS":
        # As a list, NumPy's dates may become integers.
        given = list(labels) if labels.dtype.kind in "mM" else labels.tolist()
        values = _of_one_type(given)
        labels = label_array(_stripped(values, given) if are_answers else values)
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            position = int(np.flatnonzero(~np.isfinite(labels))[0])
            raise ValueError(
                f"y[{position}] is missing (NaN or infinity: {labels[position]}). {SKIP_HINT}"
            )
        # scikit-learn would convert them to integers.
        too_large = np.abs(labels.astype(np.float64)) >= 2.0**63
        if too_large.any():
            position = int(too_large.argmax())
            raise _no_label(position, labels[position].item())
        try:
            check_classification_targets(labels)
        except ValueError as error:
            raise ValueError(f"{error} Hint: numbers are learnt by a regressor.") from error
    return compact(labels)


def as_column(labels: np.ndarray, hint: str) -> np.ndarray:
    """Return labels of shape (n, 1), or one label, as an array of shape (n,), or raise."""
    try:
        return column_or_1d(np.atleast_1d(labels), warn=True)
    except ValueError as error:
        raise ValueError(f"{error} {hint}") from error


def check_classes(
    classes: Any, validate: Callable[[ArrayLike], np.ndarray] | None = None
) -> np.ndarray:
    """Return declared classes as an array of labels, or raise."""
    if np.ndim(label_values(classes)) == 0:
        raise TypeError(
            "The 'classes' parameter must be a list or array of labels. "
            f"Got {shown(classes)} instead."
        )
    return (validate or check_labels)(classes)


def label_values(y: Any) -> np.ndarray:
    """Return labels as an array, without a check; a list as objects, whose types do not change."""
    if isinstance(y, np.ma.MaskedArray):
        y = y.tolist()
    if hasattr(y, "dtype"):
        # With missing values, NumPy makes floats of the integers of pandas.
        is_nullable = hasattr(y, "to_numpy") and not isinstance(y.dtype, np.dtype)
        return np.asarray(y, dtype=object if is_nullable else None)
    try:
        # NumPy converts a list of mixed types to one of them.
        labels = np.asarray(y, dtype=object)
    except ValueError as error:
        raise ValueError(
            f"y must have one label for each sample. Got arrays of different shapes: {error}"
        ) from error
    return labels if labels.size else np.empty(labels.shape)


def _of_one_type(values: list[Any]) -> list[Any]:
    """Return labels as Python's own objects, or raise if one is missing or of another type."""
    if {type(value) for value in values} in ({str}, {int}, {bool}, {float}):
        return values
    kinds, plain = [], []
    for position, value in enumerate(values):
        label = value.item() if _is_scalar_array(value) else value
        if is_missing_label(label):
            raise ValueError(f"y[{position}] is missing ({label!r}). {SKIP_HINT}")
        kind = _kind_of_value(label)
        if kind is None:
            raise _no_label(position, label)
        kinds.append(kind)
        plain.append(_PLAIN[kind](label))
    for kind, label in zip(kinds, plain, strict=True):
        if kind != kinds[0]:
            named = "strings" if kind == "strings" else kinds[0]
            raise ValueError(
                f"y mixes {named} with other types: {plain[0]!r} and {label!r}. "
                "Hint: give every label in one type."
            )
    return plain


def _stripped(values: list[Any], given: list[Any]) -> list[Any]:
    """Return labels without white space around strings, and say so, or raise if one is blank.

    NumPy's strings are kept: they come from an array.
    """
    if not isinstance(values[0], str):
        return values
    stripped = [
        label if isinstance(own, np.str_) else label.strip()
        for label, own in zip(values, given, strict=True)
    ]
    for position, (label, own) in enumerate(zip(stripped, given, strict=True)):
        if not label and not isinstance(own, np.str_):
            raise ValueError(f"y[{position}] is a blank label ({values[position]!r}). {SKIP_HINT}")
    changed = [pair for pair in zip(values, stripped, strict=True) if pair[0] != pair[1]]
    if changed:
        (before, after), others = changed[0], len(changed) - 1
        more = f" (and {others} more)" if others else ""
        warn_user(f"White space around labels is removed: {before!r} becomes {after!r}{more}.")
    return stripped


def label_fact(position: int, label: Any) -> str:
    """Return the value and the type of a label that is refused, the beginning of a sentence."""
    text = repr(label)
    shown = text if len(text) <= 60 else f"{text[:56]} ..."
    # scikit-learn's words, for which its checks look.
    fact = "Complex data not supported: " if isinstance(label, complex) else ""
    return f"{fact}y[{position}] is {shown}, of type {type(label).__name__}"


def _no_label(position: int, label: Any) -> ValueError:
    are_several = isinstance(label, set | frozenset | list | tuple | dict)
    hint = SEVERAL_HINT if are_several else "Hint: labels are strings, integers or booleans."
    return ValueError(f"{label_fact(position, label)}, which is not a class label. {hint}")


def _is_scalar_array(value: Any) -> bool:
    return getattr(value, "ndim", None) == 0 and not isinstance(value, np.generic)


def is_missing_label(label: Any) -> bool:
    """Return whether a value stands for no label: None, NaN, pandas.NA or NaT."""
    if label is None or type(label).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(label, np.datetime64 | np.timedelta64):
        return bool(np.isnat(label))
    # NaN is unequal to itself.
    return isinstance(label, float | np.floating | Decimal) and bool(label != label)  # noqa: PLR0124


def _kind_of_value(label: Any) -> str | None:
    if isinstance(label, str):
        return "strings"
    if isinstance(label, bytes):
        return "bytes"
    if isinstance(label, bool | np.bool_):
        return "booleans"
    if isinstance(label, Integral) and not isinstance(label, np.timedelta64):
        return "integers"
    return "floats" if isinstance(label, float | np.floating) else None


# An enumeration's member has another text than the string that it is.
_PLAIN: dict[str, Any] = {
    "strings": str.__str__,
    "bytes": bytes,
    "booleans": bool,
    "integers": int,
    "floats": float,
}


def _kind(labels: np.ndarray) -> str:
    if labels.dtype.kind == "O":
        return "strings" if isinstance(labels[0], str) else "bytes"
    return KINDS[labels.dtype.kind]
