"""Uncertainty weighted by density."""

from __future__ import annotations

import numpy as np

from skactive._validation import check_measure, check_number, checked_utilities
from skactive.base import PoolView
from skactive.measures import Entropy, InformationDensity, Measure, TargetUncertainty
from skactive.strategies._base import QueryStrategy
from skactive.strategies._support.spread import spread_if_constant
from skactive.strategies._utility_component import UtilityComponent


class DensityWeightedUncertainty(QueryStrategy):
    """Choose the candidates that are uncertain and in a dense region: u(x) · d(x)^β.

    The density d prevents queries of uncertain outliers, whose labels improve no other prediction.

    Parameters
    ----------
    uncertainty : Measure, default=None
        The measure of uncertainty; None takes `Entropy`, as the paper does, or
        `TargetUncertainty` if labels are not categorical.
    density : Measure, default=None
        The measure of density; None takes `InformationDensity`. Values below 0 count as 0.
    beta : float, default=1.0
        The exponent of the density, at least 0.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    CDFProduct : Multiplies ranks instead of values, with diversity within a batch.

    Notes
    -----
    While all candidates are equally uncertain, as without a posterior or with labels of one class
    only, the first choice is the candidate in the densest region, the next is the one farthest from
    all labelled samples, as `KCenterGreedy` chooses it. The samples of later batches may be
    similar. The components of `terms` are 'uncertainty' and 'density', or that of `KCenterGreedy`.

    Cost: that of the measures, and O(n_candidates) for each sample chosen.

    References
    ----------
    B. Settles and M. Craven, "An analysis of active learning strategies for sequence labeling
    tasks", EMNLP 2008.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import DensityWeightedUncertainty
    >>> pool = Pool([[1, 0], [0, 1], [3, 1], [1, 1]], estimator=IncrementalKNeighborsClassifier())
    >>> strategy = DensityWeightedUncertainty(beta=2.0)
    >>> strategy.select(pool.add_labels([0, 1], ["a", "b"]))[0]
    array([3])
    """

    def __init__(
        self,
        uncertainty: Measure | None = None,
        density: Measure | None = None,
        *,
        beta: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.uncertainty = uncertainty
        self.density = density
        self.beta = beta

    def utilities(self, pool: PoolView) -> np.ndarray:
        return UtilityComponent.product(self.terms(pool), pool.n_candidates)

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        beta = check_number(self, "beta", self.beta)
        uncertainty = self._measure("uncertainty") or _usual(pool)
        density = self._measure("density") or InformationDensity()
        spread = spread_if_constant(self, pool, uncertainty)
        if spread is not None and pool.n_labeled > 0:
            return spread.terms(pool)
        unsure, dense = (
            checked_utilities(type(measure).__name__, measure.utilities(pool), pool)
            for measure in (uncertainty, density)
        )
        factors = np.ones(len(unsure)) if spread is not None else unsure.astype(np.float64)
        term = UtilityComponent(uncertainty, unsure, factors)
        weighted = np.maximum(dense, 0.0).astype(np.float64) ** beta
        return {"uncertainty": term, "density": UtilityComponent(density, dense, weighted, beta)}

    def _measure(self, name: str) -> Measure | None:
        given: Measure | None = getattr(self, name)
        return None if given is None else check_measure(self, name, given)


def _usual(pool: PoolView) -> Measure:
    return Entropy() if pool.target.kind == "categorical" else TargetUncertainty()
