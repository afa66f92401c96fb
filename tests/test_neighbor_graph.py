"""The neighbour graph: against brute force, with bad input, on disk, and in a pool."""

import inspect
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from scikit_learns_checks import each_check_of
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer
from sklearn.pipeline import make_pipeline

import skactive.base
import skactive.inspection
import skactive.integrations.dask
import skactive.learner
import skactive.model_selection
import skactive.pool
import skactive.semi_supervised
from skactive import ActiveLearner, Pool
from skactive._engine.distances import METRICS
from skactive._io.fingerprint import fingerprint as fingerprint_of
from skactive.datasets import open_vectors, write_vectors
from skactive.neighbors import BlockwiseKNeighborsTransformer, NeighborGraph
from skactive.semi_supervised import (
    IncrementalLabelSpreading,
    IncrementalLabelSpreadingRegressor,
    IncrementalMultiLabelSpreading,
)


def samples(n=60, n_features=5, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_features)).astype(dtype)


def in_units(distances, metric):
    return np.sqrt(2 * distances) if metric == "cosine" else distances


def brute(X, Y, metric):
    """Return distances by scikit-learn, in the graph's units."""
    if metric in ("jaccard", "dice", "rogerstanimoto", "russellrao", "sokalsneath", "yule"):
        X, Y = X.astype(bool), Y.astype(bool)
    return in_units(pairwise_distances(X, Y, metric=metric), metric)


@each_check_of(
    BlockwiseKNeighborsTransformer(3),
    BlockwiseKNeighborsTransformer(3, metric="euclidean", mode="connectivity"),
    BlockwiseKNeighborsTransformer(3, metric="manhattan"),
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("n_samples", [30, 1_000])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("make", [np.asarray, sp.csr_matrix])
def test_exact_is_scikit_learns_transformer(n_samples, metric, mode, make):
    X = make(samples(n_samples, dtype=np.float64))
    ours = BlockwiseKNeighborsTransformer(4, metric=metric, mode=mode).fit_transform(X)
    theirs = KNeighborsTransformer(
        n_neighbors=4, metric=metric, mode=mode, algorithm="brute"
    ).fit_transform(X)
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), atol=1e-7)


def test_it_works_in_a_pipeline():
    X = samples(80)
    y = (X[:, 0] > 0).astype(int)
    ours = make_pipeline(
        BlockwiseKNeighborsTransformer(5, metric="euclidean"),
        KNeighborsClassifier(5, metric="precomputed"),
    ).fit(X[:60], y[:60])
    theirs = KNeighborsClassifier(5).fit(X[:60], y[:60])
    np.testing.assert_array_equal(ours.predict(X[60:]), theirs.predict(X[60:]))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_cells_find_nearly_all_and_the_same_each_time(metric):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 16))[rng.integers(0, 40, 4_000)] * 3 + rng.normal(size=(4_000, 16))
    settings = {"metric": metric, "mode": "connectivity"}
    cells = BlockwiseKNeighborsTransformer(16, algorithm="clusters", **settings)
    found, again = cells.fit_transform(X), cells.fit_transform(X)
    exact = BlockwiseKNeighborsTransformer(16, algorithm="exact", **settings).fit_transform(X)
    assert 0.95 <= found.multiply(exact).nnz / exact.nnz < 1
    assert cells._cells.n_searched < len(cells._cells._centers) / 2
    assert (found != again).nnz == 0


def test_full_recall_in_cells_is_exact_for_the_rows_tried():
    X = samples(300, dtype=np.float64)
    cells = BlockwiseKNeighborsTransformer(5, algorithm="clusters", recall=1.0).fit_transform(X)
    exact = BlockwiseKNeighborsTransformer(5, algorithm="exact").fit_transform(X)
    np.testing.assert_allclose(cells.toarray(), exact.toarray(), atol=1e-12)


