"""Columns of tables that are no features, and columns of an embedding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

ID_NAMES = {"id", "idx", "index", "uid", "uuid", "guid", "rowid", "rownum", "rownumber"}
# "customer_id", "sample-ID", "photo id", "userId"; not "acid" or "grid".
ID_ENDING = re.compile(r"[_\-. ](?i:id)$|[a-z]I[dD]$")
# pandas' names for a column without a name, and for an index in a Parquet file.
NAMELESS = re.compile(r"Unnamed: \d+(_level_\d+)?$|__index_level_\d+__$")
NUMBERED = re.compile(r"(.*?)\d+")
# With fewer rows, a feature may have these values by chance.
MIN_ROWS = 20
MIN_NUMBERED = 16


def is_id_like(name: str, column: Any) -> bool:
    """Return whether a column appears to identify rows: by its name, or by its values.

    By name: none, one of `ID_NAMES`, or one that ends in "_id" or "Id", unless the values are
    numbers with decimals. By value: in 20 rows or more, whole numbers that are all different and
    fill at least half of their range, such as the numbers of the rows in any order.
    """
    if NAMELESS.match(name):
        return True
    numbers = _numbers(column)
    if re.sub(r"[\W_]", "", name).lower() in ID_NAMES or ID_ENDING.search(name):
        return numbers is None or bool((numbers == np.floor(numbers)).all())
    if numbers is None or len(numbers) < MIN_ROWS or (numbers != np.floor(numbers)).any():
        return False
    is_dense = np.ptp(numbers) + 1 <= 2 * len(numbers)
    return bool(is_dense and len(np.unique(numbers)) == len(numbers))


def are_numbered(names: Sequence[str]) -> bool:
    """Return whether columns are called x0, x1, …, as those of an embedding: 16 or more."""
    prefixes = {part[1] if (part := NUMBERED.fullmatch(name)) else None for name in names}
    return len(names) >= MIN_NUMBERED and len(prefixes) == 1 and None not in prefixes


def holds_vectors(column: Any) -> bool:
    """Return whether each cell of a column is a list of numbers."""
    return (
        len(column) > 0
        and column.dtype == object
        and all(isinstance(cell, np.ndarray | list | tuple) for cell in column)
    )


def _numbers(column: Any) -> np.ndarray | None:
    if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "iuf":
        return None
    numbers = column.to_numpy(dtype=np.float64)
    return numbers if len(numbers) and np.isfinite(numbers).all() else None
