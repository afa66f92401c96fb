"""New neighbour graphs from earlier ones, with samples added or removed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from skactive._engine.distances import Rows
from skactive._engine.list_changes import lists_with, lists_without
from skactive._engine.positions import check_removed
from skactive._engine.stored import is_opened
from skactive._rows import stacked_features
from skactive._validation import check_integer


class ChangeableGraph(ABC):
    """Base class of the neighbour graph, with the methods that return a changed graph."""

    indices: np.ndarray
    distances: np.ndarray
    metric: str
    X: Any

    def join(self, X_new: ArrayLike) -> Self:
        """Return a graph with new samples as further nodes.

        The new nodes are numbered from `n_samples` on. The neighbours of a new node are its
        nearest old nodes. The neighbours of the old nodes do not change, nor do the affinities
        between them.

        Parameters
        ----------
        X_new : {array-like, sparse matrix} of shape (n, n_features)
            The features of the new samples.

        Returns
        -------
        graph : NeighborGraph
            The new graph. This graph does not change.

        Notes
        -----
        Costs one call of `kneighbors`, and copies of neighbours, distances and features.
        """
        distances, indices = self.kneighbors(X_new)
        features = self._checked_new(X_new)
        width = max(distances.shape[1], self.n_neighbors)
        old = _padded(self.indices, self.distances, width, 0)
        new = _padded(indices, distances, width, self.n_samples)
        lists = np.vstack([old[0], new[0]]), np.vstack([old[1], new[1]])
        stack = sp.vstack if sp.issparse(self.X) else np.vstack
        X = stack([self._rows_or_raise().X, features])
        return self._changed((lists[0].astype(np.int32), lists[1].astype(np.float32)), X)

    def with_samples(self, X_new: ArrayLike, n_neighbors: int | None = None) -> Self:
        """Return the graph of the samples and of new ones, in which each may be a neighbour.

        Unlike `join`, which leaves the neighbours of the old nodes as they are, it returns the
        graph that `NeighborGraph.of` builds from all samples, for less.

        Parameters
        ----------
        X_new : {array-like, sparse matrix} of shape (n_new, n_features)
            The features of the new samples, whose nodes are numbered from `n_samples` on.
        n_neighbors : int, default=None
            Number of neighbours of each sample, at least 1. More than that of this graph are
            possible only if each sample has all others as its neighbours. None is the number of
            this graph.

        Returns
        -------
        graph : NeighborGraph
            The new graph. This graph does not change.

        Raises
        ------
        TypeError
            If the features are on disk.
        ValueError
            If the graph has no features or too few neighbours, or X_new has another number of
            features or NaN.

        See Also
        --------
        without_samples : Returns the graph without some samples.

        Notes
        -----
        Cost: O((n_samples + n_new) · n_new · n_features). The new samples are compared with all
        samples, and merged into the lists of the others, which are not searched again. Equal
        distances are ordered by position. The distances are those of a new graph up to the
        rounding of a product. If the lists of this graph are approximate, as by default from
        20,000 samples on, each new list has the nearest samples among those of the old list and
        the new samples, and the lists of the new samples are exact.

        Examples
        --------
        >>> from skactive.neighbors import NeighborGraph
        >>> graph = NeighborGraph.of([[0.0], [2.0], [7.0]], n_neighbors=1, metric="euclidean")
        >>> graph.with_samples([[6.0]]).indices.ravel()
        array([1, 0, 3, 2], dtype=int32)
        """
        features = self._in_memory_or_raise()
        X_new = self._checked_new(X_new)
        if n_neighbors is None:
            n_neighbors = max(self.n_neighbors, 1)
        check_integer("with_samples", "n_neighbors", n_neighbors, minimum=1)
        n_samples = self.n_samples
        if n_neighbors > self.n_neighbors and self.n_neighbors < n_samples - 1:
            raise ValueError(
                f"The graph has {self.n_neighbors} neighbours of each sample. Got n_neighbors="
                f"{n_neighbors}. Hint: build a graph with more neighbours with NeighborGraph.of."
            )
        stacked = stacked_features(features, X_new)
        lists = lists_with(
            self.metric,
            Rows(stacked),
            self.indices,
            self.distances,
            min(n_neighbors, stacked.shape[0] - 1),
        )
        return self._changed(lists, stacked)

    def without_samples(self, indices: ArrayLike) -> Self:
        """Return the graph of the samples that are left without some of them.

        Parameters
        ----------
        indices : array-like of int of shape (n_removed,)
            The samples to remove, each once. The others are renumbered in their order.

        Returns
        -------
        graph : NeighborGraph
            The new graph. This graph does not change.

        Raises
        ------
        IndexError
            If a sample is not in the graph.
        TypeError
            If the features are on disk.
        ValueError
            If the graph has no features, a sample is named twice, or no sample is left.

        See Also
        --------
        with_samples : Returns the graph with new samples.

        Notes
        -----
        Only samples that lose a neighbour are searched again, exactly: O(n_samples · n_features)
        for each. As many neighbours are kept as this graph has, if so many samples are left.

        Examples
        --------
        >>> from skactive.neighbors import NeighborGraph
        >>> X = [[0.0], [2.0], [7.0], [6.0]]
        >>> graph = NeighborGraph.of(X, n_neighbors=1, metric="euclidean")
        >>> graph.without_samples([2]).indices.ravel()
        array([1, 0, 1], dtype=int32)
        """
        features = self._in_memory_or_raise()
        removed = check_removed(indices, self.n_samples, "graph")
        kept = np.delete(np.arange(self.n_samples), removed)
        rest = features[kept]
        lists = lists_without(self.metric, Rows(rest), self.indices, self.distances, kept)
        return self._changed(lists, rest)

    @property
    @abstractmethod
    def n_samples(self) -> int:
        """Number of samples."""

    @property
    @abstractmethod
    def n_neighbors(self) -> int:
        """Number of neighbours of each sample."""

    @abstractmethod
    def kneighbors(
        self, X_new: ArrayLike, n_neighbors: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Search the nodes nearest to new samples."""

    @abstractmethod
    def _checked_new(self, X_new: Any) -> Any:
        """Return checked features of new samples, dense or sparse as those of the graph."""

    @abstractmethod
    def _rows_or_raise(self) -> Rows:
        """Return the features of the graph."""

    def _changed(self, lists: tuple[np.ndarray, np.ndarray], X: Any) -> Self:
        create: Any = type(self)
        graph: Self = create(*lists, X=X, metric=self.metric)
        return graph

    def _in_memory_or_raise(self) -> Any:
        self._rows_or_raise()
        if is_opened(self.X):
            raise TypeError(
                "The features of this graph are on disk, where they cannot change. Hint: write the "
                "features to a new file, and build a new graph with NeighborGraph.of."
            )
        return self.X


def _padded(
    indices: np.ndarray, distances: np.ndarray, width: int, first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Add columns with the sample itself at infinite distance; row 0 is sample `first`."""
    n, missing = len(indices), width - indices.shape[1]
    if missing == 0:
        return indices, distances
    own = np.repeat(np.arange(first, first + n)[:, np.newaxis], missing, axis=1)
    return np.hstack([indices, own]), np.hstack([distances, np.full((n, missing), np.inf)])
