"""A classifier that is fitted on a budget of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skactive._engine.label_arrays import of_all_classes, positions_of, union
from skactive._engine.labels import CATEGORICAL
from skactive._estimators import check_classifier
from skactive._rows import check_is_samples
from skactive.base import Classifier
from skactive.learner import ActiveLearner, default_classifier
from skactive.model_selection._all_classes import decision_for_all
from skactive.model_selection._budgeted import BudgetedEstimator, estimator_has
from skactive.model_selection._oracle import Oracle
from skactive.strategies import QueryStrategy


class BudgetedClassifier(ClassifierMixin, BudgetedEstimator):
    """Fit a classifier on the labels that a strategy queries.

    `fit(X, y)` simulates the labelling loop: X is the pool, y answers the queries, and at most
    `budget` labels are used. The result is an ordinary classifier: `cross_val_score` estimates
    its score on that budget, and `GridSearchCV` tunes the strategy like any other parameter.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        The classifier; None takes `IncrementalLabelSpreading()`.
    strategy : QueryStrategy or str, default=None
        The query strategy, or its name in `all_strategies`; None takes `UncertaintyHerding()`.
    budget : int, default=100
        Number of labels, at least 1 and at most the number of samples.
    batch_size : int, default=1
        Number of samples in each query.
    seed_set : int, default=0
        Number of labels of the budget that go to samples drawn at random before the first query.
    oracle : Oracle, callable or None, default=None
        The source of labels, also for the seed set. None takes `y`. `NoisyOracle` and
        `AnnotatorPanel` make errors; a grid tunes ``oracle__flip_rate``. A function
        ``oracle(positions, y)`` gets the rows of X that were just queried and their true labels,
        and returns one label for each. An `AnnotatorPanel` may revise earlier labels:
        `y_labeled_`, and the classifier at every stage, have the final labels.
    random_state : int, RandomState instance or None, default=None
        Draws the seed set, and becomes the `random_state` of the strategy and of the oracle
        if theirs is None.

    Attributes
    ----------
    estimator_ : classifier or Pipeline
        The fitted classifier.
    classifier_ : classifier
        `estimator_`, or its last step.
    classes_ : ndarray of shape (n_classes,)
        All labels of `y`, and described classes, sorted. A class that is not described and was
        never queried has probability 0.
    query_indices_ : ndarray of int of shape (budget,)
        Rows of X whose labels were used, in the order in which they were queried.
    n_labeled_ : int
        Number of labels that were used.
    y_labeled_ : ndarray of shape (budget,)
        The final labels of `query_indices_`.
    n_answers_ : int
        Number of answers: those of each annotator count.
    n_features_in_ : int
        Number of features seen in `fit`, if the estimator has it.

    See Also
    --------
    BudgetedRegressor : The same for labels that are numbers.
    skactive.ActiveLearner : The same loop with an annotator.
    compare_strategies : Compares strategies over the whole labelling curve.

    Notes
    -----
    Cost of `fit`: that of `budget` answers, and as many queries as there are batches. Fits on
    equal features in one process, such as those of a grid search on one fold, share the neighbour
    graph, densities and clusterings, up to a quarter of scikit-learn's ``working_memory``.

    While there are too few labels for the classifier, the strategy queries without its
    probabilities, as in `ActiveLearner`.

    With scikit-learn's metadata routing, the arguments of `fit` go to the classifier (the last
    step of a Pipeline) as its ``set_fit_request`` says; without, they go there if the `fit` of the
    classifier takes them. Arrays with an entry per sample, such as `sample_weight`, are restricted
    to the labelled samples.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_score
    >>> from skactive.model_selection import BudgetedClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> scores = cross_val_score(BudgetedClassifier(budget=60), X, y, cv=3)
    >>> bool(scores.mean() > 0.9)
    True
    """

    target = CATEGORICAL
    default_estimator = staticmethod(default_classifier)

    def __init__(
        self,
        estimator: Classifier | None = None,
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

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:  # samples of any kind
        """Return the probability of each class for each sample.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        check_is_samples(X, "X")
        return self._with_all_classes(self.estimator_.predict_proba(X))

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:  # samples of any kind
        """Return the decision function of the classifier.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        decision : ndarray of shape (n_queries,) or (n_queries, n_classes)
            The values of `estimator_`, in the order of `classes_`. A class that was never queried
            has a value 1 below the smallest of the sample.
        """
        check_is_fitted(self)
        check_is_samples(X, "X")
        values = np.asarray(self.estimator_.decision_function(X))
        columns = positions_of(np.asarray(self.estimator_.classes_), self.classes_)
        return decision_for_all(values, columns, len(self.classes_))

    @available_if(estimator_has("predict_proba"))
    def staged_predict_proba(self, X: Any) -> Iterator[np.ndarray]:  # samples of any kind
        """Return the probability of each class after the first answer, after the second, and so on.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        stages : generator of ndarray of shape (n_queries, n_classes)
            In the order of `classes_`, all of which have a column at every stage; a class without
            a label yet has probability 0. The stages are those of `staged_predict`.
        """
        check_is_fitted(self)
        features = self.features(X)
        if self.learns_at_once:
            stages = self.final_estimator_.staged_predict_proba(features)
            return (self._with_all_classes(probabilities) for probabilities in stages)
        return (stage.probabilities(self.classes_) for stage in self._stages(features))

    def _with_all_classes(self, probabilities: ArrayLike) -> np.ndarray:
        """Return probabilities with a column for each of `classes_`, 0 for those never queried."""
        known = np.asarray(self.estimator_.classes_)
        return of_all_classes(np.asarray(probabilities), known, self.classes_)

    @property
    def classifier_(self) -> Any:  # any classifier
        """The fitted classifier: `estimator_`, or its last step."""
        return self.final_estimator_

    def _check_estimator(self, estimator: Any) -> None:
        check_classifier(estimator, hint="pass samples to fit, BudgetedClassifier().fit(X, y).")

    def _keep_classes(self, labels: np.ndarray, learner: ActiveLearner) -> None:
        self.classes_ = union(labels, self.y_labeled_, learner.classes_)
