"""Measures of costs, of the balance of classes and of gradients, against their definitions."""

import re

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skactive import ActiveLearner
from skactive.measures import (
    ClassBalance,
    ExpectedCost,
    ExpectedGradientLength,
    LabelCost,
    LeastConfidence,
    Margin,
)
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool
from skactive.strategies import CDFProduct, UncertaintySampling


class Fixed:
    """A classifier with given probabilities of the rows of a pool, whose feature is their place."""

    def __init__(self, posterior, classes):
        self.posterior = np.asarray(posterior, dtype=float)
        self.classes_ = np.array(classes)

    def predict_proba(self, X):
        return self.posterior[np.asarray(X)[:, 0].astype(int)]


def pool_with(posterior, classes, labels, X=None):
    """A pool whose last samples have labels."""
    n = len(posterior)
    pool = Pool(np.arange(n)[:, np.newaxis] * 1.0, estimator=Fixed(posterior, classes))
    return pool.add_labels(range(n - len(labels), n), labels)


POSTERIOR = np.random.default_rng(0).dirichlet([0.5, 1, 2], 20)
NAMES = ["a", "b", "c"]


def test_class_balance_prefers_classes_with_few_labels():
    pool = pool_with(POSTERIOR, NAMES, ["a", "a", "a", "b", "b", "c"])
    expected = [p[0] / 4 + p[1] / 3 + p[2] / 2 for p in POSTERIOR[:14].tolist()]
    np.testing.assert_allclose(ClassBalance().utilities(pool), expected)
    batch = Batch(pool).pick(3)
    counts = np.array([4, 3, 2]) + POSTERIOR[3]
    expected = (np.delete(POSTERIOR[:14], 3, axis=0) / counts).sum(axis=1)
    np.testing.assert_allclose(ClassBalance().utilities(batch), expected)


def test_class_balance_counts_the_seed_set():
    X, y = np.array([[0.0, 1], [1, 0], [1, 1], [2, 1], [1, 2]]), ["a", "a", "b"]
    inside = Pool(X, estimator=LogisticRegression().fit(X[:3], y)).add_labels(range(3), y)
    outside = Pool(X[3:], estimator=inside.estimator).add_labeled(X[:3], y)
    np.testing.assert_allclose(
        ClassBalance().utilities(outside), ClassBalance().utilities(inside), rtol=1e-6
    )


def test_a_loop_with_class_balance_labels_more_of_a_rare_class():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (380, 2)), rng.normal(2.5, 0.7, (20, 2))])
    y = np.repeat(["common", "rare"], [380, 20])
    n_rare = {}
    for weight in (0.0, 1.0):
        strategy = CDFProduct(
            [("uncertainty", Margin()), ("balance", ClassBalance())],
            weights={"balance": weight},
            random_state=0,
        )
        loop = BudgetedClassifier(
            IncrementalKNeighborsClassifier(metric="euclidean"), strategy, budget=60
        ).fit(X, y)
        n_rare[weight] = int((loop.y_labeled_ == "rare").sum())
    # Of 20 in the pool.
    assert n_rare[1.0] >= 19
    assert n_rare[0.0] < 15


@pytest.mark.parametrize(
    "costs", [None, {}, {("a", "b"): 7.0}, {("c", "a"): 0, ("b", "a"): 30, ("z", "a"): 9}]
)
def test_parameter_costs_of_expected_cost(costs):
    pool = pool_with(POSTERIOR, NAMES, ["a", "b", "c"])
    cost = {(i, j): float(i != j) for i in NAMES for j in NAMES} | (costs or {})
    expected = [
        min(sum(p * cost[i, j] for i, p in zip(NAMES, row, strict=True)) for j in NAMES)
        for row in POSTERIOR[:17].tolist()
    ]
    found = ExpectedCost(costs).utilities(pool)
    np.testing.assert_allclose(found, expected)
    if not costs:
        np.testing.assert_allclose(found, LeastConfidence().utilities(pool))


@pytest.mark.parametrize(
    ("costs", "error", "message"),
    [
        ([[0, 1], [1, 0]], TypeError, "must be a dict by pairs of labels"),
        ({"a": 1}, TypeError, "It has the key 'a'"),
        ({("a", "b", "c"): 1}, TypeError, "It has the key ('a', 'b', 'c')"),
        ({("a", "b"): -1}, ValueError, "The cost of ('a', 'b')"),
        ({("a", "b"): np.nan}, ValueError, "a finite number of at least 0. Got nan instead"),
        ({("a", "b"): "1"}, ValueError, "Got '1' instead"),
        ({("a", "b"): True}, ValueError, "Got True instead"),
    ],
)
def test_costs_of_other_forms_are_refused(costs, error, message):
    pool = pool_with(POSTERIOR, NAMES, [])
    with pytest.raises(error, match=re.escape(message)):
        ExpectedCost(costs).utilities(pool)


