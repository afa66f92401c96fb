"""Where a pool gets the distribution of its predictions from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

RowFunction = Callable[[np.ndarray], np.ndarray]


class PosteriorSource(ABC):
    """Base class of the predictive distributions of a pool's samples, kept up to date.

    A row is the distribution of the label of a sample: class probabilities, or mean and standard
    deviation if labels are continuous, with two columns in place of n_classes. A classifier with a
    method ``posterior_source(pool)`` creates its own source. For any other
    classifier the pool calls `predict_proba` once after each change. A source knows which samples
    changed since it was last read, so that `of_rows` evaluates a function only for these.

    See Also
    --------
    skactive.neighbors.IncrementalKNeighborsClassifier.posterior_source : Creates one.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> pool = Pool([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])
    >>> pool = pool.add_labels([0, 1], ["apple", "pear"])
    >>> source = IncrementalKNeighborsClassifier().posterior_source(pool)
    >>> source.classes, source.rows([2]).round(2)
    (array(['apple', 'pear'], dtype='<U5'), array([[0.83, 0.17]]))
    """

    @property
    @abstractmethod
    def classes(self) -> np.ndarray:
        """The labels of the columns, sorted; empty if labels are continuous."""

    @abstractmethod
    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        """Return the class probabilities of given samples.

        Parameters
        ----------
        positions : ndarray of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        posterior : ndarray of shape (n, n_classes) or None
            None if no label is known or the classifier is not fitted.
        """

    @abstractmethod
    def of_rows(self, function: RowFunction, positions: np.ndarray) -> np.ndarray | None:
        """Return a row-wise function of the probabilities of given samples.

        Parameters
        ----------
        function : callable
            Maps an array of shape (n, n_classes) to one of shape (n,), row by row.
        positions : ndarray of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        values : ndarray of shape (n,) or None
            None if there are no probabilities.
        """

    def of_samples(self, function: RowFunction, is_wanted: np.ndarray) -> np.ndarray | None:
        """Return a row-wise function of the probabilities for every sample of the pool.

        Parameters
        ----------
        function : callable
            Maps an array of shape (n, n_classes) to one of shape (n,), row by row.
        is_wanted : ndarray of bool of shape (n_samples,)
            The samples whose values are wanted.

        Returns
        -------
        values : ndarray of shape (n_samples,) or None
            0 for samples that are not wanted; None if there are no probabilities.
        """
        positions = np.flatnonzero(is_wanted)
        values = self.of_rows(function, positions)
        if values is None:
            return None
        of_all = np.zeros(len(is_wanted))
        of_all[positions] = values
        return of_all

    @abstractmethod
    def labels_changed(self) -> None:
        """Take notice that labels of the pool, or the classifier, have changed."""

    @abstractmethod
    def held_out(self) -> np.ndarray | None:
        """Return the probabilities of each labelled sample without its own label.

        Returns
        -------
        posterior : ndarray of shape (n_labeled, n_classes) or None
            In the order of ``pool.labeled_samples()``, columns as in ``pool.classes_``; zeros for
            a sample about which nothing can be predicted. None if this takes more labels.
        """

    def held_out_predictions(self) -> np.ndarray | None:
        """Return the predictions of each labelled sample without its own label.

        Returns
        -------
        probabilities : ndarray of shape (n_labeled, n_classes) or None
            As `held_out` returns them. They differ from these if the classifier predicts by other
            probabilities than those of the source.
        """
        return self.held_out()

    @property
    def neighbors_params(self) -> dict[str, Any]:  # arguments of one method, of several types
        """Arguments of `PoolView.labeled_neighbors` under which neighbours are kept already."""
        return {}

    def peek(self, positions: np.ndarray) -> np.ndarray | None:
        """Return the probabilities of given samples, and keep those kept for other samples.

        Parameters
        ----------
        positions : ndarray of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        posterior : ndarray of shape (n, n_classes) or None
            As `rows` returns them.
        """
        return self.rows(positions)
