"""Vectors and labels from files of all supported formats."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from skactive._io.numeric_labels import TASKS
from skactive._io.regular_files import check_regular
from skactive._io.tables import listed_names, read_table
from skactive._validation import check_choice, check_name, check_names, check_path
from skactive._warning import warn_user
from skactive.datasets._arrays import read_npy, read_npz

ARRAY_READERS = {".npz": read_npz, ".npy": read_npy}
READERS = (*ARRAY_READERS, ".csv", ".tsv", ".parquet")


def load_vectors(
    path: str | os.PathLike[str],
    *,
    label: str | int | os.PathLike[str] | None = None,
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    unlabeled: bool = False,
    task: str = "classification",
) -> tuple[np.ndarray, np.ndarray]:
    """Read vectors and their labels from a file.

    The result is ready for `skactive.model_selection.compare_strategies`, or for a loop with
    the labels as simulated answers. An error names the row and the column of a wrong value.

    Parameters
    ----------
    path : str or path-like
        A .npz or .npy file of NumPy, or a .csv, .tsv or .parquet table with one sample per row
        and named columns.
    label : str, int or path-like, default=None
        The location of the labels. In a table: the name of their column; None takes the first
        existing one of 'label', 'y', 'target' and 'class'. In a .npz file: the key of their
        array; None takes the first existing one of 'y', 'label', 'target' and 'class'. For a
        .npy file, which has one array: the index of their column, or the path of a second .npy
        file.
    features : str or sequence of str, default=None
        The location of the vectors. In a table: the names of their columns; None takes the only
        column of lists, or else all columns except that of the labels and those of `drop`. In a
        .npz file: the key of their array; None takes 'X', else 'x'. Must be None for a .npy file.
    drop : str or sequence of str, default=None
        The columns of a table that are no features. None leaves out, with a warning, columns that
        appear to identify rows: without a name, with a name such as 'id', 'index' or 'user_id', or
        with whole numbers that are all different and fill at least half of their range, in 20
        rows or more. ``drop=[]`` takes all columns.
    unlabeled : bool, default=False
        Whether labels may be missing. The labels of a file in which some are missing are then an
        object array with None for those, which `skactive.model_selection.compare_strategies`
        takes. Those of a regression are NaN.
    task : {'classification', 'regression', 'auto'}, default='classification'
        The kind of labels: classes, or numbers, which are returned as float64. 'auto' takes them as
        numbers if one of them has a fraction, or if they are whole numbers with more than 20
        different values and fewer than five samples of each on average.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The vectors: float32 if it represents the file's numbers exactly, as for float16, else
        float64.
    y : ndarray of shape (n_samples,)
        The labels: strings, integers or booleans, with None for missing ones. In .csv and .tsv
        files they are strings, unless each is written as Python writes an integer of up to 64 bits,
        or as True or False. If a .npz file has integer labels and an array 'classes', the names of
        the classes. Float64 for a regression.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    IsADirectoryError
        If `path` is a folder.
    ValueError
        If the file cannot be read, an array or column does not exist, a number is missing, or a
        label without `unlabeled`, a feature is not a number, there are fewer than two classes or
        numbers, or a label is of another task.
    ImportError
        If the file is a table and pandas, or for Parquet pyarrow, is not installed.

    See Also
    --------
    open_vectors : Opens vectors on disk, without reading them into memory.
    sklearn.datasets.load_files : Reads texts from a folder per class.

    Notes
    -----
    A pickle can execute code, so that nothing is unpickled: a file with object arrays raises an
    error. In messages, rows of tables are counted from 1, without the header, and entries of
    arrays from 0. Labels that are whole numbers of a floating-point type become integers, and bytes
    are decoded as UTF-8.

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
    file = existing_file(check_path("load_vectors", "path", path))
    if not isinstance(label, str | int | os.PathLike | None):
        check_name("load_vectors", "label", label)
    check_names("load_vectors", "features", features, or_one=True)
    check_names("load_vectors", "drop", drop, or_one=True)
    check_choice("load_vectors", "task", task, TASKS)
    if file.suffix.lower() not in READERS:
        suffix = f"the unknown suffix {file.suffix!r}" if file.suffix else "no suffix"
        raise ValueError(
            f"{file} has {suffix}. Hint: vectors are read from {_known_suffixes()} files."
        )
    if file.stat().st_size == 0:
        raise ValueError(f"{file} is empty. Hint: write the file again.")
    read_arrays = ARRAY_READERS.get(file.suffix.lower())
    if read_arrays is None:
        table = read_table(file, label, features, drop, unlabeled=unlabeled, task=task)
        if table.left_out:
            warn_user(left_out_warning(file, table.left_out))
        return table.X, table.y
    if drop is not None:
        raise ValueError(
            f"`drop` is for the columns of a table. Got {drop!r} for {file}. Hint: leave it out."
        )
    return read_arrays(file, label, features, unlabeled=unlabeled, task=task)


def left_out_warning(file: Path, names: Sequence[str]) -> str:
    """Return the sentences on columns that appear to identify rows."""
    one = len(names) == 1
    return (
        f"{'Column' if one else 'Columns'} {listed_names(names)} of {file} "
        f"{'appears' if one else 'appear'} to identify rows, and {'is' if one else 'are'} left out "
        "of the vectors. Hint: pass `drop=[]` to keep all columns, or name a choice with `drop` "
        "or `features`."
    )


def existing_file(path: str | os.PathLike[str]) -> Path:
    """Return `path` if it is the path of a file, or raise."""
    file = Path(path)
    if file.is_dir():
        raise IsADirectoryError(
            f"{file} is a folder, not a file. Hint: pass one of its {_known_suffixes()} files."
        )
    if not file.exists():
        raise FileNotFoundError(
            f"{file} does not exist. Hint: check the path; a relative one starts at the current "
            "folder."
        )
    check_regular(file)
    return file


def _known_suffixes() -> str:
    *others, last = READERS
    return f"{', '.join(others)} or {last}"
