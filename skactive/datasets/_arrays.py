"""Vectors and labels in files of NumPy, read without unpickling."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from skactive._io.arrays import damage_as, unfit
from skactive._io.numeric_labels import labels_for
from skactive._io.regular_files import check_regular
from skactive._io.values import as_float, first_not_finite
from skactive._text import shown

Label: TypeAlias = str | int | os.PathLike[str]

FEATURE_KEYS = ("X", "x")
LABEL_KEYS = ("y", "label", "target", "class")


def read_npz(
    path: Path,
    label: Label | None = None,
    features: str | Sequence[str] | None = None,
    *,
    unlabeled: bool = False,
    task: str = "classification",
) -> tuple[np.ndarray, np.ndarray]:
    """Read an archive with an array of vectors and an array of labels."""
    with path.open("rb") as source:
        hint = "Hint: write it with numpy.savez."
        truncated = "a complete .npz archive: it is truncated, or has another format"
        with damage_as(unfit(path, truncated, hint)):
            archive: Any = np.load(source, allow_pickle=False)
            keys = list(archive.files)
        x_key = _chosen_key(path, keys, _only_key(path, features), FEATURE_KEYS, "vectors")
        y_key = _chosen_key(path, keys, label, LABEL_KEYS, "labels")
        X = _vectors(_loaded(lambda: archive[x_key], f"{x_key} in {path}"), x_key, path)
        y = _column(_loaded(lambda: archive[y_key], f"{y_key} in {path}"), y_key, path)
        if "classes" in keys and y_key != "classes" and y.dtype.kind in "iu":
            classes = _loaded(lambda: archive["classes"], f"classes in {path}")
            y = _named(y, _column(classes, "classes", path), y_key, path)
    _check_lengths(X, y, f"{x_key} in {path}", y_key)
    return X, labels_for(
        task, y, f"{y_key} in {path}", lambda row: f"{y_key}[{row}] in {path}", unlabeled=unlabeled
    )


def read_npy(
    path: Path,
    label: Label | None = None,
    features: str | Sequence[str] | None = None,
    *,
    unlabeled: bool = False,
    task: str = "classification",
) -> tuple[np.ndarray, np.ndarray]:
    """Read an array of vectors, with the labels in a column or in another file."""
    if features is not None:
        raise ValueError(
            f"The `features` of a .npy file must be None, since it has one array. "
            f"Got {shown(features)} for {path}. Hint: leave `features` out."
        )
    array = _read_array(path)
    if label is None:
        raise ValueError(
            f"{path} contains vectors, but no labels are given. Hint: pass the index of the column "
            "with the labels, or the path of a second .npy file, as `label`."
        )
    column = _column_index(label)
    if column is None:
        y_path = Path(label if isinstance(label, os.PathLike) else str(label))
        if y_path.is_dir() or not y_path.exists():
            raise FileNotFoundError(
                f"{y_path} does not exist. Hint: the `label` of a .npy file is the index of a "
                "column, or the path of a second .npy file."
            )
        X, y = _vectors(array, "the array", path), _column(_read_array(y_path), "array", y_path)
        _check_lengths(X, y, str(path), str(y_path))
        return X, labels_for(
            task, y, str(y_path), lambda row: f"Entry {row} of {y_path}", unlabeled=unlabeled
        )
    whole = array
    if unlabeled and array.ndim == 2 and array.dtype.kind == "f":
        # The labels may be missing, the numbers may not.
        whole = array.copy()
        labels = whole[:, slice(column, column + 1 or None)]
        labels[np.isnan(labels)] = 0
    whole = _vectors(whole, "the array", path)
    n_columns = whole.shape[1]
    if not -n_columns <= column < n_columns or n_columns == 1:
        raise ValueError(
            f"Column {column} cannot be the labels of {path}, which has {n_columns} columns. Hint: "
            f"choose an index from 0 to {n_columns - 1}; at least one column must be a feature."
        )
    X, y = np.delete(whole, column, axis=1), array[:, column]
    return X, labels_for(
        task,
        y,
        f"Column {column} of {path}",
        lambda row: f"Row {row} of column {column} in {path}",
        unlabeled=unlabeled,
    )


def _chosen_key(
    path: Path, keys: Sequence[str], chosen: Label | None, defaults: Sequence[str], what: str
) -> str:
    names = ", ".join(keys) if keys else "none"
    if chosen is not None:
        if str(chosen) in keys:
            return str(chosen)
        raise ValueError(
            f"{path} has no array {str(chosen)!r}. Its arrays are: {names}. Hint: pass one of them."
        )
    for key in defaults:
        if key in keys:
            return key
    parameter = "features" if what == "vectors" else "label"
    raise ValueError(
        f"{path} has no array of {what} named {' or '.join(map(repr, defaults))}. Its arrays "
        f"are: {names}. Hint: pass the name of an array as `{parameter}`."
    )


def _only_key(path: Path, features: str | Sequence[str] | None) -> str | None:
    names = [features] if isinstance(features, str) else list(features or [])
    if len(names) > 1:
        raise ValueError(
            f"The `features` of a .npz file must be one array. Got {len(names)} names for {path}: "
            f"{names}. Hint: pass one name."
        )
    return names[0] if names else None


def _read_array(path: Path) -> np.ndarray:
    check_regular(path)
    with path.open("rb") as file:
        return _loaded(lambda: np.lib.format.read_array(file, allow_pickle=False), str(path))


def _loaded(load: Callable[[], np.ndarray], whole: str) -> np.ndarray:
    try:
        return load()
    # As in `damage_as`, but with a sentence of its own for object arrays.
    except Exception as error:
        if "Object arrays" in str(error):
            raise ValueError(
                f"{whole} is an object array, which is stored as a pickle, and unpickling can "
                "execute code. Hint: save it as numbers or strings of one type, with "
                "`array.astype(str)` for labels."
            ) from error
        raise ValueError(
            f"{whole} cannot be read: the file is truncated, damaged or has another format. Hint: "
            "write it again with numpy.save or numpy.savez."
        ) from error


def _vectors(array: np.ndarray, name: str, path: Path) -> np.ndarray:
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"Vectors must have shape (n_samples, n_features), neither of them 0. Got {name} of "
            f"shape {array.shape} in {path}. Hint: `X.reshape(len(X), -1)` turns images into "
            "vectors."
        )
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"Vectors must be real numbers. Got {name} of type {array.dtype} in {path}. Hint: "
            "embed the raw samples first."
        )
    X = np.ascontiguousarray(array, dtype=as_float(array.dtype))
    if (place := first_not_finite(X)) is not None:
        row, column = place
        raise ValueError(
            f"Row {row}, column {column} of {name} in {path} is {X[place]}, which is not finite. "
            "Hint: leave the row out, or impute a number."
        )
    return X


def _column(array: np.ndarray, name: str, path: Path) -> np.ndarray:
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(
            f"Labels must have shape (n_samples,). Got {name} of shape {array.shape} in {path}. "
            "Hint: pass one label for each row; `y.argmax(axis=1)` turns one-hot rows into labels."
        )
    return array


def _named(codes: np.ndarray, classes: np.ndarray, key: str, path: Path) -> np.ndarray:
    outside = (codes < 0) | (codes >= len(classes))
    if outside.any():
        row = int(outside.argmax())
        raise ValueError(
            f"{key}[{row}] in {path} is {codes[row]}, but the array 'classes' has {len(classes)} "
            f"names, for 0 to {len(classes) - 1}. Hint: leave out the samples without a class."
        )
    return classes[codes]


def _check_lengths(X: np.ndarray, y: np.ndarray, vectors: str, labels: str) -> None:
    if len(X) != len(y):
        raise ValueError(
            f"{vectors} has {len(X)} rows, but {labels} has {len(y)} labels. Hint: pass one label "
            "for each row."
        )


def _column_index(label: Label) -> int | None:
    if isinstance(label, os.PathLike):
        return None
    try:
        return int(label)
    except ValueError:
        return None
