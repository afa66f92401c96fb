"""The candidates with the largest product of factors, found without ranking all."""

from __future__ import annotations

import math

import numpy as np

from skactive._engine.compiled import compiled
from skactive._engine.few_candidates import largest_product_of_few
from skactive._engine.quantile_bins import N_BINS, DistributionFactor


def largest_product(factors: list[DistributionFactor], n: int) -> tuple[np.ndarray, float]:
    """Return the positions of the candidates with the largest product of factors, and the product.

    Many candidates are bounded by bins, few in one compiled pass. If too many of them can have
    the largest product, all are ranked. The result is the same in each case.
    """
    if n >= 4 * N_BINS:
        return _largest_by_bounds(factors, n)
    largest = largest_product_of_few(factors, n)
    if largest is not None:
        return largest
    product = np.ones(n)
    for factor in factors:
        product *= factor.all()
    return np.flatnonzero(product == product.max()), float(product.max())


def _largest_by_bounds(factors: list[DistributionFactor], n: int) -> tuple[np.ndarray, float]:
    """Rank only the candidates that can have the largest product.

    The product of the upper bounds of its factors bounds the product of a candidate. Candidates
    whose bound is below the lower bound of the most promising candidate are not ranked.
    """
    informative = [factor for factor in factors if not factor.neutral]
    if not informative:
        return np.arange(n), 1.0
    places = can_be_largest(informative, [factor.bounds() for factor in informative], n)
    products = np.ones(len(places))
    for factor in informative:
        products *= factor.at(places)
    return places[products == products.max()], float(products.max())


def can_be_largest(
    factors: list[DistributionFactor], bounds: list[tuple[np.ndarray, np.ndarray]], n: int
) -> np.ndarray:
    """Return the positions of the candidates whose product can be the largest, by bounds."""
    if n == 0:
        return np.arange(0)
    products = np.ones(n)
    for factor, (_, highest) in zip(factors, bounds, strict=True):
        compiled(_multiply)(products, highest, factor.bins.of)
    first = products.argmax()
    reached = math.prod(
        float(least[factor.bins.of[first]])
        for factor, (least, _) in zip(factors, bounds, strict=True)
    )
    # Powers are rounded: candidates this close can have the largest product.
    return np.flatnonzero(products >= reached * (1 - 1e-12))


def _multiply(products, table, bins):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for place in range(len(products)):
        products[place] *= table[bins[place]]
