"""MMC, CVIRS and the adaptive strategy equal their papers, computed in plain Python."""

import math

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from small_pools import pool_of_kind, samples

from skactive import ActiveLearner, Pool
from skactive.base import MultiLabelTarget
from skactive.neighbors import IncrementalMultiLabelKNeighbors
from skactive.strategies import CVIRS, MMC, AdaptiveLabels, all_strategies

X, Y = make_multilabel_classification(50, n_features=5, n_classes=4, random_state=3)
LABELED = np.arange(18)


def pool_of(estimator=None, n_labeled=18):
    fitted = estimator or IncrementalMultiLabelKNeighbors(4, metric="euclidean")
    if estimator is not None:
        fitted = clone(estimator).fit(X[:n_labeled], Y[:n_labeled])
    pool = Pool(X, estimator=fitted, target=MultiLabelTarget(list("abcd")), dtype=np.float64)
    return pool.add_labels(range(n_labeled), Y[:n_labeled])


ESTIMATORS = [None, OneVsRestClassifier(LogisticRegression(max_iter=1000))]
each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=["ml-knn", "one vs rest"])


def shares(row):
    ordered = sorted(row, reverse=True)
    return [p / sum(ordered) for p in ordered]


@each_estimator
def test_mmc_is_the_reduction_of_the_loss(estimator):
    pool = pool_of(estimator)
    rows = [shares(row) for row in pool.posterior(range(18)).tolist()]
    regression = LogisticRegression(max_iter=1000).fit(rows, Y[:18].sum(axis=1))
    expected = []
    for row in pool.posterior().tolist():
        (number,) = regression.predict([shares(row)])
        true = sorted(range(4), key=lambda label: -row[label])[:number]
        signs = [1 if label in true else -1 for label in range(4)]
        expected.append(sum((1 - t * (2 * p - 1)) / 2 for t, p in zip(signs, row, strict=True)))
    found = MMC().utilities(pool)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert found.min() >= 0
    assert found.max() <= 4


def test_mmc_takes_the_usual_number_if_all_samples_have_it():
    posterior = np.random.default_rng(0).random((6, 3))

    class Fixed:
        def predict_proba(self, X):
            return posterior[np.asarray(X)[:, 0].astype(int)]

    rows = np.arange(6.0)[:, np.newaxis]
    target = MultiLabelTarget(list("abc"))
    inside = Pool(rows, estimator=Fixed(), target=target).add_labels([4, 5], [{"a"}, {"c"}])
    outside = Pool(rows, estimator=Fixed(), target=target).add_labeled(rows[4:5], [{"b"}])
    for pool in (inside, outside):
        found = MMC().utilities(pool)
        for value, row in zip(found, posterior[pool.candidates], strict=True):
            first = row.argmax()
            signs = np.where(np.arange(3) == first, 1, -1)
            assert value == pytest.approx(((1 - signs * (2 * row - 1)) / 2).sum())


def entropy(*numbers):
    total = sum(numbers)
    return -sum(n / total * math.log2(n / total) for n in numbers if n)


def set_distance(one, other):
    a = sum(i and j for i, j in zip(one, other, strict=True))
    b = sum(i and not j for i, j in zip(one, other, strict=True))
    c = sum(not i and j for i, j in zip(one, other, strict=True))
    d = len(one) - a - b - c
    if b + c == len(one):
        return 1.0
    joint = entropy(a, b, c, d)
    if joint == 0:
        return 0.0
    return (2 * joint - entropy(a + b, c + d) - entropy(a + c, b + d)) / joint


@each_estimator
def test_cvirs_is_that_of_the_paper(estimator):
    pool = pool_of(estimator)
    posterior = pool.posterior().tolist()
    margins = np.abs(2 * np.array(posterior) - 1).round(10)
    n = len(posterior)
    expected = []
    for place, row in enumerate(posterior):
        score = 0
        for label in range(4):
            lower = sum(m < margins[place, label] for m in margins[:, label])
            equal = sum(m == margins[place, label] for m in margins[:, label])
            score += n - (lower + (equal + 1) / 2)
        predicted = [p > 0.5 for p in row]
        distances = [set_distance(predicted, known) for known in Y[:18].tolist()]
        expected.append(score / (4 * (n - 1)) * sum(distances) / 18)
    np.testing.assert_allclose(CVIRS().utilities(pool), expected, atol=1e-9)


