"""Samples that describe classes: their checks, and the classes that they declare."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from skactive._engine.features import check_features
from skactive._engine.label_arrays import is_among, union
from skactive._engine.labels import CATEGORICAL, check_labels
from skactive._engine.numbers import as_numbers
from skactive._rows import check_is_samples, n_samples_of
from skactive._text import shown
from skactive._validation import with_canonical_rows


def check_descriptions(
    owner: object,
    descriptions: Any,
    validate: Callable[[ArrayLike], np.ndarray] = check_labels,
) -> list[tuple[Any, Any]]:
    """Return the described classes, each with its samples, or raise.

    Parameters
    ----------
    owner : object
        The object whose parameter `class_descriptions` is checked.
    descriptions : dict or None
        A list or array of samples for each class. None and an empty dict describe no class.
    validate : callable
        Returns labels as an array, or raises.

    Returns
    -------
    described : list of (label, samples)
        The labels are Python's own objects.
    """
    if descriptions is None:
        return []
    if not isinstance(descriptions, Mapping):
        raise TypeError(
            f"The 'class_descriptions' parameter of {type(owner).__name__} must be a dict with a "
            f"list of samples for each class, or None. Got {shown(descriptions)} instead."
        )
    given = list(descriptions)
    for label in given:
        if isinstance(label, str) and not label.strip():
            raise ValueError(
                f"class_descriptions has a blank class name, {label!r}. Hint: use the labels that "
                "will be given."
            )
    try:
        labels = validate(given).tolist() if given else []
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The keys of class_descriptions must be class labels of one type. Got {shown(given)} "
            "instead. Hint: use the labels that will be given."
        ) from error
    if len(set(labels)) < len(labels):
        raise ValueError(
            f"class_descriptions describes a class twice: {shown(given)}. Hint: merge their lists."
        )
    described = list(zip(labels, descriptions.values(), strict=True))
    for label, samples in described:
        _check_samples(label, samples)
    return described


def name_of(label: Any) -> str:
    """Return the name of the descriptions of a class in messages."""
    return f"class_descriptions[{shown(label)}]"


def check_embedded(label: Any, samples: Any, features: Any) -> None:
    """Raise if an embedder finds nothing in a text or path: all of its features are 0.

    A row of a table may be 0.

    Parameters
    ----------
    label : label
        The class.
    samples : array-like of length n_sentences
        Its descriptions.
    features : {array-like, sparse matrix} of length n_sentences
        Their features, of any type and shape.
    """
    if sp.issparse(samples) or hasattr(samples, "columns"):
        return
    if sp.issparse(features):
        is_empty = np.diff(with_canonical_rows(sp.csr_matrix(features)).indptr) == 0
    else:
        features = np.asarray(features)
        if features.ndim != 2 or features.dtype.kind not in "biuf":
            return
        is_empty = ~features.any(axis=1)
    for sample, nothing in zip(samples, is_empty.tolist(), strict=True):
        if nothing and isinstance(sample, str | os.PathLike):
            raise ValueError(
                f"{name_of(label)} has {shown(str(sample))}, whose features are all 0: the steps "
                "before the classifier find nothing in it. Hint: use words that occur in the pool, "
                "or leave it out."
            )


def check_columns(described: list[tuple[Any, Any]], names: Any) -> None:
    """Raise unless the columns of DataFrames are those of X, if these have names."""
    for label, samples in described:
        columns = list(getattr(samples, "columns", []))
        if names is not None and columns and columns != list(names):
            raise ValueError(
                f"{name_of(label)} has the columns {shown(columns)}, but X has "
                f"{shown(list(names))}. Hint: pass the same columns in the same order."
            )


def description_rows(
    described: list[tuple[Any, Any]], n_features: int, dtype: np.dtype[Any]
) -> list[tuple[Any, Any]]:
    """Return descriptions as feature rows, or raise.

    Parameters
    ----------
    described : list of (label, samples)
        The described classes.
    n_features : int
        The number of features that samples must have.
    dtype : dtype
        The type of the features.

    Returns
    -------
    rows : list of (label, {ndarray, CSR matrix} of shape (n_sentences, n_features))
        Finite numbers.
    """
    return [(label, _rows(name_of(label), one, n_features, dtype)) for label, one in described]


def _rows(name: str, samples: Any, n_features: int, dtype: np.dtype[Any]) -> Any:
    rows = as_numbers(samples, name)
    shape = np.shape(rows)
    if len(shape) != 2 or shape[1] != n_features:
        raise ValueError(
            f"{name} must have the shape (n_sentences, {n_features}), as many features as X. Got "
            f"the shape {shape} instead. Hint: describe classes by samples of the same kind."
        )
    return check_features(rows, name, dtype)


def with_described(
    classes: np.ndarray | None, described: list[tuple[Any, Any]]
) -> np.ndarray | None:
    """Return the classes that are known beforehand: the declared ones, or else the described.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,) or None
        The declared classes.
    described : list of (label, samples)
        The described classes.

    Returns
    -------
    known : ndarray or None
        None if no class is declared or described.
    """
    if not described:
        return classes
    labels = check_labels([label for label, _ in described])
    if classes is None:
        return union(labels)
    CATEGORICAL.check_alike(classes, labels)
    unknown = labels[~is_among(labels, classes)].tolist()
    if unknown:
        raise ValueError(
            f"class_descriptions describes {unknown[0]!r}, which is not in `classes`: "
            f"{shown(classes.tolist())}. Hint: add it to `classes`, or leave `classes` out."
        )
    return classes


def _check_samples(label: Any, samples: Any) -> None:
    name = name_of(label)
    check_is_samples(samples, name, hint=f"pass a list, [{shown(samples)}].")
    if n_samples_of(samples) == 0:
        raise ValueError(
            f"{name} is empty. Hint: pass at least one sample, or leave the class out."
        )
    if sp.issparse(samples) or hasattr(samples, "iloc"):
        return
    for sample in samples:
        if isinstance(sample, str) and not sample.strip():
            raise ValueError(f"{name} has a blank text, {sample!r}. Hint: leave it out.")
