"""Queries below a confidence that adapts."""

from __future__ import annotations

import numpy as np

from skactive._validation import check_number
from skactive.streams._base import StreamStrategy
from skactive.streams._budget import StreamBudget


class VariableUncertainty(StreamStrategy):
    """Query samples whose most probable class is below a threshold that adapts to the stream.

    The threshold falls by the share `step` with each query, and rises by it with each sample that
    is not queried, as long as budget is left. It thus follows the classifier as it becomes more
    certain.

    Parameters
    ----------
    threshold : float, default=1.0
        The threshold at the beginning, above 0.
    step : float, default=0.01
        The share by which it changes with each sample, above 0 and below 1.

    Attributes
    ----------
    threshold_ : float
        The threshold now.

    See Also
    --------
    RandomVariableUncertainty : Also queries some samples that the classifier is certain of.
    Split : Queries some samples at random.

    Notes
    -----
    Cost: O(n_classes) for each sample, beside the prediction. Equal to ``VariableUncertainty`` of
    scikit-activeml with the same `window`.

    References
    ----------
    I. Žliobaitė, A. Bifet, B. Pfahringer and G. Holmes, "Active learning with drifting streaming
    data", IEEE Transactions on Neural Networks and Learning Systems 25(1), 2014.

    Examples
    --------
    >>> from skactive.streams import StreamSampler, VariableUncertainty
    >>> sampler = StreamSampler(strategy=VariableUncertainty(0.7), budget=1.0)
    >>> sampler = sampler.teach([[0.0], [4.0]], ["left", "right"])
    >>> sampler.query([[0.1], [2.0], [3.9]])
    array([False,  True, False])
    >>> round(sampler.strategy_.threshold_, 4)
    0.7069
    """

    def __init__(self, threshold: float = 1.0, *, step: float = 0.01) -> None:
        self.threshold = threshold
        self.step = step

    def begin(self, random_state: np.random.RandomState) -> None:
        check_number(self, "step", self.step, exclusive=True, below=1.0)
        self.threshold_ = check_number(self, "threshold", self.threshold, exclusive=True)

    def decide(self, utility: float, budget: StreamBudget) -> bool:
        if not budget.is_left:
            return False
        return self._adapt(1 - utility < self.threshold_)

    def _adapt(self, queried: bool) -> bool:
        self.threshold_ *= 1 - self.step if queried else 1 + self.step
        return bool(queried)
