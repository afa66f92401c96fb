"""Whoever answers in a loop that is played: what every model of people who err has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator


class Oracle(ABC, BaseEstimator):
    """Base class of models of people who err.

    They tell what would be said about every sample, and what several votes amount to. A loop
    that is played against recorded labels asks for `votes` once, and for `labels` after each
    batch, about all samples asked so far: where later votes change the label of an earlier
    sample, the classifier is corrected. The parameters are scikit-learn's, so that a grid over
    `BudgetedClassifier` tunes ``oracle__flip_rate``. For answers that are recorded or computed
    elsewhere, a function is enough, and no subclass is needed.

    See Also
    --------
    NoisyOracle : One person who errs at a given rate.
    AnnotatorPanel : Several, whose votes are counted or weighed.

    Examples
    --------
    A person who takes the rarer kind for the commoner one:

    >>> import numpy as np
    >>> from skactive.model_selection import Oracle
    >>> class Habit(Oracle):
    ...     def votes(self, y, *, classes=None):
    ...         kinds, counts = np.unique(y, return_counts=True)
    ...         return np.full((len(y), 1), kinds[counts.argmax()])
    ...     def labels(self, votes):
    ...         return votes[:, 0]
    >>> oracle = Habit()
    >>> oracle.labels(oracle.votes(["ash", "elm", "ash"])).tolist()
    ['ash', 'ash', 'ash']
    """

    @abstractmethod
    def votes(self, y: ArrayLike, *, classes: ArrayLike | None = None) -> np.ndarray:
        """Return what each annotator would say about every sample.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            The true labels.
        classes : array-like of shape (n_classes,), default=None
            The labels there are, sorted; None takes those of `y`.

        Returns
        -------
        votes : ndarray of shape (n_samples, n_annotators)
            Labels.
        """

    @abstractmethod
    def labels(self, votes: np.ndarray) -> np.ndarray:
        """Return the labels that votes amount to.

        Parameters
        ----------
        votes : ndarray of shape (n, n_annotators)
            Rows of what `votes` returned, those of all samples asked so far, in the order in
            which they were asked.

        Returns
        -------
        labels : ndarray of shape (n,)
            One for each row.
        """
