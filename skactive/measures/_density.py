"""The density of the pool around each candidate."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from skactive._engine.candidate_rank import HIGH, LOW, CandidateRank
from skactive._engine.chosen_metric import chosen_metric
from skactive.base import PoolView
from skactive.measures._base import Measure


class InformationDensity(Measure):
    """Measure the density of the pool around a candidate: its mean similarity to the pool.

    A label in a dense region improves the predictions of many samples; the label of an outlier
    improves few. The density of x is (1 / n) Σ sim(x, x') over the n samples x' of the pool, x
    included. It does not depend on labels and is computed once.

    Parameters
    ----------
    metric : str, default=None
        For the cosine the similarity is the cosine itself, in [-1, 1]. For any other name that
        `sklearn.metrics.pairwise_distances` takes it is 1 / (1 + distance), in (0, 1].
        None is the metric of an incremental classifier of the pool, else the cosine.
    metric_params : dict, default=None
        Further arguments of the metric.

    See Also
    --------
    Diversity : Measures the distance to the labelled samples.

    Notes
    -----
    Cost: O(n_samples · n_features) once for the cosine (one product with the mean unit vector),
    O(n_samples² · n_features) once for other metrics, in blocks bounded by scikit-learn's
    ``working_memory``.

    References
    ----------
    B. Settles and M. Craven, "An analysis of active learning strategies for sequence labeling
    tasks", EMNLP 2008.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import InformationDensity
    >>> pool = Pool([[1.0, 0.0], [0.9, 0.1], [0.8, 0.2], [0.0, 1.0]])
    >>> InformationDensity().utilities(pool).round(2)
    array([0.74, 0.77, 0.8 , 0.34])
    """

    def __init__(
        self, metric: str | None = None, *, metric_params: dict[str, Any] | None = None
    ) -> None:
        self.metric = metric
        self.metric_params = metric_params

    def utilities(self, pool: PoolView) -> np.ndarray:
        metric, params = chosen_metric(self, pool)
        if self.metric is None and getattr(pool.whole, "has_only_cosine_density", False):
            metric, params = "cosine", None
        return pool.density(metric, params)

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        if rank.n_lower == 0:
            return "It is an outlier: no unlabelled sample has a lower density."
        if rank.share_lower >= HIGH:
            return f"It is in a dense region: its density is higher than that of {rank.than()}."
        if rank.share_lower <= LOW:
            return (
                f"It is in a sparse region: its density is higher than that of {rank.than()} only."
            )
        return f"Its density is higher than that of {rank.than()}."
