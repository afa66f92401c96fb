"""Coverage of the samples with uncertain predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.gain_bounds import quotients
from skactive._validation import check_choice, check_number, checked_utilities
from skactive.base import PoolView
from skactive.measures import (
    Coverage,
    Diversity,
    Entropy,
    LeastConfidence,
    Margin,
    Measure,
    PredictiveVariance,
    TargetUncertainty,
)
from skactive.strategies._base import QueryStrategy
from skactive.strategies._utility_component import UtilityComponent


class SquaredDistance(Diversity):
    """Measure the squared distance to the nearest sample that is labelled or picked."""

    def utilities(self, pool: PoolView) -> np.ndarray:
        return np.square(super().utilities(pool))

    def utilities_everywhere(self, pool: PoolView) -> np.ndarray:
        # In a batch, candidates that it may not choose count, too.
        labeled = super().utilities_everywhere(pool.whole)
        n_picked = len(pool.picked)
        if n_picked == 0:
            return labeled
        metric, params = chosen_metric(self, pool)
        kept: dict[str, Any] = pool.once_per_batch(
            (type(self), metric), lambda: {"n": 0, "squares": np.full(len(labeled), np.inf)}
        )
        if kept["n"] < n_picked:
            new = np.square(pool.distances_to(pool.picked[kept["n"] :], metric, params))
            kept.update(n=n_picked, squares=np.minimum(kept["squares"], new.min(axis=1)))
        if pool.whole.n_labeled > 0:
            return np.minimum(labeled, kept["squares"])
        return np.where(labeled > 0, kept["squares"], 0.0)


UNCERTAINTIES = {
    "auto": TargetUncertainty,
    "margin": Margin,
    "entropy": Entropy,
    "least_confidence": LeastConfidence,
    "variance": PredictiveVariance,
}


class UncertaintyHerding(QueryStrategy):
    """Choose the candidate whose label would cover the most uncertainty.

    A label covers the samples around it. The utility of a candidate c is the sum over all samples
    x of u(x) max(0, K(x, c) - max_l K(x, l)): the uncertainty of x, times the increase of its
    similarity to the nearest labelled sample l. This number combines uncertainty, density and
    diversity without weights. The first queries are in the densest regions; as the number of
    labels grows, coverage counts less and uncertainty more, and the last queries are near the
    boundaries between classes.

    Parameters
    ----------
    uncertainty : str, Measure or None, default='auto'
        The measure u: 'margin', 'entropy' or 'least_confidence' if labels are classes, 'variance'
        if they are numbers, or 'distance', the squared distance to the nearest labelled sample.
        'auto' is 'margin' for classes, 'distance' for numbers, and `LabelUncertainty` for several
        labels. None takes u = 1: MaxHerding, which uses coverage alone.
    n_neighbors : int, default=15
        Number of neighbours of each sample in the graph, at least 1.
    metric : str, default=None
        The metric of the graph.
        None is the metric of an incremental classifier of the pool, else the cosine.
    bandwidth : 'median', float or None, default='median'
        The bandwidth of K(x, c) = exp(-d² / (2 s²)), as in `skactive.measures.Coverage`.
    half_coverage : float or None, default=50
        The number of labels at which the exponent of coverage is one half, above 0: with n labels
        the sum above is divided by the same sum with u = 1, the gain in coverage, to the power
        n / (n + half_coverage). None takes the sum at any number of labels, as published.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random.

    See Also
    --------
    skactive.measures.Coverage : The coverage alone, as a measure.
    CDFProduct : Combines measures as a weighted product.

    Notes
    -----
    Until there are predictions, the utility is the gain in coverage. While all uncertainties are
    0, as with labels of one class only, u is the distance to the nearest labelled sample. Skipped
    samples are not counted.

    With 'distance', any regressor can be used. If numbers change smoothly, d² bounds the squared
    error of the nearest label; the standard deviation of a few neighbours is a rough estimate of
    the error.

    `terms` has 'coverage', the gain in coverage, and 'uncertainty', whose value is the
    candidate's own and whose factor is the mean over the samples it would cover, weighted by their
    coverage. While all uncertainties are 0, 'diversity' replaces it.

    Cost after the graph is built: that of the uncertainty, O(n_samples) to find changes, and the
    neighbourhoods of the samples whose uncertainty or coverage has changed. `select` bounds the
    sums, and computes only those that may be the largest.

    References
    ----------
    W. Bae, G. L. Oliveira and D. J. Sutherland, "Uncertainty herding: one active learning method
    for all label budgets", ICLR 2025.

    W. Bae, J. Noh and D. J. Sutherland, "Generalized coverage for more robust low-budget active
    learning", ECCV 2024, for `uncertainty=None`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive import ActiveLearner
    >>> from skactive.semi_supervised import IncrementalLabelSpreading
    >>> from skactive.strategies import UncertaintyHerding
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = ActiveLearner(IncrementalLabelSpreading(), UncertaintyHerding(), X)
    >>> for _ in range(20):
    ...     indices = learner.query()
    ...     learner = learner.teach(indices, y[indices])
    >>> bool(learner.score(X, y) > 0.9)
    True
    """

    partition_rule = "utility"

    def __init__(
        self,
        uncertainty: str | Measure | None = "auto",
        *,
        n_neighbors: int = 15,
        metric: str | None = None,
        bandwidth: float | str | None = "median",
        half_coverage: float | None = 50,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.uncertainty = uncertainty
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.bandwidth = bandwidth
        self.half_coverage = half_coverage

    def utilities(self, pool: PoolView) -> np.ndarray:
        _, _, weights = self._doubt(pool)
        herded = pool.coverage_gain(weights, **self._kernel(pool))
        exponent = self._exponent(pool)
        if weights is None or exponent == 1:
            return herded
        gains = pool.coverage_gain(**self._kernel(pool))
        return quotients(herded, gains ** (1 - exponent))

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        coverage = Coverage(**self._kernel(pool))
        gains = checked_utilities("Coverage", coverage.utilities(pool), pool)
        name, measure, weights = self._doubt(pool)
        exponent = 1.0 if weights is None else self._exponent(pool)
        terms = {"coverage": UtilityComponent(coverage, gains, gains**exponent)}
        if measure is not None:
            values = checked_utilities(type(measure).__name__, measure.utilities(pool), pool)
            herded = pool.coverage_gain(weights, **self._kernel(pool))
            terms[name] = UtilityComponent(measure, values, quotients(herded, gains))
        return terms

    def best(self, batch: PoolView) -> tuple[np.ndarray, float]:
        # A subclass that overrides `utilities` replaces these sums.
        is_plain = type(self).utilities is UncertaintyHerding.utilities
        weights = self._doubt(batch)[2] if is_plain else None
        if weights is None:
            return super().best(batch)
        exponent = 1 - self._exponent(batch)
        if exponent == 1:
            return super().best(batch)
        return batch.largest_coverage_gain(weights, exponent, **self._kernel(batch))

    def _exponent(self, pool: PoolView) -> float:
        """Return the exponent of the gain in coverage."""
        if self.half_coverage is None:
            return 1.0
        half = check_number(self, "half_coverage", self.half_coverage, exclusive=True)
        return half / (pool.n_labeled + half)

    def _doubt(self, pool: PoolView) -> tuple[str, Measure | None, np.ndarray | None]:
        """Return the weights of samples, with the name and the measure of the weights."""
        measure = self._measure(pool)
        if measure is None:
            return "", None, None
        # Samples that this query may not choose are covered, too.
        whole = pool.whole
        far = Diversity(chosen_metric(self, pool)[0], aggregate="min")
        is_distance = self._is_by_distance(pool)
        own = "diversity" if is_distance else "uncertainty"
        for name, one in ((own, measure), ("diversity", far)):
            weights = one.utilities_everywhere(pool if one is measure and is_distance else whole)
            if whole.anywhere(weights, name):
                return name, one, weights
        return own, measure, None

    def _kernel(self, pool: PoolView) -> dict[str, Any]:
        return {
            "n_neighbors": self.n_neighbors,
            "metric": chosen_metric(self, pool)[0],
            "bandwidth": self.bandwidth,
        }

    def _measure(self, pool: PoolView) -> Measure | None:
        if self.uncertainty is None or isinstance(self.uncertainty, Measure):
            return self.uncertainty
        check_choice(self, "uncertainty", self.uncertainty, [*UNCERTAINTIES, "distance"])
        if self._is_by_distance(pool):
            return SquaredDistance(chosen_metric(self, pool)[0], aggregate="min")
        return UNCERTAINTIES[self.uncertainty]()

    def _is_by_distance(self, pool: PoolView) -> bool:
        are_numbers = pool.target.kind == "continuous"
        return self.uncertainty == "distance" or (self.uncertainty == "auto" and are_numbers)
