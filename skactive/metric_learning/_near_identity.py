"""Linear maps that differ from a multiple of the identity in few directions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from scipy.linalg import svd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

DTYPES = (np.float64, np.float32)


class NearIdentityMap(OneToOneFeatureMixin, TransformerMixin, BaseEstimator, ABC):
    """A map x ↦ scale · x + (x · directionsᵀ) changes, learnt from labelled samples.

    What labelled samples span says nothing of the directions outside: there the map is `scale_`
    times the identity. With fewer samples than features this is also what makes it cheap.
    """

    scale_: float
    directions_: np.ndarray
    changes_: np.ndarray

    def fit(self, X: Any, y: Any) -> Self:
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
        X, y = validate_data(self, X, y, dtype=DTYPES)
        check_classification_targets(y)
        _, codes = np.unique(y, return_inverse=True)
        learnt = self._learn(X.astype(np.float64, copy=False), codes)
        if learnt is None:
            learnt = 1.0, np.empty((0, X.shape[1])), np.empty((0, X.shape[1]))
        scale, directions, changes = learnt
        self.scale_ = float(scale)
        self.directions_ = directions.astype(X.dtype, copy=False)
        self.changes_ = changes.astype(X.dtype, copy=False)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Map samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
            The mapped samples, float32 where X is float32.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=DTYPES, reset=False)
        directions, changes = (
            part.astype(X.dtype, copy=False) for part in (self.directions_, self.changes_)
        )
        mapped = (X @ directions.T) @ changes
        mapped += X.dtype.type(self.scale_) * X
        return mapped

    @abstractmethod
    def _learn(
        self, X: np.ndarray, codes: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray] | None:
        """Return scale, directions and changes, or None where the map is the identity."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def principal_directions(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an orthonormal basis of what the rows span, and the length of X along each.

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
