"""The candidates with the most uncertain predictions."""

from __future__ import annotations

import numpy as np

from skactive._validation import check_measure, checked_utilities
from skactive.base import PoolView
from skactive.measures import Measure, TargetUncertainty
from skactive.strategies._base import QueryStrategy
from skactive.strategies._support.spread import spread_if_constant
from skactive.strategies._utility_component import UtilityComponent


class UncertaintySampling(QueryStrategy):
    """Choose the candidates with the most uncertain predictions.

    The baseline of active learning: fast, and accurate once the classifier knows its classes. It
    is weak with the first labels, since class boundaries still change.

    Parameters
    ----------
    measure : Measure, default=None
        The measure of uncertainty; None takes `TargetUncertainty`: `Margin` for classes,
        `PredictiveVariance` for numbers. Any other measure can be used.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    CDFProduct : Combines uncertainty with density and diversity.

    Notes
    -----
    While all candidates are equally uncertain, as without a posterior or with labels of one class
    only, the utilities are those of `KCenterGreedy`: the first choice is the candidate nearest to
    the mean of the pool, the next is the one farthest from all labelled samples. Their metric is
    that of the measure or else of the classifier, if it has one, and Euclidean otherwise.

    Cost: that of the measure, and O(n_candidates) for each sample chosen. The only component of
    `terms` is 'uncertainty', the name of another measure, or that of `KCenterGreedy`.

    References
    ----------
    D. D. Lewis and W. A. Gale, "A sequential algorithm for training text classifiers", 1994.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import UncertaintySampling
    >>> pool = Pool([[1, 0], [0, 1], [3, 1], [1, 1]], estimator=IncrementalKNeighborsClassifier())
    >>> indices, utilities = UncertaintySampling().select(pool.add_labels([0, 1], ["a", "b"]))
    >>> indices
    array([3])
    """

    partition_rule = "utility"

    def __init__(
        self,
        measure: Measure | None = None,
        *,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.measure = measure

    def utilities(self, pool: PoolView) -> np.ndarray:
        measure = self._measure()
        spread = spread_if_constant(self, pool, measure)
        return measure.utilities(pool) if spread is None else spread.utilities(pool)

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        measure = self._measure()
        values = checked_utilities(type(self).__name__, self.utilities(pool), pool)
        spread = spread_if_constant(self, pool, measure)
        if spread is not None:
            return spread.terms(pool)
        name = (
            "uncertainty" if getattr(measure, "is_uncertainty", False) else type(measure).__name__
        )
        return {name: UtilityComponent(measure, values, values)}

    def _measure(self) -> Measure:
        if self.measure is None:
            return TargetUncertainty()
        return check_measure(self, "measure", self.measure)
