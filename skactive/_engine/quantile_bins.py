"""The empirical distribution of a measure over the candidates, as a factor between 0 and 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skactive._engine.compiled import as_floats, compiled

# Limits that were set for other utilities are set anew where so many lie outside.
OUTSIDE_SHARE = 0.1

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
    limits : Limits, default=None
        Where bins begin, and how wide they are. None looks at some of the utilities.

    Notes
    -----
    Ranks of all candidates cost a sort, O(n log n); the bounds of all and the ranks of some are
    found by counting, O(n) and a sort of those in the same bins.
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
        """Return how many of the candidates have a lower utility than each of some values."""
        bins = binned(values, self.limits).of
        is_in_question = np.zeros(N_BINS, dtype=bool)
        is_in_question[bins] = True
        beside = np.sort(self.utilities[np.flatnonzero(is_in_question.take(self.bins.of))])
        # All that is in lower bins is lower, whether it was looked at or not.
        n_passed = np.cumsum(np.where(is_in_question, 0, self.histogram.counts))
        return np.asarray(np.searchsorted(beside, values) + n_passed[bins])

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return for each bin two numbers in [0, 1] that all factors in it lie between."""
        if self.neutral:
            return np.ones(N_BINS), np.ones(N_BINS)
        return self.histogram.bounds(self.weight)

    @cached_property
    def limits(self) -> Limits:
        """Where bins begin, and how wide they are."""
        return (
            limits_of([sample_utilities(self.utilities)]) if self._limits is None else self._limits
        )

    @cached_property
    def bins(self) -> Bins:
        """Where utilities stand, in `N_BINS` bins of one width."""
        return binned(self.utilities, self.limits)

    @property
    def histogram(self) -> Histogram:
        """How many utilities are in each bin."""
        return self.bins.histogram

    def of_rank(self, lower: np.ndarray) -> np.ndarray:
        """Return the factors of candidates that so many have a lower utility than."""
        return factors_of(lower, len(self.utilities), self.weight)


def factors_of(n_lower: np.ndarray, n: int, weight: float) -> np.ndarray:
    """Return (share of n candidates with a lower utility)^weight."""
    factors = n_lower / n
    return factors if weight == 1 else factors**weight


@dataclass(frozen=True)
class Limits:
    """Where the lowest bin begins, and how many bins there are to one unit of utility."""

    low: float
    scale: float


@dataclass(frozen=True)
class UtilitySample:
    """Utilities, some of them and the extremes, from which limits are set."""

    some: np.ndarray
    least: float
    most: float


@dataclass(frozen=True)
class Histogram:
    """How many utilities each bin has, and the least and the most of each bin.

    Those of two parts of a pool, with the same limits, make that of both.
    """

    counts: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @property
    def is_constant(self) -> bool:
        """Whether all utilities are the same, or there is none."""
        return bool(self.least.min() >= self.most.max())

    @property
    def has_few_outside(self) -> bool:
        """Whether few utilities lie in the outermost bins."""
        n_outermost = self.counts[0] + self.counts[-1]
        return self.is_constant or bool(n_outermost <= OUTSIDE_SHARE * self.counts.sum())

    def limits(self) -> Limits:
        """Return limits for utilities like these."""
        shares = np.cumsum(self.counts) / max(1, self.counts.sum())
        first, last = np.searchsorted(shares, [OUTER_SHARE, 1 - OUTER_SHARE])
        return limits_between(
            *(self.least[first], self.most[last]), (self.least.min(), self.most.max())
        )

    def bounds(self, weight: float) -> tuple[np.ndarray, np.ndarray]:
        """Return for each bin two numbers in [0, 1] that all factors in it lie between.

        They are the factors of its least and its highest utility, the second or a little more.
        """
        n = int(self.counts.sum())
        n_lower = np.cumsum(self.counts) - self.counts
        # A bin may hold one utility many times: none of these is lower than another.
        n_others = np.where(self.least < self.most, self.counts - 1, 0)
        return factors_of(n_lower, n, weight), factors_of(n_lower + n_others, n, weight)


@dataclass(frozen=True)
class Bins:
    """In which bin each utility stands, and what is in each bin."""

    of: np.ndarray
    histogram: Histogram


def sample_utilities(utilities: np.ndarray, n_candidates: int | None = None) -> UtilitySample:
    """Draw utilities from those of all candidates, or of some of `n_candidates`."""
    if len(utilities) == 0:
        return UtilitySample(utilities, math.inf, -math.inf)
    n = len(utilities) if n_candidates is None else n_candidates
    some = utilities[:: max(1, n // N_DRAWN)]
    return UtilitySample(some, float(utilities.min()), float(utilities.max()))


def limits_of(parts: list[UtilitySample]) -> Limits:
    """Set limits so that all but the outermost of what was drawn are in bins of their own."""
    ordered = np.sort(np.concatenate([part.some for part in parts]))
    if len(ordered) == 0:
        return Limits(0.0, 0.0)
    outermost = int(len(ordered) * OUTER_SHARE)
    extremes = min(part.least for part in parts), max(part.most for part in parts)
    return limits_between(ordered[outermost], ordered[-1 - outermost], extremes)


def limits_between(low: float, high: float, extremes: tuple[float, float]) -> Limits:
    """Return limits from `low` to `high`, or between the extremes where these are equal."""
    low, high = (float(end) for end in ((low, high) if low < high else extremes))
    scale = N_BINS / (high - low) if low < high else math.inf
    return Limits(low, scale) if 0 < scale < math.inf else Limits(low, 0.0)


def merged(histograms: list[Histogram]) -> Histogram:
    """Return the histogram of all parts of a pool, whose limits are the same."""
    return Histogram(
        np.sum([one.counts for one in histograms], axis=0),
        np.min([one.least for one in histograms], axis=0),
        np.max([one.most for one in histograms], axis=0),
    )


def binned(utilities: np.ndarray, limits: Limits) -> Bins:
    """Cut utilities into bins of one width; what lies outside the limits goes outermost."""
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
