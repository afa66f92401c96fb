"""The human loop over a pool that is held by the workers of a Dask cluster."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from sklearn.pipeline import Pipeline

from skactive.integrations.dask._partitions import Partitions
from skactive.integrations.dask._pool import PartitionedPool, check_estimator
from skactive.learner import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct


class PartitionedLearner(ActiveLearner):
    """Ask a person about the samples of a Dask cluster, and learn from each answer at once.

    It is an `ActiveLearner` whose pool is a `PartitionedPool`: what it asks about, how it is
    taught, corrected and undone, and the journal that loses no answer, are the same. The classifier
    learns here, from the features of the labelled samples alone.

    Parameters
    ----------
    estimator : classifier, default=None
        The classifier that learns, on features; None takes `IncrementalKNeighborsClassifier()`.
        It is copied. What makes features of raw samples is mapped over the blocks of X_pool.
    strategy : QueryStrategy, default=None
        Which samples to ask about; None takes `CDFProduct()`. `PartitionedPool` says which do.
    X_pool : dask array of shape (n_samples, n_features), or list of stored features
        The features, as `PartitionedPool` takes them.
    X_labeled : array-like of shape (n_labeled, n_features), default=None
        Samples outside the pool whose labels are known: the seed set.
    y_labeled : array-like of shape (n_labeled,), default=None
        Their labels.
    classes : array-like of shape (n_classes,), default=None
        Labels there will be, where they are known beforehand. Others are learnt as they come.
    ids : array-like of length n_samples, default=None
        The caller's own names of the samples; None takes positions.
    drift_detector : object, default=None
        What watches whether answers still agree with predictions, as in `ActiveLearner`.
    fit_params : dict, default=None
        Further arguments of the classifier's `fit`, as in `ActiveLearner`.
    journal : path-like, default=None
        A file to write every answer to, before `teach` returns. Where it is there already, its
        answers are taken in first. None keeps answers in memory alone.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        What features are held as, or calculated with.
    client : distributed.Client, default=None
        The cluster. None takes the client that was made last.

    Attributes
    ----------
    estimator : classifier
        The copy that learns.
    strategy : QueryStrategy
        The strategy.
    pool : PartitionedPool
        What is known of the samples.
    ids : ndarray of shape (n_samples,)
        Their names.
    journal : Path or None
        Where answers are written to.

    Raises
    ------
    TypeError
        If `estimator` is a Pipeline, or cannot work in partitions.
    ValueError
        If there is no client, or features are not finite numbers.

    See Also
    --------
    skactive.ActiveLearner : The loop over a pool of this process.
    PartitionedPool : What it chooses from, what that costs, and which strategies can.

    Notes
    -----
    An answer is sent to the workers with the next query. What looks at all candidates at once,
    `explain_query`, and what forgets are left out.

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

    def __init__(
        self,
        estimator: Any = None,
        strategy: Any = None,
        X_pool: Any = None,
        *,
        X_labeled: Any = None,
        y_labeled: Any = None,
        classes: Any = None,
        ids: Any = None,
        drift_detector: Any = None,
        fit_params: dict[str, Any] | None = None,
        journal: Any = None,
        dtype: Any = np.float32,
        client: Any = None,
    ) -> None:
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
            CDFProduct() if strategy is None else strategy,
            Partitions(X_pool, dtype, client),
            X_labeled=X_labeled,
            y_labeled=y_labeled,
            classes=classes,
            ids=ids,
            drift_detector=drift_detector,
            fit_params=fit_params,
            journal=journal,
        )

    def explain_query(self, index: Any, *, n_neighbors: int = 5) -> NoReturn:
        """Refuse: what a candidate's rank is, only all candidates tell.

        Parameters
        ----------
        index : int
            The position of a candidate.
        n_neighbors : int, default=5
            How many neighbours would be named.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            "explain_query compares a candidate with all others, which no process of a "
            "partitioned pool has."
        )

    def forget(self, n_kept: int = 0) -> NoReturn:
        """Refuse: labels of a partitioned pool are not forgotten.

        Parameters
        ----------
        n_kept : int, default=0
            How many labels would be kept.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            f"A partitioned pool forgets no labels. Got n_kept={n_kept}. Hint: `undo` takes back "
            "the last answers."
        )

    def _new_pool(self, samples: Any, **arguments: Any) -> PartitionedPool:
        # Neither a graph nor a state was passed on: workers have their own.
        return PartitionedPool(
            samples, estimator=arguments["estimator"], classes=arguments["classes"]
        )
