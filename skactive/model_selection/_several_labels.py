"""Several labels of each sample in recorded loops: indicator matrices, scores and predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, get_scorer, hamming_loss, jaccard_score
from sklearn.metrics import make_scorer as scorer_from

from skactive._engine.indicator import indicator
from skactive._engine.targets import SETS, target_of
from skactive._io.values import is_missing
from skactive.base import MultiLabelTarget, Target

Scorer = Callable[[Any, Any, np.ndarray], float]

# scikit-learn's own scorers of these names warn of labels that are never predicted, and it has none
# of the Hamming loss.
SCORERS: dict[str, Scorer] = {
    "accuracy": scorer_from(accuracy_score),
    "neg_hamming_loss": scorer_from(hamming_loss, greater_is_better=False),
    **{
        f"{name}_{average}": scorer_from(score, average=average, zero_division=0)
        for name, score in {"f1": f1_score, "jaccard": jaccard_score}.items()
        for average in ("micro", "macro", "samples", "weighted")
    },
}


def recorded_target(estimator: Any, y: Any) -> Target:
    """Return the kind of labels of a data set: several labels, or those that an estimator learns.

    Parameters
    ----------
    estimator : classifier or regressor
        A classifier may learn one label of each sample and several.
    y : array-like of length n_samples
        The labels. A matrix with several columns, and sets, lists or dicts, are several labels.
    """
    target = target_of(estimator)
    if target.kind == "continuous" or not (target.kind == "multilabel" or have_several(y)):
        return target
    return MultiLabelTarget(SETS.names(SETS.validate(_answered(y)[0])))


def have_several(y: Any) -> bool:
    """Return whether samples have several labels: a matrix, or sets, lists or dicts."""
    if _is_matrix(y):
        return bool(y.shape[1] > 1)
    given = y.tolist() if hasattr(y, "tolist") else y
    if not isinstance(given, list | tuple):
        return False
    rows = [row for row in given if not _is_missing(row)]
    if rows and all(isinstance(row, list | tuple | np.ndarray) for row in rows):
        # A column of numbers is one label of each sample.
        return any(len(row) != 1 for row in rows)
    return any(isinstance(row, set | frozenset | Mapping) for row in rows)


def indicators(y: Any, target: Target) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of labelled samples in an indicator matrix, and which samples are labelled.

    Parameters
    ----------
    y : array-like of length n_samples
        The labels. None, and rows of -1 or NaN, are samples without labels.
    target : MultiLabelTarget
        The declared labels.

    Returns
    -------
    rows : ndarray of int8 of shape (n_labeled, n_labels)
    labeled : ndarray of bool of shape (n_samples,)
    """
    given, labeled = _answered(y)
    rows = indicator(target.validate(given), np.asarray(target.declared))
    positions = np.flatnonzero(labeled)
    unanswered = (rows < 0).all(axis=1)
    if (rows[~unanswered] < 0).any():
        place = int(np.flatnonzero((rows < 0).any(axis=1) & ~unanswered)[0])
        raise ValueError(
            f"y[{positions[place]}] is answered in part. Hint: a recorded loop needs samples with "
            "answers about all labels or none."
        )
    labeled[positions[unanswered]] = False
    if not labeled.any():
        raise ValueError("y has no label: no sample is answered. Hint: label some.")
    return rows[~unanswered], labeled


def _answered(y: Any) -> tuple[Any, np.ndarray]:
    """Return labels without those that are None, and which samples these are."""
    if _is_matrix(y):
        return y, np.full(y.shape[0], True)
    given = list(y.tolist() if hasattr(y, "tolist") else y)
    known = np.array([not _is_missing(row) for row in given], dtype=bool)
    return [row for row, is_known in zip(given, known, strict=True) if is_known], known


def _is_matrix(y: Any) -> bool:
    return len(getattr(y, "shape", ())) == 2


def _is_missing(row: Any) -> bool:
    return not isinstance(
        row, set | frozenset | Mapping | list | tuple | np.ndarray
    ) and is_missing(row)


def set_scorer(scoring: str | Scorer) -> Scorer:
    """Return the scorer of several labels of a name."""
    if isinstance(scoring, str) and scoring in SCORERS:
        return SCORERS[scoring]
    scorer: Scorer = get_scorer(scoring)
    return scorer


def usual_labels(labels: np.ndarray) -> np.ndarray:
    """Return the row that is predicted while there are too few labels: those of the majority."""
    return np.asarray(labels.mean(axis=0) > 0.5, dtype=np.int64)
