"""Queries before a second class is known, and queries that are repeated."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.strategies import RandomSampling, UncertaintySampling, all_strategies

# The order of samples matters to our own code alone, not to the Python version.
pytestmark = pytest.mark.once

ESTIMATORS = {
    "spreading": None,
    "neighbors": IncrementalKNeighborsClassifier(metric="euclidean"),
    "logistic": LogisticRegression(),
    "tree": DecisionTreeClassifier(random_state=0),
    "prior": DummyClassifier(),
}
NAMES = list(all_strategies("categorical"))
ENOUGH = 5


def strategy_of(name):
    strategy = all_strategies("categorical")[name].strategy
    return strategy.set_params(random_state=0) if name == "random" else strategy


def sorted_pool(sizes, seed):
    """Samples of several directions, one class after the other."""
    y = np.repeat(np.arange(len(sizes)), sizes)
    X = np.random.default_rng(seed).normal(size=(len(y), 4)) + 5 * np.eye(4)[y]
    return X, np.array(["apple", "orange", "pear"])[y]


@pytest.mark.parametrize("estimator", list(ESTIMATORS))
@pytest.mark.parametrize("name", NAMES)
def test_a_second_class_is_met_within_a_few_queries_of_a_sorted_pool(name, estimator):
    for seed, sizes in enumerate([(20, 20), (24, 16), (16, 16, 16)]):
        X, y = sorted_pool(sizes, seed)
        for n_known in (0, 1, 4):
            learner = ActiveLearner(ESTIMATORS[estimator], strategy_of(name), X_pool=X)
            known = np.arange(n_known)
            learner.teach(known, y[known])
            for _ in range(ENOUGH):
                learner.teach(indices := learner.query(), y[indices])
            assert len(np.unique(learner.labels)) > 1
            fresh = ActiveLearner(ESTIMATORS[estimator], strategy_of(name), X_pool=X)
            batch = fresh.teach(known, y[known]).query(ENOUGH)
            # The samples of a batch may be alike once the classifier distinguishes them.
            if name not in {"expected-error", "random"}:
                assert len(set(y[batch]) | set(y[known])) > 1


@pytest.mark.parametrize("state", ["cold", "one class", "certain"])
@pytest.mark.parametrize("name", ["margin", "entropy", "least-confidence"])
def test_constant_uncertainty_spreads_the_samples_of_a_batch(name, state):
    X = np.repeat(np.arange(8.0), 5)[:, np.newaxis] + np.linspace(0, 0.1, 40)[:, np.newaxis]
    learner = ActiveLearner(DecisionTreeClassifier(), strategy_of(name), X_pool=X)
    if state != "cold":
        learner.teach([0, 39], ["a", "a" if state == "one class" else "b"])
    indices = learner.query(6)
    gaps = np.abs(np.subtract.outer(X[indices, 0], X[indices, 0]))[~np.eye(6, dtype=bool)]
    assert gaps.min() > 0.5


def test_uncertainty_decides_as_soon_as_it_differs():
    X = [[0.0], [1.0], [4.9], [8.0], [10.0]]
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric="euclidean"))
    strategy = UncertaintySampling()
    assert list(strategy.terms(pool)) == ["nearness to the middle of all samples"]
    assert list(strategy.terms(pool.add_labels([0], ["a"]))) == ["distance"]
    assert list(strategy.terms(pool.add_labels([4], ["b"]))) == ["uncertainty"]
    assert strategy.select(pool)[0].tolist() == [2]


@pytest.mark.parametrize("random_state", [None, 3])
@pytest.mark.parametrize("name", NAMES)
def test_two_calls_of_query_return_the_same_samples(name, random_state):
    X, y = sorted_pool((9, 9, 9), 1)
    strategy = all_strategies("categorical")[name].strategy.set_params(random_state=random_state)
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), strategy, X_pool=X)
    for indices in ([], [0], [20, 11]):
        learner.teach(indices, y[indices])
        first = learner.query(4)
        np.testing.assert_array_equal(learner.query(4), first)
        if name != "bait":
            np.testing.assert_array_equal(learner.query(3), first[:3])


def test_random_sampling_draws_one_seed_for_each_strategy():
    pool, strategy = Pool(np.zeros((500, 1))), RandomSampling()
    first = strategy.select(pool, 500)[0]
    assert strategy.random_state is None
    assert strategy.get_params() == {"random_state": None}
    pool.add_labels(first[:9], ["a"] * 9)
    np.testing.assert_array_equal(strategy.select(pool, 491)[0], first[9:])
    others = [RandomSampling(), clone(strategy)]
    for other in others:
        assert (other.select(Pool(np.zeros((500, 1))), 500)[0] != first).any()
    np.random.seed(7)  # noqa: NPY002 - users seed loops of scikit-learn by it
    seeded = RandomSampling().select(pool, 5)[0]
    np.random.seed(7)  # noqa: NPY002
    np.testing.assert_array_equal(RandomSampling().select(pool, 5)[0], seeded)
