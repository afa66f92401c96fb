"""Queries below a confidence that adapts, and some at random."""

from __future__ import annotations

import numpy as np

from skactive._validation import check_number
from skactive.streams._budget import StreamBudget
from skactive.streams._variable_uncertainty import VariableUncertainty


class Split(VariableUncertainty):
    """Query by `VariableUncertainty`, and some samples at random.

    A sample belongs to the random part with the probability `random_share`. There it is queried
    with the probability of the budget, whatever the classifier predicts, so that changes far from
    the boundaries between classes are noticed.

    Parameters
    ----------
    threshold : float, default=1.0
        The threshold at the beginning, above 0.
    step : float, default=0.01
        The share by which it changes with each sample, above 0 and below 1.
    random_share : float, default=0.1
        The share of the random part, above 0 and below 1.

    Attributes
    ----------
    threshold_ : float
        The threshold now.

    See Also
    --------
    VariableUncertainty : Without the random part.

    Notes
    -----
    Cost: O(n_classes) for each sample, beside the prediction. Equal to ``Split`` of
    scikit-activeml with the same `window` and seed, for samples that come one by one.

    References
    ----------
    I. Žliobaitė, A. Bifet, B. Pfahringer and G. Holmes, "Active learning with drifting streaming
    data", IEEE Transactions on Neural Networks and Learning Systems 25(1), 2014.

    Examples
    --------
    >>> from skactive.streams import Split, StreamSampler
    >>> sampler = StreamSampler(strategy=Split(0.7), budget=1.0, random_state=0)
    >>> sampler = sampler.teach([[0.0], [4.0]], ["left", "right"])
    >>> sampler.query([[0.1], [2.0], [3.9]])
    array([False,  True, False])
    """

    def __init__(
        self, threshold: float = 1.0, *, step: float = 0.01, random_share: float = 0.1
    ) -> None:
        super().__init__(threshold, step=step)
        self.random_share = random_share

    def begin(self, random_state: np.random.RandomState) -> None:
        super().begin(random_state)
        check_number(self, "random_share", self.random_share, exclusive=True, below=1.0)
        self.random_state_ = random_state

    def decide(self, utility: float, budget: StreamBudget) -> bool:
        if not budget.is_left:
            return False
        if self.random_state_.random_sample() < self.random_share:
            return bool(self.random_state_.random_sample() <= budget.share and utility > -np.inf)
        return super().decide(utility, budget)
