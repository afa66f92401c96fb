"""Linear maps that differ from a multiple of the identity in few directions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import svd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skactive._engine.numbers import as_numbers

DTYPES = (np.float64, np.float32)


class NearIdentityMap(OneToOneFeatureMixin, TransformerMixin, BaseEstimator, ABC):
    """A map x ↦ scale · x + (x · directionsᵀ) changes, learnt from labelled samples.

    Labelled samples carry no information about the directions outside of their span: there, the
    map is `scale_` times the identity. With fewer samples than features, this also keeps the cost
    low.
    """

    scale_: float
    directions_: np.ndarray
    changes_: np.ndarray

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn the map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Labelled samples.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self : NearIdentityMap
            The fitted transformer.
        """
        features, labels = validate_data(self, as_numbers(X, "X"), y, dtype=DTYPES)
        check_classification_targets(labels)
        _, codes = np.unique(labels, return_inverse=True)
        learnt = self._learn(features.astype(np.float64, copy=False), codes)
        if learnt is None:
            empty = np.empty((0, features.shape[1]))
            learnt = 1.0, empty, empty
        scale, directions, changes = learnt
        self.scale_ = float(scale)
        self.directions_ = directions.astype(features.dtype, copy=False)
        self.changes_ = changes.astype(features.dtype, copy=False)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Map samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
            The mapped samples, float32 if X is float32.
        """
        check_is_fitted(self)
        features: np.ndarray = validate_data(self, as_numbers(X, "X"), dtype=DTYPES, reset=False)
        directions, changes = (
            part.astype(features.dtype, copy=False) for part in (self.directions_, self.changes_)
        )
        mapped = (features @ directions.T) @ changes
        mapped += features.dtype.type(self.scale_) * features
        return np.asarray(mapped)

    @abstractmethod
    def _learn(
        self, X: np.ndarray, codes: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray] | None:
        """Return scale, directions and changes, or None if the map is the identity."""

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def principal_directions(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an orthonormal basis of the row space, and the length of X along each direction.

    Parameters
    ----------
    X : array of shape (n_samples, n_features)

    Returns
    -------
    directions : array of shape (rank, n_features)
    lengths : array of shape (rank,)
        Singular values, largest first.
    """
    _, lengths, directions = svd(X, full_matrices=False, check_finite=False)
    floor = lengths.max(initial=0.0) * max(X.shape) * np.finfo(np.float64).eps
    rank = int((lengths > floor).sum())
    return directions[:rank], lengths[:rank]
