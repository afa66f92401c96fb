"""Predictions of a learner, and explanations."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError

from skactive._engine.label_arrays import of_all_classes
from skactive._engine.multi_label import whole_answers
from skactive._engine.positions import OF_POSITIONS, check_positions
from skactive._estimators import (
    check_columns,
    is_fitted,
    label_probabilities,
    predicted_with_std,
    predictive_moments,
)
from skactive._few_labels import too_few_labels
from skactive._rows import LOADERS, check_is_samples, take_rows
from skactive.learner._explanation.query_explanation import QueryExplanation, explain_query
from skactive.learner._label_issues import LabelIssues, label_issues
from skactive.learner._labels import LearnerLabels
from skactive.learner._pool_samples import PoolSamples
from skactive.learner._pool_table import PoolTable, objects
from skactive.learner._transactions import locked, locked_labels

if TYPE_CHECKING:
    import pandas as pd

    from skactive.learner._queries import FirstQuery
    from skactive.neighbors import VoteExplanation


class LearnerPredictions(LearnerLabels):
    """The part of `ActiveLearner` that predicts and explains."""

    estimator: Any
    strategy: Any
    _steps: Any
    _samples: PoolSamples

    @property
    def X_pool(self) -> Any:  # samples of any kind
        """The samples as they were given, with those that `extend` added."""
        return self._settled_samples().X_pool

    @property
    def ids(self) -> np.ndarray:
        """Their names: ``learner.ids[learner.query()]``."""
        return self._settled_samples().ids

    def _settled_samples(self) -> PoolSamples:
        """Return the samples, after an interrupted change of the pool is completed or reversed."""
        if self._is_suspect:
            self._settled()
        return self._samples

    @property
    @locked
    def fit_error(self) -> ValueError | None:
        """The error for which the classifier waits for more labels, or None.

        While there are few labels, many classifiers cannot be fitted or cannot predict. The
        strategy chooses without their probabilities until they can.
        """
        return self._updater.error

    @abstractmethod
    def _first_query(self, n_instances: Any = 1, candidates: Any = None) -> FirstQuery | None:
        """Return the first query that chooses among a sample, None if all are compared."""

    @abstractmethod
    def _finish_refresh(self) -> None:
        """Replace the steps that a thread has refitted meanwhile."""

    @locked
    def predict(
        self,
        X: Any = None,  # samples of any kind
        *,
        ids: Any = None,  # names of any kind
        return_std: bool = False,
    ) -> Any:  # an array, or a pair
        """Predict the labels of samples, of the pool or new.

        Parameters
        ----------
        X : array-like of length n_queries, default=None
            Samples of the kind of X_pool.
        ids : id or list of ids of length n_queries, default=None
            Samples of the pool by their names, instead of `X`.
        return_std : bool, default=False
            Whether to return the standard deviations of a regressor too: from its `predict` if
            that has `return_std`, or over the members of an ensemble.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            The labels.
        std : ndarray of shape (n_queries,)
            Only if `return_std`: the standard deviations.

        Raises
        ------
        NotFittedError
            If there are too few labels for a prediction.
        TypeError
            If `return_std` is True and the estimator gives no standard deviation.
        """
        estimator = self.fitted_estimator()
        samples = self._given_samples("predict", X, ids)
        if return_std:
            return predicted_with_std(self._updater.classifier, self.features(samples))
        return np.asarray(estimator.predict(samples))

    @locked
    def predict_proba(
        self,
        X: Any = None,  # samples of any kind
        *,
        ids: Any = None,  # names of any kind
    ) -> np.ndarray:
        """Return the probability of each class for samples, of the pool or new.

        Parameters
        ----------
        X : array-like of length n_queries, default=None
            Samples of the kind of X_pool.
        ids : id or list of ids of length n_queries, default=None
            Samples of the pool by their names, instead of `X`.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            In the order of `classes_`; 0 for a class without a label so far. The probability of
            each label, if a sample has several.
        """
        estimator = self.fitted_estimator()
        samples = self._given_samples("predict_proba", X, ids)
        if self._pool.target.kind == "multilabel":
            of_labels = label_probabilities(estimator, samples, len(self.classes_))
            return np.empty((0, 0)) if of_labels is None else of_labels
        known = np.asarray(estimator.predict_proba(samples))
        check_columns(estimator, known)
        return of_all_classes(known, estimator.classes_, self.classes_)

    @locked
    def score(self, X: Any, y: ArrayLike) -> float:  # samples of any kind
        """Return the accuracy on samples whose labels are known, or R² if labels are numbers.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.
        y : array-like of shape (n_queries,)
            Their labels, in any form that `teach` takes. If samples have several labels, all have
            to be answered.

        Returns
        -------
        score : float
            The `score` of the estimator: the share of correct predictions, or the coefficient of
            determination of a regressor.
        """
        check_is_samples(X, "X")
        estimator = self.fitted_estimator()
        known = whole_answers(y, self.classes_) if self._pool.target.kind == "multilabel" else y
        return float(estimator.score(X, known))

    @locked
    def features(self, X: Any) -> Any:  # samples of any kind
        """Return samples as the classifier takes them.

        Parameters
        ----------
        X : array-like of length n_queries
            Samples of the kind of X_pool.

        Returns
        -------
        features : array-like of shape (n_queries, n_features)
            X after all steps of the Pipeline but the last; X itself without a Pipeline, or if
            these steps return tokens.
        """
        check_is_samples(X, "X")
        return X if self._steps is None else self._steps.transform(X)

    @locked_labels
    def samples(
        self,
        indices: ArrayLike | None = None,
        *,
        ids: Any = None,  # names of any kind
    ) -> Any:  # samples of any kind
        """Return samples of the pool as they were given, to show them to an annotator.

        Parameters
        ----------
        indices : array-like of int of shape (n,), default=None
            Positions in X_pool.
        ids : id or list of ids of length n, default=None
            The samples by their names, instead of `indices`.

        Returns
        -------
        samples : array-like of length n
            Rows of an array or DataFrame, items of a list.
        """
        return take_rows(self.X_pool, self._positions("samples", indices, ids))

    @locked
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

    @locked
    def explain_query(
        self,
        index: ArrayLike | None = None,
        *,
        ids: Any = None,  # names of any kind
        n_neighbors: int = 5,
    ) -> QueryExplanation:
        """Explain the choice of a candidate, in words and in numbers.

        The explanation has the candidate's value, factor and rank for each measure of the
        strategy; its class probabilities; its neighbours in the pool; and the labelled samples
        nearest to it. Any candidate can be explained, queried or not.

        Parameters
        ----------
        index : int or array-like of int of shape (1,), default=None
            The position of a candidate in X_pool, such as ``query()`` returns.
        ids : id or list of one id, default=None
            The candidate by its name, instead of `index`.
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
        Sample 3 comes first of 4 unlabelled samples. It is similar to about 0.34
        samples that have no similar labelled one yet, which is more than for any other
        unlabelled sample. The most probable classes are apple (0.50) and orange (0.50);
        its uncertainty is higher than that of any other unlabelled sample. Taken
        together, these reasons make it the first choice.
        <BLANKLINE>
        measure       value  factor  rank of 4
        coverage     0.3375   0.352          1
        uncertainty  0.9977   0.989          1
        product               0.348          1
        <BLANKLINE>
        Class probabilities: apple 0.50, orange 0.50
        Nearest in the pool (cosine): 2 at 0.019, 4 at 0.019
        Nearest labelled (cosine): 5 (orange) at 0.143, 0 (apple) at 0.168
        """
        positions = self._positions("explain_query", index, ids)
        first = self._first_query()
        n_compared = None if first is None else first.n_compared
        return explain_query(self, positions, n_neighbors, n_compared)

    @locked
    def label_issues(self) -> LabelIssues:
        """Return the labels that the other labels contradict, most doubtful first.

        Each labelled sample is predicted without its own label. It is an issue if another class is
        more probable than the given one. Issues are sorted by the probability of the given label.

        Returns
        -------
        issues : LabelIssues
            The doubtful labels with suggestions; ``print(learner.label_issues())`` shows them.

        See Also
        --------
        ActiveLearner.relabel : Corrects a label.

        Notes
        -----
        The probabilities are those of the classifier. A nearest neighbour classifier and label
        spreading leave out one label at a time; any other classifier is fitted five times, each
        time to four fifths of the labels. A classifier without probabilities is replaced by the
        vote of the ten nearest labelled samples. Fewer than ten labels are not checked.

        An issue is a reason to look at a sample again, not a proof: samples between classes are
        issues too, and so is the only sample of a class.

        Cost: O(n_labeled² · n_features), and one spreading per label for label spreading.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skactive import ActiveLearner
        >>> X, y = load_digits(return_X_y=True)
        >>> answers = y.copy()
        >>> answers[[3, 21, 45]] = [8, 7, 0]
        >>> learner = ActiveLearner(X_pool=X).teach(range(60), answers[:60])
        >>> print(learner.label_issues())
        4 of 60 labels are contradicted by the others.
        <BLANKLINE>
        sample  label  suggestion  probability of the label
        45      0      3                              0.000
        21      7      1                              0.004
        5       5      9                              0.024
        3       8      9                              0.043
        """
        self._finish_refresh()
        return label_issues(self._pool, self.ids)

    @locked
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
        labeled = getattr(classifier, "labeled_indices_", [None])
        if not is_fitted(classifier) or len(getattr(classifier, "classes_", labeled)) == 0:
            error = self._updater.error
            has_classes = self._pool.target.kind != "continuous"
            classes = self.classes_.tolist() if has_classes else None
            raise too_few_labels(classifier, classes, error) from error
        return self.estimator

    @locked
    def to_frame(self) -> pd.DataFrame:
        """Return one row for each sample of the pool, with its label and its prediction.

        Returns
        -------
        frame : pandas.DataFrame
            Columns ``id``; ``label``, missing if there is none; ``predicted`` and ``confidence``,
            the predicted class and its probability, missing if the classifier cannot predict yet,
            or the predicted set of labels and the probability of its least certain one; with a
            regressor ``predicted`` and ``std``, the standard deviation, NaN if it gives none;
            ``skipped``; and ``asked_at``, the time in UTC of the last answer or skip, NaT if there
            is none.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> X = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]]
        >>> learner = ActiveLearner(X_pool=X, ids=["a", "b", "c", "d"])
        >>> learner = learner.teach(ids=["a", "c"], y=["apple", "pear"]).skip(ids="b")
        >>> learner.to_frame()[["id", "predicted", "skipped"]]
          id predicted  skipped
        0  a     apple    False
        1  b     apple     True
        2  c      pear    False
        3  d      pear    False
        """
        predictions = self._of_all_samples()
        table = PoolTable(self.ids, self._pool, self._history.actions, predictions)
        return table.frame()

    def _of_all_samples(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the predicted label of each sample, and its probability or standard deviation."""
        predicted = np.full(len(self.ids), None, dtype=object)
        confidence = np.full(len(self.ids), np.nan)
        try:
            self.fitted_estimator()
        except NotFittedError:
            return predicted, confidence
        classifier = self._updater.classifier
        features, target = self._samples.features, self._pool.target
        if target.kind == "continuous":
            moments = predictive_moments(classifier, features)
            return (predicted, confidence) if moments is None else (moments[:, 0], moments[:, 1])
        predicted = objects(target.from_estimator(classifier.predict(features), self.classes_))
        if target.kind == "multilabel":
            rows = label_probabilities(classifier, features, len(self.classes_))
            if rows is not None:
                confidence = np.maximum(rows, 1 - rows).min(axis=1, initial=1.0)
        elif hasattr(classifier, "predict_proba"):
            confidence = np.asarray(classifier.predict_proba(features)).max(axis=1)
        return predicted, confidence

    def _positions(self, method: str, indices: Any, ids: Any) -> np.ndarray:
        """Return positions of samples that are given by positions or by ids."""
        if (indices is None) == (ids is None):
            given = "neither" if ids is None else "both"
            raise TypeError(
                f"{method} takes samples by their positions or by their ids. Got {given}. Hint: "
                "pass positions in X_pool first, or names as ids=."
            )
        if ids is None:
            hint = "pass names as ids=." if self._samples.are_named else OF_POSITIONS
            return check_positions(indices, self._pool.n_samples, hint)
        return self._samples.positions(ids)

    def _given_samples(self, method: str, X: Any, ids: Any) -> Any:
        if (X is None) == (ids is None):
            given = "neither" if ids is None else "both"
            raise TypeError(
                f"{method} takes samples, or the ids of samples of the pool. Got {given}. Hint: "
                "pass samples first, or names as ids=."
            )
        if ids is not None:
            return take_rows(self.X_pool, self._samples.positions(ids))
        names = "pass names as ids=."
        check_is_samples(X, "X", hint=names if self._samples.are_named else LOADERS)
        return X
