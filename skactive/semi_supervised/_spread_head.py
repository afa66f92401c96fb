"""A ridge regression from features to spread labels, on a kernel map of bounded size."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from sklearn.utils.extmath import safe_sparse_dot

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, row_scaled
from skactive._engine.norms import squared_sums

Features: TypeAlias = np.ndarray | sp.csr_matrix

# Number of nodes that the regression is fitted to, and of landmarks of its kernel.
N_FITTED = 5_000
N_LANDMARKS = 300

# The width of the kernel is the median distance of a landmark to this one of the others.
WIDTH_NEIGHBOR = 10

# Strengths of the ridge among which generalised cross-validation chooses.
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)

# Eigenvalues of the kernel below this share of the largest are rounding errors.
LEAST_VALUE = 1e-6

# Scores below 0 are set to 0, and this is added, so that no class is impossible.
LEAST_SCORE = 1e-3


class SpreadHead:
    """Predict class probabilities from features, after a regression on spread labels.

    The features are centred, for the cosine to unit length, and mapped to the Nyström features of
    a Gaussian kernel. The targets are the class probabilities of sampled nodes.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_nodes, n_features)
        The features of all nodes.
    metric : str
        The metric of the graph.

    Attributes
    ----------
    nodes : ndarray of int of shape (n_fitted,)
        The nodes whose class probabilities are the targets, ascending.
    place_of : ndarray of int of shape (n_nodes,)
        The position of each node in `nodes`, or -1.
    """

    def __init__(self, X: Features, metric: str) -> None:
        rng, n = np.random.default_rng(0), X.shape[0]
        self.nodes = np.arange(n)
        if n > N_FITTED:
            self.nodes = np.sort(rng.choice(n, N_FITTED, replace=False))
        self.place_of = np.full(n, -1, dtype=np.int32)
        self.place_of[self.nodes] = np.arange(len(self.nodes))
        chosen = rng.choice(len(self.nodes), min(n, N_LANDMARKS), replace=False)
        self._kernel = CenteredKernel(X[self.nodes], np.sort(chosen), is_cosine=metric == "cosine")
        mapped = self._kernel.map(X[self.nodes])
        self._center = mapped.mean(axis=0)
        mapped -= self._center
        # In the eigenvectors, each regression is a product of two matrices.
        values, self._vectors = np.linalg.eigh(mapped.T @ mapped)
        self._values = np.maximum(values, 0.0)
        self._mapped = mapped @ self._vectors

    def fit(self, targets: np.ndarray, intercept: np.ndarray) -> SpreadHead:
        """Fit the regression to the class probabilities of `nodes`.

        Parameters
        ----------
        targets : ndarray of shape (n_fitted, n_classes)
            Class probabilities.
        intercept : ndarray of shape (n_classes,)
            The probabilities at the mean of the mapped features.

        Returns
        -------
        self : SpreadHead
            The fitted regression.
        """
        centered = targets - targets.mean(axis=0)
        products = self._mapped.T @ centered
        squares, total = np.square(products).sum(axis=1), np.square(centered).sum()
        errors = np.empty(len(STRENGTHS))
        for place, strength in enumerate(STRENGTHS):
            factors = 1 / (self._values + strength)
            kept = self._values * factors
            freedom = len(centered) - 1 - kept.sum()
            rest = total - (squares * factors * (2 - kept)).sum()
            errors[place] = rest / freedom**2 if freedom > 0 else np.inf
        self._factors = 1 / (self._values + STRENGTHS[int(errors.argmin())])
        self._weights = self._factors[:, np.newaxis] * products
        self._intercept = intercept
        return self

    def map(self, X: Features) -> np.ndarray:
        """Return the mapped features of samples, shape (n, n_mapped)."""
        return np.asarray((self._kernel.map(X) - self._center) @ self._vectors)

    def map_nodes(self, nodes: np.ndarray, X: Features) -> np.ndarray:
        """Return the mapped features of nodes, given the features of all nodes."""
        places = self.place_of[nodes]
        mapped, others = self._mapped[places], places < 0
        if others.any():
            mapped[others] = self.map(X[nodes[others]])
        return mapped

    def predicted(self, X: Features) -> np.ndarray:
        """Return the class probabilities of samples, which are not mapped in between."""
        return self.normalized(self.products(X, self._weights))

    def products(self, X: Features, weights: np.ndarray) -> np.ndarray:
        """Return the products of mapped features and weights, shape (n, n_columns)."""
        weights = self._vectors @ weights
        return np.asarray(self._kernel.map(X, weights) - self._center @ weights)

    def probabilities(self, mapped: np.ndarray) -> np.ndarray:
        """Return the class probabilities of samples, given their mapped features."""
        return self.normalized(self.values(mapped))

    def normalized(self, scores: np.ndarray) -> np.ndarray:
        """Return class probabilities for values of the regression without the intercept."""
        scores = np.maximum(scores + self._intercept, 0.0)
        scores += LEAST_SCORE
        # Class by class, so that the sum of a row does not depend on the other rows.
        scores /= sum(scores.T)[:, np.newaxis]
        return scores

    def values(self, mapped: np.ndarray) -> np.ndarray:
        """Return the values of the regression without the intercept, shape (n, n_classes)."""
        return np.asarray(mapped @ self._weights)

    def smoother(self, mapped: np.ndarray) -> np.ndarray:
        """Return the derivative of values by the targets, shape (n, n_fitted)."""
        return np.asarray((mapped * self._factors) @ self._mapped.T)

    def regressed(self, mapped: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the regression of other targets at samples, with the same strength.

        Parameters
        ----------
        mapped : ndarray of shape (n, n_mapped)
            The mapped features of the samples.
        targets : ndarray of shape (n_fitted, n_targets)
            Numbers at `nodes`.

        Returns
        -------
        values : ndarray of shape (n, n_targets)
            Linear in the targets.
        """
        mean = targets.mean(axis=0)
        products = self._mapped.T @ (targets - mean)
        return np.asarray((mapped * self._factors) @ products + mean)


