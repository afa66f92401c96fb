"""Neighbours near in the principal components and by the metric, against a plain computation."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scikit_learns_checks import each_check_of
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skactive import Pool
from skactive._engine import near_candidates
from skactive._engine.near_candidates import NearCandidates
from skactive.datasets import open_vectors, write_vectors
from skactive.neighbors import (
    BlockwiseKNeighborsTransformer,
    NeighborGraph,
    PrincipalKNeighborsTransformer,
)
from skactive.semi_supervised import IncrementalLabelSpreading

DIGITS, NAMES = load_digits(return_X_y=True)


def graph_of(X, n_neighbors=5, **parameters):
    transformer = PrincipalKNeighborsTransformer(n_neighbors, **parameters)
    metric = parameters.get("metric", "cosine")
    return NeighborGraph.of(X, n_neighbors=n_neighbors, metric=metric, transformer=transformer)


def plain_neighbors(X, metric, n_neighbors, n_components, n_candidates):
    """Return the neighbours by full matrices of distances, in two steps."""
    X = np.asarray(X, dtype=np.float64)
    if metric == "cosine":
        X = X / np.linalg.norm(X, axis=1, keepdims=True)
    Z = PCA(n_components, svd_solver="full").fit_transform(X)
    if metric == "cosine":
        Z /= np.linalg.norm(Z, axis=1, keepdims=True)

    def distances(A):
        return np.linalg.norm(A[:, np.newaxis] - A, axis=2)

    found = distances(X)
    np.fill_diagonal(found, -1.0)
    coarse = distances(Z)
    np.fill_diagonal(coarse, -1.0)
    last = np.sort(coarse, axis=1)[:, [n_candidates - 1]]
    found[coarse > last] = np.inf
    return np.argsort(found, axis=1)[:, 1 : n_neighbors + 1]


@each_check_of(
    PrincipalKNeighborsTransformer(3),
    PrincipalKNeighborsTransformer(3, n_components=1, n_candidates=4),
    PrincipalKNeighborsTransformer(3, metric="manhattan"),
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("n_components", [2, 16, 40])
def test_neighbors_are_those_of_a_plain_search_in_two_steps(metric, n_components):
    X = DIGITS[:400]
    graph = graph_of(X, 5, metric=metric, n_components=n_components, n_candidates=20)
    expected = plain_neighbors(X, metric, 5, n_components, 20)
    # Single precision decides between candidates that are equally far.
    assert (graph.indices == expected).mean() > 0.98


def test_all_samples_as_candidates_give_the_nearest_neighbors():
    X = DIGITS[:300]
    exact = NeighborGraph.of(X, n_neighbors=5)
    graph = graph_of(X, 5, n_candidates=299)
    np.testing.assert_array_equal(graph.indices, exact.indices)
    np.testing.assert_array_equal(graph.distances, exact.distances)


@pytest.mark.parametrize(
    ("X", "parameters"),
    [
        (DIGITS[:200, :16], {}),
        (sp.csr_matrix(DIGITS[:200]), {}),
        (DIGITS[:200], {"metric": "manhattan"}),
        (DIGITS[:18], {}),
        (np.repeat(DIGITS[:15], 20, axis=0), {}),
        (np.ones((200, 20)), {}),
    ],
    ids=["few features", "sparse", "manhattan", "few samples", "duplicates", "constant"],
)
def test_without_components_the_search_is_the_blockwise_one(X, parameters):
    transformer = PrincipalKNeighborsTransformer(5, **parameters).fit(X)
    assert transformer.algorithm_ == "exact"
    blockwise = BlockwiseKNeighborsTransformer(5, **parameters).fit_transform(X)
    assert (transformer.transform(X) != blockwise).nnz == 0


def test_equal_samples_have_equal_neighbors():
    X = np.vstack([DIGITS[:100], DIGITS[:100]])
    graph = graph_of(X, 5)
    np.testing.assert_array_equal(graph.distances[:100], graph.distances[100:])
    np.testing.assert_array_equal(graph.indices[:100, 0], np.arange(100, 200))


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_components_of_samples_far_from_the_origin_keep_their_digits(offset):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 24)) * np.geomspace(4, 0.1, 24)
    near, far = (graph_of(A, 5, metric="euclidean") for A in (X, X + offset))
    assert (near.indices == far.indices).mean() > 0.99


@given(
    seed=st.integers(0, 2**16),
    n_rows=st.integers(1, 60),
    n_features=st.integers(1, 5),
    data=st.data(),
)
@settings(max_examples=50, deadline=None)
def test_candidates_are_the_nearest_rows(seed, n_rows, n_features, data):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-3, 4, (n_rows, n_features)).astype(np.float32)
    asked = rng.integers(-3, 4, (7, n_features)).astype(np.float32)
    n_candidates = data.draw(st.integers(1, n_rows))
    squares = np.square(asked[:, np.newaxis] - rows).sum(axis=2)
    for queries, columns in NearCandidates(rows, n_candidates, 0).blocks(asked):
        for query, found in zip(queries, columns, strict=True):
            assert len(set(found)) == n_candidates
            expected = np.sort(squares[query])[:n_candidates]
            np.testing.assert_array_equal(np.sort(squares[query][found]), expected)


def test_cells_contain_most_of_the_candidates(monkeypatch):
    points = PCA(8).fit_transform(DIGITS).astype(np.float32)
    all_rows = dict(pairs(NearCandidates(points, 20, 0), points))
    monkeypatch.setattr(near_candidates, "MIN_ROWS_CELLS", 500)
    in_cells = dict(pairs(NearCandidates(points, 20, 0), points))
    shares = [len(all_rows[query] & in_cells[query]) / 20 for query in range(len(points))]
    assert 0.85 < np.mean(shares) < 1


def pairs(near, points):
    for queries, columns in near.blocks(points):
        yield from zip(queries.tolist(), map(set, columns.tolist()), strict=True)


def test_samples_on_disk_have_the_same_neighbors(tmp_path):
    X = DIGITS[:300].astype(np.float32)
    write_vectors(tmp_path / "vectors.npy", X)
    stored = Pool(open_vectors(tmp_path / "vectors.npy")).graph(5)
    in_memory = Pool(X).graph(5)
    np.testing.assert_array_equal(stored.indices, in_memory.indices)
    np.testing.assert_array_equal(stored.distances, in_memory.distances)


def test_pools_and_label_spreading_take_this_search():
    X = DIGITS[:300]
    expected = graph_of(X, 15)
    spreading = IncrementalLabelSpreading().fit(X, [-1] * 300)
    for graph in (Pool(X).graph(15), spreading.graph_):
        np.testing.assert_array_equal(graph.indices, expected.indices)


@pytest.mark.parametrize("n_first", [30, 200])
def test_the_graph_of_a_changed_pool_is_that_of_a_new_one(n_first):
    pool = Pool(DIGITS[:n_first])
    pool.graph(15)
    pool.add_samples(DIGITS[n_first:250])
    pool.remove_samples(np.arange(5))
    expected = Pool(DIGITS[5:250]).graph(15)
    np.testing.assert_array_equal(pool.graph(15).indices, expected.indices)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"n_components": 0}, "'n_components' parameter of PrincipalKNeighborsTransformer must be"),
        ({"n_candidates": 2}, "'n_candidates' parameter .* int of at least 3. Got 2 instead"),
        ({"metric": "near"}, "'metric' parameter of PrincipalKNeighborsTransformer must be one"),
    ],
)
def test_invalid_parameters_are_refused(parameter, message):
    with pytest.raises(ValueError, match=message):
        PrincipalKNeighborsTransformer(3, **parameter).fit(DIGITS[:20])
