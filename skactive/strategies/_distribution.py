"""The empirical distribution of a measure over the candidates, as a factor between 0 and 1."""

from __future__ import annotations

import math

import numpy as np

# Into how many bins a measure is cut for bounds on its factor, and which share of the candidates
# goes into the outermost ones, so that outliers do not stretch the rest.
N_BINS = 2048
OUTER_SHARE = 0.001


class DistributionFactor:
    """Rank candidates by one measure: (share of candidates with a lower utility)^weight.

    A measure that is the same for all candidates says nothing: its factor is 1, as with a
    weight of 0.

    Parameters
    ----------
    utilities : ndarray of shape (n_candidates,)
        Finite numbers.
    weight : float, default=1.0
        At least 0.

    Notes
    -----
    Values are sorted, O(n log n), which is several times faster than finding everybody's rank.
    """

    def __init__(self, utilities: np.ndarray, weight: float = 1.0) -> None:
        self.utilities = utilities
        self.weight = weight
        self._ordered = np.sort(utilities)
        self.neutral = weight == 0 or len(utilities) == 0 or self._ordered[0] == self._ordered[-1]

    def all(self) -> np.ndarray:
        """Return the factors of all candidates, in [0, 1]."""
        n = len(self.utilities)
        if self.neutral:
            return np.ones(n)
        order = np.argsort(self.utilities)
        # Equal utilities share the rank of the first of them.
        first_of_run = np.empty(n, dtype=bool)
        first_of_run[0] = True
        np.not_equal(self._ordered[1:], self._ordered[:-1], out=first_of_run[1:])
        lower = np.empty(n, dtype=np.intp)
        lower[order] = np.maximum.accumulate(np.where(first_of_run, np.arange(n), 0))
        return self._of_rank(lower)

    def at(self, places: np.ndarray) -> np.ndarray:
        """Return the factors of some candidates, in [0, 1]."""
        if self.neutral:
            return np.ones(len(places))
        return self._of_rank(np.searchsorted(self._ordered, self.utilities[places]))

    def bounds(self) -> np.ndarray:
        """Return a number for each candidate that its factor does not exceed, in [0, 1].

        It is the factor of the highest utility in the same bin.
        """
        outermost = int(len(self._ordered) * OUTER_SHARE)
        low, high = self._ordered[outermost], self._ordered[-1 - outermost]
        if low == high:
            low, high = self._ordered[0], self._ordered[-1]
        with np.errstate(over="ignore", divide="ignore"):
            scale = N_BINS / (high - low)
            if self.neutral or not 0 < scale < math.inf:
                return np.ones(len(self.utilities))
            places = (self.utilities - low) * scale
        bins = np.clip(places, 0, N_BINS - 1, out=places).astype(np.intp)
        ends = np.cumsum(np.bincount(bins, minlength=N_BINS))
        highest = self._ordered[np.maximum(ends - 1, 0)]
        return self._of_rank(np.searchsorted(self._ordered, highest)).take(bins)

    def _of_rank(self, lower: np.ndarray) -> np.ndarray:
        factors = lower / len(self.utilities)
        return factors if self.weight == 1 else factors**self.weight


def largest_product(factors: list[DistributionFactor], n: int) -> tuple[np.ndarray, float]:
    """Return the places of those with the largest product of factors, and that product.

    The product of the bounds bounds the product: who cannot reach what the most promising one
    has is left out, without its ranks being found.
    """
    bounds = np.ones(n)
    for factor in factors:
        if not factor.neutral:
            bounds *= factor.bounds()
    reached = _product(factors, np.array([bounds.argmax()]))[0]
    # A power may round the other way: whoever is that close is looked at.
    places = np.flatnonzero(bounds >= reached * (1 - 1e-12))
    products = _product(factors, places)
    return places[products == products.max()], float(products.max())


def _product(factors: list[DistributionFactor], places: np.ndarray) -> np.ndarray:
    products = np.ones(len(places))
    for factor in factors:
        products *= factor.at(places)
    return products
