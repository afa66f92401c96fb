"""Blocks of rows that fit into memory, and threads that process them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import joblib
from sklearn import get_config

T = TypeVar("T")

# Temporary arrays of this size fit into the processor's cache. Below this number of rows, a matrix
# product loses its speed.
SCRATCH_BYTES = 2**24
PRODUCT_ROWS = 256


def row_blocks(n_rows: int, bytes_per_row: float) -> Iterator[slice]:
    """Yield slices of rows, each of which fits into scikit-learn's `working_memory`."""
    if n_rows == 1:
        yield slice(0, 1)
        return
    allowed = get_config()["working_memory"] * 2**20
    bytes_per_row = max(bytes_per_row, 1.0)
    wanted = max(SCRATCH_BYTES, PRODUCT_ROWS * bytes_per_row)
    size = max(1, int(min(allowed, wanted) / bytes_per_row))
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def n_threads() -> int:
    """Return the number of threads that process blocks: one for each CPU."""
    return int(joblib.effective_n_jobs(-1))


def on_all_cpus(function: Callable[[slice], T], blocks: list[slice]) -> list[T]:
    """Call a function with each block, in threads; the function must release the GIL."""
    if len(blocks) == 1:
        return [function(blocks[0])]
    with ThreadPoolExecutor(n_threads()) as threads:
        return list(threads.map(function, blocks))
