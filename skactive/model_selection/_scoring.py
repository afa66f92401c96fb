"""Scores by the kind of labels, and the scores that cannot be computed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, get_scorer, make_scorer

from skactive._estimators import classifier_of
from skactive._rows import take_rows
from skactive._validation import check_scoring
from skactive.base import Target
from skactive.model_selection._recorded_predictions import (
    RecordedDecisions,
    RecordedMeans,
    RecordedSets,
)
from skactive.model_selection._several_labels import SCORERS, set_scorer

Scorer = Callable[[Any, Any, np.ndarray], float]


def reads_only_predictions(scorer: Scorer) -> bool:
    """Return whether scikit-learn made a scorer: it reads the predictions of X, and no more."""
    return type(scorer) is type(make_scorer(accuracy_score))


def scorer_of(
    scoring: str | Scorer, target: Target, estimator: Any, X: Any, y: np.ndarray
) -> Scorer | None:
    """Return the scorer of a score, None for the accuracy, or raise if it cannot score labels.

    Parameters
    ----------
    scoring : str or callable
        The score.
    target : Target
        The kind of labels.
    estimator : classifier or regressor
        The estimator whose predictions are scored.
    X, y : array-likes of length n_labeled
        The labelled samples.
    """
    are_classes = target.kind == "categorical"
    if are_classes and scoring == "accuracy":
        return None
    scorer = set_scorer(scoring) if target.kind == "multilabel" else get_scorer(scoring)
    if are_classes:
        check_scorer(scorer, scoring, estimator, X, y)
    else:
        check_recorded_scorer(scorer, scoring, X, y, target)
    return scorer


def usual_scoring(owner: str, scoring: str | Scorer | None, target: Target) -> str | Scorer:
    """Return the score, where None is the usual one of a kind of labels, or raise."""
    if scoring is not None:
        if target.kind != "multilabel" or scoring not in SCORERS:
            check_scoring(owner, scoring)
        return scoring
    return {"continuous": "r2", "multilabel": "f1_micro"}.get(target.kind, "accuracy")


def name_of(scoring: str | Scorer) -> str:
    """Return the name of a score."""
    return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")


# The words for each kind of labels in an error, the name of a score, and one that can score them.
WORDS = {
    "continuous": ("numbers", "a regression, such as 'r2' or 'neg_mean_absolute_error'"),
    "multilabel": ("sets", "several labels, such as 'f1_macro' or 'neg_hamming_loss'"),
}


def check_recorded_scorer(
    scorer: Scorer, name: str | Scorer, X: Any, y: np.ndarray, target: Target
) -> None:
    """Raise if a scorer of scikit-learn cannot score numbers, or several labels."""
    if not reads_only_predictions(scorer):
        return
    recorded = RecordedMeans(y) if target.kind == "continuous" else RecordedSets(y, y.astype(float))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scorer(recorded, X, y)
    except Exception as error:
        noun, scores = WORDS[target.kind]
        raise ValueError(
            f"scoring={name_of(name)!r} cannot score these labels, which are {noun}: {error} "
            f"Hint: choose a score of {scores}."
        ) from error


def check_scorer(scorer: Scorer, name: Any, estimator: Any, X: Any, y: np.ndarray) -> None:
    """Raise if a scorer needs probabilities and the estimator has none."""
    if hasattr(estimator, "predict_proba"):
        return
    classes, first = np.unique(y, return_index=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scorer(RecordedDecisions(classes), take_rows(X, first), y[first])
    except AttributeError as error:
        if "predict_proba" not in str(error):
            return
        raise ValueError(
            f"scoring={name_of(name)!r} needs probabilities, and "
            f"{type(classifier_of(estimator)).__name__} has no predict_proba. "
            "Hint: choose a classifier that has it, wrap this one in CalibratedClassifierCV, or "
            "choose a score of predictions, such as 'balanced_accuracy'."
        ) from error
    except Exception:  # noqa: BLE001 - other errors are raised with the real classifier
        return
