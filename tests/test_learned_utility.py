"""Utilities learned from simulated labels, against naive computations of features and gains."""

import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVR

from skactive import ActiveLearner
from skactive.learner import default_classifier
from skactive.measures import Coverage, LearnedUtility, Margin
from skactive.model_selection import compare_strategies, simulated_gains
from skactive.neighbors import IncrementalKNeighborsClassifier, IncrementalKNeighborsRegressor
from skactive.pool import Batch, Pool
from skactive.strategies import CDFProduct, UncertaintySampling

N_FEATURES = len(LearnedUtility.feature_names)
NUMBERS = np.random.default_rng(0).random((60, N_FEATURES))
LINEAR = LinearRegression().fit(NUMBERS, np.random.default_rng(1).random(60))
KNN = IncrementalKNeighborsClassifier(3, metric="euclidean")


class Column(LinearRegression):
    """A regressor that predicts one of the features."""

    def __init__(self, name="margin"):
        super().__init__()
        self.name = name

    def predict(self, X):
        return X[:, LearnedUtility.feature_names.index(self.name)]


def of_column(name):
    return LearnedUtility(Column(name).fit(NUMBERS, NUMBERS[:, 0]), metric="euclidean")


def rank_in(values, value):
    """The rank, and its possible error if rounding decides which values are equal."""
    tolerance = 3e-6 * max(map(abs, values))
    lower = sum(other < value - tolerance for other in values)
    equal = sum(abs(other - value) <= tolerance for other in values)
    return (lower + equal / 2) / len(values), (equal - 1) / 2 / len(values)


def naive_features(pool, picked=()):
    """The features of each candidate, one after the other, and their possible errors."""
    X, whole = np.asarray(pool.X, dtype=float), pool.whole
    labels = [*(pool.labeled_outside()[1] if pool.labeled_outside()[1] is not None else [])]
    labels += pool.labels.tolist()
    known = sorted(set(labels))
    near = np.concatenate([whole.labeled, np.array(picked, dtype=int)]).astype(int)
    posterior, candidates = pool.posterior(), pool.candidates.tolist()
    between = pairwise_distances(X)
    density = [(1 / (1 + between[c])).mean() for c in candidates]
    distance = [between[c, near].min() for c in candidates]
    kernel = whole.graph(15, "euclidean").affinity("median").toarray()
    np.fill_diagonal(kernel, 1.0)
    covered = kernel[near].max(axis=0)
    margins = np.zeros(len(X))
    margins[whole.candidates] = Margin().of_probabilities(whole.posterior())
    free = np.zeros(len(X))
    free[candidates] = 1
    coverage, uncertain = (
        [sum(w * max(0, k - m) for w, k, m in zip(weights, kernel[:, c], covered, strict=True))
         for c in candidates]
        for weights in (free, margins)
    )  # fmt: skip
    winners = [known[row.argmax()] for row in posterior]
    leads = []
    for row in posterior.tolist():
        first, *rest = sorted(row, reverse=True)
        leads.append(first - (rest[0] if rest else 0))
    rows = []
    for place, row in enumerate(posterior.tolist()):
        entropy = -sum(p * math.log(p) for p in row if p > 0)
        winner, k = winners[place], len(known)
        rows.append(
            [
                max(row),
                leads[place],
                entropy / math.log(k) if k > 1 else 0,
                rank_in(density, density[place]),
                rank_in(distance, distance[place]),
                rank_in(coverage, coverage[place]),
                rank_in(uncertain, uncertain[place]),
                k * labels.count(winner) / len(labels),
                math.log(len(labels) + len(picked)),
                math.log((len(labels) + len(picked)) / k),
                1 - np.mean(leads),
            ]
        )
    return np.array([[one if np.ndim(one) else (one, 0) for one in row] for row in rows]).T


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(18, 40), st.integers(1, 4), st.integers(0, 3))
def test_features_are_those_of_their_definitions(seed, n, n_classes, n_picked):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    pool = Pool(X, estimator=KNN)
    labeled = rng.permutation(n)[: rng.integers(n_classes, 12)]
    pool.add_labels(labeled, [f"c{place % n_classes}" for place in range(len(labeled))])
    batch = Batch(pool)
    for position in pool.candidates[:n_picked].tolist():
        batch.pick(position)
    found = LearnedUtility(metric="euclidean").features(batch)
    errors, expected = naive_features(batch, batch.picked)[::-1]
    assert (np.abs(found.T - expected) <= errors + 1e-5).all()


