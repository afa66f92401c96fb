"""The choice while a measure has the same value for all candidates."""

from __future__ import annotations

from typing import Any

from skactive._engine.distances import METRICS
from skactive.base import PoolView
from skactive.measures import Measure
from skactive.strategies._k_center_greedy import KCenterGreedy


def spread_if_constant(strategy: Any, pool: PoolView, measure: Measure) -> KCenterGreedy | None:
    """Return a strategy that spreads the queries over the pool, or None if a measure varies.

    Without a posterior, with one known class, or with a classifier that is certain everywhere,
    all candidates are equally uncertain. In the order of the pool, which is often sorted by class,
    the first queries would meet one class only.
    """
    whole = pool.whole
    is_constant = pool.once_per_batch(
        (spread_if_constant, strategy),
        lambda: whole.is_constant(measure.utilities(whole), type(measure).__name__),
    )
    if not is_constant:
        return None
    metric = getattr(measure, "metric", None) or getattr(pool.estimator, "metric", None)
    return KCenterGreedy(metric if metric in METRICS else "euclidean")
