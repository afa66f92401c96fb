"""Projections of samples into the plane."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import TransformerMixin, clone
from sklearn.decomposition import PCA, TruncatedSVD

from skactive._optional import not_installed
from skactive._text import shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PROJECTIONS = ["pca", "umap"]


def project(
    owner: str,
    features: np.ndarray | sp.csr_matrix,
    projection: str | TransformerMixin | ArrayLike,
    random_state: int | np.random.RandomState | None,
) -> tuple[np.ndarray, tuple[str, str]]:
    """Return points in the plane, and the names of the axes.

    Parameters
    ----------
    owner : str
        The class named in error messages.
    features : {ndarray, sparse matrix} of shape (n_samples, n_features)
        The samples.
    projection : {'pca', 'umap'}, transformer or array-like of shape (n_samples, 2)
        The projection, or its result. A transformer is cloned.
    random_state : int, RandomState instance or None
        The random state of 'pca' and 'umap'.

    Returns
    -------
    coordinates : ndarray of shape (n_samples, 2)
        The points.
    axis_names : tuple of (str, str)
        The names of the axes.
    """
    n_samples = features.shape[0]
    if isinstance(projection, str):
        if projection not in PROJECTIONS:
            raise ValueError(
                f"The 'projection' parameter of {owner} must be one of {PROJECTIONS}, a "
                f"transformer, or an array of shape (n_samples, 2). "
                f"Got {shown(projection)} instead."
            )
        if features.shape[1] == 2 and not sp.issparse(features):
            return np.asarray(features, dtype=float), ("feature 1", "feature 2")
        if projection == "umap":
            return _umap(owner, features, random_state), ("UMAP 1", "UMAP 2")
        return _principal_components(features, random_state)
    if hasattr(projection, "fit_transform"):
        transformer = clone(projection) if hasattr(projection, "get_params") else projection
        points, name = transformer.fit_transform(features), type(projection).__name__
        points = points.toarray() if sp.issparse(points) else points
        return _checked(owner, points, n_samples, name), (f"{name} 1", f"{name} 2")
    return _checked(owner, projection, n_samples, "the array"), ("", "")


def _principal_components(features: Any, random_state: Any) -> tuple[np.ndarray, tuple[str, str]]:
    n_samples, n_features = features.shape
    if min(n_samples, n_features) < 2:
        # One sample or one feature has no second component.
        column = features.toarray() if sp.issparse(features) else np.asarray(features)
        points = np.column_stack([column[:, 0], np.zeros(n_samples)])
        return points.astype(float), ("feature 1", "")
    kind = TruncatedSVD if sp.issparse(features) else PCA
    if kind is PCA:
        # scikit-learn may compute the covariance before it subtracts the mean.
        features = features - np.mean(features, axis=0, dtype=np.float64)
    # If all samples are equal, the shares of the variance are 0 / 0.
    with np.errstate(invalid="ignore", divide="ignore"):
        model = kind(2, random_state=random_state).fit(features)
    name = "singular vector" if kind is TruncatedSVD else "principal component"
    shares = np.nan_to_num(model.explained_variance_ratio_)
    first, second = (f"{name} {i} ({share:.0%} of variance)" for i, share in enumerate(shares, 1))
    return np.asarray(model.transform(features), dtype=float), (first, second)


def _umap(owner: str, features: Any, random_state: Any) -> np.ndarray:
    with warnings.catch_warnings():
        # umap-learn warns that its parametric variant, which is not used here, needs TensorFlow,
        # and that a fixed random state restricts it to one thread.
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        warnings.filterwarnings("ignore", "n_jobs value", UserWarning)
        try:
            import umap
        except ImportError as error:
            what = f"The projection 'umap' of {owner}"
            raise not_installed(what, "umap-learn", "umap") from error
        model = umap.UMAP(n_components=2, metric="cosine", random_state=random_state)
        return np.asarray(model.fit_transform(features), dtype=float)


def _checked(owner: str, points: Any, n_samples: int, source: str) -> np.ndarray:
    try:
        coordinates = np.asarray(points, dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"The 'projection' parameter of {owner} must be one of {PROJECTIONS}, a transformer, "
            f"or an array of shape (n_samples, 2). Got {shown(points)} instead."
        ) from error
    if coordinates.shape != (n_samples, 2):
        raise ValueError(
            f"A projection must have the shape ({n_samples}, 2), one point for each sample. "
            f"{source} gave shape {coordinates.shape} instead."
        )
    if not np.isfinite(coordinates).all():
        raise ValueError(f"A projection must have finite points. {source} has NaN or infinity.")
    return coordinates