def test_features_count_the_seed_set():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), ["a", "b", "a"]
    pool = Pool(X[3:], X_labeled=X[:3], y_labeled=y, estimator=KNN)
    features = LearnedUtility(metric="euclidean").features(pool)
    named = dict(zip(LearnedUtility.feature_names, features.T, strict=True))
    np.testing.assert_allclose(named["log_labels"], math.log(3))
    assert set(named["label_share"].round(6)) <= {round(4 / 3, 6), round(2 / 3, 6)}


def test_features_do_not_depend_on_the_scale_or_the_number_of_dimensions():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    wide = np.hstack([X, np.zeros((30, 5))])
    first, *others = (
        LearnedUtility(metric="euclidean").features(
            Pool(samples, estimator=KNN).add_labels([0, 1, 2], ["a", "b", "b"])
        )
        for samples in (X, wide, 8 * wide)
    )
    density = LearnedUtility.feature_names.index("density_rank")
    for other in others:
        left = np.delete(np.arange(N_FEATURES), density) if other is others[-1] else slice(None)
        np.testing.assert_allclose(other[:, left], first[:, left], atol=1e-5)


def test_there_are_no_features_before_the_first_label():
    measure = LearnedUtility(LINEAR)
    assert measure.features(Pool(np.eye(4), estimator=KNN)) is None
    assert measure.features(Pool(np.eye(4))) is None
    np.testing.assert_array_equal(measure.utilities(Pool(np.eye(4), estimator=KNN)), np.ones(4))


@pytest.mark.parametrize("name", LearnedUtility.feature_names)
def test_parameter_regressor_of_learned_utility(name):
    X = np.random.default_rng(0).normal(size=(30, 2))
    pool = Pool(X, estimator=KNN).add_labels([0, 1, 2], ["a", "b", "b"])
    measure = of_column(name)
    column = measure.features(pool)[:, LearnedUtility.feature_names.index(name)]
    np.testing.assert_array_equal(measure.utilities(pool), column)


def test_parameter_metric_of_learned_utility():
    X = np.random.default_rng(0).normal(size=(30, 3))
    found = {}
    for metric in ("cosine", "euclidean", "manhattan"):
        pool = Pool(X, estimator=LogisticRegression().fit(X[:2], ["a", "b"]))
        pool.add_labels([0, 1], ["a", "b"])
        features = LearnedUtility(metric=metric).features(pool)
        named = dict(zip(LearnedUtility.feature_names, features.T, strict=True))
        distances = pairwise_distances(X[2:], X[:2], metric=metric).min(axis=1)
        assert named["distance_rank"].argsort().tolist() == distances.argsort().tolist()
        coverage = Coverage(metric=metric).utilities(pool)
        assert named["coverage_rank"].argmax() == coverage.argmax()
        found[metric] = features
    default = LearnedUtility().features(pool)
    np.testing.assert_array_equal(default, found["cosine"])
    # That of an incremental classifier of the pool.
    pool = Pool(X, estimator=KNN).add_labels([0, 1], ["a", "b"])
    euclidean = LearnedUtility(metric="euclidean").features(pool)
    np.testing.assert_array_equal(LearnedUtility().features(pool), euclidean)


def test_copies_keep_the_fitted_regressor_but_do_not_share_it():
    forest = RandomForestRegressor(3).fit(NUMBERS, NUMBERS[:, 0])
    strategy = CDFProduct([("learned", LearnedUtility(forest)), ("coverage", Coverage())])
    for copy in (clone(strategy), pickle.loads(pickle.dumps(strategy))):
        copied = copy.get_params()["learned__regressor"]
        np.testing.assert_array_equal(copied.predict(NUMBERS), forest.predict(NUMBERS))
        copy.set_params(learned__regressor__random_state=5)
        assert forest.random_state is None
    changed = clone(strategy).set_params(learned__metric="euclidean")
    assert changed.get_params()["learned__metric"] == "euclidean"


