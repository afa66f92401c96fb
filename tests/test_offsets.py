"""Distances of samples far from the origin, and graphs of duplicates, against exact distances."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from counted_products import counted_products
from hypothesis import given, settings
from hypothesis import strategies as st

from skactive import ActiveLearner, Pool
from skactive._engine.distances import Rows, Space
from skactive._engine.distinct_rows import DistinctRows
from skactive.datasets import open_vectors
from skactive.metric_learning import _large_margin
from skactive.neighbors import (
    BlockwiseKNeighborsTransformer,
    IncrementalKNeighborsClassifier,
    NeighborGraph,
)
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import ClusterMargin, ProbCover, TypiClust, UncertaintyHerding

OFFSETS = [0.0, 1.0, 30.0, 1e3, 1e6]
METRICS = ["cosine", "euclidean", "sqeuclidean", "manhattan", "chebyshev"]


def samples(offset, n=120, n_features=4, seed=0):
    """Return samples with a spread of 1 at a distance from the origin, in float64."""
    X = np.random.default_rng(seed).normal(size=(n, n_features))
    return X + offset * np.array([1.0, -0.5, 0.3, 0.8])


def exact_distances(X, Y, metric):
    """Return distances in the units of a graph, by differences in extended precision."""
    X, Y = np.asarray(X).astype(np.longdouble), np.asarray(Y).astype(np.longdouble)
    if metric == "cosine":
        norms = [np.sqrt(np.square(Z).sum(axis=1, keepdims=True)) for Z in (X, Y)]
        X, Y = (Z / np.where(norm > 0, norm, 1) for Z, norm in zip((X, Y), norms, strict=True))
    differences = np.abs(X[:, np.newaxis] - Y[np.newaxis])
    if metric == "manhattan":
        return differences.sum(axis=2)
    if metric == "chebyshev":
        return differences.max(axis=2)
    squares = np.square(differences).sum(axis=2)
    return squares if metric == "sqeuclidean" else np.sqrt(squares)


def check_graph(graph, X, metric, rtol=1e-3):
    exact = exact_distances(X, X, metric)
    np.fill_diagonal(exact, np.inf)
    nearest = np.sort(exact, axis=1)[:, : graph.n_neighbors]
    found = np.take_along_axis(exact, graph.indices.astype(int), axis=1)
    # The neighbours are the nearest, and in their order; equal distances are exchangeable.
    scale = nearest.max()
    np.testing.assert_allclose(found.astype(float), nearest.astype(float), 1e-5, 1e-7 * scale)
    np.testing.assert_allclose(graph.distances, nearest.astype(float), rtol, 1e-6 * scale)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_graph_has_the_nearest_of_the_stored_values(metric, offset, dtype):
    X = samples(offset).astype(dtype)
    check_graph(NeighborGraph.of(X, n_neighbors=6, metric=metric), X, metric)


@settings(max_examples=40, deadline=None)
@given(
    offset=st.floats(0, 1e6),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    metric=st.sampled_from(["cosine", "euclidean"]),
    dtype=st.sampled_from([np.float64, np.float32]),
    seed=st.integers(0, 5),
    algorithm=st.sampled_from(["exact", "clusters"]),
    is_sparse=st.booleans(),
)
def test_any_offset_and_scale(offset, scale, metric, dtype, seed, algorithm, is_sparse):
    X = (samples(offset, n=80, seed=seed) * scale).astype(dtype)
    if is_sparse:
        algorithm = "exact"
    transformer = BlockwiseKNeighborsTransformer(5, metric=metric, algorithm=algorithm, recall=1.0)
    graph = NeighborGraph.of(
        sp.csr_matrix(X) if is_sparse else X,
        n_neighbors=5,
        metric=metric,
        transformer=transformer,
    )
    if algorithm == "exact":
        check_graph(graph, X, metric)
    else:
        exact = exact_distances(X, X, metric)
        np.fill_diagonal(exact, np.inf)
        nearest = np.sort(exact, axis=1)[:, :5]
        found = np.take_along_axis(exact, graph.indices.astype(int), axis=1)
        assert np.mean(found <= nearest * (1 + 1e-5)) > 0.9


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_groups_far_from_each_other_and_outliers(metric):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 4)) + 3
    X[50:100] += [1e5, 2e5, 0, 0]
    X[100:] = X[100:] * 1e-4 + [0, 0, 7e3, 1]
    X[149] = 1e9
    check_graph(NeighborGraph.of(X, n_neighbors=6, metric=metric), X, metric)
    X = X.astype(np.float32)
    check_graph(NeighborGraph.of(X, n_neighbors=6, metric=metric), X, metric)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(
    ("dtype", "offset"),
    [(np.float16, 30.0), (np.float32, 1e3), (np.float32, 1e6), (np.float64, 1e6)],
)
def test_a_pool_on_disk(tmp_path, metric, dtype, offset):
    X = samples(offset).astype(dtype)
    np.save(tmp_path / "X.npy", X)
    pool = Pool(open_vectors(tmp_path / "X.npy"))
    check_graph(pool.graph(6, metric), X, metric)
    pool.add_labels([3, 9], ["a", "b"])
    exact = exact_distances(X, X[[3, 9]], metric).min(axis=1)[pool.candidates]
    exact = np.square(exact) / 2 if metric == "cosine" else exact
    np.testing.assert_allclose(
        pool.distance_to_labeled(metric, "min"), exact.astype(float), rtol=1e-3
    )


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("convert", [np.asarray, np.ndarray.tolist])
def test_a_pool_of_float64_keeps_the_differences(metric, offset, convert):
    X = samples(offset)
    pool = Pool(convert(X))
    check_graph(pool.graph(6, metric), pool.X, metric)
    # Rounding to float32 takes at most a thousandth of the spread of a feature.
    assert np.abs(np.asarray(pool.X, dtype=np.float64) - X).max() < 2e-3
    pool.add_labels([3, 9], ["a", "b"])
    distances, places = pool.labeled_neighbors(2, metric)
    exact = exact_distances(pool.X, pool.X[[3, 9]], metric)
    exact = np.square(exact) / 2 if metric == "cosine" else exact
    np.testing.assert_allclose(distances, np.sort(exact, axis=1).astype(float), 1e-3, 1e-30)
    np.testing.assert_array_equal(places[:, 0], exact.argmin(axis=1))


def test_a_pool_stays_float32_where_this_resolves_the_features():
    X = samples(1e3)
    X[:, 0] = 0.1  # a constant loses nothing
    assert Pool(X).X.dtype == np.float32
    assert Pool(X + 1e6).X.dtype == np.float64
    assert Pool(X + 1e6, dtype=np.float32).X.dtype == np.float32
    assert Pool((X + 1e6).astype(np.float32)).X.dtype == np.float32
    assert Pool(sp.csr_matrix(X + 1e6)).X.dtype == np.float32
    seconds = np.arange(50)[:, np.newaxis] + 1_700_000_000
    assert Pool(seconds).X.dtype == np.float64


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("algorithm", ["exact", "hnsw"])
def test_the_classifier_votes_with_the_nearest(metric, algorithm):
    if algorithm == "hnsw":
        pytest.importorskip("usearch")
    X = samples(1e4, n=1_400)
    classifier = IncrementalKNeighborsClassifier(5, metric=metric, algorithm=algorithm)
    classifier.fit(X[:1_200], np.zeros(1_200, dtype=int))
    found = classifier.kneighbors(X[1_200:], return_distance=False)
    exact = exact_distances(X[1_200:], X[:1_200], metric)
    share = np.mean(
        np.take_along_axis(exact, found, axis=1) <= np.sort(exact, axis=1)[:, 4:5] * (1 + 1e-6)
    )
    assert share == 1 if algorithm == "exact" else share > 0.97


@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_a_learner_learns_as_from_centred_features(offset):
    rng, y = np.random.default_rng(0), np.repeat([0, 1, 2], 60)
    X = rng.normal(size=(180, 3)) + 4 * np.eye(3)[y]
    learner = ActiveLearner(
        IncrementalLabelSpreading(metric="euclidean"),
        UncertaintyHerding(metric="euclidean"),
        X_pool=X + offset,
    )
    for _ in range(9):
        query = learner.query()
        learner.teach(query, y[query])
    assert learner.score(X + offset, y) > 0.9


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("make", [TypiClust, ClusterMargin, ProbCover])
@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_strategies_find_the_groups(metric, make, offset):
    # Six groups, whose spread is a tenth of their distance.
    rng = np.random.default_rng(1)
    centers = np.array([[np.cos(a), np.sin(a), 0, 0] for a in np.arange(6) * np.pi / 3])
    groups = rng.permutation(np.repeat(np.arange(6), 20))
    X = centers[groups] + 0.03 * rng.normal(size=(120, 4)) + offset * np.array([0, 0, 1, 1])
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric=metric))
    pool.add_labels([0], ["a"])
    radius = 0.5 if metric == "euclidean" else (0.5 / offset) ** 2 / 4
    strategy = {
        TypiClust: lambda: TypiClust(metric, n_neighbors=5),
        ClusterMargin: lambda: ClusterMargin(6, metric=metric),
        ProbCover: lambda: ProbCover(radius, metric=metric),
    }[make]()
    chosen, _ = strategy.select(pool, 5)
    assert len(set(groups[chosen])) == 5


def test_the_margin_is_that_of_the_centred_samples():
    X = samples(0.0)
    codes = np.arange(len(X)) % 3
    near = _large_margin.mean_target_distance(X, codes, 3)
    far = _large_margin.mean_target_distance(X.astype(np.float32) + 2.0**14, codes, 3)
    assert far == pytest.approx(near, rel=0.05)


def equal_rows(n):
    return np.full((n, 3), 0.7, dtype=np.float32)


def half_zero(n):
    X = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)
    X[::2] = 0
    return X


def parallel(n):
    return np.random.default_rng(0).integers(1, 9, (n, 1)) * np.array([[1.0, 2.0, 4.0]])


@pytest.mark.parametrize("make", [equal_rows, half_zero, parallel])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("algorithm", ["exact", "clusters"])
@pytest.mark.parametrize("on_disk", [False, True])
def test_a_graph_of_duplicates(make, metric, algorithm, on_disk, tmp_path):
    if algorithm == "clusters" and metric == "manhattan":
        pytest.skip("not supported")
    X = make(90)
    if on_disk:
        X = X.astype(np.float32)
        np.save(tmp_path / "X.npy", X)
    transformer = BlockwiseKNeighborsTransformer(4, metric=metric, algorithm=algorithm)
    found = transformer.fit_transform(Pool(open_vectors(tmp_path / "X.npy")).X if on_disk else X)
    assert (found != transformer.fit(X).transform(X)).nnz == 0
    distances, columns = found.data.reshape(90, 5), found.indices.reshape(90, 5)
    exact = exact_distances(X, X, metric)
    if metric == "cosine":
        is_zero = ~X.any(axis=1)
        exact = np.where(is_zero | is_zero[:, np.newaxis], 1, np.square(exact) / 2)
    order = np.lexsort((np.broadcast_to(np.arange(90), exact.shape), exact.round(6)), axis=1)
    nearest = np.take_along_axis(exact, order[:, :5], axis=1).astype(float)
    if algorithm == "exact":
        np.testing.assert_allclose(distances, nearest, rtol=1e-5, atol=1e-7)
    if make is equal_rows:
        np.testing.assert_array_equal(columns, np.broadcast_to(np.arange(5), (90, 5)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("values", [range(-3, 4), 2.0 ** np.arange(-20, 21, 6)])
def test_different_rows_are_not_taken_for_duplicates(dtype, values):
    X = np.array(list(itertools.product(values, repeat=5)), dtype=dtype)
    for features in (X, sp.csr_matrix(X)):
        assert DistinctRows(Space("euclidean"), Rows(features)).are_all


@pytest.mark.parametrize("make", [equal_rows, half_zero])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_duplicates_are_compared_once(make, metric, monkeypatch):
    compared = counted_products(monkeypatch)
    n_compared = []
    for n in (1_000, 4_000):
        compared.clear()
        BlockwiseKNeighborsTransformer(4, metric=metric, algorithm="clusters").fit_transform(
            make(n)
        )
        n_compared.append(sum(compared))
    if make is equal_rows:
        assert n_compared[1] == n_compared[0] <= 4
    # Without duplicates it grows with n^1.5; all pairs would be 16 times as many.
    assert n_compared[1] < 12 * n_compared[0]


@settings(max_examples=25, deadline=None)
@given(
    share=st.floats(0.1, 0.9),
    offset=st.sampled_from([1e7, 1.7e9, -3e11]),
    columns=st.sampled_from([[0], [1, 3], [0, 1, 2, 3]]),
    metric=st.sampled_from(["euclidean", "manhattan", "chebyshev"]),
)
def test_a_pool_keeps_the_differences_in_a_group_far_from_the_others(
    share, offset, columns, metric
):
    X = samples(0.0)
    X[: int(share * len(X)), columns] += offset
    pool = Pool(X)
    check_graph(pool.graph(4, metric), X, metric)


@settings(max_examples=25, deadline=None)
@given(
    n_new=st.integers(2, 40),
    offset=st.sampled_from([0.0, 1e3, 1e7, 1.7e9, -3e11]),
    columns=st.sampled_from([[0], [1, 3], [0, 1, 2, 3]]),
    metric=st.sampled_from(METRICS[:4]),
)
def test_samples_added_far_from_the_others_keep_their_differences(n_new, offset, columns, metric):
    X, new = samples(0.0), samples(0.0, n_new, seed=1)
    new[:, columns] += offset
    both = np.concatenate([X, new])
    changed, fresh = Pool(X), Pool(both, dtype=np.float64)
    for pool in (changed, fresh):
        pool.add_labels([3, 9], ["a", "b"])
    changed.graph(4, metric)
    changed.distance_to_labeled(metric, "min")
    changed.add_samples(new)
    for pool in (changed, fresh):
        pool.add_labels([len(both) - 1], ["a"])
    # Far and nearly parallel rows differ by less than the rounding of float64 in the cosine.
    if metric != "cosine":
        check_graph(changed.graph(4, metric), changed.X, metric)
        assert np.abs(changed.X - both).max() < 2e-3
    np.testing.assert_allclose(
        changed.distance_to_labeled(metric, "min"),
        fresh.distance_to_labeled(metric, "min"),
        rtol=1e-3,
        atol=1e-3 if metric != "cosine" else 1e-12,
    )


@pytest.mark.parametrize(
    "X",
    [
        samples(0.0),
        samples(1e3),
        np.exp(5 * samples(0.0)),
        np.maximum(samples(0.0), 0),
        # Rounding errors of float64 are no differences.
        np.concatenate([samples(0.0), 0.7 + 1e-16 * np.arange(200).reshape(50, 4)]),
        np.random.default_rng(0).random((5000, 4)),
    ],
)
def test_features_that_float32_resolves_are_kept_as_float32(X):
    assert Pool(X).X.dtype == np.float32
