"""A pool whose samples are held by the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from copy import deepcopy
from typing import Any, NoReturn, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn import clone

from skactive._engine.distances import Rows, Space
from skactive._engine.external_posterior import ExternalPosterior
from skactive._engine.features import check_labeled_samples
from skactive._engine.label_book import LabelBook
from skactive._engine.labels import check_labels
from skactive._engine.positions import check_positions, check_unlabeled
from skactive._validation import check_integer
from skactive.base import (
    Classifier,
    HasPosteriorSource,
    LabelingPool,
    PosteriorSource,
    TransductiveEstimator,
)
from skactive.integrations.dask._partition import (
    CoverageGains,
    DistancesToSamples,
    Numbers,
    Question,
    RemoteClassifier,
)
from skactive.integrations.dask._partitions import Partitions
from skactive.integrations.dask._posterior import PartitionedPosterior
from skactive.integrations.dask._query import PartitionedBatch

T = TypeVar("T")


class PartitionedPool(LabelingPool):
    """Hold a pool in the processes of a Dask cluster, and choose from it as from one pool.

    Each worker keeps some of the samples, and everything computed about them, as a `Pool` does.
    The labelled samples travel to the workers, and for a query a few numbers of each partition
    travel back. If a worker dies, its partitions are created again on another one, from their
    source and the labels.

    Parameters
    ----------
    X : dask array of shape (n_samples, n_features), or list of stored features
        The features. The blocks of rows of a Dask array are the partitions, read once and kept in
        the memory of the workers. In a list, each entry is a partition that stays on disk: a file
        opened by `skactive.datasets.open_vectors` or a zarr array, at a path that all workers see.
    estimator : classifier, default=None
        The source of class probabilities. A classifier with `posterior_source`, such as
        `IncrementalKNeighborsClassifier`, computes them in each partition. Any other classifier is
        sent to the workers, in its state at the first query after a label or
        `invalidate_posterior`; the caller fits it. None means no probabilities.
    X_labeled : array-like of shape (n_labeled, n_features), default=None
        Samples outside the pool whose labels are known: the seed set.
    y_labeled : array-like of shape (n_labeled,), default=None
        Their labels.
    classes : array-like of shape (n_classes,), default=None
        Labels that are known beforehand. Other labels are added as they come.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        The type of the features, or of the arithmetic on features on disk.
    client : distributed.Client, default=None
        The cluster. None takes the client that was created last.
    posterior_source : callable, default=None
        Creates the source of class probabilities of an estimator without `posterior_source`, as
        in `Pool`.

    Attributes
    ----------
    n_samples, n_features, n_partitions : int
        Number of samples, labelled or not, of features, and of partitions.
    candidates, labeled, labels, skipped, classes_
        As those of a `Pool`.
    n_candidates, n_labeled : int
        Number of candidates; number of labelled samples, the seed set included.

    Raises
    ------
    ImportError
        If Dask's distributed scheduler is not installed.
    TypeError
        If X is of another type, or the estimator cannot work in partitions.
    ValueError
        If there is no client; if a partition has NaN or infinite values.

    See Also
    --------
    PartitionedLearner : The loop over such a pool.
    skactive.Pool : The pool of one process.

    Notes
    -----
    `CDFProduct`, `KCenterGreedy`, `RandomSampling`, `UncertaintySampling` and `UncertaintyHerding`
    choose from it; other strategies are refused. Except for the last, the choice is that of a
    `Pool` of all samples: densities, probabilities and distances are the same up to the rounding
    of a product, and ranks among all candidates are exact. `UncertaintyHerding` and the measure
    `Coverage` use the neighbour graph of each partition; a batch chosen by plain gains covers at
    least 1 - 1/e of what the best batch of its size would cover within partitions [1]_, [2]_.
    `InformationDensity` takes the cosine alone. A measure of your own must evaluate each candidate
    by itself: in a partition, ``pool.X`` and ``pool.cached`` are about its own samples.

    Cost of a query: that of a `Pool` of the largest share of a worker, and for each sample chosen
    three rounds of messages of some 100 kB for each partition, or one round if the strategy uses
    one number per candidate. A label costs what it costs a `Pool`, in each worker; removing,
    replacing or forgetting one costs as much as all labels. Reading numbers of all candidates
    (`posterior`, `density`, `explain_query` of a learner) sends them to the client. Workers need
    skactive installed, and memory for their share.

    References
    ----------
    .. [1] G. L. Nemhauser, L. A. Wolsey and M. L. Fisher, "An analysis of approximations for
       maximizing submodular set functions", Mathematical Programming 14, 1978.
    .. [2] B. Mirzasoleiman, A. Karbasi, R. Sarkar and A. Krause, "Distributed submodular
       maximization: identifying representative elements in massive data", NIPS 2013.

    Examples
    --------
    >>> import numpy as np
    >>> import dask.array as da
    >>> from dask.distributed import Client
    >>> from skactive.integrations.dask import PartitionedPool
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> from skactive.strategies import CDFProduct
    >>> X = da.from_array(np.eye(4) + [1, 0, 0, 0], chunks=(2, 4))
    >>> with Client(processes=False, dashboard_address=":0") as client:
    ...     pool = PartitionedPool(X, estimator=IncrementalKNeighborsClassifier())
    ...     indices, utilities = CDFProduct().select(pool, 2)
    ...     n_labeled = pool.add_labels(indices, ["apple", "pear"]).n_labeled
    >>> indices, n_labeled
    (array([0, 1]), 2)
    """

    def __init__(
        self,
        X: Any,  # a Dask array or a list of stored features
        *,
        estimator: Classifier | None = None,
        X_labeled: ArrayLike | None = None,
        y_labeled: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        dtype: DTypeLike = np.float32,
        client: Any = None,  # distributed is optional
        posterior_source: Callable[[LabelingPool], PosteriorSource] | None = None,
    ) -> None:
        self._estimator = check_estimator(estimator)
        self._classes = None if classes is None else check_labels(classes)
        self._partitions = Partitions.of(X, np.dtype(dtype), client)
        self._partitions.begin(remote_estimator(estimator), self._classes)
        empty = np.empty((0, self.n_features), dtype=self._partitions.dtype)
        self.book = LabelBook(self.n_samples, empty, self._classes)
        self._cached: dict[Hashable, Any] = {}
        self._is_sent = False
        self._source: PartitionedPosterior | None = None
        if estimator is not None:
            make = posterior_source or ExternalPosterior
            if isinstance(estimator, HasPosteriorSource):
                make = estimator.posterior_source
            self._source = PartitionedPosterior(self, make(self))
        if y_labeled is not None and X_labeled is None:
            raise ValueError("y_labeled was passed without X_labeled: give the samples too.")
        if X_labeled is not None:
            self.add_labeled(X_labeled, y_labeled)

    @property
    def X(self) -> Any:  # rows are fetched by their positions
        """The features: an array-like whose rows are fetched by their positions."""
        return self._partitions

    @property
    def estimator(self) -> Any:  # any classifier
        """The classifier that class probabilities come from, or None."""
        return self._estimator

    @property
    def n_partitions(self) -> int:
        """Number of partitions."""
        return self._partitions.n_partitions

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self._partitions.shape[1]

    @property
    def n_samples(self) -> int:
        """Number of samples, labelled or not."""
        return len(self._partitions)

    @property
    def candidates(self) -> np.ndarray:
        """Positions of the samples neither labelled nor skipped, ascending."""
        return self.book.positions.candidates

    @property
    def n_candidates(self) -> int:
        """Number of candidates."""
        return len(self.candidates)

    @property
    def labeled(self) -> np.ndarray:
        """Positions of the labelled samples, in the order in which they were labelled."""
        return self.book.positions.labeled

    @property
    def labels(self) -> np.ndarray:
        """The labels of `labeled`."""
        return self.labels_of(self.labeled)

    @property
    def skipped(self) -> np.ndarray:
        """Positions of the skipped samples that are not labelled, ascending."""
        return self.book.positions.skipped

    @property
    def n_labeled(self) -> int:
        """Number of labelled samples, the seed set included."""
        return self.book.n_labeled

    @property
    def n_forgotten(self) -> int:
        """Number of labels that are forgotten."""
        return self.book.n_forgotten

    @property
    def classes_(self) -> np.ndarray:
        """The labels known so far, sorted."""
        return self.book.classes

    @property
    def posterior_source(self) -> PosteriorSource | None:
        """The source of class probabilities, None without an estimator."""
        return self._source

    def batch(self, strategy: Any, candidates: ArrayLike | None = None) -> PartitionedBatch:
        """Return the state of one query, in which samples are picked one after the other.

        Parameters
        ----------
        strategy : QueryStrategy
            The strategy that picks.
        candidates : array-like of int of shape (n,), default=None
            Positions to choose from; None takes all candidates.

        Returns
        -------
        batch : PartitionedBatch
            The pool as it would be if the picked samples were labelled.

        Raises
        ------
        TypeError
            If the strategy does not choose from partitions.
        """
        if candidates is not None:
            candidates = np.unique(check_positions(candidates, self.n_samples))
            check_unlabeled(candidates, self.labeled, self.skipped)
        batch = PartitionedBatch(self, self._partitions, strategy, candidates)
        self._begin_query()
        return batch

    def add_labels(self, indices: ArrayLike, y: ArrayLike) -> Self:
        positions, labels = self.book.new_labels(indices, y)
        if len(positions):
            X = self._partitions.features(positions)
            self.book.add(positions, X, labels)
            self._send_labels(positions, X, labels)
        return self

    def add_labeled(self, X: ArrayLike, y: ArrayLike | None) -> Self:
        dtype = self._partitions.dtype
        features, labels = check_labeled_samples(X, y, self.n_features, dtype)
        self.book.add_outside(features, labels)
        self._send_labels(np.full(len(labels), -1), features, labels)
        return self

    def remove_labels(self, indices: ArrayLike) -> Self:
        return self._send_again() if self.book.remove(indices) else self

    def relabel(self, indices: ArrayLike, y: ArrayLike) -> Self:
        return self._send_again() if self.book.relabel(indices, y) else self

    def forget(self, n_kept: int) -> Self:
        check_integer("forget", "n_kept", n_kept, minimum=0)
        return self._send_again() if self.book.forget(n_kept) else self

    def restore_forgotten(self) -> Self:
        return self._send_again() if self.book.restore_forgotten() else self

    def skip(self, indices: ArrayLike) -> Self:
        self.book.positions.skip(indices)
        self._partitions.add_skipped(check_positions(indices, self.n_samples), is_back=False)
        return self

    def unskip(self, indices: ArrayLike) -> Self:
        self.book.positions.unskip(indices)
        self._partitions.add_skipped(check_positions(indices, self.n_samples), is_back=True)
        return self

    def invalidate_posterior(self) -> Self:
        self._is_sent = False
        if self._source is not None:
            self._source.labels_changed()
        return self

    def is_labeled(self, indices: ArrayLike) -> np.ndarray:
        return self.book.positions.is_labeled(check_positions(indices, self.n_samples))

    def labels_of(self, indices: ArrayLike) -> np.ndarray:
        return self.book.labels_of(indices)

    def labeled_samples(self) -> tuple[np.ndarray, np.ndarray]:
        return self.book.samples()

    def labeled_outside(self) -> tuple[Any, np.ndarray | None]:
        return self.book.outside()

    def take(self, indices: ArrayLike) -> np.ndarray:
        return self.features(indices)

    def features(self, indices: ArrayLike) -> np.ndarray:
        """Return the features of samples, fetched from the workers.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        X : ndarray of shape (n, n_features)
            Those of labelled and of chosen samples are at hand.
        """
        return self._partitions.features(check_positions(indices, self.n_samples))

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
        self, n_neighbors: int = 15, metric: str = "cosine", transformer: Any = None
    ) -> NoReturn:
        """Raise: each partition has a neighbour graph of its own, and no process has all samples.

        Parameters
        ----------
        n_neighbors : int, default=15
            Number of neighbours.
        metric : str, default='cosine'
            The metric.
        transformer : transformer, default=None
            Finds the neighbours.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            f"A partitioned pool has no neighbour graph of all its {self.n_samples} samples, only "
            "one in each partition. Hint: use a Pool for classifiers that need the graph."
        )

    def has_graph(self, graph: Any) -> bool:
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

    def anywhere(self, values: np.ndarray, name: str) -> bool:
        return bool(values.any())

    def mean_of(self, points: Any, name: str) -> np.ndarray:
        return np.asarray(points.mean(axis=0, dtype=np.float64)).ravel()

    def cached(self, key: Hashable, compute: Callable[[], T]) -> T:
        if key not in self._cached:
            self._cached[key] = compute()
        value: T = self._cached[key]
        return value

    def once_per_batch(self, key: Hashable, compute: Callable[[], T]) -> T:
        return compute()

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
        return self._partitions.ask_all(question)

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
        places = [np.flatnonzero(owners == number) for number in range(self.n_partitions)]
        parts = self.numbers(lambda n: Numbers(method, arguments, positions[places[n]]))
        merged = self._merged(parts)
        return None if merged is None else merged[np.argsort(np.concatenate(places))]

    def close(self) -> None:
        """Delete the pool in all workers, after which it cannot be used any more."""
        self._partitions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin_query(self) -> None:
        """Send the classifier, if it has changed, with the next question."""
        self._partitions.begin_query()
        if self._source is None or isinstance(self._estimator, HasPosteriorSource):
            self._partitions.estimator = remote_estimator(self._estimator)
        elif not self._is_sent:
            self._partitions.add_fitted(deepcopy(self._source.classifier()))
            self._is_sent = True

    def _merged(self, parts: list[Any]) -> np.ndarray | None:
        return None if any(part is None for part in parts) else np.concatenate(parts)

    def _send_labels(self, positions: np.ndarray, X: np.ndarray, y: np.ndarray) -> None:
        self._partitions.add_labels(positions, X, y)
        self.invalidate_posterior()

    def _send_again(self) -> Self:
        """Start a new log, with the present labels and skipped samples."""
        self._partitions.begin(self._partitions.estimator, self._classes)
        if len(self.skipped):
            self._partitions.add_skipped(self.skipped, is_back=False)
        X, y = self.labeled_samples()
        store = self.book.store
        ids = np.empty(0, dtype=np.intp) if store is None else np.sort(store.ids)
        self._send_labels(self.book.positions.of_ids(ids), X, y)
        return self


def check_estimator(estimator: Any) -> Any:
    """Return an estimator that can work in partitions, or raise."""
    if isinstance(estimator, TransductiveEstimator):
        raise TypeError(
            f"{type(estimator).__name__} learns from a graph of all samples, which no process of a "
            "partitioned pool has. Hint: take an IncrementalKNeighborsClassifier."
        )
    max_labeled = getattr(estimator, "max_labeled", None)
    if max_labeled is not None:
        raise ValueError(
            f"A partitioned pool forgets no labels by itself. Got max_labeled={max_labeled}. "
            "Hint: let labels fade, with half_life, or call `forget`."
        )
    return estimator


def remote_estimator(estimator: Any) -> Any:
    """Return the counterpart of an estimator in a partition."""
    if isinstance(estimator, HasPosteriorSource):
        return clone(estimator)
    return None if estimator is None else RemoteClassifier()
