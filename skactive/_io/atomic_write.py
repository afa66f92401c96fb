"""Files that are there whole, or as they were before."""

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
    """Write a file beside its place, and rename it in the end: nobody ever sees half of it."""
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
    """Write a npz file, whole or not at all."""
    with atomic_write(path) as file:
        np.savez(file, **arrays)
