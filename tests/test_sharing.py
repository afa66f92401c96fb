"""Results shared by loops on the same features, and that sharing does not change loops."""

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

from skactive import Pool
from skactive._engine import shared_columns as _shared_columns
from skactive._engine import sharing as _sharing
from skactive._engine.distances import Rows
from skactive._engine.shared_columns import SharedColumns
from skactive._engine.sharing import forget_shared, shared, sharing
from skactive.measures import Diversity, InformationDensity, Margin
from skactive.model_selection import BudgetedClassifier, compare_strategies
from skactive.model_selection._compare_strategies import _results
from skactive.neighbors import BlockwiseKNeighborsTransformer, IncrementalKNeighborsClassifier
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
    forget_shared()
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
        forget_shared()
        sharing_ = compare_strategies(estimator, STRATEGIES, X.astype(dtype), y, **kwargs)
        assert _sharing._kept
        forget_shared()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_sharing, "KEPT_SHARE", 0.0)
            alone = compare_strategies(estimator, STRATEGIES, X.astype(dtype), y, **kwargs)
            assert not _sharing._kept
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
    forget_shared()
    before = classifier.fit(X, y).query_indices_
    X[:] = X[::-1].copy()
    after = clone(classifier).fit(X, y).query_indices_
    forget_shared()
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
    forget_shared()
    with sharing():
        assert shared("key", lambda: "first", np.eye(4, dtype=np.float32)) == "first"
        assert shared("key", lambda: "second", other) == "second"
        assert shared("key", lambda: "third", other.copy()) == "second"


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
    forget_shared()
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
    assert not _sharing._kept


def test_the_longest_unused_goes_where_more_than_a_quarter_of_working_memory_is_kept():
    forget_shared()
    X = np.eye(2)
    with config_context(working_memory=4), sharing():
        for key, n_numbers in (("first", 126_000), ("second", 126_000), ("third", 1000)):
            shared(key, lambda n=n_numbers: np.zeros(n), X)
        shared("too large", lambda: np.zeros(132_000), X)
        shared("not to be weighed", lambda: lambda: None, X)
    assert [name[0] for name in _sharing._kept] == ["second", "third"]


def kind_of(X):
    return type(X).__name__


def test_processes_read_the_features_from_one_file():
    X = np.zeros((1000, 300))
    assert _results([(kind_of, (X,))] * 2, 2, progress=False) == ["memmap", "memmap"]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("aggregate", ["mean", "min"])
def test_distances_shared_by_loops_change_no_curve(metric, aggregate, monkeypatch):
    forget_shared()
    monkeypatch.setattr(_shared_columns, "LEAST_BYTES", 0)
    X, y = clouds(301)
    X = np.hstack([X, np.random.default_rng(1).normal(size=(301, 61)).astype(np.float32)])
    measures = [("unsure", Margin()), ("unlike", Diversity(metric, aggregate=aggregate))]
    found = []
    compared = SharedColumns.compared

    def counted(self, *arguments):
        found.append(self._holds)
        return compared(self, *arguments)

    monkeypatch.setattr(SharedColumns, "compared", counted)

    def curves():
        comparison = compare_strategies(
            IncrementalKNeighborsClassifier(metric=metric),
            {"product": CDFProduct(measures, random_state=0), "random": RandomSampling()},
            X,
            y,
            budget=30,
            cv=StratifiedKFold(3),
            random_state=0,
        )
        return comparison.test_scores

    shared_curves = curves()
    # The first of each fold's loops is checked; random sampling needs no distances.
    assert found.count(None) == 3
    assert found.count(True) == len(found) - 3 > 80
    n_found = len(found)
    monkeypatch.setattr(SharedColumns, "pays", lambda *_: False)
    np.testing.assert_array_equal(shared_curves, curves())
    assert len(found) == n_found


def test_where_products_depend_on_the_rows_around_nothing_is_shared(monkeypatch):
    X, y = clouds(200)
    rows = np.arange(0, 200, 2)
    pools = [Pool(X[rows], estimator=IncrementalKNeighborsClassifier()) for _ in range(2)]
    monkeypatch.setattr(_shared_columns, "LEAST_BYTES", 0)
    with sharing():
        pools[0].share_columns(X, rows)
        broken = pools[0].geometry._columns
        assert broken is not None
        monkeypatch.setattr(broken, "_rows", Rows(X + np.float32(1)))
        for place in (3, 50, 7):
            for pool in pools:
                pool.add_labels([place], y[rows[[place]]])
            np.testing.assert_array_equal(pools[0].posterior(), pools[1].posterior())
    assert broken._holds is False
