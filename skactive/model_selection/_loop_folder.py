"""Scores of finished loops in a folder, as data."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
from sklearn.utils.validation import check_memory

from skactive._io.atomic_write import atomic_write
from skactive._validation import check_method


class LoopFolder:
    """A folder with a JSON file for each finished loop; no file in it is ever executed.

    It has the part of the interface of `joblib.Memory` that a comparison uses. joblib stores
    pickles, which can execute code when they are read.

    Parameters
    ----------
    location : str or path-like
        The folder. It is created with the first result.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        self.location = Path(location)

    def cache(self, function: Callable[..., Any], **_: Any) -> StoredScores:
        """Return a function that stores its results in the folder."""
        return StoredScores(function, self.location)


@dataclass(frozen=True)
class StoredScores:
    """A function whose result, a score or a list of scores, is computed once."""

    function: Callable[..., Any]
    folder: Path

    def __call__(self, *arguments: Any) -> Any:
        """Return the stored result, or compute and store it."""
        key = self._key(arguments)
        if (stored := self._read(key)) is not None:
            return stored
        scores = self.function(*arguments)
        scores = [float(one) for one in scores] if isinstance(scores, list) else float(scores)
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(self._path(key)) as file:
            file.write(json.dumps({"scores": scores, "checksum": _checksum(key, scores)}).encode())
        return scores

    def check_call_in_cache(self, *arguments: Any) -> bool:
        """Return whether the folder has the result of a call."""
        return self._read(self._key(arguments)) is not None

    def _key(self, arguments: tuple[Any, ...]) -> str:
        # A memory-mapped array of a worker process has the same hash as the array itself.
        return f"{self.function.__name__.strip('_')}-{joblib.hash(arguments, coerce_mmap=True)}"

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _read(self, key: str) -> Any:
        """Return a stored result, None if there is none or the file is damaged."""
        path = self._path(key)
        try:
            # A named pipe would block.
            content = json.loads(path.read_bytes()) if path.is_file() else {}
            scores, checksum = content["scores"], content["checksum"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return scores if checksum == _checksum(key, scores) else None


def loop_storage(memory: Any) -> Any:
    """Return the storage for the `memory` of a comparison: a folder, or a `joblib.Memory`."""
    if isinstance(memory, str | os.PathLike):
        return LoopFolder(memory)
    if memory is not None:
        expected = "a folder, a joblib.Memory or None"
        check_method("compare_strategies", "memory", memory, "cache", expected)
    return check_memory(memory)


def _checksum(key: str, scores: Any) -> str:
    return hashlib.sha256(f"{key} {json.dumps(scores)}".encode()).hexdigest()
