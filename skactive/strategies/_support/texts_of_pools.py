"""Pools whose estimator takes texts in place of vectors."""

from __future__ import annotations

from skactive._estimators import classifier_of
from skactive.base import PoolView


def check_estimator_takes_vectors(owner: object, pool: PoolView, hint: str) -> None:
    """Raise if a strategy would fit the estimator of a pool, which takes texts, to vectors."""
    first = pool.take(pool.candidates[:1])
    if not hasattr(first, "columns") and any(isinstance(one, str) for one in first):
        raise TypeError(
            f"{type(owner).__name__} fits the estimator to vectors, but "
            f"{type(classifier_of(pool.estimator)).__name__} takes tokens of texts. Hint: {hint}"
        )
