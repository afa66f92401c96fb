"""A pool as it would be if the samples picked so far were labelled."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from skactive._engine.coverage import Coverage
from skactive._engine.distances import space_key
from skactive._engine.positions import check_positions, check_unlabeled
from skactive.neighbors import NeighborGraph
from skactive.pool._pool import Pool


class Batch:
    """See a pool as if the samples picked so far were labelled, without changing it.

    A strategy picks several samples one after the other. Those picked are no candidates any
    more and count as labelled for distances; the posterior stays what it is, since nobody has
    answered yet. Measures read a batch as they read a pool.

    Parameters
    ----------
    pool : Pool
        The pool.
    candidates : array-like of int of shape (n,), default=None
        Positions to choose from; None takes all candidates of the pool.

    Attributes
    ----------
    pool : Pool
        The pool.
    picked : list of int
        The positions picked so far, in order.
    n_picked : int
        How many samples were picked, those from outside the pool included.
    candidates : ndarray of int of shape (n_candidates,)
        Positions to choose from that were not picked, ascending.

    scratch : dict
        What a strategy has worked out during this batch and needs again for the next pick.
    n_candidates, n_samples, n_labeled : int
        How many are left to choose from, of the pool, and labelled or picked.
    X, classes_, labeled, labels, estimator
        Those of the pool.

    See Also
    --------
    skactive.pool.Pool : The pool itself.

    Examples
    --------
    >>> from skactive.pool import Batch, Pool
    >>> batch = Batch(Pool([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    >>> batch.pick(1).candidates
    array([0, 2])
    >>> batch.distance_to_labeled().round(2)
    array([1.  , 0.29])
    """

    def __init__(self, pool: Pool, candidates: Any = None) -> None:
        self.pool = pool
        self.picked: list[int] = []
        self.scratch: dict[Hashable, Any] = {}
        self._free = np.full(pool.n_candidates, candidates is None)
        if candidates is not None:
            self._free[self._places(check_positions(candidates, pool.n_samples))] = True
        self._whole = candidates is None
        self._outside: list[Any] = []
        self._to_picked: dict[tuple[str, str], tuple[int, int, np.ndarray]] = {}
        self._coverages: dict[tuple[Any, ...], Coverage] = {}
        self._n_covering: dict[tuple[Any, ...], int] = {}

    @property
    def candidates(self) -> np.ndarray:
        """Positions to choose from that were not picked, ascending."""
        return self._left(self.pool.candidates)

    @property
    def n_candidates(self) -> int:
        """Number of candidates left."""
        return int(np.count_nonzero(self._free))

    @property
    def n_samples(self) -> int:
        """Number of samples of the pool."""
        return self.pool.n_samples

    @property
    def X(self) -> Any:
        """The features of all samples of the pool."""
        return self.pool.X

    @property
    def estimator(self) -> Any:
        """Where class probabilities come from."""
        return self.pool.estimator

    @property
    def classes_(self) -> np.ndarray:
        """The labels known so far, sorted."""
        return self.pool.classes_

    @property
    def labeled(self) -> np.ndarray:
        """Positions of the samples that are labelled; those picked have no label yet."""
        return self.pool.labeled

    @property
    def labels(self) -> np.ndarray:
        """The labels of `labeled`."""
        return self.pool.labels

    def take(self, indices: Any) -> Any:
        """Return what the estimator is asked about, as the pool does.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        samples : array-like of length n
            Raw samples, or features.
        """
        return self.pool.take(indices)

    @property
    def n_labeled(self) -> int:
        """Number of samples labelled or picked."""
        return self.pool.n_labeled + self.n_picked

    @property
    def n_picked(self) -> int:
        """How many samples were picked, those from outside the pool included."""
        return len(self.picked) + len(self._outside)

    def pick(self, position: int) -> Batch:
        """Count a candidate as labelled from now on.

        Parameters
        ----------
        position : int
            Its position in the pool.

        Returns
        -------
        self : Batch
            The batch.
        """
        place = self._places(check_positions(position, self.pool.n_samples))[0]
        if not self._free[place]:
            raise ValueError(f"Sample {position} of the pool was picked already or left out.")
        self._free[place] = False
        self._whole = False
        self.picked.append(int(position))
        return self

    def pick_outside(self, x: Any) -> Batch:
        """Count a sample that is not of the pool as labelled from now on.

        Parameters
        ----------
        x : array-like of shape (n_features,)
            Its features.

        Returns
        -------
        self : Batch
            The batch.
        """
        self._outside.append(x)
        return self

    def posterior(self) -> np.ndarray | None:
        """Return the class probabilities of the candidates.

        Returns
        -------
        posterior : ndarray of shape (n_candidates, n_classes) or None
            None while nothing is known.
        """
        return self._left(self.pool.posterior())

    def of_posterior(self, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray | None:
        """Return a row-wise function of the posterior.

        Parameters
        ----------
        function : callable
            Takes an array of shape (n, n_classes) to one of shape (n,), row by row.

        Returns
        -------
        values : ndarray of shape (n_candidates,) or None
            None while nothing is known.
        """
        return self._left(self.pool.of_posterior(function))

    def density(
        self, metric: str = "cosine", metric_params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """Return each candidate's mean similarity to all samples of the pool.

        Parameters
        ----------
        metric : str, default='cosine'
            For the cosine the similarity is the cosine itself, else 1 / (1 + distance).
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        density : ndarray of shape (n_candidates,)
            As `Pool.density` has it.
        """
        return np.asarray(self._left(self.pool.density(metric, metric_params)))

    def graph(
        self, n_neighbors: int = 15, metric: str = "cosine", transformer: Any = None
    ) -> NeighborGraph:
        """Return the neighbour graph of all samples of the pool.

        Parameters
        ----------
        n_neighbors : int, default=15
            How many neighbours of each sample.
        metric : str, default='cosine'
            The metric.
        transformer : transformer, default=None
            Whoever finds them.

        Returns
        -------
        graph : NeighborGraph
            As `Pool.graph` has it.
        """
        return self.pool.graph(n_neighbors, metric, transformer)

    def coverage_gain(
        self,
        weights: Any = None,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> np.ndarray:
        """Return how much better the pool would be covered if each candidate were labelled.

        Parameters
        ----------
        weights : array-like of shape (n_samples,), default=None
            What each sample's coverage counts.
        n_neighbors : int, default=15
            How many neighbours of each sample the graph has.
        metric : str, default='cosine'
            The metric of the graph.
        bandwidth : 'median', float or None, default='median'
            The bandwidth of the similarity.

        Returns
        -------
        gain : ndarray of shape (n_candidates,)
            As `Pool.coverage_gain` has it; those picked cover as the labelled do.
        """
        coverage = self.coverage(n_neighbors, metric, bandwidth)
        return self.pool.gains_in(coverage, weights)[self.candidates]

    def coverage(self, n_neighbors: int, metric: str, bandwidth: float | str | None) -> Coverage:
        """Return what `coverage_gain` reads, brought up to date.

        Parameters
        ----------
        n_neighbors : int
            How many neighbours of each sample the graph has.
        metric : str
            The metric of the graph.
        bandwidth : 'median', float or None
            The bandwidth of the similarity.

        Returns
        -------
        coverage : Coverage
            That of the pool until a sample is picked; not to be changed.
        """
        key = (n_neighbors, metric, bandwidth)
        if self.n_picked == 0:
            return self.pool.coverage(n_neighbors, metric, bandwidth)
        if key not in self._coverages:
            self._coverages[key] = self.pool.coverage(n_neighbors, metric, bandwidth).copy()
        coverage = self._coverages[key]
        coverage.label(self.picked)
        n_covering = self._n_covering.get(key, 0)
        if n_covering < len(self._outside):
            coverage.cover(self.pool.covered_by(np.vstack(self._outside[n_covering:]), *key))
            self._n_covering[key] = len(self._outside)
        return coverage

    def distance_to_labeled(
        self,
        metric: str = "cosine",
        aggregate: str = "mean",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray | None:
        """Return each candidate's distance to the labelled and the picked samples.

        Parameters
        ----------
        metric : str, default='cosine'
            The metric.
        aggregate : {'mean', 'min'}, default='mean'
            The mean over them, or the distance to the nearest.
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        distances : ndarray of shape (n_candidates,) or None
            None while there is none.
        """
        labeled = self._left(self.pool.distance_to_labeled(metric, aggregate, metric_params))
        if self.n_picked == 0:
            return labeled
        picked = self._distance_to_picked(metric, aggregate, metric_params)
        if aggregate == "min":
            return picked if labeled is None else np.minimum(labeled, picked)
        total = picked if labeled is None else picked + labeled * self.pool.n_labeled
        return np.asarray(total / self.n_labeled)

    def _distance_to_picked(
        self, metric: str, aggregate: str, metric_params: dict[str, Any] | None
    ) -> np.ndarray:
        key = (space_key(metric, metric_params), aggregate)
        inside, outside, values = self._to_picked.get(key, (0, 0, None))
        if inside + outside < self.n_picked:
            new = self.pool.distances_to(self.picked[inside:], metric, metric_params)
            if outside < len(self._outside):
                others = np.vstack(self._outside[outside:])
                new = np.hstack(
                    [new, self.pool.distances_to_samples(others, metric, metric_params)]
                )
            if aggregate == "min":
                arrived = new.min(axis=1)
                values = arrived if values is None else np.minimum(values, arrived)
            else:
                arrived = new.sum(axis=1, dtype=np.float64)
                values = arrived if values is None else values + arrived
            self._to_picked[key] = (len(self.picked), len(self._outside), values)
        if values is None:
            raise RuntimeError("No sample was picked yet.")
        return np.asarray(values[self.candidates])

    def _places(self, positions: np.ndarray) -> np.ndarray:
        check_unlabeled(positions, self.pool.labeled, self.pool.skipped)
        return np.searchsorted(self.pool.candidates, positions)

    def _left(self, values: Any) -> Any:
        return values if values is None or self._whole else values[self._free]
