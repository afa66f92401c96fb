"""A graph that proposes which labelled samples are near, and follows them as they come and go."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.exact_search import choose_nearest, search
from skactive._engine.labeled_samples import GrowingArray, LabeledSamples

# Fewer samples are compared one by one sooner than a graph is walked.
FEWEST_INDEXED = 1_000

# From so many samples on a graph answers sooner, and after so many queries it has paid for being
# built, which takes as long as some ten thousand exact searches.
WORTH_SAMPLES = 20_000
WORTH_QUERIES = 10_000

# Links of a node, and how many nodes are kept in view when one is added and when one is sought.
CONNECTIVITY = 24
EXPANSION_ADD = 128
EXPANSION_SEARCH = 128

# Vectors are scaled by the typical extent of so many of the first samples; so many times farther
# away, one place is as far as another, and an extent below the least has no reciprocal.
N_SCALED_BY = 1_000
FARTHEST = 1e15
SMALLEST_EXTENT = 1e-300


@cache
def is_installed() -> bool:
    """Tell whether the library of the graph is installed: the extra `index`."""
    return find_spec("usearch") is not None


def has_index(metric: str, metric_params: dict[str, Any] | None) -> bool:
    """Tell whether there are graphs for a metric."""
    return not metric_params and Space(metric).by_product


class NeighborIndex:
    """Search labelled samples through a graph (HNSW, by USearch), built when first needed.

    The graph only proposes some more than are asked for, whose distances are then computed and
    chosen from as in an exact search. Samples whose vectors are equal, as the graph has them, share
    a node: a thousand copies would be linked to each other alone. Queries for which it proposes too
    few, and zero vectors, from which all is equally far by the cosine, are searched exactly.

    Parameters
    ----------
    labeled : LabeledSamples
        What is searched, and followed from then on.
    space : Space
        The cosine or Euclidean metric.

    References
    ----------
    Y. A. Malkov and D. A. Yashunin, "Efficient and robust approximate nearest neighbor search
    using hierarchical navigable small world graphs", IEEE TPAMI 42(4), 2020.
    """

    def __init__(self, labeled: LabeledSamples, space: Space) -> None:
        self.labeled = labeled
        self.space = space
        self._n_asked = 0
        self._next_id = 0
        self._n_gone = 0
        self._graph: Any = None
        # By a digest of its vector, the sample that came first is the node of all with that
        # vector; these are listed where there are others.
        self._nodes: dict[int, int] = {}
        self._copies: dict[int, set[int]] = {}
        self._digests = GrowingArray(np.empty(0, dtype=np.uint64))
        self._origin, self._scale = np.zeros(1), 1.0
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            state = self.__dict__.copy()
            # As bytes until a search needs it: whoever loads it may never walk it.
            if not isinstance(self._graph, bytes | None):
                state["_graph"] = bytes(self._graph.save())
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=Lock())

    def pays(self, n_queries: int) -> bool:
        """Tell, of queries that are about to be asked, whether a graph has paid for itself."""
        if self._graph is None:
            self._n_asked += n_queries
        is_large = len(self.labeled) >= WORTH_SAMPLES
        return is_large and (self._graph is not None or self._n_asked > WORTH_QUERIES)

    def search(
        self, queries: Rows, n_neighbors: int, exclude: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find distances and slots of the nearest that are proposed, nearest first.

        `exclude` names one slot per query that does not count, a sample itself. Cost:
        O(log(n_labeled) · n_features) for each query, and for each sample that is new.
        """
        if len(self.labeled) < FEWEST_INDEXED:
            return self._search_all(queries, n_neighbors, exclude)
        n_neighbors = min(n_neighbors, len(self.labeled) - (exclude is not None))
        dtype = np.result_type(queries.dtype, self.labeled.rows.dtype)
        distances = np.empty((len(queries), n_neighbors), dtype=dtype)
        slots = np.empty((len(queries), n_neighbors), dtype=np.intp)
        width = 2 * n_neighbors + 10
        with self._lock:
            self._follow()
            for block in row_blocks(len(queries), (queries.n_features + width) * 24):
                own = None if exclude is None else exclude[block]
                distances[block], slots[block] = self._search_block(
                    queries[block], n_neighbors, width, own
                )
        return distances, slots

    def _search_block(
        self, queries: Rows, n_neighbors: int, width: int, exclude: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        labeled = self.labeled
        proposed, is_there = self._proposed(queries, n_neighbors, width)
        if exclude is not None:
            is_there &= proposed != exclude[:, np.newaxis]
        among, columns = np.unique(proposed, return_inverse=True)
        columns, stored = columns.reshape(proposed.shape), labeled.rows_at(among)
        compared = np.full(proposed.shape, np.inf)
        i, j = np.nonzero(is_there)
        compared[i, j] = self.space.pairs(queries, i, stored, columns[i, j])
        kept, chosen = choose_nearest(
            compared,
            columns,
            n_neighbors,
            space=self.space,
            A=queries,
            B=stored,
            precedence=lambda: labeled.precedence(among),
        )
        distances, slots = self.space.finish(kept), among[chosen]
        is_short = is_there.sum(axis=1) < n_neighbors
        if self.space.metric == "cosine":
            is_short |= queries.inverse_norms == 0
        short = np.flatnonzero(is_short)
        if len(short):
            own = None if exclude is None else exclude[short]
            distances[short], slots[short] = self._search_all(queries[short], n_neighbors, own)
        return distances, slots

    def _search_all(
        self, queries: Rows, n_neighbors: int, exclude: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        return search(
            self.space,
            queries,
            self.labeled.rows,
            n_neighbors,
            precedence=self.labeled.precedence,
            exclude=exclude,
        )

    def _proposed(
        self, queries: Rows, n_neighbors: int, width: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return slots that the graph proposes, and which of them it does."""
        found = self._graph.search(self._vectors(queries), width)
        keys = np.atleast_2d(found.keys)
        # One query is answered without a count.
        counts = np.atleast_1d(np.asarray(getattr(found, "counts", keys.shape[1])))
        is_there = np.arange(keys.shape[1]) < counts[:, np.newaxis]
        nodes = np.where(is_there, keys, 0).astype(np.intp)
        if not self._copies:
            return np.where(is_there, self.labeled.slots(nodes), 0), is_there
        # Of equals those that go first are enough, and one more where one does not count.
        return self._with_copies(nodes, is_there, n_neighbors + 1)

    def _with_copies(
        self, nodes: np.ndarray, is_there: np.ndarray, n_copies: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the slots of nodes, in place of each as many as it stands for, or `n_copies`."""
        unique, which = np.unique(nodes[is_there], return_inverse=True)
        members = [self._members(node, n_copies) for node in unique.tolist()]
        sizes = np.array([len(slots) for slots in members], dtype=np.intp)
        starts = np.cumsum(sizes) - sizes
        n_there = np.zeros(len(nodes), dtype=np.intp)
        np.add.at(n_there, np.nonzero(is_there)[0], sizes[which])
        within = np.arange(n_there.max(initial=0))[np.newaxis] < n_there[:, np.newaxis]
        # The members of each node in turn: where it starts, and how far one is within it.
        runs = sizes[which]
        offsets = np.arange(runs.sum()) - np.repeat(np.cumsum(runs) - runs, runs)
        slots = np.zeros(within.shape, dtype=np.intp)
        if members:
            slots[within] = np.concatenate(members)[np.repeat(starts[which], runs) + offsets]
        return slots, within

    def _members(self, node: int, n_copies: int) -> np.ndarray:
        """Return the slots of the samples that a node stands for, those that go first."""
        copies = self._copies.get(node)
        if copies is None:
            return self.labeled.slots(np.array([node]))
        slots = self.labeled.slots(np.fromiter(copies, dtype=np.intp, count=len(copies)))
        if len(slots) > n_copies:
            slots = slots[np.argsort(self.labeled.precedence(slots))[:n_copies]]
        return slots

    def _follow(self) -> None:
        """Take in what was stored and removed since the last search."""
        labeled = self.labeled
        if not self._is_open():
            self._open()
        gone = np.array(labeled.removed_ids[self._n_gone :], dtype=np.intp)
        self._take_out(gone[gone < self._next_id])
        self._digests.extend(np.zeros(labeled.next_id - len(self._digests), dtype=np.uint64))
        # Added class by class, as samples are often stored, far groups would hardly be linked.
        new = np.flatnonzero(labeled.ids >= self._next_id)
        new = np.random.default_rng(0).permutation(new)
        for block in row_blocks(len(new), labeled.rows.n_features * 24):
            self._take_in(labeled.ids[new[block]], labeled.rows_at(new[block]))
        self._n_gone, self._next_id = len(labeled.removed_ids), labeled.next_id

    def _is_open(self) -> bool:
        return not isinstance(self._graph, bytes | None)

    def _open(self) -> None:
        """Make an empty graph, or the one that was kept as bytes."""
        from usearch.index import Index

        if self._graph is not None:
            self._graph = Index.restore(self._graph)
            self._graph.expansion_add = EXPANSION_ADD
            self._graph.expansion_search = EXPANSION_SEARCH
            return
        is_cosine = self.space.metric == "cosine"
        if not is_cosine:
            self._set_scale()
        self._graph = Index(
            ndim=self.labeled.rows.n_features,
            metric="cos" if is_cosine else "l2sq",
            dtype="f16" if is_cosine else "f32",
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
            expansion_search=EXPANSION_SEARCH,
        )

    def _set_scale(self) -> None:
        """Set what vectors are moved and scaled by, so that squares of their size are numbers.

        By medians: a single vector far away would move the mean, and beside it single precision
        would tell the others no more from each other.
        """
        X = self.labeled.rows.X
        if len(X) > N_SCALED_BY:
            X = X[np.random.default_rng(0).choice(len(X), N_SCALED_BY, replace=False)]
        middle = len(X) // 2
        # Not numpy.median, which adds two that may be too large to be added.
        self._origin = np.partition(X, middle, axis=0)[middle].astype(np.float64)
        with np.errstate(over="ignore"):
            extents = np.abs(X - self._origin).max(axis=1)
        extents = np.sort(extents[(extents > SMALLEST_EXTENT) & np.isfinite(extents)])
        self._scale = 1.0 / float(extents[len(extents) // 2]) if len(extents) else 1.0

    def _take_out(self, ids: np.ndarray) -> None:
        """Remove samples, and nodes of which none is left."""
        empty = []
        for id_, digest in zip(ids.tolist(), self._digests.view[ids].tolist(), strict=True):
            node = self._nodes[digest]
            copies = self._copies.get(node, {id_})
            copies.discard(id_)
            if not copies:
                empty.append(node)
                self._copies.pop(node, None)
                del self._nodes[digest]
        if empty:
            self._graph.remove(np.array(empty, dtype=np.uint64))

    def _take_in(self, ids: np.ndarray, rows: Rows) -> None:
        """Add samples, and nodes for those whose vector is new."""
        vectors = self._vectors(rows)
        places = []
        for place, (id_, vector) in enumerate(zip(ids.tolist(), vectors, strict=True)):
            digest = int.from_bytes(blake2b(vector.tobytes(), digest_size=8).digest(), "little")
            self._digests.view[id_] = digest
            node = self._nodes.setdefault(digest, id_)
            if node == id_:
                places.append(place)
            else:
                self._copies.setdefault(node, {node}).add(id_)
        if places:
            keys = ids[places].astype(np.uint64)
            # On several threads the graph would depend on which of them comes first.
            self._graph.add(keys, vectors[places].astype(np.float32), threads=1)

    def _vectors(self, rows: Rows) -> np.ndarray:
        """Return vectors as the graph has them."""
        if self.space.metric == "cosine":
            # Unit vectors fit into half precision.
            return (rows.X * rows.inverse_norms[:, np.newaxis]).astype(np.float16)
        with np.errstate(over="ignore"):
            vectors = (rows.X - self._origin) * self._scale
        return np.clip(vectors, -FARTHEST, FARTHEST).astype(np.float32)


def is_sparse(labeled: LabeledSamples) -> bool:
    """Tell whether labelled samples are kept as a sparse matrix."""
    return bool(sp.issparse(labeled.rows.X))
