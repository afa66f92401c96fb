"""A progress bar that no other process can block."""

from __future__ import annotations

import os
from contextlib import suppress
from threading import RLock
from typing import Any, ClassVar
from weakref import WeakSet

from tqdm.auto import tqdm


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


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=unlock)
