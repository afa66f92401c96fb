"""Strategies that use a model, compared with slow references of their definitions."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.stats import entropy
from sklearn.base import clone
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import load_digits, make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.metrics.cluster import contingency_matrix
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from small_pools import labeled_pool, samples

from skactive import ActiveLearner
from skactive._engine.committees import BaggedNeighbors
from skactive.measures import Entropy, LeastConfidence, Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool
from skactive.strategies import (
    BADGE,
    ClusterMargin,
    ExpectedErrorReduction,
    QueryByCommittee,
    _cluster_margin,
)
from skactive.strategies._badge import SpannedLogisticRegression

DIGITS, DIGIT_LABELS = (part[:150] for part in load_digits(return_X_y=True))
LOSSES = ["zero_one", "log"]


def digits_pool(n_labeled, estimator=None, dtype=np.float64):
    estimator = estimator or IncrementalKNeighborsClassifier(metric="euclidean")
    pool = Pool(DIGITS, estimator=estimator, dtype=dtype)
    chosen = np.random.default_rng(0).permutation(len(DIGITS))[:n_labeled]
    return pool.add_labels(chosen, DIGIT_LABELS[chosen])


# BADGE


def gradients_of(pool, probe):
    """The gradient embeddings, and the features scaled as in BADGE."""
    X = pool.X / np.sqrt((pool.X**2).sum(axis=1).mean())
    probe.fit(X[pool.labeled], pool.labels)
    posterior = probe.predict_proba(X[pool.candidates])
    errors = posterior - np.eye(posterior.shape[1])[posterior.argmax(axis=1)]
    with_bias = np.column_stack([X[pool.candidates], np.ones(pool.n_candidates)])
    return np.einsum("ij,ik->ijk", errors, with_bias).reshape(pool.n_candidates, -1)


@pytest.mark.parametrize("n_labeled", [12, 90])
def test_badge_picks_the_longest_gradient_and_then_the_farthest(n_labeled):
    pool = digits_pool(n_labeled)
    probe = LogisticRegression(C=10.0, max_iter=1000)
    gradients = gradients_of(pool, probe)
    squares = (gradients**2).sum(axis=1)
    expected, worth = [int(squares.argmax())], [squares.max()]
    for _ in range(5):
        distances = pairwise_distances(gradients, gradients[expected]).min(axis=1) ** 2
        expected.append(int(distances.argmax()))
        worth.append(distances.max())
    for strategy in (BADGE(), BADGE(probe)):
        indices, utilities = strategy.select(pool, 6)
        assert indices.tolist() == pool.candidates[expected].tolist()
        np.testing.assert_allclose(utilities, worth, rtol=0.02)


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_the_probe_is_the_logistic_regression_of_all_features(classes, form):
    X, y = DIGITS / 55, DIGIT_LABELS % classes
    for n_labeled in (20, 60, 100):
        model = LogisticRegression(C=10.0, max_iter=1000, tol=1e-6).fit(
            X[:n_labeled], y[:n_labeled]
        )
        probe = SpannedLogisticRegression().fit(form(X[:n_labeled]), y[:n_labeled])
        expected = model.predict_proba(X[100:])
        np.testing.assert_allclose(probe.predict_proba(form(X[100:])), expected, atol=3e-3)


def test_the_probe_of_equal_samples_has_their_shares():
    probe = SpannedLogisticRegression().fit(np.ones((4, 9)), np.array(["a", "b", "b", "b"]))
    np.testing.assert_allclose(probe.predict_proba(np.ones((1, 9))), [[0.25, 0.75]], atol=1e-3)


def test_parameter_probe_of_badge():
    pool = digits_pool(30)
    probe = GaussianNB(var_smoothing=0.1)
    gradients = gradients_of(pool, clone(probe))
    np.testing.assert_allclose(BADGE(probe).utilities(pool), (gradients**2).sum(axis=1), atol=1e-9)
    assert not hasattr(probe, "theta_")


def test_parameter_random_state_of_badge():
    pool = digits_pool(20)
    some = pool.candidates[:6]
    first = BADGE().select(pool, candidates=some)[0][0]
    batch = Batch(pool, some).pick(first)
    squares = BADGE().utilities(batch)
    strategy, n_draws = BADGE(), 2000
    drawn = [
        strategy.set_params(random_state=seed).utilities(batch).argmax() for seed in range(n_draws)
    ]
    counts = np.bincount(drawn, minlength=len(squares))
    expected = n_draws * squares / squares.sum()
    assert (np.abs(counts - expected) < 4 * np.sqrt(expected)).all()
    chosen = {tuple(BADGE(random_state=seed).select(pool, 3)[0].tolist()) for seed in range(9)}
    assert len(chosen) > 4
    assert len({indices[0] for indices in chosen}) == 1


def test_badge_goes_through_duplicates_last():
    X = np.repeat(DIGITS[:40], 50, axis=0)
    pool = Pool(X).add_labels(np.arange(0, 500, 50), DIGIT_LABELS[:10])
    for strategy in (BADGE(), BADGE(random_state=0)):
        indices, utilities = strategy.select(pool, 12)
        assert len(set((indices // 50).tolist())) == 12
        assert (utilities > 0).all()


# ClusterMargin


def round_robin(pool, clusters, n_uncertain, n_instances):
    """Select from the clusters in turn, as in the paper, one sample after the other."""
    unsure = dict(zip(pool.candidates.tolist(), Margin().utilities(pool).tolist(), strict=True))
    density = dict(zip(pool.candidates.tolist(), pool.density("cosine").tolist(), strict=True))
    turns = np.bincount(clusters[pool.labeled], minlength=clusters.max() + 1)
    by_margin = sorted(unsure, key=lambda one: (-unsure[one], -density[one]))
    chosen = []
    while len(chosen) < n_instances:
        listed, by_margin = by_margin[:n_uncertain], by_margin[n_uncertain:]
        sizes = np.bincount(clusters[[*listed, *chosen]], minlength=len(turns))
        while listed and len(chosen) < n_instances:
            best = min(
                listed, key=lambda one: (turns[clusters[one]], sizes[clusters[one]], -unsure[one])
            )
            turns[clusters[best]] += 1
            listed.remove(best)
            chosen.append(best)
    return chosen


@pytest.mark.parametrize(("n_clusters", "n_uncertain"), [(5, 10), (20, 30), (120, 7), (1, 10)])
def test_cluster_margin_takes_turns_through_the_clusters(n_clusters, n_uncertain):
    pool = digits_pool(40, GaussianNB(var_smoothing=0.3).fit(DIGITS[:90], DIGIT_LABELS[:90]))
    strategy = ClusterMargin(n_clusters, n_uncertain=n_uncertain)
    clusters = strategy.clusters(pool)
    assert len(np.unique(clusters)) == n_clusters
    expected = round_robin(pool, clusters, n_uncertain, 25)
    assert strategy.select(pool, 25)[0].tolist() == expected


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_parameter_metric_of_cluster_margin(metric):
    clusters = ClusterMargin(12, metric=metric).clusters(digits_pool(0))
    expected = AgglomerativeClustering(12, metric=metric, linkage="average").fit_predict(DIGITS)
    # The same clusters with other numbers.
    assert (np.count_nonzero(contingency_matrix(clusters, expected), axis=0) == 1).all()
    with pytest.raises(ValueError, match="'metric' parameter of ClusterMargin must be one of"):
        ClusterMargin(metric="manhattan").select(digits_pool(0))


def test_parameter_n_clusters_of_cluster_margin(monkeypatch):
    pool = digits_pool(0)
    assert len(np.unique(ClusterMargin().clusters(pool))) == 20
    assert len(np.unique(ClusterMargin(7).clusters(Pool(np.ones((20, 2)))))) == 1
    assert ClusterMargin().clusters(Pool(np.ones((1, 2)))).tolist() == [0]
    with pytest.raises(ValueError, match="'n_clusters' parameter of ClusterMargin must be an int"):
        ClusterMargin(0).select(pool)
    # A larger pool is clustered once, by some of its samples.
    monkeypatch.setattr(_cluster_margin, "N_LINKED", 100)
    X, y = make_blobs(1000, centers=5, n_features=3, cluster_std=0.3, random_state=2)
    large = Pool(X)
    clusters = ClusterMargin(5, metric="euclidean").clusters(large)
    assert np.count_nonzero(contingency_matrix(clusters, y)) == 5
    assert ClusterMargin(5, metric="euclidean").clusters(Batch(large)) is clusters


def test_parameter_n_uncertain_of_cluster_margin():
    pool = digits_pool(40)
    for n_uncertain in (1, 5):
        chosen = ClusterMargin(n_uncertain=n_uncertain).select(pool, 5)[0]
        unsure = Margin().utilities(pool)
        picked = unsure[np.searchsorted(pool.candidates, chosen)]
        assert np.sort(picked).tolist() == np.sort(unsure)[-5:].tolist()
    with pytest.raises(ValueError, match="'n_uncertain' parameter of ClusterMargin must be an int"):
        ClusterMargin(n_uncertain=0).select(pool)


def test_parameter_random_state_of_cluster_margin():
    pool = Pool(np.ones((30, 2)))
    assert len({ClusterMargin(random_state=seed).select(pool)[0][0] for seed in range(9)}) > 4


def test_cluster_margin_starts_in_the_largest_cluster():
    X = np.array([[0.0], [5.0], [5.1], [5.3], [9.0], [9.1]])
    chosen, _ = ClusterMargin(3, metric="euclidean").select(Pool(X), 3)
    assert chosen.tolist() == [3, 4, 0]


# QueryByCommittee


def test_parameter_committee_of_query_by_committee():
    members = [GaussianNB(var_smoothing=0.1), KNeighborsClassifier(1), KNeighborsClassifier(7)]
    pool = digits_pool(40)
    fitted = [clone(one).fit(pool.X[pool.labeled], pool.labels) for one in members]
    X = pool.X[pool.candidates]
    votes = np.array([one.predict(X) for one in fitted])
    expected = [
        entropy(np.unique(column, return_counts=True)[1] / 3) for column in votes.T.tolist()
    ]
    np.testing.assert_allclose(QueryByCommittee(members).utilities(pool), expected, atol=1e-12)
    assert not any(hasattr(one, "classes_") for one in members)
    with pytest.raises(ValueError, match="QueryByCommittee needs a committee of at least one"):
        QueryByCommittee([]).select(pool)


def test_parameter_disagreement_of_query_by_committee():
    members = [GaussianNB(var_smoothing=0.1), KNeighborsClassifier(3), KNeighborsClassifier(7)]
    pool = digits_pool(40)
    X = pool.X[pool.candidates]
    answers = np.array(
        [clone(one).fit(pool.X[pool.labeled], pool.labels).predict_proba(X) for one in members]
    )
    mean = answers.mean(axis=0)
    divergences = np.array([entropy(answer.T, mean.T) for answer in answers])
    for disagreement, expected in [
        ("consensus_entropy", entropy(mean.T)),
        ("kl", divergences.mean(axis=0)),
        ("max_kl", divergences.max(axis=0)),
    ]:
        found = QueryByCommittee(members, disagreement).utilities(pool)
        np.testing.assert_allclose(found, expected, atol=1e-11)
    with pytest.raises(ValueError, match="'disagreement' parameter of QueryByCommittee must be"):
        QueryByCommittee(disagreement="margin").select(pool)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("n_labeled", [3, 60])
def test_a_member_is_nearest_neighbours_on_a_bootstrap_sample(metric, n_labeled):
    pool = digits_pool(n_labeled)
    X, y = pool.labeled_samples()
    found = BaggedNeighbors(pool, 4, 3, metric, 7).probabilities(pool.candidates)
    for member, counts in enumerate(
        np.random.default_rng((7, member)).poisson(1.0, n_labeled) for member in range(4)
    ):
        distances = pairwise_distances(pool.X[pool.candidates], X, metric=metric)
        for place, order in enumerate(distances.argsort(axis=1)[:, : 4 * 3]):
            held = counts[order] if counts[order].any() else np.ones(len(order), dtype=int)
            voters = np.repeat(order, held)[:3]
            shares = [(y[voters] == label).mean() for label in pool.classes_]
            np.testing.assert_allclose(found[member, place], shares, atol=1e-12)


def test_parameter_n_neighbors_of_query_by_committee():
    pool = digits_pool(60)
    few, many = (QueryByCommittee(n_neighbors=k).utilities(pool) for k in (1, 9))
    assert not np.array_equal(few, many)
    with pytest.raises(ValueError, match="'n_neighbors' parameter of QueryByCommittee must be an"):
        QueryByCommittee(n_neighbors=0).select(pool)


def test_parameter_metric_of_query_by_committee():
    pool = digits_pool(60)
    by_angle, by_distance = (QueryByCommittee(metric=m) for m in ("cosine", "euclidean"))
    assert not np.array_equal(by_angle.utilities(pool), by_distance.utilities(pool))


def test_parameter_random_state_of_query_by_committee():
    pool = digits_pool(60)
    one, other, again = (QueryByCommittee(random_state=s).utilities(pool) for s in (1, 2, 1))
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(one, again)


def test_equals_in_vote_entropy_go_by_the_entropy_of_the_mean():
    pool = digits_pool(60)
    utilities = QueryByCommittee(metric="cosine").utilities(pool)
    equals = pool.candidates[utilities == utilities.max()]
    second = QueryByCommittee(disagreement="consensus_entropy", metric="cosine").utilities(pool)
    assert len(equals) > 1
    chosen = QueryByCommittee(metric="cosine").select(pool)[0][0]
    second = dict(zip(pool.candidates.tolist(), second.tolist(), strict=True))
    assert chosen == max(equals.tolist(), key=second.get)


# ExpectedErrorReduction


def by_refitting(pool, classifier, loss):
    """The definition: fit again for every candidate and every label, and predict all others."""
    X, y = pool.labeled_samples()
    losses = {"zero_one": lambda p: 1 - p.max(axis=1), "log": lambda p: entropy(p.T)}[loss]
    now = clone(classifier).fit(X, y)
    reductions = []
    for candidate in pool.candidates:
        others = pool.X[pool.candidates[pool.candidates != candidate]]
        chances = now.predict_proba(pool.X[[candidate]])[0]
        expected = sum(
            chance
            * losses(
                clone(classifier)
                .fit(np.vstack([X, pool.X[[candidate]]]), np.append(y, label))
                .predict_proba(others)
            ).mean()
            for label, chance in zip(now.classes_, chances, strict=True)
        )
        reductions.append(losses(now.predict_proba(pool.X[pool.candidates])).mean() - expected)
    return np.array(reductions)


NEIGHBORS = [
    {},
    {"metric": "euclidean", "weights": "uniform", "smoothing": 0.0},
    {"metric": "manhattan", "weights": "gaussian", "bandwidth": 0.5},
    {"metric": "euclidean", "weights": "gaussian", "n_neighbors": 1},
    {"metric": "euclidean", "weights": "uniform", "half_life": 3.0},
    {"metric": "cosine", "weights": lambda distances: np.exp(-distances), "n_neighbors": 3},
]


@pytest.mark.parametrize("parameters", NEIGHBORS, ids=range(len(NEIGHBORS)))
@pytest.mark.parametrize(
    ("kind", "n_labeled"), [("spread", 2), ("spread", 14), ("duplicates", 9), ("constant", 7)]
)
@pytest.mark.parametrize("loss", LOSSES)
def test_expected_error_equals_that_of_refitting(parameters, kind, n_labeled, loss):
    classifier = IncrementalKNeighborsClassifier(**parameters)
    pool = Pool(samples(kind, 18), estimator=classifier, dtype=np.float64)
    order = np.random.default_rng(3).permutation(18)[:n_labeled]
    pool.add_labels(order, list(itertools.islice(itertools.cycle("abc"), n_labeled)))
    found = ExpectedErrorReduction(loss).utilities(pool)
    np.testing.assert_allclose(found, by_refitting(pool, classifier, loss), atol=1e-9)


def test_expected_error_counts_neighbours_as_equal_only_where_they_are():
    # On a grid, a new sample is often as far away as the farthest voting one.
    X = np.stack(np.meshgrid(np.arange(6.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    classifier = IncrementalKNeighborsClassifier(3, metric="euclidean", weights="uniform")
    for seed in range(6):
        order = np.random.default_rng(seed).permutation(30)
        pool = Pool(X, estimator=classifier, dtype=np.float64)
        pool.add_labels(order[:10], list("abcabcabca"))
        expected = by_refitting(pool, classifier, "zero_one")
        np.testing.assert_allclose(ExpectedErrorReduction().utilities(pool), expected, atol=1e-9)


def test_parameter_loss_of_expected_error_reduction():
    pool = digits_pool(40)
    by_error, by_entropy = (ExpectedErrorReduction(one).utilities(pool) for one in LOSSES)
    assert 0.2 < np.corrcoef(by_error, by_entropy)[0, 1] < 0.99
    with pytest.raises(ValueError, match="'loss' parameter of ExpectedErrorReduction must be one"):
        ExpectedErrorReduction("hinge").select(pool)


def test_parameter_n_candidates_of_expected_error_reduction():
    pool = digits_pool(40)
    whole = ExpectedErrorReduction(n_candidates=None).utilities(pool)
    some = ExpectedErrorReduction(n_candidates=20).utilities(pool)
    tried = some > some.min()
    assert np.count_nonzero(tried) == 19
    np.testing.assert_allclose(some[tried], whole[tried], atol=1e-11)
    indices, _ = ExpectedErrorReduction(n_candidates=20).select(pool, 30)
    assert len(set(indices.tolist())) == 30
    # Other candidates are evaluated after the next answer.
    pool.add_labels(indices[:1], DIGIT_LABELS[indices[:1]])
    again = ExpectedErrorReduction(n_candidates=20).utilities(pool)
    assert not np.array_equal(again > again.min(), np.delete(tried, 0))
    with pytest.raises(ValueError, match="'n_candidates' parameter of ExpectedErrorReduction"):
        ExpectedErrorReduction(n_candidates=0).select(pool)


def test_parameter_n_evaluated_of_expected_error_reduction():
    pool = digits_pool(40)
    whole = ExpectedErrorReduction(n_evaluated=None).utilities(pool)
    most = ExpectedErrorReduction(n_evaluated=pool.n_candidates).utilities(pool)
    np.testing.assert_array_equal(whole, most)
    some = ExpectedErrorReduction(n_evaluated=60).utilities(pool)
    assert 0.3 < np.corrcoef(whole, some)[0, 1] < 1
    with pytest.raises(ValueError, match="'n_evaluated' parameter of ExpectedErrorReduction"):
        ExpectedErrorReduction(n_evaluated=0).select(pool)


def test_parameter_random_state_of_expected_error_reduction():
    pool = digits_pool(40)
    one, other, again = (
        ExpectedErrorReduction(n_candidates=9, random_state=seed).utilities(pool)
        for seed in (1, 2, 1)
    )
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(one, again)


def test_parameter_estimator_of_expected_error_reduction():
    labeled = np.arange(20)
    for estimator in (GaussianNB(var_smoothing=0.2), KNeighborsClassifier(3)):
        for loss in LOSSES:
            pool = Pool(DIGITS[:28], dtype=np.float64).add_labels(labeled, DIGIT_LABELS[labeled])
            found = ExpectedErrorReduction(loss, estimator=estimator).utilities(pool)
            np.testing.assert_allclose(found, by_refitting(pool, estimator, loss), atol=1e-9)
        assert not hasattr(estimator, "classes_")
    # A vote without a prior is scikit-learn's.
    neighbors = IncrementalKNeighborsClassifier(
        3, metric="euclidean", weights="uniform", smoothing=0.0
    )
    same = ExpectedErrorReduction(loss, estimator=neighbors).utilities(pool)
    np.testing.assert_allclose(same, found, atol=1e-9)
    # Nearest neighbours replace a classifier that would have to be refitted repeatedly.
    default = ExpectedErrorReduction(estimator=IncrementalKNeighborsClassifier()).utilities(pool)
    for other in (None, GaussianNB().fit(DIGITS[labeled], DIGIT_LABELS[labeled])):
        pool = Pool(DIGITS[:28], estimator=other, dtype=np.float64)
        pool.add_labels(labeled, DIGIT_LABELS[labeled])
        np.testing.assert_array_equal(ExpectedErrorReduction().utilities(pool), default)


# All of them


@pytest.mark.parametrize("strategy", [BADGE(), QueryByCommittee(metric="euclidean")], ids=repr)
def test_without_two_classes_the_most_central_comes_first_and_then_the_farthest(strategy):
    pool = labeled_pool(samples("spread", 30), 0)
    first = np.linalg.norm(pool.X - pool.X.mean(axis=0), axis=1).argmin()
    distances = np.linalg.norm(pool.X - pool.X[first], axis=1)
    assert strategy.select(pool, 2)[0].tolist() == [first, distances.argmax()]
    pool.add_labels([first], ["the only class"])
    assert strategy.select(pool)[0].tolist() == [distances.argmax()]


@pytest.mark.parametrize("loss", LOSSES)
def test_without_given_labels_probabilities_are_used(loss):
    class Learner:
        estimator = GaussianNB(var_smoothing=0.2).fit(DIGITS[:50], DIGIT_LABELS[:50])
        X_training = DIGITS[:50]

    X = DIGITS[50:]
    pool = Pool(X, estimator=Learner.estimator)
    own = LeastConfidence() if loss == "zero_one" else Entropy()
    _, worth = ExpectedErrorReduction(loss)(Learner(), X, 3)
    np.testing.assert_allclose(worth, np.sort(own.utilities(pool))[:-4:-1])
    _, worth = QueryByCommittee()(Learner(), X, 3)
    np.testing.assert_allclose(worth, np.sort(Entropy().utilities(pool))[:-4:-1])


@pytest.mark.parametrize("strategy", [BADGE(), QueryByCommittee(), ExpectedErrorReduction()])
def test_labels_given_by_a_learner_are_used(strategy):
    class Learner:
        estimator = GaussianNB(var_smoothing=0.2).fit(DIGITS[:50], DIGIT_LABELS[:50])
        X_training = DIGITS[:50]
        y_training = DIGIT_LABELS[:50].tolist()

    pool = Pool(DIGITS[120:], estimator=Learner.estimator)
    pool.add_labeled(DIGITS[:50], DIGIT_LABELS[:50])
    expected = strategy.select(pool, 3)
    np.testing.assert_allclose(strategy(Learner(), DIGITS[120:], 3), expected)


@pytest.mark.parametrize(
    ("strategy", "sentence"),
    [
        (BADGE(), "Its gradient, "),
        (ClusterMargin(), "Its cluster's turn, "),
        (ExpectedErrorReduction(), "Its error reduction, "),
        (QueryByCommittee(), "Its disagreement, "),
    ],
    ids=repr,
)
def test_a_query_can_be_explained(strategy, sentence):
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), strategy, X_pool=DIGITS)
    learner.teach(np.arange(20), DIGIT_LABELS[:20])
    chosen = learner.query()[0]
    text = " ".join(str(learner.explain_query(chosen)).split())
    assert sentence in text
    assert "is higher than that of" in text