def test_a_regressor_that_is_no_use_is_refused_in_one_sentence():
    pool = Pool(np.eye(4), estimator=KNN)
    for regressor, error, message in [
        (None, TypeError, "'regressor' parameter of LearnedUtility must be a regressor"),
        (LogisticRegression(), TypeError, "must be a regressor. Got LogisticRegression"),
        (LinearSVR(), NotFittedError, "LinearSVR, the regressor of LearnedUtility, is not fitted"),
        (
            LinearRegression().fit(np.eye(3), np.arange(3)),
            ValueError,
            f"was fitted to 3 features, but a candidate has {N_FEATURES}. Hint: fit a regressor",
        ),
    ]:
        with pytest.raises(error, match=message):
            LearnedUtility(regressor).utilities(pool)


def test_labels_of_another_kind_are_refused():
    pool = Pool(np.eye(4), estimator=IncrementalKNeighborsRegressor())
    for method in (LearnedUtility(LINEAR).utilities, LearnedUtility().features):
        with pytest.raises(TypeError, match="LearnedUtility needs categorical labels"):
            method(pool)


def test_a_regressor_fitted_to_named_columns_predicts_without_a_warning():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(NUMBERS, columns=LearnedUtility.feature_names)
    named = LinearRegression().fit(frame, NUMBERS[:, 0])
    pool = Pool(np.eye(4), estimator=KNN).add_labels([0, 1], ["a", "b"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        utilities = LearnedUtility(named).utilities(pool)
    expected = LearnedUtility(LinearRegression().fit(NUMBERS, NUMBERS[:, 0])).utilities(pool)
    np.testing.assert_allclose(utilities, expected)


def test_queries_are_explained():
    X = np.random.default_rng(0).normal(size=(30, 2))
    for sign in (1, -1):
        regressor = LinearRegression().fit(NUMBERS, sign * NUMBERS[:, 0])
        strategy = CDFProduct([("learned", LearnedUtility(regressor)), ("margin", Margin())])
        learner = ActiveLearner(KNN, strategy, X).teach([0, 1, 2], ["a", "b", "b"])
        text = " ".join(str(learner.explain_query(learner.query()[0])).split())
        change = "lower" if sign > 0 else "raise"
        assert f"Its label is predicted to {change} the error rate by" in text
        lowest = learner.pool.candidates[LearnedUtility(regressor).utilities(learner.pool).argmin()]
        text = " ".join(str(learner.explain_query(int(lowest))).split())
        assert "No label is predicted to lower the error rate by less" in text


def drawn(y, max_labels, rng):
    n = int(np.exp(rng.uniform(np.log(2), np.log(max_labels + 1))))
    order = rng.permutation(len(y)).tolist()
    other = next(position for position in order if y[position] != y[order[0]])
    return order[:n] if other in order[:n] else [*order[: n - 1], other]


def naive_gains(X, y, estimator, n_simulations, n_candidates, max_labels, seed):
    """The features and gains, with a fit from scratch for each candidate."""
    rng, rows = np.random.RandomState(seed), []
    for _ in range(n_simulations):
        labeled = drawn(y, max_labels, rng)
        rest = [position for position in range(len(y)) if position not in labeled]
        fitted = clone(estimator).fit(X[labeled], y[labeled])
        pool = Pool(X, estimator=fitted).add_labels(labeled, y[labeled])
        features = LearnedUtility().features(pool)
        for place in rng.permutation(len(rest))[:n_candidates]:
            others = [position for position in rest if position != rest[place]]
            more = [*labeled, rest[place]]
            again = clone(estimator).fit(X[more], y[more])
            errors = [(one.predict(X[others]) != y[others]).mean() for one in (fitted, again)]
            rows.append([*features[place], errors[0] - errors[1]])
    return np.array(rows)


@pytest.mark.parametrize("estimator", [KNN, LogisticRegression(tol=1e-9)], ids=["k-NN", "logistic"])
def test_gains_are_those_of_fits_from_scratch(estimator):
    X, y = make_blobs(40, 3, centers=3, cluster_std=4, random_state=0)
    y = np.array(["a", "b", "c"])[y]
    features, gains = simulated_gains(
        X, y, estimator=estimator, n_simulations=6, n_candidates=7, max_labels=12, random_state=3
    )
    expected = naive_gains(X, y, estimator, 6, 7, 12, 3)
    np.testing.assert_allclose(gains, expected[:, -1], atol=1e-12)
    np.testing.assert_allclose(features, expected[:, :-1], atol=1e-4)
    assert (gains > 0).any()
    assert (gains < 0).any()


@settings(max_examples=20)
@given(st.integers(4, 14), st.integers(2, 3), st.integers(1, 30), st.integers(2, 40))
def test_gains_of_small_data_sets_are_finite(n, n_classes, n_candidates, max_labels):
    X = np.random.default_rng(n).integers(0, 2, (n, 2)).astype(float)
    y = np.arange(n) % n_classes
    features, gains = simulated_gains(
        X, y, estimator=KNN, n_simulations=2, n_candidates=n_candidates, max_labels=max_labels,
        random_state=0,
    )  # fmt: skip
    assert features.shape == (len(gains), N_FEATURES)
    assert 2 * min(n_candidates, n - n // 2) <= len(gains) <= 2 * min(n_candidates, n - 2)
    assert np.isfinite(features).all()
    assert (np.abs(gains) <= 1).all()


def test_a_seed_repeats_the_simulations():
    X, y = make_blobs(60, 2, random_state=0)
    options = {"n_simulations": 3, "n_candidates": 4}
    first, again, other = (
        simulated_gains(X, y, random_state=seed, **options) for seed in (1, 1, 2)
    )
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0], other[0])
    default = simulated_gains(X, y, estimator=default_classifier(), random_state=1, **options)
    np.testing.assert_array_equal(default[0], first[0])


def test_texts_in_a_pipeline_are_simulated():
    texts = [f"{'red apple' if i % 2 else 'blue sea'} number {i}" for i in range(24)]
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    y = np.arange(24) % 2
    features, _ = simulated_gains(
        texts, y, estimator=pipeline, n_simulations=2, n_candidates=3, random_state=0
    )
    assert features.shape == (6, N_FEATURES)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.eye(3), [0, 1, 1], "needs four samples or more. Got 3"),
        (np.eye(5), [1, 1, 1, 1, 1], "y has one class"),
        (np.eye(5), [0, 1, 0], "inconsistent numbers of samples"),
    ],
)
def test_data_sets_without_gains_are_refused(X, y, message):
    with pytest.raises(ValueError, match=message):
        simulated_gains(X, y)


