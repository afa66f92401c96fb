"""The strategies of the registry that can be used with an estimator."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from skactive._engine.cache import LOOP_CACHE
from skactive._estimators import NoUncertaintyError, classifier_of
from skactive._rows import take_rows
from skactive.base import Target
from skactive.learner import ActiveLearner
from skactive.strategies import QueryStrategy, all_strategies

N_SAMPLES, N_LABELS = 60, 20


def usable_strategies(
    estimator: Any,  # any classifier or regressor
    target: Target,
    X: Any,  # samples of any kind
    labels: np.ndarray,
) -> dict[str, QueryStrategy]:
    """Return all strategies for a kind of labels, without those that the estimator cannot serve.

    Each runs one query without a label, and one with a few. If the estimator has neither
    probabilities nor standard deviations, strategies that need them are left out, and a warning
    names them.

    Parameters
    ----------
    estimator : classifier, regressor or Pipeline
        The estimator. It is not changed.
    target : Target
        The kind of labels.
    X, labels : array-likes of length n_labeled
        The labelled samples.
    """
    strategies = {name: entry.strategy for name, entry in all_strategies(target.kind).items()}
    _, first = np.unique(labels, return_index=True, axis=0)
    # The two labels of a small pool must differ.
    rows = np.unique([*first[:2], *range(min(N_SAMPLES, len(labels)))])
    taught = np.unique([*np.searchsorted(rows, first[:2]), *range(min(N_LABELS, len(rows) // 2))])
    learner = ActiveLearner(
        estimator, strategies["random"], take_rows(X, rows), target=target, cache=LOOP_CACHE
    )
    usable = {name: one for name, one in strategies.items() if _can_select(one, learner)}
    learner.teach(taught, labels[rows[taught]])
    usable = {name: one for name, one in usable.items() if _can_select(one, learner)}
    left_out = [name for name in strategies if name not in usable]
    if left_out:
        needed = "standard deviations" if target.kind == "continuous" else "probabilities"
        warnings.warn(
            f"Strategies that need {needed}, which {type(classifier_of(estimator)).__name__} does "
            f"not have, are left out: {', '.join(left_out)}. Hint: choose another estimator, or "
            "pass the strategies to compare.",
            # The caller of `compare_strategies`.
            stacklevel=3,
        )
    return usable


def _can_select(strategy: QueryStrategy, learner: ActiveLearner) -> bool:
    try:
        strategy.select(learner.pool)
    except NoUncertaintyError:
        return False
    return True
