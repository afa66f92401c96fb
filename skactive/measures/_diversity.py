"""The distance of each candidate to the labelled samples."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from skactive._engine.candidate_rank import HIGH, LOW, CandidateRank
from skactive._engine.chosen_metric import chosen_metric
from skactive._validation import check_choice
from skactive.base import PoolView
from skactive.measures._base import Measure

AGGREGATES = frozenset({"mean", "min"})


class Diversity(Measure):
    """Measure how far a candidate is from the labelled samples and from the batch so far.

    It prevents queries of similar samples, and favours regions without labels.

    Parameters
    ----------
    metric : str, default=None
        The name of a distance that `sklearn.metrics.pairwise_distances` takes.
        None is the metric of an incremental classifier of the pool, else the cosine.
    aggregate : {'mean', 'min'}, default='mean'
        The mean distance to all of them, or the distance to the nearest. The minimum prefers
        outliers.
    metric_params : dict, default=None
        Further arguments of the metric.

    See Also
    --------
    InformationDensity : Favours dense regions.

    Notes
    -----
    Cost: one product of the pool with each sample that is labelled, O(n_samples · n_features).
    While no sample is labelled or picked, every candidate gets 1.

    References
    ----------
    K. Brinker, "Incorporating diversity in active learning with support vector machines",
    ICML 2003.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import Diversity
    >>> pool = Pool([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]).add_labels([0], ["apple"])
    >>> Diversity().utilities(pool).round(2)
    array([0.01, 1.  ])
    """

    about_labeled = True

    def __init__(
        self,
        metric: str | None = None,
        *,
        aggregate: str = "mean",
        metric_params: dict[str, Any] | None = None,
    ) -> None:
        self.metric = metric
        self.aggregate = aggregate
        self.metric_params = metric_params

    def utilities(self, pool: PoolView) -> np.ndarray:
        metric, params = chosen_metric(self, pool)
        check_choice(self, "aggregate", self.aggregate, AGGREGATES)
        distances = pool.distance_to_labeled(metric, self.aggregate, params)
        return np.ones(pool.n_candidates) if distances is None else distances

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        what = "the nearest labelled sample" if self.aggregate == "min" else "the labelled samples"
        mean = "" if self.aggregate == "min" else "on average "
        if rank.n_lower == 0:
            return f"No unlabelled sample is {mean}nearer to {what}."
        fact = f"it is {mean}farther from {what} than {rank.than()}"
        if rank.share_lower >= HIGH:
            return f"It differs from the labelled samples: {fact}."
        if rank.share_lower <= LOW:
            return f"It is similar to the labelled samples: {fact} only."
        return f"{fact[0].upper()}{fact[1:]}."
