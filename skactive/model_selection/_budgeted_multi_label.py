"""A classifier of several labels of each sample that is fitted on a budget of labelled samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skactive._engine.targets import SETS
from skactive._estimators import as_dense, check_classifier, label_probabilities
from skactive._rows import check_is_samples
from skactive.base import Classifier, Target
from skactive.learner import ActiveLearner
from skactive.model_selection._budgeted import BudgetedEstimator, estimator_has
from skactive.model_selection._oracle import Oracle
from skactive.model_selection._several_labels import indicators, recorded_target
from skactive.semi_supervised import IncrementalMultiLabelSpreading
from skactive.strategies import QueryStrategy


class BudgetedMultiLabelClassifier(ClassifierMixin, BudgetedEstimator):
    """Fit a classifier of several labels on the samples that a strategy queries.

    `fit(X, y)` simulates the labelling loop: X is the pool, y answers the queries, and at most
    `budget` samples are labelled, each with all its labels. The result is an ordinary classifier:
    `cross_val_score` estimates its score on that budget, and `GridSearchCV` tunes the strategy like
    any other parameter.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        A classifier that learns an indicator matrix; None takes
        `IncrementalMultiLabelSpreading()`.
    strategy : QueryStrategy or str, default=None
        The query strategy, or its name in `all_strategies`; None takes `UncertaintyHerding()`.
    budget : int, default=100
        Number of labelled samples, at least 1 and at most the number of samples.
    batch_size : int, default=1
        Number of samples in each query.
    seed_set : int, default=0
        Number of samples of the budget that are drawn at random before the first query.
    oracle : callable or None, default=None
        The source of labels; None takes `y`. A function ``oracle(positions, y)`` gets the rows of X
        that were just queried and the indicator matrix, and returns the labels of each.
    random_state : int, RandomState instance or None, default=None
        Draws the seed set, and becomes the `random_state` of the strategy if its own is None.

    Attributes
    ----------
    estimator_ : classifier or Pipeline
        The fitted classifier.
    classifier_ : classifier
        `estimator_`, or its last step.
    classes_ : ndarray of shape (n_labels,)
        The labels, in the order of the columns of predictions: the columns of a DataFrame, or the
        numbers of the columns of another matrix, or the sorted names in sets.
    query_indices_ : ndarray of int of shape (budget,)
        Rows of X whose labels were used, in the order in which they were queried.
    n_labeled_ : int
        Number of labelled samples.
    y_labeled_ : ndarray of shape (budget, n_labels)
        The labels of `query_indices_`.
    n_answers_ : int
        Number of answers.
    n_features_in_ : int
        Number of features seen in `fit`, if the estimator has it.

    See Also
    --------
    BudgetedClassifier : The same for one label of each sample.
    skactive.ActiveLearner : The same loop with an annotator.
    compare_strategies : Compares strategies over the whole labelling curve.

    Notes
    -----
    Cost, fits on equal features and metadata routing are those of `BudgetedClassifier`.

    While there are too few labels for the classifier, labels are predicted that most samples have.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.model_selection import cross_val_score
    >>> from skactive.model_selection import BudgetedMultiLabelClassifier
    >>> X, Y = make_multilabel_classification(300, n_classes=3, random_state=0)
    >>> classifier = BudgetedMultiLabelClassifier(budget=60)
    >>> scores = cross_val_score(classifier, X, Y, cv=3, scoring="f1_micro")
    >>> bool(scores.mean() > 0.7)
    True
    """

    target = SETS
    default_estimator = staticmethod(IncrementalMultiLabelSpreading)

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

    def predict(self, X: Any) -> np.ndarray:  # samples of any kind
        """Predict the labels of each sample.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        y : ndarray of int of shape (n_queries, n_labels)
            1 for each label of a sample, else 0.
        """
        check_is_fitted(self)
        check_is_samples(X, "X")
        return as_dense(self.estimator_.predict(X)).reshape(-1, len(self.classes_))

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:  # samples of any kind
        """Return the probability of each label for each sample.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_labels)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        check_is_samples(X, "X")
        return np.asarray(label_probabilities(self.estimator_, X, len(self.classes_)))

    def staged_predict(self, X: Any) -> Iterator[np.ndarray]:  # samples of any kind
        """Predict the labels after the first answer, after the second, and so on.

        Parameters
        ----------
        X : array-like of length n_queries
            The samples.

        Returns
        -------
        stages : generator of ndarray of int of shape (n_queries, n_labels)
            Predictions with the first labelled samples only, in the order of `query_indices_`.
        """
        check_is_fitted(self)
        return (stage.labels() for stage in self._stages(self.features(X)))

    def score(
        self,
        X: Any,  # samples of any kind
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the share of samples of which all labels are predicted correctly.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind passed to `fit`.
        y : array-like of length n_queries
            Their labels, in any form that `fit` takes.
        sample_weight : array-like of shape (n_queries,), default=None
            Weights of samples.

        Returns
        -------
        score : float
            In [0, 1].
        """
        predicted = self.predict(X)
        return float(accuracy_score(self.recorded(y), predicted, sample_weight=sample_weight))

    def recorded(self, y: ArrayLike) -> np.ndarray:
        """Return the labels of a data set as scores take them.

        Parameters
        ----------
        y : array-like of length n_samples
            The labels.

        Returns
        -------
        labels : ndarray of int8 of shape (n_samples, n_labels)
            The indicator matrix.
        """
        rows, labeled = indicators(y, self._target)
        if not labeled.all():
            raise ValueError(
                f"y[{int(labeled.argmin())}] is not answered. Hint: leave samples without labels "
                "out."
            )
        return rows

    @property
    def classifier_(self) -> Any:  # any classifier
        """The fitted classifier: `estimator_`, or its last step."""
        return self.final_estimator_

    def _target_for(self, y: Any) -> Target:
        target = recorded_target(self._estimator(), y)
        # A column is one label that a sample has or has not.
        if target.kind != SETS.kind:
            raise ValueError(
                "BudgetedMultiLabelClassifier needs several labels of each sample: an indicator "
                "matrix with several columns, or sets. Hint: take BudgetedClassifier for one "
                "label of each sample."
            )
        return target

    def _kept(self, labels: np.ndarray) -> np.ndarray:
        return self._target.for_estimator(labels, np.asarray(self._target.declared))

    def _check_estimator(self, estimator: Any) -> None:
        hint = "pass samples to fit, BudgetedMultiLabelClassifier().fit(X, y)."
        check_classifier(estimator, hint=hint)

    def _keep_classes(self, labels: np.ndarray, learner: ActiveLearner) -> None:
        self.classes_ = learner.classes_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        # The score that scikit-learn's checks expect needs more labels than a small budget.
        tags.classifier_tags.poor_score = True
        return tags
