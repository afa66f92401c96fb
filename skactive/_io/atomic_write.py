"""Atomic writes: a file is replaced completely or stays as it was."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np


@contextmanager
def atomic_write(path: Any) -> Iterator[BinaryIO]:
    """Write a temporary file and rename it, so that no process reads a partly written file."""
    path = Path(path)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def write_arrays(path: Any, arrays: dict[str, Any]) -> None:
    """Write an npz file completely or not at all."""
    with atomic_write(path) as file:
        np.savez(file, **arrays)
