"""What to ask while a classifier has nothing to go by."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import numpy as np

from skactive.pool import Batch, Pool

T = TypeVar("T")


def spread_out(pool: Pool | Batch, metric: str) -> np.ndarray:
    """Return how far each candidate is from all that is labelled or picked.

    Where nothing is, the density: the first question is about a sample that stands for many, the
    next ones about what is unlike those before.
    """
    distances = pool.distance_to_labeled(metric, "min")
    return pool.density(metric) if distances is None else distances.astype(np.float64)


def whole_pool(pool: Pool | Batch) -> Pool:
    """Return the pool behind a batch."""
    return pool.pool if isinstance(pool, Batch) else pool


def once_per_batch(pool: Pool | Batch, key: Hashable, compute: Callable[[], T]) -> T:
    """Return what stays true while a batch is picked, since nobody answers meanwhile."""
    if not isinstance(pool, Batch):
        return compute()
    if key not in pool.scratch:
        pool.scratch[key] = compute()
    value: T = pool.scratch[key]
    return value


def knows_classes(pool: Pool) -> bool:
    """Tell whether the labels that the pool was told are of two classes or more."""
    return len(np.unique(pool.labeled_samples()[1])) > 1


def posterior_of_classes(pool: Pool) -> np.ndarray | None:
    """Return the candidates' posterior, or None where it is of fewer than two classes."""
    posterior = pool.posterior() if pool.estimator is not None else None
    return posterior if posterior is not None and posterior.shape[1] > 1 else None
