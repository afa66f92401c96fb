"""Loops compiled by numba on first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np


@cache
def compiled(function: Callable[..., Any], *, reassociates: bool = False) -> Callable[..., Any]:
    """Return a function compiled by numba, with the machine code cached on disk.

    The cache is beside the module, in the user's cache folder or in NUMBA_CACHE_DIR. If none of
    them can be written, the function is compiled again in each process.

    Parameters
    ----------
    function : callable
        A loop over arrays and numbers, in the subset of Python that numba compiles.
    reassociates : bool, default=False
        Whether terms of a sum may be added in another order, several at once.

    Returns
    -------
    compiled : callable
        The compiled function, which releases the GIL.
    """
    import numba

    allowed = {"reassoc", "nsz"} if reassociates else False
    compile_ = partial(numba.njit, nogil=True, fastmath=allowed)
    uncached: Callable[..., Any] = compile_()(function)
    try:
        cached = compile_(cache=True)(function)
    except RuntimeError:
        # numba finds no folder that can be written.
        return uncached

    def run(*arguments: Any) -> Any:
        try:
            return cached(*arguments)
        except OSError:
            # The folder can no longer be read or written, or the disk is full. The loop itself
            # raises no OSError, so that it has not run.
            return uncached(*arguments)

    return run


def as_floats(values: np.ndarray) -> np.ndarray:
    """Return float32 arrays as they are, and others converted to float64, for numba."""
    return values if values.dtype == np.float32 else np.asarray(values, dtype=np.float64)
