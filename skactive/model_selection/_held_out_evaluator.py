"""The test part of a split, scored after each answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from skactive._engine.label_arrays import union
from skactive._estimators import keeps_stages
from skactive.learner import ActiveLearner
from skactive.model_selection._held_out_predictions import (
    can_predict,
    held_out_predictions,
    known_rows,
)
from skactive.model_selection._recorded_predictions import (
    PartlyLabeledClassifier,
    recorded_stages,
)
from skactive.model_selection._scoring import Scorer, reads_only_predictions


class HeldOutEvaluator:
    """Score the classifier of a learner on the test part of a split, after each answer.

    Parameters
    ----------
    learner : ActiveLearner
        The learner.
    X : array-like of length n_test
        The test samples.
    y : ndarray of shape (n_test,)
        Their true labels.
    classes : ndarray of shape (n_classes,)
        All classes, sorted; empty if labels are numbers.
    scorer : callable or None
        The score; None is the accuracy of classes. Scorers of scikit-learn get recorded
        predictions, any other function gets the fitted estimator.
    may_defer : bool, default=False
        Whether labels are never revised. A classifier that predicts its own stages, such as
        nearest neighbours, is then scored at the end: `is_deferred` is True, and `staged_scores`
        returns the scores of all stages.
    """

    def __init__(
        self,
        learner: ActiveLearner,
        X: Any,
        y: np.ndarray,
        classes: np.ndarray,
        scorer: Scorer | None,
        *,
        may_defer: bool = False,
    ) -> None:
        self._learner = learner
        self._X = X
        self._y = y
        self._classes = classes
        self._scorer = scorer
        records = scorer is None or reads_only_predictions(scorer)
        self.is_deferred = may_defer and records and keeps_stages(learner.pool.estimator)
        if records and not self.is_deferred:
            self._predictions = held_out_predictions(learner, X)

    def score(self, *, revised: bool = False) -> float:
        """Return the score after the last answers, which may have revised earlier labels."""
        known = self._learner.classes_
        # An oracle may answer with a class that `y` does not have.
        are_sets = self._learner.pool.target.kind == "multilabel"
        classes = known if are_sets else union(self._classes, known)
        if self._scorer is not None and not reads_only_predictions(self._scorer):
            return float(self._scorer(self._stage(classes), self._X, self._y))
        predictions = self._predictions
        if revised:
            predictions.reset()
        else:
            predictions.update()
        if self._scorer is None:
            return float(np.mean(predictions.labels() == self._y))
        complete = not predictions.are_pooled and len(known) == len(classes)
        # scikit-learn's scorers fail with some classifiers of several labels themselves.
        if complete and not are_sets and can_predict(self._learner):
            return float(self._scorer(self._learner.fitted_estimator(), self._X, self._y))
        return float(self._scorer(predictions.recorded(classes), self._X, self._y))

    def _stage(self, classes: np.ndarray) -> Any:
        """Return the fitted estimator; a classifier with a probability for each of all classes."""
        known = self._learner.classes_
        if len(known) == 1 or not can_predict(self._learner):
            # There are too few labels: predict the most frequent one, or the mean of numbers.
            kind = self._learner.pool.target.kind
            are_sets = kind == "multilabel"
            labels = known_rows(self._learner) if are_sets else self._learner.labels
            constant = DummyRegressor() if kind == "continuous" else DummyClassifier()
            fitted = constant.fit(np.zeros((len(labels), 1)), labels)
        else:
            fitted = self._learner.fitted_estimator()
        return fitted if len(known) == len(classes) else PartlyLabeledClassifier(fitted, classes)

    def staged_scores(self, batch_size: int) -> Iterator[float]:
        """Yield the score after each batch of answers, from the stages of the classifier."""
        classifier, features = self._learner.pool.estimator, self._learner.features(self._X)
        n_labeled = len(self._learner.labeled)
        ends = {*range(batch_size, n_labeled, batch_size), n_labeled}
        if self._scorer is None:
            for stage, predicted in enumerate(classifier.staged_predict(features), start=1):
                if stage in ends:
                    yield float(np.mean(predicted == self._y))
            return
        for stage, recorded in enumerate(
            recorded_stages(classifier, features, self._classes), start=1
        ):
            if stage in ends:
                yield float(self._scorer(recorded, self._X, self._y))
