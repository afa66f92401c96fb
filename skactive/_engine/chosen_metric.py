"""The metric of a measure or strategy, which is that of the classifier if none is chosen."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from skactive._contracts._estimators import HasPosteriorSource
from skactive._contracts._pool_view import PoolView
from skactive._engine.distances import METRICS, SAME_AS_EUCLIDEAN
from skactive._validation import check_choice, check_mapping


def chosen_metric(
    owner: Any, pool: PoolView, choices: Collection[str] = METRICS
) -> tuple[str, dict[str, Any] | None]:
    """Return the `metric` and the `metric_params` of a measure or strategy.

    A metric of None is that of the classifier of the pool, if the classifier has the contract
    `HasPosteriorSource` and the metric is one of `choices`, else the cosine.
    """
    params: Any = getattr(owner, "metric_params", None)
    check_mapping(owner, "metric_params", params, "names of arguments")
    if owner.metric is not None:
        return check_choice(owner, "metric", owner.metric, choices), params
    estimator = pool.whole.estimator
    metric = getattr(estimator, "metric", None)
    if params or not isinstance(estimator, HasPosteriorSource) or not isinstance(metric, str):
        return "cosine", params
    its_params = getattr(estimator, "metric_params", None)
    metric = "euclidean" if metric in SAME_AS_EUCLIDEAN else metric
    if metric not in choices or (its_params and not hasattr(owner, "metric_params")):
        return "cosine", params
    return metric, its_params
