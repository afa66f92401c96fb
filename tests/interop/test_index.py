"""A graph finds the same neighbours as an exact search after any changes, except for a few."""

import copy
import pickle
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from scikit_learns_checks import each_check_of
from sklearn.base import clone

from skactive.neighbors import IncrementalKNeighborsClassifier, _neighbor_search, _parameters
from skactive.neighbors import _index as index_module
from skactive.pool import Pool

pytest.importorskip("usearch")


def clouds(n, n_features=24, seed=0):
    """Return samples around fifty centres, and the numbers of the centres."""
    rng = np.random.default_rng(seed)
    y = rng.integers(50, size=n)
    places = np.random.default_rng(0).normal(size=(50, n_features))
    return (places[y] + 0.4 * rng.normal(size=(n, n_features))).astype(np.float32), y


def pair(**parameters):
    return (
        IncrementalKNeighborsClassifier(algorithm="hnsw", **parameters),
        IncrementalKNeighborsClassifier(**parameters),
    )


def assert_same_neighbors(graph, exact, queries):
    """Assert that the same samples are found, equal ones in any order."""
    found, expected = (np.sort(one.kneighbors(queries)[1], axis=1) for one in (graph, exact))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_most_neighbours_are_found_after_additions_and_removals(metric):
    X, y = clouds(6_000)
    queries, _ = clouds(300, seed=1)
    rng = np.random.default_rng(0)
    graph, exact = pair(metric=metric)
    for one in (graph, exact):
        one.add_labeled(X[:3_000], y[:3_000])
    assert graph.index_recall(queries) >= 0.97
    for start in range(3_000, 6_000, 1_000):
        gone = rng.choice(exact.labeled_indices_, 900, replace=False)
        changed = rng.choice(np.setdiff1d(exact.labeled_indices_, gone), 50, replace=False)
        for one in (graph, exact):
            one.remove_labeled(gone)
            one.add_labeled(X[start : start + 1_000], y[start : start + 1_000])
            one.relabel(changed, np.zeros(50, dtype=int))
        assert graph.index_recall(queries) >= 0.97
        assert np.mean(graph.predict(queries) == exact.predict(queries)) >= 0.99
        found = graph.kneighbors(queries)[1]
        assert np.isin(found, exact.labeled_indices_).all()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_queries_with_full_recall_equal_an_exact_search(metric):
    X, y = clouds(2_000)
    queries, _ = clouds(100, seed=1)
    graph, exact = (one.fit(X, y) for one in pair(metric=metric, weights="gaussian"))
    distances, indices = graph.kneighbors(queries)
    expected_distances, expected = exact.kneighbors(queries)
    same = (indices == expected).all(axis=1)
    assert same.mean() > 0.9
    np.testing.assert_allclose(distances[same], expected_distances[same], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(
        graph.predict_proba(queries)[same], exact.predict_proba(queries)[same], atol=1e-3
    )
    explanation = graph.explain(queries[same])
    np.testing.assert_array_equal(explanation.indices, expected[same])


def test_a_stored_sample_is_not_its_own_neighbour():
    X, y = clouds(1_500)
    graph, exact = (one.fit(X, y) for one in pair())
    indices = graph.kneighbors()[1]
    assert not (indices == np.arange(1_500)[:, np.newaxis]).any()
    assert np.mean(indices == exact.kneighbors()[1]) > 0.95


def test_equals_go_by_class_and_then_the_younger_first():
    X, _ = clouds(1_200)
    X[1_000:1_012] = X[0]
    y = np.full(1_200, "b", dtype=object)
    y[1_006] = "a"
    graph, exact = (one.fit(X, y) for one in pair(n_neighbors=4))
    np.testing.assert_array_equal(graph.kneighbors(X[:1])[1], exact.kneighbors(X[:1])[1])


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_hundreds_of_copies_do_not_hide_other_samples(metric):
    rng = np.random.default_rng(0)
    some, queries = clouds(100)[0], clouds(200, seed=1)[0]
    X = np.tile(some, (100, 1))
    y = rng.integers(3, size=len(X))
    graph, exact = (one.fit(X, y) for one in pair(metric=metric, n_neighbors=7))
    assert graph.index_recall(queries) >= 0.99
    assert_same_neighbors(graph, exact, queries)
    twin = pickle.loads(pickle.dumps(graph))
    for step in range(4):
        gone = rng.choice(exact.labeled_indices_, 2_000, replace=False)
        if step == 1:
            # All copies of some samples, and the samples added with them.
            gone = exact.labeled_indices_[exact.labeled_indices_ % 100 < 30]
        for one in (graph, exact, twin):
            one.remove_labeled(gone)
            one.add_labeled(X[:500], y[:500])
        for one in (graph, twin):
            assert_same_neighbors(one, exact, queries)
    assert len(graph._labeled.index._graph) == len(graph._labeled.index._nodes) == 100
    assert_same_neighbors(graph, exact, None)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e15, 1e25])