@pytest.mark.parametrize(
    ("metric", "X", "got"),
    [
        ("cosine", sp.csr_matrix(samples()), "metric='cosine' and sparse features with a"),
        ("manhattan", samples(), "metric='manhattan' and dense features. Hint"),
        ("cosine", samples(dtype=np.float64) * 1e20, r"features with a largest norm of .*e\+20"),
    ],
)
def test_cells_need_a_matrix_product_of_dense_features(metric, X, got):
    sentence = rf"needs a metric of \['cosine', 'euclidean'\], and dense features .* Got .*{got}"
    with pytest.raises(ValueError, match=sentence):
        BlockwiseKNeighborsTransformer(metric=metric, algorithm="clusters").fit(X)


@pytest.mark.parametrize(
    ("parameter", "match"),
    [
        ({"n_neighbors": 0}, "must be an int of at least 1"),
        ({"metric": "near"}, "'metric' parameter of BlockwiseKNeighborsTransformer must be one of"),
        ({"algorithm": "tree"}, "'algorithm' parameter of Blockwise.* must be one of"),
        ({"mode": "both"}, "'mode' parameter of Blockwise.* must be one of"),
        ({"recall": 0.0}, "'recall' parameter of Blockwise.* must be a finite number above 0"),
        ({"recall": 1.5}, r"'recall' parameter .* must be a number of at most 1. Got 1.5"),
    ],
)
def test_a_wrong_parameter_is_named(parameter, match):
    with pytest.raises(ValueError, match=match):
        BlockwiseKNeighborsTransformer(**parameter).fit(samples())


@pytest.mark.parametrize("metric", sorted(METRICS - {"haversine", "mahalanobis", "seuclidean"}))
def test_every_metric_gives_the_nearest_inside_and_outside(metric):
    X, new = np.round(samples(40), 1), np.round(samples(7, seed=1), 1)
    graph = NeighborGraph.of(X, n_neighbors=4, metric=metric)
    within = brute(X, X, metric)
    np.fill_diagonal(within, np.inf)
    np.testing.assert_allclose(graph.distances, np.sort(within)[:, :4], atol=2e-3)
    distances, indices = graph.kneighbors(new, 3)
    across = brute(new, X, metric)
    np.testing.assert_allclose(distances, np.sort(across)[:, :3], atol=2e-3)
    np.testing.assert_allclose(np.take_along_axis(across, indices, 1), distances, atol=2e-3)


def test_sparse_features_give_the_same_graph():
    X = samples()
    dense, sparse = NeighborGraph.of(X), NeighborGraph.of(sp.csr_matrix(X))
    np.testing.assert_array_equal(dense.indices, sparse.indices)
    joined = sparse.join(X[:2] + 0.01)
    np.testing.assert_array_equal(joined.indices, dense.join(X[:2] + 0.01).indices)
    assert sp.issparse(joined.X)


def test_sparse_samples_may_have_another_type_than_the_features_of_the_graph():
    X = samples().astype(np.float32)
    for new in (samples(7, seed=1).astype(np.float64), samples(7, seed=1).astype(np.int64)):
        found = NeighborGraph.of(sp.csr_matrix(X)).kneighbors(sp.csr_matrix(new))
        for dense, sparse in zip(NeighborGraph.of(X).kneighbors(new), found, strict=True):
            np.testing.assert_allclose(sparse, dense, atol=1e-3)


def test_features_are_kept_by_reference():
    X = samples()
    assert NeighborGraph.of(X).X is X


def test_joining_leaves_the_old_nodes_and_links_the_new_ones_both_ways():
    X, new = samples(), samples(3, seed=1)
    graph = NeighborGraph.of(X, n_neighbors=5)
    at_once = graph.join(new)
    one_by_one = graph.join(new[:1])
    assert (graph.n_samples, at_once.n_samples, one_by_one.n_samples) == (60, 63, 61)
    distances, indices = graph.kneighbors(new)
    np.testing.assert_array_equal(at_once.indices[60:], indices)
    np.testing.assert_allclose(at_once.distances[60:], distances)
    for bandwidth in (None, "median", 0.7):
        before, after = graph.affinity(bandwidth), at_once.affinity(bandwidth)
        assert (after != after.T).nnz == 0
        assert set(after[60].indices) == set(indices[0])
        if bandwidth != "median":
            np.testing.assert_array_equal(after[:60, :60].toarray(), before.toarray())


