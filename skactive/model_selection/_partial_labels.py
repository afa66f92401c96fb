"""Labels of which some are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.targets import recorded_labels
from skactive._io.values import is_missing
from skactive.base import Target
from skactive.model_selection._several_labels import indicators


def known_labels(y: ArrayLike, target: Target) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the labels of the labelled samples, their positions, and those of the others.

    A sample is unlabelled if its label is None, NaN, another missing value or a blank string.
    Several labels of each sample are rows of an indicator matrix.
    """
    if target.kind == "multilabel":
        rows, labeled = indicators(y, target)
        return rows, np.flatnonzero(labeled), np.flatnonzero(~labeled)
    given: Any = y
    if not hasattr(y, "dtype") and not hasattr(y, "__array__"):
        # numpy would convert a list of strings with NaN or None to strings.
        given = np.asarray(y, dtype=object)
    values = np.asarray(given)
    missing = np.zeros(len(values) if values.ndim else 0, dtype=bool)
    if values.ndim == 1 and values.dtype.kind == "f":
        missing = np.isnan(values)
    elif values.ndim == 1 and values.dtype.kind in "OUST":
        missing = np.array([is_missing(cell) for cell in values.tolist()], dtype=bool)
    if not missing.any():
        labels = recorded_labels(y, target)
        return labels, np.arange(len(labels)), np.empty(0, dtype=np.intp)
    if missing.all():
        raise ValueError("y has no label: every entry is None, NaN or blank. Hint: label some.")
    known = values[~missing]
    if known.dtype.kind == "O":
        known = known.tolist()
    return recorded_labels(known, target), np.flatnonzero(~missing), np.flatnonzero(missing)
