"""One door to vectors and labels, whatever kind of file they are in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from skactive._io.tables import read_table
from skactive.datasets._arrays import read_npy, read_npz

READERS = {
    ".npz": read_npz,
    ".npy": read_npy,
    ".csv": read_table,
    ".tsv": read_table,
    ".parquet": read_table,
}


def load_vectors(
    path: str | os.PathLike[str],
    *,
    label: str | int | os.PathLike[str] | None = None,
    features: str | Sequence[str] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Read vectors and their labels from a file.

    What an embedding wrote is ready for `skactive.model_selection.compare_strategies` or, as
    the recorded answers of a person, for a simulated loop. Whatever is wrong with the file is
    told in one sentence that names the row and the column.

    Parameters
    ----------
    path : str or path-like
        A .npz or .npy file of NumPy, or a .csv, .tsv or .parquet table with one sample a row
        and named columns.
    label : str, int or path-like, default=None
        Where the labels are. In a table: the name of their column; None takes the first there
        is of 'label', 'y', 'target' and 'class'. In a .npz file: the key of their array; None
        takes the first there is of 'y', 'label', 'target' and 'class'. For a .npy file, which
        holds one array: the index of their column, or the path of a second .npy file.
    features : str or sequence of str, default=None
        Where the vectors are. In a table: the names of their columns; None takes all columns
        but that of the labels. In a .npz file: the key of their array; None takes 'X', else
        'x'. Nothing to choose in a .npy file.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The vectors: float32 where that holds the file's numbers exactly, float16 included, else
        float64.
    y : ndarray of shape (n_samples,)
        The labels: strings, integers or booleans. Where a .npz file has integer labels and an
        array 'classes', they are the classes' names.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    IsADirectoryError
        If `path` is a folder.
    ValueError
        If the file cannot be read, an array or column is not there, a number or label is
        missing, a feature is not a number, or there are fewer than two classes.
    ImportError
        If a table is to be read and pandas, or for Parquet pyarrow, is not installed.

    See Also
    --------
    sklearn.datasets.load_files : Texts in a folder per class.

    Notes
    -----
    Nothing is ever unpickled: a file with object arrays is refused. In messages, rows of tables
    are counted from 1, the header not included, and entries of arrays from 0.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skactive.datasets import load_vectors
    >>> table = "width,height,label\\n1.0,0.2,banana\\n0.5,0.5,apple\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "fruits.csv")
    ...     _ = path.write_text(table)
    ...     X, y = load_vectors(path)
    >>> X
    array([[1. , 0.2],
           [0.5, 0.5]])
    >>> y
    array(['banana', 'apple'], dtype='<U6')
    """
    file = existing_file(path)
    if file.suffix.lower() not in READERS:
        suffix = f"the suffix {file.suffix!r}, which is not known" if file.suffix else "no suffix"
        raise ValueError(f"{file} has {suffix}. Hint: vectors are read from {_known_suffixes()}.")
    if file.stat().st_size == 0:
        raise ValueError(f"{file} is empty. Hint: write it anew.")
    return READERS[file.suffix.lower()](file, label, features)


def existing_file(path: str | os.PathLike[str]) -> Path:
    """Return `path` as that of a file, or raise."""
    file = Path(path)
    if file.is_dir():
        raise IsADirectoryError(
            f"{file} is a folder, not a file. Hint: name one of its files, of the kinds "
            f"{_known_suffixes()}."
        )
    if not file.exists():
        raise FileNotFoundError(
            f"{file} does not exist. Hint: check the path; a relative one starts at the current "
            "folder."
        )
    return file


def _known_suffixes() -> str:
    *others, last = READERS
    return f"{', '.join(others)} and {last}"