def test_affinities_are_those_of_their_formulas():
    X = samples(30, dtype=np.float64)
    graph = NeighborGraph.of(X, n_neighbors=8, metric="euclidean")
    d = pairwise_distances(X)
    nearest = np.argsort(d, axis=1)[:, 1:9]
    linked = np.zeros((30, 30), bool)
    np.put_along_axis(linked, nearest, True, axis=1)
    linked |= linked.T
    seventh = np.sort(d, axis=1)[:, 7]
    expected = {
        None: np.exp(-(d**2) / np.outer(seventh, seventh)),
        "median": np.exp(-(d**2) / (2 * np.median(seventh) ** 2)),
        0.9: np.exp(-(d**2) / (2 * 0.9**2)),
    }
    for bandwidth, similarities in expected.items():
        found = graph.affinity(bandwidth).toarray()
        np.testing.assert_allclose(found, np.where(linked, similarities, 0), rtol=1e-5)


@pytest.mark.parametrize("n_neighbors", [1, 4, 15])
@pytest.mark.parametrize("bandwidth", [None, "median", 0.3])
def test_an_affinity_is_the_larger_of_both_directions(n_neighbors, bandwidth):
    graph = NeighborGraph.of(samples(90), n_neighbors=n_neighbors)
    # The two distances of a pair need not be equal, and places may be empty.
    factors = np.random.default_rng(1).uniform(1, 1.01, graph.distances.shape)
    distances = np.sort(graph.distances * factors, axis=1)
    indices = graph.indices.copy()
    distances[5, -1], indices[5, -1] = np.inf, 5
    graph = NeighborGraph(indices, distances)
    squares = np.square(distances, dtype=np.float64)
    common = np.median(graph.bandwidths) if bandwidth == "median" else bandwidth
    own = graph.bandwidths if bandwidth is None else np.full(90, np.sqrt(2) * common)
    similarities = np.exp(-squares / (own[:, np.newaxis] * own[indices]))
    starts = np.arange(91) * n_neighbors
    directed = sp.csr_matrix((similarities.ravel(), indices.ravel(), starts), (90, 90))
    expected = directed.maximum(directed.T).toarray()
    found = graph.affinity(bandwidth)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-6)
    np.testing.assert_array_equal(found.indices, graph.affinity(1.0).indices)


def test_affinities_of_a_graph_share_the_positions_of_their_entries():
    graph = NeighborGraph.of(samples())
    one, other = graph.affinity(), graph.affinity("median")
    assert np.shares_memory(one.indices, other.indices)
    assert np.shares_memory(one.indptr, other.indptr)


@pytest.mark.parametrize(
    ("bandwidth", "error"), [(0, ValueError), ("mean", ValueError), ([], TypeError)]
)
def test_a_bandwidth_is_a_number_or_a_rule(bandwidth, error):
    with pytest.raises(error, match="'bandwidth' parameter of affinity must be"):
        NeighborGraph.of(samples()).affinity(bandwidth)


class Shuffled(KNeighborsTransformer):
    """A transformer with rows in any order, without some entries or the samples themselves."""

    def fit_transform(self, X, y=None):
        found = super().fit_transform(X).tolil()
        found[0] = 0
        return sp.csr_matrix(found.tocsc())


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_any_transformer_builds_the_same_graph(metric):
    X = samples(dtype=np.float64)
    theirs = KNeighborsTransformer(n_neighbors=5, metric=metric)
    graph = NeighborGraph.of(X, n_neighbors=5, metric=metric, transformer=theirs)
    ours = NeighborGraph.of(X, n_neighbors=5, metric=metric)
    np.testing.assert_array_equal(graph.indices, ours.indices)
    np.testing.assert_allclose(graph.distances, ours.distances, rtol=1e-5)


