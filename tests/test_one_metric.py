"""The metric of the classifier is that of every strategy and measure without one of its own."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from skactive import ActiveLearner, Pool
from skactive.measures import Coverage, Diversity, InformationDensity
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import UncertaintyHerding, all_strategies

# Far from the origin, the cosine and the Euclidean metric choose differently.
X = np.random.default_rng(0).normal(size=(60, 3)) + np.array([4, 0, 0])
Y = np.where(X[:, 1] > 0, "a", "b")
LABELED = np.array([int(np.argmax(X[:, 1])), int(np.argmin(X[:, 1])), 0])

KNOWN = {"cosine": "cosine", "euclidean": "euclidean", "l2": "euclidean"}
INCREMENTAL = [IncrementalKNeighborsClassifier, IncrementalLabelSpreading]


def pool_of(estimator, n_labeled=3):
    pool = Pool(X, estimator=estimator)
    if n_labeled:
        pool.add_labels(LABELED[:n_labeled], Y[LABELED[:n_labeled]])
    if isinstance(estimator, LogisticRegression | KNeighborsClassifier):
        estimator.fit(X[LABELED], Y[LABELED])
    return pool


def chosen(strategy, pool):
    indices, utilities = strategy.select(pool, 3)
    return indices.tolist(), utilities.tolist()


@pytest.mark.parametrize("name", sorted({*all_strategies("categorical")} - {"random"}))
@pytest.mark.parametrize("make", INCREMENTAL)
@pytest.mark.parametrize("metric", KNOWN)
@pytest.mark.parametrize("n_labeled", [0, 3])
def test_each_strategy_follows_the_classifier(name, make, metric, n_labeled):
    entry = all_strategies("categorical")[name]
    followed = chosen(entry.strategy, pool_of(make(metric=metric), n_labeled))
    explicit = chosen(entry.with_metric(KNOWN[metric]), pool_of(make(metric=metric), n_labeled))
    assert followed == explicit


@pytest.mark.parametrize("name", sorted({*all_strategies("categorical")} - {"random"}))
@pytest.mark.parametrize("make", [LogisticRegression, lambda: KNeighborsClassifier(2)])
def test_other_classifiers_leave_the_cosine(name, make):
    entry = all_strategies("categorical")[name]
    followed = chosen(entry.strategy, pool_of(make()))
    assert followed == chosen(entry.with_metric("cosine"), pool_of(make()))


@pytest.mark.parametrize("measure", [Coverage, Diversity, InformationDensity])
@pytest.mark.parametrize("make", INCREMENTAL)
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan", "chebyshev"])
def test_each_measure_follows_the_classifier(measure, make, metric):
    pool = pool_of(make(metric=metric))
    found = measure().utilities(pool)
    np.testing.assert_array_equal(found, measure(metric=metric).utilities(pool))
    if metric != "cosine":
        assert (found != measure(metric="cosine").utilities(pool)).any()


def test_a_metric_that_is_named_stays():
    pool = pool_of(IncrementalKNeighborsClassifier(metric="euclidean"))
    explicit = Diversity("cosine").utilities(pool)
    np.testing.assert_array_equal(
        explicit, Diversity("cosine").utilities(Pool(X).add_labels(LABELED, Y[LABELED]))
    )


def test_the_arguments_of_the_metric_are_followed_too():
    classifier = IncrementalKNeighborsClassifier(metric="minkowski", metric_params={"p": 3})
    pool = pool_of(classifier)
    same = Diversity("minkowski", metric_params={"p": 3}).utilities(pool)
    np.testing.assert_array_equal(Diversity().utilities(pool), same)
    # A graph has no such arguments.
    cosine = Coverage(metric="cosine").utilities(pool)
    np.testing.assert_array_equal(Coverage().utilities(pool), cosine)


def test_a_metric_that_a_strategy_lacks_is_not_followed():
    pool = pool_of(IncrementalKNeighborsClassifier(metric="manhattan"))
    entry = all_strategies("categorical")["typi-clust"]
    assert chosen(entry.strategy, pool) == chosen(entry.with_metric("cosine"), pool)


@pytest.mark.parametrize("strategy", [None, UncertaintyHerding()])
def test_the_default_learner_builds_one_graph(strategy):
    learner = ActiveLearner(IncrementalLabelSpreading(metric="euclidean"), strategy, X_pool=X)
    for _ in range(4):
        query = learner.query()
        learner.teach(query, Y[query])
    assert {graph.metric for graph in learner.pool.graphs.built()} == {"euclidean"}
    assert learner.explain_query(learner.query()).labeled.metric == "euclidean"
