"""Each compiled loop gives the same results as its definition in NumPy."""

from types import ModuleType

import numba
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from plain_loops import plain_bins, plain_gains, plain_insert, plain_margins
from plain_spreading import solved
from sklearn.datasets import load_digits

from skactive._engine import float16
from skactive._engine.compiled import compiled
from skactive._engine.coverage import LabelCoverage, gains_of
from skactive._engine.few_candidates import largest_product_of_few
from skactive._engine.labeled_distances import NearestLabeled
from skactive._engine.largest_product import can_be_largest
from skactive._engine.norms import row_norms
from skactive._engine.quantile_bins import N_BINS, DistributionFactor, Limits, binned
from skactive.measures import Diversity, Measure
from skactive.measures._uncertainty import margin
from skactive.neighbors import IncrementalKNeighborsClassifier, NeighborGraph
from skactive.neighbors._votes import smoothed_probabilities
from skactive.pool import Batch, Pool
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.semi_supervised._spread import Spread
from skactive.strategies import UncertaintyHerding

TOLERANCE = 1e-3

X, Y = load_digits(return_X_y=True)
X, Y = X[:120].astype(np.float32), Y[:120]
GRAPH = NeighborGraph.of(X, n_neighbors=5)


def affinity(n_nodes, share, seed):
    """Return a symmetric graph; with few edges, some nodes have none."""
    half = sp.triu(sp.random(n_nodes, n_nodes, share, random_state=seed), k=1)
    return sp.csr_matrix(half + half.T)


ANSWERS = st.lists(st.tuples(st.integers(0, 29), st.sampled_from("ab")), min_size=1, max_size=12)


@settings(max_examples=25)
@given(
    answers=ANSWERS,
    taken_back=st.integers(0, 12),
    alpha=st.sampled_from([0.0, 0.5, 0.97]),
    share=st.sampled_from([0.0, 0.03, 0.2, 0.9]),
    seed=st.integers(0, 99),
)
def test_a_spread_solves_the_system_to_the_tolerance(answers, taken_back, alpha, share, seed):
    graph = affinity(30, share, seed)
    spread = Spread(graph, alpha=alpha, tol=TOLERANCE)
    for first in (0, taken_back):
        nodes, labels = {"a": [], "b": []}, np.zeros((30, 2))
        for node, name in answers[first:]:
            nodes[name].append(node)
            labels[node, "ab".index(name)] += 1
        for name in "ab":
            spread.assign(name, np.array(nodes[name], dtype=int))
    exact, scale = solved(graph, labels, alpha)
    error = np.abs(spread.scores("ab") - exact).max(axis=1)
    assert (error <= TOLERANCE * scale + 1e-12).all()


def test_a_spread_goes_on_when_nodes_join():
    graph = affinity(30, 0.2, 1)
    spread = Spread(graph[:20, :20], alpha=0.9, tol=TOLERANCE)
    spread.assign("a", np.array([3, 7]))
    spread.join(graph)
    spread.assign("a", np.array([3, 7, 25]))
    labels = np.zeros((30, 1))
    labels[[3, 7, 25]] = 1
    exact, scale = solved(graph, labels, 0.9)
    error = np.abs(spread.scores("a") - exact).max(axis=1)
    assert (error <= TOLERANCE * scale + 1e-12).all()


@given(
    share=st.sampled_from([0.0, 0.05, 0.9]),
    rows=st.lists(st.integers(0, 39), unique=True, max_size=40),
    seed=st.integers(0, 99),
)
def test_gains_are_those_of_a_dense_kernel(share, rows, seed):
    rng = np.random.default_rng(seed)
    kernel, rows = affinity(40, share, seed), np.array(rows, dtype=np.intp)
    dense = kernel.toarray()
    np.fill_diagonal(dense, 1.0)
    covered, weights = rng.random((2, 40))
    expected = plain_gains(dense, rows, covered, weights)
    np.testing.assert_allclose(gains_of(kernel, rows, covered, weights), expected)