def test_the_gradient_length_is_that_of_a_softmax_layer():
    X = np.random.default_rng(1).normal(size=(15, 4))
    y = np.array(NAMES)[np.arange(9) % 3]
    classifier = LogisticRegression().fit(X[:9], y)
    pool = Pool(X, estimator=classifier).add_labels(range(9), y)
    scaled = np.hstack([X / np.sqrt(np.square(X).sum(axis=1).mean()), np.ones((15, 1))])
    expected = []
    for h, p in zip(scaled[9:], classifier.predict_proba(X[9:]), strict=True):
        lengths = [np.linalg.norm(np.outer(p - np.eye(3)[k], h)) for k in range(3)]
        expected.append(p @ lengths)
    found = ExpectedGradientLength().utilities(pool)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    pool = Pool(sp.csr_matrix(X), estimator=classifier).add_labels(range(9), y)
    np.testing.assert_allclose(ExpectedGradientLength().utilities(pool), found, rtol=1e-5)


COSTS = [2.0, 4.0, 0.5]


@pytest.mark.parametrize(
    "cost",
    [
        COSTS,
        np.array(COSTS),
        np.array(COSTS, dtype=object),
        np.ma.array(COSTS),
        lambda samples: samples[:, 0],
    ],
)
def test_parameter_cost_of_label_cost(cost):
    pool = Pool(np.array(COSTS)[:, np.newaxis]).add_labels([1], ["a"])
    np.testing.assert_array_equal(LabelCost(cost).utilities(pool), [0.5, 2])
    np.testing.assert_array_equal(LabelCost().utilities(pool), [1, 1])


def test_the_smallest_cost_has_a_finite_measure():
    found = LabelCost([np.finfo(float).tiny, 1, 1e308]).utilities(Pool(np.eye(3)))
    assert (np.isfinite(found) & (found > 0)).all()


def test_a_function_gets_the_samples_of_a_pool_once():
    calls = []

    def cost(samples):
        calls.append(samples)
        return [value for [value] in samples]

    X = np.array([[3.0], [1.0], [2.0]])
    learner = ActiveLearner(None, UncertaintySampling(LabelCost(cost)), X)
    for expected in (1, 2, 0):
        assert learner.query().tolist() == [expected]
        learner.teach([expected], ["a"])
    [samples] = calls
    np.testing.assert_array_equal(samples, X)


def test_costs_of_texts_are_used_beside_their_features():
    texts = ["a long text about the sea", "short one", "the sea and the land", "land"]
    strategy = UncertaintySampling(LabelCost([len(text) for text in texts]))
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    assert ActiveLearner(pipeline, strategy, texts).query().tolist() == [3]


@pytest.mark.parametrize("form", [lambda costs: costs, lambda costs: lambda samples: costs])
@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ([1.0], "one number for each of 3 samples of the pool. Got [1.0] instead"),
        (["a"] * 3, "one number for each of 3 samples of the pool"),
        (2.0, "one number for each of 3 samples of the pool. Got 2.0 instead"),
        ([1, 0, 2], "that of the sample 1 is 0.0"),
        ([1, 2, -1], "that of the sample 2 is -1.0"),
        ([np.inf, 2, 1], "that of the sample 0 is inf"),
        ([np.nan, 2, 1], "that of the sample 0 is nan"),
        ([1, 5e-324, 1], "a finite number of at least 2.2e-308. In the 'cost' parameter of"),
        (np.ma.masked_equal([1, 2, 3], 2), "that of the sample 1 is masked. Hint: give the label"),
        ([1, 2, np.ma.masked], "that of the sample 2 is masked."),
        ([[1], [2, 3], [4]], "samples of the pool. That of the sample 0 is [1]."),
        ([[1], [2, 3]], "samples of the pool. Got [[1], [2, 3]] instead."),
        (np.array([1.0, None, 3.0]), "samples of the pool. That of the sample 1 is None."),
        (np.array(["a", "b", "c"]), "samples of the pool. That of the sample 0 is 'a'."),
        (np.array([True, False, True]), "samples of the pool. That of the sample 0 is True."),
        (np.array([1, 2, 10**400]), "samples of the pool. Int too large to convert to float."),
        (np.ones((3, 1)), "samples of the pool. Got ndarray of shape (3, 1) instead."),
    ],
)
def test_costs_of_labels_are_numbers_above_0(form, costs, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        LabelCost(form(costs)).utilities(Pool(np.eye(3)))


@given(st.permutations(range(14)), st.integers(0, 2))
def test_a_larger_cost_never_lowers_the_measure(order, column):
    pool = pool_with(POSTERIOR[list(order)], NAMES, [])
    true, predicted = NAMES[column], NAMES[(column + 1) % 3]
    low, high = (ExpectedCost({(true, predicted): c}).utilities(pool) for c in (1.0, 5.0))
    assert (high >= low).all()
