"""What counts as a label."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets


def check_labels(y: Any) -> np.ndarray:
    """Return labels as a one-dimensional array of one type, or raise naming the faulty one.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Strings, integers or booleans; floats that are whole numbers.

    Returns
    -------
    y : ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        If a label is missing (None or NaN), continuous, or of another type than the rest.
    """
    labels = np.asarray(y)
    if labels.dtype.kind in "US" and not hasattr(y, "dtype"):
        # Of a list that mixes types, NaN among them, numpy makes strings.
        labels = np.asarray(y, dtype=object)
    if labels.ndim != 1:
        labels = column_or_1d(np.atleast_1d(labels), warn=True)
    if labels.size == 0:
        return labels
    # "T" are numpy's strings of variable width, which hold missing values too.
    if labels.dtype.kind in "OT":
        values = labels.tolist()
        for position, label in enumerate(values):
            if _is_missing(label):
                raise ValueError(
                    f"y[{position}] is missing ({label!r}). "
                    "Hint: skip samples that nobody can answer instead of labelling them."
                )
        first = isinstance(values[0], str)
        others = [label for label in values if isinstance(label, str) != first]
        if others:
            raise ValueError(
                f"y mixes strings with other types: {values[0]!r} and {others[0]!r}. "
                "Hint: give every label in one type."
            )
        labels = np.array(values)
    elif labels.dtype.kind == "f" and not np.isfinite(labels).all():
        position = int(np.flatnonzero(~np.isfinite(labels))[0])
        raise ValueError(
            f"y[{position}] is missing (NaN or infinity: {labels[position]}). "
            "Hint: skip samples that nobody can answer instead of labelling them."
        )
    if labels.dtype.kind not in "biuUS":
        # Costly, and without a question about integers and strings.
        check_classification_targets(labels)
    return labels


def _is_missing(label: Any) -> bool:
    if label is None:
        return True
    # NaN is unequal to itself; pandas.NA not even that, comparing it gives pandas.NA again.
    differs = label != label  # noqa: PLR0124
    return not isinstance(differs, bool | np.bool_) or bool(differs)
