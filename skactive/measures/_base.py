"""What every measure has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from sklearn.base import BaseEstimator

from skactive.base import PoolView


class Measure(ABC, BaseEstimator):
    """Base class of all measures: give each candidate of a pool a utility.

    A subclass writes `utilities`; its parameters are those of its `__init__`, as for any
    scikit-learn estimator, so that grids reach them.

    See Also
    --------
    skactive.strategies.CDFProduct : Combines measures that live on different scales.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive import Pool
    >>> from skactive.measures import Measure
    >>> class Length(Measure):
    ...     def utilities(self, pool):
    ...         return np.linalg.norm(pool.X[pool.candidates], axis=1)
    >>> Length().utilities(Pool([[3.0, 4.0], [1.0, 0.0]]))
    array([5., 1.], dtype=float32)
    """

    @abstractmethod
    def utilities(self, pool: PoolView) -> np.ndarray:
        """Return how informative each candidate is.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            Finite, larger is better, in the order of ``pool.candidates``.
        """
