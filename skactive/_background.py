"""A computation in a thread that ends with the program."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from threading import Event, Thread
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from skactive._progress import advance, long_step, reported

T = TypeVar("T")

# Number of seconds between two updates of a progress bar.
INTERVAL = 0.1


class Stopped(Exception):  # noqa: N818  it is no error
    """The result of a computation is not needed any more."""


class Background(Generic[T]):
    """Call a function in a thread, with the present configuration of scikit-learn.

    The thread is a daemon. At the end of the program, and if `stopping` is set, the function is
    interrupted when it next calls `advance`.

    Parameters
    ----------
    function : callable
        Called without arguments.
    name : str
        The text of the progress bar while `result` waits.
    n_samples : int
        Number of samples that the function processes, by its calls of `advance`.
    """

    def __init__(self, function: Callable[[], T], name: str, n_samples: int) -> None:
        self.stopping = Event()
        self._name, self._n_samples, self._n_done = name, n_samples, 0
        self._process = os.getpid()
        self._future: Future[T] = Future()
        configured = _present_configuration()

        def run() -> None:
            try:
                with configured(), reported(self._count):
                    self._future.set_result(function())
            except BaseException as error:  # noqa: BLE001  `result` raises it
                self._future.set_exception(error)

        self._thread = Thread(target=run, name=f"skactive {name}", daemon=True)
        _running.add(self)
        self._thread.start()

    def is_of_this_process(self) -> bool:
        """Return whether there is such a thread. A forked process has none."""
        return self._process == os.getpid()

    def is_done(self) -> bool:
        """Return whether `result` need not wait."""
        return self._future.done()

    def result(self) -> T:
        """Wait for the result, and return it or raise the exception of the function."""
        n_shown = 0
        with long_step(self._name, self._n_samples):
            while not wait([self._future], INTERVAL).done:
                n_done = self._n_done
                advance(n_done - n_shown)
                n_shown = n_done
        return self._future.result()

    def join(self) -> None:
        """Wait for the end of the thread."""
        self._thread.join()

    def _count(self, n_samples: int) -> None:
        if self.stopping.is_set():
            raise Stopped
        self._n_done += n_samples


def _present_configuration() -> Callable[[], AbstractContextManager[None]]:
    """Return a context with the present configuration of scikit-learn.

    There is none before it is imported, which takes seconds.
    """
    sklearn: Any = sys.modules.get("sklearn")
    if not hasattr(sklearn, "get_config"):
        return nullcontext
    return partial(sklearn.config_context, **sklearn.get_config())


_running: WeakSet[Background[Any]] = WeakSet()


@atexit.register
def _stop_all() -> None:
    # A thread that runs while the interpreter is deleted may crash it. All end at the same time.
    running = list(_running)
    for one in running:
        one.stopping.set()
    for one in running:
        one.join()
