"""Queries at equal distances in time."""

from __future__ import annotations

import numpy as np

from skactive.streams._base import Posterior, StreamStrategy
from skactive.streams._budget import StreamBudget


class PeriodicSampling(StreamStrategy):
    """Query a sample as soon as the share of the samples so far allows another whole label.

    With a share of 0.1 this is each tenth sample. The samples are the same for any classifier.

    See Also
    --------
    StreamRandomSampling : The same number of samples, at random.

    Notes
    -----
    Cost: O(1) for each sample, without a prediction. Equal to ``PeriodicSampling`` of
    scikit-activeml. If the stream has a period itself, the queried samples are alike.

    Examples
    --------
    >>> from skactive.streams import PeriodicSampling, StreamBudget
    >>> strategy, budget = PeriodicSampling(), StreamBudget(0.4)
    >>> for _ in range(5):
    ...     queried = strategy.decide(0.0, budget)
    ...     budget.record(queried)
    ...     print(queried, end=" ")
    False False True False True
    """

    def uncertainties(self, X: np.ndarray, posterior: Posterior) -> np.ndarray:
        return np.zeros(len(X))

    def decide(self, utility: float, budget: StreamBudget) -> bool:
        return utility > -np.inf and budget.share * (budget.n_seen + 1) - budget.n_queried >= 1
