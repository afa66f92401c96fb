"""A classifier that stores labelled samples under numbers."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, validate_data

from skactive._engine.labeled_samples import LabeledSamples
from skactive._engine.labels import check_labels
from skactive._validation import are_plain_features

DTYPES = (np.float64, np.float32)


class SampleStoringClassifier(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Base class that adds, removes and relabels stored samples, and checks features and labels."""

    max_labeled: int | None

    @abstractmethod
    def check_parameters(self) -> None:
        """Raise if a parameter is invalid."""

    def fit(self, X: Any, y: Any) -> Self:
        """Forget everything, and store labelled samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels: strings, integers or booleans.

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The fitted classifier.
        """
        self.check_parameters()
        X, y = self._validated(X, y, reset=True)
        self._labeled = LabeledSamples(X, y, max_labeled=self.max_labeled)
        self.last_ids_ = np.arange(len(y))
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Store more labelled samples, of classes that may be declared beforehand.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,), default=None
            All classes there will be. Once declared in a first call, another label is an error
            here, as scikit-learn has it. Where they never are, labels extend `classes_`.

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The classifier, which knows the new labels.

        Raises
        ------
        ValueError
            If `classes` differs from what was declared before, or y has another label.
        """
        known = getattr(self, "_labeled", None)
        declared = None if classes is None else np.unique(check_labels(classes))
        if (
            known is not None
            and declared is not None
            and not np.array_equal(declared, known.classes)
        ):
            raise ValueError(
                f"`classes={declared.tolist()}` is not the same as on the last call to "
                f"partial_fit, was: {known.classes.tolist()}."
            )
        if known is not None and declared is None and known.declared is not None:
            declared = known.classes
        return self._add(X, y, classes=declared)

    def add_labeled(self, X: Any, y: Any) -> Self:
        """Store labelled samples, so that the next prediction knows them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples, of as many features as those before.
        y : array-like of shape (n_samples,)
            Their labels. One never seen before extends `classes_`.

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The classifier, which knows the new labels.
        """
        return self._add(X, y, classes=None)

    def remove_labeled(self, indices: Any) -> Self:
        """Forget labelled samples, as if they had never been added.

        Parameters
        ----------
        indices : int or array-like of int of shape (n_samples,)
            Which samples, by their numbers in the order they were added (`labeled_indices_`).

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The classifier without them.
        """
        labeled = self._fitted()
        labeled.remove(labeled.check_ids(indices))
        return self

    def relabel(self, indices: Any, y: Any) -> Self:
        """Replace the labels of labelled samples.

        Parameters
        ----------
        indices : int or array-like of int of shape (n_samples,)
            Which samples, by their numbers in the order they were added (`labeled_indices_`).
        y : array-like of shape (n_samples,)
            Their labels from now on.

        Returns
        -------
        self : IncrementalKNeighborsClassifier
            The classifier, which knows the new labels.
        """
        labeled = self._fitted()
        ids, labels = labeled.check_ids(indices), check_labels(y)
        check_consistent_length(ids, labels)
        labeled.relabel(ids, labels)
        return self

    def labeled_samples(self) -> tuple[Any, np.ndarray | None]:
        """Return the labelled samples that are stored.

        Returns
        -------
        X : {ndarray, CSR matrix} of shape (`n_samples_fit_`, n_features) or None
            The samples, in the order of `labeled_indices_`; None before any was added.
        y : ndarray of shape (`n_samples_fit_`,) or None
            Their labels.
        """
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        if labeled is None or len(labeled) == 0:
            return None, None
        order = np.argsort(labeled.ids)
        return labeled.rows.X[order], labeled.labels[order]

    def follow(self, labeled: LabeledSamples, n_features: int) -> None:
        """Vote among samples that another classifier stores.

        Parameters
        ----------
        labeled : LabeledSamples
            Where they are stored; it is not copied.
        n_features : int
            Their number of features.
        """
        self._labeled = labeled
        self.n_features_in_ = n_features

    @property
    def classes_(self) -> np.ndarray:
        """The labels seen so far and those declared, sorted."""
        return self._stored("classes_").classes

    @property
    def declared_classes_(self) -> np.ndarray | None:
        """The classes that `partial_fit` was told of, or None."""
        return self._stored("declared_classes_").declared

    @property
    def n_samples_fit_(self) -> int:
        """How many labelled samples are stored."""
        return len(self._stored("n_samples_fit_"))

    @property
    def n_samples_seen_(self) -> int:
        """How many samples were ever added: the number the next one will have."""
        return self._stored("n_samples_seen_").next_id

    @property
    def labeled_indices_(self) -> np.ndarray:
        """The numbers of the stored samples, in ascending order."""
        return np.sort(self._stored("labeled_indices_").ids)

    @property
    def y_labeled_(self) -> np.ndarray:
        """The labels of the stored samples, in the order of `labeled_indices_`."""
        labeled = self._stored("y_labeled_")
        return np.asarray(labeled.labels[np.argsort(labeled.ids)])

    def _add(self, X: Any, y: Any, *, classes: np.ndarray | None) -> Self:
        self.check_parameters()
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        X, labels = self._validated(X, y, reset=labeled is None, classes=classes)
        if labeled is None:
            self._labeled = LabeledSamples(X, labels, classes, self.max_labeled)
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
        labels = check_labels(y)
        unknown = [] if classes is None else labels[~np.isin(labels, classes)].tolist()
        if unknown:
            raise ValueError(
                f"y has the label {unknown[0]!r}, which is not in `classes`: "
                f"{np.asarray(classes).tolist()}. Hint: `add_labeled` extends the classes."
            )
        if not reset:
            self._labeled.check_labels(labels)
        noted = self.__dict__.copy()
        try:
            X = self._checked_features(X, reset=reset, ensure_min_samples=1 if reset else 0)
            if X.shape[0] != len(labels):
                check_consistent_length(X, labels)
        except (TypeError, ValueError):
            # With `reset`, scikit-learn notes the features of X before it looks at their values.
            self.__dict__.clear()
            self.__dict__.update(noted)
            raise
        return X, labels

    def _checked_features(self, X: Any, *, reset: bool = False, ensure_min_samples: int = 1) -> Any:
        named = hasattr(self, "feature_names_in_")
        if not (reset or named) and are_plain_features(X, self.n_features_in_, DTYPES):
            return X
        return validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=DTYPES,
            order="C",
            ensure_min_samples=ensure_min_samples,
        )

    def _fitted(self) -> LabeledSamples:
        labeled: LabeledSamples | None = getattr(self, "_labeled", None)
        if labeled is None or len(labeled.classes) == 0:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet: it holds no labelled "
                "sample. Call 'fit' or 'add_labeled' with some first."
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
