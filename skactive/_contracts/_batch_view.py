"""The state of one query."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class BatchView(Protocol):
    """The state of one query, which `skactive.strategies.QueryStrategy.select` goes through.

    A strategy picks samples one after the other. `best` returns the positions of the equally
    good best ones; the strategy breaks the tie and passes one to `pick`.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.strategies import KCenterGreedy
    >>> batch = Pool([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]).batch(KCenterGreedy())
    >>> positions, utility = batch.best()
    >>> positions
    array([2])
    """

    @property
    def n_samples(self) -> int:
        """Number of samples of the pool."""

    @property
    def candidates(self) -> np.ndarray:
        """Positions of the candidates left, ascending."""

    @property
    def n_candidates(self) -> int:
        """Number of candidates left."""

    def best(self) -> tuple[np.ndarray, float]:
        """Return the positions of the candidates with the largest utility, and this utility.

        Returns
        -------
        positions : ndarray of int of shape (n,)
            Positions in the pool, ascending; more than one if utilities are equal.
        utility : float
            The utility.
        """

    def pick(self, position: int) -> object:
        """Count a candidate as labelled from now on.

        Parameters
        ----------
        position : int
            Its position in the pool.

        Returns
        -------
        batch : object
            Ignored.
        """