def test_a_classifier_that_needs_more_labels_is_named():
    X, y = make_blobs(60, 2, random_state=0)
    classifier = QuadraticDiscriminantAnalysis()
    with pytest.raises(ValueError, match="had class probabilities in none of 2 simulations"):
        simulated_gains(X, y, estimator=classifier, n_simulations=2, max_labels=2, random_state=0)


def blobs(seed):
    return make_blobs(120, 3, centers=4, cluster_std=0.8, random_state=seed)


def test_a_learned_utility_prefers_the_samples_of_a_cluster_without_labels():
    sets = [
        simulated_gains(
            *blobs(seed), estimator=KNN, n_simulations=25, max_labels=20, random_state=0
        )
        for seed in (1, 2)
    ]
    features, gains = map(np.concatenate, zip(*sets, strict=True))
    forest = RandomForestRegressor(30, min_samples_leaf=10, random_state=0).fit(features, gains)
    # A data set with other dimensions and another number of classes.
    X, y = make_blobs(200, 6, centers=3, cluster_std=0.8, random_state=5)
    labeled = np.concatenate([np.flatnonzero(y == label)[:2] for label in (0, 1)])
    learner = ActiveLearner(KNN, UncertaintySampling(LearnedUtility(forest)), X)
    learner.teach(labeled, y[labeled])
    assert y[learner.query()[0]] == 2
    utilities = LearnedUtility(forest).utilities(learner.pool)
    is_new = y[learner.pool.candidates] == 2
    assert utilities[is_new].mean() > 3 * max(utilities[~is_new].mean(), 0)
    comparison = compare_strategies(
        KNN,
        {"random": "random", "learned": UncertaintySampling(LearnedUtility(forest))},
        X, y, budget=8, cv=3, random_state=0,
    )  # fmt: skip
    random, learned = comparison.area_under_curve().mean(axis=1)
    assert learned > random
