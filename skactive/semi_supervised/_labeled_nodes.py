"""Base class of estimators whose samples are nodes of a neighbour graph."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, validate_data

from skactive._engine.distances import MATRIX_PRODUCT_METRICS
from skactive._engine.labeled_samples import LabeledSamples
from skactive._engine.numbers import as_numbers
from skactive._engine.positions import check_integers
from skactive._engine.targets import check_no_classes, recorded_labels
from skactive._validation import with_canonical_rows
from skactive.neighbors import NeighborGraph, PrincipalKNeighborsTransformer
from skactive.semi_supervised._nearest_nodes import NearestNodes, distances_between
from skactive.semi_supervised._partial_labels import equal_rows, rows_by_hash
from skactive.semi_supervised._spread_view import SpreadView, TableView, is_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skactive._contracts._pool_view import PoolView
    from skactive._contracts._target import Target

DTYPES = (np.float64, np.float32)


class NodeLabelingEstimator(BaseEstimator, metaclass=ABCMeta):
    """Base class that builds a graph, adds nodes to it, and adds and removes their labels.

    Attributes
    ----------
    stored_target : Target
        The kind of labels. Each kind sets its own.
    unlabeled_mark : str
        How `fit` takes samples without a label.
    """

    stored_target: ClassVar[Target]
    unlabeled_mark: ClassVar[str]
    n_neighbors: int
    metric: str
    alpha: float
    tol: float

    @abstractmethod
    def check_parameters(self) -> None:
        """Raise if a parameter is invalid."""

    def fit(self, X: ArrayLike | sp.spmatrix, y: ArrayLike) -> Self:
        """Build the graph of all samples, and spread the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples, labelled or not.
        y : array-like of shape (n_samples,)
            Their labels. Those of unlabelled samples are missing, see the class. All samples may
            be unlabelled.

        Returns
        -------
        self : NodeLabelingEstimator
            The fitted estimator.
        """
        self.check_parameters()
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        n_samples, nodes, labels = self._parsed(y)
        self._build(X, n_samples, labels)
        return self._label(nodes, labels)

    def fit_graph(
        self,
        graph: NeighborGraph,
        X: ArrayLike | sp.spmatrix,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Start from a graph that is already built, without labels.

        Parameters
        ----------
        graph : NeighborGraph
            The graph of X, such as ``pool.graph()``.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        classes : array-like of shape (n_classes,), default=None
            Classes that are known beforehand.

        Returns
        -------
        self : NodeLabelingEstimator
            The estimator. `relabel` adds labels.

        Raises
        ------
        ValueError
            If the graph was built from other features than X, or from the same in another order.

        Notes
        -----
        Cost: the affinities of the graph, O(n_samples · n_neighbors), and the passes over X of
        `NeighborGraph.check_features`; no pass if X is ``graph.X``, as for the graph of a pool.
        """
        self.check_parameters()
        return self._fit_graph(graph, X, classes, None)

    def fit_pool(self, pool: PoolView, classes: ArrayLike | None = None) -> Self:
        """Discard everything learnt, and take the samples of a pool as nodes.

        Parameters
        ----------
        pool : PoolView
            The pool. Its neighbour graph is used, and labelled samples from outside the pool are
            added to the graph. Labels of samples of the pool are not read.
        classes : array-like of shape (n_classes,), default=None
            Labels that are known beforehand.

        Returns
        -------
        self : NodeLabelingEstimator
            The estimator. The id of a node is the position of the sample in the pool. If the
            samples of the pool are a DataFrame, `feature_names_in_` has its columns.
        """
        self.check_parameters()
        graph = pool.graph(self.n_neighbors, self.metric)
        # The features of a pool have no names. The samples may be of another kind, such as texts.
        first = pool.take(np.array([0]))
        has_features = getattr(first, "shape", None) == (1, pool.X.shape[1])
        columns = getattr(first, "columns", None) if has_features else None
        self._fit_graph(graph, pool.X, classes, columns)
        X, y = pool.labeled_outside()
        if X is not None and y is not None:
            self.join_labeled(X, y)
        if has_features:
            validate_data(self, first, skip_check_array=True)
        return self

    def partial_fit(self, X: ArrayLike | sp.spmatrix, y: ArrayLike) -> Self:
        """Add labelled and unlabelled samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. The first call builds the graph, later calls add nodes.
        y : array-like of shape (n_samples,)
            Their labels, as in `fit`.

        Returns
        -------
        self : NodeLabelingEstimator
            The estimator with the samples.
        """
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y)
        return self._add_nodes(X, *self._parsed(y))

    def add_labeled(self, X: ArrayLike | sp.spmatrix, y: ArrayLike) -> Self:
        """Add labelled samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. A sample that equals an unlabelled node bit for bit labels that node. Any
            other becomes a new node.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self : NodeLabelingEstimator
            The estimator with the new labels.
        """
        labels = recorded_labels(y, self.stored_target)
        if not self.__sklearn_is_fitted__():
            self.check_parameters()
            self._build(X, len(labels), labels)
            return self._label(np.arange(len(labels)), labels)
        X = self._checked_features(X, minimum=0)
        check_consistent_length(X, labels)
        self._labeled.check_labels(labels)
        nodes = self._equal_nodes(X)
        unmatched = np.flatnonzero(nodes < 0)
        if len(unmatched):
            first = self._join(X[unmatched])
            nodes[unmatched] = first + np.arange(len(unmatched))
        return self._label(nodes, labels)

    def join_labeled(self, X: ArrayLike | sp.spmatrix, y: ArrayLike) -> Self:
        """Add labelled samples as new nodes, even if they equal existing nodes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self : NodeLabelingEstimator
            The estimator with the new nodes.
        """
        self._check_fitted()
        labels = recorded_labels(y, self.stored_target)
        X = self._checked_features(X)
        check_consistent_length(X, labels)
        self._labeled.check_labels(labels)
        return self._label(self._join(X) + np.arange(len(labels)), labels)

    def remove_labeled(self, indices: ArrayLike) -> Self:
        """Remove labels. The nodes stay in the graph, unlabelled.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Ids of labelled nodes.

        Returns
        -------
        self : NodeLabelingEstimator
            The estimator, as if the nodes had never been labelled.
        """
        nodes = self._check_nodes(indices)
        unlabeled = nodes[self._ids[nodes] < 0]
        if len(unlabeled):
            raise ValueError(f"Node {unlabeled[0]} is not labelled. Hint: see `labeled_indices_`.")
        ids = self._ids[nodes]
        labels = self._labeled.labels_of(ids)
        self._labeled.remove(ids)
        self._ids[nodes] = -1
        self._spread_again(nodes, labels)
        return self

    def relabel(self, indices: ArrayLike, y: ArrayLike) -> Self:
        """Set labels of nodes, labelled before or not.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Ids of nodes: positions among the samples of `fit`, then of those added later.
        y : array-like of shape (n,)
            Their new labels.

        Returns
        -------
        self : NodeLabelingEstimator
            The estimator with the new labels. A node that was labelled before keeps its place in
            the order of the labels.
        """
        nodes, labels = self._check_nodes(indices), recorded_labels(y, self.stored_target)
        check_consistent_length(nodes, labels)
        self._labeled.check_labels(labels)
        return self._label(nodes, labels)

    def labeled_samples(self) -> tuple[Any, np.ndarray | None]:
        """Return the labelled nodes.

        Returns
        -------
        X : {ndarray, CSR matrix} of shape (n_labeled, n_features) or None
            The samples, in the order of `labeled_indices_`. None if no node is labelled.
        y : ndarray of shape (n_labeled,) or None
            Their labels.
        """
        if not self.__sklearn_is_fitted__() or len(self._labeled) == 0:
            return None, None
        return self._X[self.labeled_indices_], self.y_labeled_

    def nearest_nodes(self, X: ArrayLike | sp.spmatrix) -> NearestNodes:
        """Find the nearest nodes of samples outside the graph.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The samples.

        Returns
        -------
        nearest : NearestNodes
            Their nearest nodes in each graph.
        """
        self._check_fitted()
        nodes, weights = zip(*[view.nearest(X) for view in self._views], strict=True)
        return NearestNodes(np.stack(nodes, axis=1), np.stack(weights, axis=1))

    @property
    def n_samples_seen_(self) -> int:
        """Number of nodes, which is the id of the next node."""
        self._labeled_for("n_samples_seen_")
        return self.graph_.n_samples

    @property
    def labeled_indices_(self) -> np.ndarray:
        """The labelled nodes, in ascending order."""
        self._labeled_for("labeled_indices_")
        return np.flatnonzero(self._ids >= 0)

    @property
    def y_labeled_(self) -> np.ndarray:
        """The labels of `labeled_indices_`."""
        return self._labeled_for("y_labeled_").labels_of(self._ids[self.labeled_indices_])

    @abstractmethod
    def _parsed(self, y: Any) -> tuple[int, np.ndarray, np.ndarray]:
        """Return the number of samples, the labelled ones among them, and their labels."""

    @abstractmethod
    def _spread_again(self, nodes: np.ndarray, *labels: np.ndarray) -> None:
        """Take notice that nodes were labelled, or their labels replaced or removed.

        `labels` are the labels that these nodes had before, or have now.
        """

    @abstractmethod
    def _graphs_changed(self) -> None:
        """Take notice of new views, before any label or after nodes were added."""

    def _check_known(self, X: Any, labels: np.ndarray, classes: Any) -> None:
        """Raise if labels do not go together with what is known beforehand of checked samples."""

    def _known_classes(self, classes: Any) -> np.ndarray | None:
        """Return the classes that are known beforehand, or raise if labels have none."""
        check_no_classes(self.stored_target, classes)
        return None

    def _unlabeled(self, names: np.ndarray | None) -> np.ndarray:
        """Return the labels of no sample, of the type of the classes known beforehand."""
        return np.empty(0) if names is None else names[:0]

    def _build(self, X: Any, n_samples: int, labels: np.ndarray, classes: Any = None) -> None:
        """Build the graph of samples, and start from it without labels."""
        with self._restored_on_error():
            X = self._checked_features(X, reset=True)
            check_consistent_length(X, range(n_samples))
            self._check_known(X, labels, classes)
        transformer = PrincipalKNeighborsTransformer(self.n_neighbors, metric=self.metric)
        graph = NeighborGraph.of(
            X, n_neighbors=self.n_neighbors, metric=self.metric, transformer=transformer
        )
        self._start(graph, X, classes)

    def _start(self, graph: NeighborGraph, X: Any, classes: Any = None) -> Self:
        self.graph_ = self._first_graph = graph
        self._X = X
        self._views = [SpreadView(graph, alpha=float(self.alpha), tol=float(self.tol))]
        self._add_table_view()
        return self._without_labels(classes)

    def _without_labels(self, classes: Any = None) -> Self:
        names = self._known_classes(classes)
        self._labeled = LabeledSamples(
            self._X[:0], self._unlabeled(names), names, target=self.stored_target
        )
        self._ids = np.full(self.graph_.n_samples, -1)
        self._row_hashes: dict[Hashable, list[int]] | None = None
        self._graphs_changed()
        return self

    def _fit_graph(self, graph: NeighborGraph, X: Any, classes: Any, columns: Any) -> Self:
        """Start from a graph of features whose columns may have names."""
        with self._restored_on_error():
            checked = self._checked_features(X, reset=True)
            self._describe(checked.dtype, columns)
            self._known_classes(classes)
            # Checking reads stored features into memory: they are the features of the graph too.
            if X is not graph.X:
                graph.check_features(checked)
        return self._start(graph, checked, classes)

    def _describe(self, dtype: Any, columns: Any) -> None:
        """Store what is known of features beside labels: nothing, by default."""

    def _label(self, nodes: np.ndarray, labels: np.ndarray) -> Self:
        is_new = self._ids[nodes] < 0
        known, new = nodes[~is_new], nodes[is_new]
        before = self._labeled.labels_of(self._ids[known])
        if len(known):
            self._labeled.relabel(self._ids[known], labels[~is_new])
        if len(new):
            self._ids[new] = self._labeled.add(self._X[new], labels[is_new])
        self._spread_again(nodes, before, labels)
        self.last_ids_ = nodes
        return self

    def _add_nodes(self, X: Any, n_samples: int, nodes: np.ndarray, labels: np.ndarray) -> Self:
        X = self._checked_features(X)
        check_consistent_length(X, range(n_samples))
        self._labeled.check_labels(labels)
        return self._label(self._join(X) + nodes, labels)

    def _in_order(self) -> np.ndarray:
        """Return the labelled nodes in the order in which they were labelled."""
        nodes = self.labeled_indices_
        return nodes[np.argsort(self._ids[nodes])]

    def _join(self, X: Any) -> int:
        first, view = self.graph_.n_samples, self._views[0]
        view.join(X)
        self.graph_, self._X, self._views = view.graph, view.graph.X, [view]
        self._add_table_view()
        self._ids = np.concatenate([self._ids, np.full(X.shape[0], -1)])
        self._graphs_changed()
        self._row_hashes = None
        return first

    def _add_table_view(self) -> None:
        """Build the second graph of tables, from all nodes in whatever order they came."""
        if self.metric in MATRIX_PRODUCT_METRICS and is_table(self._X):
            n_neighbors = self._views[0].graph.n_neighbors
            view = TableView(self._X, n_neighbors, alpha=float(self.alpha), tol=float(self.tol))
            self._views.append(view)

    def _equal_nodes(self, X: Any) -> np.ndarray:
        """Return for each row an unlabelled node that equals it, or -1."""
        if self._row_hashes is None:
            self._row_hashes = rows_by_hash(self._X)
        return equal_rows(X, self._X, self._row_hashes, self._ids < 0)

    def _check_nodes(self, indices: Any) -> np.ndarray:
        self._check_fitted()
        nodes = check_integers(indices, "Nodes are named by integers")
        outside = nodes[(nodes < 0) | (nodes >= len(self._ids))]
        if len(outside):
            raise ValueError(
                f"There is no node {outside[0]}: the graph has {len(self._ids)} nodes."
            )
        if len(np.unique(nodes)) < len(nodes):
            raise ValueError(f"A node is named twice in {nodes.tolist()}.")
        return nodes.astype(np.intp)

    def _distances_to(self, X: np.ndarray | sp.csr_matrix, nodes: np.ndarray) -> np.ndarray:
        return distances_between(X, self._X[nodes], self.metric)

    @contextmanager
    def _restored_on_error(self) -> Iterator[None]:
        """Restore all attributes if the features or labels of a fit are refused."""
        before = self.__dict__.copy()
        try:
            yield
        except (TypeError, ValueError):
            # `validate_data` sets attributes before it checks values.
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _checked_features(self, X: Any, *, reset: bool = False, minimum: int = 1) -> Any:
        checked = validate_data(
            self,
            as_numbers(X, "X"),
            reset=reset,
            accept_sparse="csr",
            dtype=DTYPES,
            order="C",
            ensure_min_samples=minimum,
        )
        return with_canonical_rows(checked)

    def _check_fitted(self, *, labels: bool = False) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet: it has no graph. Call "
                f"'fit' with all samples first, unlabelled ones with {self.unlabeled_mark}."
            )
        if labels and not self._labeled.is_known:
            raise NotFittedError(
                f"This {type(self).__name__} instance has no label yet. Call 'relabel' or "
                "'add_labeled' first."
            )

    def _labeled_for(self, attribute: str) -> LabeledSamples:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {attribute!r} before 'fit'"
            )
        return self._labeled

    def __getstate__(self) -> dict[str, Any]:
        # Python's hash of bytes differs between processes.
        return {**super().__getstate__(), "_row_hashes": None}

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "graph_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
