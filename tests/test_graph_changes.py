"""Neighbour graphs with samples added or removed are those of all their samples."""

import numpy as np
import pytest
import scipy.sparse as sp
from counted_products import counted_products
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import EXACT_METRICS, samples_for

from skactive import Pool
from skactive._engine.distances import Space
from skactive._engine.list_changes import is_worthwhile
from skactive.datasets import open_vectors, write_vectors
from skactive.neighbors import BlockwiseKNeighborsTransformer, NeighborGraph


def assert_same(found, expected):
    np.testing.assert_array_equal(found.distances, expected.distances)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.bandwidths, expected.bandwidths)
    assert found.indices.dtype == expected.indices.dtype
    assert found.distances.dtype == expected.distances.dtype
    assert found.fingerprint == expected.fingerprint
    assert (found.affinity() != expected.affinity()).nnz == 0


@given(st.data())
@settings(max_examples=75, deadline=None)
def test_a_changed_graph_is_that_of_its_samples(data):
    metric = data.draw(st.sampled_from([*EXACT_METRICS, "jaccard"]))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    # Sparse features have no Chebyshev and Jaccard distance.
    can_be_sparse = metric in {"euclidean", "manhattan"}
    make = data.draw(st.sampled_from([np.asarray, sp.csr_matrix])) if can_be_sparse else np.asarray
    n_neighbors = data.draw(st.integers(1, 5))
    X = data.draw(samples_for(metric, data.draw(st.integers(1, 9)))).astype(dtype)
    graph = NeighborGraph.of(make(X), n_neighbors=n_neighbors, metric=metric)
    for _ in range(data.draw(st.integers(1, 4))):
        if data.draw(st.booleans()):
            new = data.draw(samples_for(metric, data.draw(st.integers(1, 4)))).astype(dtype)
            X, graph = np.vstack([X, new]), graph.with_samples(make(new), n_neighbors)
        else:
            places = st.sampled_from(range(len(X)))
            removed = data.draw(st.lists(places, unique=True, max_size=len(X) - 1))
            X, graph = np.delete(X, removed, axis=0), graph.without_samples(removed)
        assert_same(graph, NeighborGraph.of(make(X), n_neighbors=n_neighbors, metric=metric))


@given(
    seed=st.integers(0, 2**16),
    offset=st.sampled_from([0.0, 30.0, 1e3, 1e5]),
    n_distinct=st.sampled_from([2, 12, 200]),
    metric=st.sampled_from(["cosine", "euclidean", "manhattan"]),
    dtype=st.sampled_from([np.float32, np.float64]),
    n_neighbors=st.integers(1, 6),
    n_changes=st.integers(1, 3),
)
@settings(max_examples=100, deadline=None)
def test_changes_far_from_the_origin_and_of_duplicates(
    seed, offset, n_distinct, metric, dtype, n_neighbors, n_changes
):
    rng = np.random.default_rng(seed)
    distinct = (rng.normal(size=(n_distinct, 3)) + offset * np.array([1, -0.5, 0.3])).astype(dtype)
    X = distinct[rng.integers(0, n_distinct, 60)]
    graph = NeighborGraph.of(X, n_neighbors=n_neighbors, metric=metric)
    for _ in range(n_changes):
        new = distinct[rng.integers(0, n_distinct, 25)]
        X, graph = np.vstack([X, new]), graph.with_samples(new)
        removed = rng.choice(len(X), 20, replace=False)
        X, graph = np.delete(X, removed, axis=0), graph.without_samples(removed)
    assert_same(graph, NeighborGraph.of(X, n_neighbors=n_neighbors, metric=metric))


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_samples_in_general_position_have_the_same_neighbours(metric):
    X = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    graph = NeighborGraph.of(X[:340], metric=metric).with_samples(X[340:])
    graph = graph.without_samples(np.arange(0, 400, 9))
    expected = NeighborGraph.of(np.delete(X, np.arange(0, 400, 9), axis=0), metric=metric)
    np.testing.assert_array_equal(graph.indices, expected.indices)
    # Products of other shapes are rounded in another way.
    np.testing.assert_allclose(graph.distances, expected.distances, atol=1e-6)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_last_of_equally_near_samples_are_left_out(metric):
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(5, 6)), np.zeros(6)])[rng.integers(0, 6, 300)]
    graph = NeighborGraph.of(X.astype(np.float32), n_neighbors=20, metric=metric)
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    unit = X / np.where(norms > 0, norms, 1) if metric == "cosine" else X
    distances = ((unit[:, np.newaxis] - unit) ** 2).sum(axis=2)
    if metric == "cosine":
        is_zero = norms[:, 0] == 0
        distances[is_zero] = distances[:, is_zero] = 2.0
    np.fill_diagonal(distances, np.inf)
    expected = np.lexsort((np.broadcast_to(np.arange(300), (300, 300)), distances.round(6)))[:, :20]
    np.testing.assert_array_equal(np.sort(graph.indices, axis=1), np.sort(expected, axis=1))


