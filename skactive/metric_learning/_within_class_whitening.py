"""Whitening by the covariance within classes."""

from __future__ import annotations

from numbers import Real

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from skactive._text import shown
from skactive._validation import check_number
from skactive.metric_learning._near_identity import NearIdentityMap, principal_directions


class WithinClassWhitening(NearIdentityMap):
    """Shrink the directions in which samples of one class differ.

    Differences between samples of one class (light, pose, length of a text) carry no information
    about the class. The covariance C of the samples around the means of their classes is shrunk
    towards a multiple of the identity, S = (1 − s) C + s m I with m the mean variance, and x is
    mapped to (S / m)^(−1/2) x. This is the geometry of linear discriminant analysis with all
    dimensions kept; with few labels it is close to that of the unchanged features.

    Parameters
    ----------
    shrinkage : float or 'auto', default='auto'
        The share s of the identity, above 0 and at most 1; with 1, the features are unchanged.
        'auto' estimates the share by the formula of Ledoit and Wolf from the labelled samples:
        close to 1 for few labels, smaller for many.

    Attributes
    ----------
    shrinkage_ : float
        The share of the identity that was used.
    scale_ : float
        Factor of the directions in which samples of one class do not differ.
    directions_ : ndarray of shape (rank, n_features)
        Orthonormal directions in which samples of one class differ.
    changes_ : ndarray of shape (rank, n_features)
        The vector that a unit along each direction adds to the mapped sample.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if X had string names.

    Raises
    ------
    ValueError
        If `shrinkage` is neither 'auto' nor in its range.

    See Also
    --------
    sklearn.discriminant_analysis.LinearDiscriminantAnalysis : The same geometry, in at most
        n_classes − 1 dimensions.
    sklearn.decomposition.PCA : Whitening without labels, with ``whiten=True``.
    ContrastiveMap : Learns from the differences between classes as well.

    Notes
    -----
    Fitting costs O(n_samples · n_features · min(n_samples, n_features)), and with 'auto' another
    O(n_samples · n_features²). `transform` costs O(rank · n_features) for each sample, where rank
    is below min(n_samples, n_features). The result is deterministic.

    Samples are not centred: the map is linear, and angles are those between the vectors. If no
    class has two different samples, the map is the identity.

    References
    ----------
    A. Hatch, S. Kajarekar and A. Stolcke, "Within-class covariance normalization for SVM-based
    speaker recognition", Interspeech 2006.

    O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance
    matrices", Journal of Multivariate Analysis 88(2), 2004.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skactive.metric_learning import WithinClassWhitening
    >>> X, y = load_iris(return_X_y=True)
    >>> whitening = WithinClassWhitening().fit(X, y)
    >>> whitening.transform(X[:1]).round(2)
    array([[ 3.9 ,  3.27, -0.7 , -0.86]])
    """

    def __init__(self, shrinkage: float | str = "auto") -> None:
        self.shrinkage = shrinkage

    def _learn(
        self, X: np.ndarray, codes: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray] | None:
        given = self._given_shrinkage()
        means = np.zeros((codes.max() + 1, X.shape[1]))
        np.add.at(means, codes, X)
        means /= np.bincount(codes)[:, None]
        residuals = X - means[codes]
        directions, lengths = principal_directions(residuals)
        self.shrinkage_ = 1.0 if given is None else given
        if len(lengths) == 0:
            return None
        if given is None:
            self.shrinkage_ = float(ledoit_wolf_shrinkage(residuals, assume_centered=True))
        variances = lengths**2 / len(X)
        relative = variances / (variances.sum() / X.shape[1])
        share = max(self.shrinkage_, np.finfo(np.float64).eps)
        outside = share**-0.5
        inside = ((1 - share) * relative + share) ** -0.5
        return outside, directions, (inside - outside)[:, None] * directions

    def _given_shrinkage(self) -> float | None:
        if isinstance(self.shrinkage, str) and self.shrinkage == "auto":
            return None
        if isinstance(self.shrinkage, Real) and 0 < self.shrinkage <= 1:
            return check_number(self, "shrinkage", self.shrinkage)
        raise ValueError(
            f"The 'shrinkage' parameter of {type(self).__name__} must be 'auto' or a number above "
            f"0 and at most 1. Got {shown(self.shrinkage)} instead."
        )
