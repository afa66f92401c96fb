"""Batches of large and different gradients of a linear classifier: BADGE."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.utils.extmath import row_norms, safe_sparse_dot

from skactive._engine.blocks import row_blocks
from skactive._engine.cold_start import (
    cold_start_utilities,
    has_two_classes,
    posterior_of_classes,
)
from skactive._estimators import check_classifier
from skactive._few_labels import fitted_copy
from skactive._random_state import random_numbers
from skactive.base import Classifier, PoolView
from skactive.strategies._base import QueryStrategy

# Rounded so that equal samples get equal probabilities.
DECIMALS = 12

# The rounding error of a squared distance, relative to the squared norms.
ROUNDING = 1e-12

# Directions with a smaller share of the largest variance are rounding errors.
RANK_TOLERANCE = 1e-10


class BADGE(QueryStrategy):
    """Choose candidates with large and different gradients of a linear classifier.

    For the predicted label ŷ, a linear last layer with probabilities p has the gradient g = (p -
    e_ŷ) ⊗ (h, 1), where h are the features. It is long if the prediction is uncertain, and its
    direction depends on the kind of sample. k-means++ spreads a batch over these gradients: the
    first sample has the longest one, each further sample is drawn with a probability proportional
    to its squared distance to the nearest one picked.

    Parameters
    ----------
    probe : classifier, default=None
        The linear classifier, with `predict_proba`. A copy is fitted to the features of the
        labelled samples, scaled to a mean square norm of 1 over the pool. None takes
        ``LogisticRegression(C=10)``.
    random_state : int, RandomState instance or None, default=None
        The seed of k-means++ and of the order of ties. None draws nothing: the farthest candidate
        is taken, and ties are broken by position.

    See Also
    --------
    ClusterMargin : Combines uncertainty and diversity by clusters.

    Notes
    -----
    Gradients are never stored: the squared norm of one is ‖p - e_ŷ‖² (‖h‖² + 1), the product of
    two is the product of their parts. `utilities` are squared norms, or squared distances to the
    nearest gradient picked; with a `random_state` these are divided by exponentially distributed
    random numbers, so that each is the largest with the probability of k-means++. The only
    component of `terms` is 'gradient'. Cost: fitting the probe, O(n_candidates · n_classes ·
    n_features) for the probabilities, O(n_candidates · n_features) for each further sample of a
    batch; memory O(n_candidates · n_classes).

    A query of one sample takes the longest gradient and draws nothing. Until labels of two classes
    are known there is no gradient: the first choice is the most central candidate, further ones
    are far from all labelled samples, by the same k-means++ on the features. If only the
    probabilities of a learner are known, as for a learner of modAL without `y_training`, they
    replace those of the probe.

    References
    ----------
    J. T. Ash, C. Zhang, A. Krishnamurthy, J. Langford and A. Agarwal, "Deep batch active learning
    by diverse, uncertain gradient lower bounds", ICLR 2020.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.strategies import BADGE
    >>> pool = Pool([[0.0], [1.0], [4.0], [6.0], [9.0], [10.0]]).add_labels([0, 5], ["a", "b"])
    >>> BADGE().select(pool, 2)[0]
    array([3, 2])
    """

    _component_name = "gradient"

    target_kinds = frozenset({"categorical"})

    def __init__(
        self,
        probe: Classifier | None = None,
        *,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.probe = probe

    def utilities(self, pool: PoolView) -> np.ndarray:
        if self.probe is not None:
            check_classifier(self.probe, "The 'probe' parameter of BADGE")
        whole = pool.whole
        gradients = pool.once_per_batch(self, lambda: self._gradients(whole))
        picked = pool.picked
        if gradients is None:
            values = cold_start_utilities(pool, "euclidean")
            is_first = pool.n_labeled == 0
            values = values if is_first else np.square(values)
        else:
            is_first = len(picked) == 0
            places = np.searchsorted(whole.candidates, pool.candidates)
            values = (gradients.squared_norms if is_first else gradients.nearest(picked))[places]
        if is_first or self.random_state is None:
            return values
        return values / self._exponentials(whole.n_samples, len(picked))[pool.candidates]

    def _gradients(self, pool: PoolView) -> Gradients | None:
        squares = pool.cached((BADGE, "squares"), lambda: squared_norms(pool.X))
        scale = 1 / np.sqrt(squares.mean()) if squares.any() else 1.0
        known = has_two_classes(pool)
        posterior = self._probed(pool, scale) if known else posterior_of_classes(pool)
        return None if posterior is None else Gradients(pool, posterior, squares, scale)

    def _probed(self, pool: PoolView, scale: float) -> np.ndarray | None:
        """Return the probe's probabilities of the candidates, shape (n_candidates, n_classes).

        None if there are too few labels for the probe.
        """
        X, y = pool.labeled_samples()
        scaled = X.astype(np.float64) * scale
        if self.probe is None:
            probe: Any = SpannedLogisticRegression().fit(scaled, y)
        else:
            probe = fitted_copy(self.probe, scaled, y)
        if probe is None:
            return None
        candidates = pool.candidates
        blocks = row_blocks(len(candidates), 16 * pool.X.shape[1])
        return np.vstack(
            [probe.predict_proba(pool.X[candidates[b]].astype(np.float64) * scale) for b in blocks]
        )

    def _exponentials(self, n_samples: int, n_picked: int) -> np.ndarray:
        if isinstance(self.random_state, int | np.integer):
            generator = np.random.default_rng((int(self.random_state), n_samples, n_picked))
            drawn = generator.standard_exponential(n_samples)
        else:
            drawn = random_numbers(self.random_state).standard_exponential(n_samples)
        return np.asarray(np.maximum(drawn, np.finfo(np.float64).tiny))


class SpannedLogisticRegression:
    """scikit-learn's logistic regression, fitted in at most as many dimensions as labels.

    The penalty keeps the solution in the span of the centred labelled samples, so that the
    result is the same if there are fewer labels than features.
    """

    def fit(self, X: Any, y: np.ndarray) -> SpannedLogisticRegression:
        """Find the coefficients of the features."""
        blank = LogisticRegression(C=10.0, max_iter=1000)
        if X.shape[0] > X.shape[1]:
            model = fitted_copy(blank, X, y)
            self._coefficients, self._intercept = model.coef_.T, model.intercept_
            return self
        products = safe_sparse_dot(X, X.T, dense_output=True)
        centered = products - products.mean(axis=0) - products.mean(axis=1, keepdims=True)
        centered += products.mean()
        squares, directions = np.linalg.eigh(centered)
        kept = squares > RANK_TOLERANCE * max(squares[-1], np.finfo(np.float64).tiny)
        lengths, directions = np.sqrt(squares[kept]), directions[:, kept]
        if not kept.any():
            # All labelled samples are equal: only the class counts matter.
            lengths, directions = np.ones(1), np.zeros((len(y), 1))
        model = fitted_copy(blank, directions * lengths, y)
        duals = directions / lengths @ model.coef_.T
        duals -= duals.mean(axis=0)
        self._coefficients = safe_sparse_dot(X.T, duals, dense_output=True)
        self._intercept = model.intercept_ - products.mean(axis=0) @ duals
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class."""
        decision = safe_sparse_dot(X, self._coefficients, dense_output=True) + self._intercept
        if decision.shape[1] == 1:
            positive = expit(decision)
            return np.hstack([1 - positive, positive])
        return np.asarray(softmax(decision, axis=1))


