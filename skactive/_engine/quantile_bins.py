"""The empirical distribution of a measure over the candidates, as a factor between 0 and 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skactive._engine.compiled import as_floats, compiled

# Limits of earlier utilities are replaced if more than this share lies outside them.
OUTSIDE_SHARE = 0.1

# Number of bins of a measure, least number of utilities that determine their limits, and share of
# these in the outermost bins, so that outliers do not widen the other bins.
N_BINS = 2048
N_DRAWN = 4096
OUTER_SHARE = 0.001


class DistributionFactor:
    """Rank candidates by one measure: (share of candidates with a lower utility)^weight.

    A constant measure has the factor 1, as has any measure with a weight of 0.

    Parameters
    ----------
    utilities : ndarray of shape (n_candidates,)
        Finite numbers.
    weight : float, default=1.0
        At least 0.
    limits : Limits, default=None
        Start and width of the bins. None computes them from some of the utilities.

    Notes
    -----
    Ranks of all candidates cost a sort, O(n log n). Bounds of all candidates, and ranks of some,
    are counted in O(n) and a sort of the candidates in the same bins.
    """

    def __init__(
        self, utilities: np.ndarray, weight: float = 1.0, limits: Limits | None = None
    ) -> None:
        self.utilities = utilities
        self.weight = weight
        self._limits = limits

    @cached_property
    def neutral(self) -> bool:
        """Whether the factor is the same for all candidates."""
        return self.weight == 0 or self.histogram.is_constant

    def all(self) -> np.ndarray:
        """Return the factors of all candidates, in [0, 1]."""
        n = len(self.utilities)
        order = np.argsort(self.utilities)
        ordered = self.utilities[order]
        if self.weight == 0 or n == 0 or ordered[0] == ordered[-1]:
            return np.ones(n)
        # Equal utilities share the rank of the first of them.
        first_of_run = np.empty(n, dtype=bool)
        first_of_run[0] = True
        np.not_equal(ordered[1:], ordered[:-1], out=first_of_run[1:])
        lower = np.empty(n, dtype=np.intp)
        lower[order] = np.maximum.accumulate(np.where(first_of_run, np.arange(n), 0))
        return self.of_rank(lower)

    def at(self, places: np.ndarray) -> np.ndarray:
        """Return the factors of some candidates, in [0, 1]."""
        if self.neutral:
            return np.ones(len(places))
        return self.of_rank(self.n_lower(self.utilities[places]))

    def n_lower(self, values: np.ndarray) -> np.ndarray:
        """Return the number of candidates with a utility below each of the given values."""
        bins = binned(values, self.limits).of
        is_in_question = np.zeros(N_BINS, dtype=bool)
        is_in_question[bins] = True
        beside = np.sort(self.utilities[np.flatnonzero(is_in_question.take(self.bins.of))])
        # All utilities in lower bins are lower.
        n_passed = np.cumsum(np.where(is_in_question, 0, self.histogram.counts))
        return np.asarray(np.searchsorted(beside, values) + n_passed[bins])

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return a lower and an upper bound, in [0, 1], on the factors in each bin."""
        if self.neutral:
            return np.ones(N_BINS), np.ones(N_BINS)
        return self.histogram.bounds(self.weight)

    @cached_property
    def limits(self) -> Limits:
        """Start and width of the bins."""
        return limits_of([drawn(self.utilities)]) if self._limits is None else self._limits

    @cached_property
    def bins(self) -> Bins:
        """The bins of the utilities, `N_BINS` of equal width."""
        return binned(self.utilities, self.limits)

    @property
    def histogram(self) -> Histogram:
        """The number of utilities in each bin."""
        return self.bins.histogram

    def of_rank(self, lower: np.ndarray) -> np.ndarray:
        """Return the factors of candidates, given the number of lower utilities for each."""
        return factors_of(lower, len(self.utilities), self.weight)


def factors_of(n_lower: np.ndarray, n: int, weight: float) -> np.ndarray:
    """Return (share of n candidates with a lower utility)^weight."""
    factors = n_lower / n
    return factors if weight == 1 else factors**weight


@dataclass(frozen=True)
class Limits:
    """The start of the lowest bin, and the number of bins for one unit of utility."""

    low: float
    scale: float


