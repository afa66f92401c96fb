"""Coverage of the pool within the smallest radius: CoreSet."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.chosen_metric import chosen_metric
from skactive.base import PoolView
from skactive.measures import Diversity
from skactive.strategies._base import QueryStrategy
from skactive.strategies._support.center import nearness_to_center
from skactive.strategies._utility_component import UtilityComponent


class KCenterGreedy(QueryStrategy):
    """Choose the candidate farthest from all labelled samples: CoreSet.

    Each choice reduces the radius within which every sample has a labelled one. The strategy uses
    distances alone, selects outliers early, and works best with many labels.

    Parameters
    ----------
    metric : str, default=None
        The name of a distance that `sklearn.metrics.pairwise_distances` takes. The paper uses
        'euclidean'.
        None is the metric of an incremental classifier of the pool, else the cosine.
    metric_params : dict, default=None
        Further arguments of the metric.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    ProbCover : Covers the dense regions first.

    Notes
    -----
    `utilities` are distances. Until a sample is labelled, they are 1 / (1 + distance to the mean
    of the pool). The only component of `terms` is 'distance', or 'nearness to the middle of the
    pool' without labels.

    Cost: one product of the pool with each sample that is labelled or chosen, O(n_samples ·
    n_features), and O(n_candidates) for each sample chosen. The radius is at most twice that of
    the best choice of as many samples.

    References
    ----------
    O. Sener and S. Savarese, "Active learning for convolutional neural networks: a core-set
    approach", ICLR 2018.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.strategies import KCenterGreedy
    >>> pool = Pool([[0.0], [1.0], [3.0], [9.0]]).add_labels([0], ["near"])
    >>> KCenterGreedy("euclidean").select(pool, 2)
    (array([3, 2]), array([9., 3.]))
    """

    partition_rule = "utility"

    def __init__(
        self,
        metric: str | None = None,
        *,
        metric_params: dict[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.metric = metric
        self.metric_params = metric_params

    def utilities(self, pool: PoolView) -> np.ndarray:
        metric, params = chosen_metric(self, pool)
        distances = pool.distance_to_labeled(metric, "min", params)
        if distances is None:
            return nearness_to_center(pool, metric, params)
        return distances.astype(np.float64)

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        values = self.utilities(pool)
        if pool.n_labeled == 0:
            return {"nearness to the middle of all samples": UtilityComponent(self, values, values)}
        metric, params = chosen_metric(self, pool)
        measure = Diversity(metric, aggregate="min", metric_params=params)
        return {"distance": UtilityComponent(measure, values, values)}
