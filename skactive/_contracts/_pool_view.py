"""What measures, strategies and classifiers may read of a pool."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from skactive._contracts._target import Target
    from skactive.neighbors import NeighborGraph

T = TypeVar("T")


class PoolView(ABC):
    """Base class of everything that a measure or a strategy can choose from.

    Candidates are the samples that are neither labelled nor skipped. Numbers about each of them are
    kept up to date from label to label. `skactive.pool.Pool` is a view; in a `skactive.pool.Batch`
    the samples picked so far count as labelled; on a Dask cluster, each partition is one. A measure
    or strategy never changes a view. A batch takes what does not depend on its picks from `whole`.

    Attributes
    ----------
    X : {ndarray, CSR matrix, array-like} of shape (n_samples, n_features)
        The features of all samples; on disk an array-like, whose picked rows are arrays.
    n_samples, n_candidates, n_labeled : int
        Numbers of samples; of candidates; of labels, with those of outside and picked samples.
    candidates : ndarray of int of shape (n_candidates,)
        Positions of the candidates, ascending.
    labeled : ndarray of int of shape (n_pool_labels,)
        Positions of the labelled samples, in the order in which they were labelled.
    labels : ndarray of shape (n_pool_labels,)
        The labels of `labeled`.
    skipped, picked : ndarray of int
        Positions of the skipped samples, ascending; of those picked for a batch so far, in order.
    classes_ : ndarray of shape (n_classes,)
        The labels known so far, sorted; empty if labels are not categorical.
    target : Target
        The kind of labels.
    estimator : classifier, regressor or None
        The estimator that the posterior comes from.
    whole : PoolView
        The pool behind a batch, without its picks; a pool itself.

    See Also
    --------
    skactive.measures.Measure : Reads a view.
    skactive.strategies.QueryStrategy : Reads a view.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.base import PoolView
    >>> from skactive.pool import Batch
    >>> pool = Pool([[1.0, 0.0], [0.0, 1.0]])
    >>> isinstance(pool, PoolView), isinstance(Batch(pool), PoolView)
    (True, True)
    """

    @property
    def X(self) -> Any:  # arrays, sparse matrices and array-likes on disk
        """The features of all samples."""
        return self.whole.X

    @property
    def n_samples(self) -> int:
        """Number of samples, labelled or not."""
        return self.whole.n_samples

    @property
    @abstractmethod
    def candidates(self) -> np.ndarray:
        """Positions of the candidates, ascending."""

    @property
    @abstractmethod
    def n_candidates(self) -> int:
        """Number of candidates."""

    @property
    def labeled(self) -> np.ndarray:
        """Positions of the labelled samples, in the order in which they were labelled."""
        return self.whole.labeled

    @property
    def labels(self) -> np.ndarray:
        """The labels of `labeled`."""
        return self.whole.labels

    @property
    def skipped(self) -> np.ndarray:
        """Positions of the skipped samples that are not labelled, ascending."""
        return self.whole.skipped

    @property
    @abstractmethod
    def picked(self) -> np.ndarray:
        """Positions picked for a batch so far, in order; empty for a pool."""

    @property
    @abstractmethod
    def n_labeled(self) -> int:
        """Number of labelled samples, those from outside the pool and picked ones included."""

    @property
    def classes_(self) -> np.ndarray:
        """The labels known so far, sorted; empty if labels are not categorical."""
        return self.whole.classes_

    @property
    def target(self) -> Target:
        """The kind of labels."""
        return self.whole.target

    @property
    def estimator(self) -> Any:  # any classifier or regressor
        """The estimator that the posterior comes from, or None."""
        return self.whole.estimator

    @property
    @abstractmethod
    def whole(self) -> PoolView:
        """The pool behind a batch, without its picks; a pool itself."""

    def take(self, indices: ArrayLike) -> Any:  # of the type of the user's samples
        """Return samples as `estimator` takes them: raw samples, or features.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        samples : array-like of length n
            Of the type that was given to the pool.
        """
        return self.whole.take(indices)

    @abstractmethod
    def posterior(self, indices: ArrayLike | None = None) -> np.ndarray | None:
        """Return the predictive distribution of the candidates, or of given samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,), default=None
            Positions in the pool; None takes the candidates.

        Returns
        -------
        posterior : ndarray of shape (n_candidates, n_classes) or (n, n_classes), or None
            Class probabilities. For continuous labels, two columns: mean and standard deviation.
            None if there is no estimator, no label, or the estimator is not fitted.
        """

    @abstractmethod
    def of_posterior(
        self, function: Callable[[np.ndarray], np.ndarray], *, everywhere: bool = False
    ) -> np.ndarray | None:
        """Return a row-wise function of the posterior, evaluated only where the posterior changed.

        Parameters
        ----------
        function : callable
            Maps rows of `posterior` to an array of shape (n,), row by row.
        everywhere : bool, default=False
            Whether to return a value for each sample, 0 for those that are no candidates.

        Returns
        -------
        values : ndarray of shape (n_candidates,) or (n_samples,), or None
            None if there is no posterior.
        """

    @abstractmethod
    def density(
        self, metric: str = "cosine", metric_params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """Return the mean similarity of each candidate to all samples, itself included.

        Parameters
        ----------
        metric : str, default='cosine'
            For the cosine the similarity is the cosine itself, else 1 / (1 + distance).
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        density : ndarray of shape (n_candidates,)
            Computed once: O(n_samples · n_features) for the cosine, O(n_samples² ·
            n_features) for others.
        """

    @abstractmethod
    def distance_to_labeled(
        self,
        metric: str = "cosine",
        aggregate: str = "mean",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray | None:
        """Return the distance of each candidate to the labelled and the picked samples.

        Parameters
        ----------
        metric : str, default='cosine'
            The metric.
        aggregate : {'mean', 'min'}, default='mean'
            The mean over these samples, or the distance to the nearest of them.
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        distances : ndarray of shape (n_candidates,) or None
            None if no sample is labelled or picked. A label costs O(n_samples · n_features).
        """

    def distances_to(
        self,
        positions: ArrayLike,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """Return the distances of all samples of the pool to given ones.

        Parameters
        ----------
        positions : array-like of int of shape (n,)
            Positions in the pool.
        metric, metric_params : str, dict
            The metric and its further arguments.

        Returns
        -------
        distances : ndarray of shape (n_samples, n)
            O(n_samples · n_features) for each position.
        """
        return self.whole.distances_to(positions, metric, metric_params)

    def labeled_samples(self) -> tuple[Any, np.ndarray]:
        """Return the features and labels of all labelled samples, the seed set included.

        Returns
        -------
        X : {ndarray, CSR matrix} of shape (n_labeled, n_features)
            The features, in the order in which the labels came. Picked samples have no label
            and are left out.
        y : ndarray of shape (n_labeled,)
            The labels.
        """
        return self.whole.labeled_samples()

    def labeled_outside(self) -> tuple[Any, np.ndarray | None]:
        """Return the labelled samples that are not in the pool: the seed set.

        Returns
        -------
        X : {ndarray, CSR matrix} of shape (n, n_features) or None
            The features, in the order in which they were added; None if there are none.
        y : ndarray of shape (n,) or None
            Their labels.
        """
        return self.whole.labeled_outside()

    def labeled_neighbors(
        self,
        n_neighbors: int = 5,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the labelled samples nearest to every sample of the pool, nearest first.

        Parameters
        ----------
        n_neighbors : int, default=5
            How many; all if there are fewer.
        metric : str, default='cosine'
            The metric.
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        distances : ndarray of shape (n_samples, min(n_neighbors, n_labeled))
            Their distances. A label costs O(n_samples · n_features).
        places : ndarray of int of shape (n_samples, min(n_neighbors, n_labeled))
            Their rows in `labeled_samples`. A labelled sample is its own neighbour.
        """
        return self.whole.labeled_neighbors(n_neighbors, metric, metric_params)

    def nearest_labeled(
        self,
        index: int,
        n_neighbors: int = 5,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the labelled samples nearest to one sample of the pool, nearest first.

        Parameters
        ----------
        index : int
            Position of the sample in the pool.
        n_neighbors : int, default=5
            How many; all if there are fewer.
        metric : str, default='cosine'
            The metric.
        metric_params : dict, default=None
            Further arguments of the metric.

        Returns
        -------
        positions : ndarray of int of shape (n,)
            Positions in the pool; -1 for a sample of the seed set. Equals are in their order.
        labels : ndarray of shape (n,)
            Their labels.
        distances : ndarray of shape (n,)
            Their distances. Cost: O(n_labeled · n_features).
        """
        return self.whole.nearest_labeled(index, n_neighbors, metric, metric_params)

    def graph(
        self, n_neighbors: int = 15, metric: str = "cosine", transformer: object = None
    ) -> NeighborGraph:
        """Return the neighbour graph of all samples, built once.

        Parameters
        ----------
        n_neighbors : int, default=15
            Number of neighbours of each sample.
        metric : str, default='cosine'
            The metric.
        transformer : transformer, default=None
            Finds the neighbours, see `NeighborGraph.of`. None takes the graph that the pool was
            given if it has enough neighbours, else a `PrincipalKNeighborsTransformer`.

        Returns
        -------
        graph : NeighborGraph
            Its nodes are the positions in the pool.
        """
        return self.whole.graph(n_neighbors, metric, transformer)

    @abstractmethod
    def coverage_gain(
        self,
        weights: ArrayLike | None = None,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> np.ndarray:
        """Return by how much a label of each candidate would raise the coverage of the pool.

        A labelled sample covers another by their similarity on the neighbour graph, and itself
        by 1. The coverage of a sample is that by the labelled or picked sample that covers it
        most.

        Parameters
        ----------
        weights : array-like of shape (n_samples,), default=None
            Weights of samples, at least 0. None is 1 for each candidate and 0 for other samples.
        n_neighbors : int, default=15
            Number of neighbours of each sample in the graph.
        metric : str, default='cosine'
            The metric of the graph.
        bandwidth : 'median', float or None, default='median'
            The bandwidth of the similarity, as in `NeighborGraph.affinity`.

        Returns
        -------
        gain : ndarray of shape (n_candidates,)
            The sum over all samples x of w(x) max(0, K(x, c) - max_l K(x, l)), with l the
            labelled and picked samples.
        """

    @abstractmethod
    def largest_coverage_gain(
        self,
        weights: ArrayLike,
        exponent: float,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> tuple[np.ndarray, float]:
        """Return the candidates with the largest weighted gain per power of the unweighted gain.

        The quotient is ``coverage_gain(weights) / coverage_gain() ** exponent``. Bounds leave out
        most candidates, so that this is faster than the quotient of all.

        Parameters
        ----------
        weights : array-like of shape (n_samples,)
            As in `coverage_gain`; 0 for samples that are no candidates of the pool.
        exponent : float
            At least 0 and below 1. The quotient is 0 if the power is.
        n_neighbors, metric, bandwidth : int, str, and 'median', float or None
            As in `coverage_gain`.

        Returns
        -------
        places : ndarray of int of shape (n,)
            Their places in `candidates`.
        largest : float
            The quotient.
        """

    def anywhere(self, values: np.ndarray, name: str) -> bool:
        """Return whether a value of any sample is not 0, over all partitions of a pool.

        Parameters
        ----------
        values : ndarray of shape (n,)
            Any number of values.
        name : str
            The name of the values, by which partitions agree.

        Returns
        -------
        is_anywhere : bool
            Whether there is one.
        """
        return self.whole.anywhere(values, name)

    def is_constant(self, values: np.ndarray, name: str) -> bool:
        """Return whether the values of all samples are equal, over all partitions of a pool.

        Parameters
        ----------
        values, name : ndarray of shape (n,), str
            As in `anywhere`.

        Returns
        -------
        is_constant : bool
            Whether there is no second value.
        """
        return self.whole.is_constant(values, name)

    def mean_of(self, points: Any, name: str) -> np.ndarray:  # arrays and sparse matrices
        """Return the mean of points, over all partitions of a pool.

        Parameters
        ----------
        points : {ndarray, sparse matrix} of shape (n_samples, n_dimensions)
            One point for each sample.
        name : str
            The name of the points, by which partitions agree.

        Returns
        -------
        mean : ndarray of shape (n_dimensions,)
            In float64.
        """
        return self.whole.mean_of(points, name)

    def cached(self, key: Hashable, compute: Callable[[], T], *, shared: bool = False) -> T:
        """Return a value that follows from the features alone, computed once for all queries.

        Parameters
        ----------
        key : hashable
            Names the value: the class that computes it, and each parameter that it depends on.
        compute : callable
            Called without arguments the first time. Must not depend on labels, candidates or
            random numbers.
        shared : bool, default=False
            Whether pools with equal features and the same `cache` share the value, which must not
            refer to the features. A later edit of `compute` does not replace it.

        Returns
        -------
        value : object
            The value that `compute` returned, the same object each time. Do not change it.
        """
        return self.whole.cached(key, compute, shared=shared)

    @abstractmethod
    def once_per_batch(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return a value that holds until the next answer, computed once for a batch.

        Parameters
        ----------
        key : hashable
            Names the value.
        compute : callable
            Called without arguments: for each call on a pool, for the first call on a batch.

        Returns
        -------
        value : object
            The value that `compute` returned.
        """
