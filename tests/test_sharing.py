"""Results shared by loops on the same features, and that sharing does not change loops."""

import copy
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner, Pool
from skactive._engine.cache import LOOP_CACHE, FeatureCache, FeatureValues
from skactive.measures import Diversity, InformationDensity, Margin
from skactive.model_selection import BudgetedClassifier, compare_strategies
from skactive.model_selection._compare_strategies import _results
from skactive.neighbors import (
    BlockwiseKNeighborsTransformer,
    IncrementalKNeighborsClassifier,
    NeighborGraph,
)
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import (
    CDFProduct,
    ProbCover,
    RandomSampling,
    TypiClust,
    UncertaintyHerding,
)
from skactive.strategies._support import clusters as _clusters

STRATEGIES = {
    "herding": UncertaintyHerding(),
    "random": RandomSampling(),
    "typiclust": TypiClust(),
    "probcover": ProbCover(),
    "euclidean": CDFProduct(
        [
            ("uncertainty", Margin()),
            ("density", InformationDensity("euclidean")),
            ("diversity", Diversity("euclidean")),
        ]
    ),
}


def clouds(n_samples=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n_samples) % 3
    X = rng.normal(size=(n_samples, 4)) + 2.5 * np.eye(4)[y]
    return X.astype(np.float32), np.array(["ash", "birch", "cedar"])[y]


def count_graphs(monkeypatch):
    LOOP_CACHE.clear()
    built = []
    search = BlockwiseKNeighborsTransformer.fit_transform
    monkeypatch.setattr(
        BlockwiseKNeighborsTransformer,
        "fit_transform",
        lambda *args: built.append(1) or search(*args),
    )
    return built


@given(st.integers(0, 1000), st.sampled_from([np.float32, np.float64]), st.integers(1, 3))
@settings(max_examples=5)
def test_loops_are_the_same_with_and_without_sharing(seed, dtype, batch_size):
    X, y = clouds(seed=seed)
    kwargs = {"budget": 9, "batch_size": batch_size, "cv": 2, "random_state": seed}
    for estimator in (IncrementalLabelSpreading(5), IncrementalKNeighborsClassifier()):
        LOOP_CACHE.clear()
        sharing_ = compare_strategies(estimator, STRATEGIES, X.astype(dtype), y, **kwargs)
        assert len(LOOP_CACHE)
        LOOP_CACHE.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LOOP_CACHE, "share", 0.0)
            alone = compare_strategies(estimator, STRATEGIES, X.astype(dtype), y, **kwargs)
            assert not len(LOOP_CACHE)
        np.testing.assert_array_equal(sharing_.test_scores, alone.test_scores)


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss"])
@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("classifier", [3, "scaled"])
def test_scores_at_the_end_are_those_taken_label_by_label(scoring, batch_size, classifier):
    X, y = clouds()
    estimator = IncrementalKNeighborsClassifier(3)
    if classifier == "scaled":
        estimator = make_pipeline(StandardScaler(), estimator)
    kwargs = {"budget": 18, "batch_size": batch_size, "cv": 3, "random_state": 0}
    strategies = {"random": RandomSampling(), "product": CDFProduct()}
    # With an oracle, even one without errors, the test part is scored after each answer.
    selected = compare_strategies(
        estimator, strategies, X, y, oracle=lambda _, y: y, scoring=scoring, **kwargs
    )
    recorded = compare_strategies(estimator, strategies, X, y, scoring=scoring, **kwargs)
    np.testing.assert_allclose(recorded.test_scores, selected.test_scores, rtol=1e-6)


def test_all_loops_of_a_split_share_one_graph(monkeypatch):
    built = count_graphs(monkeypatch)
    X, y = clouds()
    strategies = {str(place): RandomSampling() for place in range(4)}
    compare_strategies(
        IncrementalLabelSpreading(), strategies, X, y, budget=5, cv=3, random_state=0
    )
    assert len(built) == 3


def test_all_candidates_of_a_grid_search_share_one_graph_per_fold(monkeypatch):
    built = count_graphs(monkeypatch)
    X, y = clouds()
    classifier = BudgetedClassifier(IncrementalLabelSpreading(), UncertaintyHerding(), budget=5)
    grid = {"strategy__random_state": [0, 1, 2, 3]}
    GridSearchCV(classifier, grid, cv=StratifiedKFold(3), refit=False, error_score="raise").fit(
        X, y
    )
    assert len(built) == 3


