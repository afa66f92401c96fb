"""The empirical distribution of a measure over the candidates, as a factor between 0 and 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skactive._compiled import compiled, is_compiling

# Into how many bins a measure is cut for bounds on its factor, of how many candidates at least
# their limits are drawn, and which share goes into the outermost ones, so that outliers do not
# stretch the rest.
N_BINS = 2048
N_DRAWN = 4096
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
    Ranks of all candidates cost a sort, O(n log n); the bounds of all and the ranks of some are
    found by counting, O(n) and a sort of those in the same bins.
    """

    def __init__(self, utilities: np.ndarray, weight: float = 1.0) -> None:
        self.utilities = utilities
        self.weight = weight

    @cached_property
    def neutral(self) -> bool:
        """Whether the factor is the same for all candidates."""
        if self.weight == 0 or len(self.utilities) == 0:
            return True
        return bool(self.bins.least.min() == self.bins.most.max())

    def all(self) -> np.ndarray:
        """Return the factors of all candidates, in [0, 1]."""
        n = len(self.utilities)
        if self.neutral:
            return np.ones(n)
        order = np.argsort(self.utilities)
        ordered = self.utilities[order]
        # Equal utilities share the rank of the first of them.
        first_of_run = np.empty(n, dtype=bool)
        first_of_run[0] = True
        np.not_equal(ordered[1:], ordered[:-1], out=first_of_run[1:])
        lower = np.empty(n, dtype=np.intp)
        lower[order] = np.maximum.accumulate(np.where(first_of_run, np.arange(n), 0))
        return self._of_rank(lower)

    def at(self, places: np.ndarray) -> np.ndarray:
        """Return the factors of some candidates, in [0, 1]."""
        if self.neutral:
            return np.ones(len(places))
        asked = np.zeros(N_BINS, dtype=bool)
        asked[self.bins.of[places]] = True
        beside = np.sort(self.utilities[np.flatnonzero(asked.take(self.bins.of))])
        n_lower = np.searchsorted(beside, self.utilities[places])
        # All that is in lower bins is lower, whether it was looked at or not.
        n_passed = np.cumsum(np.where(asked, 0, self.bins.counts))
        return self._of_rank(n_lower + n_passed[self.bins.of[places]])

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return for each bin two numbers in [0, 1] that all factors in it lie between.

        They are the factors of its least and its highest utility, the second or a little more.
        """
        if self.neutral:
            return np.ones(N_BINS), np.ones(N_BINS)
        n_lower = np.cumsum(self.bins.counts) - self.bins.counts
        # A bin may hold one utility many times: none of these is lower than another.
        n_others = np.where(self.bins.least < self.bins.most, self.bins.counts - 1, 0)
        return self._of_rank(n_lower), self._of_rank(n_lower + n_others)

    @cached_property
    def bins(self) -> Bins:
        """Where utilities stand, in `N_BINS` bins of one width."""
        drawn = np.sort(self.utilities[:: max(1, len(self.utilities) // N_DRAWN)])
        outermost = int(len(drawn) * OUTER_SHARE)
        low, high = drawn[outermost], drawn[-1 - outermost]
        if low == high:
            low, high = self.utilities.min(), self.utilities.max()
        with np.errstate(over="ignore", divide="ignore"):
            scale = N_BINS / (float(high) - float(low)) if low < high else math.inf
        if not 0 < scale < math.inf:
            scale = 0.0
        binned = compiled_bins if is_compiling() else plain_bins
        return binned(self.utilities, float(low), scale)

    def _of_rank(self, lower: np.ndarray) -> np.ndarray:
        factors = lower / len(self.utilities)
        return factors if self.weight == 1 else factors**self.weight


@dataclass(frozen=True)
class Bins:
    """In which bin each utility stands, and how many, the least and the most of each bin."""

    of: np.ndarray
    counts: np.ndarray
    least: np.ndarray
    most: np.ndarray


def plain_bins(utilities: np.ndarray, low: float, scale: float) -> Bins:
    """Cut utilities into bins of one width from `low` on; what lies outside goes outermost."""
    with np.errstate(over="ignore"):
        places = np.subtract(utilities, low, dtype=np.float64)
        places *= scale
    bins = np.clip(places, 0, N_BINS - 1, out=places).astype(np.uint16)
    least, most = np.full(N_BINS, np.inf), np.full(N_BINS, -np.inf)
    np.minimum.at(least, bins, utilities)
    np.maximum.at(most, bins, utilities)
    return Bins(bins, np.bincount(bins, minlength=N_BINS), least, most)


def compiled_bins(utilities: np.ndarray, low: float, scale: float) -> Bins:
    """Do the same with numba."""
    bins = Bins(
        np.empty(len(utilities), dtype=np.uint16),
        np.zeros(N_BINS, dtype=np.intp),
        np.full(N_BINS, np.inf),
        np.full(N_BINS, -np.inf),
    )
    compiled(_cut)(utilities, low, scale, bins.of, bins.counts, bins.least, bins.most)
    return bins


def _cut(  # type: ignore[no-untyped-def]
    utilities, low, scale, bins, counts, least, most
):  # pragma: no cover - compiled
    last = len(counts) - 1.0
    for place in range(len(utilities)):
        utility = np.float64(utilities[place])
        bin_ = np.intp(min(max((utility - low) * scale, 0.0), last))
        bins[place] = bin_
        counts[bin_] += 1
        least[bin_] = min(least[bin_], utility)
        most[bin_] = max(most[bin_], utility)


def largest_product(factors: list[DistributionFactor], n: int) -> tuple[np.ndarray, float]:
    """Return the places of those with the largest product of factors, and that product.

    The product of the bounds bounds the product: who cannot reach what the most promising one
    has is left out, without its ranks being found.
    """
    telling = [factor for factor in factors if not factor.neutral]
    if not telling:
        return np.arange(n), 1.0
    products = np.ones(n)
    multiply = compiled(_multiply) if is_compiling() else _multiplied
    bounds = [factor.bounds() for factor in telling]
    for factor, (_, highest) in zip(telling, bounds, strict=True):
        multiply(products, highest, factor.bins.of)
    first = products.argmax()
    reached = math.prod(
        float(least[factor.bins.of[first]])
        for factor, (least, _) in zip(telling, bounds, strict=True)
    )
    # A power may round the other way: whoever is that close is looked at.
    places = np.flatnonzero(products >= reached * (1 - 1e-12))
    products = np.ones(len(places))
    for factor in telling:
        products *= factor.at(places)
    return places[products == products.max()], float(products.max())


def _multiplied(products: np.ndarray, table: np.ndarray, bins: np.ndarray) -> None:
    products *= table.take(bins)


def _multiply(products, table, bins):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for place in range(len(products)):
        products[place] *= table[bins[place]]
