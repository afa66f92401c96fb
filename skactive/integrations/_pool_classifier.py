"""The classifier that other tools' strategies ask, where the user names none."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.pool._posterior import AskedClassifier
from skactive.semi_supervised import IncrementalLabelSpreading


def classifier_like(pool: Pool) -> Any:
    """Return a classifier as the pool's own, not fitted, that can be fitted to a few samples.

    Label spreading lives on the graph of one pool: nearest neighbours stand in for it, as for
    what has no probabilities or cannot be copied.
    """
    own = pool.estimator
    if isinstance(own, AskedClassifier):
        own = own.classifier
    if isinstance(own, IncrementalLabelSpreading):
        return IncrementalKNeighborsClassifier(metric=own.metric)
    if not hasattr(own, "get_params") or not hasattr(own, "predict_proba"):
        return IncrementalKNeighborsClassifier()
    return clone(own)
