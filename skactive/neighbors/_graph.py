"""The neighbour graph of a pool: who is near whom, found once."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array

from skactive._engine.distances import METRICS, Rows, Space
from skactive._engine.exact_search import search
from skactive._engine.neighbor_lists import neighbor_lists
from skactive._engine.stored import is_opened
from skactive._io.fingerprint import fingerprint as fingerprint_of
from skactive._validation import check_choice, check_integer, check_number
from skactive.neighbors._blockwise import BlockwiseKNeighborsTransformer
from skactive.neighbors._graph_file import read_graph, write_graph

# The neighbour whose distance is a sample's own bandwidth, as its authors have it.
SCALING_NEIGHBOR = 7


class NeighborGraph:
    """Hold the nearest neighbours of every sample of a pool, nearest first.

    A graph never changes: `join` returns a new one, so that whoever holds an affinity or sits in
    a pool keeps what it counts on.

    Parameters
    ----------
    indices : ndarray of int of shape (n_samples, n_neighbors)
        The neighbours of each sample, itself excluded, nearest first. A place that is not filled
        names the sample itself.
    distances : ndarray of shape (n_samples, n_neighbors)
        How far they are; for the cosine the Euclidean distance of unit vectors, so that a
        Gaussian of it is one. Infinite where a place is not filled.
    X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
        The features, kept without a copy where they are of floats and C-contiguous. Without them
        the graph answers everything but `kneighbors` and `join`.
    metric : str, default='cosine'
        The metric of the distances.
    fingerprint : str, default=None
        The `fingerprint` of the features that the graph was built from: an X with another one is
        refused. None accepts any X of the same length.

    Attributes
    ----------
    indices, distances : ndarray
        As passed.
    X : {ndarray, CSR matrix} or None
        The features.
    metric : str
        As passed.
    fingerprint : str or None
        A digest of all rows of the features, as float32 numbers and in their order; without
        features as passed. It is computed when it is first needed, in one pass over X.
    n_samples, n_neighbors : int
        The shape of `indices`.
    bandwidths : ndarray of shape (n_samples,)
        The self-tuning bandwidth of each sample.

    Raises
    ------
    ValueError
        If X has NaN or infinite values, another number of samples or another fingerprint, or the
        metric is unknown.

    See Also
    --------
    BlockwiseKNeighborsTransformer : Finds the neighbours.

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
        X: Any = None,
        metric: str = "cosine",
        fingerprint: str | None = None,
    ) -> None:
        self.metric = check_choice("NeighborGraph", "metric", metric, METRICS)
        self.indices = indices
        self.distances = distances
        self.X = None if X is None else _checked(X, "X")
        self._fingerprint = fingerprint
        if self.X is not None:
            _check_features(self.X, self.n_samples, fingerprint)
        self._rows = None if self.X is None else Rows(self.X)
        self._affinities: dict[float | str | None, sp.csr_matrix] = {}

    def __getstate__(self) -> dict[str, Any]:
        # Both are computed again. The keys of the affinities have several types, which formats
        # such as skops cannot store.
        return {**self.__dict__, "_rows": None, "_affinities": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _rows=None if state["X"] is None else Rows(state["X"]))

    @classmethod
    def of(
        cls, X: Any, *, n_neighbors: int = 15, metric: str = "cosine", transformer: Any = None
    ) -> NeighborGraph:
        """Find the neighbours of each row of X among the others.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.
        n_neighbors : int, default=15
            How many for each sample; all others where there are fewer.
        metric : str, default='cosine'
            The metric.
        transformer : transformer, default=None
            Whoever finds them: anything with the interface of scikit-learn's
            `KNeighborsTransformer` in its mode 'distance'. It may count a sample among its own
            neighbours or not, and give them in any order. None is a
            `BlockwiseKNeighborsTransformer`.

        Returns
        -------
        graph : NeighborGraph
            The graph; with as many neighbours as the transformer gives where these are fewer.

        Raises
        ------
        ValueError
            If X has NaN or infinite values, or the transformer has another metric.
        """
        check_integer("NeighborGraph.of", "n_neighbors", n_neighbors, minimum=1)
        check_choice("NeighborGraph.of", "metric", metric, METRICS)
        X = _checked(X, "X")
        n_neighbors = min(n_neighbors, X.shape[0] - 1)
        if n_neighbors == 0:
            return cls(np.empty((1, 0), np.int32), np.empty((1, 0), np.float32), X=X, metric=metric)
        if transformer is None:
            transformer = BlockwiseKNeighborsTransformer(n_neighbors, metric=metric)
        else:
            _check_metric(transformer, metric)
        indices, distances = _found(X, n_neighbors, metric, transformer)
        return cls(indices, distances, X=X, metric=metric)

    @classmethod
    def load(cls, path: Any, X: Any = None) -> NeighborGraph:
        """Read a graph that `save` wrote.

        Parameters
        ----------
        path : path-like
            The file.
        X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
            The features it was built from, which are not in the file.

        Returns
        -------
        graph : NeighborGraph
            The graph.

        Raises
        ------
        ValueError
            If the file is not a whole neighbour graph, was saved by a version that stored no
            fingerprint, or X differs from the features of the graph in one row or in their order.

        Notes
        -----
        Without X the fingerprint of the features is kept, and `Pool` and `ActiveLearner` refuse
        the graph for other samples than its own. Checking reads all rows once.
        """
        indices, distances, metric, fingerprint = read_graph(path)
        return cls(indices, distances, X=X, metric=metric, fingerprint=fingerprint)

    def save(self, path: Any) -> None:
        """Write the graph to a file, whole or not at all; of its features the fingerprint only.

        Parameters
        ----------
        path : path-like
            The file, in numpy's format npz. A graph that was there is replaced.
        """
        write_graph(path, self.indices, self.distances, self.metric, self.fingerprint)

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.indices.shape[0])

    @property
    def n_neighbors(self) -> int:
        """Number of neighbours of each."""
        return int(self.indices.shape[1])

    @property
    def fingerprint(self) -> str | None:
        """A digest of the features, or None where they are unknown."""
        if self._fingerprint is None and self.X is not None:
            # Pools hold float32 of what may be float64 here.
            self._fingerprint = fingerprint_of(self.X, np.float32)
        return self._fingerprint

    @property
    def bandwidths(self) -> np.ndarray:
        """The self-tuning bandwidth of each sample: its distance to its 7th neighbour.

        Where that is 0, among duplicates, it is the nearest distance above 0; where there is none,
        the median of the other samples' bandwidths, or 1.
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

    def check_features(self, X: Any) -> None:
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
        self, X_new: Any, n_neighbors: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the nodes nearest to samples from outside.

        Parameters
        ----------
        X_new : {array-like, sparse matrix} of shape (n, n_features)
            Their features.
        n_neighbors : int, default=None
            How many for each; all nodes where there are fewer. None is as many as nodes have.

        Returns
        -------
        distances : ndarray of shape (n, n_neighbors)
            In the graph's units, nearest first, equals by position.
        indices : ndarray of int of shape (n, n_neighbors)
            The nodes. Exact: O(n · n_samples · n_features).

        Raises
        ------
        ValueError
            If the graph has no features, or X_new other ones, or NaN.
        """
        rows = self._known_rows()
        if n_neighbors is None:
            n_neighbors = max(self.n_neighbors, 1)
        check_integer("kneighbors", "n_neighbors", n_neighbors, minimum=1)
        X_new = self._checked_new(X_new)
        order = np.arange(self.n_samples)
        distances, indices = search(
            Space(self.metric), Rows(X_new), rows, n_neighbors, precedence=lambda: order
        )
        return _in_units(distances, self.metric), indices

    def join(self, X_new: Any) -> NeighborGraph:
        """Return the graph with new samples as further nodes, n_samples and on.

        A new node is linked with its nearest among the nodes there were; the lists of these, and
        so the affinities among them, stay what they are.

        Parameters
        ----------
        X_new : {array-like, sparse matrix} of shape (n, n_features)
            Their features.

        Returns
        -------
        graph : NeighborGraph
            A new one; this one stays as it is. One search, and copies of the lists and features.
        """
        distances, indices = self.kneighbors(X_new)
        X_new = self._checked_new(X_new)
        width = max(distances.shape[1], self.n_neighbors)
        old = _widened(self.indices, self.distances, width, 0)
        new = _widened(indices, distances, width, self.n_samples)
        stack = sp.vstack if sp.issparse(self.X) else np.vstack
        return NeighborGraph(
            np.vstack([old[0], new[0]]).astype(np.int32),
            np.vstack([old[1], new[1]]).astype(np.float32),
            X=stack([self._known_rows().X, X_new]),
            metric=self.metric,
        )

    def affinity(self, bandwidth: float | str | None = None) -> sp.csr_matrix:
        """Return the similarities of neighbours, 0 for all other pairs.

        Two samples are linked where one of them has the other among its neighbours.

        Parameters
        ----------
        bandwidth : float or 'median', default=None
            The bandwidth s of exp(-d² / (2 s²)); 'median' is the median distance to the 7th
            neighbour. None is self-tuning, exp(-d² / (s_i s_j)), where s_i is the distance of
            sample i to its 7th neighbour, see `bandwidths`.

        Returns
        -------
        affinity : CSR matrix of shape (n_samples, n_samples)
            Symmetric, in (0, 1], with nothing on the diagonal. It is kept: do not write to it.
        """
        if isinstance(bandwidth, str):
            check_choice("affinity", "bandwidth", bandwidth, {"median"})
        elif bandwidth is not None:
            bandwidth = check_number("affinity", "bandwidth", bandwidth, exclusive=True)
        if bandwidth not in self._affinities:
            self._affinities[bandwidth] = self._affinity(bandwidth)
        return self._affinities[bandwidth]

    def similarities(
        self, distances: np.ndarray, indices: np.ndarray, bandwidth: float | str | None = None
    ) -> np.ndarray:
        """Return how similar samples from outside are to their nearest nodes.

        Parameters
        ----------
        distances, indices : ndarray of shape (n, n_neighbors)
            What `kneighbors` returned.
        bandwidth : float or 'median', default=None
            As in `affinity`; the self-tuning bandwidth of a sample from outside is its distance
            to its 7th neighbour, too.

        Returns
        -------
        similarities : ndarray of shape (n, n_neighbors)
            In [0, 1].
        """
        squares = np.square(distances, dtype=np.float64)
        if bandwidth is None:
            near = distances[:, [min(SCALING_NEIGHBOR, distances.shape[1]) - 1]]
            theirs = np.where(near > 0, near, np.median(self.bandwidths))
            return np.asarray(np.exp(-squares / (theirs * self.bandwidths[indices])))
        return np.asarray(np.exp(-squares / (2.0 * self._width(bandwidth) ** 2)))

    def _width(self, bandwidth: float | str) -> float:
        return float(np.median(self.bandwidths) if isinstance(bandwidth, str) else bandwidth)

    def _affinity(self, bandwidth: float | str | None) -> sp.csr_matrix:
        squares = np.square(self.distances, dtype=np.float64)
        if bandwidth is None:
            own = self.bandwidths
            exponents = squares / (own[:, np.newaxis] * own[self.indices])
        else:
            exponents = squares / (2.0 * self._width(bandwidth) ** 2)
        # A link stays a link, however weak.
        weights = np.maximum(np.exp(-exponents), np.finfo(np.float32).tiny)
        linked = np.isfinite(self.distances)
        starts = np.concatenate([[0], np.cumsum(linked.sum(axis=1))])
        directed = sp.csr_matrix(
            (weights[linked], self.indices[linked], starts), (self.n_samples,) * 2
        )
        return directed.maximum(directed.T).tocsr()

    def _known_rows(self) -> Rows:
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
    return check_array(
        X, accept_sparse="csr", dtype=[np.float32, np.float64], order="C", input_name=name
    )


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
            "order. Hint: pass the features that the graph was built from, or build it anew with "
            "NeighborGraph.of."
        )


