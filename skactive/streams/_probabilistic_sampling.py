"""Queries whose label is expected to correct predictions in dense regions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import combinations_with_replacement
from math import factorial

import numpy as np
from sklearn.metrics.pairwise import rbf_kernel

from skactive._validation import check_integer, check_number
from skactive.streams._base import Posterior, StreamStrategy
from skactive.streams._budget import StreamBudget
from skactive.streams._recent import check_size

# The tolerance of the bandwidth, as published.
TOLERANCE = np.sqrt(2) * 1e-6


class ProbabilisticSampling(StreamStrategy):
    """Query samples whose label is expected to correct predictions around them.

    A sample has k_c labels of class c around it: the sum of the similarities of the labelled
    samples, times its class probability. With few labels around, the probabilities themselves are
    uncertain. The utility is the decrease of the expected error at the sample if up to `max_labels`
    more labels came to it, for each of them, over all labels that they may be. A sample is queried
    if its utility is among the largest of the latest `n_compared` ones, by the share of the budget.

    Parameters
    ----------
    prior : float, default=0.001
        The number of labels of each class that is assumed before any, above 0.
    max_labels : int, default=2
        The largest number of further labels, at least 1.
    gamma : float or None, default=None
        The similarity of two samples is exp(-gamma d²), with the Euclidean distance d. Above 0.
        None is the mean criterion: it follows from the number and the variance of the labelled
        samples.
    n_compared : int, default=100
        Number of latest utilities that the utility is compared with, itself included, at least 1.
    balance : float, default=50
        The number of samples within which spending is to follow the budget, above 0. The smaller it
        is, the more a budget that is left over lowers the utility that suffices.

    Attributes
    ----------
    utilities_ : deque of float
        The latest utilities.

    See Also
    --------
    StreamHerding : Counts the samples around, and not only the labels.
    LocalDensity : Queries uncertain samples in dense regions.

    Notes
    -----
    The utilities are those of ``StreamProbabilisticAL`` of scikit-activeml with the same `gamma`,
    the decisions those of its ``BalancedIncrementalQuantileFilter``. Before the first label the
    utility is 0.

    Cost for each sample, beside its prediction: O(n_labeled · n_features + n_classes to the power
    `max_labels`).

    References
    ----------
    D. Kottke, G. Krempl and M. Spiliopoulou, "Probabilistic active learning in datastreams",
    Advances in Intelligent Data Analysis, 2015.

    D. Kottke, G. Krempl, D. Lang, J. Teschner and M. Spiliopoulou, "Multi-class probabilistic
    active learning", ECAI 2016.

    Examples
    --------
    >>> from skactive.streams import ProbabilisticSampling, StreamSampler
    >>> sampler = StreamSampler(strategy=ProbabilisticSampling(gamma=1.0), budget=1.0)
    >>> sampler = sampler.teach([[0.0], [4.0]], ["left", "right"])
    >>> _ = sampler.query([[0.1], [2.0], [9.0]])
    >>> sampler.last_utilities_.round(2)
    array([0.03, 0.48, 0.5 ])
    """

    def __init__(
        self,
        prior: float = 0.001,
        *,
        max_labels: int = 2,
        gamma: float | None = None,
        n_compared: int = 100,
        balance: float = 50,
    ) -> None:
        self.prior = prior
        self.max_labels = max_labels
        self.gamma = gamma
        self.n_compared = n_compared
        self.balance = balance

    def begin(self, random_state: np.random.RandomState) -> None:
        check_number(self, "prior", self.prior, exclusive=True)
        check_integer(self, "max_labels", self.max_labels, minimum=1)
        check_number(self, "balance", self.balance, exclusive=True)
        if self.gamma is not None:
            check_number(self, "gamma", self.gamma, exclusive=True)
        n_compared = check_size(self, "n_compared", self.n_compared)
        self.utilities_: deque[float] = deque(maxlen=n_compared)
        self._labeled: np.ndarray | None = None

    def uncertainties(self, X: np.ndarray, posterior: Posterior) -> np.ndarray:
        probabilities = posterior(X)
        if probabilities is None:
            return np.zeros(len(X))
        n_around = np.zeros(len(X))
        if self._labeled is not None:
            gamma = mean_criterion(self._labeled) if self.gamma is None else self.gamma
            n_around = rbf_kernel(X, self._labeled, gamma=gamma).sum(axis=1)
        counts = n_around[:, np.newaxis] * probabilities
        return expected_corrections(counts, self.prior, self.max_labels)

    def decide(self, utility: float, budget: StreamBudget) -> bool:
        self.utilities_.append(utility)
        spread = max(self.utilities_) - min(self.utilities_)
        left = budget.share * (budget.n_seen + 1) - budget.n_queried
        enough = np.quantile(self.utilities_, 1 - budget.share) - spread * left / self.balance
        return bool(utility >= enough)

    def learned(self, samples: Callable[[], np.ndarray]) -> None:
        self._labeled = samples()


def mean_criterion(X: np.ndarray) -> float:
    """Return gamma of the Gaussian similarity of samples by their number and variance."""
    n, variance = max(2, len(X)), float(np.var(X, axis=0).sum())
    if variance == 0:
        return 1 / X.shape[1]
    return float((n - 1) * np.log((n - 1) / TOLERANCE**2) / (4 * n * variance))


def expected_corrections(counts: np.ndarray, prior: float, max_labels: int) -> np.ndarray:
    """Return by how much each of some further labels is expected to lower the error.

    Parameters
    ----------
    counts : ndarray of shape (n_samples, n_classes)
        The number of labels of each class around each sample.
    prior : float
        Added to each number for the probabilities of labels.
    max_labels : int
        The largest number of further labels.

    Returns
    -------
    decreases : ndarray of shape (n_samples,)
        Of the expected share of errors, the largest quotient by a number of further labels.
    """
    n_classes = counts.shape[1]
    weights = counts + prior
    total, largest = weights.sum(axis=1), counts.max(axis=1)
    error = 1 - (largest + prior) / total
    decreases = np.full(len(counts), -np.inf)
    for n_labels in range(1, max_labels + 1):
        expected = np.zeros(len(counts))
        for labels in combinations_with_replacement(range(n_classes), n_labels):
            # The probability of these labels in any order: of a Dirichlet multinomial distribution.
            probability, best = np.full(len(counts), float(factorial(n_labels))), largest
            for place, label in enumerate(labels):
                n_before = labels[:place].count(label)
                probability = probability * (weights[:, label] + n_before) / (total + place)
                probability = probability / (n_before + 1)
                best = np.maximum(best, counts[:, label] + n_before + 1)
            expected += probability * (1 - (best + prior) / (total + n_labels))
        decreases = np.maximum(decreases, (error - expected) / n_labels)
    return decreases
