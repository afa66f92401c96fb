"""The import of scikit-learn and all that a labelling session needs of it, which takes seconds.

Two threads that import it at the same time may get modules that are not complete. So it is imported
before a session starts its thread. The command, in which no other code runs, lets the thread import
it, so that the page opens meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Lock

MODULES = (
    "sklearn.cluster",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "scipy.stats",
    "skactive.embedding",
    "skactive.learner",
)

_loading = Lock()
_is_postponed = False


def load() -> None:
    """Import the modules; a thread waits for another one that imports them."""
    with _loading:
        for name in MODULES:
            import_module(name)


def load_before_threads() -> None:
    """Import the modules now, unless that is postponed."""
    if not _is_postponed:
        load()


@contextmanager
def postponed() -> Iterator[None]:
    """Let the threads of sessions that are created meanwhile import the modules."""
    global _is_postponed  # noqa: PLW0603 - of the process, as modules are
    _is_postponed = True
    try:
        yield
    finally:
        _is_postponed = False
