"""Batches that determine a linear classifier best, by its Fisher information: BAIT."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.random_projection import SparseRandomProjection

from skactive._engine.blocks import row_blocks
from skactive._engine.cold_start import cold_start_utilities, posterior_of_classes
from skactive._validation import check_integer, check_number
from skactive.base import PoolView
from skactive.strategies._base import QueryStrategy

# The forward pass picks so many times the samples of a batch.
OVERSAMPLING = 2

# Rounded so that equal samples get equal values.
DECIMALS = 10

# With a smaller ridge, the rounding errors of the inverse would exceed these decimals.
MIN_RIDGE = 1e-6

# Features are centred if the square of their mean is so many times their variance. A smaller
# share of the squares is a rounding error.
FAR = 10.0
RESOLUTION = 1e-24


class BAIT(QueryStrategy):
    """Choose the samples that determine a linear classifier best for the whole pool.

    The Fisher information of a sample is the information that its label has about the weights of
    a linear last layer: large if the prediction is uncertain and the features are large. With M
    the information of the labelled samples, and F the mean information of the candidates, BAIT
    minimises tr(M⁻¹ F), which is the expected excess loss on the pool. It prefers
    uncertain samples in directions that have many candidates and few labels.

    Parameters
    ----------
    ridge : float, default=0.1
        The multiple of the identity in M, at least 1e-6: the strength of the penalty on the
        weights. Features are scaled to a mean square norm of 1 over the pool, and centred first if
        their mean is far from the origin. A smaller ridge would be lost in rounding errors.
    n_components : int or None, default=256
        The largest number of features, at least 1: more are projected to so many, by a sparse
        random matrix with a fixed seed, which preserves products. None uses all features.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    BADGE : Uses the gradients of a linear classifier, without those of labelled samples.

    Notes
    -----
    The information of a sample is V Vᵀ = (diag(p) - p pᵀ) ⊗ h hᵀ, with features h and the
    class probabilities p of the classifier of the pool, which can be any. With many classes M
    is too large. Here the sum of the diagonal blocks, one for each class, replaces V Vᵀ: it is
    (1 - Σ p²) h hᵀ, of rank one, and M has as many rows as h. For two classes the choices are
    those of the complete matrix. For more, Huseljic et al. use p̂ (1 - p̂) of the predicted
    class as the factor; 1 - Σ p² counts all classes, and needed fewer labels on digits.

    In M, a labelled sample has the mean factor of the candidates. Many classifiers predict the
    labels that they were given with probability 1, which would leave their samples without
    information.

    `utilities` are the decrease of tr(M⁻¹ F) by a candidate, at least 0. A batch is chosen as
    published: a forward pass picks twice as many samples, each with the largest decrease after
    those before; a backward pass removes the samples whose loss increases the trace least. A
    small batch is therefore not always the beginning of a large one. A query of one sample takes
    the largest decrease, which the backward pass never removes. The only component of `terms` is
    'information gain'.

    Decreases are rounded relative to the largest one, so that the choices do not depend on the
    order of the pool. Of equal candidates the first is chosen, or a random one with a
    `random_state`.

    Without probabilities of two classes, or if all candidates are certain, the first choice is
    the most central candidate, the next is the one farthest from all labelled samples.

    Cost, with n candidates and k = min(n_features, n_components) features: O(n · k² + k³) for a
    query, O(n · n_features) more for each pick of a batch, and for more than k features their
    projection. Memory: O(n + k²).

    References
    ----------
    J. Ash, S. Goel, A. Krishnamurthy and S. Kakade, "Gone fishing: neural active learning with
    Fisher embeddings", NeurIPS 2021.
    D. Huseljic, P. Hahn, M. Herde, L. Rauch and B. Sick, "Fast Fishing: approximating BAIT for
    efficient and scalable deep active image classification", ECML PKDD 2024, for the factor.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import BAIT
    >>> X = [[0.0], [1.0], [4.0], [6.0], [9.0], [10.0]]
    >>> pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric="euclidean"))
    >>> indices, utilities = BAIT().select(pool.add_labels([0, 5], ["a", "b"]), 2)
    >>> indices, utilities.round(2)
    (array([4, 3]), array([0.11, 0.03]))
    """

    _component_name = "information gain"

    target_kinds = frozenset({"categorical"})

    def __init__(
        self,
        ridge: float = 0.1,
        *,
        n_components: int | None = 256,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.ridge = ridge
        self.n_components = n_components

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_number(self, "ridge", self.ridge, minimum=MIN_RIDGE)
        if self.n_components is not None:
            check_integer(self, "n_components", self.n_components, minimum=1)
        whole = pool.whole
        design = pool.once_per_batch(self, lambda: self._design(whole))
        if design is None:
            return cold_start_utilities(pool, "euclidean")
        design.add(pool.picked)
        return design.gains()[np.searchsorted(whole.candidates, pool.candidates)]

    def _choose(
        self, batch: Any, n_instances: int, tie_break: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        # The largest of two decreases is that of the first pick: one sample needs no second pass.
        n_tried = n_instances if n_instances == 1 else OVERSAMPLING * n_instances
        n_tried = min(n_tried, batch.n_candidates)
        indices, gains = super()._choose(batch, n_tried, tie_break)
        design = batch.once_per_batch(self, lambda: self._design(batch.whole))
        if n_tried == n_instances or design is None:
            return indices[:n_instances], gains[:n_instances]
        design.add(indices)
        kept = design.pruned(indices, n_instances)
        return indices[kept], gains[kept]

    def _design(self, pool: PoolView) -> FisherDesign | None:
        """Return the information of the labelled samples, None if that of the others is 0."""
        posterior = posterior_of_classes(pool)
        if posterior is None:
            return None
        factors = np.maximum(1 - np.square(np.round(posterior, DECIMALS)).sum(axis=1), 0)
        if not factors.any():
            return None
        layer = pool.cached(
            (BAIT, self.n_components), lambda: LastLayerInput(pool.X, self.n_components)
        )
        return FisherDesign(pool, layer, factors, self.ridge)


class LastLayerInput:
    """The features that a linear layer takes: scaled, and projected if there are many.

    Parameters
    ----------
    X : {array-like, CSR matrix} of shape (n_samples, n_features)
        The features of the pool.
    n_components : int or None
        The largest number of features.
    """

    def __init__(self, X: Any, n_components: int | None) -> None:
        n_samples, self.n_columns = X.shape
        self._projection: Any = None
        blocks = list(row_blocks(n_samples, 16 * self.n_columns))
        if n_components is not None and self.n_columns > n_components:
            projection = SparseRandomProjection(n_components, dense_output=True, random_state=0)
            self._projection = projection.fit(X[:1].astype(np.float64))
            self.n_columns = n_components
        self._origin, self._scale = np.zeros(self.n_columns), 1.0
        sums = [(H.sum(axis=0), np.square(H).sum()) for H in (self.rows(X[b]) for b in blocks)]
        mean, square = (sum(part) / n_samples for part in zip(*sums, strict=True))
        if np.square(mean).sum() > FAR * (square - np.square(mean).sum()):
            # All samples are in nearly the same direction.
            self._origin = mean
            centred = sum(np.square(self.rows(X[block])).sum() for block in blocks) / n_samples
            square = centred if centred > RESOLUTION * square else 0.0
        if square > 0:
            self._scale = 1 / float(np.sqrt(square))

    def rows(self, X: Any) -> np.ndarray:
        """Return the input for some rows of features, shape (n, n_columns)."""
        X = X.astype(np.float64)
        if self._projection is not None:
            X = self._projection.transform(X)
        elif sp.issparse(X):
            X = X.toarray()
        return np.asarray((X - self._origin) * self._scale)


class FisherDesign:
    """The inverse information of the labelled and picked samples, and the gain of each other.

    Parameters
    ----------
    pool : PoolView
        The pool.
    layer : LastLayerInput
        The input of the linear layer.
    factors : ndarray of shape (n_candidates,)
        The factor of the information of each candidate.
    ridge : float
        The multiple of the identity.
    """

    def __init__(
        self, pool: PoolView, layer: LastLayerInput, factors: np.ndarray, ridge: float
    ) -> None:
        self._X, self._layer = pool.X, layer
        self._candidates, self._factors = pool.candidates, factors
        self._blocks = list(row_blocks(len(factors), 32 * pool.X.shape[1]))
        self._fisher = np.zeros((layer.n_columns, layer.n_columns))
        for block, H in self._inputs():
            self._fisher += (H * factors[block, np.newaxis]).T @ H
        self._fisher /= len(factors)
        labeled = pool.labeled_samples()[0]
        self._inverse = np.eye(layer.n_columns) / ridge
        if labeled.shape[0]:
            # The sum of squares of far samples would lose the ridge by rounding.
            R = np.linalg.qr(np.sqrt(factors.mean()) * layer.rows(labeled), mode="r")
            _, lengths, axes = np.linalg.svd(R)
            squares = np.square(np.pad(lengths, (0, layer.n_columns - len(lengths))))
            self._inverse = (axes.T / (ridge + squares)) @ axes
        # hᵀ M⁻¹ h, and hᵀ M⁻¹ F M⁻¹ h.
        self._variances, self._traces = np.empty(len(factors)), np.empty(len(factors))
        for block, H in self._inputs():
            self._variances[block], self._traces[block] = self._forms(H)
        self._n_added = 0

    def add(self, picked: np.ndarray) -> None:
        """Add the information of the samples picked so far; the first ones were added before."""
        for position in picked[self._n_added :]:
            place = int(np.searchsorted(self._candidates, position))
            factor = self._factors[place]
            share = factor / (1 + factor * self._variances[place])
            h = self._layer.rows(self._X[[position]])[0]
            direction, trace, both = self._update(h, share)
            for block, H in self._inputs():
                reach = H @ direction
                self._traces[block] += share * reach * (share * trace * reach - 2 * (H @ both))
                self._variances[block] -= share * np.square(reach)
        self._n_added = len(picked)

    def gains(self) -> np.ndarray:
        """Return the decrease of the trace by each candidate of the pool."""
        gains = self._factors * self._traces / (1 + self._factors * self._variances)
        return rounded(np.maximum(gains, 0))

    def pruned(self, picked: np.ndarray, n_kept: int) -> np.ndarray:
        """Remove the picked samples whose loss increases the trace least; return the others.

        Parameters
        ----------
        picked : ndarray of int of shape (n_picked,)
            Their positions in the pool.
        n_kept : int
            Number of samples that are left.

        Returns
        -------
        kept : ndarray of int of shape (n_kept,)
            Their places in `picked`, ascending. Of equals, the last is removed first.
        """
        factors = self._factors[np.searchsorted(self._candidates, picked)]
        H = self._layer.rows(self._X[picked])
        kept = np.arange(len(picked))
        while len(kept) > n_kept:
            variances, traces = self._forms(H[kept])
            shares = factors[kept] / (1 - factors[kept] * variances)
            losses = rounded(shares * traces)
            last = len(kept) - 1 - int(losses[::-1].argmin())
            self._update(H[kept[last]], -shares[last])
            kept = np.delete(kept, last)
        return kept

    def _inputs(self) -> Any:
        """Yield the blocks of the candidates and their input."""
        for block in self._blocks:
            yield block, self._layer.rows(self._X[self._candidates[block]])

    def _forms(self, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        solved = H @ self._inverse
        variances = np.einsum("ij,ij->i", solved, H)
        return variances, np.einsum("ij,ij->i", solved @ self._fisher, solved)

    def _update(self, h: np.ndarray, share: float) -> tuple[np.ndarray, float, np.ndarray]:
        """Subtract share · u uᵀ from M⁻¹, u = M⁻¹ h; return u, uᵀ F u, and M⁻¹ F u before it."""
        direction = self._inverse @ h
        seen = self._fisher @ direction
        both = self._inverse @ seen
        self._inverse -= share * np.outer(direction, direction)
        return direction, float(direction @ seen), both


def rounded(values: np.ndarray) -> np.ndarray:
    """Return values at least 0, rounded relatively to the largest one."""
    top = float(values.max(initial=0.0))
    return np.asarray(np.round(values / top, DECIMALS) * top) if top > 0 else values
