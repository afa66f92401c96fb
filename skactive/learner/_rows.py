"""Labelled samples from outside the pool, and rows of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._rows import take_rows
from skactive.base import LabelingPool


def n_outside(pool: LabelingPool) -> int:
    """Return the number of labelled samples from outside the pool, which precede all answers."""
    return pool.n_labeled - len(pool.labeled)


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

        return pd.concat([above, below])
    if sp.issparse(above) or sp.issparse(below):
        return sp.vstack([above, below], format="csr")
    if hasattr(above, "shape") or hasattr(below, "shape"):
        return np.concatenate([np.asarray(above), np.asarray(below)])
    return [*above, *below]
