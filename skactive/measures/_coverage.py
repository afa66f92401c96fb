"""The gain in coverage of the pool by a label of each candidate."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from skactive._engine.candidate_rank import CandidateRank
from skactive._engine.chosen_metric import chosen_metric
from skactive.base import PoolView
from skactive.measures._base import Measure


class Coverage(Measure):
    """Measure the part of the pool that a candidate would cover and no labelled sample does.

    A labelled sample covers its neighbours, nearer ones more. The gain is at least 0, in units of
    samples. It is large where many samples are close together and none of them is labelled, so
    that it combines density and diversity.

    Parameters
    ----------
    n_neighbors : int, default=15
        Number of neighbours of each sample in the graph, at least 1.
    metric : str, default=None
        The metric of the graph.
        None is the metric of an incremental classifier of the pool, else the cosine.
    bandwidth : 'median', float or None, default='median'
        The bandwidth of the similarity exp(-d² / (2 s²)): the median distance of the pool's
        samples to their 7th neighbour, a number in units of distance, or (None) each sample's
        own distance to its 7th neighbour.

    See Also
    --------
    skactive.strategies.UncertaintyHerding : Weights the coverage by uncertainty.

    Notes
    -----
    The graph is built once per pool. Cost of a label after that: the neighbourhoods of the
    samples it covers, and a comparison of the pool, O(n_samples).

    References
    ----------
    W. Bae, J. Noh and D. J. Sutherland, "Generalized coverage for more robust low-budget active
    learning", ECCV 2024.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import Coverage
    >>> pool = Pool([[1.0, 0.0], [0.9, 0.1], [0.8, 0.1], [0.1, 1.0], [0.0, 1.0]])
    >>> Coverage(n_neighbors=1).utilities(pool.add_labels([1], ["apple"])).argmax()
    np.int64(2)
    """

    def __init__(
        self,
        n_neighbors: int = 15,
        *,
        metric: str | None = None,
        bandwidth: float | str | None = "median",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.bandwidth = bandwidth

    def utilities(self, pool: PoolView) -> np.ndarray:
        return pool.coverage_gain(
            n_neighbors=self.n_neighbors,
            metric=chosen_metric(self, pool)[0],
            bandwidth=self.bandwidth,
        )

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        if rank.n_lower == 0:
            return (
                "No unlabelled sample is similar to fewer samples that have no similar labelled "
                "one yet."
            )
        n = f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
        samples = "sample that has" if n == "1" else "samples that have"
        return (
            f"It is similar to about {n} {samples} no similar labelled one yet, which is more than "
            f"for {rank.than()}."
        )