def test_vectors_of_any_size_anywhere_are_found(scale, dtype):
    X, y = clouds(2_000)
    X, queries = (rows.astype(dtype) * scale + 100 * scale for rows in (X, clouds(200, seed=1)[0]))
    graph = pair(metric="euclidean")[0].fit(X[:1_500], y[:1_500])
    assert graph.index_recall(queries) >= 0.97
    graph.add_labeled(X[1_500:], y[1_500:])
    assert graph.index_recall(queries) >= 0.97


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_far", [1, 700])
@pytest.mark.parametrize("far", [1e12, -1e30])
def test_vectors_far_away_hide_none_of_the_others(far, n_far, dtype):
    X, y = clouds(1_500)
    X, queries = X.astype(dtype), clouds(200, seed=1)[0].astype(dtype)
    X[:n_far] = far
    graph, exact = (one.fit(X, y) for one in pair(metric="euclidean"))
    assert np.mean(graph.kneighbors(queries)[1] == exact.kneighbors(queries)[1]) >= 0.97


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 1.0, 1e-310, -1e38])
def test_vectors_that_are_all_the_same_are_found(value, dtype):
    X, y = np.full((1_200, 3), value, dtype=dtype), np.arange(1_200) % 3
    graph, exact = (one.fit(X, y) for one in pair(metric="euclidean"))
    np.testing.assert_array_equal(graph.kneighbors(X[:9])[1], exact.kneighbors(X[:9])[1])


def test_a_zero_vector_is_searched_exactly():
    X, y = clouds(1_200)
    X[7] = 0
    graph, exact = (one.fit(X, y) for one in pair())
    zero = np.zeros((1, X.shape[1]), dtype=np.float32)
    for answer, expected in zip(graph.kneighbors(zero), exact.kneighbors(zero), strict=True):
        np.testing.assert_array_equal(answer, expected)


def test_copies_and_pickles_go_on_with_the_graph_and_apart(monkeypatch):
    X, y = clouds(1_500)
    graph = pair()[0].fit(X, y)
    before = graph.predict_proba(X[:50])
    twins = [copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))]
    graph.remove_labeled(np.arange(400))
    for twin in twins:
        with monkeypatch.context() as patch:
            patch.setattr(index_module.NeighborIndex, "_vectors", counted := Counted())
            np.testing.assert_allclose(twin.predict_proba(X[:50]), before, atol=1e-6)
            assert counted.sizes == [50]
        twin.add_labeled(X[:10], y[:10])
        assert twin.kneighbors(X[3:4], 2)[1].tolist() in [[[3, 1503]], [[1503, 3]]]
    assert clone(graph).algorithm == "hnsw"


def test_an_index_is_never_used_for_other_features_of_the_same_shape():
    (X, y), (others, labels) = clouds(1_500), clouds(1_500, seed=1)
    queries = clouds(200, seed=2)[0]
    graph = pair()[0].fit(X, y)
    graph.predict(queries)
    expected = pair()[0].fit(others, labels).kneighbors(queries)
    for one in (pickle.loads(pickle.dumps(graph)), graph):
        one.fit(others, labels)
        assert one._labeled.index is None
        for found, right in zip(one.kneighbors(queries), expected, strict=True):
            np.testing.assert_array_equal(found, right)


def test_a_pickle_is_loaded_where_the_library_is_missing(monkeypatch):
    X, y = clouds(1_500)
    graph = pair()[0].fit(X, y)
    graph.predict(X[:1])
    pickled = pickle.dumps(graph.set_params(algorithm="auto"))
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    for module in (_neighbor_search, _parameters):
        monkeypatch.setattr(module, "is_installed", lambda: False)
    np.testing.assert_array_equal(
        pickle.loads(pickled).predict(X[:50]), pair()[1].fit(X, y).predict(X[:50])
    )


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_far_groups_stored_one_after_the_other_are_found(metric):
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(50, 128)), 100, axis=0)
    X += 0.1 * rng.normal(size=X.shape) / np.sqrt(128)
    graph = pair(metric=metric)[0].fit(X.astype(np.float32), np.repeat(np.arange(50), 100))
    assert graph.index_recall(X[::10].astype(np.float32) + np.float32(1e-3)) >= 0.97


