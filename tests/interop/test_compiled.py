"""What numba compiles does as numpy does, and as the definition says."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_spreading import solved
from sklearn.datasets import load_digits

from skactive._engine import coverage as coverage_module
from skactive._engine import labeled_distances as distances_module
from skactive._engine import norms as norms_module
from skactive._engine.coverage import Coverage, compiled_gains, plain_gains
from skactive._engine.few_candidates import largest_product_of_few
from skactive._engine.norms import row_norms
from skactive._engine.quantile_bins import DistributionFactor, compiled_bins, plain_bins
from skactive.measures import Diversity, Measure
from skactive.measures._uncertainty import compiled_margin, plain_margin
from skactive.neighbors import IncrementalKNeighborsClassifier, NeighborGraph
from skactive.neighbors import _classifier as classifier_module
from skactive.pool import Batch, Pool
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.semi_supervised import _spread as spreading_module
from skactive.semi_supervised._spread import Spread, compiled_push, plain_push
from skactive.strategies import UncertaintyHerding

pytest.importorskip("numba")

TOLERANCE = 1e-3

X, Y = load_digits(return_X_y=True)
X, Y = X[:120].astype(np.float32), Y[:120]
GRAPH = NeighborGraph.of(X, n_neighbors=5)


def affinity(n_nodes, share, seed):
    """Return a symmetric graph; where few edges are drawn, some nodes have none."""
    half = sp.triu(sp.random(n_nodes, n_nodes, share, random_state=seed), k=1)
    return sp.csr_matrix(half + half.T)


ANSWERS = st.lists(st.tuples(st.integers(0, 29), st.sampled_from("ab")), min_size=1, max_size=12)


@pytest.mark.parametrize("push", [plain_push, compiled_push], ids=lambda push: push.__name__)
@settings(max_examples=25)
@given(
    answers=ANSWERS,
    taken_back=st.integers(0, 12),
    alpha=st.sampled_from([0.0, 0.5, 0.97]),
    share=st.sampled_from([0.0, 0.03, 0.2, 0.9]),
    seed=st.integers(0, 99),
)
def test_either_push_solves_the_system_to_the_tolerance(
    push, answers, taken_back, alpha, share, seed
):
    graph = affinity(30, share, seed)
    spread = Spread(graph, alpha=alpha, tol=TOLERANCE)
    labels = np.zeros((30, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spreading_module, "plain_push", push)
        patch.setattr(spreading_module, "compiled_push", push)
        for amount, some in [(1.0, answers), (-1.0, answers[:taken_back])]:
            for node, name in some:
                spread.add(np.array([node]), name, amount)
                labels[node, "ab".index(name)] += amount
    exact, scale = solved(graph, labels, alpha)
    error = np.abs(spread.scores("ab") - exact).max(axis=1)
    assert (error <= TOLERANCE * scale + 1e-12).all()


@pytest.mark.parametrize("push", [plain_push, compiled_push], ids=lambda push: push.__name__)
def test_either_push_goes_on_when_nodes_join(push, monkeypatch):
    monkeypatch.setattr(spreading_module, "plain_push", push)
    monkeypatch.setattr(spreading_module, "compiled_push", push)
    graph = affinity(30, 0.2, 1)
    spread = Spread(graph[:20, :20], alpha=0.9, tol=TOLERANCE)
    spread.add(np.array([3, 7]), "a")
    spread.join(graph)
    spread.add(np.array([25]), "a")
    labels = np.zeros((30, 1))
    labels[[3, 7, 25]] = 1
    exact, scale = solved(graph, labels, 0.9)
    error = np.abs(spread.scores("a") - exact).max(axis=1)
    assert (error <= TOLERANCE * scale + 1e-12).all()


def test_with_numba_installed_the_compiled_push_is_taken(monkeypatch):
    monkeypatch.setattr(spreading_module, "plain_push", lambda *_: pytest.fail("not compiled"))
    spread = Spread(affinity(30, 0.2, 0), alpha=0.9, tol=TOLERANCE)
    spread.add(np.array([4]), "a")
    assert spread.scores("a")[4] >= 1


@pytest.mark.parametrize("gains", [plain_gains, compiled_gains], ids=lambda gains: gains.__name__)
@pytest.mark.parametrize("share", [0.0, 0.05, 0.9])
def test_either_sums_gains_as_a_dense_kernel_does(gains, share):
    rng = np.random.default_rng(0)
    kernel = affinity(40, share, 2)
    dense = kernel.toarray()
    np.fill_diagonal(dense, 1.0)
    covered, weights = rng.random(40), rng.random(40)
    rows = np.array([0, 3, 17, 39])
    expected = weights @ np.maximum(dense - covered[:, np.newaxis], 0.0)
    everyone = np.arange(40)
    assert gains(kernel, everyone, covered, weights) == pytest.approx(expected)
    assert gains(kernel, rows, covered, weights) == pytest.approx(expected[rows])


def test_with_numba_installed_gains_are_compiled(monkeypatch):
    monkeypatch.setattr(coverage_module, "plain_gains", lambda *_: pytest.fail("not compiled"))
    assert Coverage(affinity(30, 0.2, 0)).gains(np.ones(30), "all").min() >= 1


# By how much weights change, which share of them, and whose label is given or taken back.
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
def test_bounds_leave_out_nobody_with_the_largest_gain(changes, share, power, decimals, seed):
    rng = np.random.default_rng(seed)
    kernel = affinity(30, share, seed)
    coverage, is_labeled, weights = Coverage(kernel), np.zeros(30, dtype=bool), np.ones(30)
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
        herded = compiled_gains(kernel, np.arange(30), coverage.covered, weights)
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
    half_vote=st.sampled_from([None, 200]),
)
def test_bounds_choose_what_the_utilities_of_all_do(steps, uncertainty, half_coverage, half_vote):
    pool = Pool(X, graph=GRAPH)
    spreading = IncrementalLabelSpreading(5, half_vote=half_vote)
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
            places, largest = strategy._best(batch)
            assert largest == values.max()
            assert places.tolist() == np.flatnonzero(values == largest).tolist()
            batch.pick(int(batch.candidates[places[0]]))


def test_with_numba_installed_herding_goes_by_bounds(monkeypatch):
    pool = Pool(X, graph=GRAPH, estimator=IncrementalKNeighborsClassifier())
    pool.add_labels(range(30), Y[:30])
    strategy = UncertaintyHerding(n_neighbors=5)
    expected = strategy.utilities(pool).argmax()
    monkeypatch.setattr(strategy, "utilities", lambda _: pytest.fail("all were asked for"))
    assert strategy.select(pool)[0] == pool.candidates[expected]


def test_herding_by_bounds_tells_weights_that_make_no_sense():
    class Wrong(Measure):
        def utilities(self, pool):
            return np.full(pool.n_candidates, -1.0)

    with pytest.raises(ValueError, match=r"finite numbers of at least 0\. Got -1\.0"):
        UncertaintyHerding(Wrong(), n_neighbors=5).select(Pool(X, graph=GRAPH))


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@settings(max_examples=60)
@given(
    n_neighbors=st.integers(1, 6),
    # Few values, so that many samples are equally near.
    X=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=10, max_size=30),
    batches=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    seed=st.integers(0, 99),
)
def test_the_nearest_labelled_are_the_same_without_numba(metric, n_neighbors, X, batches, seed):
    rng = np.random.default_rng(seed)
    X = np.array(X, dtype=np.float32) + rng.choice([0, 1e-7, 0.3], size=(len(X), 1))
    order, labels = rng.permutation(len(X)), rng.integers(3, size=len(X))
    with pytest.MonkeyPatch.context() as patch:
        nearest = []
        for is_compiling in (True, False):
            patch.setattr(distances_module, "is_compiling", lambda it=is_compiling: it)
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


@pytest.mark.parametrize("bandwidth", [None, 0.5])
@pytest.mark.parametrize("weights", ["uniform", "distance", "gaussian"])
@pytest.mark.parametrize("smoothing", [0, 0.7])
@pytest.mark.parametrize("n_neighbors", [0, 1, 5, 12])
def test_votes_are_the_same_without_numba(weights, bandwidth, smoothing, n_neighbors, monkeypatch):
    rng = np.random.default_rng(0)
    distances = np.sort(rng.choice([0.0, 1e-160, 0.1, 0.2, 3.0, 1e38], size=(50, n_neighbors)))
    codes = rng.integers(4, size=(50, n_neighbors))
    classifier = IncrementalKNeighborsClassifier(
        weights=weights, bandwidth=bandwidth, smoothing=smoothing
    )
    voted = classifier.vote(distances, codes, 4)
    monkeypatch.setattr(classifier_module, "is_compiling", lambda: False)
    np.testing.assert_allclose(voted, classifier.vote(distances, codes, 4), atol=1e-15)


@pytest.mark.parametrize("scale", [0.0, 10.0, 1e300])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_utilities_are_cut_into_the_same_bins_without_numba(scale, dtype):
    utilities = (np.random.default_rng(0).normal(size=500) * 100).astype(dtype)
    bins, plain = compiled_bins(utilities, -50.0, scale), plain_bins(utilities, -50.0, scale)
    np.testing.assert_array_equal(bins.of, plain.of)
    for name, counted in vars(plain.histogram).items():
        np.testing.assert_array_equal(getattr(bins.histogram, name), counted)


@pytest.mark.parametrize("scale", [1e-40, 1.0, 1e37])
@pytest.mark.parametrize("n_features", [1, 7, 512])
def test_norms_are_the_same_without_numba(n_features, scale, monkeypatch):
    X = np.random.default_rng(0).normal(size=(40, n_features))
    X[3] = 0
    X = (X * scale).astype(np.float32)
    norms = row_norms(X)
    for row in (0, 17):
        assert row_norms(X[row : row + 1]) == norms[row]
    np.testing.assert_allclose(row_norms(np.asfortranarray(X)), norms, rtol=1e-14)
    monkeypatch.setattr(norms_module, "is_compiling", lambda: False)
    np.testing.assert_allclose(norms, row_norms(X), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n_classes", [3, 10])
def test_margins_are_the_same_without_numba(n_classes, order, dtype):
    rng = np.random.default_rng(0)
    posterior = rng.dirichlet(np.full(n_classes, 0.3), size=200)
    posterior[:5] = 1 / n_classes
    posterior[5:9] = np.eye(n_classes)[0]
    posterior = np.asarray(posterior, dtype=dtype, order=order)
    tolerance = 0 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(
        compiled_margin(posterior), plain_margin(posterior), rtol=0, atol=tolerance
    )
    posterior[3, 1] = np.nan
    assert np.isnan(compiled_margin(posterior)[3])


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
    """The compiled search answers for what it is made for, and leaves the rest to a sort."""
    rng = np.random.default_rng(0)
    factors = [DistributionFactor(rng.normal(size=1500)) for _ in range(3)]
    assert largest_product_of_few(factors, 1500) is not None
    assert largest_product_of_few([DistributionFactor(np.arange(3) % 1)], 3) is None
    equal = [DistributionFactor(np.repeat([0.0, 1.0], 100)) for _ in range(2)]
    assert largest_product_of_few(equal, 200) is None
