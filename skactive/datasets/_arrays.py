"""Vectors and labels in NumPy's own files, which are never unpickled."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skactive._io.values import as_float, as_labels, first_not_finite

FEATURE_KEYS = ("X", "x")
LABEL_KEYS = ("y", "label", "target", "class")


def read_npz(
    path: Path, label: Any = None, features: str | Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read an archive that has an array of vectors and an array of labels."""
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path} is not a complete .npz archive: it is truncated, or of another kind. Hint: "
            "write it with numpy.savez."
        )
    with np.load(path, allow_pickle=False) as archive:
        keys = list(archive.files)
        x_key = _chosen_key(path, keys, _only_key(path, features), FEATURE_KEYS, "vectors")
        y_key = _chosen_key(path, keys, label, LABEL_KEYS, "labels")
        X = _vectors(_loaded(lambda: archive[x_key], f"{x_key} in {path}"), x_key, path)
        y = _column(_loaded(lambda: archive[y_key], f"{y_key} in {path}"), y_key, path)
        if "classes" in keys and y_key != "classes" and y.dtype.kind in "iu":
            classes = _loaded(lambda: archive["classes"], f"classes in {path}")
            y = _named(y, _column(classes, "classes", path), y_key, path)
    _check_lengths(X, y, f"{x_key} in {path}", y_key)
    return X, as_labels(y, f"{y_key} in {path}", lambda row: f"{y_key}[{row}] in {path}")


def read_npy(
    path: Path, label: Any = None, features: str | Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read an array of vectors, with the labels in a column or in another file."""
    if features is not None:
        raise ValueError(
            f"{path} holds one array, in which `features` has nothing to choose. Got "
            f"{features!r}. Hint: leave `features` out."
        )
    array = _read_array(path)
    if label is None:
        raise ValueError(
            f"{path} holds vectors, but no labels. Hint: say with `label` which of its columns "
            "has them, by index, or which other .npy file."
        )
    column = _column_index(label)
    if column is None:
        y_path = Path(label)
        if not y_path.is_file():
            raise FileNotFoundError(
                f"{y_path} does not exist. Hint: the `label` of a .npy file is the index of a "
                "column, or the path of a second .npy file."
            )
        X, y = _vectors(array, "the array", path), _column(_read_array(y_path), "array", y_path)
        _check_lengths(X, y, str(path), str(y_path))
        return X, as_labels(y, str(y_path), lambda row: f"Entry {row} of {y_path}")
    whole = _vectors(array, "the array", path)
    n_columns = whole.shape[1]
    if not -n_columns <= column < n_columns or n_columns == 1:
        raise ValueError(
            f"{path} has {n_columns} columns, of which column {column} cannot be that of the "
            f"labels. Hint: choose an index from 0 to {n_columns - 1} and leave a feature."
        )
    X, y = np.delete(whole, column, axis=1), array[:, column]
    return X, as_labels(
        y, f"Column {column} of {path}", lambda row: f"Row {row} of column {column} in {path}"
    )


def _chosen_key(
    path: Path, keys: Sequence[str], asked: Any, defaults: Sequence[str], what: str
) -> str:
    names = ", ".join(keys) if keys else "none"
    if asked is not None:
        if str(asked) in keys:
            return str(asked)
        raise ValueError(f"{path} has no array {str(asked)!r}. Its arrays are: {names}.")
    for key in defaults:
        if key in keys:
            return key
    parameter = "features" if what == "vectors" else "label"
    raise ValueError(
        f"{path} has no array of {what} named {' or '.join(map(repr, defaults))}. Its arrays "
        f"are: {names}. Hint: name the right one with `{parameter}`."
    )


def _only_key(path: Path, features: str | Sequence[str] | None) -> str | None:
    names = [features] if isinstance(features, str) else list(features or [])
    if len(names) > 1:
        raise ValueError(
            f"The vectors of {path} are in one array, but `features` names {len(names)}: {names}."
        )
    return names[0] if names else None


def _read_array(path: Path) -> np.ndarray:
    with path.open("rb") as file:
        return _loaded(lambda: np.lib.format.read_array(file, allow_pickle=False), str(path))


def _loaded(load: Callable[[], np.ndarray], whole: str) -> np.ndarray:
    try:
        return load()
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
        if "Object arrays" in str(error):
            raise ValueError(
                f"{whole} is an object array, which only unpickling could read, and a pickle may "
                "run any code. Hint: save it as numbers or strings of one type, with "
                "`array.astype(str)` for labels."
            ) from error
        raise ValueError(
            f"{whole} cannot be read: the file is truncated, damaged or of another kind. Hint: "
            "write it anew with numpy.save or numpy.savez."
        ) from error


def _vectors(array: np.ndarray, name: str, path: Path) -> np.ndarray:
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"{path} holds {name} of shape {array.shape}, where vectors have the shape "
            "(n_samples, n_features), neither of them 0. Hint: `X.reshape(len(X), -1)` makes "
            "vectors of images."
        )
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{path} holds {name} of type {array.dtype}, where vectors are real numbers. Hint: "
            "embed the raw samples first."
        )
    X = np.ascontiguousarray(array, dtype=as_float(array.dtype))
    if (place := first_not_finite(X)) is not None:
        row, column = place
        raise ValueError(
            f"{path} holds {X[place]} in row {row}, column {column} of {name}. Hint: leave the "
            "row out, or fill in a number."
        )
    return X


def _column(array: np.ndarray, name: str, path: Path) -> np.ndarray:
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(
            f"{path} holds {name} of shape {array.shape}, where (n_samples,) was expected. Hint: "
            "give one label for each row; `y.argmax(axis=1)` makes labels of one-hot rows."
        )
    return array


def _named(codes: np.ndarray, classes: np.ndarray, key: str, path: Path) -> np.ndarray:
    outside = (codes < 0) | (codes >= len(classes))
    if outside.any():
        row = int(outside.argmax())
        raise ValueError(
            f"{key}[{row}] in {path} is {codes[row]}, but classes has {len(classes)} names, of "
            "0 and up. Hint: leave out the samples without a class."
        )
    return classes[codes]


def _check_lengths(X: np.ndarray, y: np.ndarray, vectors: str, labels: str) -> None:
    if len(X) != len(y):
        raise ValueError(
            f"{vectors} has {len(X)} rows, but {labels} has {len(y)} labels. Hint: give one "
            "label for each row."
        )


def _column_index(label: Any) -> int | None:
    if isinstance(label, os.PathLike):
        return None
    try:
        return int(label)
    except ValueError:
        return None
