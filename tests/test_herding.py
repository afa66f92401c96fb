"""Coverage and herding, compared with sums over the whole kernel."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge
from strategies import small_integers

from skactive import ActiveLearner, Pool
from skactive.measures import Coverage, Margin
from skactive.neighbors import IncrementalKNeighborsClassifier, IncrementalKNeighborsRegressor
from skactive.pool import Batch
from skactive.strategies import CDFProduct, UncertaintyHerding

X, Y = load_digits(return_X_y=True)
X, Y = X[:300].astype(np.float32), Y[:300]


def plain_gain(pool, labeled, weights, bandwidth="median", n_neighbors=15, metric="cosine"):
    """Sum over all pairs of samples."""
    kernel = pool.graph(n_neighbors, metric).affinity(bandwidth).toarray()
    np.fill_diagonal(kernel, 1.0)
    covered = kernel[:, labeled].max(axis=1, initial=0.0)
    return weights @ np.maximum(kernel - covered[:, np.newaxis], 0.0)


@pytest.mark.parametrize("bandwidth", ["median", None, 0.5])
def test_the_gain_is_the_sum_over_all_samples(bandwidth):
    pool = Pool(X).add_labels([3, 40, 41], Y[[3, 40, 41]]).skip([7])
    weights = np.ones(300)
    weights[7] = 0
    expected = plain_gain(pool, [3, 40, 41], weights, bandwidth)[pool.candidates]
    assert Coverage(bandwidth=bandwidth).utilities(pool) == pytest.approx(expected)


STEPS = st.lists(st.tuples(st.sampled_from("lrsuwofb"), st.integers(0, 11)), max_size=14)


def take_step(pool, weights, outside, kind, place):
    possible = {
        "l": place in pool.candidates,
        "r": place in pool.labeled,
        "s": place not in pool.labeled,
    }
    steps = {
        "l": lambda: pool.add_labels([place], ["a"]),
        "r": lambda: pool.remove_labels([place]),
        "s": lambda: pool.skip([place]),
        "u": lambda: pool.unskip([place]),
        "w": lambda: weights.__setitem__(place, 0.5),
        "o": lambda: pool.add_labeled(outside[[place % 3]], ["a"]),
        "f": lambda: pool.forget(place % 4),
        "b": pool.restore_forgotten,
    }
    if possible.get(kind, True):
        steps[kind]()


@settings(max_examples=60)
@given(samples=small_integers(15), steps=STEPS)
def test_after_any_changes_the_gain_is_that_of_a_new_pool(samples, steps):
    samples, outside = samples[:12], samples[12:]
    pool = Pool(samples)
    weights = np.ones(12)
    for kind, place in steps:
        take_step(pool, weights, outside, kind, place)
        pool.coverage_gain(weights, n_neighbors=3, metric="euclidean")
    known, _ = pool.labeled_outside()
    fresh = Pool(samples, X_labeled=known, y_labeled=None if known is None else ["a"] * len(known))
    fresh.add_labels(pool.labeled, ["a"] * len(pool.labeled)).skip(pool.skipped)
    for values in (weights, None):
        now, anew = (
            one.coverage_gain(values, n_neighbors=3, metric="euclidean") for one in (pool, fresh)
        )
        assert now.tolist() == anew.tolist()


def test_a_forgotten_seed_set_covers_no_more():
    pool = Pool(X[1:], X_labeled=X[:1], y_labeled=Y[:1])
    with_seed = pool.coverage_gain()
    pool.forget(0)
    assert pool.coverage_gain().tolist() == Pool(X[1:]).coverage_gain().tolist()
    pool.restore_forgotten()
    assert pool.coverage_gain().tolist() == with_seed.tolist()


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (np.ones(5), r"weights has shape \(5,\), but the pool has 300 samples"),
        (np.full(300, -1.0), r"at least 0\. Got -1\.0 at position 0"),
        (np.full(300, np.nan), r"finite numbers of at least 0\. Got nan at position 0"),
    ],
)
def test_invalid_weights_raise(weights, sentence):
    with pytest.raises(ValueError, match=sentence):
        Pool(X).coverage_gain(weights)


@pytest.mark.parametrize("half_coverage", [None, 50, 2])
def test_a_batch_is_greedy_as_if_each_pick_were_labelled(half_coverage):
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels(range(9), Y[:9])
    uncertain = np.zeros(300)
    uncertain[pool.candidates] = Margin().utilities(pool)
    picked, expected = list(range(9)), []
    counted = np.zeros(300)
    counted[pool.candidates] = 1
    for _ in range(6):
        gain = plain_gain(pool, picked, uncertain)
        if half_coverage is not None:
            covered = plain_gain(pool, picked, counted)
            gain /= np.maximum(covered, 1e-300) ** (len(picked) / (len(picked) + half_coverage))
        gain[picked] = -1
        expected.append(int(gain.argmax()))
        picked.append(expected[-1])
    strategy = UncertaintyHerding(half_coverage=half_coverage)
    indices, utilities = strategy.select(pool, 6)
    assert indices.tolist() == expected
    assert utilities[-1] == pytest.approx(gain.max())
    if half_coverage is None:
        assert (np.diff(utilities) <= 1e-9).all()


def test_a_choice_among_some_covers_all():
    pool = Pool(X)
    allowed = np.arange(100)
    indices, _ = UncertaintyHerding().select(pool, 2, candidates=allowed)
    first = plain_gain(pool, [], np.ones(300))[:100].argmax()
    assert indices[0] == first
    assert indices[1] == plain_gain(pool, [first], np.ones(300))[:100].argmax()


def test_the_seed_set_covers_too():
    pool = Pool(X[1:], X_labeled=X[:1], y_labeled=Y[:1])
    gain = Coverage().utilities(pool)
    alone = Coverage().utilities(Pool(X[1:]))
    near = pool.graph().kneighbors(X[:1])[1][0]
    assert (gain <= alone + 1e-9).all()
    assert (gain[near] < alone[near]).all()


@pytest.mark.parametrize("uncertainty", ["margin", "entropy", "least_confidence", Margin(), None])
def test_parameter_uncertainty_of_uncertainty_herding(uncertainty):
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier(smoothing=0))
    strategy = UncertaintyHerding(uncertainty)
    assert strategy.utilities(pool) == pytest.approx(Coverage().utilities(pool))


@pytest.mark.parametrize("n_labeled", [1, 2])
def test_while_one_class_is_known_herding_covers_distant_samples(n_labeled):
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier(smoothing=0))
    pool.add_labels(range(n_labeled), ["only"] * n_labeled)
    far = np.zeros(300)
    far[pool.candidates] = pool.distance_to_labeled("cosine", "min")
    covered = pool.coverage_gain()
    expected = pool.coverage_gain(far) / covered ** (n_labeled / (n_labeled + 50))
    assert UncertaintyHerding().utilities(pool) == pytest.approx(expected)
    assert UncertaintyHerding(None).utilities(pool) == pytest.approx(covered)


@pytest.mark.parametrize("estimator", [IncrementalKNeighborsRegressor(), Ridge()])
@pytest.mark.parametrize("uncertainty", ["auto", "distance"])
def test_with_numbers_herding_covers_squared_distances(estimator, uncertainty):
    pool = Pool(X, estimator=estimator).add_labels(range(9), np.arange(9) / 2)
    far = np.zeros(300)
    far[pool.candidates] = pool.distance_to_labeled("cosine", "min") ** 2
    covered = pool.coverage_gain()
    expected = pool.coverage_gain(far) / covered ** (9 / (9 + 50))
    strategy = UncertaintyHerding(uncertainty, metric="cosine")
    assert strategy.utilities(pool) == pytest.approx(expected)
    assert list(strategy.terms(pool)) == ["coverage", "diversity"]


@pytest.mark.parametrize("n_labeled", [0, 5])
@pytest.mark.parametrize("allowed", [None, range(50, 200)])
def test_a_batch_on_numbers_is_that_of_single_queries(n_labeled, allowed):
    strategy = UncertaintyHerding(metric="cosine")
    pools = [
        Pool(X, estimator=Ridge()).add_labels(range(n_labeled), np.arange(n_labeled) / 2)
        for _ in range(2)
    ]
    batch = strategy.select(pools[0], 12, candidates=allowed)[0].tolist()
    single = []
    for number in range(12):
        rest = None if allowed is None else [one for one in allowed if one not in single]
        single += strategy.select(pools[1], candidates=rest)[0].tolist()
        pools[1].add_labels(single[-1:], [number / 2])
    assert batch == single


def test_with_numbers_and_duplicates_herding_covers():
    pool = Pool(np.ones((20, 2)), estimator=IncrementalKNeighborsRegressor())
    pool.add_labels([0], [0.5])
    assert UncertaintyHerding().utilities(pool).tolist() == pool.coverage_gain().tolist()


def test_where_all_samples_are_alike_herding_covers():
    pool = Pool(np.ones((20, 3)), estimator=IncrementalKNeighborsClassifier(smoothing=0))
    pool.add_labels([0], ["only"])
    assert UncertaintyHerding().utilities(pool).tolist() == pool.coverage_gain().tolist()


@pytest.mark.parametrize("n_labeled", [0, 1, 20])
@pytest.mark.parametrize("half_coverage", [None, 50])
def test_the_terms_multiply_to_the_utility(half_coverage, n_labeled):
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier(smoothing=0))
    pool.add_labels(range(n_labeled), Y[:n_labeled])
    strategy = UncertaintyHerding(half_coverage=half_coverage)
    terms = strategy.terms(pool)
    assert list(terms) == ["coverage", "diversity" if n_labeled == 1 else "uncertainty"]
    product = np.prod([term.factors for term in terms.values()], axis=0)
    assert product == pytest.approx(strategy.utilities(pool))
    if n_labeled != 1:
        assert terms["uncertainty"].factors.max() <= 1


@pytest.mark.parametrize("half_coverage", [1e-300, 1e-20, 1e-9])
def test_a_query_with_a_tiny_half_coverage_takes_the_largest_utility(half_coverage):
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels(range(9), Y[:9])
    strategy = UncertaintyHerding(half_coverage=half_coverage)
    (index,), (utility,) = strategy.select(pool)
    utilities = strategy.utilities(pool)
    assert utility == utilities.max() == utilities[pool.candidates == index]


def test_parameter_half_coverage_of_uncertainty_herding():
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels(range(20), Y[:20])
    covered = Coverage().utilities(pool)
    plain, half, hardly = (
        UncertaintyHerding(half_coverage=value).utilities(pool) for value in (None, 20, 1e-9)
    )
    assert half == pytest.approx(plain / np.sqrt(covered))
    assert hardly == pytest.approx(plain / covered)
    for value in (0, -1, "much"):
        sentence = "The 'half_coverage' parameter of UncertaintyHerding must be a finite number"
        with pytest.raises((TypeError, ValueError), match=sentence):
            UncertaintyHerding(half_coverage=value).select(pool)


def test_a_sample_that_adds_no_coverage_has_no_utility():
    twins = np.repeat(X[:4], 5, axis=0)
    pool = Pool(twins, estimator=IncrementalKNeighborsClassifier(1, smoothing=0))
    pool.add_labels([0, 5], ["a", "b"])
    utilities = UncertaintyHerding(half_coverage=1e-9).utilities(pool)
    assert np.isfinite(utilities).all()
    assert (utilities[np.isin(pool.candidates, range(1, 10))] == 0).all()


def test_coverage_is_a_measure_of_the_cdf_product():
    strategy = CDFProduct([("coverage", Coverage()), ("uncertainty", Margin())])
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels(range(20), Y[:20])
    indices, _ = strategy.set_params(coverage__bandwidth=0.4).select(pool, 3)
    assert len(set(indices.tolist())) == 3


@pytest.mark.parametrize("kind", ["copies", "few", "zeros", "sparse"])
def test_unusual_pools_are_queried_to_the_end(kind):
    samples = {
        "copies": np.repeat(X[:3], 200, axis=0),
        "few": X[:3],
        "zeros": np.zeros((6, 2)),
        "sparse": sp.csr_matrix(X[:40]),
    }[kind]
    learner = ActiveLearner(None, UncertaintyHerding(), samples)
    for _ in range(min(5, learner.pool.n_samples)):
        learner.teach(learner.query(), ["a"])
    assert len(learner.labeled) == min(5, learner.pool.n_samples)
    if kind == "copies":
        assert set((learner.labeled[:3] // 200).tolist()) == {0, 1, 2}


def test_a_picked_sample_leaves_the_pool_as_it_was():
    pool = Pool(X)
    before = pool.coverage_gain()
    batch = Batch(pool).pick(5)
    assert batch.coverage_gain().shape == (299,)
    assert pool.coverage_gain().tolist() == before.tolist()


def test_an_unknown_uncertainty_raises():
    sentence = r"The 'uncertainty' parameter of UncertaintyHerding must be one of \['auto'"
    with pytest.raises(ValueError, match=sentence):
        UncertaintyHerding("doubt").select(Pool(X))


def test_parameter_n_neighbors_of_uncertainty_herding():
    pool = Pool(X)
    few, many = (UncertaintyHerding(n_neighbors=n).utilities(pool) for n in (3, 30))
    assert few == pytest.approx(plain_gain(pool, [], np.ones(300), n_neighbors=3))
    assert (many >= few - 1e-9).mean() > 0.9


def test_parameter_metric_of_uncertainty_herding():
    pool = Pool(X)
    far = UncertaintyHerding(metric="manhattan").utilities(pool)
    assert far == pytest.approx(plain_gain(pool, [], np.ones(300), metric="manhattan"))


@pytest.mark.parametrize("bandwidth", ["median", None, 0.2])
def test_parameter_bandwidth_of_uncertainty_herding(bandwidth):
    pool = Pool(X)
    utilities = UncertaintyHerding(bandwidth=bandwidth).utilities(pool)
    assert utilities == pytest.approx(plain_gain(pool, [], np.ones(300), bandwidth))


def test_parameter_random_state_of_uncertainty_herding():
    twins = np.repeat(X[:2], 10, axis=0)
    pool, strategy = Pool(twins), UncertaintyHerding(n_neighbors=9)
    assert strategy.select(pool)[0][0] == 0
    chosen = {int(clone(strategy).set_params(random_state=n).select(pool)[0][0]) for n in range(9)}
    assert len(chosen) > 1