@dataclass(frozen=True)
class Drawn:
    """Some of the utilities and the extremes of all, for the computation of limits."""

    some: np.ndarray
    least: float
    most: float


@dataclass(frozen=True)
class Histogram:
    """The number of utilities in each bin, and their minimum and maximum.

    Histograms of parts of a pool, with the same limits, can be merged.
    """

    counts: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @property
    def is_constant(self) -> bool:
        """Whether all utilities are equal, or there are none."""
        return bool(self.least.min() >= self.most.max())

    @property
    def is_cut_well(self) -> bool:
        """Whether few utilities lie in the outermost bins."""
        n_outermost = self.counts[0] + self.counts[-1]
        return self.is_constant or bool(n_outermost <= OUTSIDE_SHARE * self.counts.sum())

    def limits(self) -> Limits:
        """Return limits for similar utilities."""
        shares = np.cumsum(self.counts) / max(1, self.counts.sum())
        first, last = np.searchsorted(shares, [OUTER_SHARE, 1 - OUTER_SHARE])
        return limits_between(
            *(self.least[first], self.most[last]), (self.least.min(), self.most.max())
        )

    def bounds(self, weight: float) -> tuple[np.ndarray, np.ndarray]:
        """Return a lower and an upper bound, in [0, 1], on the factors in each bin.

        The lower bound is the factor of the minimum of the bin. The upper bound is at least the
        factor of its maximum.
        """
        n = int(self.counts.sum())
        n_lower = np.cumsum(self.counts) - self.counts
        # If all utilities of a bin are equal, none is lower than another.
        n_others = np.where(self.least < self.most, self.counts - 1, 0)
        return factors_of(n_lower, n, weight), factors_of(n_lower + n_others, n, weight)


@dataclass(frozen=True)
class Bins:
    """The bin of each utility, and the histogram of all."""

    of: np.ndarray
    histogram: Histogram


def drawn(utilities: np.ndarray, n_candidates: int | None = None) -> Drawn:
    """Return a sample of the utilities of all candidates, or of a part of `n_candidates`."""
    if len(utilities) == 0:
        return Drawn(utilities, math.inf, -math.inf)
    n = len(utilities) if n_candidates is None else n_candidates
    some = utilities[:: max(1, n // N_DRAWN)]
    return Drawn(some, float(utilities.min()), float(utilities.max()))


def limits_of(parts: list[Drawn]) -> Limits:
    """Return limits with only the outermost sampled utilities in the first and last bins."""
    ordered = np.sort(np.concatenate([part.some for part in parts]))
    if len(ordered) == 0:
        return Limits(0.0, 0.0)
    outermost = int(len(ordered) * OUTER_SHARE)
    extremes = min(part.least for part in parts), max(part.most for part in parts)
    return limits_between(ordered[outermost], ordered[-1 - outermost], extremes)


def limits_between(low: float, high: float, extremes: tuple[float, float]) -> Limits:
    """Return limits from `low` to `high`, or between the extremes if these are equal."""
    low, high = (float(end) for end in ((low, high) if low < high else extremes))
    scale = N_BINS / (high - low) if low < high else math.inf
    return Limits(low, scale) if 0 < scale < math.inf else Limits(low, 0.0)


def merged(histograms: list[Histogram]) -> Histogram:
    """Merge histograms of parts of a pool, which have the same limits."""
    return Histogram(
        np.sum([one.counts for one in histograms], axis=0),
        np.min([one.least for one in histograms], axis=0),
        np.max([one.most for one in histograms], axis=0),
    )


def binned(utilities: np.ndarray, limits: Limits) -> Bins:
    """Assign utilities to bins of equal width; those outside the limits to the outermost bins."""
    bins = np.empty(len(utilities), dtype=np.uint16)
    histogram = Histogram(
        np.zeros(N_BINS, dtype=np.intp), np.full(N_BINS, np.inf), np.full(N_BINS, -np.inf)
    )
    counts, least, most = histogram.counts, histogram.least, histogram.most
    compiled(_cut)(as_floats(utilities), limits.low, limits.scale, bins, counts, least, most)
    return Bins(bins, histogram)


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
