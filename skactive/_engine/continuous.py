"""Continuous labels."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from skactive._contracts._target import Target
from skactive._engine.labels import (
    SKIP_HINT,
    as_column,
    is_missing_label,
    label_fact,
    label_values,
)
from skactive._text import SHOWN_WIDTH, one_line

# Sums of squares of so many labels as memory holds are finite, and so are variances.
LARGEST = 1e150


class ContinuousTarget(Target):
    """One number for each sample: the labels of a regression.

    Labels are stored in float64. Strings, booleans, NaN, infinite numbers and those beyond ±1e150,
    whose squares may be infinite, are refused.

    See Also
    --------
    Target : The contract.
    CategoricalTarget : The labels of a classification.

    Examples
    --------
    >>> from skactive.base import ContinuousTarget
    >>> ContinuousTarget().validate([2, 0.5])
    array([2. , 0.5])
    """

    kind: ClassVar[str] = "continuous"

    def validate(self, y: ArrayLike) -> np.ndarray:
        labels = label_values(y)
        if labels.ndim != 1:
            labels = as_column(labels, "Hint: the label of a sample is one number.")
        if labels.dtype.kind not in "iuf":
            if labels.dtype.kind != "O" and labels.size:
                raise _no_number(0, labels[0].item())
            labels = _as_floats(labels.tolist())
        labels = labels.astype(np.float64)
        is_finite = np.isfinite(labels)
        if not is_finite.all():
            position = int(is_finite.argmin())
            raise ValueError(
                f"y[{position}] is missing (NaN or infinity: {labels[position]}). {SKIP_HINT}"
            )
        is_large = np.abs(labels) > LARGEST
        if is_large.any():
            position = int(is_large.argmax())
            raise _too_large(position, labels[position])
        # -0.0 becomes 0.0.
        return labels + 0.0

    def check_alike(self, known: np.ndarray, y: np.ndarray) -> None:
        # Any numbers can be stored beside each other.
        return

    def to_plain(self, y: np.ndarray) -> list[Any]:
        plain: list[Any] = y.tolist()
        return plain

    def differ(self, y: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.asarray(y != other)


CONTINUOUS = ContinuousTarget()


def as_number(label: float) -> float:
    """Return the label that can be stored and is nearest to a predicted one."""
    return min(max(label, -LARGEST), LARGEST)


def _as_floats(values: list[Any]) -> np.ndarray:
    numbers = np.empty(len(values))
    for position, value in enumerate(values):
        label = value.item() if getattr(value, "ndim", None) == 0 else value
        if is_missing_label(label):
            raise ValueError(f"y[{position}] is missing ({label!r}). {SKIP_HINT}")
        if isinstance(label, bool | np.bool_) or not isinstance(label, Real):
            raise _no_number(position, label)
        try:
            numbers[position] = float(label)
        except OverflowError as error:
            raise _too_large(position, label) from error
    return numbers


def _too_large(position: int, label: Any) -> ValueError:
    return ValueError(
        f"y[{position}] is {one_line(label, SHOWN_WIDTH)}, and labels beyond ±{LARGEST:g} have no "
        "finite variance. Hint: scale the labels."
    )


def _no_number(position: int, label: Any) -> ValueError:
    return ValueError(
        f"{label_fact(position, label)}, but the labels of a regression are numbers. Hint: pass "
        "numbers, or a classifier as the estimator."
    )
