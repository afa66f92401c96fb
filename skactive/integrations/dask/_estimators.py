"""Estimators in the partitions of a pool."""

from __future__ import annotations

from typing import Any

from sklearn import clone

from skactive.base import HasPosteriorSource, TransductiveEstimator
from skactive.integrations.dask._partition import RemoteClassifier


def check_estimator(estimator: Any) -> Any:
    """Return the estimator if it can be used in partitions, or raise."""
    if isinstance(estimator, TransductiveEstimator):
        raise TypeError(
            f"{type(estimator).__name__} learns from a graph of all samples, which no process of a "
            "partitioned pool has. Hint: use an IncrementalKNeighborsClassifier."
        )
    max_labeled = getattr(estimator, "max_labeled", None)
    if max_labeled is not None:
        raise ValueError(
            "A partitioned pool does not forget labels automatically, so that max_labeled must be "
            f"None. Got {max_labeled}. Hint: set half_life, or call `forget`."
        )
    return estimator


def remote_estimator(estimator: Any) -> Any:
    """Return the counterpart of an estimator in a partition."""
    if isinstance(estimator, HasPosteriorSource):
        return clone(estimator)
    return None if estimator is None else RemoteClassifier()
