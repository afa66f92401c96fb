"""Ask about what the classifier is least sure of."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._validation import checked_utilities
from skactive.base import PoolView
from skactive.measures import Margin, Measure
from skactive.strategies._base import QueryStrategy
from skactive.strategies._utility_component import UtilityComponent


class UncertaintySampling(QueryStrategy):
    """Choose the candidates of which the classifier is least sure.

    The baseline of active learning: cheap, strong once the classifier knows its classes, weak
    with the first labels, when it looks at borders that will move.

    Parameters
    ----------
    measure : Measure, default=None
        How uncertainty is measured; None takes `Margin`. Any measure will do.
    random_state : int, RandomState instance or None, default=None
        How ties are broken: at random, or by position where it is None.

    See Also
    --------
    CDFProduct : Weighs uncertainty with density and diversity.

    Notes
    -----
    Cost: that of the measure, and O(n_candidates) for each sample chosen. While nothing is known,
    all candidates are equal.

    References
    ----------
    D. D. Lewis and W. A. Gale, "A sequential algorithm for training text classifiers", 1994.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import UncertaintySampling
    >>> pool = Pool([[1, 0], [0, 1], [3, 1], [1, 1]], estimator=IncrementalKNeighborsClassifier())
    >>> indices, utilities = UncertaintySampling().select(pool.add_labels([0, 1], ["a", "b"]))
    >>> indices
    array([3])
    """

    partition_rule = "utility"

    def __init__(self, measure: Measure | None = None, *, random_state: Any = None) -> None:
        super().__init__(random_state=random_state)
        self.measure = measure

    def utilities(self, pool: PoolView) -> np.ndarray:
        """Return the uncertainty of each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            What the measure says.
        """
        return self._measure().utilities(pool)

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        """Return the measure, under the name 'uncertainty'.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        terms : dict of str to UtilityComponent
            One, whose factor is the value itself.
        """
        values = checked_utilities(type(self).__name__, self.utilities(pool), pool)
        return {"uncertainty": UtilityComponent(self._measure(), values, values)}

    def _measure(self) -> Measure:
        return Margin() if self.measure is None else self.measure
