"""The candidates that differ most from the labelled samples, in features or in labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.distances import Rows, Space
from skactive._engine.numbers import rounded
from skactive._validation import check_choice
from skactive.base import PoolView
from skactive.strategies._base import QueryStrategy
from skactive.strategies._support.center import nearness_to_center

SPACES = ("x", "y", "xy")


class GreedySampling(QueryStrategy):
    """Choose the candidate that differs most from the labelled samples, for continuous labels.

    Labels in distant regions, and of samples with other values, improve a regressor most. The
    utility of a candidate is its smallest distance to a labelled sample: of the features ('x'), of
    its predicted label to theirs ('y'), or of the product of both ('xy'). It needs no standard
    deviation, and works with any regressor.

    Parameters
    ----------
    space : {'x', 'y', 'xy'}, default='xy'
        What differs. The paper names the strategies GSx, GSy and iGS.
    metric : str, default=None
        The metric of the features. None is the metric of an incremental regressor of the pool, else
        the cosine. The paper uses 'euclidean'.
    metric_params : dict, default=None
        Further arguments of the metric.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    KCenterGreedy : The distance of features, for any kind of labels.

    Notes
    -----
    Until a sample is labelled, utilities are 1 / (1 + distance to the mean of the pool). While
    there is no prediction, 'y' and 'xy' choose as 'x'. A sample chosen for a batch counts as
    labelled with its predicted label. The only component of `terms` is 'difference'.

    Cost: 'x' that of `KCenterGreedy`; 'y' the predictions, and O(n_candidates log n_labeled); 'xy'
    O(n_candidates · n_labeled · n_features) for each query, in blocks bounded by scikit-learn's
    ``working_memory``.

    References
    ----------
    D. Wu, C.-T. Lin and J. Huang, "Active learning for regression using greedy sampling",
    Information Sciences 474, 2019.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsRegressor
    >>> from skactive.strategies import GreedySampling
    >>> pool = Pool([[0.0], [1.0], [2.0], [9.0]], estimator=IncrementalKNeighborsRegressor(1))
    >>> pool = pool.add_labels([0], [0.0])
    >>> GreedySampling("x", metric="euclidean").select(pool, 2)
    (array([3, 2]), array([9., 2.]))
    """

    target_kinds = frozenset({"continuous"})

    _component_name = "difference"

    def __init__(
        self,
        space: str = "xy",
        *,
        metric: str | None = None,
        metric_params: dict[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.space = space
        self.metric = metric
        self.metric_params = metric_params

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_choice(self, "space", self.space, SPACES)
        metric, params = chosen_metric(self, pool)
        distances = pool.distance_to_labeled(metric, "min", params)
        if distances is None:
            return nearness_to_center(pool, metric, params)
        whole = pool.whole
        mean = None if self.space == "x" else _means(pool)
        if mean is None:
            return distances.astype(np.float64)
        key = (type(self).__name__, self.space, metric, repr(params))
        space = Space(metric, params)
        of_whole = pool.once_per_batch(key, lambda: self._smallest(whole, space, _means(whole)))
        values = of_whole[np.searchsorted(whole.candidates, pool.candidates)]
        if len(pool.picked):
            to_picked = np.abs(mean[:, np.newaxis] - _means(whole, pool.picked))
            if self.space == "xy":
                far = whole.distances_to(pool.picked, metric, params)[pool.candidates]
                to_picked = to_picked * far
            values = np.minimum(values, to_picked.min(axis=1))
        return rounded(values)

    def _smallest(self, pool: PoolView, space: Space, mean: Any) -> np.ndarray:
        """Return the smallest difference of each candidate to the labelled samples."""
        candidates = pool.candidates
        X, y = pool.labeled_samples()
        if len(y) == 0:
            return np.full(len(candidates), np.inf)
        if self.space == "y":
            ascending = np.unique(y)
            places = np.searchsorted(ascending, mean)
            above = np.abs(ascending[np.minimum(places, len(ascending) - 1)] - mean)
            below = np.abs(ascending[np.maximum(places - 1, 0)] - mean)
            return np.minimum(above, below)
        labeled, smallest = Rows(X), np.empty(len(candidates))
        for block in row_blocks(len(candidates), 24 * len(y) + 8 * labeled.n_features):
            rows = Rows(pool.X[candidates[block]])
            differences = space.finish(space.compare(rows, labeled)).astype(np.float64)
            differences *= np.abs(mean[block, np.newaxis] - y)
            smallest[block] = differences.min(axis=1)
        return smallest


def _means(pool: PoolView, positions: np.ndarray | None = None) -> Any:  # an array or None
    posterior = pool.posterior(positions)
    return None if posterior is None else posterior[:, 0]
