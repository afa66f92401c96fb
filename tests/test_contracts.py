"""The contracts of `skactive.base`, on every class of the package that keeps one."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits

import skactive.base
from skactive import ActiveLearner, Pool
from skactive.base import (
    HasPosteriorSource,
    IncrementalEstimator,
    LabelingPool,
    PoolView,
    TransductiveEstimator,
)
from skactive.measures import Measure
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import CDFProduct, QueryStrategy

USER_GUIDE = Path(__file__).parents[1] / "docs" / "user_guide.md"
X, y = load_digits(return_X_y=True)
X, y = X[:120] / 16, y[:120]


def largest(posterior):
    return posterior.max(axis=1)


# How a measure reads each name; every name of the contract and of the user guide is here.
READ = {
    "X": lambda pool: pool.X[pool.candidates],
    "anywhere": lambda pool: pool.anywhere(np.ones(3), "ones"),
    "is_constant": lambda pool: pool.is_constant(np.arange(3), "counted"),
    "cached": lambda pool: pool.cached(
        ("sum", "of all"), lambda: float(np.asarray(pool.X[:5]).sum())
    ),
    "candidates": lambda pool: pool.candidates,
    "classes_": lambda pool: pool.classes_,
    "coverage_gain": lambda pool: pool.coverage_gain(n_neighbors=3),
    "density": lambda pool: pool.density("cosine"),
    "distance_to_labeled": lambda pool: pool.distance_to_labeled("euclidean", "min"),
    "distances_to": lambda pool: pool.distances_to([0], "euclidean"),
    "estimator": lambda pool: pool.estimator.get_params(),
    "graph": lambda pool: pool.graph(3).indices,
    "labeled": lambda pool: pool.labeled,
    "labeled_neighbors": lambda pool: pool.labeled_neighbors(3, "cosine"),
    "labeled_outside": lambda pool: pool.labeled_outside(),
    "labeled_samples": lambda pool: pool.labeled_samples(),
    "labels": lambda pool: pool.labels,
    "largest_coverage_gain": lambda pool: pool.largest_coverage_gain(
        np.ones(pool.n_samples), 0.5, n_neighbors=3
    ),
    "mean_of": lambda pool: pool.mean_of(np.eye(2), "points"),
    "n_candidates": lambda pool: pool.n_candidates,
    "n_labeled": lambda pool: pool.n_labeled,
    "n_samples": lambda pool: pool.n_samples,
    "nearest_labeled": lambda pool: pool.nearest_labeled(0, 2),
    "of_posterior": lambda pool: pool.of_posterior(largest),
    "once_per_batch": lambda pool: pool.once_per_batch("key", lambda: 3),
    "picked": lambda pool: pool.picked,
    "posterior": lambda pool: pool.posterior(),
    "skipped": lambda pool: pool.skipped,
    "take": lambda pool: pool.take([0, 1]),
    "target": lambda pool: pool.target.kind,
    "whole": lambda pool: pool.whole.n_samples,
}


class Reads(Measure):
    """A measure of a user that reads one name of the contract."""

    def __init__(self, name):
        self.name = name

    def utilities(self, pool):
        READ[self.name](pool)
        return np.arange(pool.n_candidates, dtype=float)


def in_user_guide():
    rows = re.findall(r"^\| ((?:`pool\.[^|]*)) \|", USER_GUIDE.read_text("utf-8"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`pool\.(\w+)", row)}


def contract():
    return {
        name
        for name, member in vars(PoolView).items()
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
    }


def test_every_name_of_the_contract_and_of_the_user_guide_is_read():
    assert set(READ) == contract()
    if USER_GUIDE.exists():
        documented = in_user_guide()
        assert len(documented) >= 10
        assert documented <= contract()


def labeled_pool(**arguments):
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier(), **arguments)
    return pool.add_labeled(X[:2] + 0.1, y[:2]).add_labels([3, 60], y[[3, 60]]).skip([7])


@pytest.mark.parametrize("n_instances", [1, 3])
@pytest.mark.parametrize("name", sorted(READ))
def test_a_measure_can_read_every_name_in_a_query(name, n_instances):
    strategy = CDFProduct([("reads", Reads(name))])
    indices, _ = strategy.select(labeled_pool(), n_instances)
    assert indices.tolist() == list(range(119, 119 - n_instances, -1))


@pytest.mark.parametrize("name", sorted(READ))
@pytest.mark.parametrize("view", [labeled_pool, lambda: Batch(labeled_pool()).pick(5).pick(9)])
def test_every_view_gives_every_name(name, view):
    READ[name](view())


# Exponents outside the range of `largest_coverage_gain`, and the error that each raises.
INVALID_EXPONENTS = [
    (1, ValueError),
    (1.0, ValueError),
    (1.5, ValueError),
    (-0.1, ValueError),
    (np.nan, ValueError),
    (np.inf, ValueError),
    ("half", ValueError),
    (None, TypeError),
    (True, TypeError),
]


def assert_raises_for_the_exponent(pool, exponent, error):
    with pytest.raises(error) as raised:
        pool.largest_coverage_gain(np.ones(pool.n_samples), exponent, n_neighbors=3)
    assert str(raised.value) == (
        "The 'exponent' parameter of largest_coverage_gain must be a finite number of at least 0 "
        f"and below 1. Got {exponent!r} instead."
    )


@pytest.mark.parametrize(("exponent", "error"), INVALID_EXPONENTS)
@pytest.mark.parametrize("view", [labeled_pool, lambda: Batch(labeled_pool()).pick(5)])
def test_an_exponent_outside_its_range_raises_with_a_sentence(view, exponent, error):
    pool = view()
    assert_raises_for_the_exponent(pool, exponent, error)
    assert pool.largest_coverage_gain(np.ones(pool.n_samples), 0, n_neighbors=3)[1] > 0


@pytest.mark.parametrize("name", sorted(contract()))
def test_a_batch_without_picks_is_the_pool(name):
    pool = labeled_pool()
    expected, found = READ[name](pool), READ[name](Batch(pool))
    for left, right in zip(
        *(value if isinstance(value, tuple) else (value,) for value in (expected, found)),
        strict=True,
    ):
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(right, left)
        else:
            assert right == left


def test_the_docstrings_of_contracts_are_inherited():
    for contract_class in (PoolView, LabelingPool):
        for name, member in vars(contract_class).items():
            if not name.startswith("_") and inspect.isfunction(member):
                assert inspect.getdoc(getattr(Pool, name)), name


class PlainNeighbor(ClassifierMixin, BaseEstimator):
    """The nearest labelled sample, with nothing but what `IncrementalEstimator` documents."""

    def fit(self, X, y):
        self.store_ = {}
        return self.add_labeled(X, y)

    def add_labeled(self, X, y):
        store = vars(self).setdefault("store_", {})
        # Ids are any ints: here they descend, and skip some.
        first = min(store, default=1000) - 3
        ids = [first - 2 * place for place in range(len(y))]
        for id_, row, label in zip(ids, np.asarray(X), y, strict=True):
            store[id_] = (row, label)
        self.last_ids_ = np.array(ids)
        return self

    def remove_labeled(self, indices):
        for id_ in np.asarray(indices).tolist():
            del self.store_[id_]
        return self

    def relabel(self, indices, y):
        for id_, label in zip(np.asarray(indices).tolist(), y, strict=True):
            self.store_[id_] = (self.store_[id_][0], label)
        return self

    @property
    def classes_(self):
        return np.unique([label for _, label in self.store_.values()])

    def predict(self, X):
        rows = np.array([row for row, _ in self.store_.values()])
        labels = np.array([label for _, label in self.store_.values()])
        return labels[((np.asarray(X)[:, None] - rows) ** 2).sum(axis=2).argmin(axis=1)]

    def predict_proba(self, X):
        return (self.predict(X)[:, None] == self.classes_).astype(float)

    def __sklearn_is_fitted__(self):
        return bool(getattr(self, "store_", None))


def stored(learner):
    return sorted((tuple(row), label) for row, label in learner.estimator.store_.values())


def test_an_estimator_with_only_the_documented_methods_keeps_each_label_with_its_sample():
    learner = ActiveLearner(PlainNeighbor(), X_pool=X)
    learner.teach([0, 1, 2], y[:3]).teach([5], [y[5]])
    learner.undo()
    assert stored(learner) == sorted((tuple(X[place]), y[place]) for place in (0, 1, 2))
    learner.teach([7, 4], y[[7, 4]]).relabel([1], [8]).undo()
    learner.relabel([7], [9])
    expected = [(0, y[0]), (1, y[1]), (2, y[2]), (4, y[4]), (7, 9)]
    assert stored(learner) == sorted((tuple(X[place]), label) for place, label in expected)
    learner.forget(2)
    assert stored(learner) == sorted((tuple(X[place]), label) for place, label in expected[-2:])
    learner.undo()
    assert stored(learner) == sorted((tuple(X[place]), label) for place, label in expected)
    assert learner.predict(X[[7]]).tolist() == [9]


class WithSamples(PlainNeighbor):
    def labeled_samples(self):
        rows, labels = zip(*self.store_.values(), strict=True)
        return np.array(rows), np.array(labels)


class WithIndices(WithSamples):
    @property
    def labeled_indices_(self):
        return np.array([*self.store_])


@pytest.mark.parametrize(("kind", "n_left"), [(WithSamples, 7), (WithIndices, 3)])
def test_forget_removes_the_samples_of_a_fitted_estimator_if_it_gives_their_ids(kind, n_left):
    learner = ActiveLearner(kind().fit(X[:5], y[:5]), X_pool=X[5:])
    learner.teach([0, 1], y[5:7])
    before = stored(learner)
    assert len(stored(learner.forget(3))) == n_left
    learner.undo()
    assert stored(learner) == before


def test_classes_of_an_estimator_that_cannot_declare_them_are_refused_in_one_sentence():
    with pytest.raises(TypeError, match=r"PlainNeighbor has no `partial_fit`, .* Hint: leave"):
        ActiveLearner(PlainNeighbor(), X_pool=X, classes=[0, 1])


def test_an_incremental_estimator_without_ids_is_refused_in_one_sentence():
    class WithoutIds(PlainNeighbor):
        def add_labeled(self, X, y):
            super().add_labeled(X, y)
            del self.last_ids_
            return self

    learner = ActiveLearner(WithoutIds(), X_pool=X)
    with pytest.raises(
        TypeError, match=r"WithoutIds\.add_labeled must set the attribute `last_ids_`"
    ):
        learner.teach([0], [1])
    assert len(learner.labeled) == 0


@pytest.mark.parametrize(
    ("estimator", "contracts"),
    [
        (IncrementalKNeighborsClassifier(), {IncrementalEstimator, HasPosteriorSource}),
        (
            IncrementalLabelSpreading(),
            {IncrementalEstimator, TransductiveEstimator, HasPosteriorSource},
        ),
        (PlainNeighbor(), {IncrementalEstimator}),
    ],
)
def test_estimators_keep_the_contracts_that_they_claim(estimator, contracts):
    every = {IncrementalEstimator, TransductiveEstimator, HasPosteriorSource}
    assert {one for one in every if isinstance(estimator, one)} == contracts


def test_every_contract_is_public_and_documented():
    for name in skactive.base.__all__:
        member = getattr(skactive.base, name)
        assert member.__module__ == "skactive.base"
        assert inspect.getdoc(member)


def test_a_strategy_of_a_user_reads_the_names_too():
    class Farthest(QueryStrategy):
        def utilities(self, pool):
            pool.cached("first", lambda: 1)
            _, labels = pool.labeled_samples()
            _, places = pool.labeled_neighbors(1)
            assert places.max() < len(labels)
            return pool.distance_to_labeled("euclidean", "min")

    assert len(Farthest().select(labeled_pool(), 3)[0]) == 3


@pytest.mark.parametrize(
    "classifier", [IncrementalKNeighborsClassifier(), IncrementalLabelSpreading(5)], ids=repr
)
def test_ids_of_added_samples_address_them(classifier):
    unlabeled = {"y": [-1] * 60} if isinstance(classifier, IncrementalLabelSpreading) else None
    if unlabeled:
        classifier.fit(X[:60], **unlabeled)
    first = classifier.add_labeled(X[:20], y[:20]).last_ids_
    second = classifier.add_labeled(X[70:73], y[70:73]).last_ids_
    assert len(first) == 20
    assert len(set(first.tolist() + second.tolist())) == 23
    classifier.remove_labeled(first[[3, 7]]).relabel(second[[1]], [y[0]])
    left = dict(zip(classifier.labeled_indices_.tolist(), classifier.y_labeled_, strict=True))
    expected = dict(zip(first.tolist() + second.tolist(), [*y[:20], *y[70:73]], strict=True))
    del expected[int(first[3])], expected[int(first[7])]
    expected[int(second[1])] = y[0]
    assert left == expected
