"""A view of a pool in which picked samples count as labelled."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from skactive._contracts._pool_view import PoolView
from skactive._engine.distances import space_key
from skactive._engine.positions import check_positions, check_unlabeled

if TYPE_CHECKING:
    from skactive._engine.coverage import LabelCoverage
    from skactive.pool._coverages import Kernel
    from skactive.pool._pool import Pool
    from skactive.strategies import QueryStrategy

T = TypeVar("T")


class Batch(PoolView):
    """View a pool in which the samples picked so far count as labelled.

    A strategy picks several samples one after the other. Picked samples are no longer candidates,
    and count as labelled in distances and coverage. The posterior does not change, because picked
    samples have no label yet. The pool itself is not changed.

    Parameters
    ----------
    pool : Pool
        The pool.
    candidates : array-like of int of shape (n,), default=None
        Positions to choose from; None takes all candidates of the pool.
    strategy : QueryStrategy, default=None
        The strategy that `best` uses.

    Attributes
    ----------
    pool : Pool
        The pool.
    picked : ndarray of int of shape (n_picked_inside,)
        Positions of the picked samples of the pool, in order.
    n_picked : int
        Number of picked samples, those from outside the pool included.
    candidates : ndarray of int of shape (n_candidates,)
        Positions to choose from that were not picked, ascending.
    n_candidates, n_samples, n_labeled : int
        Numbers of candidates left, of samples of the pool, and of labelled or picked samples.
    X, classes_, labeled, labels, skipped, estimator
        Those of the pool.

    See Also
    --------
    skactive.pool.Pool : The pool itself.
    skactive.base.PoolView : The contract of both.

    Examples
    --------
    >>> from skactive.pool import Batch, Pool
    >>> batch = Batch(Pool([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    >>> batch.pick(1).candidates
    array([0, 2])
    >>> batch.distance_to_labeled().round(2)
    array([1.  , 0.29])
    """

    def __init__(
        self,
        pool: Pool,
        candidates: ArrayLike | None = None,
        strategy: QueryStrategy | None = None,
    ) -> None:
        self.pool = pool
        self._strategy = strategy
        self._picked: list[int] = []
        self._kept: dict[Hashable, Any] = {}
        self._free = np.full(pool.n_candidates, candidates is None)
        if candidates is not None:
            self._free[self._places(check_positions(candidates, pool.n_samples))] = True
        self._is_complete = candidates is None
        self._outside: list[Any] = []
        self._to_picked: dict[tuple[str, str], tuple[int, int, np.ndarray]] = {}
        self._coverages: dict[Kernel, LabelCoverage] = {}
        self._n_covering: dict[Kernel, int] = {}

    @property
    def whole(self) -> Pool:
        """The pool."""
        return self.pool

    @property
    def candidates(self) -> np.ndarray:
        """Positions to choose from that were not picked, ascending."""
        return np.asarray(self._left(self.pool.candidates))

    @property
    def n_candidates(self) -> int:
        """Number of candidates left."""
        return int(np.count_nonzero(self._free))

    @property
    def picked(self) -> np.ndarray:
        """Positions of the picked samples of the pool, in order."""
        return np.array(self._picked, dtype=np.intp)

    @property
    def n_labeled(self) -> int:
        """Number of labelled or picked samples."""
        return self.pool.n_labeled + self.n_picked

    @property
    def n_picked(self) -> int:
        """Number of picked samples, those from outside the pool included."""
        return len(self._picked) + len(self._outside)

    def best(self) -> tuple[np.ndarray, float]:
        """Return the positions of the best candidates, and their utility.

        Returns
        -------
        positions : ndarray of int of shape (n,)
            Positions in the pool, ascending; more than one if utilities are equal.
        utility : float
            The utility, by the strategy that the batch was created with.
        """
        if self._strategy is None:
            raise ValueError("This batch has no strategy. Hint: pass one to Batch.")
        places, utility = self._strategy.best(self)
        return self.candidates[places], utility

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
            raise ValueError(
                f"Sample {position} of the pool was picked already or left out. Hint: choose one "
                "of `candidates`."
            )
        self._free[place] = False
        self._is_complete = False
        self._picked.append(int(position))
        return self

    def pick_outside(self, x: ArrayLike) -> Batch:
        """Count a sample from outside the pool as labelled from now on.

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

    def posterior(self, indices: ArrayLike | None = None) -> np.ndarray | None:
        if indices is not None:
            return self.pool.posterior(indices)
        return self._left(self.pool.posterior())

    def of_posterior(
        self, function: Callable[[np.ndarray], np.ndarray], *, everywhere: bool = False
    ) -> np.ndarray | None:
        values = self.pool.of_posterior(function, everywhere=everywhere)
        if not everywhere or values is None:
            return self._left(values)
        if not self._is_complete:
            is_candidate = np.zeros(self.n_samples, dtype=bool)
            is_candidate[self.candidates] = True
            values = values * is_candidate
        return values

    def density(
        self, metric: str = "cosine", metric_params: dict[str, Any] | None = None
    ) -> np.ndarray:
        return np.asarray(self._left(self.pool.density(metric, metric_params)))

    def distance_to_labeled(
        self,
        metric: str = "cosine",
        aggregate: str = "mean",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray | None:
        labeled = self._left(self.pool.distance_to_labeled(metric, aggregate, metric_params))
        if self.n_picked == 0:
            return labeled
        picked = self._distance_to_picked(metric, aggregate, metric_params)
        if aggregate == "min":
            return picked if labeled is None else np.minimum(labeled, picked)
        total = picked if labeled is None else picked + labeled * self.pool.n_labeled
        return np.asarray(total / self.n_labeled)

    def coverage_gain(
        self,
        weights: ArrayLike | None = None,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> np.ndarray:
        coverage = self._coverage((n_neighbors, metric, bandwidth))
        return self.pool.coverages.gains(coverage, weights)[self.candidates]

    def largest_coverage_gain(
        self,
        weights: ArrayLike,
        exponent: float,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> tuple[np.ndarray, float]:
        coverage = self._coverage((n_neighbors, metric, bandwidth))
        return self.pool.coverages.largest_gain(coverage, weights, exponent, self.candidates)

    def once_per_batch(self, key: Hashable, compute: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = compute()
        value: T = self._kept[key]
        return value

    def _coverage(self, kernel: Kernel) -> LabelCoverage:
        """Return the coverage of the pool until a sample is picked, then a copy."""
        if self.n_picked == 0:
            return self.pool.coverages.of(kernel)
        if kernel not in self._coverages:
            self._coverages[kernel] = self.pool.coverages.of(kernel).copy()
        coverage = self._coverages[kernel]
        coverage.label(self._picked)
        n_covering = self._n_covering.get(kernel, 0)
        if n_covering < len(self._outside):
            outside = np.vstack(self._outside[n_covering:])
            coverage.cover(self.pool.coverages.covered_by(outside, kernel))
            self._n_covering[kernel] = len(self._outside)
        return coverage

    def _distance_to_picked(
        self, metric: str, aggregate: str, metric_params: dict[str, Any] | None
    ) -> np.ndarray:
        key = (space_key(metric, metric_params), aggregate)
        inside, outside, values = self._to_picked.get(key, (0, 0, None))
        if inside + outside < self.n_picked:
            new = self.pool.distances_to(self._picked[inside:], metric, metric_params)
            if outside < len(self._outside):
                others = np.vstack(self._outside[outside:])
                to_others = self.pool.geometry.distances_to_samples(others, metric, metric_params)
                new = np.hstack([new, to_others])
            if aggregate == "min":
                arrived = new.min(axis=1)
                values = arrived if values is None else np.minimum(values, arrived)
            else:
                arrived = new.sum(axis=1, dtype=np.float64)
                values = arrived if values is None else values + arrived
            self._to_picked[key] = (len(self._picked), len(self._outside), values)
        if values is None:
            raise RuntimeError("No sample was picked yet. Hint: call `pick` first.")
        return np.asarray(values[self.candidates])

    def _places(self, positions: np.ndarray) -> np.ndarray:
        check_unlabeled(positions, self.pool.labeled, self.pool.skipped)
        return np.searchsorted(self.pool.candidates, positions)

    def _left(self, values: np.ndarray | None) -> np.ndarray | None:
        return values if values is None or self._is_complete else values[self._free]