def test_features_changed_in_place_are_recognised():
    X, y = clouds()
    classifier = BudgetedClassifier(IncrementalLabelSpreading(), UncertaintyHerding(), budget=9)
    LOOP_CACHE.clear()
    before = classifier.fit(X, y).query_indices_
    X[:] = X[::-1].copy()
    after = clone(classifier).fit(X, y).query_indices_
    LOOP_CACHE.clear()
    np.testing.assert_array_equal(after, clone(classifier).fit(X, y).query_indices_)
    assert not np.array_equal(before, after)


@pytest.mark.parametrize(
    "other",
    [
        np.eye(4, dtype=np.float64),
        np.eye(4, dtype=np.float32)[::-1],
        np.eye(4, dtype=np.float32).reshape(2, 8),
        sp.csr_matrix(np.eye(4, dtype=np.float32)),
    ],
)
def test_features_of_another_type_shape_or_order_share_nothing(other):
    cache = FeatureCache()

    def value(X, computed):
        return FeatureValues(X, cache).get("key", lambda: computed)

    assert value(np.eye(4, dtype=np.float32), "first") == "first"
    assert value(other, "second") == "second"
    assert value(other.copy(), "third") == "second"


class Counting(RandomSampling):
    """A strategy with a cached value that counts its computations."""

    computed = 0

    def _compute(self):
        Counting.computed += 1

    def utilities(self, pool):
        pool.pool.cached(("computed",), self._compute)
        return super().utilities(pool)


def test_values_cached_by_a_custom_strategy_stay_with_its_pool():
    X, y = clouds()
    Counting.computed = 0
    for _ in range(2):
        BudgetedClassifier(strategy=Counting(random_state=0), budget=3).fit(X, y)
    assert Counting.computed == 2


def test_clusters_are_found_once_for_equal_pools(monkeypatch):
    LOOP_CACHE.clear()
    searched, clusters = [], _clusters._clusters
    monkeypatch.setattr(_clusters, "_clusters", lambda *args: searched.append(1) or clusters(*args))
    X, y = clouds()
    n_searched = []
    for _ in range(3):
        BudgetedClassifier(strategy=TypiClust(), budget=8).fit(X.copy(), y)
        n_searched.append(len(searched))
    assert n_searched[0] > 0
    assert n_searched == n_searched[:1] * 3


def test_a_pool_outside_of_a_simulation_shares_nothing(monkeypatch):
    built = count_graphs(monkeypatch)
    X, _ = clouds()
    for _ in range(2):
        Pool(X).graph()
    assert len(built) == 2
    assert not len(LOOP_CACHE)


@pytest.mark.parametrize(
    "create", [Pool, partial(ActiveLearner, IncrementalKNeighborsClassifier(), None)]
)
def test_pools_and_learners_with_one_cache_share_graphs_densities_and_values(create, monkeypatch):
    built, cache, (X, _) = count_graphs(monkeypatch), FeatureCache(), clouds()
    pools = [getattr(one, "pool", one) for one in (create(X.copy(), cache=cache) for _ in range(2))]
    graphs = [pool.graph(5) for pool in pools]
    assert len(built) == 1
    assert graphs[0].indices is graphs[1].indices
    # Each graph refers to the features of its own pool.
    assert all(graph.X is pool.X for graph, pool in zip(graphs, pools, strict=True))
    computed = []
    for pool in pools:
        pool.cached("shared", lambda: computed.append("shared"), shared=True)
        pool.cached("own", lambda: computed.append("own"))
    assert computed == ["shared", "own", "own"]
    densities = [pool.density("euclidean") for pool in pools]
    np.testing.assert_array_equal(*densities)
    np.testing.assert_array_equal(densities[0], Pool(X).density("euclidean"))
    assert {name for name, _ in cache._values} == {
        ("NeighborGraph", 5, "cosine"),
        ("cached", "shared"),
        ("density", "euclidean"),
    }


def test_copies_of_a_pool_and_a_learner_have_no_cache():
    (X, y), cache = clouds(), FeatureCache()
    pool = Pool(X, cache=cache)
    pool.cached("key", lambda: 1, shared=True)
    learner = ActiveLearner(X_pool=X, cache=cache).teach([0, 1], y[:2])
    for one in (pool, learner):
        for twin in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
            before = len(cache)
            getattr(twin, "pool", twin).cached("new", lambda: 2, shared=True)
            assert len(cache) == before
    np.testing.assert_array_equal(twin.query(3), learner.query(3))


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))]
)
def test_a_copy_of_a_cache_is_an_empty_cache_of_the_same_share(copied):
    cache = FeatureCache(0.5)
    cache.get("key", "features", lambda: 1)
    twin = copied(cache)
    assert (len(twin), twin.share) == (0, 0.5)
    assert twin.get("key", "features", lambda: 2) == 2
    assert cache.get("key", "features", lambda: 3) == 1


