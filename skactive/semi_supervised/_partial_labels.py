"""Labels of partly labelled samples, and hashes of rows."""

from __future__ import annotations

from collections.abc import Hashable
from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.continuous import CONTINUOUS
from skactive._engine.labels import check_labels, is_missing_label, label_values
from skactive._text import shown
from skactive._warning import warn_user


def labeled_nodes(y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the labelled samples, and their labels."""
    values = label_values(y)
    if values.ndim == 0:
        raise TypeError(
            f"y must be a list or array with one label for each sample. Got {shown(y)} instead."
        )
    if values.ndim != 1:
        return np.arange(len(values)), check_labels(y)
    if values.dtype.kind in "biuf":
        is_unlabeled = _are_nan(values, "-1") | (values == -1)
    else:
        cells = values.tolist()
        is_unlabeled = np.array(
            [is_missing_label(one) or _is_minus_one(one) for one in cells], bool
        )
    nodes = np.flatnonzero(~is_unlabeled)
    return nodes, check_labels(values[nodes])


def numbered_nodes(y: Any) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the number of samples, the positions of those with a number, and their numbers."""
    values = label_values(y)
    if values.ndim != 1:
        labels = CONTINUOUS.validate(y)
        return len(labels), np.arange(len(labels)), labels
    if values.dtype.kind == "O":
        is_unlabeled = np.array([is_missing_label(one) for one in values.tolist()], dtype=bool)
    else:
        is_unlabeled = _are_nan(values, "None")
    # Errors name the positions among all samples.
    labels = CONTINUOUS.validate(np.where(is_unlabeled, 0.0, values))
    nodes = np.flatnonzero(~is_unlabeled)
    return len(values), nodes, labels[nodes]


def warn_of_one_class(y: Any, labels: np.ndarray) -> None:
    """Warn if -1 among the labels y may be a class: if only one other class is left."""
    known = np.unique(labels).tolist()
    minus_one = "-1" if known and isinstance(known[0], str) else -1
    if len(known) == 1 and any(
        _is_minus_one(one) and one == minus_one for one in label_values(y).ravel().tolist()
    ):
        warn_user(
            f"y has -1, which means unlabelled, and one class, {known[0]!r}. Hint: if -1 is a "
            "class, rename it; for no label, pass None or NaN."
        )


def _are_nan(values: np.ndarray, mark: str) -> np.ndarray:
    """Return which labels are NaN, or raise if all are. `mark` means that no label is known."""
    is_nan = values != values  # noqa: PLR0124 - NaN differs from itself
    if len(values) and is_nan.all():
        raise ValueError(
            "y is NaN in all samples: there is no label. Hint: if no label is known yet, pass "
            f"{mark} for every sample."
        )
    return np.asarray(is_nan)


def _is_minus_one(value: Any) -> bool:
    return isinstance(value, str | Real) and value in (-1, "-1")


def rows_by_hash(X: Any) -> dict[Hashable, list[int]]:
    """Return the positions of rows by a hash of their content."""
    rows: dict[Hashable, list[int]] = {}
    for row, key in enumerate(_row_hashes(X)):
        rows.setdefault(key, []).append(row)
    return rows


def equal_rows(
    X: Any, stored: Any, by_hash: dict[Hashable, list[int]], is_free: np.ndarray
) -> np.ndarray:
    """Return for each row of X another free row of `stored` that equals it, or -1."""
    found, taken = np.full(X.shape[0], -1), set()
    if sp.issparse(stored) != sp.issparse(X):
        X = X.toarray() if sp.issparse(X) else sp.csr_matrix(X)
    for place, key in enumerate(_row_hashes(X.astype(stored.dtype))):
        for row in by_hash.get(key, ()):
            if is_free[row] and row not in taken:
                found[place] = row
                taken.add(row)
                break
    return found


def _row_hashes(X: Any) -> list[Hashable]:
    """Return a hash of the content of each row. Sparse rows are canonical."""
    if sp.issparse(X):
        # Slices of the parts: a row of a sparse array is not a CSR array.
        rows = [slice(*ends) for ends in zip(X.indptr[:-1], X.indptr[1:], strict=True)]
        columns = X.indices.astype(np.int64)
        return [hash((columns[row].tobytes(), X.data[row].tobytes())) for row in rows]
    # The sum is 0 for -0 too.
    return [hash((row + 0.0).tobytes()) for row in X]
