"""The cost of learning and predicting: storage that doubles, bounded temporary memory."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn

from skactive._engine.growing_arrays import GrowingArray
from skactive.neighbors import IncrementalKNeighborsClassifier

pytestmark = pytest.mark.once

MEBIBYTE = 2**20


def peak_of(call, *arguments):
    tracemalloc.start()
    try:
        result = call(*arguments)
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("weights", ["uniform", "distance", "gaussian"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_little_working_memory_gives_the_same_answers(metric, weights, container):
    rng = np.random.default_rng(0)
    X, queries = rng.integers(-1, 2, (30, 3)), rng.integers(-1, 2, (20, 3))
    classifier = IncrementalKNeighborsClassifier(metric=metric, weights=weights)
    classifier.fit(container(X.astype(float)), rng.integers(0, 3, 30))
    expected = classifier.predict_proba(container(queries))
    neighbors = classifier.kneighbors()[1]
    with sklearn.config_context(working_memory=1e-4):
        found = classifier.predict_proba(container(queries))
        np.testing.assert_array_equal(classifier.kneighbors()[1], neighbors)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("data", ["spread", "duplicates"])
def test_scratch_of_a_prediction_is_bounded_by_working_memory(metric, data, dtype):
    rng = np.random.default_rng(0)
    n_labeled, n_queries = 1500, 3000
    X = rng.normal(size=(n_labeled, 8)).astype(dtype)
    queries = rng.normal(size=(n_queries, 8)).astype(dtype)
    if data == "duplicates":
        X[:], queries[:] = X[0], X[0]
    classifier = IncrementalKNeighborsClassifier(metric=metric).fit(X, np.arange(n_labeled) % 2)
    classifier.predict_proba(queries[:1])
    with sklearn.config_context(working_memory=1):
        probabilities, peak = peak_of(classifier.predict_proba, queries)
    results = n_queries * 5 * 8 * 8
    everything_at_once = n_labeled * n_queries * dtype().itemsize
    assert peak < 4 * MEBIBYTE + results < everything_at_once / 2
    assert probabilities.shape == (n_queries, 2)


def test_storage_grows_by_doubling():
    rng = np.random.default_rng(0)
    classifier = IncrementalKNeighborsClassifier().fit(rng.normal(size=(1, 16)), [0])
    buffers = set()
    held = []
    for step in range(2000):
        classifier.add_labeled(rng.normal(size=(1, 16)), [step % 3])
        buffer = classifier._labeled._X._buffer
        if id(buffer) not in buffers:
            buffers.add(id(buffer))
            held.append(buffer)
    assert [len(buffer) for buffer in held] == [8 * 2**power for power in range(len(held))]
    assert len(held) == 9


def test_a_growing_array_keeps_its_rows_and_widens_its_type():
    rows = GrowingArray(np.empty((0, 2), dtype=np.float32))
    rows.extend(np.ones((3, 2), dtype=np.float32))
    assert rows.view.dtype == np.float32
    rows.extend(np.full((1, 2), 1e300))
    rows.swap_remove(0)
    np.testing.assert_array_equal(rows.view, [[1e300, 1e300], [1.0, 1.0], [1.0, 1.0]])
    assert len(rows) == 3


def test_forgetting_frees_its_memory():
    rng = np.random.default_rng(0)
    classifier = IncrementalKNeighborsClassifier(max_labeled=100)
    classifier.fit(rng.normal(size=(5000, 16)), rng.integers(0, 3, 5000))
    for _ in range(1000):
        classifier.add_labeled(rng.normal(size=(1, 16)), [0])
    assert len(classifier._labeled._X._buffer) <= 200
