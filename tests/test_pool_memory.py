"""A pool holds its features once, and uses temporary memory of bounded size."""

import tracemalloc

import numpy as np
import pytest
import sklearn

from skactive.measures import Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool

MEBIBYTE = 2**20


def peak_of(call):
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def all_that_is_asked(pool, metric, aggregate="mean"):
    pool.add_labels([0, 1, 2], ["a", "b", "a"])
    pool.posterior()
    Margin().utilities(pool)
    pool.distance_to_labeled(metric, aggregate)
    pool.add_labels([3], ["b"])
    pool.posterior()
    pool.relabel([3], ["a"])
    pool.posterior()
    pool.remove_labels([1])
    pool.posterior()
    pool.distance_to_labeled(metric, aggregate)
    Batch(pool).pick(5).pick(6).distance_to_labeled(metric, aggregate)


def test_a_memmap_is_neither_copied_nor_read_into_memory(tmp_path):
    n_samples, n_features = 20_000, 512
    file = np.memmap(
        tmp_path / "features.f32", dtype=np.float32, mode="w+", shape=(n_samples, n_features)
    )
    rng = np.random.default_rng(0)
    for start in range(0, n_samples, 1000):
        file[start : start + 1000] = rng.normal(size=(1000, n_features))
    file.flush()
    read_only = np.memmap(tmp_path / "features.f32", np.float32, "r", shape=file.shape)

    def use():
        pool = Pool(read_only, estimator=IncrementalKNeighborsClassifier())
        all_that_is_asked(pool, "cosine")
        pool.density()
        return pool

    # Loops are compiled once for all pools.
    small = rng.normal(size=(9, 2)).astype(np.float32)
    all_that_is_asked(Pool(small, estimator=IncrementalKNeighborsClassifier()), "cosine")
    with sklearn.config_context(working_memory=1):
        pool, peak = peak_of(use)
    assert np.shares_memory(pool.X, read_only)
    assert peak < read_only.nbytes / 4


@pytest.mark.parametrize("data", ["spread", "duplicates"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_scratch_is_bounded_by_working_memory(metric, data):
    n_samples, n_features = 6000, 256
    X = np.random.default_rng(0).normal(size=(n_samples, n_features)).astype(np.float32)
    if data == "duplicates":
        X[:] = X[0]
    kept_for_each_sample = 8 * (5 * 2 + 12)
    with sklearn.config_context(working_memory=1):
        pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric=metric))
        _, peak = peak_of(lambda: all_that_is_asked(pool, metric))
    assert peak < 4 * MEBIBYTE + n_samples * kept_for_each_sample


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_no_density_holds_samples_by_samples(metric):
    n_samples = 3000
    X = np.random.default_rng(0).normal(size=(n_samples, 8)).astype(np.float32)
    with sklearn.config_context(working_memory=1):
        density, peak = peak_of(lambda: Pool(X).density(metric))
    assert density.shape == (n_samples,)
    assert peak < 4 * MEBIBYTE < n_samples**2


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_little_working_memory_gives_the_same_answers(metric):
    X = np.random.default_rng(0).integers(-1, 2, (50, 4)).astype(np.float32)
    answers = []
    for working_memory in (1e-4, 1024):
        with sklearn.config_context(working_memory=working_memory):
            pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric=metric))
            all_that_is_asked(pool, metric, "min")
            answers.append(
                [pool.posterior(), pool.density(metric), pool.distance_to_labeled(metric)]
            )
    for found, expected in zip(*answers, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