@pytest.fixture
def compared(monkeypatch):
    """Count the pairs of rows whose distance is computed by products."""
    return counted_products(monkeypatch)


def test_adding_compares_only_the_new_samples(compared):
    X = np.random.default_rng(0).normal(size=(1_000, 6))
    graph = NeighborGraph.of(X[:970])
    assert sum(compared) == 970**2
    compared.clear()
    graph.with_samples(X[970:])
    assert sum(compared) == 970 * 30 + 30 * 1_000


def test_removing_searches_only_samples_that_lose_a_neighbour(compared):
    X = np.random.default_rng(0).normal(size=(1_000, 6))
    graph = NeighborGraph.of(X)
    compared.clear()
    reduced = graph.without_samples([3, 500])
    n_lost = int(np.isin(graph.indices[reduced_rows(1_000, [3, 500])], [3, 500]).any(axis=1).sum())
    assert 0 < n_lost < 100
    assert sum(compared) == n_lost * 998
    compared.clear()
    # No sample has the outlier among its neighbours.
    far = NeighborGraph.of(np.vstack([X, 50 + X[:1]]), n_neighbors=3, metric="euclidean")
    compared.clear()
    far.without_samples([1_000])
    assert sum(compared) == 0
    assert reduced.n_samples == 998


def reduced_rows(n_samples, removed):
    return np.delete(np.arange(n_samples), removed)


def test_an_approximate_graph_stays_at_least_as_good():
    X = np.random.default_rng(0).normal(size=(600, 8)).astype(np.float32)
    cells = BlockwiseKNeighborsTransformer(5, algorithm="clusters", recall=0.5)
    graph = NeighborGraph.of(X[:560], n_neighbors=5, transformer=cells)
    exact = NeighborGraph.of(X, n_neighbors=5)
    grown = graph.with_samples(X[560:])
    np.testing.assert_array_equal(grown.indices[560:], exact.indices[560:])
    assert not np.array_equal(grown.indices, exact.indices)
    # Each list has the nearest among the old list and the new samples.
    for row in range(0, 560, 7):
        among = np.concatenate([graph.indices[row], np.arange(560, 600)])
        compared = Space("cosine").compare(grown._rows[[row]], grown._rows[among])[0]
        expected = among[np.argsort(compared, kind="stable")[:5]]
        np.testing.assert_array_equal(np.sort(grown.indices[row]), np.sort(expected))


def test_many_changes_of_a_large_graph_are_not_worthwhile():
    assert is_worthwhile(19_999, 19_999)
    assert is_worthwhile(40_000, 3_200)
    assert not is_worthwhile(40_000, 3_201)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda graph: graph.with_samples([[1.0]]), ValueError, "X_new has 1 features, but the"),
        (lambda graph: graph.with_samples([[1.0, np.nan]]), ValueError, "NaN"),
        (lambda graph: graph.with_samples([[1.0, 2.0]], 4), ValueError, "has 2 neighbours of each"),
        (lambda graph: graph.with_samples([[1.0, 2.0]], 0), ValueError, "an int of at least 1"),
        (lambda graph: graph.without_samples([5]), IndexError, "There is no sample 5 in a"),
        (lambda graph: graph.without_samples([-1]), IndexError, "There is no sample -1 in a"),
        (lambda graph: graph.without_samples([1, 1]), ValueError, "named twice"),
        (lambda graph: graph.without_samples(range(5)), ValueError, "All 5 samples of the graph"),
    ],
)
def test_a_wrong_change_is_refused_with_a_sentence(change, error, message):
    X = np.arange(10.0).reshape(5, 2)
    graph = NeighborGraph.of(X, n_neighbors=2)
    with pytest.raises(error, match=message):
        change(graph)
    assert_same(graph, NeighborGraph.of(X, n_neighbors=2))


def test_features_that_are_missing_or_on_disk_are_refused(tmp_path):
    X = np.arange(10, dtype=np.float32).reshape(5, 2)
    graph = NeighborGraph.of(X, n_neighbors=2)
    bare = NeighborGraph(graph.indices, graph.distances)
    for change in (lambda one: one.with_samples(X[:1]), lambda one: one.without_samples([0])):
        with pytest.raises(ValueError, match="no features to compare new samples with"):
            change(bare)
    write_vectors(tmp_path / "vectors.npy", X)
    stored = Pool(open_vectors(tmp_path / "vectors.npy")).graph(2)
    for change in (lambda one: one.with_samples(X[:1]), lambda one: one.without_samples([0])):
        with pytest.raises(TypeError, match="are on disk, where they cannot change"):
            change(stored)
