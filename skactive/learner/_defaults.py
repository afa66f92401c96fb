"""The estimator and the strategy that every entry point takes where none is given."""

from __future__ import annotations

from typing import Any

from skactive.base import Target
from skactive.neighbors import IncrementalKNeighborsRegressor
from skactive.semi_supervised import IncrementalLabelSpreading, IncrementalMultiLabelSpreading
from skactive.strategies import QueryStrategy, UncertaintyHerding


def default_classifier() -> IncrementalLabelSpreading:
    """Return the classifier that is used where none is given.

    `ActiveLearner`, `BudgetedClassifier`, `labeling_curve`, `compare_strategies` and the command
    ``skactive compare`` have the same default.

    Returns
    -------
    classifier : IncrementalLabelSpreading
        A new one, with default parameters.

    See Also
    --------
    default_regressor : The regressor.
    default_strategy : The query strategy.

    Examples
    --------
    >>> from skactive.learner import default_classifier
    >>> default_classifier()
    IncrementalLabelSpreading()
    """
    return IncrementalLabelSpreading()


def default_regressor() -> IncrementalKNeighborsRegressor:
    """Return the regressor that is used where labels are numbers and none is given.

    `BudgetedRegressor`, `labeling_curve`, `compare_strategies` and the command ``skactive compare``
    have the same default, and `ActiveLearner` with ``target=ContinuousTarget()``.

    Returns
    -------
    regressor : IncrementalKNeighborsRegressor
        A new one, with default parameters.

    See Also
    --------
    default_classifier : The classifier.
    default_strategy : The query strategy.

    Examples
    --------
    >>> from skactive.learner import default_regressor
    >>> default_regressor()
    IncrementalKNeighborsRegressor()
    """
    return IncrementalKNeighborsRegressor()


def estimator_for(target: Target | None) -> Any:  # estimators have no common type
    """Return the estimator that is used for a kind of labels where none is given."""
    kind = getattr(target, "kind", None)
    if kind == "multilabel":
        return IncrementalMultiLabelSpreading()
    return default_regressor() if kind == "continuous" else default_classifier()


def default_strategy() -> QueryStrategy:
    """Return the query strategy that is used where none is given.

    `ActiveLearner`, `BudgetedClassifier`, `BudgetedRegressor` and `labeling_curve` have the same
    default.

    Returns
    -------
    strategy : QueryStrategy
        A new one, with default parameters.

    See Also
    --------
    default_classifier : The classifier.
    default_regressor : The regressor.

    Examples
    --------
    >>> from skactive.learner import default_strategy
    >>> default_strategy()
    UncertaintyHerding()
    """
    return UncertaintyHerding()
