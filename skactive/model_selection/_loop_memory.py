"""Finished loops in a folder, known again by everything that they depend on."""

from __future__ import annotations

import inspect
import io
import os
import pickle
from collections.abc import Callable
from types import FunctionType
from typing import Any

import joblib
import sklearn

from skactive import __version__

# Their releases are part of every key, or do not change what a loop does.
VERSIONED = frozenset({"builtins", "numpy", "scipy", "skactive", "sklearn"})


class LoopMemory:
    """Calls whose results are stored as soon as they are there.

    A call is known again by the values of all its arguments and by the releases of skactive and
    scikit-learn. An argument that many calls share is read once.
    """

    def __init__(self, owner: str, memory: Any) -> None:
        if isinstance(memory, str | os.PathLike):
            memory = joblib.Memory(os.fspath(memory), verbose=0)
        elif memory is None:
            memory = joblib.Memory(None)
        elif not isinstance(memory, joblib.Memory):
            raise TypeError(
                f"The 'memory' parameter of {owner} must be a folder, a joblib.Memory or None. "
                f"Got {memory!r} instead."
            )
        self.stores = memory.location is not None
        self._call = memory.cache(finished, ignore=["function", "arguments"])
        # By identity; the value is kept beside its key, so that no other takes its place.
        self._keys: dict[int, tuple[Any, str]] = {}

    def job(self, function: Callable[..., Any], *arguments: Any) -> Job:
        """Return a call that can be sent to another process."""
        key = ""
        if self.stores:
            parts = [self._key(argument) for argument in arguments]
            key = joblib.hash([__version__, sklearn.__version__, function.__name__, *parts])
        return Job(self._call, key, function, arguments)

    def _key(self, value: Any) -> str:
        if id(value) not in self._keys:
            self._keys[id(value)] = value, key_of(value)
        return self._keys[id(value)][1]


class Job:
    """One call, played or read from the folder."""

    def __init__(
        self, call: Any, key: str, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> None:
        self._call = call
        self._arguments = key, function, arguments

    def is_stored(self) -> bool:
        """Tell whether the result is in the folder already."""
        return bool(self._call.check_call_in_cache(*self._arguments))

    def result(self, place: int) -> tuple[int, Any]:
        """Return the result, and which of many it is."""
        return place, self._call(*self._arguments)


def finished(
    key: str,  # noqa: ARG001 - what joblib knows the result by
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> Any:
    """Return what a function gives for arguments."""
    return function(*arguments)


def key_of(value: Any) -> str:
    """Return a text that differs for different values, and for code that was edited."""
    reader = CodeReader()
    try:
        reader.dump(value)
        return str(joblib.hash([value, sorted(reader.sources)]))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"With `memory`, everything that a loop depends on must be picklable, and "
            f"{type(value).__name__} is not: {reason}. Hint: define its classes and functions at "
            "the top level of a module, or leave `memory` out."
        ) from error


class CodeReader(pickle.Pickler):
    """Collects the source of the classes and functions that a pickle knows by name alone."""

    def __init__(self) -> None:
        super().__init__(Nowhere())
        self.sources: set[str] = set()

    def persistent_id(self, value: Any) -> None:
        """Note the source of a class or function; everything is pickled as ever."""
        if isinstance(value, type):
            for ancestor in value.__mro__:
                self._note(ancestor)
        elif isinstance(value, FunctionType):
            self._note(value)

    def _note(self, code: Any) -> None:
        if (code.__module__ or "").split(".")[0] not in VERSIONED:
            try:
                self.sources.add(inspect.getsource(code))
            except (OSError, TypeError):  # compiled, or typed into an interpreter
                self.sources.add(f"{code.__module__}.{code.__qualname__}")


class Nowhere(io.RawIOBase):
    """A file that keeps nothing."""

    def write(self, data: Any) -> int:
        return len(memoryview(data).cast("B"))
