"""A pool whose samples are held by the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from copy import deepcopy
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn.base import clone

from skactive._engine.external_posterior import ExternalPosterior
from skactive._engine.features import check_labeled_samples
from skactive._engine.label_book import LabelBook
from skactive._engine.labels import check_classes
from skactive._engine.positions import check_positions, check_removed, check_unlabeled
from skactive._engine.targets import target_of
from skactive._text import shown
from skactive.base import (
    Classifier,
    HasPosteriorSource,
    LabelingPool,
    PosteriorSource,
    TransductiveEstimator,
)
from skactive.integrations.dask._partition import RemoteClassifier
from skactive.integrations.dask._partitions import Partitions
from skactive.integrations.dask._posterior import PartitionedPosterior
from skactive.integrations.dask._query import PartitionedBatch
from skactive.integrations.dask._view import PartitionedView

T = TypeVar("T")


class PartitionedPool(PartitionedView):
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
        opened by `skactive.datasets.open_vectors` or a zarr array, at a path that all workers can
        read.
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
    strict_classes : bool, default=False
        Whether labels that are not among `classes` are refused.
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
    candidates, labeled, labels, skipped, n_forgotten, classes_, book
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
    can choose from it; other strategies raise an error. Except for the last, the choice is that of
    a `Pool` of all samples: densities, probabilities and distances are the same up to the rounding
    of a product, and ranks among all candidates are exact. `UncertaintyHerding` and the measure
    `Coverage` use the neighbour graph of each partition; a batch chosen by plain gains covers at
    least 1 - 1/e of what the best batch of its size would cover within partitions [1]_, [2]_.
    `InformationDensity` supports only the cosine. A user-written measure must evaluate each
    candidate by itself: in a partition, ``pool.X`` and ``pool.cached`` refer to the samples of the
    partition.

    Cost of a query: that of a `Pool` of the largest share of a worker, and for each chosen sample
    three rounds of messages of about 100 kB for each partition, or one round if the strategy uses
    one number per candidate. The cost of a label in each worker is that in a `Pool`; removing,
    replacing or forgetting a label costs as much as adding all labels again. Values of all
    candidates (`posterior`, `density`, `explain_query` of a learner) are sent to the client.
    Workers need skactive installed, and memory for their share. `graph`, `graphs`, `save_state`,
    `geometry` and `coverages`, which a `Pool` has for all its samples, raise NotImplementedError.

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
        strict_classes: bool = False,
        dtype: DTypeLike = np.float32,
        client: Any = None,  # distributed is optional
        posterior_source: Callable[[LabelingPool], PosteriorSource] | None = None,
    ) -> None:
        self._estimator = check_estimator(estimator)
        self._make_source = posterior_source
        validate = self.target.validate
        self._classes = None if classes is None else check_classes(classes, validate)
        self._partitions = Partitions.of(X, np.dtype(dtype), client)
        self._is_strict = strict_classes
        self._cached: dict[Hashable, Any] = {}
        self.reset()
        self._add_seed_set(X_labeled, y_labeled)

    def reset(self) -> Self:
        self._partitions.begin(remote_estimator(self._estimator), self._classes)
        empty = np.empty((0, self.n_features), dtype=self._partitions.dtype)
        self.book = LabelBook(
            self.n_samples, empty, self._classes, self.target, strict_classes=self._is_strict
        )
        self._is_sent = False
        self._source = self._new_source()
        return self

    @property
    def X(self) -> Any:  # an array-like that fetches rows
        """The features: an array-like whose rows are fetched by positions, a slice or a mask."""
        return self._partitions

    @property
    def estimator(self) -> Any:  # any classifier
        """The classifier that class probabilities come from, or None."""
        return self._estimator

    @estimator.setter
    def estimator(self, estimator: Classifier | None) -> None:
        self._estimator = check_estimator(estimator)
        self._source = self._new_source()
        self._partitions.estimator = remote_estimator(estimator)
        self._labels_replaced()

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
    def posterior_source(self) -> PosteriorSource | None:
        """The source of class probabilities, None without an estimator."""
        return self._source

    def batch(
        self,
        strategy: Any,  # a strategy
        candidates: ArrayLike | None = None,
    ) -> PartitionedBatch:
        if candidates is not None:
            candidates = np.unique(check_positions(candidates, self.n_samples))
            check_unlabeled(candidates, self.labeled, self.skipped)
        batch = PartitionedBatch(self, self._partitions, strategy, candidates)
        self._begin_query()
        return batch

    def add_labels(self, indices: ArrayLike, y: ArrayLike) -> Self:
        new = self.book.new_labels(indices, y)
        if len(new.completed):
            self.relabel(new.completed, new.completed_labels)
        positions, labels = new.positions, new.labels
        if len(positions):
            X = self._partitions.features(positions)
            self.book.add(positions, X, labels)
            self._send_labels(positions, X, labels)
        return self

    def add_labeled(self, X: ArrayLike, y: ArrayLike | None) -> Self:
        dtype = self._partitions.dtype
        features, labels = check_labeled_samples(X, y, self.n_features, dtype, self.target)
        self.book.add_outside(features, labels)
        self._send_labels(np.full(len(labels), -1), features, labels)
        return self

    def add_samples(
        self,
        X: Any,  # a Dask array, an array or a list of stored features
        samples: Any = None,  # not supported
    ) -> Self:
        """Append partitions, whose samples are candidates.

        Parameters
        ----------
        X : dask array or ndarray of shape (n, n_features), or list of stored features
            The features, as those of the pool. An array is one partition.
        samples : None
            A partitioned pool has no samples beside its features.

        Returns
        -------
        self : PartitionedPool
            The pool as if it had been created with all partitions. The caches of the other
            partitions are kept, and the labels are sent again.

        Raises
        ------
        TypeError
            If X is of another type.
        ValueError
            If `samples` are passed; if X has another number of features, NaN or infinite values.
        """
        if samples is not None:
            raise ValueError(
                "A partitioned pool has no samples beside its features. Hint: pass X alone."
            )
        return self._add_partitions(self._partitions.joined(self._partitions.of_new(X)))

    def remove_samples(self, indices: ArrayLike) -> Self:
        """Remove samples, with their labels.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool, each once. The samples that are left are renumbered.

        Returns
        -------
        self : PartitionedPool
            The pool as if it had been created without these samples. A partition without samples
            is removed.

        Raises
        ------
        IndexError
            If a position is outside the pool.
        TypeError
            If a sample is in a partition on disk.
        ValueError
            If a sample is named twice, or no sample would be left.
        """
        removed = check_removed(indices, self.n_samples, "pool")
        if len(removed) == 0:
            return self
        return self._remove_from_partitions(removed, self._partitions.without(removed))

    def skip(self, indices: ArrayLike) -> Self:
        super().skip(indices)
        self._partitions.add_skipped(check_positions(indices, self.n_samples), is_back=False)
        return self

    def unskip(self, indices: ArrayLike) -> Self:
        super().unskip(indices)
        self._partitions.add_skipped(check_positions(indices, self.n_samples), is_back=True)
        return self

    def invalidate_posterior(self) -> Self:
        self._is_sent = False
        return super().invalidate_posterior()

    def close(self) -> None:
        """Delete the pool in all workers, after which it cannot be used any more."""
        self._partitions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new_source(self) -> PartitionedPosterior | None:
        if self._estimator is None:
            return None
        make = self._make_source or ExternalPosterior
        if isinstance(self._estimator, HasPosteriorSource):
            make = self._estimator.posterior_source
        return PartitionedPosterior(self, make(self))

    def _begin_query(self) -> None:
        """Send the classifier, if it has changed, with the next question."""
        self._partitions.begin_query()
        if self._source is None or isinstance(self._estimator, HasPosteriorSource):
            self._partitions.estimator = remote_estimator(self._estimator)
        elif not self._is_sent:
            self._partitions.add_fitted(deepcopy(self._source.classifier()))
            self._is_sent = True

    def _send_labels(self, positions: np.ndarray, X: np.ndarray, y: np.ndarray) -> None:
        self._partitions.add_labels(positions, X, y)
        self.invalidate_posterior()

    def _add_partitions(self, partitions: Partitions) -> Self:
        """Replace the samples by these and further ones."""
        n_before, self._partitions = self.n_samples, partitions
        self.book.extend(self.n_samples - n_before)
        return self._samples_changed()

    def _remove_from_partitions(self, removed: np.ndarray, partitions: Partitions) -> Self:
        """Replace the samples by those that are left."""
        kept = np.delete(np.arange(self.n_samples), removed)
        self._partitions = partitions
        self.book.remove(removed[self.book.positions.is_labeled(removed)])
        self.book.keep(kept)
        return self._samples_changed()

    def _samples_changed(self) -> Self:
        self._cached = {}
        self._source = self._new_source()
        return self._labels_replaced()

    def _labels_replaced(self) -> Self:
        # A new log has the present labels and skipped samples.
        self._partitions.begin(self._partitions.estimator, self._classes)
        if len(self.skipped):
            self._partitions.add_skipped(self.skipped, is_back=False)
        X, y = self.labeled_samples()
        store = self.book.store
        ids = np.empty(0, dtype=np.intp) if store is None else np.sort(store.ids)
        self._send_labels(self.book.positions.of_ids(ids), X, y)
        return self


def check_estimator(estimator: Any) -> Any:
    """Return the estimator if it can be used in partitions, or raise."""
    if isinstance(estimator, TransductiveEstimator):
        raise TypeError(
            f"{type(estimator).__name__} learns from a graph of all samples, which no process of a "
            "partitioned pool has. Hint: use an IncrementalKNeighborsClassifier."
        )
    if target_of(estimator).kind != "categorical":
        raise TypeError(
            "The labels of a partitioned pool are classes, one for each sample. Got "
            f"{shown(estimator)} instead. Hint: use skactive.Pool."
        )
    max_labeled = getattr(estimator, "max_labeled", None)
    if max_labeled is not None:
        raise ValueError(
            "A partitioned pool does not forget labels automatically, so that max_labeled must be "
            f"None. Got {max_labeled}. Hint: set half_life, or call `forget`."
        )
    return estimator


def remote_estimator(estimator: Any) -> Any:
    """Return the counterpart of an estimator in a partition."""
    if isinstance(estimator, HasPosteriorSource):
        return clone(estimator)
    return None if estimator is None else RemoteClassifier()
