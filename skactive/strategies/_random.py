"""The baseline that every strategy has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive.base import PoolView
from skactive.strategies._base import QueryStrategy, random_keys
from skactive.strategies._utility_component import UtilityComponent


class RandomSampling(QueryStrategy):
    """Choose candidates at random.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        An int puts each pool into one random order that queries follow, so that the same query
        gives the same answer; None draws anew each time.

    See Also
    --------
    CDFProduct : Needs fewer labels, on samples whose classes lie together.

    Notes
    -----
    Cost: O(n_samples).

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.strategies import RandomSampling
    >>> indices, _ = RandomSampling(random_state=0).select(Pool([[1.0], [2.0], [3.0]]), 3)
    >>> sorted(indices.tolist())
    [0, 1, 2]
    """

    partition_rule = "chance"

    def __init__(self, *, random_state: Any = None) -> None:
        super().__init__(random_state=random_state)

    def utilities(self, pool: PoolView) -> np.ndarray:
        """Return a random number for each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            In [0, 1).
        """
        return random_keys(self.random_state, pool.n_samples)[pool.candidates]

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        """Return nothing: no property of a candidate counts.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        terms : dict of str to UtilityComponent
            Empty.
        """
        return {}
