"""The contract of every query strategy in the registry."""

import importlib
import inspect
import pickle
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from small_pools import labeled_pool, pool_of_kind, samples, state
from strategies_under_contract import (
    FOR_NUMBERS,
    FOR_SETS,
    REGISTERED,
    STRATEGIES,
    any_strategy,
    assert_query,
    every_greedy_strategy,
)

import skactive.strategies
from skactive.measures import Diversity, Entropy, Margin
from skactive.pool import Pool
from skactive.strategies import (
    ProbCover,
    QueryStrategy,
    RandomSampling,
    UncertaintySampling,
    all_strategies,
)

TEST_FILES = sorted(Path(__file__).parent.glob("test_*.py"))

# The same for permuted pools; a random draw by position does not depend on the samples.
deterministic_strategies = pytest.mark.parametrize(
    "strategy",
    [s for s in [*STRATEGIES, *FOR_NUMBERS, *FOR_SETS] if not isinstance(s, RandomSampling)],
    ids=repr,
)


def strategies_in(package):
    """Return the names of the concrete strategies that the modules of a package define."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    classes, waiting = set(), [QueryStrategy]
    while waiting:
        waiting += (subclasses := waiting.pop().__subclasses__())
        classes |= {cls for cls in subclasses if cls.__module__.startswith(package.__name__)}
    return {cls.__name__ for cls in classes if not inspect.isabstract(cls)}


CLASSES = strategies_in(skactive.strategies)


def test_the_registry_has_every_strategy_of_the_package_and_no_other():
    registered = [*REGISTERED.values(), *FOR_NUMBERS, *FOR_SETS]
    assert {type(strategy).__name__ for strategy in registered} == CLASSES
    assert set(skactive.strategies.__all__) >= CLASSES


def test_no_two_entries_of_the_registry_are_equal():
    entries = all_strategies().values()
    assert len({repr(entry.strategy) for entry in entries}) == len(entries)
    assert len({entry.criterion for entry in entries}) == len(entries)


def test_strategies_of_the_registry_are_new_at_each_call():
    all_strategies()["random"].strategy.set_params(random_state=7)
    assert all_strategies()["random"].strategy.random_state is None


@pytest.mark.parametrize("name", list(REGISTERED))
def test_with_metric_sets_every_metric_and_nothing_else(name):
    entry = all_strategies()[name]
    before, after = entry.strategy.get_params(), entry.with_metric("euclidean").get_params()
    metrics = {parameter for parameter in before if parameter.rpartition("__")[2] == "metric"}
    assert all(after[parameter] == "euclidean" for parameter in metrics)
    assert all(before[parameter] is None for parameter in metrics)
    plain = {parameter for parameter, value in before.items() if isinstance(value, str | float)}
    plain |= metrics
    changed = {parameter for parameter in plain if before[parameter] != after[parameter]}
    assert changed == metrics
    assert repr(entry.strategy) == repr(all_strategies()[name].strategy)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_parameter_has_a_test_named_for_it(name):
    tests = "\n".join(path.read_text() for path in TEST_FILES)
    for parameter in inspect.signature(getattr(skactive.strategies, name)).parameters:
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        assert f"def test_parameter_{parameter}_of_{snake}(" in tests


@any_strategy
@pytest.mark.parametrize("kind", ["spread", "duplicates", "constant"])
@pytest.mark.parametrize(
    ("n_labeled", "names"), [(0, "a"), (1, "a"), (4, "a"), (4, "ab"), (11, "abc")]
)
def test_any_number_of_candidates_can_be_selected(strategy, kind, n_labeled, names):
    pool = pool_of_kind(strategy, samples(kind), n_labeled, names)
    for n_instances in range(1, pool.n_candidates + 1):
        assert_query(strategy.select(pool, n_instances), pool.candidates, n_instances)


@every_greedy_strategy
@pytest.mark.parametrize("kind", ["spread", "duplicates"])
def test_a_small_batch_is_the_beginning_of_a_large_one(strategy, kind):
    pool = pool_of_kind(strategy, samples(kind), 3)
    all_indices, all_utilities = strategy.select(pool, pool.n_candidates)
    for n_instances in range(1, pool.n_candidates):
        indices, utilities = strategy.select(pool, n_instances)
        np.testing.assert_array_equal(indices, all_indices[:n_instances])
        np.testing.assert_array_equal(utilities, all_utilities[:n_instances])


@any_strategy
@pytest.mark.parametrize("n_labeled", [0, 3])
def test_the_first_choice_is_the_most_useful(strategy, n_labeled):
    pool = pool_of_kind(strategy, samples("spread"), n_labeled)
    utilities = strategy.utilities(pool)
    (chosen,), (worth,) = strategy.select(pool)
    assert worth == utilities.max()
    assert utilities[pool.candidates.tolist().index(chosen)] == worth


@any_strategy
@pytest.mark.parametrize(("n_labeled", "n_instances", "left"), [(0, 13, 12), (4, 9, 8), (11, 2, 1)])
def test_selecting_more_than_the_remaining_candidates_raises_with_their_number(
    strategy, n_labeled, n_instances, left
):
    pool = pool_of_kind(strategy, samples("spread"), n_labeled)
    message = f"n_instances={n_instances} samples were requested, but {left} of the pool's 12 are"
    with pytest.raises(ValueError, match=message):
        strategy.select(pool, n_instances)


@any_strategy
def test_selecting_from_an_exhausted_pool_says_so(strategy):
    pool = pool_of_kind(strategy, samples("spread"), 12)
    with pytest.raises(ValueError, match="No sample is left to label: each of the pool's 12 is"):
        strategy.select(pool)


@pytest.mark.parametrize("n_instances", [0, -1, 1.0, "1"])
@any_strategy
def test_a_number_of_instances_that_is_none_is_refused(strategy, n_instances):
    with pytest.raises(ValueError, match="'n_instances' parameter of query must be an int of at "):
        strategy.select(pool_of_kind(strategy, np.eye(3), 0), n_instances)


@any_strategy
def test_skipped_and_labelled_samples_are_not_chosen(strategy):
    pool = pool_of_kind(strategy, samples("spread"), 3)
    pool.skip(pool.candidates[:4])
    assert_query(strategy.select(pool, 5), pool.candidates, 5)
    with pytest.raises(ValueError, match="but 5 of the pool's 12 are left"):
        strategy.select(pool, 6)


@any_strategy
def test_a_choice_may_be_limited_to_some_candidates(strategy):
    pool = pool_of_kind(strategy, samples("spread"), 3)
    some = pool.candidates[[1, 4, 6]]
    assert_query(strategy.select(pool, 3, candidates=some), some, 3)
    with pytest.raises(ValueError, match="n_instances=4 samples were requested, but 3 of the"):
        strategy.select(pool, 4, candidates=some)
    with pytest.raises(ValueError, match=f"Sample {pool.labeled[0]} of the pool is labelled alre"):
        strategy.select(pool, 1, candidates=[pool.labeled[0]])


@deterministic_strategies
@pytest.mark.parametrize("n_labeled", [0, 3])
def test_choices_follow_a_permuted_pool(strategy, n_labeled):
    X = samples("spread")
    order = np.random.default_rng(1).permutation(len(X))
    pool = pool_of_kind(strategy, X, n_labeled)
    permuted = Pool(X[order], estimator=pool.estimator)
    permuted.add_labels(np.argsort(order)[pool.labeled], pool.labels)
    if np.ptp(strategy.utilities(pool)) == 0:
        # All candidates are equal, and the position decides.
        assert strategy.select(permuted)[0].tolist() == strategy.select(pool)[0].tolist() == [0]
        return
    values = strategy.utilities(pool)
    best = pool.candidates[values == values.max()]
    picked, other = strategy.select(pool)[0], order[strategy.select(permuted)[0]]
    if len(best) > 1 and isinstance(strategy, ProbCover):
        # Of samples whose balls cover as many others, the position decides.
        assert {*picked, *other} <= {*best}
        return
    np.testing.assert_array_equal(other, picked)


@any_strategy
@pytest.mark.parametrize("n_labeled", [0, 3])
@pytest.mark.parametrize("random_state", [None, 5])
def test_selecting_twice_gives_the_same_and_changes_nothing(strategy, n_labeled, random_state):
    if random_state is not None:
        strategy = clone(strategy).set_params(random_state=random_state)
    pool = pool_of_kind(strategy, samples("duplicates"), n_labeled)
    before, parameters, attributes = state(pool), strategy.get_params(False), dict(vars(strategy))
    first = strategy.select(pool, 4)
    second = strategy.select(pool, 4)
    np.testing.assert_array_equal(first, second)
    assert state(pool) == before
    assert strategy.get_params(False) == parameters
    assert vars(strategy) == attributes


@deterministic_strategies
def test_ties_go_by_position_without_a_random_state(strategy):
    pool = pool_of_kind(strategy, samples("constant"), 3)
    indices, _ = strategy.select(pool, 5)
    np.testing.assert_array_equal(indices, pool.candidates[:5])


@any_strategy
def test_ties_go_by_random_state_and_reproducibly(strategy):
    pool = pool_of_kind(strategy, samples("constant", 30), 3)
    chosen = {
        seed: clone(strategy).set_params(random_state=seed).select(pool, 5)[0].tolist()
        for seed in range(8)
    }
    assert len({tuple(indices) for indices in chosen.values()}) > 4
    for seed, indices in chosen.items():
        again = clone(strategy).set_params(random_state=seed).select(pool, 5)[0]
        assert again.tolist() == indices
        of_a_generator = clone(strategy).set_params(random_state=np.random.RandomState(seed))
        other = clone(strategy).set_params(random_state=np.random.RandomState(seed))
        np.testing.assert_array_equal(of_a_generator.select(pool, 5), other.select(pool, 5))


@any_strategy
def test_a_negative_random_state_is_refused(strategy):
    pool = pool_of_kind(strategy, samples("spread"), 3)
    with pytest.raises(ValueError, match=r"'random_state' parameter must be .* Got -1 instead"):
        clone(strategy).set_params(random_state=-1).select(pool)


@any_strategy
@pytest.mark.parametrize("n_features", [2, 20])
def test_labels_of_a_class_each_give_no_warning(strategy, n_features):
    # scikit-learn warns of classes in more than half of 20 labels or more.
    X = np.random.default_rng(0).normal(size=(25, n_features))
    pool = Pool(X, estimator=pool_of_kind(strategy, X, 0).estimator)
    is_of_sets = pool.target.kind == "multilabel"
    pool.add_labels(range(20), [{label} if is_of_sets else label for label in range(20)])
    assert len(strategy.select(pool, 2)[0]) == 2


@any_strategy
def test_a_strategy_is_an_estimator(strategy):
    pool = pool_of_kind(strategy, samples("spread"), 3)
    expected = strategy.select(pool, 4)
    for copy in (clone(strategy), pickle.loads(pickle.dumps(strategy))):
        assert copy is not strategy
        assert repr(copy) == repr(strategy)
        np.testing.assert_array_equal(copy.select(pool, 4), expected)
    assert isinstance(strategy, QueryStrategy)
    assert type(strategy).__module__ == "skactive.strategies"


@pytest.mark.parametrize(
    ("utilities", "message"),
    [
        (
            lambda pool: np.ones(3),
            "must return one number per candidate, shape (4,). Got shape (3,)",
        ),
        (lambda pool: [0, np.nan, 0, 0], "gave sample 1 of the pool the utility nan, which is not"),
        (
            lambda pool: [0, 0, 0, -np.inf],
            "gave sample 3 of the pool the utility -inf, which is not",
        ),
    ],
)
def test_utilities_that_are_none_are_refused(utilities, message):
    strategy = type("Faulty", (QueryStrategy,), {"utilities": lambda self, pool: utilities(pool)})()
    with pytest.raises(ValueError, match="Faulty " + re.escape(message)):
        strategy.select(Pool(np.eye(4)))


@pytest.mark.parametrize("random_state", [0, 7])
def test_parameter_random_state_of_random_sampling(random_state):
    pool = Pool(np.zeros((50, 1)))
    strategy = RandomSampling(random_state=random_state)
    indices, utilities = strategy.select(pool, 50)
    assert (np.diff(utilities) <= 0).all()
    assert indices.tolist() != list(range(50))
    assert sorted(indices.tolist()) == list(range(50))
    # The order stays the same as labels are added, and differs for another pool.
    pool.add_labels(indices[:10], ["a"] * 10)
    assert strategy.select(pool, 40)[0].tolist() == indices[10:].tolist()
    other = strategy.select(Pool(np.zeros((49, 1))), 49)[0]
    assert other.tolist() != [index for index in indices.tolist() if index < 49]


def test_random_sampling_without_a_seed_draws_different_samples():
    pool = Pool(np.zeros((1000, 1)))
    draws = {RandomSampling().select(pool)[0][0] for _ in range(6)}
    assert len(draws) > 1


def test_every_candidate_is_as_likely_to_be_drawn():
    pool = Pool(np.zeros((4, 1)))
    drawn = [RandomSampling(random_state=seed).select(pool)[0][0] for seed in range(2000)]
    assert (np.abs(np.bincount(drawn) - 500) < 100).all()


def test_parameter_measure_of_uncertainty_sampling():
    pool = labeled_pool(samples("spread"), 4)
    for measure in (Margin(), Entropy(), Diversity("euclidean")):
        utilities = measure.utilities(pool)
        strategy = UncertaintySampling(measure)
        np.testing.assert_array_equal(strategy.utilities(pool), utilities)
        assert strategy.select(pool)[0][0] == pool.candidates[utilities.argmax()]
    np.testing.assert_array_equal(UncertaintySampling().utilities(pool), Margin().utilities(pool))
    nested = UncertaintySampling(Diversity()).set_params(measure__metric="euclidean")
    np.testing.assert_array_equal(nested.utilities(pool), utilities)


def test_parameter_random_state_of_uncertainty_sampling():
    pool = Pool(np.eye(30))
    drawn = {UncertaintySampling(random_state=seed).select(pool)[0][0] for seed in range(8)}
    assert len(drawn) > 4


def test_an_abstract_strategy_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        QueryStrategy()
