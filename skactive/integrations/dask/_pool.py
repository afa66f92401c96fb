"""A pool whose samples are held by the workers of a Dask cluster."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Self

import numpy as np
from sklearn import clone
from sklearn.utils.validation import check_consistent_length

from skactive._engine.features import check_labeled_samples
from skactive._engine.labeled_samples import LabeledSamples
from skactive._engine.labels import check_labels
from skactive._engine.positions import check_positions, check_unlabeled
from skactive.integrations.dask._partition import FittedElsewhere
from skactive.integrations.dask._partitions import Partitions
from skactive.integrations.dask._query import PartitionedBatch
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool._label_book import check_answers, check_labeled, without_repetition
from skactive.pool._posterior import AskedClassifier
from skactive.semi_supervised import IncrementalLabelSpreading


class PartitionedPool:
    """Hold a pool in the processes of a Dask cluster, and choose from it as from one pool.

    Each worker keeps some of the samples, and all that is known of them, as a `Pool` does; what a
    label changes is worked out where the samples are. What travels are the labelled samples, and
    for a query a few numbers of each partition. A worker that dies takes nothing along: what it
    held is made anew elsewhere, from its source and the labels.

    Parameters
    ----------
    X : dask array of shape (n_samples, n_features), or list of stored features
        The features. The blocks of rows of a Dask array are the partitions, read once and kept in
        the memory of the workers. In a list, each is a partition that stays on disk: what
        `skactive.datasets.open_vectors` opens or a zarr array, from a path that all workers see.
    estimator : classifier, default=None
        Where class probabilities come from. An `IncrementalKNeighborsClassifier` lends its
        parameters only. Any other classifier is sent to the workers, as it is at the first query
        after a label or `invalidate_posterior`; the caller fits it. None means no probabilities.
    X_labeled : array-like of shape (n_labeled, n_features), default=None
        Samples outside the pool whose labels are known: the seed set.
    y_labeled : array-like of shape (n_labeled,), default=None
        Their labels.
    classes : array-like of shape (n_classes,), default=None
        Labels there will be, where they are known beforehand. Others are learnt as they come.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        What features are held as, or calculated with.
    client : distributed.Client, default=None
        The cluster. None takes the client that was made last.

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
        If X is neither, or the estimator cannot work in partitions.
    ValueError
        If there is no client; if a partition has NaN or infinite values.

    See Also
    --------
    PartitionedLearner : The loop over such a pool.
    skactive.Pool : The pool of one process.

    Notes
    -----
    `CDFProduct`, `KCenterGreedy`, `RandomSampling`, `UncertaintySampling` and `UncertaintyHerding`
    choose from it; others are refused. But for the last, the choice is that of a `Pool` of all
    samples: densities, probabilities and distances are the same up to the rounding of a product,
    and ranks among all candidates are exact. `UncertaintyHerding` and the measure `Coverage` go by
    the neighbour graph of each partition; a batch chosen by plain gains covers at least 1 - 1/e
    of what the best batch of its size would cover within partitions [1]_, [2]_.
    `InformationDensity` takes the cosine alone. A measure of your own has to look at each
    candidate by itself.

    Cost of a query: that of a `Pool` of the largest share of a worker, and for each sample chosen
    three rounds of messages of some 100 kB for each partition, one where the strategy goes by one
    number per candidate. A label costs what it costs a
    `Pool`, in each worker; removing or replacing one, what all labels cost. Workers need skactive
    installed, and memory for their share.

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
        X: Any,
        *,
        estimator: Any = None,
        X_labeled: Any = None,
        y_labeled: Any = None,
        classes: Any = None,
        dtype: Any = np.float32,
        client: Any = None,
    ) -> None:
        self.estimator = check_estimator(estimator)
        self._classes = None if classes is None else check_labels(classes)
        if not isinstance(X, Partitions):
            X = Partitions(X, dtype, client)
        self._partitions = X
        self._partitions.begin(estimator_elsewhere(estimator), self._classes)
        self._ids: dict[int, int] = {}
        self._skipped: set[int] = set()
        self._is_told = False
        self._labeled: LabeledSamples | None = None
        if self._classes is not None:
            empty = np.empty((0, self.n_features), dtype=X.dtype)
            self._labeled = LabeledSamples(empty, self._classes[:0], self._classes)
        if y_labeled is not None and X_labeled is None:
            raise ValueError("y_labeled was passed without X_labeled: give the samples too.")
        if X_labeled is not None:
            self.add_labeled(X_labeled, y_labeled)

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
        is_left = np.ones(self.n_samples, dtype=bool)
        is_left[self.labeled] = False
        is_left[self.skipped] = False
        return np.flatnonzero(is_left)

    @property
    def n_candidates(self) -> int:
        """Number of candidates."""
        return self.n_samples - len(self._ids) - len(self.skipped)

    @property
    def labeled(self) -> np.ndarray:
        """Positions of the labelled samples, in the order they were labelled."""
        return np.fromiter(self._ids, dtype=np.intp, count=len(self._ids))

    @property
    def labels(self) -> np.ndarray:
        """The labels of `labeled`."""
        return self.labels_of(self.labeled)

    @property
    def skipped(self) -> np.ndarray:
        """Positions of the skipped samples that are not labelled, ascending."""
        return np.array(sorted(self._skipped.difference(self._ids)), dtype=np.intp)

    @property
    def n_labeled(self) -> int:
        """Number of labelled samples, the seed set included."""
        return 0 if self._labeled is None else len(self._labeled)

    @property
    def n_forgotten(self) -> int:
        """How many labels are forgotten: none ever is."""
        return 0

    @property
    def classes_(self) -> np.ndarray:
        """The labels known so far, sorted."""
        return np.empty(0) if self._labeled is None else self._labeled.classes

    def add_labels(self, indices: Any, y: Any) -> PartitionedPool:
        """Take in the labels of pool samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool. A position labelled before may come again with its label.
        y : array-like of shape (n,)
            The labels.

        Returns
        -------
        self : PartitionedPool
            The pool, which no longer counts them as candidates. Workers hear of it with the next
            query.

        Raises
        ------
        ValueError
            If lengths differ, a label is missing, or a sample would get two different labels.
            The pool is left as it was.
        IndexError
            If a position is outside the pool, which is left as it was.
        """
        positions, labels = check_answers(indices, y, self.n_samples)
        if self._labeled is not None:
            self._labeled.check_labels(labels)
        labeled = [position for position in positions.tolist() if position in self._ids]
        known = dict(zip(labeled, self.labels_of(labeled).tolist(), strict=True))
        positions, labels = without_repetition(positions, labels, known)
        if len(positions):
            X = self._partitions.features(positions)
            self._ids.update(zip(positions.tolist(), self._store(X, labels).tolist(), strict=True))
            self._say_labels(positions, X, labels)
        return self

    def add_labeled(self, X: Any, y: Any) -> PartitionedPool:
        """Take in labelled samples from outside the pool.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Their features.
        y : array-like of shape (n,)
            Their labels.

        Returns
        -------
        self : PartitionedPool
            The pool, which counts them as labelled.
        """
        X, labels = check_labeled_samples(X, y, self.n_features, self._partitions.dtype)
        if self._labeled is not None:
            self._labeled.check_labels(labels)
        self._store(X, labels)
        self._say_labels(np.full(len(labels), -1), X, labels)
        return self

    def remove_labels(self, indices: Any) -> PartitionedPool:
        """Take labels back: the samples are candidates again.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of labelled samples.

        Returns
        -------
        self : PartitionedPool
            The pool as if they had never been labelled. Workers hear of all labels anew.
        """
        positions = self._check_labeled(indices)
        if self._labeled is not None and len(positions):
            ids = [self._ids.pop(position) for position in positions.tolist()]
            self._labeled.remove(np.array(ids))
            self._say_anew()
        return self

    def relabel(self, indices: Any, y: Any) -> PartitionedPool:
        """Replace the labels of labelled samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of labelled samples.
        y : array-like of shape (n,)
            Their labels from now on.

        Returns
        -------
        self : PartitionedPool
            The pool, which knows the new labels. Workers hear of all labels anew.
        """
        positions, labels = self._check_labeled(indices), check_labels(y)
        check_consistent_length(positions, labels)
        if self._labeled is not None and len(positions):
            self._labeled.relabel(self._ids_of(positions), labels)
            self._say_anew()
        return self

    def skip(self, indices: Any) -> PartitionedPool:
        """Leave samples out of the candidates: nobody can answer for them.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of samples that are not labelled.

        Returns
        -------
        self : PartitionedPool
            The pool, which no longer counts them as candidates.
        """
        positions = check_positions(indices, self.n_samples)
        check_unlabeled(positions, self.labeled)
        self._skipped.update(positions.tolist())
        self._partitions.say_skipped(positions, is_back=False)
        return self

    def unskip(self, indices: Any) -> PartitionedPool:
        """Take samples back into the candidates.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of samples.

        Returns
        -------
        self : PartitionedPool
            The pool, which counts them as candidates unless they are labelled.
        """
        positions = check_positions(indices, self.n_samples)
        self._skipped.difference_update(positions.tolist())
        self._partitions.say_skipped(positions, is_back=True)
        return self

    def invalidate_posterior(self) -> PartitionedPool:
        """Note that the estimator was fitted anew without a label having changed.

        Returns
        -------
        self : PartitionedPool
            The pool, which sends it to the workers with the next query.
        """
        self._is_told = False
        return self

    def take(self, indices: Any) -> np.ndarray:
        """Return what `estimator` is asked about: the features.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        X : ndarray of shape (n, n_features)
            As `features` returns them.
        """
        return self.features(indices)

    def is_labeled(self, indices: Any) -> np.ndarray:
        """Tell which samples are labelled.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        labeled : ndarray of bool of shape (n,)
            Whether each is labelled.
        """
        positions = check_positions(indices, self.n_samples)
        return np.array([position in self._ids for position in positions.tolist()], dtype=bool)

    def labels_of(self, indices: Any) -> np.ndarray:
        """Return the labels of labelled samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of labelled samples.

        Returns
        -------
        labels : ndarray of shape (n,)
            Their labels.
        """
        positions = self._check_labeled(indices)
        if self._labeled is None:
            return np.empty(0)
        return self._labeled.labels_of(self._ids_of(positions))

    def labeled_samples(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the features and labels of all labelled samples, the seed set included.

        Returns
        -------
        X : ndarray of shape (n_labeled, n_features)
            The features, in the order in which the labels came.
        y : ndarray of shape (n_labeled,)
            The labels.
        """
        if self._labeled is None:
            return np.empty((0, self.n_features), dtype=self._partitions.dtype), np.empty(0)
        order = np.argsort(self._labeled.ids)
        return self._labeled.rows.X[order], self._labeled.labels[order]

    def features(self, indices: Any) -> np.ndarray:
        """Return the features of some samples, fetched from where they are.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        X : ndarray of shape (n, n_features)
            Those of labelled samples, and of what was chosen last, are at hand.
        """
        return self._partitions.features(check_positions(indices, self.n_samples))

    def close(self) -> None:
        """Let workers forget what they hold of the pool, of which nothing can be asked any more."""
        self._partitions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def batch(self, strategy: Any, candidates: Any = None) -> PartitionedBatch:
        """Return what a strategy chooses from: `select` of a strategy calls it.

        Parameters
        ----------
        strategy : QueryStrategy
            Who chooses.
        candidates : array-like of int of shape (n,), default=None
            Positions to choose from; None takes all candidates.

        Returns
        -------
        batch : PartitionedBatch
            The pool as it would be if what is picked were labelled.

        Raises
        ------
        TypeError
            If the strategy does not choose from partitions.
        """
        if candidates is not None:
            candidates = np.unique(check_positions(candidates, self.n_samples))
            check_unlabeled(candidates, self.labeled, self.skipped)
        batch = PartitionedBatch(self, self._partitions, strategy, candidates)
        self._partitions.begin_query()
        if is_fitted_elsewhere(self.estimator):
            if not self._is_told:
                self._partitions.say_fitted(deepcopy(current(self.estimator)))
                self._is_told = True
        else:
            self._partitions.estimator = estimator_elsewhere(self.estimator)
        return batch

    def _say_labels(self, positions: np.ndarray, X: np.ndarray, y: np.ndarray) -> None:
        self._partitions.say_labels(positions, X, y)
        self._is_told = False

    def _say_anew(self) -> None:
        """Begin from nothing, with what is true now."""
        self._partitions.begin(self._partitions.estimator, self._classes)
        if self._skipped:
            self._partitions.say_skipped(np.array(sorted(self._skipped)), is_back=False)
        X, y = self.labeled_samples()
        positions = {id_: position for position, id_ in self._ids.items()}
        ids = [] if self._labeled is None else np.sort(self._labeled.ids).tolist()
        self._say_labels(np.array([positions.get(id_, -1) for id_ in ids], dtype=np.intp), X, y)

    def _check_labeled(self, indices: Any) -> np.ndarray:
        positions = check_positions(indices, self.n_samples)
        return check_labeled(positions, self.is_labeled(positions))

    def _ids_of(self, positions: np.ndarray) -> np.ndarray:
        return np.array([self._ids[position] for position in positions.tolist()], dtype=np.intp)

    def _store(self, X: np.ndarray, labels: np.ndarray) -> np.ndarray:
        if self._labeled is None:
            self._labeled = LabeledSamples(X[:0], labels[:0])
        return self._labeled.add(X, labels)


def check_estimator(estimator: Any) -> Any:
    """Return an estimator that can work in partitions, or raise."""
    if isinstance(estimator, IncrementalLabelSpreading):
        raise TypeError(
            "IncrementalLabelSpreading spreads labels along a graph of all samples, which no "
            "process of a partitioned pool has. Hint: take an IncrementalKNeighborsClassifier."
        )
    if isinstance(estimator, IncrementalKNeighborsClassifier) and estimator.max_labeled is not None:
        raise ValueError(
            f"A partitioned pool forgets no labels. Got max_labeled={estimator.max_labeled}. "
            "Hint: let labels fade, with half_life."
        )
    return estimator


def is_fitted_elsewhere(estimator: Any) -> bool:
    """Tell whether an estimator is fitted where the person is, and sent to the workers."""
    return estimator is not None and not isinstance(estimator, IncrementalKNeighborsClassifier)


def current(estimator: Any) -> Any:
    """Return a classifier as it is now."""
    return estimator.caught_up() if isinstance(estimator, AskedClassifier) else estimator


def estimator_elsewhere(estimator: Any) -> Any:
    """Return what stands for an estimator in a partition."""
    if isinstance(estimator, IncrementalKNeighborsClassifier):
        return clone(estimator)
    return None if estimator is None else FittedElsewhere()
