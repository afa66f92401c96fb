"""Checks of features."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import check_consistent_length, validate_data

from skactive._contracts._target import Target
from skactive._engine.blocks import row_blocks
from skactive._engine.numbers import FILL_IN, as_numbers, vanished_row
from skactive._engine.stored import StoredFeatures, is_opened, is_stored
from skactive._validation import are_plain_features, with_canonical_rows

# The share of the spread of a column that rounding to float32 may take.
RESOLUTION = 1e-3
# The same of the width of a window of neighbouring values, a twelfth of the spread of a normal
# distribution, and the part of the values on each side of a window. Values are sampled.
WINDOW_RESOLUTION = 1e-2
WINDOW_SHARE = 64
N_SAMPLED = 2048
# Narrower windows hold the rounding errors of float64.
RELATIVE_NOISE = 1e-12


def check_features(X: Any, name: str, dtype: np.dtype[Any], minimum: int = 1) -> Any:
    """Return features as a C-contiguous array or CSR matrix of finite numbers, or raise.

    Features on disk stay there. They are read once.
    """
    if is_stored(X):
        return _checked_stored(X, name, dtype, minimum)
    X = as_numbers(X, name)
    try:
        # A number too large for `dtype` becomes infinite, and is refused, as infinities of both
        # signs are, whose sum is NaN.
        with np.errstate(over="ignore", invalid="ignore"):
            checked = check_array(
                X,
                accept_sparse="csr",
                dtype=dtype,
                order="C",
                input_name=name,
                ensure_min_samples=minimum,
            )
        features = with_canonical_rows(checked)
    except ValueError as error:
        faulty = _first_not_finite(X, dtype)
        if faulty is not None:
            fact = str(error).splitlines()[0].rstrip(".")
            raise ValueError(f"{fact}, first in row {faulty}. Hint: {FILL_IN}") from error
        raise
    wide = getattr(X, "dtype", None)
    if isinstance(wide, np.dtype) and wide.kind == "f" and wide.itemsize > dtype.itemsize:
        faulty = vanished_row(X.tocsr() if sp.issparse(X) else np.asarray(X), features)
        if faulty is not None:
            raise ValueError(
                f"Row {faulty} of {name} has only numbers below {np.finfo(dtype).tiny:.1e}, which "
                f"{dtype} does not hold. Hint: scale the features."
            )
    return features


def check_resolved_features(X: Any, name: str) -> Any:
    """Return features as float32, or as float64 if float32 does not resolve their differences.

    Only a dense column can lose its digits: if its mean is thousands of times its spread, or if
    that holds for a group of its values.
    """
    features = check_features(X, name, np.dtype(np.float32))
    if sp.issparse(features) or getattr(X, "dtype", None) in (np.float32, np.float16):
        return features
    exact = check_features(X, name, np.dtype(np.float64))
    n, first = features.shape[0], exact[:1]
    lost, sums, squares = (np.zeros(features.shape[1]) for _ in range(3))
    for block in row_blocks(n, features.shape[1] * 32):
        rows = exact[block]
        lost += np.square(rows - features[block]).sum(axis=0)
        rows = rows - first
        sums += rows.sum(axis=0)
        squares += np.square(rows).sum(axis=0)
    spread = squares - np.square(sums) / n
    is_lost = (lost > RESOLUTION**2 * spread)[squares > 0].any() or loses_groups(exact)
    return exact if is_lost else features


def loses_groups(*parts: np.ndarray) -> bool:
    """Return whether float32 does not resolve a group of values of a column of float64.

    The arrays are parts of the rows, which are not copied as a whole.

    A column with a mean of 0 can have a group far from 0, such as times where 0 marks a missing
    one. Its values are neighbours in the sorted column.
    """
    ends = np.cumsum([len(part) for part in parts])
    rows = np.arange(ends[-1])
    if len(rows) > N_SAMPLED:
        rows = np.sort(np.random.default_rng(0).choice(len(rows), N_SAMPLED, replace=False))
    of_parts = np.split(rows, np.searchsorted(rows, ends[:-1]))
    starts = ends - [len(part) for part in parts]
    sampled = [part[own - start] for part, own, start in zip(parts, of_parts, starts, strict=True)]
    values = np.sort(np.concatenate(sampled), axis=0)
    side = max(len(values) // WINDOW_SHARE, 1)
    low, middle, high = values[: -2 * side], values[side:-side], values[2 * side :]
    size = np.maximum(np.abs(low), np.abs(high))
    lost = np.abs(middle - middle.astype(np.float32))
    is_lost = (lost > WINDOW_RESOLUTION * (high - low)) & (high - low > RELATIVE_NOISE * size)
    return bool((is_lost.sum(axis=0) >= max(side, 2)).any())


def check_labeled_samples(
    X: Any, y: Any, n_features: int, dtype: np.dtype[Any], target: Target
) -> tuple[Any, np.ndarray]:
    """Return samples from outside a pool, with its features, and their labels, or raise."""
    if not are_plain_features(X, n_features, (dtype,)):
        X = check_features(X, "X_labeled", dtype, minimum=0)
    labels = target.validate(y)
    check_consistent_length(X, labels)
    if X.shape[1] != n_features:
        raise ValueError(f"X_labeled has {X.shape[1]} features, but the pool has {n_features}.")
    return X, labels


def check_same_columns(X: Any, samples: Any) -> None:
    """Raise the error of scikit-learn if two DataFrames differ in their columns."""
    if hasattr(X, "columns") and hasattr(samples, "columns"):
        named = BaseEstimator()
        validate_data(named, samples, skip_check_array=True)
        validate_data(named, X, reset=False, skip_check_array=True)


def _checked_stored(X: Any, name: str, dtype: np.dtype[Any], minimum: int) -> StoredFeatures:
    if is_opened(X) and X.dtype == dtype:
        return X
    features = StoredFeatures(X, dtype)
    if len(features) < minimum or features.shape[1] == 0:
        raise ValueError(
            f"{name} has the shape {features.shape}, but at least {minimum} sample and 1 feature "
            "are needed."
        )
    faulty = np.flatnonzero(~np.isfinite(features.norms))
    if len(faulty):
        raise ValueError(
            f"Input {name} contains NaN or infinity, first in row {faulty[0]}. Hint: fill in such "
            "values, or leave such samples out."
        )
    return features


def in_memory(X: Any) -> Any:
    """Return features in memory as they are, and features on disk read into memory."""
    return np.asarray(X) if is_opened(X) else X


def _first_not_finite(X: Any, dtype: np.dtype[Any]) -> int | None:
    if sp.issparse(X):
        X = X.tocoo()
        faulty = X.row[~np.isfinite(X.data)]
        return int(faulty.min()) if len(faulty) else None
    if hasattr(X, "isna"):
        missing = np.flatnonzero(X.isna().to_numpy().any(axis=1))
        if len(missing):
            return int(missing[0])
    try:
        with np.errstate(over="ignore"):
            features = np.asarray(X).astype(dtype)
    except (TypeError, ValueError):
        return None
    if features.ndim != 2:
        return None
    rows = np.flatnonzero(~np.isfinite(features).all(axis=1))
    return int(rows[0]) if len(rows) else None
