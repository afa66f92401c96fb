"""Loops that numba compiles where it is installed: the extra `fast`."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any


@cache
def is_compiling() -> bool:
    """Tell whether numba is installed."""
    return find_spec("numba") is not None


@cache
def compiled(function: Callable[..., Any], *, reassociates: bool = False) -> Callable[..., Any]:
    """Return a function compiled by numba, which is kept on disk from run to run.

    With `reassociates` its sums may be taken in another order, several terms at once.
    """
    import numba

    allowed = {"reassoc", "contract", "nsz"} if reassociates else False
    compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True, fastmath=allowed)(function)
    return compiled
