"""An index for approximate nearest-neighbour search among labelled samples."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.exact_search import choose_nearest, search
from skactive._engine.growing_arrays import GrowingArray
from skactive._engine.labeled_samples import LabeledSamples
from skactive._engine.points import Frame
from skactive._io.content_keys import keys_of_rows

# With fewer samples an exact search is faster.
MIN_SAMPLES = 1_000

# 'auto' uses the index from this number of samples on, with which it is faster, and after this
# number of queries: building it takes as long as some ten thousand exact searches.
MIN_SAMPLES_AUTO = 20_000
MIN_QUERIES_AUTO = 10_000

# The parameters M, efConstruction and ef of HNSW.
CONNECTIVITY = 24
EXPANSION_ADD = 128
EXPANSION_SEARCH = 128

# Euclidean vectors are divided by the median extent of this number of samples, and clipped, so that
# their squares are finite in float32. A smaller extent has no finite reciprocal.
N_SCALE_SAMPLES = 1_000
MAX_COORDINATE = 1e15
MIN_EXTENT = 1e-300


@cache
def is_installed() -> bool:
    """Return whether usearch is installed, the extra `index`."""
    return find_spec("usearch") is not None


def has_index(metric: str, metric_params: dict[str, Any] | None) -> bool:
    """Return whether the index supports a metric."""
    return not metric_params and Space(metric).by_product


class NeighborIndex:
    """An index of labelled samples: an HNSW graph of USearch, built on first use.

    The graph proposes more samples than requested. Their distances are computed and the nearest
    are chosen as in an exact search. Samples with equal vectors in the precision of the graph
    share a node, because otherwise all edges of a thousand duplicates would lead to each other.
    The search is exact for queries with too few proposals, and for zero vectors, whose cosine
    distances are all equal.

    Parameters
    ----------
    labeled : LabeledSamples
        The samples. Each search first updates the index with the samples added and removed since
        the last one.
    space : Space
        The cosine or Euclidean metric.

    References
    ----------
    Y. A. Malkov and D. A. Yashunin, "Efficient and robust approximate nearest neighbor search
    using hierarchical navigable small world graphs", IEEE TPAMI 42(4), 2020.
    """

    _is_shifted = False

    def __init__(self, labeled: LabeledSamples, space: Space) -> None:
        self.labeled = labeled
        self.space = space
        self._n_queries = 0
        self._next_id = 0
        self._n_removed = 0
        self._graph: Any = None
        # A node has the id of the first sample with its vector. Nodes are found by a digest of the
        # vector, and nodes of several samples have the set of their ids.
        self._nodes: dict[int, int] = {}
        self._duplicates: dict[int, set[int]] = {}
        self._digests = GrowingArray(np.empty(0, dtype=np.uint64))
        self._origin, self._scale = np.zeros(1), 1.0
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            state = self.__dict__.copy()
            # A loaded index keeps the graph as bytes until a search needs it, because usearch may
            # not be installed.
            if not isinstance(self._graph, bytes | None):
                state["_graph"] = bytes(self._graph.save())
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=Lock())

    def is_worthwhile(self, n_queries: int) -> bool:
        """Count further queries, and return whether 'auto' uses the index for them."""
        if self._graph is None:
            self._n_queries += n_queries
        is_large = len(self.labeled) >= MIN_SAMPLES_AUTO
        return is_large and (self._graph is not None or self._n_queries > MIN_QUERIES_AUTO)

    def search(
        self, queries: Rows, n_neighbors: int, exclude: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and slots of the nearest samples, nearest first.

        `exclude` has one slot per query that is left out, that of the sample itself. Cost:
        O(log(n_labeled) · n_features) for each query, and for each sample that is new.
        """
        if len(self.labeled) < MIN_SAMPLES:
            return self._search_all(queries, n_neighbors, exclude)
        n_neighbors = min(n_neighbors, len(self.labeled) - (exclude is not None))
        dtype = np.result_type(queries.dtype, self.labeled.rows.dtype)
        distances = np.empty((len(queries), n_neighbors), dtype=dtype)
        slots = np.empty((len(queries), n_neighbors), dtype=np.intp)
        width = 2 * n_neighbors + 10
        with self._lock:
            self._update()
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
        proposed, is_proposed = self._proposals(queries, n_neighbors, width)
        if exclude is not None:
            is_proposed &= proposed != exclude[:, np.newaxis]
        unique, columns = np.unique(proposed, return_inverse=True)
        columns, stored = columns.reshape(proposed.shape), labeled.rows_at(unique)
        compared = np.full(proposed.shape, np.inf)
        i, j = np.nonzero(is_proposed)
        compared[i, j] = self.space.pairs(queries, i, stored, columns[i, j])
        kept, chosen = choose_nearest(
            compared,
            columns,
            n_neighbors,
            space=self.space,
            A=queries,
            B=stored,
            precedence=lambda: labeled.precedence(unique),
        )
        distances, slots = self.space.finish(kept), unique[chosen]
        is_exact = is_proposed.sum(axis=1) < n_neighbors
        if self.space.metric == "cosine":
            is_exact |= queries.inverse_norms == 0
        rows = np.flatnonzero(is_exact)
        if len(rows):
            own = None if exclude is None else exclude[rows]
            distances[rows], slots[rows] = self._search_all(queries[rows], n_neighbors, own)
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

    def _proposals(
        self, queries: Rows, n_neighbors: int, width: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the proposed slots of each query, and a mask of the entries that are filled."""
        found = self._graph.search(self._vectors(queries), width)
        keys = np.atleast_2d(found.keys)
        # The result of a single query has no counts.
        counts = np.atleast_1d(np.asarray(getattr(found, "counts", keys.shape[1])))
        is_filled = np.arange(keys.shape[1]) < counts[:, np.newaxis]
        nodes = np.where(is_filled, keys, 0).astype(np.intp)
        if not self._duplicates:
            return np.where(is_filled, self.labeled.slots(nodes), 0), is_filled
        # One sample more than requested, since `exclude` may leave one out.
        return self._with_duplicates(nodes, is_filled, n_neighbors + 1)

    def _with_duplicates(
        self, nodes: np.ndarray, is_filled: np.ndarray, n_samples: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Replace each node by the slots of its samples, at most `n_samples` of them."""
        unique, which = np.unique(nodes[is_filled], return_inverse=True)
        members = [self._members(node, n_samples) for node in unique.tolist()]
        sizes = np.array([len(slots) for slots in members], dtype=np.intp)
        starts = np.cumsum(sizes) - sizes
        n_slots = np.zeros(len(nodes), dtype=np.intp)
        np.add.at(n_slots, np.nonzero(is_filled)[0], sizes[which])
        within = np.arange(n_slots.max(initial=0))[np.newaxis] < n_slots[:, np.newaxis]
        # Positions in the concatenated members: the start of the node plus the offset within it.
        runs = sizes[which]
        offsets = np.arange(runs.sum()) - np.repeat(np.cumsum(runs) - runs, runs)
        slots = np.zeros(within.shape, dtype=np.intp)
        if members:
            slots[within] = np.concatenate(members)[np.repeat(starts[which], runs) + offsets]
        return slots, within

    def _members(self, node: int, n_samples: int) -> np.ndarray:
        """Return the slots of the first samples of a node, in the order of precedence."""
        ids = self._duplicates.get(node)
        if ids is None:
            return self.labeled.slots(np.array([node]))
        slots = self.labeled.slots(np.fromiter(ids, dtype=np.intp, count=len(ids)))
        if len(slots) > n_samples:
            slots = slots[np.argsort(self.labeled.precedence(slots))[:n_samples]]
        return slots

    def _update(self) -> None:
        """Remove and add the samples removed and added since the last search."""
        labeled = self.labeled
        if not self._is_loaded():
            self._load()
        removed = np.array(labeled.removed_ids[self._n_removed :], dtype=np.intp)
        self._remove(removed[removed < self._next_id])
        self._digests.extend(np.zeros(labeled.next_id - len(self._digests), dtype=np.uint64))
        # Samples are often stored sorted by class. In this order, distant groups would have hardly
        # any edges between them.
        new = np.flatnonzero(labeled.ids >= self._next_id)
        new = np.random.default_rng(0).permutation(new)
        for block in row_blocks(len(new), labeled.rows.n_features * 24):
            self._add(labeled.ids[new[block]], labeled.rows_at(new[block]))
        self._n_removed, self._next_id = len(labeled.removed_ids), labeled.next_id

    def _is_loaded(self) -> bool:
        return not isinstance(self._graph, bytes | None)

    def _load(self) -> None:
        """Create an empty graph, or load it from bytes."""
        from usearch.index import Index

        if self._graph is not None:
            self._graph = Index.restore(self._graph)
            self._graph.expansion_add = EXPANSION_ADD
            self._graph.expansion_search = EXPANSION_SEARCH
            return
        # The entries of unit vectors are in the range of float16. If all vectors are nearly
        # parallel, they differ in digits that float16 does not have.
        self._is_shifted = Frame(self.space, self.labeled.rows, np.float32).origin is not None
        is_cosine = self.space.metric == "cosine" and not self._is_shifted
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
        """Set the origin and scale of vectors, so that squared distances are finite in float32.

        Both are medians. With means, a single distant vector would leave the others equal in
        float32.
        """
        X = self._unscaled(self.labeled.rows)
        if len(X) > N_SCALE_SAMPLES:
            X = X[np.random.default_rng(0).choice(len(X), N_SCALE_SAMPLES, replace=False)]
        middle = len(X) // 2
        # numpy.median may add two numbers, whose sum may overflow.
        self._origin = np.partition(X, middle, axis=0)[middle].astype(np.float64)
        with np.errstate(over="ignore"):
            extents = np.abs(X - self._origin).max(axis=1)
        extents = np.sort(extents[(extents > MIN_EXTENT) & np.isfinite(extents)])
        self._scale = 1.0 / float(extents[len(extents) // 2]) if len(extents) else 1.0

    def _remove(self, ids: np.ndarray) -> None:
        """Remove samples, and the nodes without remaining samples."""
        empty = []
        for id_, digest in zip(ids.tolist(), self._digests.view[ids].tolist(), strict=True):
            node = self._nodes[digest]
            duplicates = self._duplicates.get(node, {id_})
            duplicates.discard(id_)
            if not duplicates:
                empty.append(node)
                self._duplicates.pop(node, None)
                del self._nodes[digest]
        if empty:
            self._graph.remove(np.array(empty, dtype=np.uint64))

    def _add(self, ids: np.ndarray, rows: Rows) -> None:
        """Add samples, and nodes for new vectors."""
        vectors = self._vectors(rows)
        places = []
        for place, (id_, key) in enumerate(zip(ids.tolist(), keys_of_rows(vectors), strict=True)):
            # A key to find equal vectors, not a check of features. An array stores 64 bits of it.
            digest = int.from_bytes(key[:8], "little")
            self._digests.view[id_] = digest
            node = self._nodes.setdefault(digest, id_)
            if node == id_:
                places.append(place)
            else:
                self._duplicates.setdefault(node, {node}).add(id_)
        if places:
            keys = ids[places].astype(np.uint64)
            # With several threads the graph would depend on their timing.
            self._graph.add(keys, vectors[places].astype(np.float32), threads=1)

    def _vectors(self, rows: Rows) -> np.ndarray:
        """Return vectors in the precision of the graph."""
        X = self._unscaled(rows)
        if self.space.metric == "cosine" and not self._is_shifted:
            return X.astype(np.float16)
        with np.errstate(over="ignore"):
            vectors = (X - self._origin) * self._scale
        return np.clip(vectors, -MAX_COORDINATE, MAX_COORDINATE).astype(np.float32)

    def _unscaled(self, rows: Rows) -> np.ndarray:
        if self.space.metric == "cosine":
            return np.asarray(rows.X * rows.inverse_norms[:, np.newaxis])
        return np.asarray(rows.X)


def is_sparse(labeled: LabeledSamples) -> bool:
    """Return whether labelled samples are stored as a sparse matrix."""
    return bool(sp.issparse(labeled.rows.X))
