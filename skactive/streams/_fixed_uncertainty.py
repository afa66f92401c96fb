"""Queries below a fixed confidence."""

from __future__ import annotations

import numpy as np

from skactive.streams._base import Posterior, StreamStrategy
from skactive.streams._budget import StreamBudget


class FixedUncertainty(StreamStrategy):
    """Query samples whose most probable class has at most a fixed probability.

    With K classes and the share b of the budget, the threshold is 1 / K + b (1 - 1 / K). The
    simplest strategy: it does not adapt, so that a classifier that becomes certain is no longer
    queried, and one that stays uncertain spends the budget on the first samples.

    See Also
    --------
    VariableUncertainty : A threshold that adapts to the stream.

    Notes
    -----
    Cost: O(n_classes) for each sample, beside the prediction. Equal to ``FixedUncertainty`` of
    scikit-activeml with the same `window`.

    References
    ----------
    I. Žliobaitė, A. Bifet, B. Pfahringer and G. Holmes, "Active learning with drifting streaming
    data", IEEE Transactions on Neural Networks and Learning Systems 25(1), 2014.

    Examples
    --------
    >>> from skactive.streams import FixedUncertainty, StreamSampler
    >>> sampler = StreamSampler(strategy=FixedUncertainty(), budget=0.2, window=100)
    >>> sampler = sampler.teach([[0.0], [4.0]], ["left", "right"])
    >>> sampler.query([[0.1], [2.0], [3.9]])
    array([False,  True, False])
    """

    def begin(self, random_state: np.random.RandomState) -> None:
        self.n_classes_ = 1

    def uncertainties(self, X: np.ndarray, posterior: Posterior) -> np.ndarray:
        def counted(samples: np.ndarray) -> np.ndarray | None:
            probabilities = posterior(samples)
            self.n_classes_ = 1 if probabilities is None else probabilities.shape[1]
            return probabilities

        return super().uncertainties(X, counted)

    def decide(self, utility: float, budget: StreamBudget) -> bool:
        equal = 1 / self.n_classes_
        return bool(1 - utility <= equal + budget.share * (1 - equal))
