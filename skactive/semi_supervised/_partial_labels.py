"""Labels of samples some of which have none, and keys that recognise equal samples."""

from __future__ import annotations

from collections.abc import Hashable
from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.labels import check_labels


def labeled_nodes(y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return which samples have a label, and the labels."""
    # Of a list that mixes strings and -1, numpy would make strings.
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
    """Return a key of the content of each row."""
    if sp.issparse(X):
        rows = [X[row] for row in range(X.shape[0])]
        return [hash((row.indices.tobytes(), row.data.tobytes())) for row in rows]
    return [hash(row.tobytes()) for row in X]
