"""Queries in regions where other samples were seen."""

from __future__ import annotations

import numpy as np

from skactive.measures import Margin
from skactive.streams._base import Posterior
from skactive.streams._random_variable_uncertainty import RandomVariableUncertainty
from skactive.streams._recent import RecentSamples, check_metric, check_size


class LocalDensity(RandomVariableUncertainty):
    """Query by `RandomVariableUncertainty` among samples in dense regions only.

    A sample is in a dense region if it is nearer to one of the latest `window_size` samples than
    any other of them. The uncertainty is the margin. Outliers, whose label tells little about
    other samples, are not queried.

    Parameters
    ----------
    threshold : float, default=1.0
        The threshold at the beginning, above 0.
    step : float, default=0.01
        The share by which it changes with each sample, above 0 and below 1.
    deviation : float, default=1.0
        The standard deviation of the random factor of the threshold, above 0.
    window_size : int, default=100
        Number of latest samples that are compared, at least 1.
    metric : {'euclidean', 'cosine'}, default='euclidean'
        The metric of distances.

    Attributes
    ----------
    threshold_ : float
        The threshold now, without the factor.

    See Also
    --------
    CognitiveDual : Compares with samples that were near to others most recently.
    StreamHerding : Weighs the samples that a label would cover.

    Notes
    -----
    The utility of a sample outside dense regions is -inf. Cost: O(window_size · n_features) for
    each sample, beside the prediction. Equal to ``StreamDensityBasedAL`` of scikit-activeml with
    the same random factors, for samples that come one by one.

    References
    ----------
    D. Ienco, I. Žliobaitė and B. Pfahringer, "High density-focused uncertainty sampling for active
    learning over evolving stream data", BigMine 2014.

    Examples
    --------
    >>> from skactive.streams import LocalDensity, StreamSampler
    >>> sampler = StreamSampler(strategy=LocalDensity(), budget=1.0, random_state=0)
    >>> _ = sampler.query([[0.1], [2.0], [9.0], [1.9]])
    >>> sampler.last_utilities_
    array([-inf,   1., -inf,   1.])
    """

    def __init__(
        self,
        threshold: float = 1.0,
        *,
        step: float = 0.01,
        deviation: float = 1.0,
        window_size: int = 100,
        metric: str = "euclidean",
    ) -> None:
        super().__init__(threshold, step=step, deviation=deviation)
        self.window_size = window_size
        self.metric = metric

    def begin(self, random_state: np.random.RandomState) -> None:
        super().begin(random_state)
        size = check_size(self, "window_size", self.window_size)
        self.window_ = RecentSamples(size, check_metric(self, self.metric), "nearest")

    def uncertainties(self, X: np.ndarray, posterior: Posterior) -> np.ndarray:
        probabilities = posterior(X)
        if probabilities is None:
            return np.ones(len(X))
        return Margin().of_probabilities(probabilities)

    def utility(self, x: np.ndarray, uncertainty: float) -> float:
        distances, nearest = self.window_.squared_distances(x), self.window_["nearest"]
        is_dense = bool((distances < nearest).any())
        np.minimum(nearest, distances, out=nearest)
        self.window_.add(x, distances.min(initial=np.inf))
        return uncertainty if is_dense else -np.inf
