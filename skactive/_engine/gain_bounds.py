"""Upper bounds on gains in coverage, to find the largest without computing all."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from skactive._engine.compiled import compiled

# A weight may rise by this share of the largest weight before bounds are updated.
MAX_RISE = 0.05

# If more than this share of the samples has changed, evaluating all of them is faster.
WHOLE_SHARE = 1 / 8

# Bound on the relative error of sums of floats, in any order of the terms.
ROUNDING = 1e-9


class GainBounds:
    """Bound the gains sum_x w(x) max(0, K(x, c) - coverage(x)) as weights and coverage change.

    A bound stays valid if a weight falls or coverage grows. If a weight rises by more than some
    share of the largest weight, the bounds of its neighbours are raised; smaller rises are covered
    by adding the gain for unit weights times that share to every bound. If a bound reaches the
    largest gain so far, the gain is computed and replaces the bound.
    """

    def __init__(self, kernel: sp.csr_matrix) -> None:
        self._kernel = kernel
        self._weights = np.full(kernel.shape[0], np.inf)
        self._bounds = np.full(kernel.shape[0], np.inf)

    def copy(self) -> GainBounds:
        """Return an independent copy."""
        twin = GainBounds(self._kernel)
        twin._weights, twin._bounds = self._weights.copy(), self._bounds.copy()
        return twin

    def reset(self, rows: np.ndarray) -> None:
        """Discard the bounds of some samples."""
        self._bounds[rows] = np.inf

    def largest(
        self,
        weights: np.ndarray,
        covered: np.ndarray,
        gains: np.ndarray,
        exponent: float,
        rows: np.ndarray,
    ) -> tuple[np.ndarray, float]:
        """Return the positions in `rows` of the largest gain / gains ** exponent, and the quotient.

        `gains` are the gains if all weights above 0 were 1, or an upper bound on them.
        """
        graph = self._kernel.indptr, self._kernel.indices, self._kernel.data
        heaviest, most = weights.max(), gains.max()
        allowed = MAX_RISE * heaviest
        risen = compiled(_lower_kept_weights)(weights, allowed, self._weights)
        if len(risen) < WHOLE_SHARE * len(weights):
            compiled(_raise_bounds)(*graph, risen, weights, covered, self._weights, self._bounds)
        else:
            self._weights, self._bounds = weights.copy(), np.full(len(weights), np.inf)
        places = compiled(_nearly_largest)(
            *graph,
            weights,
            covered,
            gains,
            exponent,
            rows,
            heaviest,
            most,
            allowed,
            ROUNDING,
            self._bounds,
        )
        values = quotients(self._bounds[rows[places]], gains[rows[places]] ** exponent)
        largest = values.max(initial=-1.0)
        return places[values == largest], float(largest)


def quotients(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return values / others, or 0 if the divisor is not positive."""
    return np.divide(values, others, out=np.zeros_like(values), where=others > 0)


def _lower_kept_weights(weights, allowed, kept):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """Lower the kept weights that have fallen, and return the samples whose weight has risen."""
    n_risen = 0
    risen = np.empty(len(weights), dtype=np.int64)
    for sample in range(len(weights)):
        if weights[sample] < kept[sample]:
            kept[sample] = weights[sample]
        elif weights[sample] > kept[sample] + allowed:
            risen[n_risen] = sample
            n_risen += 1
    return risen[:n_risen]


def _raise_bounds(  # type: ignore[no-untyped-def]
    starts, neighbors, values, risen, weights, covered, kept, bounds
):  # pragma: no cover - compiled
    for sample in risen:
        rise = weights[sample] - kept[sample]
        kept[sample] = weights[sample]
        bounds[sample] += rise * (1.0 - covered[sample])
        for edge in range(starts[sample], starts[sample + 1]):
            bounds[neighbors[edge]] += rise * max(values[edge] - covered[sample], 0.0)


def _nearly_largest(  # type: ignore[no-untyped-def]
    starts,
    neighbors,
    values,
    weights,
    covered,
    gains,
    exponent,
    rows,
    heaviest,
    most,
    allowed,
    rounding,
    bounds,
):  # pragma: no cover - compiled
    """Return the positions of the rows whose quotient is the largest up to rounding.

    Gains are summed only for rows that can have the largest quotient. Powers are expensive, so
    that most rows are excluded by two bounds without a power: a gain is at most the largest weight
    times the gain for unit weights, and a power of a gain lies above the line to the power of the
    largest gain.
    """
    largest, slope, least_gain, n_found = 0.0, 0.0, 0.0, 0
    found = np.empty(len(rows), dtype=np.int64)
    for place in range(len(rows)):
        row = rows[place]
        bound = (bounds[row] + allowed * gains[row]) * (1.0 + rounding)
        if gains[row] < least_gain or bound < slope * gains[row]:
            continue
        power = gains[row] ** exponent
        if bound < largest * power:
            continue
        gain = weights[row] * (1.0 - covered[row])
        for edge in range(starts[row], starts[row + 1]):
            sample = neighbors[edge]
            gain += weights[sample] * max(values[edge] - covered[sample], 0.0)
        bounds[row] = gain
        quotient = gain / power if power > 0.0 else 0.0
        # The caller compares by numpy's powers, which may differ in the last digits.
        if quotient < largest * (1.0 - rounding):
            continue
        if quotient * (1.0 - rounding) > largest:
            n_found = 0
        if quotient > largest:
            largest = quotient
            slope = largest * (1.0 - rounding) * most ** (exponent - 1.0)
            least_gain = (largest * (1.0 - rounding) / heaviest) ** (1.0 / (1.0 - exponent))
        found[n_found] = place
        n_found += 1
    return found[:n_found]
