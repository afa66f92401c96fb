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
        'categorical', 'continuous' or 'multilabel'. It decides what a row of ``pool.posterior()``
        contains: class probabilities, a mean and a standard deviation, or the probability of each
        label; and which measures and strategies the labels can be used with.
    declared : ndarray of shape (n_classes,) or None
        Classes that the target itself declares.

    Examples
    --------
    >>> from skactive.base import CategoricalTarget, Target
    >>> isinstance(CategoricalTarget(), Target)
    True
    """

    kind: ClassVar[str] = "categorical"

    @property
    def declared(self) -> np.ndarray | None:
        """Classes that the target itself declares, or None."""
        return None

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

    def check_answers(self, y: np.ndarray) -> None:
        """Raise if a validated label is no answer that can be learnt.

        By default each label is one.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Labels that a person gives to samples.

        Raises
        ------
        ValueError
            If a label says nothing about its sample. The message names its position.
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

    def names(self, y: np.ndarray) -> np.ndarray:
        """Return the classes that labels name.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Validated labels.

        Returns
        -------
        names : ndarray of shape (n_names,)
            By default the labels themselves.
        """
        return y

    def resolved(self, y: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Return the first labels of samples as they are stored.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Validated labels.
        classes : ndarray of shape (n_classes,)
            The classes known so far.

        Returns
        -------
        y : ndarray of shape (n,)
            By default the labels themselves. Labels that say nothing of some classes get a mark of
            these.
        """
        return y

    def replaced(self, y: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Return the labels of samples after new labels have replaced earlier ones.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Validated new labels.
        before : ndarray of shape (n,)
            The labels so far.

        Returns
        -------
        y : ndarray of shape (n,)
            By default the new labels. Labels that say nothing of some classes keep the others.
        """
        return y

    def completed(self, label: Any, before: Any) -> Any:  # a label of any kind
        """Return the label of a sample that is labelled already and gets another one.

        Parameters
        ----------
        label, before : label
            The new label, and that so far.

        Returns
        -------
        label : label or None
            None if they contradict each other. By default, equal labels alone do not.
        """
        return before if before == label else None

    def for_estimator(self, y: np.ndarray, classes: ArrayLike) -> np.ndarray:
        """Return labels as estimators take them.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Validated labels.
        classes : array-like of shape (n_classes,)
            All classes.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_classes)
            By default the labels themselves.
        """
        return y

    def from_estimator(self, y: Any, classes: np.ndarray) -> np.ndarray:  # an array or sparse
        """Return predictions of an estimator as labels: the inverse of `for_estimator`.

        Parameters
        ----------
        y : array-like of length n
            The predictions.
        classes : ndarray of shape (n_classes,)
            All classes.

        Returns
        -------
        y : ndarray of shape (n,)
            By default the predictions themselves.
        """
        return np.asarray(y)
