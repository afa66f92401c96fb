"""The expected length of the gradient."""

from __future__ import annotations

import numpy as np

from skactive._engine.norms import row_norms
from skactive._engine.numbers import rounded
from skactive.base import PoolView
from skactive.measures._row_measure import RowMeasure


def expected_length(posterior: np.ndarray) -> np.ndarray:
    """Return the expected distance of each row of probabilities from the unit vector of its label.

    Parameters
    ----------
    posterior : ndarray of shape (n_samples, n_classes)
        Class probabilities.

    Returns
    -------
    lengths : ndarray of shape (n_samples,)
        Σ_k p_k ‖p - e_k‖, in [0, 1].
    """
    squares = np.square(posterior).sum(axis=1, keepdims=True) - 2 * posterior + 1
    return np.asarray((posterior * np.sqrt(np.maximum(0.0, squares))).sum(axis=1))


class ExpectedGradientLength(RowMeasure):
    """Measure how much a label is expected to change a linear classifier.

    The label k of a sample with the features h gives a linear last layer with probabilities p the
    gradient (p - e_k) ⊗ (h, 1). The measure is the mean length of the gradient over the labels,
    each with its probability: Σ_k p_k ‖p - e_k‖ · √(‖h‖² + 1). The features are scaled to a mean
    square norm of 1 over the pool.

    See Also
    --------
    skactive.strategies.BADGE : Gradients of the predicted label, different ones in a batch.
    Entropy : Does not depend on the length of the features.

    Notes
    -----
    Cost: O(n_samples · n_features) once, then O(n_classes) for each candidate whose posterior
    changed. Values are at least 0. Without a posterior, all labels have the length 1. Samples with
    large features are preferred; if all have the same norm, only the probabilities count.

    References
    ----------
    B. Settles, M. Craven and S. Ray, "Multiple-instance active learning", NIPS 2007.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import ExpectedGradientLength
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> pool = Pool([[1, 0], [0, 1], [3, 1]], estimator=IncrementalKNeighborsClassifier())
    >>> pool = pool.add_labels([0, 1], ["apple", "orange"])
    >>> ExpectedGradientLength().utilities(pool).round(3)
    array([0.888])
    """

    target_kinds = frozenset({"categorical"})

    def utilities(self, pool: PoolView) -> np.ndarray:
        lengths = self._of_posterior(pool, expected_length)
        whole = pool.whole
        factors = whole.cached((ExpectedGradientLength, "features"), lambda: _lengths(whole.X))
        return rounded(lengths * factors[pool.candidates])


def _lengths(X: np.ndarray) -> np.ndarray:
    """Return the norm of each row together with a constant feature of 1."""
    norms = row_norms(X)
    largest = norms.max(initial=0.0)
    if largest == 0:
        return np.ones(len(norms))
    shares = norms / largest
    return np.hypot(shares / np.sqrt(np.square(shares).mean()), 1)
