"""Work cut into pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import joblib
from sklearn import get_config

T = TypeVar("T")

# Scratch that a cache holds is faster than scratch fetched from memory; below this many rows, a
# matrix product no longer is one.
SCRATCH_BYTES = 2**24
PRODUCT_ROWS = 256


def row_blocks(n_rows: int, bytes_per_row: float) -> Iterator[slice]:
    """Cut rows into slices that fit into scikit-learn's `working_memory` one by one."""
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
    """Return how many threads work on blocks at once: one for each CPU."""
    return int(joblib.effective_n_jobs(-1))


def on_all_cpus(function: Callable[[slice], T], blocks: list[slice]) -> list[T]:
    """Call a function that runs without the interpreter's lock with each block, in threads."""
    if len(blocks) == 1:
        return [function(blocks[0])]
    with ThreadPoolExecutor(n_threads()) as threads:
        return list(threads.map(function, blocks))