# The size and share of changed weights, and the label that is added or removed.
CHANGES = st.lists(
    st.tuples(
        st.sampled_from([1e-3, 0.04, 0.1, 1.0, 1e6]),
        st.sampled_from([0.0, 0.06, 1.0]),
        st.none() | st.integers(0, 29),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=300)
@given(
    changes=CHANGES,
    share=st.sampled_from([0.0, 0.05, 0.3]),
    power=st.sampled_from([0.0, 0.3, 0.9, 1 - 1e-9]),
    decimals=st.sampled_from([0, 2, 15]),
    seed=st.integers(0, 99),
)
def test_bounds_never_exclude_a_candidate_with_the_largest_gain(
    changes, share, power, decimals, seed
):
    rng = np.random.default_rng(seed)
    kernel = affinity(30, share, seed)
    coverage, is_labeled, weights = LabelCoverage(kernel), np.zeros(30, dtype=bool), np.ones(30)
    for scale, moving, sample in changes:
        if sample is not None:
            is_labeled[sample] ^= True
            coverage.set_labeled(is_labeled)
        if rng.random() < 0.1:
            coverage = coverage.copy()
        moved = weights + scale * rng.normal(size=30) * (rng.random(30) < moving)
        weights = np.maximum(moved, 0).round(decimals)
        rows = np.flatnonzero(rng.random(30) < 0.9)
        gains = coverage.gains(np.ones(30), "all")
        herded = gains_of(kernel, np.arange(30), coverage.covered, weights)
        divisors = gains**power
        places, largest = coverage.largest(weights, gains, power, rows)
        expected = np.divide(herded, divisors, out=np.zeros(30), where=divisors > 0)[rows]
        assert largest == expected.max(initial=-1.0)
        assert places.tolist() == np.flatnonzero(expected == largest).tolist()


@settings(max_examples=30)
@given(
    steps=st.lists(st.tuples(st.sampled_from("llllrs"), st.integers(0, 119)), max_size=20),
    uncertainty=st.sampled_from(["margin", "entropy", Diversity("euclidean")]),
    half_coverage=st.sampled_from([None, 2, 50]),
)
def test_bounds_select_the_same_samples_as_the_utilities_of_all(steps, uncertainty, half_coverage):
    pool = Pool(X, graph=GRAPH)
    spreading = IncrementalLabelSpreading(5)
    pool.estimator = spreading.fit_graph(pool.graph(5), X)
    strategy = UncertaintyHerding(uncertainty, n_neighbors=5, half_coverage=half_coverage)
    for kind, sample in steps:
        if kind == "l" and sample in pool.candidates:
            pool.add_labels([sample], Y[[sample]])
            pool.estimator.relabel([sample], Y[[sample]])
        elif kind == "r" and sample in pool.labeled:
            pool.remove_labels([sample])
            pool.estimator.remove_labeled([sample])
        elif kind == "s" and sample not in pool.labeled:
            pool.skip([sample])
        batch = Batch(pool)
        for _ in range(3):
            values = strategy.utilities(batch)
            places, largest = strategy.best(batch)
            assert largest == values.max()
            assert places.tolist() == np.flatnonzero(values == largest).tolist()
            batch.pick(int(batch.candidates[places[0]]))


def test_herding_goes_by_bounds(monkeypatch):
    pool = Pool(X, graph=GRAPH, estimator=IncrementalKNeighborsClassifier())
    pool.add_labels(range(30), Y[:30])
    strategy = UncertaintyHerding(n_neighbors=5)
    expected = strategy.utilities(pool).argmax()
    monkeypatch.setattr(strategy, "utilities", lambda _: pytest.fail("all were asked for"))
    assert strategy.select(pool)[0] == pool.candidates[expected]


def test_herding_by_bounds_rejects_invalid_weights():
    class Wrong(Measure):
        def utilities(self, pool):
            return np.full(pool.n_candidates, -1.0)

    with pytest.raises(ValueError, match=r"finite numbers of at least 0\. Got -1\.0"):
        UncertaintyHerding(Wrong(), n_neighbors=5).select(Pool(X, graph=GRAPH))


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@settings(max_examples=60)
@given(
    n_neighbors=st.integers(1, 6),
    # Few distinct values, so that many samples have equal distances.
    X=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=10, max_size=30),
    batches=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    seed=st.integers(0, 99),
)
def test_the_nearest_labelled_are_those_that_numpy_settles(metric, n_neighbors, X, batches, seed):
    rng = np.random.default_rng(seed)
    X = np.array(X, dtype=np.float32) + rng.choice([0, 1e-7, 0.3], size=(len(X), 1))
    order, labels = rng.permutation(len(X)), rng.integers(3, size=len(X))
    with pytest.MonkeyPatch.context() as patch:
        nearest = []
        for insert in (NearestLabeled._insert, plain_insert):
            patch.setattr(NearestLabeled, "_insert", insert)
            pool = Pool(X)
            start = 0
            for size in batches:
                some = order[start : start + size]
                pool.add_labels(some, labels[some]).labeled_neighbors(n_neighbors, metric)
                start += size
            nearest.append(pool.labeled_neighbors(n_neighbors, metric))
    (distances, places), (plain_distances, plain_places) = nearest
    np.testing.assert_array_equal(distances, plain_distances)
    np.testing.assert_array_equal(np.sort(places, axis=1), np.sort(plain_places, axis=1))


