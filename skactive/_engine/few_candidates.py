"""The largest product of factors among a few thousand candidates, in one compiled pass."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from skactive._engine.compiled import compiled
from skactive._engine.quantile_bins import DistributionFactor

# Number of bins of a measure, and largest number of candidates that are ranked one by one. For more
# candidates, sorting is faster.
N_BINS = 512
N_RANKED = 64

# Smaller products have too few correct digits.
LEAST_PRODUCT = 1e-290


def largest_product_of_few(
    factors: list[DistributionFactor], n: int
) -> tuple[np.ndarray, float] | None:
    """Return the positions of the candidates with the largest product of factors, and the product.

    Return None if too many candidates can have the largest product. A compiled loop counts the
    lower utilities. Factors are computed from the counts as for all candidates, so that products
    are equal bit for bit.
    """
    if n == 0 or any(factor.utilities.dtype.kind != "f" for factor in factors):
        return None
    columns = np.empty((len(factors), n))
    for place, factor in enumerate(factors):
        columns[place] = factor.utilities
    weights = np.array([factor.weight for factor in factors])
    places = np.empty(N_RANKED, dtype=np.intp)
    n_lower = np.empty((len(factors), N_RANKED), dtype=np.intp)
    n_ranked = compiled(_rank_few)(columns, weights, logarithms(n), places, n_lower, N_BINS)
    if n_ranked < 0:
        return None
    places, products = places[:n_ranked], np.ones(n_ranked)
    for factor, lower in zip(factors, n_lower, strict=True):
        if lower[0] >= 0:
            products *= factor.of_rank(lower[:n_ranked])
    largest = float(products.max())
    return None if largest < LEAST_PRODUCT else (places[products == largest], largest)


def logarithms(n: int) -> np.ndarray:
    """Return the logarithms of 0, 1, …, at least up to n."""
    return _logarithms(1 << n.bit_length())


@lru_cache(maxsize=4)
def _logarithms(size: int) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.arange(size))


def _rank_few(  # type: ignore[no-untyped-def] # noqa: C901, PLR0912 - one compiled loop
    columns, weights, logs, places, n_lower, n_bins
):  # pragma: no cover - compiled
    """Count the lower utilities for each candidate that can have the largest product.

    Returns the number of these candidates, or -1 if there are too many. The counts of a constant
    factor are -1.
    """
    n_columns, n = columns.shape
    bins = np.empty((n_columns, n), dtype=np.uint16)
    bounds = np.zeros(n)
    is_informative = np.zeros(n_columns, dtype=np.bool_)
    counts, lows, highs = np.empty(n_bins, dtype=np.intp), np.empty(n_bins), np.empty(n_bins)
    table = np.empty(n_bins)
    for which in range(n_columns):
        values = columns[which]
        low = high = values[0]
        for place in range(n):
            low = min(low, values[place])
            high = max(high, values[place])
        if weights[which] == 0.0 or low == high:
            continue
        is_informative[which] = True
        scale = n_bins / (high - low)
        if not (0.0 < scale < np.inf):
            return -1
        counts[:], lows[:], highs[:] = 0, np.inf, -np.inf
        for place in range(n):
            value = values[place]
            own = np.intp(min((value - low) * scale, n_bins - 1.0))
            bins[which, place] = own
            counts[own] += 1
            lows[own] = min(lows[own], value)
            highs[own] = max(highs[own], value)
        passed = 0
        for bin_ in range(n_bins):
            # If all utilities of a bin are equal, none is lower than another.
            others = counts[bin_] - 1 if lows[bin_] < highs[bin_] else 0
            table[bin_] = weights[which] * (logs[passed + others] - logs[n])
            passed += counts[bin_]
        for place in range(n):
            bounds[place] += table[bins[which, place]]
    first = 0
    for place in range(n):
        if bounds[place] > bounds[first]:
            first = place
    reached = 0.0
    for which in range(n_columns):
        if is_informative[which]:
            lower, value = 0, columns[which, first]
            for place in range(n):
                lower += columns[which, place] < value
            reached += weights[which] * (logs[lower] - logs[n])
    # Candidates this close can have equal products after rounding.
    reached -= 1e-9 * (1.0 - reached)
    if not reached > -np.inf:
        return -1
    n_ranked = 0
    for place in range(n):
        if bounds[place] >= reached:
            if n_ranked == len(places):
                return -1
            places[n_ranked] = place
            n_ranked += 1
    for which in range(n_columns):
        for ranked in range(n_ranked):
            lower = -1
            if is_informative[which]:
                lower, value = 0, columns[which, places[ranked]]
                for place in range(n):
                    lower += columns[which, place] < value
            n_lower[which, ranked] = lower
    return n_ranked
