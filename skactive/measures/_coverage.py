"""How much better the pool would be covered if a candidate were labelled."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from skactive._engine.candidate_rank import CandidateRank
from skactive.base import PoolView
from skactive.measures._base import Measure


class Coverage(Measure):
    """Measure how much of the pool a candidate would cover that nothing labelled covers yet.

    A labelled sample covers its neighbours, the nearer the more. The gain is large where many
    samples stand close together and none of them is labelled: density and diversity in one.

    Parameters
    ----------
    n_neighbors : int, default=15
        How many neighbours of each sample the graph has, at least 1.
    metric : str, default='cosine'
        The metric of the graph.
    bandwidth : 'median', float or None, default='median'
        The bandwidth of the similarity exp(-d² / (2 s²)): the median distance of the pool's
        samples to their 7th neighbour, a number in units of distance, or (None) each sample's
        own distance to its 7th neighbour.

    See Also
    --------
    skactive.strategies.UncertaintyHerding : The same, weighted by uncertainty.

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
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.bandwidth = bandwidth

    def utilities(self, pool: PoolView) -> np.ndarray:
        """Return the gain in coverage of each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            At least 0: in units of samples.
        """
        return pool.coverage_gain(
            n_neighbors=self.n_neighbors, metric=self.metric, bandwidth=self.bandwidth
        )

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        if rank.n_lower == 0:
            return "Around no candidate do labels cover the pool as well already."
        samples = "sample" if f"{value:.3g}" == "1" else "samples"
        return (
            f"Its label would cover what none covers yet, as much as {value:.3g} {samples}: more "
            f"than that of {rank.than()}."
        )