@given(
    weights=st.sampled_from(["uniform", "distance", "gaussian"]),
    bandwidth=st.none() | st.just(0.5),
    smoothing=st.sampled_from([0, 0.7]),
    n_neighbors=st.integers(0, 12),
    dtype=st.sampled_from([np.float64, np.float32]),
    seed=st.integers(0, 99),
)
def test_votes_are_those_of_the_shares(weights, bandwidth, smoothing, n_neighbors, dtype, seed):
    rng = np.random.default_rng(seed)
    distances = rng.choice([0.0, 1e-160, 0.1, 0.2, 3.0, 1e38], size=(50, n_neighbors))
    distances = np.sort(distances).astype(dtype)
    codes = rng.integers(4, size=(50, n_neighbors))
    classifier = IncrementalKNeighborsClassifier(
        weights=weights, bandwidth=bandwidth, smoothing=smoothing
    )
    shares, prior = classifier._shares(distances, None)
    expected = smoothed_probabilities(shares, codes, 4, prior)
    np.testing.assert_allclose(classifier.vote(distances, codes, 4), expected, atol=1e-15)


DTYPES = [np.float16, np.float32, np.float64, np.longdouble, ">f8"]


@given(
    dtype=st.sampled_from([*DTYPES, np.int64, bool]),
    scale=st.sampled_from([0.0, 10.0, 1e300]),
    size=st.integers(0, 500),
    seed=st.integers(0, 99),
)
def test_utilities_of_any_type_are_cut_into_the_same_bins(dtype, scale, size, seed):
    utilities = (np.random.default_rng(seed).normal(size=size) * 100).astype(dtype)
    bins, *counted = plain_bins(utilities, -50.0, scale, N_BINS)
    found = binned(utilities, Limits(-50.0, scale))
    np.testing.assert_array_equal(found.of, bins)
    for one, other in zip(vars(found.histogram).values(), counted, strict=True):
        np.testing.assert_array_equal(one, other)


@given(
    scale=st.sampled_from([1e-40, 1.0, 1e37]),
    n_features=st.sampled_from([1, 7, 512]),
    seed=st.integers(0, 99),
)
def test_norms_are_found_in_double_precision_from_each_row_alone(scale, n_features, seed):
    X = np.random.default_rng(seed).normal(size=(40, n_features))
    X[3] = 0
    X = (X * scale).astype(np.float32)
    norms = row_norms(X)
    np.testing.assert_allclose(norms, np.linalg.norm(X.astype(np.float64), axis=1), rtol=1e-14)
    for row in (0, 3, 17):
        assert row_norms(X[row : row + 1]) == norms[row]
    np.testing.assert_allclose(row_norms(np.asfortranarray(X)), norms, rtol=1e-14)


@given(
    dtype=st.sampled_from(DTYPES),
    order=st.sampled_from("CF"),
    n_classes=st.sampled_from([1, 2, 3, 10]),
    seed=st.integers(0, 99),
)
def test_margins_of_any_type_are_those_of_the_two_largest(dtype, order, n_classes, seed):
    posterior = np.random.default_rng(seed).dirichlet(np.full(n_classes, 0.3), size=50)
    posterior[:5] = 1 / n_classes
    posterior[5:9] = np.eye(n_classes)[0]
    posterior = np.asarray(posterior, dtype=dtype, order=order)
    np.testing.assert_array_equal(margin(posterior), plain_margins(posterior))
    posterior[3, -1] = np.nan
    assert np.isnan(margin(posterior)[3])


HALVES = arrays(np.float16, (5, 9), elements=st.floats(width=16, allow_nan=False))


