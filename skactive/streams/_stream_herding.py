"""Coverage of the latest samples with uncertain predictions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from skactive._validation import check_number
from skactive.measures import Margin
from skactive.streams._base import Posterior, StreamStrategy
from skactive.streams._budget import StreamBudget
from skactive.streams._recent import RecentSamples, check_metric, check_size

# The bandwidth is the median distance to this neighbour, as in `skactive.measures.Coverage`.
NEIGHBOR_OF_BANDWIDTH = 7
# The number of latest queries that count as covering.
N_QUERIES = 1000
# With a smaller share, a label would be queried long after there is budget for it.
SHARE_OF_LARGEST = 0.2


class StreamHerding(StreamStrategy):
    """Query samples whose label would cover much of the uncertainty about samples seen lately.

    A label covers the samples around it. The utility of a sample c is the sum over the latest
    `window_size` samples x, and c itself, of u(x) max(0, K(x, c) - max_q K(x, q)): the uncertainty
    of x, times the increase of its similarity to the nearest queried sample q. It combines
    uncertainty, density and diversity, as `UncertaintyHerding` does for pools. While budget is
    left, a sample is queried if its utility is among the largest fifth of the latest `n_compared`
    ones. The fifth is more if the share of the budget is larger or earlier samples have left
    budget over.

    Parameters
    ----------
    window_size : int, default=500
        Number of latest samples that a label can cover, at least 1.
    half_coverage : float or None, default=50
        The number of queries at which the exponent of coverage is one half, above 0: after n
        queries the sum above is divided by the same sum with u = 1, the gain in coverage, to the
        power n / (n + half_coverage). None takes the sum after any number of queries.
    n_compared : int, default=100
        Number of latest utilities that the utility is compared with, itself included, at least 1.
    metric : {'euclidean', 'cosine'}, default='euclidean'
        The metric of distances.

    See Also
    --------
    skactive.strategies.UncertaintyHerding : The same for pools, with references.
    LocalDensity : Queries uncertain samples in dense regions.

    Notes
    -----
    u is the margin, of the classifier with all labels so far; it is 1 while fewer than two classes
    are known. K(x, c) = exp(-d² / (2 s²)), where s is the median distance of the latest samples to
    their 7th neighbour among those before them. The latest 1,000 queries cover samples. They do so
    at once, before their labels arrive.

    Cost for each sample, beside its prediction: O((window_size + 1000) · n_features). After new
    labels the latest samples are predicted again.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive.streams import StreamHerding, StreamSampler
    >>> X, y = load_digits(return_X_y=True)
    >>> sampler = StreamSampler(strategy=StreamHerding(), budget=0.1)
    >>> for x, label in zip(X[:1000], y):
    ...     if sampler.query(x):
    ...         sampler = sampler.teach(x, label)
    >>> bool(sampler.score(X[1000:], y[1000:]) > 0.85)
    True
    """

    def __init__(
        self,
        window_size: int = 500,
        *,
        half_coverage: float | None = 50,
        n_compared: int = 100,
        metric: str = "euclidean",
    ) -> None:
        self.window_size = window_size
        self.half_coverage = half_coverage
        self.n_compared = n_compared
        self.metric = metric

    def begin(self, random_state: np.random.RandomState) -> None:
        metric = check_metric(self, self.metric)
        if self.half_coverage is not None:
            check_number(self, "half_coverage", self.half_coverage, exclusive=True)
        # Of each sample: its uncertainty, its squared distances to the nearest query, and to the
        # neighbour that the bandwidth depends on.
        size = check_size(self, "window_size", self.window_size)
        self.window_ = RecentSamples(size, metric, "uncertainty", "nearest", "reach")
        self.queries_ = RecentSamples(N_QUERIES, metric)
        n_compared = check_size(self, "n_compared", self.n_compared)
        self.utilities_: deque[float] = deque(maxlen=n_compared)
        self.n_queried_ = 0
        self._has_learned = False

    def uncertainties(self, X: np.ndarray, posterior: Posterior) -> np.ndarray:
        if self._has_learned and len(self.window_):
            self.window_["uncertainty"][:] = _margins(self.window_.rows, posterior)
        self._has_learned = False
        return _margins(X, posterior)

    def utility(self, x: np.ndarray, uncertainty: float) -> float:
        window = self.window_
        squares = window.squared_distances(x)
        nearest = float(self.queries_.squared_distances(x).min(initial=np.inf))
        self._next = (squares, uncertainty, nearest)
        # Twice the square of the bandwidth.
        width = 2 * float(np.median(window["reach"])) if len(window) else 0.0
        gains = _gains(squares, window["nearest"], width)
        own = float(_gains(np.zeros(1), np.array([nearest]), width)[0])
        coverage = gains.sum() + own
        if coverage <= 0:
            return 0.0
        covered = gains @ window["uncertainty"] + own * uncertainty
        half = self.half_coverage
        exponent = 0.0 if half is None else self.n_queried_ / (self.n_queried_ + half)
        return float(covered / coverage**exponent)

    def decide(self, utility: float, budget: StreamBudget) -> bool:
        self.utilities_.append(utility)
        # A larger share, and one that is not spent, need more queries.
        share = max(SHARE_OF_LARGEST, budget.share) + max(0.0, budget.surplus) / self.n_compared
        is_large = utility >= np.quantile(self.utilities_, 1 - min(1.0, share))
        return budget.is_left and bool(is_large)

    def observe(self, x: np.ndarray, queried: bool) -> None:
        squares, uncertainty, nearest = self._next
        if queried:
            np.minimum(self.window_["nearest"], squares, out=self.window_["nearest"])
            self.queries_.add(x)
            self.n_queried_ += 1
            nearest = 0.0
        rank = min(NEIGHBOR_OF_BANDWIDTH, len(squares))
        reach = float(np.partition(squares, rank - 1)[rank - 1]) if rank else 0.0
        self.window_.add(x, uncertainty, nearest, reach)

    def learned(self, samples: Callable[[], np.ndarray]) -> None:
        self._has_learned = True


def _margins(X: np.ndarray, posterior: Posterior) -> np.ndarray:
    probabilities = posterior(X)
    if probabilities is None or probabilities.shape[1] < 2:
        return np.ones(len(X))
    return Margin().of_probabilities(probabilities)


def _gains(squares: np.ndarray, nearest: np.ndarray, width: float) -> np.ndarray:
    """Return the increase of similarities, from squared distances to the new and nearest query."""
    if width <= 0:
        return np.asarray((squares == 0) & (nearest > 0), dtype=np.float64)
    return np.maximum(0.0, np.exp(-squares / width) - np.exp(-nearest / width))
