"""The default classifier or regressor of strategies of other tools."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from skactive.base import PoolView, TransductiveEstimator
from skactive.neighbors import IncrementalKNeighborsClassifier, IncrementalKNeighborsRegressor


def estimator_like(pool: PoolView) -> Any:  # a classifier or a regressor
    """Return an unfitted estimator like that of a pool, which can be fitted to a few samples.

    A classifier that learns from the whole pool, such as label spreading, is replaced by nearest
    neighbours with its metric. An estimator without parameters, or a classifier without
    probabilities, is replaced by nearest neighbours with the cosine.
    """
    own, is_continuous = pool.estimator, pool.target.kind == "continuous"
    neighbors: type = (
        IncrementalKNeighborsRegressor if is_continuous else IncrementalKNeighborsClassifier
    )
    if isinstance(own, TransductiveEstimator):
        return neighbors(metric=getattr(own, "metric", "cosine"))
    predicts = "predict" if is_continuous else "predict_proba"
    if not hasattr(own, "get_params") or not hasattr(own, predicts):
        return neighbors()
    return clone(own)
