"""The kind of labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike


class Target(ABC):
    """Base class of the kinds of labels: validation, equality and storage in one place.

    A pool takes the target from its estimator: `CategoricalTarget` for a classifier,
    `ContinuousTarget` for a regressor. Another one can be passed to `skactive.Pool` and
    `skactive.ActiveLearner`.

    Attributes
    ----------
    kind : str
        'categorical' or 'continuous'. It decides what a row of ``pool.posterior()`` contains: class
        probabilities, or a mean and a standard deviation; and which measures and strategies the
        labels can be used with.

    Examples
    --------
    >>> from skactive.base import CategoricalTarget, Target
    >>> isinstance(CategoricalTarget(), Target)
    True
    """

    kind: ClassVar[str] = "categorical"

    @abstractmethod
    def validate(self, y: ArrayLike) -> np.ndarray:
        """Return labels as an array, or raise.

        Parameters
        ----------
        y : array-like of shape (n,)
            The labels. Validated ones are returned unchanged.

        Returns
        -------
        y : ndarray of shape (n,)
            The labels, all of one type.

        Raises
        ------
        ValueError
            If a label is missing or of another kind. The message names the label.
        """

    @abstractmethod
    def check_alike(self, known: np.ndarray, y: np.ndarray) -> None:
        """Raise if validated labels cannot be stored beside known ones.

        Parameters
        ----------
        known : ndarray of shape (n_known,)
            Labels that are stored.
        y : ndarray of shape (n,)
            New labels.

        Raises
        ------
        ValueError
            If the types do not go together. The message names a label of each.
        """

    @abstractmethod
    def to_plain(self, y: np.ndarray) -> list[Any]:  # JSON values
        """Return validated labels as JSON can store them, or raise.

        Parameters
        ----------
        y : ndarray of shape (n,)
            The labels.

        Returns
        -------
        labels : list
            `from_plain` returns equal labels for them.

        Raises
        ------
        TypeError
            If a label has no JSON form.
        """

    def from_plain(self, labels: Any) -> np.ndarray:  # JSON values
        """Return labels from the form in which JSON stores them: the inverse of `to_plain`.

        Parameters
        ----------
        labels : list
            What `to_plain` returned.

        Returns
        -------
        y : ndarray of shape (n,)
            Validated labels. By default the result of `validate`.
        """
        return self.validate(labels)

    @abstractmethod
    def differ(self, y: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return where two arrays of labels differ.

        Parameters
        ----------
        y, other : ndarray of shape (n,)
            Validated labels.

        Returns
        -------
        differ : ndarray of bool of shape (n,)
            Whether the labels are different.
        """
