"""Queries below a confidence that adapts and is randomised."""

from __future__ import annotations

import numpy as np

from skactive._validation import check_number
from skactive.streams._budget import StreamBudget
from skactive.streams._variable_uncertainty import VariableUncertainty


class RandomVariableUncertainty(VariableUncertainty):
    """Query by `VariableUncertainty` with a random factor of the threshold for each sample.

    The factor is drawn from a normal distribution around 1, so that samples of any confidence can
    be queried. Changes far from the boundaries between classes are then noticed.

    Parameters
    ----------
    threshold : float, default=1.0
        The threshold at the beginning, above 0.
    step : float, default=0.01
        The share by which it changes with each sample, above 0 and below 1.
    deviation : float, default=1.0
        The standard deviation of the factor, above 0.

    Attributes
    ----------
    threshold_ : float
        The threshold now, without the factor.

    See Also
    --------
    Split : Queries a share of the samples at random instead.

    Notes
    -----
    A random number is drawn for a sample if budget is left. Cost: O(n_classes) for each sample,
    beside the prediction. Equal to ``RandomVariableUncertainty`` of scikit-activeml with the same
    `window` and the same factors. scikit-activeml draws its factors from overlapping parts of one
    sequence of random numbers, so that the same seed gives others.

    References
    ----------
    I. Žliobaitė, A. Bifet, B. Pfahringer and G. Holmes, "Active learning with drifting streaming
    data", IEEE Transactions on Neural Networks and Learning Systems 25(1), 2014.

    Examples
    --------
    >>> from skactive.streams import RandomVariableUncertainty, StreamSampler
    >>> sampler = StreamSampler(strategy=RandomVariableUncertainty(), budget=0.5, random_state=0)
    >>> sampler.query([[0.1], [2.0], [3.9]])
    array([ True, False,  True])
    """

    def __init__(
        self, threshold: float = 1.0, *, step: float = 0.01, deviation: float = 1.0
    ) -> None:
        super().__init__(threshold, step=step)
        self.deviation = deviation

    def begin(self, random_state: np.random.RandomState) -> None:
        super().begin(random_state)
        check_number(self, "deviation", self.deviation, exclusive=True)
        self.random_state_ = random_state

    def decide(self, utility: float, budget: StreamBudget) -> bool:
        if not budget.is_left:
            return False
        factor = self.random_state_.normal(1, self.deviation)
        return self._adapt(1 - utility < self.threshold_ * factor)
