"""Distribution matching, compared with the discrepancy by its definition."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import normalize
from small_pools import labeled_pool, samples
from strategies import small_integers

from skactive import Pool
from skactive._engine import kernel_means
from skactive._engine.candidate_rank import CandidateRank
from skactive.measures import DistributionMatching, Margin
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, FeatureCache
from skactive.strategies import CDFProduct

X, Y = load_digits(return_X_y=True)
X, Y = X[:300] / 16, Y[:300]


def points(X, metric):
    """The samples between which the kernel takes distances."""
    X = np.asarray(X, dtype=float)
    return X if metric == "euclidean" else normalize(X)


def similarity(everything, n_samples, metric, bandwidth):
    """The kernel of all pairs of samples, the first of which are the pool."""
    Z = points(everything, metric)
    squares = np.square(Z[:, np.newaxis] - Z).sum(axis=2)
    squares[squares < 1e-13] = 0
    among = squares[:n_samples, :n_samples]
    different = among[among > 0]
    s = bandwidth * (np.sqrt(np.median(different)) if len(different) else 1.0)
    return np.exp(-squares / (2 * s * s))


def squared_discrepancy(kernel, labeled, n_samples):
    """The square of the MMD of some samples and the pool, by its definition."""
    pool = np.arange(n_samples)
    within = kernel[np.ix_(labeled, labeled)].mean() if len(labeled) else 0
    between = kernel[np.ix_(labeled, pool)].mean() if len(labeled) else 0
    return within - 2 * between + kernel[np.ix_(pool, pool)].mean()


def plain_decrease(view, metric="euclidean", bandwidth=0.25):
    """The decrease for each candidate, with all pairs of samples compared anew."""
    outside = view.labeled_outside()[0]
    X = view.X.toarray() if sp.issparse(view.X) else view.X
    if outside is not None:
        outside = outside.toarray() if sp.issparse(outside) else outside
    everything = X if outside is None else np.vstack([X, outside])
    n_samples = len(X)
    kernel = similarity(everything, n_samples, metric, bandwidth)
    labeled = [*view.labeled, *view.picked, *range(n_samples, len(everything))]
    before = squared_discrepancy(kernel, labeled, n_samples)
    return np.array(
        [before - squared_discrepancy(kernel, [*labeled, c], n_samples) for c in view.candidates]
    )


def on_disk(X, folder):
    """The samples as a file of float16, which a pool reads in blocks."""
    stored = np.memmap(folder / "X", np.float16, "w+", shape=X.shape)
    stored[:] = X
    return stored


@settings(max_examples=100)
@given(
    rows=small_integers(15),
    labels=st.lists(st.integers(0, 11), max_size=6, unique=True),
    picks=st.lists(st.integers(0, 11), max_size=3, unique=True),
    n_outside=st.integers(0, 3),
    metric=st.sampled_from(["euclidean", "cosine"]),
    bandwidth=st.sampled_from([0.25, 1.0, 3.5]),
)
def test_the_measure_is_the_decrease_of_the_discrepancy(
    rows, labels, picks, n_outside, metric, bandwidth
):
    pool = Pool(rows[:12], dtype=np.float64)
    if n_outside:
        pool.add_labeled(rows[12 : 12 + n_outside], ["b"] * n_outside)
    pool.add_labels(labels, ["a"] * len(labels))
    view = Batch(pool)
    for position in picks:
        if position not in labels:
            view.pick(position)
    measure = DistributionMatching(metric, bandwidth=bandwidth)
    expected = plain_decrease(view, metric, bandwidth)
    np.testing.assert_allclose(measure.utilities(view), expected, rtol=0, atol=1e-9)


STEPS = st.lists(st.tuples(st.sampled_from("lrsobf"), st.integers(0, 11)), max_size=14)


@settings(max_examples=60)
@given(rows=small_integers(15), steps=STEPS)
def test_after_any_changes_the_measure_is_that_of_a_new_pool(rows, steps):
    pool, measure = Pool(rows[:12]), DistributionMatching("euclidean")
    for kind, place in steps:
        if kind == "l" and place in pool.candidates:
            pool.add_labels([place], ["a"])
        elif kind == "r" and place in pool.labeled:
            pool.remove_labels([place])
        elif kind == "s" and place not in pool.labeled:
            pool.skip([place])
        elif kind == "o":
            pool.add_labeled(rows[[12 + place % 3]], ["a"])
        elif kind == "f":
            pool.forget(place % 4)
        elif kind == "b":
            pool.restore_forgotten()
        measure.utilities(pool)
    known, _ = pool.labeled_outside()
    fresh = Pool(
        rows[:12], X_labeled=known, y_labeled=None if known is None else ["a"] * len(known)
    )
    fresh.add_labels(pool.labeled, ["a"] * len(pool.labeled)).skip(pool.skipped)
    np.testing.assert_allclose(
        measure.utilities(pool), measure.utilities(fresh), rtol=0, atol=1e-12
    )


@settings(max_examples=40)
@given(rows=small_integers(12), order=st.permutations(range(12)), n_labeled=st.integers(0, 5))
def test_the_measure_does_not_depend_on_the_order_of_the_pool(rows, order, n_labeled):
    pool = Pool(rows).add_labels(range(n_labeled), ["a"] * n_labeled)
    permuted = Pool(rows[order])
    permuted.add_labels(np.argsort(order)[:n_labeled], ["a"] * n_labeled)
    found = np.full(12, np.nan)
    found[np.asarray(order)[permuted.candidates]] = DistributionMatching().utilities(permuted)
    expected = DistributionMatching().utilities(pool)
    np.testing.assert_allclose(found[pool.candidates], expected, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_parameter_metric_of_distribution_matching(metric, dtype):
    pool = Pool(X, dtype=dtype).add_labels([3, 40, 41], Y[[3, 40, 41]]).skip([7])
    found = DistributionMatching(metric).utilities(pool)
    atol = 1e-6 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose(found, plain_decrease(pool, metric), rtol=0, atol=atol)


@pytest.mark.parametrize("bandwidth", [0.1, 1, 20.0])
def test_parameter_bandwidth_of_distribution_matching(bandwidth):
    pool = labeled_pool(samples("spread"), 4)
    found = DistributionMatching("euclidean", bandwidth=bandwidth).utilities(pool)
    expected = plain_decrease(pool, "euclidean", bandwidth)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_sparse_samples_have_the_values_of_dense_ones(metric):
    measure = DistributionMatching(metric)
    found = []
    for features in (X, sp.csr_matrix(X)):
        pool = Pool(features, X_labeled=features[:2], y_labeled=Y[:2]).add_labels([5], Y[5:6])
        measure.utilities(pool)
        pool.add_labeled(features[2:3], Y[2:3])
        found.append(measure.utilities(Batch(pool).pick(9)))
        pool.forget(2)
        found[-1] = np.concatenate([found[-1], measure.utilities(pool)])
    np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_samples_on_disk_have_the_values_of_those_in_memory(metric, tmp_path):
    stored, found = on_disk(X, tmp_path), []
    for features in (stored, np.array(stored, dtype=np.float32)):
        pool = Pool(features).add_labels([5, 8], Y[[5, 8]])
        found.append(DistributionMatching(metric).utilities(Batch(pool).pick(9)))
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-6)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_samples_have_equal_values(metric, dtype):
    order = np.random.default_rng(0).permutation(np.tile(np.arange(100), 3))
    pool = Pool((X[order] * 1.7).astype(dtype), dtype=dtype).add_labels([3, 40, 41], list("abc"))
    batch = Batch(pool).pick(7)
    values = dict.fromkeys(range(100))
    for position, value in zip(
        batch.candidates, DistributionMatching(metric).utilities(batch), strict=True
    ):
        assert values[order[position]] in (None, value)
        values[order[position]] = value


@pytest.mark.parametrize("scale", [1e-30, 1e30, 1e100])
def test_the_unit_of_the_features_does_not_count(scale):
    expected = DistributionMatching("euclidean").utilities(Pool(X[:50]))
    found = DistributionMatching("euclidean").utilities(Pool(X[:50] * scale, dtype=np.float64))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("bandwidth", [1e-300, 1e-160, 1e160, 1e300])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_any_bandwidth_gives_finite_values(bandwidth, metric):
    pool = Pool(np.random.default_rng(0).normal(size=(20, 3))).add_labels([0, 1], ["a", "b"])
    values = DistributionMatching(metric, bandwidth=bandwidth).utilities(pool)
    assert np.isfinite(values).all()
    assert np.ptp(values) == pytest.approx(0, abs=1e-12)


def test_samples_far_from_the_origin_are_told_apart():
    expected = DistributionMatching("euclidean").utilities(Pool(X[:50]))
    found = DistributionMatching("euclidean").utilities(Pool(X[:50] + 1e6))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_one_distant_sample_leaves_the_kernel_as_it_is():
    near = np.random.default_rng(0).normal(size=(40, 3))
    expected = DistributionMatching("euclidean").utilities(Pool(near))
    found = DistributionMatching("euclidean").utilities(Pool(np.vstack([near, [[1e15] * 3]])))
    np.testing.assert_allclose(found[:40], expected, atol=0.1)
    assert found[40] == found.min()


def test_missing_values_are_refused_by_the_pool():
    with pytest.raises(ValueError, match="NaN"):
        DistributionMatching().utilities(Pool([[1.0, np.nan], [0.0, 1.0]]))


def test_of_a_large_pool_some_samples_give_the_median(monkeypatch, tmp_path):
    whole = DistributionMatching("euclidean").utilities(Pool(X))
    monkeypatch.setattr(kernel_means, "N_MEDIAN_SAMPLES", 100)
    order = np.random.default_rng(0).permutation(300)
    for metric in ("euclidean", "cosine"):
        measure = DistributionMatching(metric)
        found = measure.utilities(Pool(X))
        for features in (X[order], sp.csr_matrix(X[order]), on_disk(X[order], tmp_path)):
            permuted = measure.utilities(Pool(features))
            np.testing.assert_allclose(permuted, found[order], rtol=0, atol=1e-3)
    some = DistributionMatching("euclidean").utilities(Pool(X))
    np.testing.assert_allclose(some, whole, rtol=0.2, atol=0.01)


def test_the_discrepancy_falls_to_nothing_once_all_are_labelled():
    pool, total = Pool(X[:30], dtype=np.float64), 0.0
    kernel = similarity(X[:30], 30, "euclidean", 0.25)
    discrepancy = squared_discrepancy(kernel, [], 30)
    measure = DistributionMatching("euclidean")
    while pool.n_candidates:
        values = measure.utilities(pool)
        total += values.max()
        pool.add_labels(pool.candidates[[values.argmax()]], ["a"])
    assert total == pytest.approx(discrepancy)


def test_a_batch_has_the_shares_of_the_groups_of_a_pool():
    rng = np.random.default_rng(0)
    centers = np.repeat([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], [120, 60, 20], axis=0)
    pool = Pool(centers + rng.normal(size=(200, 2)))
    strategy = CDFProduct([("matching", DistributionMatching("euclidean"))])
    chosen, _ = strategy.select(pool, 20)
    counts = np.bincount(np.searchsorted([120, 180], chosen, side="right"), minlength=3)
    assert abs(counts - [12, 6, 2]).max() <= 1


def test_a_batch_of_a_product_follows_its_picks():
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels(range(9), Y[:9])
    strategy = CDFProduct([("matching", DistributionMatching()), ("uncertainty", Margin())])
    chosen, _ = strategy.select(pool, 4)
    fresh = Batch(Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels(range(9), Y[:9]))
    for position in chosen:
        values = strategy.utilities(fresh)
        assert position in fresh.candidates[values == values.max()]
        fresh.pick(position)


def test_the_weight_and_the_bandwidth_are_tuned_by_a_grid_search():
    iris, kinds = load_iris(return_X_y=True)
    strategy = CDFProduct([("uncertainty", Margin()), ("matching", DistributionMatching())])
    budgeted = BudgetedClassifier(LogisticRegression(max_iter=500), strategy, budget=6)
    grid = {"strategy__matching__bandwidth": [0.25, 1.0], "strategy__weights__matching": [0.5, 1]}
    search = GridSearchCV(budgeted, grid, cv=2, error_score="raise").fit(iris, kinds)
    assert set(search.best_params_) == set(grid)


def test_pools_with_equal_features_share_the_means():
    cache = FeatureCache()
    for _ in range(2):
        DistributionMatching().utilities(Pool(X, cache=cache))
    assert len(cache) == 1


def test_a_changed_pool_is_compared_anew():
    pool = Pool(X[:40]).add_labels([3, 5], Y[[3, 5]])
    measure = DistributionMatching()
    measure.utilities(pool)
    pool.add_samples(X[40:60]).remove_samples([0, 1])
    fresh = Pool(X[2:60]).add_labels([1, 3], Y[[3, 5]])
    np.testing.assert_allclose(measure.utilities(pool), measure.utilities(fresh), atol=1e-6)


def test_a_batch_with_samples_from_elsewhere_is_refused():
    batch = Batch(Pool(X[:20])).pick_outside(X[21])
    with pytest.raises(ValueError, match=r"picked outside the pool\. Hint: use Coverage"):
        DistributionMatching().utilities(batch)


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (DistributionMatching("manhattan"), r"one of \['cosine', 'euclidean'\]\. Got 'manhattan'"),
        (DistributionMatching(bandwidth=0), "'bandwidth' parameter of DistributionMatching must"),
        (DistributionMatching(bandwidth="median"), "a finite number above 0. Got 'median'"),
    ],
)
def test_other_parameters_are_refused_by_name(measure, message):
    with pytest.raises(ValueError, match=message):
        clone(measure).utilities(Pool(X[:5]))


def test_a_metric_without_products_is_not_followed():
    classifier = IncrementalKNeighborsClassifier(metric="manhattan")
    found = DistributionMatching().utilities(Pool(X[:30], estimator=classifier))
    np.testing.assert_array_equal(found, DistributionMatching("cosine").utilities(Pool(X[:30])))
    classifier.set_params(metric="euclidean")
    found = DistributionMatching().utilities(Pool(X[:30], estimator=classifier))
    np.testing.assert_array_equal(found, DistributionMatching("euclidean").utilities(Pool(X[:30])))


MORE = "It would make the labelled samples more like the whole pool than"


@pytest.mark.parametrize(
    ("n_lower", "sentence"),
    [
        (0, "No unlabelled sample would make the labelled samples less like the whole pool."),
        (2, f"{MORE} 2 of the 9 unlabelled samples only."),
        (5, f"{MORE} 5 of the 9 unlabelled samples."),
        (8, f"{MORE} any other unlabelled sample."),
    ],
)
def test_the_measure_is_put_into_words(n_lower, sentence):
    rank = CandidateRank(9, n_lower, 0)
    assert DistributionMatching().sentence(0.1, rank, ((), ())) == sentence
