"""Arrays in npz files; a file that cannot be read raises one error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from skactive._io.atomic_write import atomic_write
from skactive._io.regular_files import check_regular


@contextmanager
def damage_as(sentence: str) -> Iterator[None]:
    """Raise a ValueError with a sentence in place of any error of reading a damaged file."""
    try:
        yield
    # zipfile, zlib and numpy raise exceptions of a dozen types for damaged bytes.
    except Exception as error:
        raise ValueError(sentence) from error


def read_arrays(path: str | os.PathLike[str], what: str, hint: str) -> dict[str, np.ndarray]:
    """Return all arrays of an npz file, by name.

    Parameters
    ----------
    path : path-like
        The file.
    what : str
        The content that the file should have, such as 'a complete neighbour graph'.
    hint : str
        The remedy, a sentence that begins with 'Hint:'.

    Returns
    -------
    arrays : dict of str to ndarray
        The arrays.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If the file is damaged, has another format, or is a pipe or a device.
    """
    check_regular(path)
    # numpy does not close a truncated file that it opened itself.
    with Path(path).open("rb") as source, damage_as(unfit(path, what, hint)):
        file: Any = np.load(source, allow_pickle=False)
        with file:
            return {name: file[name] for name in file.files}


def write_arrays(path: str | os.PathLike[str], arrays: dict[str, Any]) -> None:
    """Write an npz file completely or not at all."""
    with atomic_write(path) as file:
        np.savez(file, **arrays)


def unfit(path: str | os.PathLike[str], what: str, hint: str) -> str:
    """Return the sentence that a file is not what it should be."""
    return f"{os.fspath(path)} is not {what}. {hint}"
