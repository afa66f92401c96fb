"""A regressor that is fitted on a budget of labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skactive._engine.continuous import CONTINUOUS
from skactive._estimators import check_is_regressor, predicted_with_std
from skactive._rows import check_is_samples
from skactive.learner import ActiveLearner, default_regressor
from skactive.model_selection._budgeted import BudgetedEstimator
from skactive.model_selection._oracle import Oracle
from skactive.strategies import QueryStrategy


class BudgetedRegressor(RegressorMixin, BudgetedEstimator):
    """Fit a regressor on the labels that a strategy queries.

    `fit(X, y)` simulates the labelling loop: X is the pool, y answers the queries, and at most
    `budget` labels are used. The result is an ordinary regressor: `cross_val_score` estimates its
    score on that budget, and `GridSearchCV` tunes the strategy like any other parameter.

    Parameters
    ----------
    estimator : regressor or Pipeline, default=None
        The regressor; None takes `IncrementalKNeighborsRegressor()`.
    strategy : QueryStrategy or str, default=None
        The query strategy, or its name in `all_strategies`; None takes `UncertaintyHerding()`.
    budget : int, default=100
        Number of labels, at least 1 and at most the number of samples.
    batch_size : int, default=1
        Number of samples in each query.
    seed_set : int, default=0
        Number of labels of the budget that go to samples drawn at random before the first query.
    oracle : Oracle, callable or None, default=None
        The source of labels, also for the seed set. None takes `y`. `GaussianOracle` adds an error;
        a grid tunes ``oracle__std``. A function ``oracle(positions, y)`` gets the rows of X that
        were just queried and their true labels, and returns one label for each.
    random_state : int, RandomState instance or None, default=None
        Draws the seed set, and becomes the `random_state` of the strategy and of the oracle
        if theirs is None.

    Attributes
    ----------
    estimator_ : regressor or Pipeline
        The fitted regressor.
    regressor_ : regressor
        `estimator_`, or its last step.
    query_indices_ : ndarray of int of shape (budget,)
        Rows of X whose labels were used, in the order in which they were queried.
    n_labeled_ : int
        Number of labels that were used.
    y_labeled_ : ndarray of shape (budget,)
        The labels of `query_indices_`.
    n_answers_ : int
        Number of answers: those of each annotator count.
    n_features_in_ : int
        Number of features seen in `fit`, if the estimator has it.

    See Also
    --------
    BudgetedClassifier : The same for labels that are classes.
    skactive.ActiveLearner : The same loop with an annotator.
    compare_strategies : Compares strategies over the whole labelling curve.

    Notes
    -----
    Cost, fits on equal features and metadata routing are those of `BudgetedClassifier`.

    While there are too few labels for the regressor, the strategy queries without its predictions,
    as in `ActiveLearner`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> from skactive.model_selection import BudgetedRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> scores = cross_val_score(BudgetedRegressor(budget=100), X, y, cv=3)
    >>> bool(scores.mean() > 0.3)
    True
    """

    target = CONTINUOUS
    default_estimator = staticmethod(default_regressor)

    def __init__(
        self,
        estimator: Any = None,  # a regressor
        strategy: QueryStrategy | str | None = None,
        *,
        budget: int = 100,
        batch_size: int = 1,
        seed_set: int = 0,
        oracle: Oracle | Callable[..., ArrayLike] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            estimator,
            strategy,
            budget=budget,
            batch_size=batch_size,
            seed_set=seed_set,
            oracle=oracle,
            random_state=random_state,
        )

    def predict(self, X: Any, return_std: bool = False) -> Any:  # an array, or a pair
        """Predict the label of each sample.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.
        return_std : bool, default=False
            Whether to return the standard deviations too: from the `predict` of the regressor if it
            has `return_std`, or over the members of an ensemble.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The labels.
        std : ndarray of shape (n_queries,)
            Only if `return_std`: the standard deviations.

        Raises
        ------
        TypeError
            If `return_std` is True and the regressor gives no standard deviation.
        """
        if not return_std:
            return super().predict(X)
        check_is_fitted(self)
        check_is_samples(X, "X")
        return predicted_with_std(self.final_estimator_, self.features(X))

    @property
    def regressor_(self) -> Any:  # any regressor
        """The fitted regressor: `estimator_`, or its last step."""
        return self.final_estimator_

    def _check_estimator(self, estimator: Any) -> None:
        check_is_regressor(estimator, hint="pass samples to fit, BudgetedRegressor().fit(X, y).")

    def _keep_classes(self, labels: np.ndarray, learner: ActiveLearner) -> None:
        """Set nothing: numbers have no classes."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # The score that scikit-learn's checks expect needs more labels than a small budget.
        tags.regressor_tags.poor_score = True
        return tags
