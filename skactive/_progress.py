"""A progress bar that no other process can block, and the bar of a long step."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from multiprocessing import parent_process
from threading import RLock, current_thread, main_thread
from typing import Any, ClassVar
from weakref import WeakSet

from tqdm.auto import tqdm

# The bar of a step appears when the step has taken so many seconds.
DELAY = 2.0

# Takes the number of samples that a step has processed. Each thread has its own.
_report: ContextVar[Callable[[int], object] | None] = ContextVar("_report", default=None)


class ProgressBar(tqdm):
    """A bar of `tqdm`, whose lock belongs to its process.

    The lock of `tqdm` is shared with forked processes: if one of them is killed while it has the
    lock, the others wait for ever, even those whose bar is disabled.
    """

    _lock: ClassVar[Any] = RLock()
    _instances: ClassVar[Any] = WeakSet()
    # Its thread would update bars of `tqdm` under the shared lock.
    monitor_interval = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Without the thread, each update looks at the clock.
        super().__init__(*args, **{"miniters": 1} | kwargs)

    def __del__(self) -> None:
        # An interrupted constructor leaves a bar without some attributes.
        with suppress(AttributeError):
            super().__del__()


def unlock() -> None:
    """Replace the lock, which a thread that a forked process lacks may hold."""
    ProgressBar.set_lock(RLock())


@contextmanager
def long_step(name: str, n_samples: int) -> Iterator[None]:
    """Show a progress bar on standard error while a step runs, if it takes over two seconds.

    The bar disappears with the end of the step. It is shown on terminals and in notebooks, in the
    main thread and not in worker processes. The environment variable ``TQDM_DISABLE=1`` hides it.

    Parameters
    ----------
    name : str
        The text beside the bar.
    n_samples : int
        Number of samples that the step processes. Each `advance` moves the bar.
    """
    if not _has_viewer():
        yield
        return
    bar = ProgressBar(
        total=n_samples,
        desc=name,
        unit=" samples",
        miniters=max(1, n_samples // 100),
        delay=DELAY,
        leave=False,
    )
    # Some searches first try a few samples.
    with bar, reported(lambda n_new: bar.update(min(n_new, n_samples - bar.n))):
        yield


@contextmanager
def reported(report: Callable[[int], object]) -> Iterator[None]:
    """Pass the numbers of processed samples to a function."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


def advance(n_samples: int) -> None:
    """Report that a step has processed samples, once for each block of them."""
    report = _report.get()
    if report is not None:
        report(n_samples)


def _has_viewer() -> bool:
    """Return whether somebody may watch the work of this thread."""
    is_worker = parent_process() is not None or current_thread() is not main_thread()
    is_terminal = getattr(sys.stderr, "isatty", bool)()
    return not is_worker and (is_terminal or "ipykernel" in sys.modules)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=unlock)