def test_rows_with_fewer_entries_are_filled_with_places_without_links():
    X = samples()
    transformer = Shuffled(n_neighbors=5, metric="euclidean")
    graph = NeighborGraph.of(X, n_neighbors=5, metric="euclidean", transformer=transformer)
    assert graph.indices[0].tolist() == [0] * 5
    assert np.isinf(graph.distances[0]).all()
    for bandwidth in (None, "median", 1.0):
        affinity = graph.affinity(bandwidth)
        assert np.isfinite(affinity.data).all()
        assert affinity.diagonal().sum() == 0


def test_another_metric_in_the_transformer_is_refused():
    with pytest.raises(ValueError, match="transformer has the metric 'euclidean', the graph 'cosi"):
        NeighborGraph.of(samples(), transformer=KNeighborsTransformer())


def is_useful(graph):
    for bandwidth in (None, "median", 0.5):
        affinity = graph.affinity(bandwidth)
        assert np.isfinite(affinity.data).all()
        assert (affinity.data > 0).all()
        assert (affinity.data <= 1).all()
        assert (affinity != affinity.T).nnz == 0
    assert (graph.bandwidths > 0).all()


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("n_samples", [1, 2, 5])
def test_fewer_samples_than_neighbours_take_all_others(metric, n_samples):
    graph = NeighborGraph.of(samples(n_samples), metric=metric)
    assert graph.indices.shape == (n_samples, n_samples - 1)
    is_useful(graph)
    assert graph.join(samples(2, seed=1)).n_samples == n_samples + 2


