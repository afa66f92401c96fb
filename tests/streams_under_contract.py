"""Every strategy of streams, further settings to test the contract with, and small streams."""

import numpy as np
import pytest

from skactive.streams import (
    CognitiveDual,
    FixedUncertainty,
    LocalDensity,
    PeriodicSampling,
    ProbabilisticSampling,
    RandomVariableUncertainty,
    Split,
    StreamHerding,
    StreamSampler,
    VariableUncertainty,
    all_stream_strategies,
)

REGISTERED = [entry.strategy for entry in all_stream_strategies().values()]
FURTHER_SETTINGS = [
    VariableUncertainty(0.6, step=0.1),
    RandomVariableUncertainty(0.6, deviation=0.3),
    Split(0.7, random_share=0.5),
    LocalDensity(window_size=3, metric="cosine"),
    CognitiveDual(FixedUncertainty(), density_threshold=2, window_size=3, metric="cosine"),
    CognitiveDual(PeriodicSampling(), density_threshold=0),
    ProbabilisticSampling(0.1, max_labels=1, gamma=0.5, n_compared=9, balance=5),
    StreamHerding(5, half_coverage=None, n_compared=7, metric="cosine"),
]
STREAM_STRATEGIES = [*REGISTERED, *FURTHER_SETTINGS]
every_stream_strategy = pytest.mark.parametrize("strategy", STREAM_STRATEGIES, ids=repr)


def small_stream(n_samples=120, seed=0):
    """Return samples of three overlapping classes, and their labels."""
    random = np.random.default_rng(seed)
    y = random.integers(3, size=n_samples)
    X = random.normal(size=(n_samples, 2)) + 3 * np.eye(3)[y, :2]
    return X, np.array(["apple", "pear", "plum"])[y]


def run(sampler, X, y, *, size=1, delay=0):
    """Pass a stream in batches and teach what was queried, and return all decisions."""
    decisions = []
    for start in range(0, len(X), size):
        batch = X[start : start + size]
        queried = sampler.query(batch)
        decisions += queried.tolist()
        if not delay:
            sampler.teach(batch[queried], y[start : start + size][queried])
    return decisions


def sampler_of(strategy, **parameters):
    return StreamSampler(strategy=strategy, random_state=3, **parameters)
