"""The classifier that strategies of other tools use if the user names none."""

from __future__ import annotations

from sklearn.base import clone

from skactive.base import Classifier, PoolView, TransductiveEstimator
from skactive.neighbors import IncrementalKNeighborsClassifier


def classifier_like(pool: PoolView) -> Classifier:
    """Return an unfitted classifier like that of a pool, which can be fitted to a few samples.

    A classifier that learns from the whole pool, such as label spreading, is replaced by nearest
    neighbours with its metric; one without probabilities or parameters, by nearest neighbours.
    """
    own = pool.estimator
    if isinstance(own, TransductiveEstimator):
        return IncrementalKNeighborsClassifier(metric=getattr(own, "metric", "cosine"))
    if not hasattr(own, "get_params") or not hasattr(own, "predict_proba"):
        return IncrementalKNeighborsClassifier()
    classifier: Classifier = clone(own)
    return classifier