class CenteredKernel:
    """Nyström features of a Gaussian kernel of centred points.

    Sparse points are not centred in memory: their products are.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The features whose mean is the centre.
    chosen : ndarray of int of shape (n_landmarks,)
        The rows of X that are landmarks.
    is_cosine : bool
        Whether points have unit length, before and after they are centred.
    """

    def __init__(self, X: Features, chosen: np.ndarray, *, is_cosine: bool) -> None:
        self._is_cosine = is_cosine
        points = self._points(X)
        self._mean = np.asarray(points.mean(axis=0)).ravel()
        self._landmarks = points[chosen]
        squares = self._squared_distances(self._landmarks)
        self._width = _width(np.sqrt(squares))
        values, vectors = np.linalg.eigh(self._similarities(squares))
        is_kept = values > LEAST_VALUE * values[-1]
        self._projection = vectors[:, is_kept] / np.sqrt(values[is_kept])

    def map(self, X: Features, weights: np.ndarray | None = None) -> np.ndarray:
        """Return the features of samples, shape (n, n_mapped), or their products with weights."""
        projection = self._projection if weights is None else self._projection @ weights
        mapped = np.empty((X.shape[0], projection.shape[1]))
        for block in row_blocks(X.shape[0], 8 * (X.shape[1] + 3 * N_LANDMARKS)):
            squares = self._squared_distances(self._points(X[block]))
            mapped[block] = self._similarities(squares) @ projection
        return mapped

    def _points(self, X: Features) -> Any:  # dense or sparse
        points = X.astype(np.float64)
        return row_scaled(points, Rows(X).inverse_norms) if self._is_cosine else points

    def _similarities(self, squares: np.ndarray) -> np.ndarray:
        """Return the kernel of squared distances, in their memory."""
        squares /= -2 * self._width**2
        return np.exp(squares, out=squares)

    def _squared_distances(self, points: Any) -> np.ndarray:  # dense or sparse
        """Return the squared distances to the landmarks, shape (n, n_landmarks)."""
        landmarks, square = self._landmarks, float(self._mean @ self._mean)
        shifts, own_shifts = points @ self._mean - square, landmarks @ self._mean
        products = safe_sparse_dot(points, landmarks.T, dense_output=True)
        products -= shifts[:, np.newaxis]
        products -= own_shifts
        squares = np.maximum(squared_sums(points) - 2 * shifts - square, 0.0)
        own_squares = np.maximum(squared_sums(landmarks) - 2 * own_shifts + square, 0.0)
        if self._is_cosine:
            for sizes, axis in ((squares, 1), (own_squares, 0)):
                has_direction = sizes > LEAST_VALUE**2
                lengths = np.where(has_direction, np.sqrt(sizes), np.inf)
                products /= np.expand_dims(lengths, axis)
                sizes[:] = has_direction
        products *= -2
        products += squares[:, np.newaxis]
        products += own_squares
        return np.maximum(products, 0.0, out=products)


def _width(distances: np.ndarray) -> float:
    """Return the median distance of landmarks to one of their nearest, above 0."""
    distances = np.sort(distances, axis=1)
    place = min(WIDTH_NEIGHBOR, distances.shape[1] - 1)
    width = float(np.median(distances[:, place]))
    if width > 0:
        return width
    positive = distances[distances > 0]
    return float(np.median(positive)) if len(positive) else 1.0