@pytest.mark.parametrize("algorithm", ["exact", "clusters"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_duplicates_by_the_thousand_are_linked_to_one_another(algorithm, metric):
    X = np.vstack([np.repeat(samples(1), 2_000, axis=0), samples(200, seed=1)])
    transformer = BlockwiseKNeighborsTransformer(15, metric=metric, algorithm=algorithm)
    graph = NeighborGraph.of(X, metric=metric, transformer=transformer)
    assert graph.n_neighbors == 15
    assert (graph.distances[:2_000] == 0).all()
    assert (graph.indices[:2_000] < 2_000).all()
    is_useful(graph)
    group = sp.csgraph.connected_components(graph.affinity())[1]
    assert len(set(group[:2_000])) == 1


def test_all_samples_equal_have_a_graph():
    is_useful(NeighborGraph.of(np.ones((50, 3))))


def test_zero_vectors_are_equally_far_from_all():
    X = np.vstack([np.zeros((3, 5)), samples(20)])
    graph = NeighborGraph.of(X, n_neighbors=4)
    np.testing.assert_allclose(graph.distances[:3], np.sqrt(2), rtol=1e-5)
    is_useful(graph)


def test_groups_apart_stay_apart():
    X = np.vstack([samples(20), samples(20) + 1e3])
    graph = NeighborGraph.of(X, n_neighbors=5, metric="euclidean")
    is_useful(graph)
    assert graph.affinity()[:20, 20:].nnz == 0


def test_missing_values_are_refused():
    X = samples()
    graph = NeighborGraph.of(X)
    X = X.copy()
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        NeighborGraph.of(X)
    with pytest.raises(ValueError, match="Input X_new contains NaN"):
        graph.kneighbors(X)


def test_new_samples_need_the_same_features():
    graph = NeighborGraph.of(samples())
    with pytest.raises(ValueError, match="X_new has 4 features, but the graph has 5"):
        graph.join(samples(2, 4))
    bare = NeighborGraph(graph.indices, graph.distances)
    for call in (bare.join, bare.kneighbors):
        with pytest.raises(ValueError, match="no features to compare new samples with"):
            call(samples(2))


def test_a_saved_graph_comes_back(tmp_path):
    X = samples()
    graph = NeighborGraph.of(X, metric="euclidean")
    graph.save(tmp_path / "graph.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["graph.npz"]
    loaded = NeighborGraph.load(tmp_path / "graph.npz", X)
    np.testing.assert_array_equal(loaded.indices, graph.indices)
    np.testing.assert_array_equal(loaded.distances, graph.distances)
    assert loaded.metric == "euclidean"
    with pytest.raises(ValueError, match="X has 59 samples, but the graph has 60"):
        NeighborGraph.load(tmp_path / "graph.npz", X[:59])


def stored(X, folder):
    return open_vectors(write_vectors(folder / "x.npy", X, dtype="float16"))


KINDS = {
    "float32": lambda X, _: X,
    "float64": lambda X, _: X.astype(np.float64),
    "sparse": lambda X, _: sp.csr_matrix(X),
    "list": lambda X, _: X.tolist(),
    "file": stored,
}

# Every function that takes a graph together with features.
ENTRY_POINTS = {
    "NeighborGraph": lambda graph, X: NeighborGraph(
        graph.indices, graph.distances, X=X, fingerprint=graph.fingerprint
    ),
    "Pool": lambda graph, X: Pool(X, graph=graph),
    "ActiveLearner": lambda graph, X: ActiveLearner(X_pool=X, graph=graph),
    **{
        f"{owner.__name__}.fit_graph": lambda graph, X, owner=owner: owner().fit_graph(graph, X)
        for owner in (
            IncrementalLabelSpreading,
            IncrementalLabelSpreadingRegressor,
            IncrementalMultiLabelSpreading,
        )
    },
}


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_is_accepted_for_its_own_samples_alone(kind, entry_point, tmp_path):
    def kept(X):
        return KINDS[kind](X, tmp_path)

    X, call = samples(200), ENTRY_POINTS[entry_point]
    built = NeighborGraph.of(kept(X))
    built.save(tmp_path / "graph.npz")
    loaded = NeighborGraph.load(tmp_path / "graph.npz")
    pickled = pickle.loads(pickle.dumps(built))
    assert loaded.X is None
    assert loaded.fingerprint == built.fingerprint
    with_features = NeighborGraph.load(tmp_path / "graph.npz", kept(X))
    for graph in (built, loaded, pickled, with_features):
        call(graph, kept(X))
        assert Pool(kept(X), graph=graph).graph().indices is graph.indices
    order = np.arange(200)
    order[[5, 6]] = 6, 5
    sentence = r"X has other samples than those .* or the same in another order\. Hint: pass"
    for others in (X[order], X[::-1], X + 1, X[:, :4]):
        with pytest.raises(ValueError, match=sentence):
            NeighborGraph.load(tmp_path / "graph.npz", kept(others))
        for graph in (built, loaded, pickled):
            with pytest.raises(ValueError, match=sentence):
                call(graph, kept(others))
    with pytest.raises(ValueError, match=r"X has 199 samples, but the graph has 200\. Hint: pass"):
        call(loaded, kept(X[:199]))


PACKAGES = [
    skactive.base,
    skactive.inspection,
    skactive.integrations.dask,
    skactive.learner,
    skactive.model_selection,
    skactive.pool,
    skactive.semi_supervised,
]


def test_the_entry_points_of_graphs_are_those_that_take_one():
    found = {
        f"{owner.__name__}.{name}".removesuffix(".__init__")
        for module in PACKAGES
        for owner in (getattr(module, exported) for exported in module.__all__)
        for name, function in inspect.getmembers(owner, inspect.isfunction)
        if name == "__init__" or not name.startswith("_")
        if "graph" in inspect.signature(function).parameters
    }
    # `has_graph` compares graphs, and takes no features.
    found = {name for name in found if not name.endswith(".has_graph")}
    assert found == {*ENTRY_POINTS} - {"NeighborGraph"}


@pytest.mark.parametrize("copied", [False, True])
def test_features_are_hashed_only_if_they_are_not_those_of_the_graph(copied, monkeypatch):
    X, hashed = samples(), []
    pool = Pool(X)

    def fingerprint(features, dtype):
        hashed.append(features)
        return fingerprint_of(features, dtype)

    monkeypatch.setattr("skactive.neighbors._graph.fingerprint_of", fingerprint)
    IncrementalLabelSpreading().fit_pool(pool)
    IncrementalLabelSpreading().fit(X, [-1] * len(X))
    IncrementalLabelSpreading().fit_graph(pool.graph(), X.copy() if copied else X)
    assert len(hashed) == (2 if copied else 0)


def test_a_pool_of_single_precision_accepts_a_graph_of_doubles(tmp_path):
    X = samples(dtype=np.float64)
    NeighborGraph.of(X).save(tmp_path / "graph.npz")
    for dtype in (np.float32, np.float64):
        Pool(X, graph=NeighborGraph.load(tmp_path / "graph.npz"), dtype=dtype)


def test_a_fingerprint_stays_with_a_graph_that_is_saved_again(tmp_path):
    X = samples()
    NeighborGraph.of(X).save(tmp_path / "graph.npz")
    NeighborGraph.load(tmp_path / "graph.npz").save(tmp_path / "again.npz")
    Pool(X, graph=NeighborGraph.load(tmp_path / "again.npz"))
    with pytest.raises(ValueError, match="X has other samples"):
        Pool(X[::-1], graph=NeighborGraph.load(tmp_path / "again.npz"))


def test_a_graph_of_unknown_features_is_accepted_for_any_of_its_length(tmp_path):
    graph = NeighborGraph.of(samples())
    bare = NeighborGraph(graph.indices, graph.distances)
    assert bare.fingerprint is None
    bare.save(tmp_path / "graph.npz")
    loaded = NeighborGraph.load(tmp_path / "graph.npz")
    assert loaded.fingerprint is None
    assert Pool(samples()[::-1], graph=loaded).graph().indices.tolist() == graph.indices.tolist()


def test_a_graph_of_an_earlier_version_is_refused(tmp_path):
    graph, path = NeighborGraph.of(samples()), tmp_path / "graph.npz"
    np.savez(
        path,
        format="skactive neighbour graph 1",
        indices=graph.indices,
        distances=graph.distances,
        metric="cosine",
    )
    with pytest.raises(ValueError, match=r"by an earlier version, without a fingerprint .* Hint"):
        NeighborGraph.load(path)


def test_half_a_file_and_a_foreign_one_are_refused(tmp_path):
    path = tmp_path / "graph.npz"
    NeighborGraph.of(samples()).save(path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"something else"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"graph.npz is not a complete neighbour graph. Hint"):
            NeighborGraph.load(path)
    np.savez(path, X=samples())
    with pytest.raises(ValueError, match="is not a complete neighbour graph"):
        NeighborGraph.load(path)
    np.save(path.with_suffix(".npy"), samples())
    with pytest.raises(ValueError, match="is not a complete neighbour graph"):
        NeighborGraph.load(path.with_suffix(".npy"))


def test_a_pool_uses_a_given_graph_for_fewer_neighbors_too():
    X = samples()
    graph = NeighborGraph.of(X, n_neighbors=10)
    pool = Pool(X, graph=NeighborGraph(graph.indices, graph.distances))
    assert pool.graph(10).indices is graph.indices
    np.testing.assert_array_equal(pool.graph(4).indices, NeighborGraph.of(X, n_neighbors=4).indices)
    assert pool.graph(4) is pool.graph(4)
    assert pool.graph(12).n_neighbors == 12
    assert pool.graph(10, "euclidean").metric == "euclidean"
    assert pool.graph(10).kneighbors(X[:1])[1][0, 0] == 0


def test_a_pool_refuses_the_graph_of_another_pool():
    graph = NeighborGraph.of(samples())
    with pytest.raises(ValueError, match="X has 59 samples, but the graph has 60"):
        Pool(samples()[:59], graph=graph)
    with pytest.raises(TypeError, match="'graph' parameter of Pool must be a NeighborGraph"):
        Pool(samples(), graph="graph.npz")


def test_a_pool_uses_the_transformer_and_keeps_its_graph_when_pickled():
    pool = Pool(samples())
    transformer = KNeighborsTransformer(n_neighbors=3, metric="cosine")
    graph = pool.graph(15, transformer=transformer)
    assert graph.n_neighbors == 3
    assert (
        pool.graph(15, transformer=KNeighborsTransformer(n_neighbors=3, metric="cosine")) is graph
    )
    assert pool.graph(15).n_neighbors == 15
    again = pickle.loads(pickle.dumps(pool))
    assert set(again.graphs._built) == set(pool.graphs._built)
    np.testing.assert_array_equal(again.graph(15).indices, pool.graph(15).indices)
