"""The baseline of all comparisons: random sampling."""

from __future__ import annotations

import numpy as np

from skactive.base import PoolView
from skactive.strategies._base import QueryStrategy, random_keys
from skactive.strategies._utility_component import UtilityComponent


class RandomSampling(QueryStrategy):
    """Choose candidates at random.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        An int gives each pool one random order, which all queries follow, so that a repeated query
        returns the same samples; None draws again each time.

    See Also
    --------
    CDFProduct : Needs fewer labels if samples of a class are close together.

    Notes
    -----
    `utilities` are random numbers in [0, 1); `terms` is empty. Cost: O(n_samples).

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.strategies import RandomSampling
    >>> indices, _ = RandomSampling(random_state=0).select(Pool([[1.0], [2.0], [3.0]]), 3)
    >>> sorted(indices.tolist())
    [0, 1, 2]
    """

    partition_rule = "chance"

    def __init__(self, *, random_state: int | np.random.RandomState | None = None) -> None:
        super().__init__(random_state=random_state)

    def utilities(self, pool: PoolView) -> np.ndarray:
        return random_keys(self.random_state, pool.n_samples)[pool.candidates]

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        return {}
