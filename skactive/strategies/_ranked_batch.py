"""Distance first, then uncertainty, as labels grow: ranked batch mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.chosen_metric import chosen_metric
from skactive._validation import check_measure, checked_utilities
from skactive.base import PoolView
from skactive.measures import LeastConfidence, Measure
from skactive.strategies._base import QueryStrategy
from skactive.strategies._support.center import nearness_to_center
from skactive.strategies._utility_component import UtilityComponent


class RankedBatch(QueryStrategy):
    """Choose samples far from the labelled ones at first, and uncertain ones later.

    The score of a candidate is α (1 − s) + (1 − α) u: s is its similarity 1 / (1 + d) to the
    nearest labelled or picked sample at distance d, u its uncertainty, and α the share of the
    unlabelled among all samples, which falls with each label. modAL implements it as
    `uncertainty_batch_sampling`.

    Parameters
    ----------
    uncertainty : Measure, default=None
        The measure of uncertainty, in [0, 1]; None takes `LeastConfidence`.
    metric : str, default=None
        The name of a distance that `sklearn.metrics.pairwise_distances` takes. modAL's default
        is 'euclidean'.
        None is the metric of an incremental classifier of the pool, else the cosine.
    metric_params : dict, default=None
        Further arguments of the metric.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    KCenterGreedy : Uses the distance alone.
    CDFProduct : Combines uncertainty and diversity independently of their scales.

    Notes
    -----
    Until a sample is labelled, the candidate nearest to the mean of the pool is chosen. α counts
    all candidates of the pool as unlabelled, including those that a query leaves out. In a large
    pool α stays near 1 for a long time, so that the score is mostly the distance. The score is a
    sum: the only component of `terms` is 'balance of distance and uncertainty', or 'nearness to
    the middle of all samples' without labels.

    Cost: that of the measure, one product of the pool with each sample that is labelled or
    chosen, O(n_samples · n_features), and O(n_candidates) for each sample chosen.

    References
    ----------
    T. N. C. Cardoso, R. M. Silva, S. Canuto, M. M. Moro and M. A. Gonçalves, "Ranked batch-mode
    active learning", Information Sciences 379, 2017.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import RankedBatch
    >>> pool = Pool([[0.0], [5.0], [2.5], [9.0]], estimator=IncrementalKNeighborsClassifier())
    >>> strategy = RankedBatch(metric="euclidean")
    >>> strategy.select(pool.add_labels([0, 1], ["a", "b"]), 2)[0]
    array([3, 2])
    """

    target_kinds = frozenset({"categorical"})

    def __init__(
        self,
        uncertainty: Measure | None = None,
        *,
        metric: str | None = None,
        metric_params: dict[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.uncertainty = uncertainty
        self.metric = metric
        self.metric_params = metric_params

    def utilities(self, pool: PoolView) -> np.ndarray:
        measure = LeastConfidence()
        if self.uncertainty is not None:
            measure = check_measure(self, "uncertainty", self.uncertainty)
        metric, params = chosen_metric(self, pool)
        distances = pool.distance_to_labeled(metric, "min", params)
        if distances is None:
            return nearness_to_center(pool, metric, params)
        uncertainty = checked_utilities(type(self).__name__, measure.utilities(pool), pool)
        # A picked sample is no longer unlabelled.
        n_unlabeled = pool.whole.n_candidates - (pool.n_labeled - pool.whole.n_labeled)
        alpha = n_unlabeled / (n_unlabeled + pool.n_labeled)
        unlike = 1.0 - 1.0 / (1.0 + distances.astype(np.float64))
        return alpha * unlike + (1.0 - alpha) * uncertainty

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        values = self.utilities(pool)
        if pool.n_labeled == 0:
            return {"nearness to the middle of all samples": UtilityComponent(self, values, values)}
        return {"balance of distance and uncertainty": UtilityComponent(self, values, values)}
