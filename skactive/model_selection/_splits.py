"""The splits of a comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import KFold, StratifiedKFold, check_cv

from skactive._text import counted
from skactive.base import Target


def check_variety(labels: np.ndarray, target: Target) -> None:
    """Raise if all labels are equal."""
    if len(np.unique(labels, axis=0)) > 1:
        return
    first = labels.tolist()[0]
    if target.kind == "categorical":
        raise ValueError(
            f"y has one class, {first!r}, but a classifier needs two or more. Hint: "
            "pass samples of several classes."
        )
    if target.kind == "multilabel":
        raise ValueError(
            "All samples in y have the same labels, so that there is nothing to learn. Hint: pass "
            "samples with different labels."
        )
    raise ValueError(
        f"All labels in y are {first!r}, so that there is nothing to learn. Hint: pass samples "
        "with different labels."
    )


def splits_of(
    cv: Any, labels: np.ndarray, groups: ArrayLike | None, random_state: int | None, target: Target
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the training and test positions of each split, or raise.

    Parameters
    ----------
    cv : int or cross-validation generator
        An int means that many shuffled folds, which are stratified if labels are classes.
    labels : ndarray of shape (n_labeled,)
        The labels.
    groups : array-like of shape (n_labeled,) or None
        Passed to ``cv.split``.
    random_state : int or None
        Shuffles the folds.
    target : Target
        The kind of labels.
    """
    are_classes = target.kind == "categorical"
    if isinstance(cv, int | np.integer):
        (_check_classes if are_classes else _check_numbers)(int(cv), labels)
        folds = StratifiedKFold if are_classes else KFold
        cv = folds(cv, shuffle=True, random_state=random_state)
    else:
        cv = check_cv(cv, labels, classifier=are_classes)
    splits = list(cv.split(np.zeros(len(labels)), labels, groups))
    if not splits:
        raise ValueError("`cv` returns no split. Hint: choose a splitter with one split or more.")
    last = max(int(np.max(part, initial=-1)) for split in splits for part in split)
    if last >= len(labels):
        raise ValueError(
            f"`cv` returns position {last}, but there are {len(labels)} labelled samples. Hint: "
            "the positions of a split count the labelled samples only."
        )
    return splits


def _check_classes(n_folds: int, labels: np.ndarray) -> None:
    classes, counts = np.unique(labels, return_counts=True)
    rarest = counts.argmin()
    if n_folds > counts[rarest]:
        remedy = "choose fewer folds" if counts[rarest] > 1 else "leave this class out"
        raise ValueError(
            f"cv={n_folds} stratified folds need {n_folds} samples of each class, and class "
            f"{classes.tolist()[rarest]!r} has {counts[rarest]}. Hint: {remedy}, or pass "
            "a splitter that needs fewer, such as ShuffleSplit(16, random_state=0)."
        )


def _check_numbers(n_folds: int, labels: np.ndarray) -> None:
    # The coefficient of determination needs two samples.
    if 2 * n_folds > len(labels):
        raise ValueError(
            f"cv={n_folds} folds of two samples or more need {2 * n_folds} labels. Got "
            f"{counted(len(labels), 'label')}. Hint: choose fewer folds."
        )
