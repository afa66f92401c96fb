"""Access to samples by position, in any container."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

N_SHOWN = 60


class SampleSequence(Protocol):
    """A container of samples: a list, tuple, array, Series or DataFrame."""

    def __len__(self) -> int:
        """Return the number of samples."""

    # Samples are of any type, and a DataFrame has columns where a list has positions.
    def __getitem__(self, index: Any, /) -> Any:
        """Return a sample or a column."""


def as_samples(X: SampleSequence) -> Any:
    """Return the samples as a sequence or an array, indexed by position.

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
        raise ValueError("Found array with 0 sample(s), while a minimum of 1 is required.")
    return samples


def _unwrapped(X: Any) -> Any:
    if hasattr(X, "columns") and getattr(X, "ndim", 2) == 2:
        names = list(getattr(X, "column_names", X.columns))  # PyArrow's columns have no names
        if len(names) != 1:
            raise ValueError(
                f"X must have one column, which holds the samples. Got {len(names)} columns: "
                f"{names[:8]}. Hint: select a column with X[['column']], or in a "
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
            "Hint: put a single sample into a list, and convert a generator to a list."
        )
    # Not copied: a lazy sequence need not hold all of its samples in memory.
    return X


def shortened(value: object) -> str:
    """Return a value on one line, for a message."""
    text = repr(str(value)) if isinstance(value, str) else repr(value)
    return text if len(text) <= N_SHOWN else f"{text[: N_SHOWN - 4]} ..."


def with_raw_samples(tags: Any) -> Any:  # scikit-learn's Tags are untyped
    """Return the tags of a transformer, changed to those of one that takes raw samples."""
    tags.no_validation = True
    tags.input_tags.two_d_array = False
    tags.input_tags.one_d_array = True
    tags.input_tags.string = True
    tags.transformer_tags.preserves_dtype = []
    return tags
