"""The components of a utility, one for each measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class UtilityComponent:
    """A component of the utility: a measure, its values and its factors.

    `QueryStrategy.terms` returns one for each measure. The utility of a candidate is the product
    of its factors.

    Attributes
    ----------
    measure : Measure or QueryStrategy
        The source of the values; the strategy itself if it has no measures.
    values : ndarray of shape (n_candidates,)
        The value of each candidate.
    factors : ndarray of shape (n_candidates,)
        The factor of each candidate in the utility.
    weight : float
        The exponent of the factor; 0 leaves the term out.
    """

    measure: Any
    values: np.ndarray
    factors: np.ndarray
    weight: float = 1.0

    @property
    def is_constant(self) -> bool:
        """Whether all candidates have the same value, so that the component has no effect."""
        return len(self.values) == 0 or bool(self.values.min() == self.values.max())

    @staticmethod
    def product(components: Mapping[str, UtilityComponent], n_candidates: int) -> np.ndarray:
        """Return the utility of each candidate, the product of its factors.

        Parameters
        ----------
        components : dict of str to UtilityComponent
            The result of `QueryStrategy.terms`.
        n_candidates : int
            Number of candidates.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            1 for all candidates if there are no components.
        """
        product = np.ones(n_candidates)
        for component in components.values():
            product *= component.factors
        return product