def test_a_cache_can_be_sent_to_processes():
    tasks = [(len, (FeatureCache(),))] * 2
    assert _results(tasks, 2, progress=False) == [0, 0]


class RaisesWhenPickled:
    def __reduce__(self):
        raise RuntimeError("This value belongs to one process.")


def nested(depth=100_000):
    tree = None
    for _ in range(depth):
        tree = (tree, None)
    return tree


@pytest.mark.parametrize("compute", [RaisesWhenPickled, nested])
def test_a_value_that_cannot_be_pickled_is_not_shared(compute):
    (X, _), cache = clouds(), FeatureCache()
    values = [Pool(X, cache=cache).cached("key", compute, shared=True) for _ in range(2)]
    assert values[0] is not values[1]
    assert len(cache) == 0


@pytest.mark.parametrize("cache", [True, {}, FeatureCache], ids=repr)
@pytest.mark.parametrize("create", [Pool, lambda X, cache: ActiveLearner(X_pool=X, cache=cache)])
def test_another_object_than_a_cache_raises_with_a_sentence(create, cache):
    fault = "The 'cache' parameter of Pool must be a FeatureCache or None. Got "
    with pytest.raises(TypeError, match=re.escape(f"{fault}{cache!r} instead.")):
        create(clouds()[0], cache=cache)


def test_the_nodes_nearest_to_a_test_part_are_found_once_for_all_loops(monkeypatch):
    LOOP_CACHE.clear()
    found, nearest_nodes = [], IncrementalLabelSpreading.nearest_nodes
    monkeypatch.setattr(
        IncrementalLabelSpreading,
        "nearest_nodes",
        lambda self, X: found.append(len(X)) or nearest_nodes(self, X),
    )
    X, y = clouds()
    strategies = {str(place): RandomSampling() for place in range(3)}
    same = {"budget": 5, "cv": 3, "random_state": 0, "oracle": lambda positions, y: y}
    compare_strategies(None, strategies, X, y, **same)
    # Once for each split, and once by `predict` for its score with every label.
    assert found == [20] * (3 + 3)


def test_nearest_nodes_are_shared_by_equal_graphs_only():
    (X, _), cache = clouds(), FeatureCache()
    nodes, others = X[:50], X[50:]
    graph = Pool(nodes).graph(5)
    approximate = NeighborGraph(graph.indices, 2 * graph.distances, X=nodes)
    for n_shared, neighbors in enumerate((graph, approximate, graph)):
        classifier = IncrementalLabelSpreading(5).fit_pool(Pool(nodes, graph=neighbors))
        source = classifier.outside_posterior_source(Pool(others, cache=cache))
        np.testing.assert_array_equal(
            source._nearest.weights, classifier.nearest_nodes(others).weights
        )
        assert len(cache) == min(n_shared + 1, 2)


def test_threads_get_the_same_values():
    (X, _), cache = clouds(), FeatureCache()

    def graph(_):
        return Pool(X, cache=cache).graph(5).indices

    with ThreadPoolExecutor(4) as threads:
        for indices in threads.map(graph, range(12)):
            np.testing.assert_array_equal(indices, Pool(X).graph(5).indices)
    assert len(cache) == 1
    assert cache._n_bytes == sum(n_bytes for _, n_bytes in cache._values.values())


def test_the_least_recently_used_values_are_deleted_beyond_a_quarter_of_working_memory():
    cache = FeatureCache()
    values = FeatureValues(np.eye(2), cache)
    with config_context(working_memory=4):
        for key, n_numbers in (("first", 100_000), ("second", 20_000), ("third", 1000)):
            values.get(key, lambda n=n_numbers: np.zeros(n))
        FeatureValues(np.eye(2), cache).get("first", lambda: "computed again")
        values.get("fourth", lambda: np.zeros(20_000))
        values.get("too large", lambda: np.zeros(132_000))
        values.get("cannot be pickled", lambda: lambda: None)
    assert [name for name, _ in cache._values] == ["third", "first", "fourth"]
    # A pool keeps its own values, whatever the cache deletes.
    assert len(values.get("second", lambda: "computed again")) == 20_000
    assert len(values.get("too large", lambda: "computed again")) == 132_000


def test_the_size_of_a_cache_is_a_share_of_at_least_0():
    with pytest.raises(ValueError, match="'share' parameter of FeatureCache must be a finite"):
        FeatureCache(-0.1)


def kind_of(X):
    return type(X).__name__


def test_processes_read_the_features_from_one_file():
    X = np.zeros((1000, 300))
    assert _results([(kind_of, (X,))] * 2, 2, progress=False) == ["memmap", "memmap"]
