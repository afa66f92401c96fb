"""Labels of partly labelled samples, and hashes of rows."""

from __future__ import annotations

from collections.abc import Hashable
from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.labels import check_labels


def labeled_nodes(y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the labelled samples, and their labels."""
    # numpy converts a list that mixes strings and -1 to strings.
    values = np.asarray(y) if hasattr(y, "dtype") else np.asarray(y, dtype=object)
    if values.ndim != 1:
        return np.arange(len(values)), check_labels(y)
    if values.dtype.kind in "biuf":
        is_labeled = values != -1
    else:
        is_labeled = np.array([not _is_unlabeled(value) for value in values.tolist()], dtype=bool)
    nodes = np.flatnonzero(is_labeled)
    kept = values[nodes]
    return nodes, check_labels(kept.tolist() if kept.dtype.kind == "O" else kept)


def _is_unlabeled(value: Any) -> bool:
    return value is None or (isinstance(value, str | Real) and value in (-1, "-1"))


def row_hashes(X: Any) -> list[Hashable]:
    """Return a hash of the content of each row."""
    if sp.issparse(X):
        rows = [X[row] for row in range(X.shape[0])]
        return [hash((row.indices.tobytes(), row.data.tobytes())) for row in rows]
    return [hash(row.tobytes()) for row in X]
