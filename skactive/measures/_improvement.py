"""Measures of the search for the sample with the largest or smallest number."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.special import ndtr

from skactive._engine.numbers import rounded
from skactive._engine.targets import check_kind
from skactive._estimators import no_deviation
from skactive._text import shown
from skactive._validation import check_number
from skactive.base import PoolView
from skactive.measures._base import Measure, known_labels


class Optimization(Measure):
    """Base class of measures that search for the sample with the best number.

    Parameters
    ----------
    maximize : bool, default=True
        Whether the largest number is the best one.
    """

    target_kinds = frozenset({"continuous"})

    def __init__(self, *, maximize: bool = True) -> None:
        self.maximize = maximize

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_kind(self, pool.target.kind)
        weight = self._weight()
        if not isinstance(self.maximize, bool | np.bool_):
            raise TypeError(
                f"The 'maximize' parameter of {type(self).__name__} must be a bool. "
                f"Got {shown(self.maximize)} instead."
            )
        sign = 1.0 if self.maximize else -1.0
        posterior, labels = pool.posterior(), sign * known_labels(pool)
        if posterior is None or len(labels) == 0:
            return np.ones(pool.n_candidates)
        means, deviations = sign * posterior[:, 0], posterior[:, 1]
        if np.isnan(deviations).any():
            raise no_deviation(pool.estimator)
        return rounded(self._of_moments(means, deviations, labels.max(), weight))

    @abstractmethod
    def _weight(self) -> float:
        """Return the checked parameter beside `maximize`."""

    @abstractmethod
    def _of_moments(
        self, means: np.ndarray, deviations: np.ndarray, best: float, weight: float
    ) -> np.ndarray:
        """Return utilities from means and standard deviations, the largest label and `_weight`."""


class Improvement(Optimization):
    """Base class of measures of the improvement on the best label so far.

    Parameters
    ----------
    tradeoff : float, default=0.0
        The improvement that counts as none, at least 0, in units of the labels.
    maximize : bool, default=True
        Whether the largest number is the best one.
    """

    def __init__(self, tradeoff: float = 0.0, *, maximize: bool = True) -> None:
        super().__init__(maximize=maximize)
        self.tradeoff = tradeoff

    def _weight(self) -> float:
        return check_number(self, "tradeoff", self.tradeoff)


class ExpectedImprovement(Improvement):
    """Measure by how much a sample is expected to exceed the best label so far.

    With the mean μ and the standard deviation σ of the prediction, and the best label y*, it is the
    expected value of max(0, y - y* - `tradeoff`) for a normally distributed y: with d = μ - y* -
    `tradeoff`, it is d Φ(d / σ) + σ φ(d / σ). It searches for the best sample, not for labels from
    which a regressor learns most.

    Parameters
    ----------
    tradeoff : float, default=0.0
        The improvement that counts as none, at least 0, in units of the labels. A larger one
        prefers uncertain predictions.
    maximize : bool, default=True
        Whether the largest number is the best one; False searches for the smallest.

    See Also
    --------
    UpperConfidenceBound : Uncertain predictions have a fixed weight.
    PredictiveVariance : Uncertain predictions, whatever the number.

    Notes
    -----
    Cost: O(1) for each candidate, beside that of the posterior. Values are at least 0. Before the
    first label, every candidate gets 1. A sample picked for a batch changes nothing, so that a
    batch may contain similar samples.

    References
    ----------
    J. Močkus, "On Bayesian methods for seeking the extremum", 1974.

    D. R. Jones, M. Schonlau and W. J. Welch, "Efficient global optimization of expensive black-box
    functions", Journal of Global Optimization 13, 1998.

    Examples
    --------
    >>> from sklearn.gaussian_process import GaussianProcessRegressor
    >>> from skactive import ActiveLearner
    >>> from skactive.measures import ExpectedImprovement
    >>> from skactive.strategies import UncertaintySampling
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0]]
    >>> y = [0.0, 0.5, 1.5, 0.9, 0.1]
    >>> strategy = UncertaintySampling(ExpectedImprovement())
    >>> learner = ActiveLearner(GaussianProcessRegressor(optimizer=None), strategy, X)
    >>> learner = learner.teach([1, 3], [y[1], y[3]])
    >>> learner.query()
    array([2])
    """

    def __init__(self, tradeoff: float = 0.0, *, maximize: bool = True) -> None:
        super().__init__(tradeoff, maximize=maximize)

    def _of_moments(
        self, means: np.ndarray, deviations: np.ndarray, best: float, weight: float
    ) -> np.ndarray:
        differences = means - best - weight
        scores = _in_deviations(differences, deviations)
        density = np.exp(-np.square(scores) / 2) / np.sqrt(2 * np.pi)
        uncertain = differences * ndtr(scores) + deviations * density
        # Far below the best label, the difference of the two terms may round to less than 0.
        return np.maximum(0.0, np.where(deviations > 0, uncertain, differences))


class ProbabilityOfImprovement(Improvement):
    """Measure the probability that a sample exceeds the best label so far.

    With the mean μ and the standard deviation σ of the prediction, and the best label y*, it is
    Φ((μ - y* - `tradeoff`) / σ). It prefers small improvements that are almost certain, unless
    `tradeoff` is the improvement that is wanted.

    Parameters
    ----------
    tradeoff : float, default=0.0
        The improvement that counts as none, at least 0, in units of the labels.
    maximize : bool, default=True
        Whether the largest number is the best one; False searches for the smallest.

    See Also
    --------
    ExpectedImprovement : The size of the improvement counts, too.

    Notes
    -----
    Cost: O(1) for each candidate, beside that of the posterior. Values lie in [0, 1]. Before the
    first label, every candidate gets 1. A sample picked for a batch changes nothing, so that a
    batch may contain similar samples.

    References
    ----------
    H. J. Kushner, "A new method of locating the maximum point of an arbitrary multipeak curve in
    the presence of noise", Journal of Basic Engineering 86, 1964.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import ProbabilityOfImprovement
    >>> from skactive.neighbors import IncrementalKNeighborsRegressor
    >>> pool = Pool([[0.0], [1.0], [4.0], [4.5]], estimator=IncrementalKNeighborsRegressor(2))
    >>> pool = pool.add_labels([0, 1], [0.0, 2.0])
    >>> ProbabilityOfImprovement().utilities(pool).round(2)
    array([0.5, 0.5])
    """

    def __init__(self, tradeoff: float = 0.0, *, maximize: bool = True) -> None:
        super().__init__(tradeoff, maximize=maximize)

    def _of_moments(
        self, means: np.ndarray, deviations: np.ndarray, best: float, weight: float
    ) -> np.ndarray:
        differences = means - best - weight
        certain = (differences > 0).astype(np.float64)
        return np.where(deviations > 0, ndtr(_in_deviations(differences, deviations)), certain)


class UpperConfidenceBound(Optimization):
    """Measure the number that a sample may have at best.

    It is μ + `beta` · σ, with the mean μ and the standard deviation σ of the prediction; if the
    smallest number is the best one, -μ + `beta` · σ.

    Parameters
    ----------
    beta : float, default=1.0
        The weight of the standard deviation, at least 0. 0 takes the best prediction.
    maximize : bool, default=True
        Whether the largest number is the best one; False searches for the smallest.

    See Also
    --------
    ExpectedImprovement : Compares with the best label so far.

    Notes
    -----
    Cost: O(1) for each candidate, beside that of the posterior. Values may be negative. Before the
    first label, every candidate gets 1. A sample picked for a batch changes nothing, so that a
    batch may contain similar samples.

    References
    ----------
    N. Srinivas, A. Krause, S. M. Kakade and M. Seeger, "Gaussian process optimization in the bandit
    setting: no regret and experimental design", ICML 2010.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import UpperConfidenceBound
    >>> from skactive.neighbors import IncrementalKNeighborsRegressor
    >>> pool = Pool([[0.0], [1.0], [4.0], [4.5]], estimator=IncrementalKNeighborsRegressor(2))
    >>> pool = pool.add_labels([0, 1], [0.0, 2.0])
    >>> UpperConfidenceBound().utilities(pool).round(2)
    array([2.58, 2.58])
    """

    def __init__(self, beta: float = 1.0, *, maximize: bool = True) -> None:
        super().__init__(maximize=maximize)
        self.beta = beta

    def _weight(self) -> float:
        return check_number(self, "beta", self.beta)

    def _of_moments(
        self, means: np.ndarray, deviations: np.ndarray, best: float, weight: float
    ) -> np.ndarray:
        return means + weight * deviations


def _in_deviations(differences: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """Return differences in units of standard deviations, 0 where these are 0."""
    with np.errstate(over="ignore"):
        return np.divide(
            differences, deviations, out=np.zeros_like(differences), where=deviations > 0
        )
