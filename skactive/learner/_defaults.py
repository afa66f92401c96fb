"""The classifier and the strategy that every entry point takes where none is given."""

from __future__ import annotations

from skactive.semi_supervised import IncrementalLabelSpreading
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
    default_strategy : The query strategy.

    Examples
    --------
    >>> from skactive.learner import default_classifier
    >>> default_classifier()
    IncrementalLabelSpreading()
    """
    return IncrementalLabelSpreading()


def default_strategy() -> QueryStrategy:
    """Return the query strategy that is used where none is given.

    `ActiveLearner`, `BudgetedClassifier` and `labeling_curve` have the same default.

    Returns
    -------
    strategy : QueryStrategy
        A new one, with default parameters.

    See Also
    --------
    default_classifier : The classifier.

    Examples
    --------
    >>> from skactive.learner import default_strategy
    >>> default_strategy()
    UncertaintyHerding()
    """
    return UncertaintyHerding()
