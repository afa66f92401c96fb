"""Strategies that plan whole batches, compared with slow references of their definitions."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import normalize
from small_pools import samples

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import BAIT, DropQuery
from skactive.strategies._drop_query import dropped_out

DIGITS, DIGIT_LABELS = (part[:150] for part in load_digits(return_X_y=True))
both_strategies = pytest.mark.parametrize("strategy", [BAIT(), DropQuery()], ids=repr)


def digits_pool(n_labeled, classes=10, form=np.asarray):
    estimator = IncrementalKNeighborsClassifier(metric="euclidean")
    pool = Pool(form(DIGITS), estimator=estimator, dtype=np.float64)
    chosen = np.random.default_rng(0).permutation(len(DIGITS))[:n_labeled]
    return pool.add_labels(chosen, DIGIT_LABELS[chosen] % classes)


# BAIT


def scaled(X):
    return X / np.sqrt((X**2).sum(axis=1).mean())


def trace_after(pool, H, ridge):
    """The function of the paper: the trace of M⁻¹ F after some candidates, by their positions."""
    posterior = dict(zip(pool.candidates.tolist(), pool.posterior(), strict=True))
    factors = {one: 1 - (p**2).sum() for one, p in posterior.items()}
    parts = {one: factors[one] * np.outer(H[one], H[one]) for one in factors}
    fisher = sum(parts.values()) / len(parts)
    start = ridge * np.eye(H.shape[1])
    for one in pool.labeled:
        start += np.mean(list(factors.values())) * np.outer(H[one], H[one])

    def trace(chosen):
        information = sum((parts[one] for one in chosen), start)
        return np.trace(np.linalg.inv(information) @ fisher)

    return trace


def forward_and_backward(trace, candidates, n_instances):
    chosen, gains = [], {}
    for _ in range(min(2 * n_instances, len(candidates))):
        left = [one for one in candidates if one not in chosen]
        best = min(left, key=lambda one: trace([*chosen, one]))
        gains[best] = trace(chosen) - trace([*chosen, best])
        chosen.append(best)
    while len(chosen) > n_instances:
        least = min(chosen, key=lambda one: trace([other for other in chosen if other != one]))
        chosen.remove(least)
    return chosen, [gains[one] for one in chosen]


@pytest.mark.parametrize("n_labeled", [12, 90])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_bait_selects_forwards_and_removes_backwards(n_labeled, form):
    pool = digits_pool(n_labeled, form=form)
    trace = trace_after(pool, scaled(DIGITS), 0.1)
    gains = [trace([]) - trace([one]) for one in pool.candidates]
    np.testing.assert_allclose(BAIT().utilities(pool), gains, rtol=1e-6, atol=1e-9)
    some = pool.candidates[:14]
    for n_instances in (1, 2, 5, 14):
        expected, worth = forward_and_backward(trace, some.tolist(), n_instances)
        indices, utilities = BAIT().select(pool, n_instances, candidates=some)
        assert indices.tolist() == expected
        np.testing.assert_allclose(utilities, worth, rtol=1e-6)


@pytest.mark.parametrize("seed", [0, 7, 9])
def test_the_backward_pass_may_remove_the_first_pick(seed):
    X = np.random.default_rng(seed).normal(size=(24, 3))
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric="euclidean"), dtype=np.float64)
    pool.add_labels([0, 1, 2], ["a", "b", "c"])
    batch = Batch(pool, strategy=BAIT())
    for _ in range(3):
        batch.pick(batch.best()[0][0])
    chosen = BAIT().select(pool, 3)[0].tolist()
    trace = trace_after(pool, scaled(X), 0.1)
    expected, _ = forward_and_backward(trace, pool.candidates.tolist(), 3)
    assert chosen == expected != batch.picked.tolist()
    assert trace(chosen) < trace(batch.picked.tolist())


def test_for_two_classes_the_factor_gives_the_complete_information():
    pool, n = digits_pool(30, classes=2), 20
    H = scaled(DIGITS)

    def information(position, p):
        of_classes = np.diag(p) - np.outer(p, p)
        return np.kron(of_classes, np.outer(H[position], H[position]))

    posterior = pool.posterior()
    parts = [information(*pair) for pair in zip(pool.candidates, posterior, strict=True)]
    fisher = np.mean(parts, axis=0)
    # The mean factor of the candidates is that of these probabilities.
    spread = 1 - (posterior**2).sum(axis=1).mean()
    p = (1 + np.sqrt(1 - 2 * spread)) / 2
    start = 0.1 * np.eye(2 * H.shape[1])
    start += sum(information(one, np.array([p, 1 - p])) for one in pool.labeled)
    now = np.trace(np.linalg.inv(start) @ fisher)
    gains = [now - np.trace(np.linalg.inv(start + part) @ fisher) for part in parts[:n]]
    np.testing.assert_allclose(BAIT().utilities(pool)[:n], gains, rtol=1e-6)


def test_parameter_ridge_of_bait():
    pool = digits_pool(40)
    for ridge in (0.01, 3.0):
        trace = trace_after(pool, scaled(DIGITS), ridge)
        gains = [trace([]) - trace([one]) for one in pool.candidates]
        np.testing.assert_allclose(BAIT(ridge).utilities(pool), gains, rtol=1e-6, atol=1e-9)
    for wrong in (0, 9e-7, -1.0, np.inf, "much"):
        with pytest.raises(ValueError, match="BAIT must be a finite number of at least 1e-06"):
            BAIT(wrong).select(pool)


NORMAL = np.random.default_rng(0).normal(size=(40, 6))
HARD = {
    "constant": np.ones((40, 6)),
    "zero": np.zeros((40, 6)),
    "constant columns": np.hstack([NORMAL[:, :2], np.ones((40, 4))]),
    "equal columns": np.tile(NORMAL[:, :1], (1, 6)),
    "equal rows": np.repeat(NORMAL[:5], 8, axis=0),
    "far": NORMAL + 1e6,
    "large": NORMAL * 1e30,
    "small": NORMAL * 1e-30,
    "many scales": NORMAL * np.logspace(-30, 30, 6),
    "an outlier": np.vstack([NORMAL[:39], 1e30 * NORMAL[:1]]),
    "more features than samples": np.random.default_rng(1).normal(size=(40, 90)),
}


@pytest.mark.parametrize("ridge", [1e-6, 0.1, 1e300])
@pytest.mark.parametrize("name", HARD)
def test_bait_is_defined_and_independent_of_the_order_for_any_features(name, ridge):
    X, order = HARD[name], np.r_[0, 1, 2, 3 + np.random.default_rng(0).permutation(37)]
    # Labelled samples of other scales, outside the pool.
    for seed_set in (None, *(scale * X[[7, 9]] for scale in (1, 1e4, 1e8))):
        seeds = {} if seed_set is None else {"X_labeled": seed_set, "y_labeled": ["a", "b"]}
        chosen = []
        for X_pool in (X, X[order]):
            classifier = IncrementalKNeighborsClassifier(metric="euclidean")
            pool = ActiveLearner(classifier, BAIT(ridge), X_pool, **seeds).pool
            pool.add_labels([0, 1, 2], ["a", "b", "a"])
            chosen.append((BAIT(ridge).utilities(pool), BAIT(ridge).select(pool, 5)))
        (utilities, (indices, gains)), (of_order, (_, gains_of_order)) = chosen
        # A smaller gain is a rounding error.
        top = max(utilities.max(), 1e-9)
        assert np.isfinite(utilities).all()
        assert utilities.min() >= 0
        assert len(set(indices.tolist())) == 5
        np.testing.assert_allclose(of_order / top, utilities[order[3:] - 3] / top, atol=1e-7)
        np.testing.assert_allclose(gains_of_order / top, gains / top, atol=1e-7)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_parameter_n_components_of_bait(form):
    X = np.random.default_rng(0).normal(size=(60, 400))
    pool = Pool(form(X), estimator=IncrementalKNeighborsClassifier(), dtype=np.float64)
    pool.add_labels(range(9), list("aabbccabc"))
    whole = BAIT(n_components=None).utilities(pool)
    np.testing.assert_array_equal(BAIT(n_components=400).utilities(pool), whole)
    projected = BAIT(n_components=200).utilities(pool)
    assert 0.5 < np.corrcoef(whole, projected)[0, 1] < 1
    np.testing.assert_array_equal(BAIT(n_components=200).utilities(pool), projected)
    with pytest.raises(ValueError, match="'n_components' parameter of BAIT must be an int of at"):
        BAIT(n_components=0).select(pool)


def test_parameter_random_state_of_bait():
    pool = Pool(np.ones((30, 2)), estimator=IncrementalKNeighborsClassifier())
    pool.add_labels([0, 1], ["a", "b"])
    assert len({BAIT(random_state=seed).select(pool)[0][0] for seed in range(9)}) > 4


@given(st.sampled_from([1e-6, 1e-2, 1e3, 1e6]), st.integers(0, 99))
def test_the_scale_of_the_features_does_not_matter(scale, seed):
    X = np.random.default_rng(seed).normal(size=(20, 3))
    first, second = (
        Pool(Z, estimator=IncrementalKNeighborsClassifier(), dtype=np.float64)
        for Z in (X, X * scale)
    )
    values = [BAIT().utilities(p.add_labels([0, 1, 2], list("abc"))) for p in (first, second)]
    np.testing.assert_allclose(values[0], values[1], rtol=1e-6)


def test_features_far_from_the_origin_are_centred():
    X = np.random.default_rng(0).normal(size=(30, 3))
    X -= X.mean(axis=0)
    estimator = IncrementalKNeighborsClassifier(metric="euclidean")
    near, far = (
        Pool(Z, estimator=estimator, dtype=np.float64).add_labels([0, 1], ["a", "b"])
        for Z in (X, X + 1e6)
    )
    np.testing.assert_allclose(BAIT().utilities(near), BAIT().utilities(far), rtol=1e-3)


def test_certain_candidates_are_chosen_by_their_distance():
    X = np.array([[0.0], [1.0], [4.0], [9.0]])
    neighbor = IncrementalKNeighborsClassifier(1, metric="euclidean", smoothing=0.0)
    pool = Pool(X, estimator=neighbor).add_labels([0, 1], ["a", "b"])
    assert BAIT().select(pool, 2)[0].tolist() == [3, 2]


# DropQuery


def changes_of(pool, predict, rate, n_trials):
    """The number of changes by the definition, with the features that are dropped."""
    X, scale = pool.X[pool.candidates], 1 / np.sqrt((pool.X**2).sum(axis=1).mean())
    before = predict(X * scale)
    seeds = np.random.SeedSequence((0, pool.n_labeled)).generate_state(n_trials, np.uint64)
    return sum((predict(dropped_out(X, rate, s) * scale) != before).astype(int) for s in seeds)


def inconsistent(pool, n_trials=3):
    """The candidates whose predictions change in most trials, by their positions."""
    probe = LogisticRegression(C=10.0, max_iter=1000, tol=1e-6)
    probe.fit(scaled(pool.X)[pool.labeled], pool.labels)
    changes = changes_of(pool, probe.predict, 0.75, n_trials)
    return pool.candidates[changes > n_trials / 2]


def nearest_to_centres(points, kept, labels, n_clusters):
    """The first of the points that are nearest to the mean of each cluster."""
    chosen = []
    for one in range(n_clusters):
        own = kept[labels == one]
        distances = np.linalg.norm(points[own] - points[own].mean(axis=0), axis=1)
        chosen.append(own[distances.round(9).argmin()])
    return np.array(chosen)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("seed", range(4))
def test_drop_query_takes_one_sample_of_each_cluster_of_inconsistent_candidates(metric, seed):
    generator = np.random.default_rng(seed)
    across, *centers = np.linalg.qr(generator.normal(size=(30, 6)))[0].T
    y = generator.integers(5, size=200)
    height = generator.normal(size=200)
    X = 20 * np.array(centers)[y] + 2 * np.outer(height, across)
    X += generator.normal(size=X.shape, scale=0.2)
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier(), dtype=np.float64)
    pool.add_labels(np.arange(0, 200, 8), np.where(height[::8] > 0, "above", "below"))
    kept = inconsistent(pool)
    points = normalize(X) if metric == "cosine" else X
    # The clusters are far from each other: k-means finds them from any start.
    n_clusters = len(np.unique(y[kept]))
    labels = KMeans(n_clusters, n_init=10, random_state=0).fit_predict(points[kept])
    expected = nearest_to_centres(points, kept, labels, n_clusters)
    chosen, _ = DropQuery(n_clusters=n_clusters, metric=metric).select(pool, n_clusters)
    assert n_clusters > 2
    assert set(chosen.tolist()) == set(expected.tolist())
    assert len(kept) < pool.n_candidates


@pytest.mark.parametrize("n_clusters", [1, 3, 12])
def test_clusters_with_fewer_labels_and_larger_clusters_come_first(n_clusters):
    pool = digits_pool(30)
    kept = inconsistent(pool)
    strategy = DropQuery(n_clusters=n_clusters, metric="cosine")
    members, labels, _, n_labels = strategy._layers(pool).layer(4, n_clusters)
    assert members.tolist() == kept.tolist()
    unit = normalize(DIGITS)
    centres = np.array([unit[kept[labels == one]].mean(axis=0) for one in range(n_clusters)])
    of_labeled = np.linalg.norm(unit[pool.labeled][:, np.newaxis] - centres, axis=2).argmin(axis=1)
    counts = np.bincount(of_labeled, minlength=n_clusters)
    assert counts.tolist() == n_labels.tolist()
    order = sorted(range(n_clusters), key=lambda one: (counts[one], -(labels == one).sum()))
    expected = nearest_to_centres(unit, kept, labels, n_clusters)[order]
    assert strategy.select(pool, n_clusters)[0].tolist() == expected.tolist()


def test_a_batch_larger_than_the_number_of_clusters_has_more_of_them():
    pool = digits_pool(30)
    strategy = DropQuery(n_clusters=3)
    chosen = strategy.select(pool, 12)[0]
    layer = strategy._layers(pool).layer(4, 12)
    own = layer.labels[np.searchsorted(layer.members, chosen)]
    assert len(set(own.tolist())) > 8


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_the_order_of_the_pool_does_not_matter(form):
    for strategy in (BAIT(), BAIT(n_components=8), DropQuery(), DropQuery(n_clusters=2)):
        for dtype in (np.float32, np.float64):
            chosen = []
            for order in (np.arange(150), np.random.default_rng(1).permutation(150)):
                estimator = IncrementalKNeighborsClassifier(metric="euclidean")
                X = form(DIGITS[order].astype(np.float32))
                pool = Pool(X, estimator=estimator, dtype=dtype)
                labeled = np.argsort(order)[:20]
                pool.add_labels(labeled, DIGIT_LABELS[:20])
                chosen.append(order[strategy.select(pool, 8)[0]].tolist())
            assert chosen[0] == chosen[1]


def test_parameter_probe_of_drop_query():
    pool = digits_pool(40)
    probe = GaussianNB(var_smoothing=0.1)
    fitted = GaussianNB(var_smoothing=0.1).fit(scaled(DIGITS)[pool.labeled], pool.labels)
    found = DropQuery(probe)._changes(pool)
    assert found.tolist() == changes_of(pool, fitted.predict, 0.75, 3).tolist()
    assert not hasattr(probe, "theta_")
    for one in (IncrementalLabelSpreading(), IncrementalKNeighborsClassifier()):
        assert DropQuery(one).utilities(pool).max() > 0
    with pytest.raises(TypeError, match="'probe' parameter of DropQuery must be a classifier"):
        DropQuery("linear").select(pool)


def test_parameter_rate_of_drop_query():
    pool = digits_pool(40)
    shares = [(DropQuery(rate=rate)._changes(pool) > 1.5).mean() for rate in (0, 0.3, 0.9)]
    assert shares[0] == 0 < shares[1] < shares[2]
    with pytest.raises(ValueError, match=r"'rate' parameter of DropQuery must be .* and below 1"):
        DropQuery(rate=1).select(pool)


def test_parameter_n_trials_of_drop_query():
    pool = digits_pool(40)
    for n_trials in (1, 5):
        changes = DropQuery(n_trials=n_trials)._changes(pool)
        assert set(changes.tolist()) == set(range(n_trials + 1))
    with pytest.raises(ValueError, match="'n_trials' parameter of DropQuery must be an int"):
        DropQuery(n_trials=0).select(pool)


def test_parameter_n_clusters_of_drop_query():
    pool = digits_pool(40)
    utilities = {n: DropQuery(n_clusters=n).utilities(pool) for n in (1, 4)}
    for n_clusters, values in utilities.items():
        turns = np.floor(1 / values[values > 0] - 1)
        assert set(turns.tolist()) == set(range(n_clusters))
    with pytest.raises(ValueError, match="'n_clusters' parameter of DropQuery must be an int"):
        DropQuery(n_clusters=0).select(pool)


def test_parameter_metric_of_drop_query():
    pool = digits_pool(40)
    by_angle, by_distance = (DropQuery(metric=m).utilities(pool) for m in ("cosine", "euclidean"))
    assert not np.array_equal(by_angle, by_distance)
    np.testing.assert_array_equal(DropQuery().utilities(pool), by_distance)
    with pytest.raises(ValueError, match="'metric' parameter of DropQuery must be one of"):
        DropQuery(metric="manhattan").select(pool)


def test_parameter_random_state_of_drop_query():
    pool = digits_pool(40)
    one, other, again = (DropQuery(random_state=seed)._changes(pool) for seed in (1, 2, 1))
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(
        DropQuery()._changes(pool), DropQuery(random_state=0)._changes(pool)
    )


def test_candidates_with_fewer_changes_follow_the_inconsistent_ones():
    pool = digits_pool(60)
    strategy = DropQuery(n_trials=5)
    changes = dict(zip(pool.candidates.tolist(), strategy._changes(pool).tolist(), strict=True))
    chosen = strategy.select(pool, pool.n_candidates)[0].tolist()
    levels = [min(changes[one], 3) for one in chosen]
    assert levels == sorted(levels, reverse=True)
    assert len(set(levels)) > 2


@given(
    st.integers(0, 2**32), st.floats(0, 0.99), st.sampled_from(["spread", "duplicates", "zeros"])
)
def test_dropped_features_follow_from_the_values(seed, rate, kind):
    X = np.repeat(samples(kind, 30), 6, axis=1) * np.arange(1, 13)
    dropped = dropped_out(X, rate, np.uint64(seed))
    is_left = dropped != 0
    np.testing.assert_allclose(dropped[is_left], X[is_left] / (1 - rate))
    order = np.random.default_rng(0).permutation(30)
    np.testing.assert_array_equal(dropped_out(X[order], rate, np.uint64(seed)), dropped[order])
    sparse = dropped_out(sp.csr_matrix(X), rate, np.uint64(seed))
    np.testing.assert_array_equal(sparse.toarray(), dropped)


def test_each_feature_is_dropped_at_the_rate():
    X = np.random.default_rng(0).normal(size=(4000, 6))
    trials = [dropped_out(X, 0.75, np.uint64(seed)) == 0 for seed in range(3)]
    for dropped in trials:
        np.testing.assert_allclose(dropped.mean(axis=0), 0.75, atol=0.03)
    of_columns = np.hstack(trials).astype(float)
    apart = np.corrcoef(of_columns.T) - np.eye(18)
    assert np.abs(apart).max() < 0.08


# Both


@both_strategies
def test_without_two_classes_they_start_with_the_most_central(strategy):
    X = samples("spread", 30)
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric="euclidean"))
    first = np.linalg.norm(X - X.mean(axis=0), axis=1).argmin()
    farthest = np.linalg.norm(X - X[first], axis=1).argmax()
    assert strategy.select(pool, 2)[0].tolist() == [first, farthest]
    pool.add_labels([first], ["the only class"])
    assert strategy.select(pool)[0].tolist() == [farthest]


def test_without_given_labels_probabilities_are_used():
    class Learner:
        estimator = GaussianNB(var_smoothing=0.2).fit(DIGITS[:50], DIGIT_LABELS[:50])
        X_training = DIGITS[:50]

    X = DIGITS[50:]
    pool = Pool(X, estimator=Learner.estimator)
    unsure = entropy(pool.posterior().T)
    chosen, _ = DropQuery()(Learner(), X, 5)
    assert (unsure[chosen] > unsure.mean()).all()
    pool.add_labeled(DIGITS[:50], DIGIT_LABELS[:50])
    np.testing.assert_allclose(BAIT()(Learner(), X, 3), BAIT().select(pool, 3))


@both_strategies
def test_a_query_can_be_explained(strategy):
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), strategy, X_pool=DIGITS)
    learner.teach(np.arange(20), DIGIT_LABELS[:20])
    text = " ".join(str(learner.explain_query(learner.query()[0])).split())
    name = "information gain" if isinstance(strategy, BAIT) else "cluster's turn"
    assert f"Its {name}, " in text
