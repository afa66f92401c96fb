"""Rows of samples of any kind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.positions import array_of
from skactive._text import shown

LOADERS = (
    "skactive.datasets.list_images lists the photos of a folder, and load_vectors reads a table."
)


def check_is_samples(X: Any, name: str, *, hint: str = LOADERS) -> None:
    """Raise if X is a name, a path, a dict, an estimator or a single value instead of samples."""
    is_path = isinstance(X, str | bytes | os.PathLike)
    if is_path or hasattr(X, "get_params"):
        is_wrong = True
    elif hasattr(X, "shape"):
        is_wrong = X.shape == ()
    elif isinstance(X, Mapping):
        is_wrong = True
    else:
        is_wrong = not hasattr(X, "__getitem__") and np.ndim(array_of(X)) == 0
    if is_wrong or isinstance(X, type):
        raise TypeError(
            f"{name} must be an array, a DataFrame, a sparse matrix or a list of samples. "
            f"Got {shown(X)} instead." + (f" Hint: {hint}" if is_path else "")
        )


def take_rows(samples: Any, positions: np.ndarray) -> Any:
    """Return some rows of an array, a sparse matrix, a DataFrame or a sequence."""
    if hasattr(samples, "iloc"):
        return samples.iloc[positions]
    if hasattr(samples, "column_names"):
        # The positions of an Arrow table are its columns.
        return samples.take(positions)
    if hasattr(samples, "shape"):
        return samples[positions]
    return [samples[position] for position in positions]


def n_samples_of(samples: Any) -> int:
    """Return the number of samples."""
    return int(samples.shape[0]) if hasattr(samples, "shape") else len(samples)


def counts_rows(frame: Any) -> bool:
    """Return whether the index of a DataFrame or Series only counts the rows from 0."""
    index = frame.index
    return type(index).__name__ == "RangeIndex" and (index.start, index.step) == (0, 1)


def newest(X: Any, y: Any, n: int) -> tuple[Any, Any]:
    """Return the last n of samples and labels, or (None, None) if n is 0."""
    if n <= 0:
        return None, None
    if n >= len(y):
        return X, y
    rows = X.tocsr() if sp.issparse(X) else X
    return take_rows(rows, np.arange(len(y) - n, len(y))), np.asarray(y)[-n:]


def concatenate_rows(above: Any, below: Any) -> Any:
    """Concatenate rows of one kind: arrays, sparse matrices, DataFrames or lists."""
    if hasattr(above, "iloc") and hasattr(below, "iloc"):
        import pandas as pd

        # Rows that are only counted are counted on.
        return pd.concat([above, below], ignore_index=counts_rows(above) and counts_rows(below))
    if sp.issparse(above) or sp.issparse(below):
        return sp.vstack([above, below], format="csr")
    if hasattr(above, "shape") or hasattr(below, "shape"):
        return np.concatenate([np.asarray(above), np.asarray(below)])
    return [*above, *below]


def stacked_features(above: Any, below: Any) -> Any:
    """Return checked features of one kind below each other, in memory, in the container of both."""
    if sp.issparse(above):
        return type(above)(sp.vstack([above, below], format="csr"))
    return np.concatenate([above, below])
