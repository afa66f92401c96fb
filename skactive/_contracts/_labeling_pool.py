"""A pool whose labels change."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skactive._contracts._pool_view import PoolView

if TYPE_CHECKING:
    from skactive._contracts._batch_view import BatchView
    from skactive._contracts._posterior_source import PosteriorSource
    from skactive.neighbors import NeighborGraph


class LabelingPool(PoolView):
    """Base class of pools: a view whose samples can be labelled, skipped and forgotten.

    Each operation leaves the pool as if only the labels that it has now had ever been given.
    An operation that raises leaves the pool as it was.

    See Also
    --------
    skactive.pool.Pool : A pool in the memory of one process, or on its disk.
    skactive.integrations.dask.PartitionedPool : A pool in the processes of a Dask cluster.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.base import LabelingPool
    >>> isinstance(Pool([[1.0, 0.0], [0.0, 1.0]]), LabelingPool)
    True
    """

    @property
    @abstractmethod
    def n_forgotten(self) -> int:
        """Number of labels that are forgotten."""

    @property
    def picked(self) -> np.ndarray:
        """Positions picked for a batch so far: none."""
        return np.empty(0, dtype=np.intp)

    @property
    def whole(self) -> Self:
        """The pool itself."""
        return self

    @abstractmethod
    def batch(self, strategy: Any, candidates: ArrayLike | None = None) -> BatchView:  # a strategy
        """Return the state of one query, in which samples are picked one after the other.

        Parameters
        ----------
        strategy : QueryStrategy
            The strategy that picks.
        candidates : array-like of int of shape (n,), default=None
            Positions to choose from; None takes all candidates.

        Returns
        -------
        batch : BatchView
            The pool as it would be if the picked samples were labelled.

        Raises
        ------
        ValueError
            If one of `candidates` is labelled or skipped.
        """

    @abstractmethod
    def new_labels(self, indices: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the unlabelled samples among given ones, each once, with their labels.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.
        y : array-like of shape (n,)
            The labels.

        Returns
        -------
        positions : ndarray of int of shape (n_new,)
            The unlabelled samples.
        labels : ndarray of shape (n_new,)
            Their labels.

        Raises
        ------
        ValueError
            As `add_labels`, which adds them.
        IndexError
            If a position is outside the pool.
        """

    def completed_labels(self, indices: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the labelled samples whose labels given ones complete, with all of their labels.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.
        y : array-like of shape (n,)
            The labels, as for `new_labels`.

        Returns
        -------
        positions : ndarray of int of shape (n_completed,)
            The samples. None if labels are no sets with labels that are not answered.
        labels : ndarray of shape (n_completed,)
            Their labels after `add_labels`.
        """
        return np.empty(0, dtype=np.intp), np.empty(0)

    @abstractmethod
    def replaced_labels(self, indices: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the labels before and after a `relabel`.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of labelled samples.
        y : array-like of shape (n,)
            Their new labels.

        Returns
        -------
        before, after : ndarray of shape (n,)
            The present and the new labels.

        Raises
        ------
        ValueError
            If a sample is not labelled or named twice, lengths differ, or a label is missing.
        """

    @abstractmethod
    def reset(self) -> Self:
        """Remove all labels, skips and forgotten labels, those from outside included.

        Returns
        -------
        self : LabelingPool
            The pool as it was created, without a seed set. Results about features are kept.
        """

    @abstractmethod
    def add_labels(self, indices: ArrayLike, y: ArrayLike) -> Self:
        """Add the labels of pool samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool. A position labelled before may be passed again with its label;
            one whose label is forgotten, with any label.
        y : array-like of shape (n,)
            The labels.

        Returns
        -------
        self : LabelingPool
            The pool. The samples are no candidates any more.

        Raises
        ------
        ValueError
            If lengths differ, a label is missing, or a sample would get two different labels.
        IndexError
            If a position is outside the pool.
        """

    @abstractmethod
    def add_labeled(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Add labelled samples from outside the pool.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Their features.
        y : array-like of shape (n,)
            Their labels.

        Returns
        -------
        self : LabelingPool
            The pool, which counts them as labelled.
        """

    @abstractmethod
    def remove_labels(self, indices: ArrayLike) -> Self:
        """Remove labels: the samples are candidates again.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of labelled samples.

        Returns
        -------
        self : LabelingPool
            The pool as if they had never been labelled.
        """

    @abstractmethod
    def relabel(self, indices: ArrayLike, y: ArrayLike) -> Self:
        """Replace the labels of labelled samples.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of labelled samples.
        y : array-like of shape (n,)
            Their new labels.

        Returns
        -------
        self : LabelingPool
            The pool with the new labels.
        """

    @abstractmethod
    def forget(self, n_kept: int) -> Self:
        """Forget the oldest labels, those from outside the pool included.

        Samples of the pool whose labels are forgotten are candidates again. An estimator with
        `max_labeled` makes the pool forget whenever labels are added.

        Parameters
        ----------
        n_kept : int
            Number of labels that are kept, the newest ones.

        Returns
        -------
        self : LabelingPool
            The pool as if the other labels had never been given.
        """

    @abstractmethod
    def restore_forgotten(self) -> Self:
        """Restore the labels that the last call of `forget` forgot, with the age that they had.

        Returns
        -------
        self : LabelingPool
            The pool as if it had kept them. A sample that was labelled again since then keeps
            its new label.
        """

    @abstractmethod
    def add_samples(
        self,
        X: ArrayLike,
        samples: Any = None,  # samples of any kind
    ) -> Self:
        """Add candidates: samples without a label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Their features. Their positions follow those of the samples of the pool.
        samples : indexable of length n, default=None
            The samples as the estimator takes them, if the pool was created with such `samples`;
            of the same kind as these.

        Returns
        -------
        self : LabelingPool
            The pool as if it had been created with all samples. A classifier that was fitted to
            the pool itself, such as one that spreads labels, has to be fitted to it again.

        Raises
        ------
        TypeError
            If the features of the pool are on disk, or `samples` are of another kind.
        ValueError
            If X has another number of features, NaN or infinite values.

        Notes
        -----
        Neighbour graphs, densities and nearest labelled samples are updated: each new sample is
        compared with all samples once, O(n_samples · n_features). The rest is computed again on
        use, in one pass over the samples or over the edges of a graph.
        """

    @abstractmethod
    def remove_samples(self, indices: ArrayLike) -> Self:
        """Remove samples, with their labels.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool, each once. The samples that are left are numbered from 0 on, in
            their order.

        Returns
        -------
        self : LabelingPool
            The pool as if it had been created without these samples. A class whose last label was
            removed is no class any more, unless it was declared.

        Raises
        ------
        IndexError
            If a position is outside the pool.
        TypeError
            If the features of the pool are on disk.
        ValueError
            If a sample is named twice, or no sample would be left.

        Notes
        -----
        In neighbour graphs, samples that lose a neighbour are compared with all samples again,
        O(n_samples · n_features) each. The rest costs as much as with `add_samples`.
        """

    @abstractmethod
    def skip(self, indices: ArrayLike) -> Self:
        """Leave samples that cannot be labelled out of the candidates.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of samples that are not labelled.

        Returns
        -------
        self : LabelingPool
            The pool, which no longer counts them as candidates.
        """

    @abstractmethod
    def unskip(self, indices: ArrayLike) -> Self:
        """Take skipped samples back into the candidates.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions of samples.

        Returns
        -------
        self : LabelingPool
            The pool, which counts them as candidates unless they are labelled.
        """

    @abstractmethod
    def is_labeled(self, indices: ArrayLike) -> np.ndarray:
        """Return which samples are labelled.

        Parameters
        ----------
        indices : array-like of int of shape (n,)
            Positions in the pool.

        Returns
        -------
        labeled : ndarray of bool of shape (n,)
            Whether each is labelled.
        """

    @abstractmethod
    def labels_of(self, indices: ArrayLike) -> np.ndarray:
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

    @abstractmethod
    def has_graph(self, graph: NeighborGraph) -> bool:
        """Return whether a neighbour graph is one that `graph` has returned.

        Parameters
        ----------
        graph : NeighborGraph
            The graph.

        Returns
        -------
        has_graph : bool
            Whether it is.
        """

    @property
    @abstractmethod
    def posterior_source(self) -> PosteriorSource | None:
        """The source of class probabilities, None without an estimator."""

    @abstractmethod
    def invalidate_posterior(self) -> Self:
        """Discard the class probabilities, because the estimator was fitted again.

        Returns
        -------
        self : LabelingPool
            The pool, which gets probabilities from the estimator with the next query.
        """
