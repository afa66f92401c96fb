"""The base class of estimators that store labelled samples by id."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, validate_data

from skactive._contracts._target import Target
from skactive._engine.labeled_samples import LabeledSamples
from skactive._engine.numbers import as_numbers
from skactive._engine.targets import recorded_labels
from skactive._validation import are_plain_features, with_canonical_rows

DTYPES = (np.float64, np.float32)


class SampleStoringEstimator(BaseEstimator, metaclass=ABCMeta):
    """Base class that adds, removes and relabels stored samples, and checks features and labels.

    Attributes
    ----------
    stored_target : Target
        The kind of labels. Each class sets its own.
    """

    stored_target: ClassVar[Target]
    max_labeled: int | None

    @abstractmethod
    def check_parameters(self) -> None:
        """Raise if a parameter is invalid."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Remove all stored samples, and store labelled samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels: strings, integers or booleans of classes, or numbers of a regression.

        Returns
        -------
        self : SampleStoringEstimator
            The fitted estimator.
        """
        self.check_parameters()
        features, labels = self._validated(X, y, reset=True)
        self._labeled = LabeledSamples(
            features, labels, max_labeled=self.max_labeled, target=self.stored_target
        )
        self.last_ids_ = np.arange(len(labels))
        return self

    def add_labeled(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Store further labelled samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples, with the same number of features as those stored before.
        y : array-like of shape (n_samples,)
            Their labels. Those of new classes extend `classes_`.

        Returns
        -------
        self : SampleStoringEstimator
            The estimator with the new samples. `last_ids_` has their ids.
        """
        return self._add(X, y, classes=None)

    def remove_labeled(self, indices: ArrayLike) -> Self:
        """Remove labelled samples, as if they had never been added.

        Parameters
        ----------
        indices : int or array-like of int of shape (n_samples,)
            The ids of the samples, see `labeled_indices_`.

        Returns
        -------
        self : SampleStoringEstimator
            The estimator without the samples.
        """
        labeled = self._fitted()
        labeled.remove(labeled.check_ids(indices))
        return self

    def relabel(self, indices: ArrayLike, y: ArrayLike) -> Self:
        """Replace the labels of labelled samples.

        Parameters
        ----------
        indices : int or array-like of int of shape (n_samples,)
            The ids of the samples, see `labeled_indices_`.
        y : array-like of shape (n_samples,)
            Their new labels.

        Returns
        -------
        self : SampleStoringEstimator
            The estimator with the new labels.
        """
        labeled = self._fitted()
        ids, labels = labeled.check_ids(indices), recorded_labels(y, self.stored_target)
        check_consistent_length(ids, labels)
        labeled.check_labels(labels)
        labeled.relabel(ids, labels)
        return self

    def labeled_samples(self) -> tuple[Any, np.ndarray | None]:
        """Return the stored samples and their labels.

        Returns
        -------
        X : {ndarray, CSR matrix} of shape (`n_samples_fit_`, n_features) or None
            The samples, in the order of `labeled_indices_`. None if no sample is stored.
        y : ndarray of shape (`n_samples_fit_`,) or None
            Their labels. None if no sample is stored.
        """
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        if labeled is None or len(labeled) == 0:
            return None, None
        order = np.argsort(labeled.ids)
        return labeled.rows.X[order], labeled.labels[order]

    @property
    def n_samples_fit_(self) -> int:
        """Number of stored samples."""
        return len(self._stored("n_samples_fit_"))

    @property
    def n_samples_seen_(self) -> int:
        """Number of samples added since `fit`, removed ones included; the id of the next sample."""
        return self._stored("n_samples_seen_").next_id

    @property
    def labeled_indices_(self) -> np.ndarray:
        """The ids of the stored samples, ascending."""
        return np.sort(self._stored("labeled_indices_").ids)

    @property
    def y_labeled_(self) -> np.ndarray:
        """The labels of the stored samples, in the order of `labeled_indices_`."""
        labeled = self._stored("y_labeled_")
        return np.asarray(labeled.labels[np.argsort(labeled.ids)])

    def _check_labels(self, labels: np.ndarray, classes: np.ndarray | None) -> None:
        """Raise if validated labels cannot be stored. Any can, by default."""

    def _add(self, X: Any, y: Any, *, classes: np.ndarray | None) -> Self:
        self.check_parameters()
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        X, labels = self._validated(X, y, reset=labeled is None, classes=classes)
        if labeled is None:
            self._labeled = LabeledSamples(X, labels, classes, self.max_labeled, self.stored_target)
            self.last_ids_ = np.arange(len(labels))
        else:
            self.last_ids_ = labeled.add(X, labels, self.max_labeled)
        return self

    def _validated(
        self, X: Any, y: Any, *, reset: bool, classes: np.ndarray | None = None
    ) -> tuple[Any, np.ndarray]:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        labels = recorded_labels(y, self.stored_target)
        self._check_labels(labels, classes)
        if classes is not None or not reset:
            known = classes if reset else self._labeled.classes
            self.stored_target.check_alike(np.asarray(known), labels)
        attributes = self.__dict__.copy()
        try:
            X = self._checked_features(X, reset=reset, ensure_min_samples=1 if reset else 0)
            if X.shape[0] != len(labels):
                check_consistent_length(X, labels)
        except (TypeError, ValueError):
            # With `reset`, scikit-learn sets `n_features_in_` before it checks the values of X.
            self.__dict__.clear()
            self.__dict__.update(attributes)
            raise
        return X, labels

    def _checked_features(self, X: Any, *, reset: bool = False, ensure_min_samples: int = 1) -> Any:
        has_names = hasattr(self, "feature_names_in_")
        if not (reset or has_names) and are_plain_features(X, self.n_features_in_, DTYPES):
            return X
        checked = validate_data(
            self,
            as_numbers(X, "X"),
            reset=reset,
            accept_sparse="csr",
            dtype=DTYPES,
            order="C",
            ensure_min_samples=ensure_min_samples,
        )
        return with_canonical_rows(checked)

    def _fitted(self) -> LabeledSamples:
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        if labeled is None or not labeled.is_known:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet: it has no labelled "
                "samples. Hint: call 'fit' or 'add_labeled' first."
            )
        return labeled

    def _stored(self, attribute: str) -> LabeledSamples:
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        if labeled is None:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {attribute!r} before 'fit'"
            )
        return labeled

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "_labeled", None) is not None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