@given(X=HALVES, seed=st.integers(0, 99))
@example(X=np.array([[np.nan, 0], [np.inf, 1], [6e-8, -6e-8], [-0.0, 0], [65504, 1]], "f2"), seed=0)
def test_half_precision_is_read_as_it_is_stored(X, seed):
    rng = np.random.default_rng(seed)
    bits, wide = X.view(np.uint16), X.astype(np.float64)
    norms = np.empty(len(X))
    float16.squared_norms(bits, norms)
    is_finite = np.isfinite(wide).all(axis=1)
    expected = np.where(is_finite, np.einsum("ij,ij->i", wide, wide), np.nan)
    np.testing.assert_allclose(norms, expected, rtol=1e-14)
    bits, wide = bits[is_finite], wide[is_finite]
    vectors = rng.normal(size=(2, X.shape[1])).astype(np.float32)
    products = np.empty((len(bits), 2), dtype=np.float32)
    float16.products(bits, vectors, products)
    bound = abs(wide) @ abs(vectors.T) * 1e-6
    assert (abs(products - wide @ vectors.T.astype(np.float64)) <= bound).all()
    weights = rng.normal(size=len(bits))
    np.testing.assert_allclose(
        float16.weighted_sum(bits, weights), weights @ wide, atol=1e-9 * abs(wide).sum()
    )


@given(
    n=st.integers(1, 40),
    powers=st.lists(st.sampled_from([0.3, 1.0, 2.5]), min_size=1, max_size=3),
    decimals=st.sampled_from([0, 1, 15]),
    seed=st.integers(0, 99),
)
def test_bounds_leave_out_no_candidate_with_the_largest_product(n, powers, decimals, seed):
    rng = np.random.default_rng(seed)
    factors = [DistributionFactor(rng.normal(size=n).round(decimals), power) for power in powers]
    places = can_be_largest(factors, [factor.bounds() for factor in factors], n)
    products = np.prod([factor.all() for factor in factors], axis=0)
    assert set(np.flatnonzero(products == products.max())) <= set(places)


@given(data=st.data())
def test_the_largest_product_of_few_is_that_of_all(data):
    n = data.draw(st.integers(1, 60))
    value = st.sampled_from([-1e300, -2.5, 0.0, 1e-300, 0.1, 0.25, 3.0, 1e300]) | st.floats(-9, 9)
    factors = [
        DistributionFactor(
            np.array(data.draw(st.lists(value, min_size=n, max_size=n))), data.draw(weight)
        )
        for weight in [st.sampled_from([0.0, 0.3, 1.0, 2.5, 60.0])] * data.draw(st.integers(1, 3))
    ]
    found = largest_product_of_few(factors, n)
    products = np.prod([factor.all() for factor in factors], axis=0)
    if found is not None:
        np.testing.assert_array_equal(found[0], np.flatnonzero(products == products.max()))
        assert found[1] == products.max()


def test_few_candidates_are_not_ranked_all():
    """The compiled search handles its own cases, and leaves the others to a sort."""
    rng = np.random.default_rng(0)
    factors = [DistributionFactor(rng.normal(size=1500)) for _ in range(3)]
    assert largest_product_of_few(factors, 1500) is not None
    assert largest_product_of_few([DistributionFactor(np.arange(3) % 1)], 3) is None
    equal = [DistributionFactor(np.repeat([0.0, 1.0], 100)) for _ in range(2)]
    assert largest_product_of_few(equal, 200) is None


@pytest.fixture
def loop(tmp_path, monkeypatch):
    """Return a function whose module lies in a folder of its own, the only one for its cache."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    for name in ("XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, "/dev/null/nowhere")
    source = tmp_path / "loops.py"
    source.write_text("def doubled(values):\n    return 2 * values.sum()\n", encoding="utf-8")
    module = ModuleType("loops")
    exec(compile(source.read_text(encoding="utf-8"), source, "exec"), vars(module))  # noqa: S102
    return module.doubled


def test_machine_code_is_cached_beside_the_module(loop, tmp_path):
    assert compiled(loop)(np.ones(3)) == 6
    assert list((tmp_path / "__pycache__").glob("loops.doubled*.nbi"))


def test_without_a_folder_to_write_to_loops_are_compiled_uncached(loop, tmp_path):
    # A file where the folder belongs cannot be written to, by an administrator neither.
    (tmp_path / "__pycache__").touch()
    with pytest.raises(RuntimeError, match="cannot cache function"):
        numba.njit(cache=True)(loop)
    assert compiled(loop)(np.ones(3)) == 6


def test_a_cache_folder_that_is_gone_when_it_is_needed_is_done_without(loop, tmp_path):
    run = compiled(loop)
    (tmp_path / "__pycache__").rmdir()
    (tmp_path / "__pycache__").touch()
    assert run(np.ones(3)) == run(np.ones(3)) == 6
