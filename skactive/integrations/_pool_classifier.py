"""The default classifier of strategies of other tools."""

from __future__ import annotations

from sklearn.base import clone

from skactive.base import Classifier, PoolView, TransductiveEstimator
from skactive.neighbors import IncrementalKNeighborsClassifier


def classifier_like(pool: PoolView) -> Classifier:
    """Return an unfitted classifier like that of a pool, which can be fitted to a few samples.

    A classifier that learns from the whole pool, such as label spreading, is replaced by nearest
    neighbours with its metric. A classifier without probabilities or parameters is replaced by
    nearest neighbours with the cosine.
    """
    own = pool.estimator
    if isinstance(own, TransductiveEstimator):
        return IncrementalKNeighborsClassifier(metric=getattr(own, "metric", "cosine"))
    if not hasattr(own, "get_params") or not hasattr(own, "predict_proba"):
        return IncrementalKNeighborsClassifier()
    classifier: Classifier = clone(own)
    return classifier
