"""Predictions of a learner, and explanations."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError

from skactive._engine.positions import check_positions
from skactive._estimators import is_fitted
from skactive._rows import take_rows
from skactive.learner._explanation.query_explanation import QueryExplanation, explain_query

if TYPE_CHECKING:
    from skactive.learner._updaters import EstimatorUpdater
    from skactive.neighbors import VoteExplanation


class LearnerPredictions:
    """The part of `ActiveLearner` that predicts and explains."""

    estimator: Any
    strategy: Any
    X_pool: Any
    ids: np.ndarray
    pool: Any  # a LabelingPool
    _steps: Any
    _updater: EstimatorUpdater

    @property
    def classes_(self) -> np.ndarray:
        """The labels known so far, sorted."""
        return self.pool.classes_

    @abstractmethod
    def _finish_refresh(self) -> None:
        """Replace the steps that a thread has refitted meanwhile."""

    def predict(self, X: Any) -> np.ndarray:  # samples of any kind
        """Predict the labels of samples, of the pool or new.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The labels.

        Raises
        ------
        NotFittedError
            If there are too few labels for a prediction.
        """
        return np.asarray(self.fitted_estimator().predict(X))

    def predict_proba(self, X: Any) -> np.ndarray:  # samples of any kind
        """Return the probability of each class for samples, of the pool or new.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            In the order of `classes_`; 0 for a class without a label so far.
        """
        estimator = self.fitted_estimator()
        known = np.asarray(estimator.predict_proba(X))
        if known.shape[1] == len(self.classes_):
            return known
        probabilities = np.zeros((len(known), len(self.classes_)))
        probabilities[:, np.searchsorted(self.classes_, estimator.classes_)] = known
        return probabilities

    def score(self, X: Any, y: ArrayLike) -> float:  # samples of any kind
        """Return the accuracy on samples whose labels are known.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.
        y : array-like of shape (n_queries,)
            Their labels.

        Returns
        -------
        score : float
            The `score` of the estimator: the share of correct predictions.
        """
        return float(self.fitted_estimator().score(X, y))

    def features(self, X: Any) -> Any:  # samples of any kind
        """Return samples as the classifier takes them.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.

        Returns
        -------
        features : array-like of shape (n_queries, n_features)
            X after all steps of the Pipeline but the last; X itself without a Pipeline.
        """
        return X if self._steps is None else self._steps.transform(X)

    def samples(self, indices: ArrayLike) -> Any:  # samples of any kind
        """Return samples of the pool as they were given, to show them to an annotator.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in X_pool.

        Returns
        -------
        samples : array-like of length n
            Rows of an array or DataFrame, items of a list.
        """
        return take_rows(self.X_pool, check_positions(indices, self.pool.n_samples))

    def explain(self, X: Any) -> VoteExplanation:  # samples of any kind
        """Return the labelled samples that vote for each prediction, with their shares.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.

        Returns
        -------
        explanation : VoteExplanation
            The result of the classifier's own `explain`, with positions in X_pool as `indices`;
            -1 for a labelled sample from outside the pool.

        Raises
        ------
        TypeError
            If the classifier has no `explain`.
        """
        self.fitted_estimator()
        classifier = self._updater.classifier
        if not hasattr(classifier, "explain"):
            raise TypeError(
                f"{type(classifier).__name__} has no method `explain`. Hint: use "
                "IncrementalKNeighborsClassifier."
            )
        explanation = classifier.explain(self.features(X))
        return replace(explanation, indices=self._updater.positions_of(explanation.indices))

    def explain_query(self, index: ArrayLike, *, n_neighbors: int = 5) -> QueryExplanation:
        """Explain the choice of a candidate, in words and in numbers.

        The explanation has the candidate's value, factor and rank for each measure of the
        strategy; its class probabilities; its neighbours in the pool; and the labelled samples
        nearest to it. Any candidate can be explained, queried or not.

        Parameters
        ----------
        index : int or array-like of int of shape (1,)
            The position of a candidate in X_pool, such as ``query()`` returns.
        n_neighbors : int, default=5
            Number of neighbours and of labelled samples to name, at least 1.

        Returns
        -------
        explanation : QueryExplanation
            ``print(explanation)`` shows it as text.

        Raises
        ------
        ValueError
            If the sample is labelled or skipped already.
        IndexError
            If there is no such sample.
        TypeError
            If the strategy has no method `terms`.

        See Also
        --------
        skactive.inspection.UtilityDisplay : Draws the factors of all candidates.

        Notes
        -----
        It explains the present state, and changes nothing. Each sample is explained as a query of
        one sample; within a batch, `query` counts the samples chosen before it as labelled.

        Cost: that of a query, and one product of the pool with one sample, O(n_samples ·
        n_features).

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> X = [[5.0, 1.0], [4.0, 2.0], [3.0, 2.0], [2.0, 2.0], [2.0, 3.0], [1.0, 4.0]]
        >>> learner = ActiveLearner(X_pool=X).teach([0, 5], ["apple", "orange"])
        >>> print(learner.explain_query(learner.query(), n_neighbors=2))
        Sample 3 comes first of 4 candidates. Its label would increase the coverage of
        the pool by 0.337 samples, more than that of any other candidate. The most
        probable classes are apple (0.50) and orange (0.50); its uncertainty is higher
        than that of any other candidate. The product of these factors is the largest of
        all candidates.
        <BLANKLINE>
        measure       value  factor  rank of 4
        coverage     0.3375   0.352          1
        uncertainty  0.9936   0.984          1
        product               0.346          1
        <BLANKLINE>
        Class probabilities: apple 0.50, orange 0.50
        Nearest in the pool (cosine): 2 at 0.019, 4 at 0.019
        Nearest labelled (cosine): 5 (orange) at 0.143, 0 (apple) at 0.168
        """
        return explain_query(self, index, n_neighbors)

    def fitted_estimator(self) -> Any:  # the user's estimator
        """Return the estimator, after an update with all answers.

        Returns
        -------
        estimator : classifier or Pipeline
            The attribute `estimator`.

        Raises
        ------
        NotFittedError
            If there are too few labels for a prediction.
        """
        self._finish_refresh()
        self._updater.catch_up()
        classifier = self._updater.classifier
        # Label spreading is fitted to the pool before it has a label.
        if not is_fitted(classifier) or len(getattr(classifier, "classes_", [None])) == 0:
            raise NotFittedError(
                f"{type(classifier).__name__} cannot predict yet: the classes known so far are "
                f"{self.classes_.tolist()}. Hint: teach more."
            )
        return self.estimator
