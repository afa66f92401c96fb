"""The baseline of all comparisons: random sampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._random_state import random_numbers
from skactive.base import PoolView
from skactive.strategies._base import QueryStrategy, random_keys
from skactive.strategies._utility_component import UtilityComponent


class RandomSampling(QueryStrategy):
    """Choose candidates at random.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        An int gives each pool one random order, which all queries follow. None draws that int at
        the first use of the strategy; a clone draws its own. A RandomState draws at each query.

    See Also
    --------
    CDFProduct : Needs fewer labels if samples of a class are close together.

    Notes
    -----
    With an int or None, a repeated query returns the same samples. `utilities` are random numbers
    in [0, 1); `terms` is empty. Cost: O(n_samples).

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.strategies import RandomSampling
    >>> indices, _ = RandomSampling(random_state=0).select(Pool([[1.0], [2.0], [3.0]]), 3)
    >>> sorted(indices.tolist())
    [0, 1, 2]
    """

    partition_rule = "chance"

    # The seed that replaces random_state=None, so that a query can be repeated.
    _drawn: int | None = None

    def __init__(self, *, random_state: int | np.random.RandomState | None = None) -> None:
        super().__init__(random_state=random_state)

    def utilities(self, pool: PoolView) -> np.ndarray:
        return random_keys(self._seed(), pool.n_samples)[pool.candidates]

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        return {}

    def _seed(self) -> Any:
        if self.random_state is not None:
            return self.random_state
        if self._drawn is None:
            self._drawn = int(random_numbers(None).randint(2**31 - 1))
        return self._drawn
