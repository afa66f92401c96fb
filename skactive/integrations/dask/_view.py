"""Numbers about the samples of a partitioned pool, which the client merges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable
from functools import partial
from os import PathLike
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.distances import Rows, Space
from skactive._engine.gain_bounds import quotients
from skactive._engine.label_book_pool import LabelBookPool
from skactive._engine.positions import check_positions
from skactive._validation import check_number
from skactive.integrations.dask._partition import Question, distances_to_samples, numbers
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
        return self._merged(self._of_each("posterior"))

    def of_posterior(
        self, function: Callable[[np.ndarray], np.ndarray], *, everywhere: bool = False
    ) -> np.ndarray | None:
        if self._source is None:
            return None
        if everywhere:
            return self._source.of_samples(function, self.book.positions.is_candidate)
        return self._merged(self._of_each("of_posterior", function=function))

    def density(
        self, metric: str = "cosine", metric_params: dict[str, Any] | None = None
    ) -> np.ndarray:
        return np.concatenate(self._of_each("density", metric=metric, metric_params=metric_params))

    def distance_to_labeled(
        self,
        metric: str = "cosine",
        aggregate: str = "mean",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray | None:
        arguments = {"metric": metric, "aggregate": aggregate, "metric_params": metric_params}
        return self._merged(self._of_each("distance_to_labeled", **arguments))

    def distances_to(
        self,
        positions: ArrayLike,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        X = self.features(positions)
        question = partial(distances_to_samples, X=X, metric=metric, metric_params=metric_params)
        return np.vstack(self.numbers(lambda _: question))

    def labeled_neighbors(
        self,
        n_neighbors: int = 5,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        arguments = {"n_neighbors": n_neighbors, "metric": metric, "metric_params": metric_params}
        parts = self._of_each("labeled_neighbors", **arguments)
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
        hint = "use a Pool for classifiers that need the graph"
        self._raise_only_in_partitions("neighbour graph", hint)

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
        gain = partial(
            numbers,
            method="coverage_gain",
            n_neighbors=n_neighbors,
            metric=metric,
            bandwidth=bandwidth,
        )
        if weights is None:
            return np.concatenate(self.numbers(lambda _: gain))
        parts = np.split(np.asarray(weights, dtype=np.float64), self._partitions.starts[1:-1])
        return np.concatenate(self.numbers(lambda number: partial(gain, weights=parts[number])))

    def largest_coverage_gain(
        self,
        weights: ArrayLike,
        exponent: float,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> tuple[np.ndarray, float]:
        exponent = check_number("largest_coverage_gain", "exponent", exponent, below=1.0)
        kernel: dict[str, Any] = {
            "n_neighbors": n_neighbors,
            "metric": metric,
            "bandwidth": bandwidth,
        }
        powers = self.coverage_gain(**kernel) ** exponent
        gains = self.coverage_gain(weights, **kernel)
        values = quotients(gains, powers)
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

    def posterior_of(self, positions: np.ndarray) -> np.ndarray | None:
        """Return the class probabilities of given samples, from their partitions.

        Parameters
        ----------
        positions : ndarray of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        posterior : ndarray of shape (n, n_classes) or None
            One row for each sample.
        """
        starts = self._partitions.starts
        owners = np.searchsorted(starts, positions, side="right") - 1
        places = [np.flatnonzero(owners == number) for number in range(len(starts) - 1)]
        inside = [positions[own] - start for own, start in zip(places, starts[:-1], strict=True)]
        parts = self.numbers(lambda n: partial(numbers, method="posterior", indices=inside[n]))
        merged = self._merged(parts)
        return None if merged is None else merged[np.argsort(np.concatenate(places))]

    @property
    def geometry(self) -> NoReturn:
        """The distances of a `Pool`: raises NotImplementedError."""
        hint = "call `density`, `distance_to_labeled`, `distances_to` or `labeled_neighbors`"
        self._raise_only_in_partitions("geometry", hint)

    @property
    def coverages(self) -> NoReturn:
        """The coverage of a `Pool`: raises NotImplementedError."""
        hint = "call `coverage_gain` or `largest_coverage_gain`"
        self._raise_only_in_partitions("coverages", hint)

    @property
    def graphs(self) -> NoReturn:
        """The neighbour graphs of a `Pool`: raises NotImplementedError."""
        hint = "strategies call `coverage_gain`, which uses the graph of each partition"
        self._raise_only_in_partitions("neighbour graphs", hint)

    def save_state(self, path: str | PathLike[str]) -> NoReturn:
        """Raise an error: only a `Pool` has a state of all its samples.

        Parameters
        ----------
        path : path-like
            Ignored.

        Raises
        ------
        NotImplementedError
            Always.
        """
        hint = "pass a `journal` to PartitionedLearner, from which a later one resumes"
        self._raise_only_in_partitions("state", hint)

    def _raise_only_in_partitions(self, part: str, hint: str) -> NoReturn:
        raise NotImplementedError(
            f"A partitioned pool has no {part} of all its {self.n_samples} samples, only one in "
            f"each partition. Hint: {hint}."
        )

    def _of_each(self, method: str, **arguments: Any) -> list[Any]:
        """Return the results of a method of the pools of all partitions."""
        return self.numbers(lambda _: partial(numbers, method=method, **arguments))

    def _merged(self, parts: list[Any]) -> np.ndarray | None:
        return None if any(part is None for part in parts) else np.concatenate(parts)
