"""The explanation of a prediction, and the labelled samples in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skactive._engine.targets import check_one_of, target_of
from skactive._estimators import classifier_of, transformers
from skactive._rows import n_samples_of, take_rows
from skactive.base import TransductiveEstimator
from skactive.neighbors import VoteExplanation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skactive.learner import ActiveLearner

N_LABELED_DRAWN = 8


def explained(
    estimator: Any, row: Any, labeled_samples: Any
) -> tuple[VoteExplanation, np.ndarray, list[Any], np.ndarray | None]:
    """Return the explanation of the prediction for a row, and the labelled samples in it.

    Parameters
    ----------
    estimator : ActiveLearner, BudgetedClassifier, BudgetedRegressor, Pipeline, or classifier
        The estimator that predicts.
    row : array-like of length 1
        The sample in the form that the estimator takes.
    labeled_samples : sequence or None
        The labelled samples in a readable form.

    Returns
    -------
    explanation : VoteExplanation
        The explanation, with positions in the pool or among the training samples if possible.
    classes : ndarray of shape (n_classes,)
        All classes; empty for numbers.
    neighbors : list
        The labelled samples to draw; None for those from outside a pool.
    prior : ndarray of shape (n_classes,) or None
        The rest of each probability; None without `predict_proba`.
    """
    learned = estimator.estimator if hasattr(estimator, "X_pool") else estimator
    check_one_of("ExplanationDisplay", target_of(learned).kind)
    if hasattr(estimator, "X_pool"):
        return _explained_by_learner(estimator, row, labeled_samples)
    is_budgeted = hasattr(estimator, "budget")
    if is_budgeted:
        check_is_fitted(estimator)
    fitted = estimator.estimator_ if is_budgeted else estimator
    classifier = classifier_of(fitted)
    if not hasattr(classifier, "explain"):
        raise TypeError(
            f"{type(classifier).__name__} cannot explain its predictions: it has no method "
            "`explain`. Hint: use IncrementalKNeighborsClassifier, IncrementalLabelSpreading or "
            "IncrementalKNeighborsRegressor."
        )
    check_is_fitted(classifier)
    features = transformers(fitted).transform(row) if isinstance(fitted, Pipeline) else row
    explanation = classifier.explain(features)
    ids = explanation.indices[0, : _n_drawn(classifier, explanation)]
    if is_budgeted and not isinstance(classifier, TransductiveEstimator):
        # The ids of an incremental classifier are the order of the queries.
        explanation = replace(explanation, indices=estimator.query_indices_[explanation.indices])
    if labeled_samples is None:
        places = np.searchsorted(classifier.labeled_indices_, ids)
        neighbors = _picked(classifier.labeled_samples()[0], places)
    else:
        if not is_budgeted:
            n_added = classifier.n_samples_seen_
            check_length("labeled_samples", labeled_samples, n_added, "that were ever added")
        neighbors = _picked(labeled_samples, explanation.indices[0, : len(ids)])
    prior = _prior_of(classifier, features, explanation)
    classes = getattr(classifier, "classes_", np.empty(0))
    return explanation, classes, neighbors, prior


def _explained_by_learner(
    learner: ActiveLearner, row: Any, labeled_samples: Any
) -> tuple[VoteExplanation, np.ndarray, list[Any], np.ndarray | None]:
    check_length("labeled_samples", labeled_samples, learner.pool.n_samples, "in the pool")
    explanation = learner.explain(row)
    samples = learner.X_pool if labeled_samples is None else labeled_samples
    n_drawn = _n_drawn(classifier_of(learner.estimator), explanation)
    neighbors = _picked(samples, explanation.indices[0, :n_drawn])
    has_prior = hasattr(learner.estimator, "predict_proba")
    prior = _prior_of(learner, row, explanation) if has_prior else None
    return explanation, learner.classes_, neighbors, prior


def votes_of(explanation: VoteExplanation, classes: np.ndarray) -> NDArray[np.float64]:
    """Return the sum of the shares of each class in the first prediction, shape (n_classes,)."""
    codes = np.searchsorted(classes, explanation.labels[0])
    votes = np.bincount(codes, explanation.shares[0], minlength=len(classes))
    return np.asarray(votes, dtype=np.float64)


def _prior_of(estimator: Any, row: Any, explanation: VoteExplanation) -> np.ndarray | None:
    if not hasattr(estimator, "predict_proba"):
        return None
    probabilities = np.asarray(estimator.predict_proba(row)[0], dtype=np.float64)
    return probabilities - votes_of(explanation, estimator.classes_)


def _n_drawn(classifier: Any, explanation: VoteExplanation) -> int:
    """Return the number of labelled samples to draw: all that vote, or some of all labels."""
    n_labeled = explanation.indices.shape[1]
    has_share_of_all = isinstance(classifier, TransductiveEstimator)
    return min(n_labeled, N_LABELED_DRAWN) if has_share_of_all else n_labeled


def first_of(samples: Any) -> Any:
    """Return the first sample; that of a sparse matrix as a matrix of one row."""
    if hasattr(samples, "tocsr"):
        return samples.tocsr()[:1]
    return samples.iloc[0] if hasattr(samples, "iloc") else samples[0]


def _picked(samples: Any, places: np.ndarray) -> list[Any]:
    if len(places) and places.max() >= n_samples_of(samples):
        raise ValueError(
            f"`labeled_samples` has {n_samples_of(samples)} samples, but sample {places.max()} is "
            "one of the neighbours. Hint: pass all samples that the classifier was fitted on."
        )
    return [
        None if place < 0 else first_of(take_rows(samples, np.array([place])))
        for place in places.tolist()
    ]


def check_length(name: str, samples: Any, n_samples: int, where: str) -> None:
    if samples is not None and n_samples_of(samples) != n_samples:
        raise ValueError(
            f"`{name}` has {n_samples_of(samples)} samples, but there are {n_samples} {where}."
        )
