"""Times of several calls, measured alternately for comparison."""

import gc
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np


def seconds(call: Callable[[], Any]) -> float:
    """Return the duration of a call."""
    start = perf_counter()
    call()
    return perf_counter() - start


def interleaved(
    calls: Mapping[str, Callable[[], Any]], n_rounds: int, *, warm_up: int = 1
) -> dict[str, np.ndarray]:
    """Return the seconds of each call in each round, shape (n_rounds,).

    Every round contains every call, so that other load on the machine affects all of them. Every
    second round runs in reverse order, so that no call always follows the same other one.
    """
    names = list(calls)
    times = {name: np.empty(n_rounds) for name in names}
    for _ in range(warm_up):
        for name in names:
            calls[name]()
    gc.collect()
    gc.disable()
    try:
        for place in range(n_rounds):
            for name in names if place % 2 == 0 else reversed(names):
                times[name][place] = seconds(calls[name])
    finally:
        gc.enable()
    return times
