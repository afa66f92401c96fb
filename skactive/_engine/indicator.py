"""Indicator matrices: the labels of samples as estimators take them."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from skactive._contracts._target import Target
from skactive._engine.label_sets import LabelSet
from skactive._engine.labels import is_missing_label
from skactive._text import shown


class IndicatorTarget(Target):
    """The rows of an indicator matrix in int8, -1 for labels that are not answered."""

    kind: ClassVar[str] = "indicator"

    def validate(self, y: Any) -> np.ndarray:
        dense = y.toarray() if sp.issparse(y) else y
        try:
            matrix = with_open_answers(dense)
        except ValueError:
            matrix = np.empty(0)
        if matrix.ndim != 2:
            fact = f"an array of shape {matrix.shape}" if matrix.size else shown(y)
            raise ValueError(
                "y must be an indicator matrix of shape (n_samples, n_labels), with 1 if a sample "
                f"has the label of the column. Got {fact} instead."
            )
        return answers_of(matrix)

    def check_alike(self, known: np.ndarray, y: np.ndarray) -> None:
        if len(known) and y.shape[1] != len(known):
            raise ValueError(f"y has {y.shape[1]} columns, but there are {len(known)} labels.")

    def to_plain(self, y: np.ndarray) -> list[Any]:
        plain: list[Any] = y.tolist()
        return plain

    def differ(self, y: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.asarray((y != other).any(axis=1))


INDICATOR = IndicatorTarget()


def indicator(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return sets of labels as a matrix in int8: 1, 0, and -1 if a label is not answered.

    A set with a label that is not among the classes is refused.
    """
    column = {name: place for place, name in enumerate(classes.tolist())}
    rows = np.zeros((len(y), len(column)), dtype=np.int8)
    for place, (row, given) in enumerate(zip(rows, y.tolist(), strict=True)):
        one = given.resolved(column)
        if not one.names <= column.keys():
            raise ValueError(
                f"y[{place}] has the label {min(one.names - column.keys())!r}, which is not one of "
                f"{shown(list(column))}. Hint: declare it, or leave it out."
            )
        for name in one:
            row[column[name]] = 1
        for name in one.unanswered:
            row[column[name]] = -1
    return rows


def sets_of_columns(rows: np.ndarray) -> np.ndarray:
    """Return the rows in the last dimension of an indicator as sets of columns."""
    sets = np.empty(rows.shape[:-1], dtype=object)
    for place in np.ndindex(sets.shape):
        row = rows[place]
        sets[place] = LabelSet(np.flatnonzero(row == 1).tolist(), np.flatnonzero(row < 0).tolist())
    return sets


def is_answered(y: np.ndarray) -> np.ndarray:
    """Return which samples have no label that is not answered: all, if `y` is no matrix."""
    return np.asarray((y >= 0).all(axis=1)) if y.ndim == 2 else np.full(len(y), True)


def with_open_answers(matrix: Any) -> np.ndarray:
    """Return an array in which entries that are masked are missing."""
    if isinstance(matrix, np.ma.MaskedArray) and np.ma.is_masked(matrix):
        return np.array(matrix.tolist(), dtype=object)
    return np.asarray(matrix)


def answers_of(matrix: np.ndarray) -> np.ndarray:
    """Return an indicator matrix in int8, -1 for what is not answered, or raise."""
    if matrix.dtype.kind not in "biuf":
        matrix = np.array(
            [[np.nan if is_missing_label(one) else one for one in row] for row in matrix.tolist()],
            dtype=object,
        ).reshape(matrix.shape)
        fault = np.array(
            [[not isinstance(one, Real | np.bool_) for one in row] for row in matrix.tolist()],
            dtype=bool,
        ).reshape(matrix.shape)
        if fault.any():
            raise _no_answer(matrix, fault)
    numbers = matrix.astype(np.float64)
    numbers[np.isnan(numbers)] = -1
    fault = ~np.isin(numbers, (-1, 0, 1))
    if fault.any():
        raise _no_answer(matrix, fault)
    return numbers.astype(np.int8)


def _no_answer(matrix: np.ndarray, fault: np.ndarray) -> ValueError:
    row, column = np.argwhere(fault)[0].tolist()
    value = matrix[row : row + 1, column].tolist()[0]
    # scikit-learn's words, for which its checks look.
    fact = "Complex data not supported: " if isinstance(value, complex) else ""
    return ValueError(
        f"{fact}y[{row}, {column}] is {value!r}, but an indicator matrix has 1 (the sample has the "
        "label), 0 (it has not), and -1 or NaN (not answered)."
    )
