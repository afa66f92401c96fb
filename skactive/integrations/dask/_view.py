"""Numbers about the samples of a partitioned pool, which the client merges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.distances import Rows, Space
from skactive._engine.label_book_pool import LabelBookPool
from skactive._engine.positions import check_positions
from skactive.integrations.dask._partition import (
    CoverageGains,
    DistancesToSamples,
    Numbers,
    Question,
)
from skactive.integrations.dask._partitions import Partitions
from skactive.integrations.dask._posterior import PartitionedPosterior
from skactive.neighbors import NeighborGraph

T = TypeVar("T")


class PartitionedView(LabelBookPool):
    """The part of `PartitionedPool` that reads numbers from the partitions."""

    _partitions: Partitions
    _source: PartitionedPosterior | None
    _cached: dict[Hashable, Any]

    @abstractmethod
    def _begin_query(self) -> None:
        """Send the classifier, if it has changed, with the next question."""

    def features(self, indices: ArrayLike) -> np.ndarray:
        """Return the features of samples, fetched from the workers.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        X : ndarray of shape (n, n_features)
            The features. Those of labelled and of chosen samples are not fetched again.
        """
        return self._partitions.features(check_positions(indices, self.n_samples))

    def take(self, indices: ArrayLike) -> np.ndarray:
        return self.features(indices)

    def posterior(self, indices: ArrayLike | None = None) -> np.ndarray | None:
        if self._source is None:
            return None
        if indices is not None:
            return self._source.rows(check_positions(indices, self.n_samples))
        return self._merged(self.numbers(lambda _: Numbers("posterior")))

    def of_posterior(
        self, function: Callable[[np.ndarray], np.ndarray], *, everywhere: bool = False
    ) -> np.ndarray | None:
        if self._source is None:
            return None
        if everywhere:
            return self._source.of_samples(function, self.book.positions.is_candidate)
        return self._merged(self.numbers(lambda _: Numbers("of_posterior", (function,))))

    def density(
        self, metric: str = "cosine", metric_params: dict[str, Any] | None = None
    ) -> np.ndarray:
        arguments = (metric, metric_params)
        return np.concatenate(self.numbers(lambda _: Numbers("density", arguments)))

    def distance_to_labeled(
        self,
        metric: str = "cosine",
        aggregate: str = "mean",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray | None:
        arguments = (metric, aggregate, metric_params)
        return self._merged(self.numbers(lambda _: Numbers("distance_to_labeled", arguments)))

    def distances_to(
        self,
        positions: ArrayLike,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        X = self.features(positions)
        return np.vstack(self.numbers(lambda _: DistancesToSamples(X, metric, metric_params)))

    def labeled_neighbors(
        self,
        n_neighbors: int = 5,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        arguments = (n_neighbors, metric, metric_params)
        parts = self.numbers(lambda _: Numbers("labeled_neighbors", arguments))
        return np.vstack([part[0] for part in parts]), np.vstack([part[1] for part in parts])

    def nearest_labeled(
        self,
        index: int,
        n_neighbors: int = 5,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        sample = Rows(self.features([index] if np.ndim(index) == 0 else index))
        return self.book.nearest(sample, n_neighbors, Space(metric, metric_params))

    def graph(
        self, n_neighbors: int = 15, metric: str = "cosine", transformer: object = None
    ) -> NoReturn:
        raise NotImplementedError(
            f"A partitioned pool has no neighbour graph of all its {self.n_samples} samples, only "
            "one in each partition. Hint: use a Pool for classifiers that need the graph."
        )

    def has_graph(self, graph: NeighborGraph) -> bool:
        return False

    def coverage_gain(
        self,
        weights: ArrayLike | None = None,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> np.ndarray:
        known = None if weights is None else np.asarray(weights, dtype=np.float64)
        question = CoverageGains(known, n_neighbors, metric, bandwidth)
        return np.concatenate(self.numbers(lambda _: question))

    def largest_coverage_gain(
        self,
        weights: ArrayLike,
        exponent: float,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> tuple[np.ndarray, float]:
        kernel: dict[str, Any] = {
            "n_neighbors": n_neighbors,
            "metric": metric,
            "bandwidth": bandwidth,
        }
        powers = self.coverage_gain(**kernel) ** exponent
        gains = self.coverage_gain(weights, **kernel)
        values = np.divide(gains, powers, out=np.zeros_like(gains), where=powers > 0)
        return np.flatnonzero(values == values.max()), float(values.max())

    def cached(self, key: Hashable, compute: Callable[[], T], *, shared: bool = False) -> T:
        if key not in self._cached:
            self._cached[key] = compute()
        value: T = self._cached[key]
        return value

    def numbers(self, question: Callable[[int], Question]) -> list[Any]:
        """Return the answers of all partitions to questions about their samples.

        Parameters
        ----------
        question : callable
            Returns the question for the partition of a number.

        Returns
        -------
        answers : list
            One for each partition, in the order of their samples.
        """
        self._begin_query()
        return self._partitions.answers_of_all(question)

    def numbers_of(self, positions: np.ndarray, method: str, *arguments: Any) -> np.ndarray | None:
        """Return the result of a method of the partitions for given samples.

        Parameters
        ----------
        positions : ndarray of int of shape (n,)
            Positions in the pool.
        method : str
            A method of `Pool` whose first argument is positions.
        *arguments : object
            Its further arguments.

        Returns
        -------
        numbers : ndarray of shape (n, ...) or None
            One row for each sample.
        """
        owners = np.searchsorted(self._partitions.starts, positions, side="right") - 1
        places = [
            np.flatnonzero(owners == number) for number in range(self._partitions.n_partitions)
        ]
        parts = self.numbers(lambda n: Numbers(method, arguments, positions[places[n]]))
        merged = self._merged(parts)
        return None if merged is None else merged[np.argsort(np.concatenate(places))]

    def _merged(self, parts: list[Any]) -> np.ndarray | None:
        return None if any(part is None for part in parts) else np.concatenate(parts)
