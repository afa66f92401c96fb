"""Base class of oracles: models of annotators that make errors."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator


class Oracle(ABC, BaseEstimator):
    """Base class of models of annotators that make errors.

    An oracle draws the votes of its annotators on every sample, and aggregates several votes into
    a label. A simulated loop calls `votes` once, and `labels` after each batch with the votes on
    all samples queried so far: if later votes change the label of an earlier sample, the
    classifier is corrected. An oracle has `get_params`, so that a grid over `BudgetedClassifier`
    tunes ``oracle__flip_rate``. For labels that are recorded or computed elsewhere, pass a
    function instead of a subclass.

    See Also
    --------
    NoisyOracle : One annotator with a given error rate.
    GaussianOracle : Measurements with an error, if labels are numbers.
    AnnotatorPanel : Several annotators, whose votes are counted or weighted.

    Examples
    --------
    An annotator that gives every sample the most frequent class:

    >>> import numpy as np
    >>> from skactive.model_selection import Oracle
    >>> class MostFrequent(Oracle):
    ...     def votes(self, y, *, classes=None):
    ...         kinds, counts = np.unique(y, return_counts=True)
    ...         return np.full((len(y), 1), kinds[counts.argmax()])
    ...     def labels(self, votes):
    ...         return votes[:, 0]
    >>> oracle = MostFrequent()
    >>> oracle.labels(oracle.votes(["ash", "elm", "ash"])).tolist()
    ['ash', 'ash', 'ash']
    """

    # The kinds of labels that it can draw, see `skactive.base.Target`. None means any.
    target_kinds: frozenset[str] | None = None

    @abstractmethod
    def votes(self, y: ArrayLike, *, classes: ArrayLike | None = None) -> np.ndarray:
        """Return the vote of each annotator on every sample.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            The true labels.
        classes : array-like of shape (n_classes,), default=None
            All classes, sorted; None takes those of `y`. It is None if labels are numbers.

        Returns
        -------
        votes : ndarray of shape (n_samples, n_annotators)
            Labels.
        """

    @abstractmethod
    def labels(self, votes: np.ndarray) -> np.ndarray:
        """Aggregate the votes on each sample into a label.

        Parameters
        ----------
        votes : ndarray of shape (n, n_annotators)
            Rows of the result of `votes`: those of all samples queried so far, in the order of
            the queries.

        Returns
        -------
        labels : ndarray of shape (n,)
            One for each row.
        """
