"""Queries in regions where other samples were seen, by a window that forgets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import clone

from skactive._validation import check_integer, check_method
from skactive.streams._base import Posterior, StreamStrategy
from skactive.streams._budget import StreamBudget
from skactive.streams._random_variable_uncertainty import RandomVariableUncertainty
from skactive.streams._recent import check_metric, check_size, placed


class CognitiveDual(StreamStrategy):
    """Query by another strategy among samples that are near to remembered ones.

    A sample is queried only if it is nearer to at least `density_threshold` remembered samples
    than any sample before. The memory of a sample fades with the time since another one was
    nearest to it, more slowly the more often this happened. If the memory is full, the most faded
    sample is forgotten.

    Parameters
    ----------
    strategy : StreamStrategy or None, default=None
        Decides about the samples in dense regions. None is `RandomVariableUncertainty`.
    density_threshold : int, default=1
        The number of remembered samples, at least 0.
    window_size : int, default=10
        The number of samples that are remembered beside the latest one, at least 1.
    metric : {'euclidean', 'cosine'}, default='euclidean'
        The metric of distances.

    See Also
    --------
    LocalDensity : Compares with the latest samples.

    Notes
    -----
    The utility of a sample outside dense regions is -inf. Cost: O(window_size · n_features) for
    each sample, beside `strategy`. Equal to ``CognitiveDualQueryStrategy`` of scikit-activeml with
    ``force_full_budget=True`` and the same strategy and random numbers, for samples that come one
    by one.

    References
    ----------
    S. Liu, S. Xue, J. Wu, C. Zhou, J. Yang, Z. Li and J. Cao, "Online active learning for drifting
    data streams", IEEE Transactions on Neural Networks and Learning Systems 34(1), 2023.

    Examples
    --------
    >>> from skactive.streams import CognitiveDual, StreamSampler
    >>> sampler = StreamSampler(strategy=CognitiveDual(), budget=1.0, random_state=0)
    >>> _ = sampler.query([[0.1], [2.0], [9.0], [1.9]])
    >>> sampler.last_utilities_
    array([-inf,   1., -inf,   1.])
    """

    def __init__(
        self,
        strategy: StreamStrategy | None = None,
        *,
        density_threshold: int = 1,
        window_size: int = 10,
        metric: str = "euclidean",
    ) -> None:
        self.strategy = strategy
        self.density_threshold = density_threshold
        self.window_size = window_size
        self.metric = metric

    def begin(self, random_state: np.random.RandomState) -> None:
        check_metric(self, self.metric)
        check_integer(self, "density_threshold", self.density_threshold, minimum=0)
        check_size(self, "window_size", self.window_size)
        given = RandomVariableUncertainty() if self.strategy is None else self.strategy
        expected = "a strategy of streams, such as Split()"
        self.strategy_ = clone(check_method(self, "strategy", given, "decide", expected))
        self.strategy_.begin(random_state)
        self.rows_ = np.empty((0, 0))
        # The distance to the nearest later sample; how often and when there was a nearer one.
        self.nearest_, self.n_nearer_, self.last_nearer_ = np.empty((3, 0))
        self.n_seen_ = 0

    def uncertainties(self, X: np.ndarray, posterior: Posterior) -> np.ndarray:
        return np.asarray(self.strategy_.uncertainties(X, posterior))

    def utility(self, x: np.ndarray, uncertainty: float) -> float:
        utility = self.strategy_.utility(x, uncertainty)
        n_nearer = self._remember(placed(x, self.metric))
        return utility if n_nearer >= self.density_threshold else -np.inf

    def decide(self, utility: float, budget: StreamBudget) -> bool:
        return bool(self.strategy_.decide(utility, budget))

    def observe(self, x: np.ndarray, queried: bool) -> None:
        self.strategy_.observe(x, queried)

    def learned(self, samples: Callable[[], np.ndarray]) -> None:
        self.strategy_.learned(samples)

    def _remember(self, x: np.ndarray) -> int:
        """Remember a sample, and return to how many others it is the nearest so far."""
        rows = self.rows_ if len(self.rows_) else np.empty((0, len(x)))
        distances = np.linalg.norm(rows - x, axis=1)
        is_nearer = distances < self.nearest_
        self.nearest_[is_nearer] = distances[is_nearer]
        self.n_nearer_[is_nearer] += 1
        self.last_nearer_[is_nearer] = self.n_seen_
        kept = np.ones(len(rows), dtype=bool)
        if len(rows) > self.window_size:
            strengths = np.exp((self.last_nearer_ - self.n_seen_) / (self.n_nearer_ + 1))
            kept[strengths.argmin()] = False
        self.rows_ = np.vstack([rows[kept], x])
        self.nearest_ = np.append(self.nearest_[kept], distances.min(initial=np.inf))
        self.n_nearer_ = np.append(self.n_nearer_[kept], 0)
        self.last_nearer_ = np.append(self.last_nearer_[kept], self.n_seen_)
        self.n_seen_ += 1
        return int(is_nearer.sum())