def adaptive(pool, betas):
    """The utilities of the best beta, and the errors of all."""
    posterior = pool.posterior()
    mean = Y[:18].sum(axis=1).mean()
    uncertainty, cardinality = [], []
    for row in (2 * posterior - 1).tolist():
        positive, negative = [f for f in row if f > 0], [f for f in row if f <= 0]
        is_split = positive and negative
        uncertainty.append(1 / (min(positive) - max(negative)) if is_split else 0.0)
        cardinality.append(abs(len(positive) - mean))
    results = []
    for beta in betas:
        pairs = zip(uncertainty, cardinality, strict=True)
        utilities = [round(u**beta * c ** (1 - beta), 10) for u, c in pairs]
        best = utilities.index(max(utilities))
        position = pool.candidates[best]
        labels = (posterior[best] > 0.5).astype(int)
        fitted = clone(pool.estimator).fit(
            np.vstack([X[:18], X[[position]]]), np.vstack([Y[:18], labels])
        )
        error = 0
        for row in (2 * fitted.predict_proba(X[pool.candidates]) - 1).tolist():
            error += max(1 - f if f >= 0 else 0 for f in row)
            error += max(1 + f if f <= 0 else 0 for f in row)
        results.append((round(error, 10), utilities))
    return min(results, key=lambda result: result[0])[1], [error for error, _ in results]


@each_estimator
@pytest.mark.parametrize("step", [0.1, 0.25, 1])
def test_parameter_step_of_adaptive_labels(estimator, step):
    pool = pool_of(estimator)
    betas = np.linspace(0, 1, round(1 / step) + 1)
    expected, errors = adaptive(pool, betas)
    assert len(set(errors)) > 1
    np.testing.assert_allclose(AdaptiveLabels(step).utilities(pool), expected, atol=1e-9)


@pytest.mark.parametrize("step", [0, -1, 1.5, "a"])
def test_an_invalid_step_is_refused(step):
    with pytest.raises((TypeError, ValueError), match="The 'step' parameter of AdaptiveLabels"):
        AdaptiveLabels(step).utilities(pool_of())


def assert_seeded(kind):
    pool = pool_of_kind(MMC(), samples("constant"), 3)
    chosen = {kind(random_state=seed).select(pool)[0].item() for seed in range(8)}
    assert len(chosen) > 1
    assert kind(random_state=5).select(pool)[0] == kind(random_state=5).select(pool)[0]
    assert kind().select(pool)[0] == pool.candidates[0]


def test_parameter_random_state_of_mmc():
    assert_seeded(MMC)


def test_parameter_random_state_of_cvirs():
    assert_seeded(CVIRS)


def test_parameter_random_state_of_adaptive_labels():
    assert_seeded(AdaptiveLabels)


@pytest.mark.parametrize("name", list(all_strategies()))
def test_a_learner_of_sets_runs_with_each_strategy_for_them_and_refuses_the_others(name):
    entry = all_strategies()[name]
    build = lambda: ActiveLearner(  # noqa: E731 - called in both branches
        IncrementalMultiLabelKNeighbors(3), entry.strategy, X, target=MultiLabelTarget(list("abcd"))
    )
    if not entry.suits("multilabel"):
        with pytest.raises(TypeError, match=r"needs .* labels\. Got multilabel labels"):
            build()
        return
    learner = build()
    for _ in range(4):
        queried = learner.query(3)
        learner.teach(queried, Y[queried])
        text = str(learner.explain_query(learner.query()))
        assert "comes first" in text or name == "random"
    assert len(learner.labeled) == 12
