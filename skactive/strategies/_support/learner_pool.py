"""The pool of one query, from the arguments of modAL."""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skactive._engine.external_posterior import ExternalPosterior
from skactive._engine.targets import target_of
from skactive._estimators import fitted_steps, stored_samples
from skactive._rows import n_samples_of
from skactive.base import IncrementalEstimator
from skactive.pool import Pool
from skactive.strategies._support.equal_rows import contains_row

# The learners whose user was told that labelled samples are in the pool.
_WARNED: WeakSet[Any] = WeakSet()


def pool_of_learner(learner: Any, X_pool: Any) -> Pool:
    """Return the pool of a strategy that modAL calls.

    Class probabilities are those of the learner (the consensus of a committee). The features of a
    Pipeline are those of its last step, and the pool is transformed once. If the last samples of
    the learner's `X_training` are in the pool, a warning says so, once for each learner.
    """
    if n_samples_of(X_pool) == 0:
        raise ValueError(
            "X_pool is empty: no sample is left to label. Hint: end the loop when all samples are "
            "labelled, or add samples to X_pool."
        )
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
    pool = Pool(
        features,
        estimator=used,
        samples=X_pool,
        X_labeled=X_labeled,
        y_labeled=y_labeled,
        posterior_source=ExternalPosterior,
        # A committee of modAL has no tags, its members have.
        target=target_of(estimator) if members else None,
    )
    if getattr(member, "X_training", None) is not None and not _was_warned(learner):
        _warn_of_labeled(learner, pool)
    return pool


def _was_warned(learner: Any) -> bool:
    try:
        return learner in _WARNED
    except TypeError:
        return False


def _warn_of_labeled(learner: Any, pool: Pool) -> None:
    """Warn if the last two labelled samples, or the only one, are in the pool."""
    X_labeled, _ = pool.labeled_outside()
    if X_labeled is None:
        return
    # Two, since a pool may have an equal of one labelled sample.
    first = max(0, X_labeled.shape[0] - 2)
    if not all(contains_row(pool.X, X_labeled[[row]]) for row in range(first, X_labeled.shape[0])):
        return
    # An object that has no hash or takes no weak reference is warned at each query.
    with suppress(TypeError):
        _WARNED.add(learner)
    warnings.warn(
        "X_pool has samples that are labelled already, the last ones of X_training, and strategies "
        "may choose them again. Hint: remove labelled samples from X_pool after each teach: "
        "X_pool = np.delete(X_pool, indices, axis=0).",
        # The caller of the strategy.
        stacklevel=4,
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