class Gradients:
    """The last layer's gradients of all candidates, stored as two factors.

    Parameters
    ----------
    pool : PoolView
        The pool.
    posterior : ndarray of shape (n_candidates, n_classes)
        The probabilities of the candidates.
    squares : ndarray of shape (n_samples,)
        The squared norms of the features.
    scale : float
        The factor of the features.
    """

    def __init__(
        self, pool: PoolView, posterior: np.ndarray, squares: np.ndarray, scale: float
    ) -> None:
        self._pool = pool
        self._scale = scale
        self._errors = np.round(posterior, DECIMALS)
        self._errors[np.arange(len(posterior)), self._errors.argmax(axis=1)] -= 1
        self.squared_norms = np.einsum("ij,ij->i", self._errors, self._errors)
        self.squared_norms *= squares[pool.candidates] * scale**2 + 1
        self._nearest: np.ndarray = np.full(len(posterior), np.inf)
        self._n_done = 0

    def nearest(self, picked: np.ndarray) -> np.ndarray:
        """Return the squared distance of each candidate to the nearest of those picked."""
        for position in picked[self._n_done :]:
            np.minimum(self._nearest, self._distances(position), out=self._nearest)
        self._n_done = len(picked)
        return self._nearest

    def _distances(self, position: int) -> np.ndarray:
        pool, candidates = self._pool, self._pool.candidates
        place = int(np.searchsorted(candidates, position))
        row = pool.X[[position]].astype(np.float64)
        products = np.empty(len(candidates))
        for block in row_blocks(len(candidates), 16 * pool.X.shape[1]):
            part = pool.X[candidates[block]].astype(np.float64)
            products[block] = safe_sparse_dot(part, row.T, dense_output=True)[:, 0]
        products = (products * self._scale**2 + 1) * (self._errors @ self._errors[place])
        norms = self.squared_norms + self.squared_norms[place]
        distances = norms - 2 * products
        return np.where(distances > ROUNDING * norms, distances, 0.0)


def squared_norms(X: Any) -> np.ndarray:
    """Return the squared Euclidean norm of each row, in float64."""
    squares = np.empty(X.shape[0])
    for block in row_blocks(X.shape[0], 16 * X.shape[1]):
        squares[block] = row_norms(X[block].astype(np.float64), squared=True)
    return squares
