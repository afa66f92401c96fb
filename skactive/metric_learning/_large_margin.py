"""Large margin nearest neighbours: the optimiser of metric-learn as a transformer."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from skactive._optional import not_installed
from skactive._validation import check_integer
from skactive.metric_learning._near_identity import NearIdentityMap, principal_directions


class LargeMarginNearestNeighbor(NearIdentityMap):
    """Move neighbours of one class together, and samples of other classes beyond a margin.

    A linear map is trained by metric-learn's LMNN, starting from the identity. The targets of a
    labelled sample are its nearest samples of the same class. The loss is the mean of the squared
    distances to the targets, plus a hinge loss on samples of other classes that are closer than a
    target plus a margin. Use it before a classifier with the Euclidean metric.

    Parameters
    ----------
    n_neighbors : int, default=3
        Number of targets of each sample, at least 1. At most the size of the smallest class minus
        1, where classes of one sample do not count.
    max_iter : int, default=100
        Maximum number of steps of gradient descent, at least 1.

    Attributes
    ----------
    n_neighbors_ : int
        Number of targets of each sample; 0 if the map is the identity.
    n_iter_ : int
        Number of steps.
    scale_ : float
        Factor of the directions outside the span of the labelled samples: 1.
    directions_ : ndarray of shape (rank, n_features)
        Orthonormal basis of the span of the labelled samples.
    changes_ : ndarray of shape (rank, n_features)
        The vector that a unit along each direction adds to the mapped sample.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if X had string names.

    Raises
    ------
    ImportError
        If metric-learn is not installed, in `fit`.
    ValueError
        If a parameter is outside its range.

    See Also
    --------
    sklearn.neighbors.NeighborhoodComponentsAnalysis : The same aim with a smooth loss.
    ContrastiveMap : For classifiers with the cosine metric, and much faster.

    Notes
    -----
    A step costs O(n_samples² · rank), plus O(rank²) for each pair of samples of different classes
    within the margin. The rank is at most min(n_samples, n_features): if that is too slow, use
    `sklearn.decomposition.PCA` first. The result is deterministic.

    The margin is the mean squared distance of the samples to their targets, so that the map does
    not depend on the unit of the features. A sample that is alone in its class is left out. If
    fewer than two classes have two samples, the map is the identity.

    References
    ----------
    K. Weinberger and L. Saul, "Distance metric learning for large margin nearest neighbor
    classification", Journal of Machine Learning Research 10, 2009.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skactive.metric_learning import LargeMarginNearestNeighbor
    >>> X, y = load_iris(return_X_y=True)
    >>> LargeMarginNearestNeighbor().fit_transform(X, y).shape  # doctest: +SKIP
    (150, 4)
    """

    n_neighbors_: int
    n_iter_: int

    def __init__(self, n_neighbors: int = 3, *, max_iter: int = 100) -> None:
        self.n_neighbors = n_neighbors
        self.max_iter = max_iter

    def _learn(
        self, X: np.ndarray, codes: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray] | None:
        n_neighbors = check_integer(self, "n_neighbors", self.n_neighbors, minimum=1)
        max_iter = check_integer(self, "max_iter", self.max_iter, minimum=1)
        lmnn = unchecked_lmnn()
        self.n_neighbors_, self.n_iter_ = 0, 0
        counts = np.bincount(codes)
        if (counts > 1).sum() < 2:
            return None
        accompanied = counts[codes] > 1
        X, codes = X[accompanied], codes[accompanied]
        n_neighbors = min(n_neighbors, int(counts[counts > 1].min()) - 1)
        margin = mean_target_distance(X, codes, n_neighbors)
        directions, _ = principal_directions(X)
        if margin == 0 or len(directions) == 0:
            return None
        rank = len(directions)
        # Gradients are products of L with differences of samples, so L changes only in their span.
        learner = lmnn(
            init=np.eye(rank),
            n_components=rank,
            n_neighbors=n_neighbors,
            min_iter=min(10, max_iter),
            max_iter=max_iter,
            # Both refer to sums over samples. A step that is too long is halved until it fits.
            learn_rate=1 / len(X),
            convergence_tol=1e-3 * len(X),
        )
        learner.fit(X @ directions.T / np.sqrt(margin), codes)
        self.n_neighbors_, self.n_iter_ = n_neighbors, int(learner.n_iter_)
        return 1.0, directions, (learner.components_ - np.eye(rank)).T @ directions


def mean_target_distance(X: np.ndarray, codes: np.ndarray, n_neighbors: int) -> float:
    """Return the mean squared distance of samples to their nearest samples of the same class."""
    # Far from the origin, products lose the digits in which the samples differ.
    squares = euclidean_distances(X - X.mean(axis=0), squared=True)
    squares[codes[:, None] != codes] = np.inf
    np.fill_diagonal(squares, np.inf)
    return float(np.partition(squares, n_neighbors - 1, axis=1)[:, :n_neighbors].mean())


def unchecked_lmnn() -> type:
    """Return metric-learn's LMNN without its input validation.

    metric-learn 0.7 calls scikit-learn with `force_all_finite`, which scikit-learn 1.8 removed.
    The input is validated before. Remove this when metric-learn runs on scikit-learn 1.8.
    """
    try:
        from metric_learn import LMNN
    except ImportError as error:
        owner = "LargeMarginNearestNeighbor"
        raise not_installed(owner, "metric-learn", "metric") from error

    class UncheckedLMNN(LMNN):
        def _prepare_inputs(
            self, X: np.ndarray, y: np.ndarray, **_: Any
        ) -> tuple[np.ndarray, np.ndarray]:
            return X, y

    return UncheckedLMNN
