"""Bytes per sample that the steps of the default learner allocate beside the features."""

import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import config_context

from skactive import Pool
from skactive.neighbors import NeighborGraph, PrincipalKNeighborsTransformer
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import UncertaintyHerding


def lists(n_samples):
    """Return neighbours and distances as a search finds them, most neighbours not mutual."""
    rng = np.random.default_rng(0)
    order, offsets = rng.permutation(n_samples), np.arange(1, 16)
    indices = order[(np.argsort(order)[:, np.newaxis] + offsets) % n_samples]
    distances = np.sort(rng.uniform(0.5, 1, (n_samples, 15)), axis=1)
    return indices.astype(np.int32), distances.astype(np.float32)


class FoundBefore:
    """A search for neighbours that costs nothing."""

    metric = "cosine"

    def __init__(self, n_samples):
        indices, distances = lists(n_samples)
        starts = np.arange(n_samples + 1) * 15
        found = (distances.ravel(), indices.ravel(), starts)
        self.found = sp.csr_matrix(found, (n_samples, n_samples))

    def fit_transform(self, X):
        return self.found


@contextmanager
def traced(kept, peak):
    """Check how many bytes the block keeps, and how many it allocates at the most."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    yield
    after, highest = tracemalloc.get_traced_memory()
    assert after - before < kept
    assert highest - before < peak


@pytest.fixture
def tracing():
    # Blocks are small.
    with config_context(working_memory=1):
        tracemalloc.start()
        yield
        tracemalloc.stop()


@pytest.mark.usefixtures("tracing")
def test_label_spreading_and_herding_need_few_bytes_per_sample():
    for n_samples in (500, 20_000):
        # In the first round, imports count too.
        factor = np.inf if n_samples == 500 else n_samples
        X = np.random.default_rng(0).normal(size=(n_samples, 80)).astype(np.float32)
        found, strategy = FoundBefore(n_samples), UncertaintyHerding()
        with traced(20 * factor, 40 * factor):
            pool = Pool(X)
        with traced(130 * factor, 220 * factor):
            graph = NeighborGraph.of(X, transformer=found)
        pool = Pool(X, graph=graph)
        with traced(300 * factor, 450 * factor):
            spreading = IncrementalLabelSpreading().fit_pool(pool)
        pool.estimator = spreading
        # Each class has two numbers per sample.
        with traced(40 * factor, 50 * factor):
            pool.add_labels([0, 1], ["a", "b"])
            spreading.relabel([0, 1], ["a", "b"])
        with traced(200 * factor, 480 * factor):
            strategy.select(pool)
        pool.add_labels([2], ["a"])
        spreading.relabel([2], ["a"])
        with traced(10 * factor, 40 * factor):
            strategy.select(pool)


@pytest.mark.usefixtures("tracing")
def test_the_search_for_neighbours_needs_few_bytes_per_sample():
    for n_samples in (500, 20_000):
        factor = np.inf if n_samples == 500 else n_samples
        rng = np.random.default_rng(0)
        centers = 10 * rng.normal(size=(n_samples // 100, 20))
        X = np.repeat(centers, 100, axis=0) + rng.normal(size=(n_samples, 20))
        X = X.astype(np.float32)
        with traced(130 * factor, 650 * factor):
            NeighborGraph.of(X, transformer=PrincipalKNeighborsTransformer(15))