class Counted:
    """A transformer that records the numbers of rows."""

    def __init__(self):
        self.sizes = []
        self._vectors = index_module.NeighborIndex._vectors

    def __get__(self, index, kind):
        def vectors(rows):
            self.sizes.append(len(rows))
            return self._vectors(index, rows)

        return vectors


def test_the_oldest_leave_the_graph_too():
    X, y = clouds(3_000)
    graph = IncrementalKNeighborsClassifier(algorithm="hnsw", max_labeled=1_500)
    for start in range(0, 3_000, 300):
        graph.add_labeled(X[start : start + 300], y[start : start + 300])
        graph.predict(X[:1])
    assert graph.kneighbors(X[:200])[1].min() >= 1_500


def test_auto_takes_the_graph_once_it_has_paid_for_itself(monkeypatch):
    monkeypatch.setattr(index_module, "MIN_SAMPLES_AUTO", 1_000)
    monkeypatch.setattr(index_module, "MIN_QUERIES_AUTO", 20)
    X, y = clouds(1_200)
    auto = IncrementalKNeighborsClassifier(algorithm="auto").fit(X[:900], y[:900])

    def is_built():
        return auto._labeled.index._graph is not None

    for _ in range(3):
        auto.predict(X[:10])
    assert not is_built()
    auto.add_labeled(X[900:], y[900:]).predict(X[:1])
    assert is_built()
    auto.remove_labeled(np.arange(500))
    np.testing.assert_array_equal(
        auto.predict(X[500:600]), clone(auto).fit(X[500:], y[500:]).predict(X[500:600])
    )


def test_auto_searches_exactly_where_there_is_no_graph(monkeypatch):
    X, y = clouds(60)
    for parameters, some in [({"metric": "manhattan"}, X), ({}, sp.csr_matrix(X))]:
        auto = IncrementalKNeighborsClassifier(algorithm="auto", **parameters).fit(some, y)
        assert auto.index_recall(some) == 1.0
    for module in (_neighbor_search, _parameters):
        monkeypatch.setattr(module, "is_installed", lambda: False)
    assert IncrementalKNeighborsClassifier(algorithm="auto").fit(X, y).index_recall(X) == 1.0


def test_a_pool_votes_exactly_with_any_algorithm():
    X, y = clouds(1_500)
    pools = [Pool(X, estimator=one).add_labels(range(1_200), y[:1_200]) for one in pair()]
    np.testing.assert_array_equal(pools[0].posterior(), pools[1].posterior())


@each_check_of(IncrementalKNeighborsClassifier(algorithm="auto"))
def test_scikit_learns_checks_pass_with_a_graph(estimator, check, monkeypatch):
    for name in ("MIN_SAMPLES", "MIN_SAMPLES_AUTO", "MIN_QUERIES_AUTO"):
        monkeypatch.setattr(index_module, name, 0)
    check(estimator)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"metric": "manhattan"}, r"'euclidean', without metric_params. Got metric='manhattan'"),
        ({"metric_params": {"p": 3}}, "Got metric='cosine' and metric_params={'p': 3} instead"),
        ({"algorithm": "ball_tree"}, r"one of \['auto', 'exact', 'hnsw'\]. Got 'ball_tree'"),
    ],
)
def test_parameters_that_the_graph_does_not_support_raise(parameters, message):
    X, y = clouds(20)
    with pytest.raises(ValueError, match=message):
        IncrementalKNeighborsClassifier(**{"algorithm": "hnsw", **parameters}).fit(X, y)


def test_sparse_samples_have_no_graph():
    X, y = clouds(20)
    classifier = IncrementalKNeighborsClassifier(algorithm="hnsw").fit(sp.csr_matrix(X), y)
    with pytest.raises(ValueError, match="sparse matrix, which algorithm='hnsw' does not support"):
        classifier.predict(X)


def test_a_missing_library_is_named(monkeypatch):
    for module in (_neighbor_search, _parameters):
        monkeypatch.setattr(module, "is_installed", lambda: False)
    X, y = clouds(20)
    with pytest.raises(ImportError, match=r"needs usearch.*pip install 'skactive\[index\]'"):
        IncrementalKNeighborsClassifier(algorithm="hnsw").fit(X, y)
