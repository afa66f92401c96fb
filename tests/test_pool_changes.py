"""After samples are added and removed, a pool is as if made from the samples that it has now."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sklearn.datasets import load_digits
from sklearn.naive_bayes import GaussianNB
from strategies import CLASS_NAMES, class_names
from strategies_under_contract import REGISTERED, every_strategy
from test_contracts import READ

from skactive import Pool
from skactive._engine import block_search
from skactive._engine.distances import Space
from skactive._engine.external_posterior import ExternalPosterior
from skactive.datasets import open_vectors
from skactive.neighbors import IncrementalKNeighborsClassifier, NeighborGraph
from skactive.pool import FeatureCache
from skactive.strategies import all_strategies

# Distances within each bank are exact in single precision, and so are their sums, so that ties
# are the same in every order of the samples. Both have duplicates and the zero vector.
AXES = np.eye(4)
DIAGONALS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [2, -2, 2, -2], [1, -1, -1, 1]])
BANKS = {
    "cosine": np.vstack([np.zeros(4), AXES[0], 2 * AXES[0], AXES[1], -4 * AXES[2], DIAGONALS]),
    "euclidean": np.outer(np.arange(-3, 6), [3.0, 4.0, 0.0, 0.0]),
}
CONTAINERS = {
    "dense": np.asarray,
    "float16": lambda X: np.asarray(X, dtype=np.float16),
    "sparse": sp.csr_matrix,
}
FEWEST = 3


def rows_of(metric, min_size=0, max_size=4):
    places = st.integers(0, len(BANKS[metric]) - 1)
    drawn = st.lists(places, min_size=min_size, max_size=max_size)
    return drawn.map(lambda chosen: BANKS[metric][chosen])


def largest(posterior):
    return posterior.max(axis=1)


def sorted_neighbors(pool, n_neighbors, metric):
    """The nearest labelled samples, equally near ones in the order of their labels."""
    distances, places = pool.labeled_neighbors(n_neighbors, metric)
    return distances, np.take_along_axis(places, np.lexsort((places, distances), axis=-1), axis=1)


def values_of(metric):
    """Every name of the contract, and further settings of those that have some."""
    values = dict(READ)
    # The entry of the contract takes dense features only.
    values["cached"] = lambda pool: pool.cached("sum", lambda: float(pool.X[:5].sum()))
    values["anywhere of all"] = lambda pool: pool.of_posterior(largest, everywhere=True)
    for aggregate in ("mean", "min"):
        values[f"distance {aggregate}"] = lambda pool, aggregate=aggregate: (
            pool.distance_to_labeled(metric, aggregate)
        )
    values["density"] = lambda pool: pool.density(metric)
    values["density by Manhattan"] = lambda pool: pool.density("manhattan")
    values["labeled_neighbors"] = lambda pool: sorted_neighbors(pool, 3, metric)
    for n_neighbors in (2, 15):
        values[f"graph {n_neighbors}"] = lambda pool, n_neighbors=n_neighbors: (
            pool.graph(n_neighbors, metric).indices,
            pool.graph(n_neighbors, metric).distances,
            pool.graph(n_neighbors, metric).bandwidths,
            pool.graph(n_neighbors, metric).affinity(),
            pool.graph(n_neighbors, metric).fingerprint,
        )
    for bandwidth in (None, "median"):
        values[f"gain {bandwidth}"] = lambda pool, bandwidth=bandwidth: pool.coverage_gain(
            metric=metric, bandwidth=bandwidth
        )
    return values


def assert_equal(found, expected, name):
    if isinstance(expected, tuple):
        assert len(found) == len(expected), name
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other, name)
    elif sp.issparse(expected):
        assert type(found) is type(expected), name
        assert_equal(found.toarray(), expected.toarray(), name)
    elif isinstance(expected, np.ndarray):
        assert found.dtype.kind == expected.dtype.kind, name
        if expected.dtype.kind == "f":
            np.testing.assert_allclose(found, expected, atol=1e-9, err_msg=name)
        else:
            np.testing.assert_array_equal(found, expected, err_msg=name)
    else:
        assert found == expected, name


def assert_same_query(strategy, pool, fresh, n_instances):
    n_instances = min(n_instances, fresh.n_candidates)
    if n_instances:
        indices, utilities = strategy.select(pool, n_instances)
        expected, expected_utilities = strategy.select(fresh, n_instances)
        np.testing.assert_array_equal(indices, expected, err_msg=repr(strategy))
        np.testing.assert_allclose(utilities, expected_utilities, atol=1e-9)


class PoolChanges(RuleBasedStateMachine):
    """Keeps the samples of a pool, and their labels in the order in which they were given."""

    metric: str

    @initialize(data=st.data())
    def make(self, data):
        self.container = CONTAINERS[data.draw(st.sampled_from(sorted(CONTAINERS)))]
        self.declared = data.draw(st.sampled_from([None, CLASS_NAMES]))
        self.cache = data.draw(st.sampled_from([None, FeatureCache()]))
        self.estimator = IncrementalKNeighborsClassifier(3, metric=self.metric)
        # The rows of the pool and their names, in order.
        self.X = data.draw(rows_of(self.metric, FEWEST, 9))
        self.names = list(range(len(self.X)))
        self.n_named = len(self.X)
        # The label of each name, and rows from outside with their labels, oldest first.
        self.known = {}
        self.forgotten = []
        self.skipped = set()
        graph = None
        if data.draw(st.booleans()):
            graph = NeighborGraph.of(self.container(self.X), n_neighbors=2, metric=self.metric)
        self.pool = self.new_pool(graph=graph)

    def new_pool(self, **arguments):
        return Pool(
            self.container(self.X),
            estimator=self.estimator,
            classes=self.declared,
            samples=[f"sample {name}" for name in self.names],
            cache=self.cache,
            **arguments,
        )

    def fresh(self):
        pool = self.new_pool()
        pool.skip([place for place, name in enumerate(self.names) if name in self.skipped])
        for name, (row, label) in self.known.items():
            if isinstance(name, int):
                pool.add_labels([self.names.index(name)], [label])
            else:
                pool.add_labeled(row[np.newaxis], [label])
        return pool

    def labeled(self):
        return [place for place, name in enumerate(self.names) if name in self.known]

    def unlabeled(self):
        return [place for place, name in enumerate(self.names) if name not in self.known]

    @rule(data=st.data())
    def add_samples(self, data):
        new = data.draw(rows_of(self.metric))
        names = list(range(self.n_named, self.n_named + len(new)))
        X = self.container(new.reshape(-1, 4))
        assert self.pool.add_samples(X, [f"sample {name}" for name in names]) is self.pool
        self.X, self.names = np.vstack([self.X, new.reshape(-1, 4)]), self.names + names
        self.n_named += len(new)

    @precondition(lambda self: len(self.names) > FEWEST)
    @rule(data=st.data())
    def remove_samples(self, data):
        places = st.sampled_from(range(len(self.names)))
        most = len(self.names) - FEWEST
        removed = data.draw(st.lists(places, unique=True, max_size=min(most, 4)))
        assert self.pool.remove_samples(removed) is self.pool
        for place in removed:
            name = self.names[place]
            self.known.pop(name, None)
            self.skipped.discard(name)
            for forgotten in self.forgotten:
                forgotten.pop(name, None)
        left = [place for place in range(len(self.names)) if place not in removed]
        self.X, self.names = self.X[left], [self.names[place] for place in left]

    @precondition(lambda self: self.unlabeled())
    @rule(data=st.data())
    def add_labels(self, data):
        free = st.sampled_from(self.unlabeled())
        places = data.draw(st.lists(free, unique=True, min_size=1, max_size=3))
        labels = data.draw(class_names(len(places)))
        self.pool.add_labels(places, labels)
        for place, label in zip(places, labels, strict=True):
            self.known[self.names[place]] = (self.X[place], str(label))

    @rule(data=st.data())
    def add_labeled(self, data):
        (row,) = data.draw(rows_of(self.metric, 1, 1))
        label = str(data.draw(class_names(1))[0])
        self.pool.add_labeled(row[np.newaxis], [label])
        self.known[f"outside {self.n_named}"] = (row, label)
        self.n_named += 1

    @precondition(lambda self: self.labeled())
    @rule(data=st.data())
    def remove_labels(self, data):
        place = data.draw(st.sampled_from(self.labeled()))
        self.pool.remove_labels([place])
        del self.known[self.names[place]]

    @precondition(lambda self: self.labeled())
    @rule(data=st.data())
    def relabel(self, data):
        place = data.draw(st.sampled_from(self.labeled()))
        label = str(data.draw(class_names(1))[0])
        self.pool.relabel([place], [label])
        self.known[self.names[place]] = (self.X[place], label)

    @precondition(lambda self: self.unlabeled())
    @rule(data=st.data())
    def skip(self, data):
        place = data.draw(st.sampled_from(self.unlabeled()))
        self.pool.skip([place])
        self.skipped.add(self.names[place])

    @rule(n_kept=st.integers(0, 3))
    def forget(self, n_kept):
        self.pool.forget(n_kept)
        names = list(self.known)[: max(len(self.known) - n_kept, 0)]
        if names:
            self.forgotten.append({name: self.known.pop(name) for name in names})

    @precondition(lambda self: self.forgotten)
    @rule()
    def restore_forgotten(self):
        self.pool.restore_forgotten()
        back = self.forgotten.pop()
        self.known = {
            name: one for name, one in back.items() if name not in self.known
        } | self.known

    @rule()
    def refuse_what_is_wrong(self):
        for change, error in self.mistakes():
            with pytest.raises(error):
                change()

    def mistakes(self):
        n_samples, new = len(self.names), np.ones((1, 4))
        yield lambda: self.pool.add_samples(new[:, :2], ["new"]), ValueError
        yield lambda: self.pool.add_samples(np.nan * new, ["new"]), ValueError
        yield lambda: self.pool.add_samples([["a", "b", "c", "d"]], ["new"]), ValueError
        yield lambda: self.pool.add_samples(new), ValueError
        yield lambda: self.pool.add_samples(new, ["new", "newer"]), ValueError
        yield lambda: self.pool.add_samples(new, np.array(["new"])), TypeError
        yield lambda: self.pool.remove_samples([0, n_samples]), IndexError
        yield lambda: self.pool.remove_samples([-1]), IndexError
        yield lambda: self.pool.remove_samples([0.5]), TypeError
        yield lambda: self.pool.remove_samples([0, 0]), ValueError
        yield lambda: self.pool.remove_samples(range(n_samples)), ValueError

    @rule(data=st.data())
    def read_some(self, data):
        values = values_of(self.metric)
        for name in data.draw(st.lists(st.sampled_from(sorted(values)), max_size=6)):
            if self.pool.n_candidates:
                values[name](self.pool)

    @rule(data=st.data())
    def every_value_is_that_of_a_fresh_pool(self, data):
        fresh = self.fresh()
        if fresh.n_candidates:
            for name, value in values_of(self.metric).items():
                assert_equal(value(self.pool), value(fresh), name)
            strategy = all_strategies("categorical")[data.draw(st.sampled_from(sorted(REGISTERED)))]
            strategy = strategy.with_metric(self.metric)
            if "random_state" in strategy.get_params():
                strategy.set_params(random_state=0)
            assert_same_query(strategy, self.pool, fresh, 2)

    @invariant()
    def its_lists_are_those_of_the_model(self):
        names = [self.names[place] for place in self.pool.labeled]
        assert names == [name for name in self.known if isinstance(name, int)]
        assert self.pool.labels.tolist() == [self.known[name][1] for name in names]
        assert self.pool.n_samples == len(self.names)
        assert self.pool.n_labeled == len(self.known)
        assert self.pool.n_forgotten == sum(map(len, self.forgotten))
        skipped = [self.names[place] for place in self.pool.skipped]
        assert skipped == [
            name for name in self.names if name in self.skipped and name not in self.known
        ]

    def teardown(self):
        if hasattr(self, "pool"):
            fresh = self.fresh()
            for name, value in values_of(self.metric).items():
                if fresh.n_candidates:
                    assert_equal(value(self.pool), value(fresh), name)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_pool_is_as_if_made_from_the_samples_that_it_has_now(metric):
    machine = type("PoolChangesByOneMetric", (PoolChanges,), {"metric": metric})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=25, deadline=None)
    )


@every_strategy
def test_every_strategy_queries_as_in_a_fresh_pool(strategy):
    X, y = load_digits(return_X_y=True)
    X, y = X[:140], y[:140]
    known = np.array([3, 60, 100, 7])
    estimator = IncrementalKNeighborsClassifier()
    pool = Pool(X[:120], estimator=estimator).add_labels(known, y[known]).skip([9])
    strategy.select(pool, 2)
    pool.add_samples(X[120:]).remove_samples([0, 60, 130])
    left = np.delete(np.arange(140), [0, 60, 130])
    places = np.searchsorted(left, [3, 100, 7])
    fresh = Pool(X[left], estimator=estimator).add_labels(places, y[[3, 100, 7]]).skip([8])
    indices, utilities = strategy.select(pool, 3)
    expected, expected_utilities = strategy.select(fresh, 3)
    np.testing.assert_array_equal(indices, expected)
    # Products of other shapes are rounded in another way.
    np.testing.assert_allclose(utilities, expected_utilities, rtol=1e-4, atol=1e-6)


class Counted:
    """Count the rows of a pool that are compared with others."""

    def __init__(self, monkeypatch):
        self.n_pairs = 0
        compare, by_product = Space.compare, block_search.lower_bounds

        def counting(function, space, A, B, *arguments):
            self.n_pairs += len(A) * len(B)
            return function(space, A, B, *arguments)

        monkeypatch.setattr(Space, "compare", lambda *arguments: counting(compare, *arguments))
        monkeypatch.setattr(block_search, "lower_bounds", partial(counting, by_product))


def test_a_change_compares_only_the_rows_that_it_concerns(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_020, 6))
    pool = Pool(X[:1_000]).add_labels(range(40), ["a", "b"] * 20)
    pool.graph(5)
    pool.density("euclidean")
    pool.distance_to_labeled("cosine", "min")
    counted = Counted(monkeypatch)
    pool.add_samples(X[1_000:])
    # The graph and the density compare old with new samples and new with all; the nearest
    # labelled samples are searched for the new ones.
    assert counted.n_pairs == 2 * (1_000 * 20 + 20 * 1_020) + 20 * 40
    counted.n_pairs = 0
    pool.graph(5)
    pool.density("euclidean")
    pool.distance_to_labeled("cosine", "min")
    assert counted.n_pairs == 0
    is_lost = np.isin(pool.graph(5).indices, [500, 501]).any(axis=1)
    is_lost[[500, 501]] = False
    pool.remove_samples([500, 501])
    assert counted.n_pairs == is_lost.sum() * 1_018 + 1_018 * 2


def test_a_graph_that_was_passed_stays_with_the_pool():
    X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    pool = Pool(X[:50], graph=NeighborGraph.of(X[:50], n_neighbors=9))
    before = pool.graph(4)
    pool.add_samples(X[50:])
    for n_neighbors in (4, 9):
        np.testing.assert_array_equal(
            pool.graph(n_neighbors).indices, Pool(X).graph(n_neighbors).indices
        )
    assert pool.graph(9).X is pool.X
    assert pool.has_graph(pool.graph(4))
    assert not pool.has_graph(before)


def test_a_source_of_probabilities_is_created_again():
    made = []

    def source(pool):
        made.append(pool)
        return ExternalPosterior(pool)

    X = np.arange(8.0).reshape(4, 2)
    classifier = GaussianNB().fit(X[:2], ["a", "b"])
    pool = Pool(X, estimator=classifier, posterior_source=source).add_labels([0, 1], ["a", "b"])
    assert pool.posterior().shape == (2, 2)
    assert pool.add_samples(X[:1]).posterior().shape == (3, 2)
    assert pool.remove_samples([2]).posterior().shape == (2, 2)
    assert made == [pool] * 3


def test_a_saved_state_is_that_of_the_changed_pool(tmp_path):
    X = np.random.default_rng(0).normal(size=(20, 3))
    pool = Pool(X, state=tmp_path / "state.npz").add_labels([4, 7], ["a", "b"])
    pool.density("euclidean")
    pool.distance_to_labeled()
    pool.save_state(tmp_path / "state.npz")
    pool = Pool(X, state=tmp_path / "state.npz").add_labels([4, 7], ["a", "b"])
    pool.density("euclidean")
    pool.remove_samples([1, 7]).save_state(tmp_path / "changed.npz")
    left = np.delete(X, [1, 7], axis=0)
    again = Pool(left, state=tmp_path / "changed.npz").add_labels([3], ["a"])
    for metric in ("cosine", "euclidean"):
        np.testing.assert_allclose(
            again.density(metric), Pool(left).density(metric)[again.candidates]
        )
    np.testing.assert_allclose(again.distance_to_labeled(), pool.distance_to_labeled())


@pytest.mark.parametrize("kind", ["file", "float16 map", "float32 map"])
def test_features_on_disk_cannot_change(kind, tmp_path):
    X = np.arange(8, dtype=np.float32).reshape(4, 2)
    path = tmp_path / "vectors.npy"
    np.save(path, X.astype(np.float16 if kind == "float16 map" else np.float32))
    pool = Pool(open_vectors(path) if kind == "file" else np.load(path, mmap_mode="r"))
    for change in (lambda: pool.add_samples(X), lambda: pool.remove_samples([0])):
        with pytest.raises(TypeError, match="are on disk, where samples cannot be added or"):
            change()
    assert pool.n_samples == 4


NEW = {
    "texts": (["a", "b"], ["c"], np.array(["c"]), "an array of"),
    "array": (np.array(["a", "b"]), np.array(["long"]), np.array([1]), "int64"),
    "frame": (
        pd.DataFrame({"size": [1.0, 2.0]}),
        pd.DataFrame({"size": [3.0]}, index=[9]),
        pd.DataFrame({"length": [3.0]}),
        "length",
    ),
    "sparse": (sp.eye(2, format="csr"), sp.eye(1, 2), sp.eye(1, 3), "3 columns"),
}


@pytest.mark.parametrize("kind", sorted(NEW))
def test_new_samples_are_of_the_kind_of_the_others(kind):
    samples, new, other, message = NEW[kind]
    X = np.eye(2)
    pool = Pool(X, samples=samples)
    with pytest.raises(TypeError, match=f"The samples of the pool are .*{message}"):
        pool.add_samples(X[:1], other)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        pool.add_samples(X, new)
    assert pool.n_samples == 2
    taken = pool.add_samples(X[:1], new).remove_samples([0]).take([0, 1])
    assert (taken.shape[0] if hasattr(taken, "shape") else len(taken)) == 2
    assert type(taken) is type(Pool(X, samples=samples).take([0]))


def test_samples_that_the_pool_does_not_have_are_refused():
    with pytest.raises(ValueError, match="The pool has no samples beside its features"):
        Pool(np.eye(2)).add_samples(np.eye(2), ["a", "b"])


def test_nothing_added_or_removed_changes_nothing():
    pool = Pool(np.eye(2))
    X = pool.X
    assert pool.add_samples(np.empty((0, 2))).remove_samples([]).X is X


@pytest.mark.parametrize("make", [np.asarray, sp.csr_matrix, sp.csr_array])
def test_the_container_is_that_of_the_pool(make):
    X = np.eye(3)
    for new in (X, sp.csr_matrix(X), sp.csr_array(X)):
        pool = Pool(make(X)).add_samples(new[:2]).remove_samples([0])
        assert type(pool.X) is type(make(X))
        assert pool.X.dtype == np.float32
        assert pool.X.shape == (4, 3)
