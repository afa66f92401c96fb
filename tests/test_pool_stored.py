"""A pool of vectors on disk gives the same results as the same pool in memory."""

import tracemalloc

import numpy as np
import pytest
import sklearn
from strategies_under_contract import every_strategy

from skactive import ActiveLearner, Pool
from skactive._engine.stored import StoredFeatures
from skactive.datasets import open_vectors, write_vectors
from skactive.neighbors import IncrementalKNeighborsClassifier

# Files of vectors are read by NumPy alone: the same on every Python version.
pytestmark = pytest.mark.once


def halves(n_samples=60, n_features=6):
    return np.random.default_rng(0).normal(size=(n_samples, n_features)).astype(np.float16)


class Sliced:
    """Rows with the interface of a zarr array."""

    def __init__(self, X):
        self._X, self.shape, self.dtype = X, X.shape, X.dtype

    def __getitem__(self, index):
        return self._X[index].copy()


@pytest.fixture(params=["file", "archive", "memmap", "sliced"])
def stored(request, tmp_path):
    X = halves()
    path = write_vectors(tmp_path / "x.npy", X)
    np.savez(tmp_path / "x.npz", X=X)
    return {
        "file": lambda: open_vectors(path),
        "archive": lambda: open_vectors(tmp_path / "x.npz"),
        "memmap": lambda: np.load(path, mmap_mode="r"),
        "sliced": lambda: Sliced(X),
    }[request.param]()


@every_strategy
def test_every_strategy_chooses_as_in_memory(strategy, stored):
    y = np.random.default_rng(1).integers(3, size=len(halves()))
    answers = []
    for X in (stored, halves().astype(np.float32)):
        pool = Pool(X, estimator=IncrementalKNeighborsClassifier())
        chosen = []
        for _ in range(3):
            indices, _ = strategy.select(pool, 2)
            pool.add_labels(indices, y[indices])
            chosen += indices.tolist()
        answers.append(chosen)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("working_memory", [1e-3, 1024])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_all_results_equal_those_in_memory(stored, metric, working_memory):
    answers = []
    for X in (stored, halves().astype(np.float32)):
        with sklearn.config_context(working_memory=working_memory):
            pool = Pool(X, estimator=IncrementalKNeighborsClassifier(metric=metric))
            pool.add_labels([0, 1, 2, 3, 4, 5, 6, 7, 8], list("abcabcabc"))
            pool.add_labels([9], ["a"]).relabel([3], ["b"]).remove_labels([1])
            pool.add_labeled(halves()[:2].astype(np.float32) + 1, ["a", "b"])
            graph = pool.graph(3, metric)
            answers.append(
                [
                    pool.posterior(),
                    pool.density(metric),
                    pool.distance_to_labeled(metric),
                    pool.distance_to_labeled(metric, "min"),
                    pool.distances_to([3, 50], metric),
                    graph.indices,
                    graph.kneighbors(halves()[:4].astype(np.float32) * 2)[1],
                    pool.labeled_samples()[0],
                    pool.take([4, 2]).astype(np.float32),
                ]
            )
    for found, expected in zip(*answers, strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_learner_on_disk_selects_the_same_samples_as_in_memory(stored):
    selected = []
    for X in (stored, halves().astype(np.float32)):
        learner = ActiveLearner(X_pool=X)
        for _ in range(6):
            indices = learner.query()
            learner.teach(indices, indices % 3)
        selected.append(learner.labeled.tolist())
    assert selected[0] == selected[1]


@pytest.mark.parametrize("working_memory", [1e-3, 1024])
def test_products_norms_and_sums_are_those_of_double_precision(working_memory):
    X = np.concatenate([halves(400, 33) * np.float16(2.0**-20), halves(400, 33), halves(5, 33) * 0])
    X[:3] *= np.float16(-1)
    features, wide = StoredFeatures(Sliced(X), np.float32), X.astype(np.float64)
    vectors = np.random.default_rng(2).normal(size=(3, 33)).astype(np.float32)
    weights = np.random.default_rng(3).normal(size=len(X))
    with sklearn.config_context(working_memory=working_memory):
        norms = np.linalg.norm(wide, axis=1)
        np.testing.assert_allclose(features.norms, norms, rtol=1e-14)
        bound = np.outer(norms, np.linalg.norm(vectors, axis=1)) * 4 * np.finfo(np.float32).eps
        assert (abs(features.dot(vectors) - wide @ vectors.T) <= bound).all()
        np.testing.assert_allclose(features.weighted_sum(weights), weights @ wide, atol=1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_stored_number_that_is_not_finite_is_named(value):
    X = halves()
    X[7, 2] = value
    with pytest.raises(ValueError, match="X_pool contains NaN or infinity, first in row 7"):
        Pool(Sliced(X))


def test_an_empty_store_is_refused():
    with pytest.raises(ValueError, match=r"X_pool has the shape \(0, 6\), but at least 1 sample"):
        Pool(Sliced(halves()[:0]))


def test_memory_is_bounded_by_working_memory(tmp_path):
    n_samples, n_features = 20_000, 512
    X = np.random.default_rng(0).normal(size=(n_samples, n_features)).astype(np.float16)
    path = write_vectors(tmp_path / "x.npy", X)

    def use():
        pool = Pool(open_vectors(path), estimator=IncrementalKNeighborsClassifier())
        for place in range(6):
            pool.add_labels([place], [place % 2])
            pool.posterior()
            pool.distance_to_labeled()
        return pool.density()

    with sklearn.config_context(working_memory=1):
        use()
        tracemalloc.start()
        try:
            use()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    kept_for_each_sample = 8 * (5 * 2 + 14)
    assert peak < 4 * 2**20 + n_samples * kept_for_each_sample < X.nbytes / 2


def test_a_graph_is_built_from_the_file(tmp_path):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(200, 512))[rng.integers(200, size=25_000)]).astype(np.float16)
    X += rng.normal(size=X.shape).astype(np.float16)
    vectors = open_vectors(write_vectors(tmp_path / "x.npy", X))
    graph = Pool(X.astype(np.float32)).graph()
    with sklearn.config_context(working_memory=1):
        tracemalloc.start()
        try:
            stored = Pool(vectors).graph()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    # Candidates are found in single precision, by products of blocks of other sizes.
    assert (stored.indices == graph.indices).mean() > 0.999
    assert (np.abs(stored.distances - graph.distances) < 1e-6).mean() > 0.999
    # Most of it are the samples that clusters are fitted to, a share that falls with the pool.
    assert peak < 0.9 * X.size * np.dtype(np.float32).itemsize


def test_a_zarr_array_is_read_in_place(tmp_path):
    zarr = pytest.importorskip("zarr")
    X = halves()
    array = zarr.create_array(tmp_path / "x.zarr", shape=X.shape, chunks=(7, 6), dtype="float16")
    array[:] = X
    learners = [ActiveLearner(X_pool=one) for one in (array, X.astype(np.float32))]
    for learner in learners:
        for _ in range(4):
            indices = learner.query()
            learner.teach(indices, indices % 3)
    assert learners[0].labeled.tolist() == learners[1].labeled.tolist()
    path = write_vectors(tmp_path / "x.npy", array)
    np.testing.assert_array_equal(open_vectors(path)[:], X)
