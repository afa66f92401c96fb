"""Each strategy of streams keeps the contract."""

import pickle
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from streams_under_contract import (
    REGISTERED,
    STREAM_STRATEGIES,
    every_stream_strategy,
    run,
    sampler_of,
    small_stream,
)

from skactive import streams
from skactive.streams import StreamHerding, StreamStrategy, all_stream_strategies

X, Y = small_stream()


def test_the_registry_has_every_strategy_once():
    public = {
        name
        for name in streams.__all__
        if isinstance(getattr(streams, name), type)
        and issubclass(getattr(streams, name), StreamStrategy)
    } - {"StreamStrategy"}
    assert sorted(type(one).__name__ for one in REGISTERED) == sorted(public)


def test_the_registry_creates_new_instances():
    first, again = all_stream_strategies(), all_stream_strategies()
    assert all(first[name].strategy is not again[name].strategy for name in first)


@every_stream_strategy
@settings(max_examples=30)
@given(
    budget=st.one_of(st.floats(0.01, 1.0), st.integers(1, 20)),
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    taught=st.booleans(),
)
def test_the_budget_is_never_exceeded(strategy, budget, sizes, taught):
    sampler = sampler_of(strategy, budget=budget)
    n_seen = n_queried = 0
    for size in sizes:
        rows = np.arange(n_seen, n_seen + size)
        for queried in sampler.query(X[rows]):
            n_seen += 1
            n_queried += queried
            if isinstance(budget, int):
                assert n_queried <= budget
            else:
                # The share in its decimal notation, as the user writes it.
                assert n_queried <= ceil(round(budget * n_seen, 12))
        if taught and size:
            sampler.teach(X[rows], Y[rows])
    assert (sampler.n_seen_, sampler.n_queried_) == (n_seen, n_queried)


@every_stream_strategy
@pytest.mark.parametrize("window", [None, 10])
@settings(max_examples=15)
@given(sizes=st.lists(st.integers(0, 20), min_size=1, max_size=10))
def test_a_batch_is_decided_as_its_samples_one_by_one(strategy, window, sizes):
    one, other = (
        sampler_of(strategy, budget=0.3, window=window).teach(X[:9], Y[:9]) for _ in range(2)
    )
    for size in sizes:
        rows = X[one.n_seen_ : one.n_seen_ + size]
        assert one.query(rows).tolist() == [other.query(row) for row in rows]


@every_stream_strategy
def test_a_decision_depends_on_no_later_sample(strategy):
    whole = run(sampler_of(strategy, budget=0.3), X, Y, size=10)
    for n in (10, 40, 90):
        assert run(sampler_of(strategy, budget=0.3), X[:n], Y[:n], size=10) == whole[:n]
        other = np.concatenate([X[:n], 9 - X[n:]])
        assert run(sampler_of(strategy, budget=0.3), other, Y, size=10)[:n] == whole[:n]


@every_stream_strategy
def test_a_sampler_that_was_saved_in_between_decides_the_same(strategy):
    sampler = sampler_of(strategy, budget=0.3)
    run(sampler, X[:50], Y[:50])
    again = pickle.loads(pickle.dumps(sampler))
    assert run(again, X[50:], Y[50:]) == run(sampler, X[50:], Y[50:])
    assert again.n_queried_ == sampler.n_queried_


@every_stream_strategy
def test_the_same_seed_gives_the_same_decisions_and_a_clone_begins_anew(strategy):
    sampler = sampler_of(strategy, budget=0.3)
    first = run(sampler, X, Y)
    assert run(clone(sampler), X, Y) == first
    assert run(sampler_of(strategy, budget=0.3), X, Y) == first


@every_stream_strategy
def test_the_given_strategy_is_not_changed(strategy):
    before = repr(vars(strategy))
    run(sampler_of(strategy, budget=0.3), X, Y)
    assert repr(vars(strategy)) == before


@every_stream_strategy
def test_the_first_sample_is_queried_so_that_there_are_predictions(strategy):
    for seed in range(5):
        sampler = sampler_of(strategy, budget=0.01).set_params(random_state=seed)
        assert sampler.query(X[0]) is True
        assert sampler.teach(X[0], "plum").predict(X[1]) == "plum"


@every_stream_strategy
@pytest.mark.parametrize("window", [None, 20])
def test_most_of_the_budget_is_spent_while_the_classifier_is_uncertain(strategy, window):
    n = 400
    samples, labels = small_stream(n, seed=1)
    # Labels that no sample predicts.
    labels = np.random.default_rng(0).permutation(labels)
    sampler = sampler_of(strategy, budget=0.2, window=window)
    run(sampler, samples, labels)
    # A fixed threshold promises nothing.
    if "Fixed" not in repr(strategy):
        assert sampler.n_queried_ > 0.3 * 0.2 * n


@pytest.mark.parametrize("strategy", STREAM_STRATEGIES, ids=repr)
def test_the_memory_does_not_grow_with_the_stream(strategy):
    if isinstance(strategy, StreamHerding):
        strategy = clone(strategy).set_params(window_size=50)
    samples, labels = small_stream(1_800)
    sampler = sampler_of(strategy, budget=1.0, max_labeled=20)
    sizes = []
    for start in range(0, 1_800, 600):
        run(sampler, samples[start : start + 600], labels[start : start + 600], size=10)
        sampler.teach(samples[start : start + 600], labels[start : start + 600])
        sizes.append(len(pickle.dumps(sampler)))
    # Numbers of more digits are longer.
    assert sizes[2] <= 1.1 * sizes[1]
