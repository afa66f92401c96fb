"""Predictions for held-out samples, kept up to date label by label."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from skactive._engine.cache import LOOP_CACHE
from skactive._estimators import as_dense
from skactive._rows import n_samples_of
from skactive.base import HasPosteriorSource
from skactive.learner import ActiveLearner
from skactive.model_selection._recorded_predictions import (
    RecordedMeans,
    RecordedPredictions,
    RecordedSets,
)
from skactive.model_selection._several_labels import usual_labels
from skactive.pool import Pool


class HeldOutPredictions:
    """Predict held-out samples with the classifier of a learner, after each of its answers.

    The samples are a pool of their own for classifiers with a posterior source, in which a label
    changes only the probabilities that depend on it. Any other classifier predicts all samples
    again.

    Parameters
    ----------
    learner : ActiveLearner
        The learner.
    X : array-like of length n_samples
        The held-out samples.
    """

    def __init__(self, learner: ActiveLearner, X: Any) -> None:
        self._learner = learner
        self._X = X
        self._pool: Pool | None = None
        self._n_answers = 0
        classifier = learner.pool.estimator
        # A classifier that learns from the pool as well has another source for other samples.
        self._source = getattr(classifier, "outside_posterior_source", None)
        self._has_source = self._source is not None or isinstance(classifier, HasPosteriorSource)
        if self._has_source:
            self._features = learner.features(X)
        self.reset()

    @property
    def are_pooled(self) -> bool:
        """Whether the samples are a pool of their own."""
        return self._pool is not None

    def reset(self) -> None:
        """Discard all labels, and add those that the learner has now."""
        if self._has_source:
            self._pool = Pool(
                self._features,
                estimator=self._learner.pool.estimator,
                posterior_source=self._source,
                target=self._learner.pool.target,
                cache=LOOP_CACHE,
            )
            self._add(self._learner.labeled, self._learner.labels)
        self._n_answers = len(self._learner.answered)

    def update(self) -> None:
        """Add the answers that the learner got since the last call."""
        if self._has_source:
            new = slice(self._n_answers, None)
            self._add(self._learner.answered[new], self._learner.answers[new])
        self._n_answers = len(self._learner.answered)

    def labels(self) -> np.ndarray:
        """Return the predicted labels, shape (n_samples,)."""
        posterior = self._posterior()
        if posterior is not None:
            return np.asarray(self._known()[posterior.argmax(axis=1)])
        if not self._can_predict():
            return np.repeat(most_frequent(self._learner.labels), n_samples_of(self._X))
        return self._learner.predict(self._X)

    def probabilities(self, classes: np.ndarray) -> np.ndarray:
        """Return the probability of each class, shape (n_samples, n_classes).

        Parameters
        ----------
        classes : ndarray of shape (n_classes,)
            The classes of the columns, sorted, with all that the learner knows among them.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            0 for a class that the learner does not know yet; without `predict_proba`, 1 for the
            predicted label.
        """
        probabilities = np.zeros((n_samples_of(self._X), len(classes)))
        posterior = self._posterior()
        if posterior is None and self._predicts_probabilities():
            posterior = self._learner.predict_proba(self._X)
        if posterior is None:
            winners = np.searchsorted(classes, self.labels())
            probabilities[np.arange(len(winners)), winners] = 1.0
        else:
            probabilities[:, np.searchsorted(classes, self._known())] = posterior
        return probabilities

    def recorded(self, classes: np.ndarray) -> Any:
        """Return the predictions with the interface of an estimator.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,)
            As in `probabilities`.

        Returns
        -------
        recorded : RecordedPredictions, RecordedMeans or RecordedSets
            What a scorer takes.
        """
        return RecordedPredictions(classes, self.probabilities(classes))

    def _predicts_probabilities(self) -> bool:
        return self._can_predict() and hasattr(self._learner.estimator, "predict_proba")

    def _can_predict(self) -> bool:
        """Return whether there are enough labels for the classifier."""
        return len(self._learner.classes_) > 1 and can_predict(self._learner)

    def _posterior(self) -> np.ndarray | None:
        return None if self._pool is None else self._pool.posterior()

    def _known(self) -> np.ndarray:
        source = None if self._pool is None else self._pool.posterior_source
        return self._learner.classes_ if source is None else source.classes

    def _add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        if self._pool is not None and len(positions):
            self._pool.add_labeled(self._learner.pool.X[positions], labels)


class HeldOutMeans(HeldOutPredictions):
    """Predict held-out samples with the regressor of a learner, after each of its answers."""

    def labels(self) -> np.ndarray:
        posterior = self._posterior()
        if posterior is not None:
            return posterior[:, 0]
        if not can_predict(self._learner):
            return np.full(n_samples_of(self._X), self._learner.labels.mean())
        return self._learner.predict(self._X)

    def recorded(self, classes: np.ndarray) -> Any:
        return RecordedMeans(self.labels())


class HeldOutSets(HeldOutPredictions):
    """Predict several labels of held-out samples, after each answer of a learner."""

    def labels(self) -> np.ndarray:
        posterior = self._posterior()
        if posterior is not None:
            return np.asarray(posterior > 0.5, dtype=np.int64)
        if not can_predict(self._learner):
            return np.tile(usual_labels(known_rows(self._learner)), (n_samples_of(self._X), 1))
        return as_dense(self._learner.predict(self._X))

    def recorded(self, classes: np.ndarray) -> Any:
        labels, posterior = self.labels(), self._posterior()
        if posterior is None and self._predicts_probabilities():
            posterior = self._learner.predict_proba(self._X)
        return RecordedSets(labels, labels.astype(np.float64) if posterior is None else posterior)


def held_out_predictions(learner: ActiveLearner, X: Any) -> HeldOutPredictions:
    """Return the predictions for held-out samples, by the kind of labels of a learner."""
    kinds = {"continuous": HeldOutMeans, "multilabel": HeldOutSets}
    return kinds.get(learner.pool.target.kind, HeldOutPredictions)(learner, X)


def known_rows(learner: ActiveLearner) -> np.ndarray:
    """Return the labels that a learner knows as rows of an indicator matrix."""
    return learner.pool.target.for_estimator(learner.labels, learner.classes_)


def can_predict(learner: ActiveLearner) -> bool:
    """Return whether a learner has enough labels for a prediction."""
    try:
        learner.fitted_estimator()
    except NotFittedError:
        return False
    return True


def most_frequent(labels: np.ndarray) -> np.ndarray:
    """Return the most frequent label, shape (1,): the prediction while there are too few labels."""
    classes, counts = np.unique(labels, return_counts=True)
    return classes[[counts.argmax()]]
