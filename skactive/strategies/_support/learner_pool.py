"""The pool of one query, from the arguments of modAL."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skactive._engine.external_posterior import ExternalPosterior
from skactive._estimators import fitted_steps, stored_samples
from skactive.base import IncrementalEstimator
from skactive.pool import Pool


def pool_of_learner(learner: Any, X_pool: Any) -> Pool:
    """Return the pool of a strategy that modAL calls.

    Class probabilities are those of the learner (the consensus of a committee). The features of a
    Pipeline are those of its last step, and the pool is transformed once.
    """
    members = getattr(learner, "learner_list", None)
    member = members[0] if members else learner
    estimator = _estimator_of(member)
    X_labeled, y_labeled = _labeled_set(member, estimator)
    used = learner if members else estimator
    features = X_pool
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        steps, features = fitted_steps(estimator, X_pool)
        if X_labeled is not None:
            X_labeled = steps.transform(X_labeled)
        else:
            X_labeled, y_labeled = _labeled_set(estimator[-1], estimator[-1])
        if not members:
            used, X_pool = estimator[-1], features
    return Pool(
        features,
        estimator=used,
        samples=X_pool,
        X_labeled=X_labeled,
        y_labeled=y_labeled,
        posterior_source=ExternalPosterior,
    )


def _estimator_of(member: Any) -> Any:
    # A meta-estimator of scikit-learn has an `estimator`, too, and is itself the classifier.
    if isinstance(member, BaseEstimator) and not hasattr(member, "query"):
        return member
    return getattr(member, "estimator", member)


def _labeled_set(member: Any, estimator: Any) -> tuple[Any, Any]:
    X = getattr(member, "X_training", None)
    if X is None and isinstance(estimator, IncrementalEstimator):
        return stored_samples(estimator)
    n_labeled = 0 if X is None else X.shape[0] if hasattr(X, "shape") else len(X)
    if n_labeled == 0:
        return None, None
    y = getattr(member, "y_training", None)
    if y is not None and np.shape(y) == (n_labeled,):
        return X, y
    # Without labels only distances can be computed: all samples get the same label.
    return X, np.zeros(n_labeled, dtype=int)
