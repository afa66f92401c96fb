"""The human loop over a pool that is held by the workers of a Dask cluster."""

from __future__ import annotations

from os import PathLike
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn.pipeline import Pipeline

from skactive._estimators import check_classifier
from skactive.base import Classifier
from skactive.integrations.dask._partitions import Partitions
from skactive.integrations.dask._pool import PartitionedPool, check_estimator
from skactive.learner import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import QueryStrategy


class PartitionedLearner(ActiveLearner):
    """Choose the samples of a Dask cluster that an annotator labels, and learn from each label.

    It is an `ActiveLearner` whose pool is a `PartitionedPool`, with the same methods and the same
    journal. The classifier learns in the client, from the features of the labelled samples alone.

    Parameters
    ----------
    estimator : classifier, default=None
        The classifier, of features. None takes `IncrementalKNeighborsClassifier()`, unlike in
        `ActiveLearner`: label spreading needs a graph of all samples, which no process can build.
        The learner uses a copy. Map the steps that turn raw samples into features over the blocks
        of X_pool.
    strategy : QueryStrategy or str, default=None
        The query strategy, or its name in `all_strategies`; None takes `UncertaintyHerding()`.
        `PartitionedPool` lists the strategies that it supports.
    X_pool : dask array of shape (n_samples, n_features), or list of stored features
        The features, as in `PartitionedPool`.
    X_labeled : array-like of shape (n_labeled, n_features), default=None
        Samples outside the pool whose labels are known: the seed set.
    y_labeled : array-like of shape (n_labeled,), default=None
        Their labels.
    classes : array-like of shape (n_classes,), default=None
        Labels that are known beforehand. Other labels are added as they come.
    strict_classes : bool, default=False
        Whether other labels than `classes` are refused, as in `ActiveLearner`.
    ids : array-like of length n_samples, default=None
        Names of the samples: strings, numbers or tuples. None takes positions.
    drift_detector : object, default=None
        Detects that answers no longer agree with predictions, as in `ActiveLearner`.
    fit_params : dict, default=None
        Further arguments of the classifier's `fit`, as in `ActiveLearner`.
    stopping : StoppingCriterion or list of them, default=None
        Criteria evaluated after each answer, as in `ActiveLearner`.
    journal : path-like, default=None
        A file to which every answer is written before `teach` returns, as in `ActiveLearner`.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        The type of the features, or of the arithmetic on features on disk.
    client : distributed.Client, default=None
        The cluster. None takes the client that was created last.

    Attributes
    ----------
    estimator : classifier
        The copy that learns.
    strategy : QueryStrategy
        The strategy.
    pool : PartitionedPool
        The pool.
    ids : ndarray of shape (n_samples,)
        Names of the samples.
    journal : Path or None
        The file to which answers are written.

    Raises
    ------
    TypeError
        If `estimator` is a Pipeline, or cannot work in partitions.
    ValueError
        If there is no client, or features are not finite numbers.

    See Also
    --------
    skactive.ActiveLearner : The loop over a pool of this process.
    PartitionedPool : The pool, the cost of queries, and the supported strategies.

    Notes
    -----
    An answer is sent to the workers with the next query. `explain_query` and `progress` send some
    numbers of each candidate to the client. `refresh` has no steps to refit.

    Examples
    --------
    >>> import dask.array as da
    >>> from dask.distributed import Client
    >>> from sklearn.datasets import load_digits
    >>> from skactive.integrations.dask import PartitionedLearner
    >>> X, y = load_digits(return_X_y=True)
    >>> with Client(processes=False, dashboard_address=":0") as client:
    ...     learner = PartitionedLearner(X_pool=da.from_array(X, chunks=(500, 64)))
    ...     for _ in range(10):
    ...         indices = learner.query(5)
    ...         learner = learner.teach(indices, y[indices])
    >>> bool(learner.score(X, y) > 0.8)
    True
    """

    _pool_type = PartitionedPool

    def __init__(
        self,
        estimator: Classifier | None = None,
        strategy: QueryStrategy | str | None = None,
        X_pool: Any = None,  # a Dask array or a list of stored features
        *,
        X_labeled: ArrayLike | None = None,
        y_labeled: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        strict_classes: bool = False,
        ids: ArrayLike | None = None,
        drift_detector: Any = None,  # river's detectors have no common type
        fit_params: dict[str, Any] | None = None,
        stopping: Any = None,  # one criterion or a list of them
        journal: str | PathLike[str] | None = None,
        dtype: DTypeLike = np.float32,
        client: Any = None,  # distributed is optional
    ) -> None:
        if estimator is not None:
            check_classifier(
                estimator, hint="pass samples as X_pool, PartitionedLearner(X_pool=X)."
            )
        if X_pool is None:
            raise TypeError("PartitionedLearner needs the samples to choose from: pass X_pool.")
        if isinstance(estimator, Pipeline):
            raise TypeError(
                "The estimator of PartitionedLearner must be a classifier of features. Got a "
                "Pipeline. Hint: map its first steps over the blocks of X_pool, and pass the last."
            )
        check_estimator(estimator)
        super().__init__(
            IncrementalKNeighborsClassifier() if estimator is None else estimator,
            strategy,
            Partitions(X_pool, np.dtype(dtype), client),
            X_labeled=X_labeled,
            y_labeled=y_labeled,
            classes=classes,
            strict_classes=strict_classes,
            ids=ids,
            drift_detector=drift_detector,
            fit_params=fit_params,
            stopping=stopping,
            journal=journal,
        )

    def label(
        self,
        samples: Any = None,  # ignored
        folder: str | PathLike[str] = "labels.session",
    ) -> NoReturn:
        """Raise an error: a labelling session needs the samples of one process.

        Parameters
        ----------
        samples : object, default=None
            Ignored.
        folder : path-like, default="labels.session"
            Ignored.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            "PartitionedLearner has no widget to label in. Hint: show the samples of `query`, and "
            "pass their labels to `teach`."
        )

    def _new_pool(self, samples: Any, **arguments: Any) -> PartitionedPool:
        # Neither a graph nor a state can be passed: each partition has its own.
        names = ("estimator", "classes", "strict_classes", "posterior_source")
        return self._pool_type(samples, **{name: arguments[name] for name in names})

    def _new_samples(self, X_new: Any) -> Partitions:
        return self.X_pool.of_new(X_new)

    def _joined_samples(self, new: Partitions) -> Partitions:
        return self.X_pool.joined(new)

    def _kept_samples(self, kept: np.ndarray) -> Partitions:
        return self.X_pool.without(np.setdiff1d(np.arange(len(self.X_pool)), kept))

    def _add_to_pool(self, samples: Any, new: Any) -> None:
        self._pool._add_partitions(samples.X_pool)  # noqa: SLF001  the pool is part of it

    def _remove_from_pool(self, samples: Any, positions: np.ndarray) -> None:
        self._pool._remove_from_partitions(positions, samples.X_pool)  # noqa: SLF001  as above
