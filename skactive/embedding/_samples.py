"""One sample after another, whatever holds them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

N_SHOWN = 60


def as_samples(X: Any) -> Any:
    """Return what holds samples as something with a length that gives each by its position.

    Parameters
    ----------
    X : sequence, Series, one-column DataFrame or array
        The samples.

    Returns
    -------
    samples : sequence, or ndarray of shape (n_samples, ...)
    """
    samples = _unwrapped(X)
    if len(samples) == 0:
        raise ValueError(
            "Found array with 0 sample(s), while a minimum of 1 is required by HubEmbedder."
        )
    return samples


def _unwrapped(X: Any) -> Any:
    if hasattr(X, "columns") and getattr(X, "ndim", 2) == 2:
        names = list(getattr(X, "column_names", X.columns))  # PyArrow's columns have no names
        if len(names) != 1:
            raise ValueError(
                f"X has {len(names)} columns, where one holds the samples: "
                f"{names[:8]}. Hint: choose it with X[['column']], or in a "
                "ColumnTransformer."
            )
        X = X[names[0]]
    if hasattr(X, "to_pylist"):
        return X.to_pylist()
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if isinstance(X, np.ndarray):
        if X.ndim == 2 and X.shape[1] == 1 and X.dtype.kind in "OUT":
            X = X[:, 0]
        if X.ndim > 0:
            return X.tolist() if X.ndim == 1 and X.dtype.kind in "UT" else X
    if isinstance(X, str | bytes | os.PathLike | np.ndarray) or not isinstance(X, Sequence):
        raise TypeError(
            f"X must be a sequence of samples. Got {type(X).__name__} {shortened(X)} instead. "
            "Hint: put a single sample in a list, and what a generator yields too."
        )
    # Not copied: what makes its samples when asked need not hold them all.
    return X


def is_missing(sample: Any) -> bool:
    """Tell whether a sample stands for nothing: None, NaN or pandas' NA."""
    if sample is None or type(sample).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(sample, float | np.floating) and bool(np.isnan(sample))


def shortened(value: Any) -> str:
    """Return what a person knows a sample by, on one line."""
    text = repr(str(value)) if isinstance(value, str) else repr(value)
    return text if len(text) <= N_SHOWN else f"{text[: N_SHOWN - 4]} ..."
