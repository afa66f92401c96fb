"""The pool: the samples to choose from, their labels, and numbers computed about them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from os import PathLike
from typing import Any, Self, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, DTypeLike
from sklearn.utils.validation import check_consistent_length

from skactive._contracts._estimators import Classifier, HasPosteriorSource
from skactive._contracts._labeling_pool import LabelingPool
from skactive._contracts._posterior_source import PosteriorSource
from skactive._contracts._target import Target
from skactive._engine.cache import FeatureCache, FeatureValues
from skactive._engine.density import information_density, mean_similarity, similarity_sums
from skactive._engine.distances import Rows, Space
from skactive._engine.external_posterior import ExternalPosterior
from skactive._engine.features import (
    check_features,
    check_labeled_samples,
    check_resolved_features,
    check_same_columns,
)
from skactive._engine.label_book import LabelBook
from skactive._engine.labels import check_classes
from skactive._engine.positions import check_positions
from skactive._engine.targets import check_no_classes, target_of
from skactive._rows import take_rows
from skactive._text import shown
from skactive._validation import check_choice, check_dtype, check_integer, check_method, check_path
from skactive.neighbors import NeighborGraph
from skactive.pool._batch import Batch
from skactive.pool._changes import ChangeablePool
from skactive.pool._coverages import PoolCoverages
from skactive.pool._geometry import PoolGeometry
from skactive.pool._graphs import NeighborGraphs
from skactive.pool._snapshot import PoolSnapshot

DTYPES: list[np.dtype[Any]] = [np.dtype(np.float32), np.dtype(np.float64)]
AGGREGATES = frozenset({"mean", "min"})

T = TypeVar("T")


class Pool(ChangeablePool):
    """Hold the samples to choose from, and all numbers that measures read.

    Each number is computed on first use and then kept up to date: a label costs one product of
    the pool with one sample, at any number of labels. The candidates are the samples that
    are neither labelled nor skipped. Removing, relabelling, forgetting and skipping leave the pool
    as if the other labels had never been given.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The features. A C-contiguous array of type `dtype` is kept without a copy; a
        ``numpy.memmap`` stays on disk. Files opened by `skactive.datasets.open_vectors`, memory
        maps of float16, and objects with `shape`, `dtype` and slices of rows, such as zarr
        arrays, stay on disk too: they are read in blocks, as `dtype`, each time.
    estimator : classifier or regressor, default=None
        The source of class probabilities, or of means and standard deviations. An estimator with
        `posterior_source`, such as `IncrementalKNeighborsClassifier`, computes them from the labels
        of the pool, only where they changed; with `max_labeled` the pool forgets as the estimator
        does, see `forget`. The `predict_proba` of any other classifier (`decision_function` if it
        has none), and the ``predict(X, return_std=True)`` of any other regressor (the predictions
        of its `estimators_` if it has none), is called once after each change; the caller fits it.
        None means no posterior.
    samples : indexable of length n_samples, default=None
        The samples as `estimator` takes them, if not X: raw texts, a DataFrame.
    X_labeled : {array-like, sparse matrix} of shape (n_labeled, n_features), default=None
        Samples outside the pool whose labels are known: the seed set.
    y_labeled : array-like of shape (n_labeled,), default=None
        Their labels.
    classes : array-like of shape (n_classes,), default=None
        Labels that are known beforehand. Other labels are added as they come.
    strict_classes : bool, default=False
        Whether labels that are not among `classes` are refused.
    target : Target, default=None
        The kind of labels. None takes `skactive.base.ContinuousTarget` if `estimator` is a
        regressor, else `skactive.base.CategoricalTarget`.
    dtype : {numpy.float32, numpy.float64}, default=None
        The type of the features in memory, and of the arithmetic on features on disk. None is
        float32; it is float64 for dense features whose differences float32 would round away,
        such as times in seconds since 1970, also if only a group of the samples or samples added
        later have such values.
    graph : NeighborGraph, default=None
        A graph of X that was built or loaded earlier. It is used for its own metric and up to
        its own number of neighbours; other graphs are built.
    state : path-like, default=None
        A file written by `save_state`, whose numbers need not be computed again. A file that does
        not exist is ignored. If the features differ from those of the file, all is computed again,
        with a warning.
    posterior_source : callable, default=None
        Creates the `skactive.base.PosteriorSource` of the pool, which is its argument. None takes
        the `posterior_source` of `estimator`, or calls `predict_proba`.
    cache : FeatureCache, default=None
        Shares neighbour graphs, densities and clusterings with other pools that have equal
        features, such as those of repeated simulations. None keeps them for this pool alone.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The features. Features on disk are an array-like, whose picked rows are arrays.
    n_samples, n_candidates : int
        Number of samples, labelled or not; number of candidates.
    candidates : ndarray of int of shape (n_candidates,)
        Positions of the candidates, ascending.
    labeled : ndarray of int of shape (n_labeled,)
        Positions of the labelled samples, in the order in which they were labelled.
    labels : ndarray of shape (n_labeled,)
        Their labels.
    skipped : ndarray of int of shape (n_skipped,)
        Positions of the skipped samples that are not labelled, ascending.
    n_labeled : int
        Number of labelled samples, the seed set included.
    n_forgotten : int
        Number of labels that are forgotten.
    classes_ : ndarray of shape (n_classes,)
        The labels known so far, sorted; empty if labels are continuous.
    target : Target
        The kind of labels.
    posterior_source : PosteriorSource or None
        The source of class probabilities.
    book, geometry, coverages, graphs : object
        The parts of the pool: labels, distances, coverage and neighbour graphs. For posterior
        sources, batches and learners; not a stable interface.

    Raises
    ------
    ValueError
        If X is empty, has NaN or infinite values, or differs from `samples`, `X_labeled` or
        `graph` in its lengths; if `state` is damaged, or belongs to other samples.

    See Also
    --------
    skactive.ActiveLearner : A pool and an estimator that learn together.
    skactive.base.PoolView : The names that measures read.

    Notes
    -----
    Memory beside the features: O(n_samples) for each number that was read, n_neighbors and
    n_classes numbers per sample for the vote. Temporary memory is bounded by scikit-learn's
    ``working_memory``; no array has n_samples × n_samples entries.

    Examples
    --------
    >>> from skactive import Pool
    >>> pool = Pool([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> pool.add_labels([0], ["apple"]).candidates
    array([1, 2])
    >>> pool.distance_to_labeled().round(2)
    array([0.01, 1.  ])
    """

    def __init__(
        self,
        X: Any,  # arrays, sparse matrices and array-likes on disk
        *,
        estimator: Classifier | None = None,
        samples: Any = None,  # samples of any kind
        X_labeled: ArrayLike | None = None,
        y_labeled: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        strict_classes: bool = False,
        target: Target | None = None,
        dtype: DTypeLike | None = None,
        graph: NeighborGraph | None = None,
        state: str | PathLike[str] | None = None,
        posterior_source: Callable[[LabelingPool], PosteriorSource] | None = None,
        cache: FeatureCache | None = None,
    ) -> None:
        self._is_resolved = dtype is None
        if dtype is None:
            self._X = check_resolved_features(X, "X_pool")
        else:
            self._X = check_features(X, "X_pool", check_dtype(self, dtype, DTYPES))
        self._dtype = self._X.dtype
        if estimator is not None:
            methods = "fit predict predict_proba"
            check_method(self, "estimator", estimator, methods, "a classifier, a regressor or None")
        self._target = target_of(estimator, target)
        check_no_classes(self._target, classes, strict_classes)
        if state is not None:
            check_path(self, "state", state)
        if posterior_source is not None and not callable(posterior_source):
            raise TypeError(
                "The 'posterior_source' parameter of Pool must be a function of the pool. "
                f"Got {shown(posterior_source)} instead."
            )
        snapshot = None if state is None else PoolSnapshot.read(state, self._X)
        self._estimator = estimator
        self._make_source = posterior_source
        if samples is not None:
            check_consistent_length(self._X, samples)
        self._samples = samples.tocsr() if sp.issparse(samples) else samples
        self._values = FeatureValues(self._X, cache)
        self.graphs = NeighborGraphs(self._X, graph, self._values)
        self.geometry = PoolGeometry(Rows(self._X), snapshot)
        self.coverages = PoolCoverages(self.graphs)
        validate = self.target.validate
        self._classes = None if classes is None else check_classes(classes, validate)
        if self._classes is None:
            self._classes = self.target.declared
        self._is_strict = strict_classes
        self.reset()
        self._add_seed_set(X_labeled, y_labeled)

    def reset(self) -> Self:
        self.book = LabelBook(
            self.n_samples,
            self._X[:0],
            self._classes,
            self.target,
            strict_classes=self._is_strict,
        )
        self.geometry.begin(self.book)
        self.coverages.begin(self.book)
        self._source = None
        return self

    @property
    def X(self) -> Any:  # arrays, sparse matrices and array-likes on disk
        """The features of all samples."""
        return self._X

    @property
    def estimator(self) -> Any:  # any classifier or regressor
        """The estimator that the posterior comes from, or None."""
        return self._estimator

    @estimator.setter
    def estimator(self, estimator: Classifier | None) -> None:
        self._estimator, self._source = estimator, None

    @property
    def n_samples(self) -> int:
        """Number of samples, labelled or not."""
        return int(self._X.shape[0])

    @property
    def posterior_source(self) -> PosteriorSource | None:
        """The source of class probabilities, None without an estimator."""
        if self._source is None and self._estimator is not None:
            make = self._make_source
            if make is None and isinstance(self._estimator, HasPosteriorSource):
                make = self._estimator.posterior_source
            self._source = (make or ExternalPosterior)(self)
        return self._source

    def batch(self, strategy: Any, candidates: ArrayLike | None = None) -> Batch:  # a strategy
        return Batch(self, candidates, strategy)

    def add_labels(self, indices: ArrayLike, y: ArrayLike) -> Self:
        max_labeled = self._max_labeled()
        new = self.book.new_labels(indices, y)
        if len(new.completed):
            self.relabel(new.completed, new.completed_labels)
        if len(new.positions):
            self.book.add(new.positions, self._X[new.positions], new.labels)
            self._labels_added(max_labeled)
        return self

    def add_labeled(self, X: ArrayLike, y: ArrayLike | None) -> Self:
        max_labeled = self._max_labeled()
        check_same_columns(X, self._samples)
        X, labels = check_labeled_samples(X, y, self._X.shape[1], self._dtype, self.target)
        self.book.add_outside(X, labels)
        self._labels_added(max_labeled if len(labels) else None)
        return self

    def take(self, indices: ArrayLike) -> Any:  # samples of any kind
        samples = self._X if self._samples is None else self._samples
        return take_rows(samples, check_positions(indices, self.n_samples))

    def posterior(self, indices: ArrayLike | None = None) -> np.ndarray | None:
        source = self.posterior_source
        if source is None:
            return None
        if indices is None:
            return source.rows(self.candidates)
        return source.rows(check_positions(indices, self.n_samples))

    def of_posterior(
        self, function: Callable[[np.ndarray], np.ndarray], *, everywhere: bool = False
    ) -> np.ndarray | None:
        source = self.posterior_source
        if source is None:
            return None
        if everywhere:
            return source.of_samples(function, self.book.positions.is_candidate)
        return source.of_rows(function, self.candidates)

    def density(
        self, metric: str = "cosine", metric_params: dict[str, Any] | None = None
    ) -> np.ndarray:
        density = self.geometry.density(metric, metric_params, self._information_density)
        return density.take(self.candidates)

    def distance_to_labeled(
        self,
        metric: str = "cosine",
        aggregate: str = "mean",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray | None:
        check_choice("distance_to_labeled", "aggregate", aggregate, AGGREGATES)
        if self.n_labeled == 0:
            return None
        distances = self.geometry.labeled_distances(metric, metric_params)
        aggregated = distances.minimum if aggregate == "min" else distances.mean
        return aggregated(self.candidates)

    def distances_to(
        self,
        positions: ArrayLike,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        chosen = self.geometry.rows[check_positions(positions, self.n_samples)]
        return self.geometry.distances_to(chosen, metric, metric_params)

    def labeled_neighbors(
        self,
        n_neighbors: int = 5,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        check_integer("labeled_neighbors", "n_neighbors", n_neighbors, minimum=1)
        return self.geometry.labeled_neighbors(n_neighbors, metric, metric_params)

    def nearest_labeled(
        self,
        index: int,
        n_neighbors: int = 5,
        metric: str = "cosine",
        metric_params: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        chosen = self.geometry.rows[check_positions(index, self.n_samples)]
        check_integer("nearest_labeled", "n_neighbors", n_neighbors, minimum=1)
        return self.book.nearest(chosen, n_neighbors, Space(metric, metric_params))

    def graph(
        self, n_neighbors: int = 15, metric: str = "cosine", transformer: object = None
    ) -> NeighborGraph:
        return self.graphs.graph(n_neighbors, metric, transformer)

    def has_graph(self, graph: NeighborGraph) -> bool:
        return any(own is graph for own in self.graphs.built())

    def coverage_gain(
        self,
        weights: ArrayLike | None = None,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> np.ndarray:
        coverage = self.coverages.of((n_neighbors, metric, bandwidth))
        return self.coverages.gains(coverage, weights)[self.candidates]

    def largest_coverage_gain(
        self,
        weights: ArrayLike,
        exponent: float,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        bandwidth: float | str | None = "median",
    ) -> tuple[np.ndarray, float]:
        coverage = self.coverages.of((n_neighbors, metric, bandwidth))
        return self.coverages.largest_gain(coverage, weights, exponent, self.candidates)

    def cached(self, key: Hashable, compute: Callable[[], T], *, shared: bool = False) -> T:
        return self._values.get(("cached", key), compute, shared=shared)

    def save_state(self, path: str | PathLike[str]) -> None:
        """Write densities and distances to a file, atomically.

        A pool that is created with the file as its `state`, and given the same labels in the same
        order, has the next query within seconds. Later labels are added as usual. If the labels
        differ, distances are computed again. The labels themselves are not stored: the `journal`
        of a learner restores them.

        Parameters
        ----------
        path : path-like
            The file, in numpy's format npz. An existing state is replaced.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from skactive import Pool
        >>> X = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Pool(X).save_state(Path(folder) / "state.npz")
        ...     Pool(X, state=Path(folder) / "state.npz").n_candidates
        3
        """
        check_path("save_state", "path", path)
        snapshot = PoolSnapshot(self._X)
        self.geometry.keep(snapshot)
        snapshot.write(path)

    def __getstate__(self) -> dict[str, Any]:
        # The source refers to the pool: formats such as skops cannot store it.
        return {**self.__dict__, "_source": None}

    def _information_density(self, key: str, space: Space) -> np.ndarray:
        rows: Rows = self.geometry.rows
        if space.metric == "cosine":
            return information_density(rows, space)
        sums = self._values.get(("density", key), lambda: similarity_sums(space, rows, rows))
        return mean_similarity(sums)

    def _max_labeled(self) -> int | None:
        """Return the largest number of labels, by the `max_labeled` of the estimator."""
        value = getattr(self._estimator, "max_labeled", None)
        if value is None or self._make_source is not None:
            return None
        return check_integer(self._estimator, "max_labeled", value, minimum=1)

    def _labels_replaced(self) -> Self:
        return self.invalidate_posterior()

    def _labels_added(self, max_labeled: int | None) -> None:
        self.invalidate_posterior()
        if max_labeled is not None:
            self.forget(max_labeled)
