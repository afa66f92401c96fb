"""The ways in which an estimator learns answers: at once, by `partial_fit`, or by a new fit."""

from __future__ import annotations

from typing import Any

from skactive._estimators import has_partial_fit
from skactive._few_labels import restore
from skactive.base import IncrementalEstimator, TransductiveEstimator
from skactive.learner._updaters._incremental import IncrementalUpdater, TransductiveUpdater
from skactive.learner._updaters._refit import PartialFitUpdater, RefitUpdater
from skactive.learner._updaters._updater import (
    CatchUpPosterior,
    EstimatorUpdater,
    UpdateSource,
)

__all__ = ["CatchUpPosterior", "EstimatorUpdater", "UpdateSource", "restore", "updater_for"]


def updater_for(classifier: Any, source: UpdateSource) -> EstimatorUpdater:
    """Return the updater of a classifier, by the contract that the classifier keeps.

    Parameters
    ----------
    classifier : classifier
        It is changed as answers come.
    source : UpdateSource
        What it learns from.
    """
    if isinstance(classifier, TransductiveEstimator):
        return TransductiveUpdater(classifier, source)
    if isinstance(classifier, IncrementalEstimator):
        return IncrementalUpdater(classifier, source)
    # The form in which `partial_fit` takes sets of labels differs from class to class.
    if has_partial_fit(classifier) and source.pool.target.kind != "multilabel":
        return PartialFitUpdater(classifier, source)
    return RefitUpdater(classifier, source)
