"""The neighbour graphs of a pool, each built once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import finalize

import joblib
import numpy as np

from skactive._background import Background
from skactive._engine.cache import FeatureValues
from skactive._engine.distances import METRICS, Rows
from skactive._engine.list_changes import (
    Lists,
    is_worthwhile,
    lists_with,
    lists_without,
    rows_to_search,
)
from skactive._validation import check_choice, check_integer, check_method
from skactive.neighbors import NeighborGraph, PrincipalKNeighborsTransformer

# Neighbours and distances.
Arrays = tuple[np.ndarray, np.ndarray]


class NeighborGraphs:
    """Keep the graphs that were built, and the one that was passed.

    Parameters
    ----------
    X : {ndarray, CSR matrix, StoredFeatures} of shape (n_samples, n_features)
        The features.
    given : NeighborGraph or None
        A graph of X that was built earlier.
    values : FeatureValues
        Keeps the neighbours, and shares them with other pools.
    """

    def __init__(self, X: Any, given: NeighborGraph | None, values: FeatureValues) -> None:
        self._X = X
        self._values = values
        if given is not None and not hasattr(given, "affinity"):
            raise TypeError(
                "The 'graph' parameter of Pool must be a NeighborGraph. Got "
                f"{type(given).__name__} instead."
            )
        if given is not None and given.X is not X:
            # The graph refers to the features of the pool, so that its own copy can be deleted.
            given = NeighborGraph(
                given.indices,
                given.distances,
                X=X,
                metric=given.metric,
                fingerprint=given.fingerprint,
            )
        self._given = given
        self._built: dict[tuple[str, int, str], NeighborGraph] = {}
        # Number of neighbours, metric, and the arrays that a thread searches.
        self._begun: tuple[int, str, Background[Arrays]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Tuples are keys, which formats such as skops cannot store. A copy has no thread.
        return {**self.__dict__, "_built": list(self._built.items()), "_begun": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _built=dict(state["_built"]))

    def check(self, n_neighbors: int, metric: str) -> None:
        check_integer("Pool.graph", "n_neighbors", n_neighbors, minimum=1)
        check_choice("Pool.graph", "metric", metric, METRICS)

    def graph(self, n_neighbors: int, metric: str, transformer: Any) -> NeighborGraph:
        self.check(n_neighbors, metric)
        if transformer is not None:
            check_method("Pool.graph", "transformer", transformer, "fit_transform", "a transformer")
        key = (metric, n_neighbors, _name(transformer))
        if key not in self._built:
            if transformer is None:
                given = self._from_given(n_neighbors, metric)
                self._built[key] = given or self._shared(n_neighbors, metric)
            else:
                self._built[key] = NeighborGraph.of(
                    self._X, n_neighbors=n_neighbors, metric=metric, transformer=transformer
                )
        return self._built[key]

    def begin(self, n_neighbors: int, metric: str) -> None:
        """Start to build a graph in a thread. `graph` waits for it.

        `graph` raises an exception of the thread once, and builds the graph itself the next time.
        The thread ends with this object. A copy has none.
        """
        self.check(n_neighbors, metric)
        # The thread does not refer to this object.
        search = partial(_neighbors, self._X, n_neighbors, metric)
        background = Background(search, "neighbour graph", self._X.shape[0])
        self._begun = n_neighbors, metric, background
        finalize(self, background.stopping.set).atexit = False

    def extended(self, X: Any, rows: Rows, values: FeatureValues) -> NeighborGraphs:
        """Return the graphs of more samples, the first of which are those of this object."""
        n_old, n_all = self._X.shape[0], X.shape[0]

        def extended(graph: NeighborGraph, n_neighbors: int) -> Lists | None:
            if not is_worthwhile(n_all, n_all - n_old):
                return None
            n_neighbors = min(n_neighbors, n_all - 1)
            return lists_with(graph.metric, rows, graph.indices, graph.distances, n_neighbors)

        return self._changed(X, values, extended, rows)

    def reduced(
        self, X: Any, rows: Rows, values: FeatureValues, kept: np.ndarray
    ) -> NeighborGraphs:
        """Return the graphs of the samples that stay, given their ascending positions."""

        def reduced(graph: NeighborGraph, _: int) -> Lists | None:
            lost = rows_to_search(graph.indices, kept)
            if not is_worthwhile(len(kept), len(lost)):
                return None
            return lists_without(graph.metric, rows, graph.indices, graph.distances, kept)

        return self._changed(X, values, reduced, rows)

    def _changed(
        self,
        X: Any,
        values: FeatureValues,
        change: Callable[[NeighborGraph, int], Lists | None],
        rows: Rows,
    ) -> NeighborGraphs:
        """Return changed graphs. Those that a transformer built are built again on use.

        So are graphs of principal components, which change with the samples.
        """
        known: dict[tuple[int, int], NeighborGraph | None] = {}

        def changed(graph: NeighborGraph, n_neighbors: int) -> NeighborGraph | None:
            key = id(graph), n_neighbors
            if key not in known:
                lists = change(graph, n_neighbors)
                new = None if lists is None else NeighborGraph(*lists, X=X, metric=graph.metric)
                known[key] = new
            return known[key]

        graphs = NeighborGraphs(X, None, values)
        for (metric, n_neighbors, name), graph in self._built.items():
            transformer = default_transformer(n_neighbors, metric)
            is_exact = name == "" and not transformer.uses_components(rows)
            new = changed(graph, n_neighbors) if is_exact else None
            if new is not None:
                graphs._built[metric, n_neighbors, name] = new
        if self._given is not None:
            graphs._given = changed(self._given, self._given.n_neighbors)
        return graphs

    def built(self) -> list[NeighborGraph]:
        return list(self._built.values())

    def _shared(self, n_neighbors: int, metric: str) -> NeighborGraph:
        # A graph refers to the features of one pool: pools share its arrays.
        def neighbors() -> Arrays:
            begun = self._from_thread(n_neighbors, metric)
            return _neighbors(self._X, n_neighbors, metric) if begun is None else begun

        key = ("NeighborGraph", n_neighbors, metric)
        indices, distances = self._values.get(key, neighbors)
        return NeighborGraph(indices, distances, X=self._X, metric=metric)

    def _from_thread(self, n_neighbors: int, metric: str) -> Arrays | None:
        """Return the arrays that a thread has searched, or raise its exception once."""
        if self._begun is None or self._begun[:2] != (n_neighbors, metric):
            return None
        background = self._begun[2]
        if not background.is_of_this_process():
            return None
        try:
            return background.result()
        finally:
            # An interrupted caller can wait again.
            if background.is_done():
                self._begun = None

    def _from_given(self, n_neighbors: int, metric: str) -> NeighborGraph | None:
        given = self._given
        n_neighbors = min(n_neighbors, self._X.shape[0] - 1)
        if given is None or given.metric != metric or given.n_neighbors < n_neighbors:
            return None
        if given.n_neighbors == n_neighbors:
            return given
        return NeighborGraph(
            given.indices[:, :n_neighbors],
            given.distances[:, :n_neighbors],
            X=self._X,
            metric=metric,
        )


def _neighbors(X: Any, n_neighbors: int, metric: str) -> Arrays:
    graph = NeighborGraph.of(
        X,
        n_neighbors=n_neighbors,
        metric=metric,
        transformer=default_transformer(n_neighbors, metric),
    )
    return graph.indices, graph.distances


def default_transformer(n_neighbors: int, metric: str) -> PrincipalKNeighborsTransformer:
    """Return the search for neighbours that is used where none is given."""
    return PrincipalKNeighborsTransformer(n_neighbors, metric=metric)


def _name(transformer: Any) -> str:
    """Return equal names for transformers with equal parameters."""
    if transformer is None:
        return ""
    return f"{type(transformer).__qualname__} {joblib.hash(transformer.get_params())}"