def _in_units(distances: np.ndarray, metric: str) -> np.ndarray:
    if metric == "cosine":
        distances = np.sqrt(2 * np.maximum(distances, 0))
    return distances.astype(np.float32)


def _widened(
    indices: np.ndarray, distances: np.ndarray, width: int, first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Add places that are not filled: they name the sample itself, infinitely far."""
    n, missing = len(indices), width - indices.shape[1]
    if missing == 0:
        return indices, distances
    own = np.repeat(np.arange(first, first + n)[:, np.newaxis], missing, axis=1)
    return np.hstack([indices, own]), np.hstack([distances, np.full((n, missing), np.inf)])


def _found(
    X: Any, n_neighbors: int, metric: str, transformer: Any
) -> tuple[np.ndarray, np.ndarray]:
    # Transformers of other packages take arrays.
    takes_stored = getattr(transformer, "takes_stored_features", False)
    found = transformer.fit_transform(X if takes_stored else _in_memory(X))
    indices, distances = neighbor_lists(found, X.shape[0], n_neighbors)
    return indices, _in_units(distances, metric)


def _in_memory(X: Any) -> Any:
    return np.asarray(X) if is_opened(X) else X


def _check_metric(transformer: Any, metric: str) -> None:
    theirs = getattr(transformer, "metric", None)
    if theirs == metric:
        return
    if theirs == "minkowski" and getattr(transformer, "p", 2) == 2:
        theirs = "euclidean"
    if theirs in METRICS and Space(theirs).metric != Space(metric).metric:
        raise ValueError(
            f"The transformer measures by {theirs!r}, the graph by {metric!r}. Hint: pass the same "
            "metric to both."
        )
