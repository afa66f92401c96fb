"""Confusion matrices of annotators, and labels drawn from them."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.label_arrays import is_among, union
from skactive._engine.labels import check_classes, check_labels
from skactive._text import shown

FlipRate = float | Mapping[Any, float] | ArrayLike

EXPECTED = "a number from 0 to 1, a dict of them by class, or a matrix of shape (n_classes,) * 2"


def coded(y: ArrayLike, classes: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted classes, and the position of each label among them."""
    labels = check_labels(y)
    known = union(labels if classes is None else check_classes(classes))
    unknown = labels[~is_among(labels, known)].tolist()
    if unknown:
        raise ValueError(
            f"y holds {unknown[0]!r}, which is not one of the classes: {known.tolist()}."
        )
    return known, np.searchsorted(known, labels)


def confusion(owner: object, name: str, flip_rate: FlipRate, classes: np.ndarray) -> np.ndarray:
    """Return the probability that a class (row) is labelled as each (column), or raise."""
    parameter = f"{name!r} parameter of {type(owner).__name__}"
    n_classes = len(classes)
    if isinstance(flip_rate, Mapping):
        known = classes.tolist()
        for label in flip_rate:
            if label not in known:
                raise ValueError(
                    f"The {parameter} names {label!r}, which is not one of the classes: {known}."
                )
        rates = [_rate(parameter, flip_rate.get(label, 0.0)) for label in known]
    elif isinstance(flip_rate, Real):
        rates = [_rate(parameter, flip_rate)] * n_classes
    else:
        return _checked_matrix(parameter, flip_rate, classes)
    if n_classes < 2:
        return np.ones((n_classes, n_classes))
    matrix = np.tile(np.array(rates)[:, np.newaxis] / (n_classes - 1), n_classes)
    np.fill_diagonal(matrix, 1 - np.array(rates))
    return matrix


def flipped(codes: np.ndarray, matrix: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Draw the labels of an annotator.

    The first of two random numbers for each sample decides whether its label is wrong, the second
    which label it gets. They depend on the generator and the position only, so that the errors at
    a low rate are among those at a higher rate.
    """
    draws = random.random_sample((len(codes), 2))
    wrong = np.flatnonzero(draws[:, 0] < 1 - matrix[codes, codes])
    others = matrix.copy()
    np.fill_diagonal(others, 0.0)
    cumulated = others.cumsum(axis=1)[codes[wrong]]
    if len(wrong) == 0:
        return codes
    thresholds = draws[wrong, 1] * cumulated[:, -1]
    labels = codes.copy()
    # By rounding, a threshold may be equal to the last cumulated probability.
    labels[wrong] = np.minimum((cumulated <= thresholds[:, None]).sum(axis=1), len(matrix) - 1)
    return labels


def _rate(parameter: str, value: Any) -> float:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if is_number and 0 <= float(value) <= 1:
        return float(value)
    error = ValueError if is_number else TypeError
    raise error(f"The {parameter} must be {EXPECTED}. Got {shown(value)} instead.")


def _checked_matrix(parameter: str, flip_rate: Any, classes: np.ndarray) -> np.ndarray:
    try:
        matrix = np.asarray(flip_rate, dtype=float)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.ndim != 2:
        raise TypeError(f"The {parameter} must be {EXPECTED}. Got {shown(flip_rate)} instead.")
    if matrix.shape != (len(classes), len(classes)):
        raise ValueError(
            f"The {parameter} is a matrix of shape {matrix.shape}, but there are {len(classes)} "
            f"classes: {classes.tolist()}. Hint: pass a row and a column for each, in this order."
        )
    if not ((matrix >= 0) & (matrix <= 1)).all():
        row = int(np.flatnonzero(~((matrix >= 0) & (matrix <= 1)).all(axis=1))[0])
        raise ValueError(
            f"The {parameter} has values outside [0, 1] in row {row}: {matrix[row].tolist()}."
        )
    sums = matrix.sum(axis=1)
    if not np.allclose(sums, 1, rtol=0, atol=1e-6):
        row = int(np.abs(sums - 1).argmax())
        raise ValueError(
            f"The {parameter} is a matrix whose row {row} sums to {sums[row]:g}. Hint: each row "
            "has the probabilities of all labels of one class, and sums to 1."
        )
    return matrix
