"""The baseline of all comparisons on streams: random sampling."""

from __future__ import annotations

import numpy as np

from skactive.streams._base import Posterior, StreamStrategy
from skactive.streams._budget import StreamBudget


class StreamRandomSampling(StreamStrategy):
    """Query each sample with the probability of the budget.

    The samples are the same for any classifier.

    See Also
    --------
    PeriodicSampling : Samples at equal distances in time.

    Notes
    -----
    A sample is queried if its random number, the utility, is at least one minus the share of the
    budget, as by ``StreamRandomSampling`` of scikit-activeml; the limit of the budget holds in
    addition. Cost: O(1) for each sample, without a prediction.

    Examples
    --------
    >>> from skactive.streams import StreamRandomSampling, StreamSampler
    >>> sampler = StreamSampler(strategy=StreamRandomSampling(), budget=0.5, random_state=0)
    >>> sampler.query([[0.1], [2.0], [3.9], [0.4]])
    array([ True, False,  True, False])
    """

    def begin(self, random_state: np.random.RandomState) -> None:
        self.random_state_ = random_state

    def uncertainties(self, X: np.ndarray, posterior: Posterior) -> np.ndarray:
        return np.asarray(self.random_state_.random_sample(len(X)))

    def decide(self, utility: float, budget: StreamBudget) -> bool:
        return bool(utility >= 1 - budget.share)
