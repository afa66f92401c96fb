"""The neighbour graph of a pool."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.utils import check_array

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import METRICS, Rows, Space
from skactive._engine.exact_search import search
from skactive._engine.neighbor_lists import (
    checked_neighbors,
    in_graph_units,
    nearest_first,
    neighbor_lists,
)
from skactive._engine.numbers import as_numbers
from skactive._engine.stored import is_opened
from skactive._engine.symmetric_edges import similarities_of_neighbors
from skactive._io.fingerprint import fingerprint as fingerprint_of
from skactive._progress import long_step
from skactive._validation import (
    check_bandwidth,
    check_choice,
    check_integer,
    check_method,
    check_path,
    with_canonical_rows,
)
from skactive.neighbors._blockwise import BlockwiseKNeighborsTransformer
from skactive.neighbors._graph_changes import ChangeableGraph
from skactive.neighbors._graph_file import read_graph, write_graph

# The self-tuning bandwidth is the distance to this neighbour, as in Zelnik-Manor and Perona.
SCALING_NEIGHBOR = 7


class NeighborGraph(ChangeableGraph):
    """The nearest neighbours of each sample of a pool, with their distances.

    `NeighborGraph.of` builds a graph. A graph is immutable: `with_samples`, `without_samples` and
    `join` return a new one.

    Parameters
    ----------
    indices : ndarray of int of shape (n_samples, n_neighbors)
        The neighbours of each sample, itself excluded, nearest first. In a row with fewer
        neighbours, the other entries are the sample itself.
    distances : ndarray of shape (n_samples, n_neighbors)
        The distances to the neighbours. For the metric 'cosine', the Euclidean distances of the
        unit vectors, since these have a Gaussian kernel. Infinite for the sample itself.
    X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
        The features. C-contiguous floats are not copied. `kneighbors` and `join` need them.
    metric : str, default='cosine'
        The metric of the distances: 'cosine', 'euclidean', or another metric of
        `sklearn.metrics.pairwise_distances`, except 'precomputed'.
    fingerprint : str, default=None
        The `fingerprint` of the features that the graph was built from. An X with another
        fingerprint is refused. None accepts each X of the same length.

    Attributes
    ----------
    indices, distances : ndarray of shape (n_samples, n_neighbors)
        As passed; the indices are int32.
    X : {ndarray, CSR matrix} or None
        The features.
    metric : str
        As passed.
    fingerprint : str or None
        A digest of all rows of the features, in their order and as float32 numbers; without
        features, the parameter `fingerprint`. It is computed on first use, in one pass over X.
    n_samples, n_neighbors : int
        The shape of `indices`.
    bandwidths : ndarray of shape (n_samples,)
        The self-tuning bandwidth of each sample.

    Raises
    ------
    ValueError
        If X has NaN or infinite values, another number of samples or another fingerprint, or the
        metric is unknown; if `indices` and `distances` are not as described.

    See Also
    --------
    BlockwiseKNeighborsTransformer : Searches the neighbours.

    References
    ----------
    L. Zelnik-Manor and P. Perona, "Self-tuning spectral clustering", NeurIPS 2004.

    Examples
    --------
    >>> from skactive.neighbors import NeighborGraph
    >>> graph = NeighborGraph.of([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], n_neighbors=1)
    >>> graph.indices
    array([[1],
           [0],
           [1]], dtype=int32)
    >>> graph.join([[0.1, 0.9]]).indices[-1]
    array([2], dtype=int32)
    """

    def __init__(
        self,
        indices: np.ndarray,
        distances: np.ndarray,
        *,
        X: ArrayLike | None = None,
        metric: str = "cosine",
        fingerprint: str | None = None,
    ) -> None:
        self.metric = check_choice("NeighborGraph", "metric", metric, METRICS)
        self.indices, self.distances = checked_neighbors(indices, distances)
        self.X = None if X is None else _checked(X, "X")
        self._fingerprint = fingerprint
        if self.X is not None:
            _check_features(self.X, self.n_samples, fingerprint)
        self._rows = None if self.X is None else Rows(self.X)
        self._affinities: dict[float | str | None, sp.csr_matrix] = {}

    def __getstate__(self) -> dict[str, Any]:
        # Rows and affinities are computed again. The keys of the affinities have several types,
        # which formats such as skops cannot store.
        state = {**self.__dict__, "_rows": None, "_affinities": {}}
        state.pop("bandwidths", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _rows=None if state["X"] is None else Rows(state["X"]))

    @classmethod
    def of(
        cls,
        X: ArrayLike,
        *,
        n_neighbors: int = 15,
        metric: str = "cosine",
        transformer: object = None,
    ) -> NeighborGraph:
        """Build the graph of the nearest neighbours of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.
        n_neighbors : int, default=15
            Number of neighbours of each sample, at least 1. If X has fewer other samples, all of
            them are neighbours.
        metric : str, default='cosine'
            The metric, as in the class.
        transformer : transformer, default=None
            A transformer that searches the neighbours, with the interface of scikit-learn's
            `KNeighborsTransformer` with ``mode="distance"``. Its neighbours may be in any order,
            and may include the sample itself. None is a `BlockwiseKNeighborsTransformer`.

        Returns
        -------
        graph : NeighborGraph
            The graph. It has fewer neighbours if the transformer returns fewer.

        Raises
        ------
        ValueError
            If X has NaN or infinite values, or the transformer has another metric.
        """
        check_integer("NeighborGraph.of", "n_neighbors", n_neighbors, minimum=1)
        check_choice("NeighborGraph.of", "metric", metric, METRICS)
        features = _checked(X, "X")
        n_neighbors = min(n_neighbors, features.shape[0] - 1)
        if n_neighbors == 0:
            indices, distances = np.empty((1, 0), np.int32), np.empty((1, 0), np.float32)
        else:
            if transformer is None:
                transformer = BlockwiseKNeighborsTransformer(n_neighbors, metric=metric)
            else:
                check_method(
                    "NeighborGraph.of", "transformer", transformer, "fit_transform", "a transformer"
                )
                _check_metric(transformer, metric)
            with long_step("neighbour graph", features.shape[0]):
                indices, distances = _lists(features, n_neighbors, metric, transformer)
        return cls(indices, distances, X=features, metric=metric)

    @classmethod
    def load(cls, path: str | os.PathLike[str], X: ArrayLike | None = None) -> NeighborGraph:
        """Load a graph that `save` wrote.

        Parameters
        ----------
        path : path-like
            The file.
        X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
            The features that the graph was built from. They are not in the file.

        Returns
        -------
        graph : NeighborGraph
            The graph.

        Raises
        ------
        ValueError
            If the file is not a complete neighbour graph, or was saved by a version that stored no
            fingerprint; if X differs from the features of the graph in a row or in the order of
            the rows.

        Notes
        -----
        The file has the fingerprint of the features. `Pool` and `ActiveLearner` refuse the graph
        for other features, also if X was not passed here. The check reads all rows once.
        """
        check_path("NeighborGraph.load", "path", path)
        indices, distances, metric, fingerprint = read_graph(path)
        return cls(indices, distances, X=X, metric=metric, fingerprint=fingerprint)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the graph to a file, without its features but with their fingerprint.

        Parameters
        ----------
        path : path-like
            The file, in the npz format of numpy. An existing file is replaced only after the new
            one is complete.
        """
        check_path("NeighborGraph.save", "path", path)
        write_graph(path, self.indices, self.distances, self.metric, self.fingerprint)

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.indices.shape[0])

    @property
    def n_neighbors(self) -> int:
        """Number of neighbours of each sample."""
        return int(self.indices.shape[1])

    @property
    def fingerprint(self) -> str | None:
        """A digest of the features, or None if they are unknown."""
        if self._fingerprint is None and self.X is not None:
            # X may be float64, and the pool of the same samples float32.
            self._fingerprint = fingerprint_of(self.X, np.float32)
        return self._fingerprint

    @cached_property
    def bandwidths(self) -> np.ndarray:
        """The self-tuning bandwidth of each sample: its distance to its 7th neighbour.

        With fewer neighbours, it is the distance to the last. If this distance is 0, because of
        duplicates, the bandwidth is the smallest distance above 0. If there is none, it is the
        median of the bandwidths of the other samples, or 1 if no sample has one.
        """
        if self.n_neighbors == 0:
            return np.ones(self.n_samples)
        finite = np.where(np.isfinite(self.distances), self.distances, 0.0).astype(np.float64)
        filled = np.isfinite(self.distances[:, :SCALING_NEIGHBOR]).sum(axis=1)
        own = finite[np.arange(self.n_samples), np.maximum(filled, 1) - 1]
        positive = np.where(finite > 0, finite, np.inf).min(axis=1)
        own = np.where(own > 0, own, positive)
        usable = own[np.isfinite(own)]
        return np.where(np.isfinite(own), own, np.median(usable) if usable.size else 1.0)

    def check_features(self, X: ArrayLike) -> None:
        """Raise if the graph was built from other features.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features, dense or sparse as those of the graph.

        Raises
        ------
        ValueError
            If X has NaN or infinite values, another number of samples or another `fingerprint`. A
            graph without a fingerprint accepts any X of its length.

        Notes
        -----
        Cost: a pass over X, and one over the features of the graph the first time that their
        fingerprint is needed; none if X is the attribute `X`.
        """
        if X is not self.X:
            _check_features(_checked(X, "X"), self.n_samples, self.fingerprint)

    def kneighbors(
        self, X_new: ArrayLike, n_neighbors: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Search the nodes nearest to new samples.

        Parameters
        ----------
        X_new : {array-like, sparse matrix} of shape (n, n_features)
            The features of the new samples.
        n_neighbors : int, default=None
            Number of nodes for each sample, at least 1; at most `n_samples` are returned. None is
            the `n_neighbors` of the graph.

        Returns
        -------
        distances : ndarray of shape (n, n_neighbors)
            In the units of `distances` of the graph, nearest first.
        indices : ndarray of int of shape (n, n_neighbors)
            The nodes. Nodes with equal distances are sorted by position.

        Raises
        ------
        ValueError
            If the graph has no features, or X_new has another number of features or NaN.

        Notes
        -----
        The search is exact and costs O(n · n_samples · n_features).
        """
        rows = self._rows_or_raise()
        if n_neighbors is None:
            n_neighbors = max(self.n_neighbors, 1)
        check_integer("kneighbors", "n_neighbors", n_neighbors, minimum=1)
        queries = Rows(self._checked_new(X_new))
        order = np.arange(self.n_samples)
        distances, indices = search(
            Space(self.metric), queries, rows, n_neighbors, precedence=lambda: order
        )
        return in_graph_units(distances, self.metric), indices

    def affinity(self, bandwidth: float | str | None = None) -> sp.csr_matrix:
        """Return the matrix of similarities between neighbours.

        The entry of two samples is above 0 if one of them is a neighbour of the other.

        Parameters
        ----------
        bandwidth : float or 'median', default=None
            The bandwidth s > 0 of the similarity exp(-d² / (2 s²)) at the distance d. 'median' is
            the median of `bandwidths`. None is the self-tuning similarity exp(-d² / (s_i s_j)),
            with the `bandwidths` s_i and s_j of the two samples.

        Returns
        -------
        affinity : CSR matrix of shape (n_samples, n_samples)
            Symmetric, entries of float32 in (0, 1], without entries on the diagonal. The matrix is
            cached and must not be changed.
        """
        bandwidth = check_bandwidth("affinity", bandwidth)
        if bandwidth not in self._affinities:
            self._affinities[bandwidth] = self._affinity(bandwidth)
        return self._affinities[bandwidth]

    def similarities(
        self, distances: np.ndarray, indices: np.ndarray, bandwidth: float | str | None = None
    ) -> np.ndarray:
        """Return the similarities of new samples to their nearest nodes.

        Parameters
        ----------
        distances, indices : ndarray of shape (n, n_neighbors)
            The results of `kneighbors`.
        bandwidth : float or 'median', default=None
            As in `affinity`. The self-tuning bandwidth of a new sample is its distance to its 7th
            neighbour.

        Returns
        -------
        similarities : ndarray of shape (n, n_neighbors)
            In [0, 1].
        """
        squares = np.square(distances, dtype=np.float64)
        if bandwidth is None:
            own = distances[:, [min(SCALING_NEIGHBOR, distances.shape[1]) - 1]]
            own = np.where(own > 0, own, np.median(self.bandwidths))
            return np.asarray(np.exp(-squares / (own * self.bandwidths[indices])))
        return np.asarray(np.exp(-squares / (2.0 * self._common_bandwidth(bandwidth) ** 2)))

    def _common_bandwidth(self, bandwidth: float | str) -> float:
        return float(np.median(self.bandwidths) if isinstance(bandwidth, str) else bandwidth)

    def _affinity(self, bandwidth: float | str | None) -> sp.csr_matrix:
        bandwidths = self.bandwidths
        if bandwidth is not None:
            common = np.sqrt(2.0) * self._common_bandwidth(bandwidth)
            bandwidths = np.full(self.n_samples, common)
        affinity = similarities_of_neighbors(self.indices, self.distances, bandwidths)
        for other in self._affinities.values():
            # All affinities have the same entries, and share their positions.
            affinity.indices, affinity.indptr = other.indices, other.indptr
        return affinity

    def _rows_or_raise(self) -> Rows:
        if self._rows is None:
            raise ValueError(
                "This graph has no features to compare new samples with. Hint: pass X to "
                "NeighborGraph.load or NeighborGraph."
            )
        return self._rows

    def _checked_new(self, X_new: Any) -> Any:
        X_new = _checked(X_new, "X_new")
        if self.X is not None and X_new.shape[1] != self.X.shape[1]:
            raise ValueError(
                f"X_new has {X_new.shape[1]} features, but the graph has {self.X.shape[1]}."
            )
        if self.X is None or sp.issparse(X_new) == sp.issparse(self.X):
            return X_new
        return sp.csr_matrix(X_new) if sp.issparse(self.X) else X_new.toarray()


def _checked(X: Any, name: str) -> Any:
    if is_opened(X):
        return X
    checked = check_array(
        as_numbers(X, name),
        accept_sparse="csr",
        dtype=[np.float32, np.float64],
        order="C",
        input_name=name,
    )
    return with_canonical_rows(checked)


def _check_features(X: Any, n_samples: int, fingerprint: str | None) -> None:
    if X.shape[0] != n_samples:
        raise ValueError(
            f"X has {X.shape[0]} samples, but the graph has {n_samples}. Hint: pass the features "
            "that the graph was built from."
        )
    # Graphs of float64 features are used in pools of float32 features.
    if fingerprint is not None and fingerprint_of(X, np.float32) != fingerprint:
        raise ValueError(
            "X has other samples than those that the graph was built from, or the same in another "
            "order. Hint: pass the features that the graph was built from, or build a new graph "
            "with NeighborGraph.of."
        )


def _lists(
    X: Any, n_neighbors: int, metric: str, transformer: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the neighbours and distances that a transformer finds."""
    # Transformers of other packages need arrays.
    takes_stored = getattr(transformer, "takes_stored_features", False)
    found = transformer.fit_transform(X if takes_stored else _in_memory(X))
    indices, found_distances = neighbor_lists(found, X.shape[0], n_neighbors)
    del found
    distances = found_distances.astype(np.float32, copy=False)
    for block in row_blocks(len(indices), 64 * indices.shape[1]):
        lists = indices[block], in_graph_units(found_distances[block], metric)
        indices[block], distances[block] = nearest_first(*lists)
    return indices, distances


def _in_memory(X: Any) -> Any:
    return np.asarray(X) if is_opened(X) else X


def _check_metric(transformer: Any, metric: str) -> None:
    other = getattr(transformer, "metric", None)
    if other == metric:
        return
    if other == "minkowski" and getattr(transformer, "p", 2) == 2:
        other = "euclidean"
    if other in METRICS and Space(other).metric != Space(metric).metric:
        raise ValueError(
            f"The transformer has the metric {other!r}, the graph {metric!r}. Hint: pass the same "
            "metric to both."
        )
