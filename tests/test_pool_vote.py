"""The vote of the nearest labelled samples, recomputed only where they have changed."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import make_blobs

from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool

X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [2.0, 1.0], [0.0, 0.0]])


class CountingVotes(IncrementalKNeighborsClassifier):
    """Records the numbers of samples whose votes it counts."""

    counted = 0

    def vote(self, distances, codes, n_classes, ages=None):
        self.counted += len(distances)
        return super().vote(distances, codes, n_classes, ages)


def two_blobs():
    samples, labels = make_blobs(60, centers=3, random_state=0)
    return samples.astype(np.float32), labels


def test_votes_are_counted_only_where_the_nearest_have_changed():
    line = np.arange(100, dtype=np.float32)[:, np.newaxis]
    estimator = CountingVotes(2, metric="euclidean")
    pool = Pool(line, estimator=estimator).add_labels([0, 1, 60, 61], ["a", "b", "a", "b"])
    pool.posterior()
    assert estimator.counted == 100
    pool.posterior()
    assert estimator.counted == 100
    pool.add_labels([2], ["a"]).posterior()
    # Up to the middle between 2 and 60, beyond which 60 and 61 stay the nearest.
    assert 25 < estimator.counted - 100 < 40
    before = estimator.counted
    pool.remove_labels([2]).posterior()
    assert 25 < estimator.counted - before < 40
    before = estimator.counted
    pool.skip([50]).posterior()
    assert estimator.counted == before


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_a_new_label_can_let_another_of_two_equally_near_vote(metric):
    estimator = IncrementalKNeighborsClassifier(1, metric=metric, smoothing=0)
    pool = Pool([[0.0], [1.0], [-1.0]], estimator=estimator).add_labels([1, 2], ["b", "c"])
    np.testing.assert_array_equal(pool.posterior(), [[1, 0]])
    pool.relabel([2], ["a"])
    assert pool.classes_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(pool.posterior(), [[1, 0]])
    pool.relabel([2], ["c"])
    assert pool.classes_.tolist() == ["b", "c"]
    np.testing.assert_array_equal(pool.posterior(), [[1, 0]])
    pool.relabel([1], ["d"])
    np.testing.assert_array_equal(pool.posterior(), [[1, 0]])
    assert pool.classes_.tolist() == ["c", "d"]


def test_an_estimator_of_nearest_neighbours_lends_its_parameters_only():
    estimator = IncrementalKNeighborsClassifier(1, smoothing=0).fit([[9.0]], ["elsewhere"])
    pool = Pool(X, estimator=estimator).add_labels([0, 1], ["a", "b"])
    assert pool.classes_.tolist() == ["a", "b"]
    assert estimator.classes_.tolist() == ["elsewhere"]
    np.testing.assert_array_equal(pool.posterior(), [[1, 0], [0, 1], [1, 0]])


def test_changed_parameters_of_the_vote_are_noticed():
    samples, labels = two_blobs()
    V = np.ones(2)
    estimator = IncrementalKNeighborsClassifier(metric="seuclidean", metric_params={"V": V})
    pool = Pool(samples, estimator=estimator).add_labels(range(30), labels[:30])
    for changes in (
        {"weights": "uniform"},
        {"n_neighbors": 2},
        {"metric_params": {"V": np.array([1.0, 100.0])}},
        {"metric": "cosine", "metric_params": None},
        {"smoothing": 5.0},
        {"weights": "gaussian", "bandwidth": 0.1},
    ):
        pool.posterior()
        estimator.set_params(**changes)
        fresh = Pool(samples, estimator=estimator).add_labels(range(30), labels[:30])
        np.testing.assert_allclose(pool.posterior(), fresh.posterior(), atol=1e-12)


@pytest.mark.parametrize("name", ["n_neighbors", "smoothing", "bandwidth"])
def test_bad_parameters_of_the_vote_are_named(name):
    estimator = IncrementalKNeighborsClassifier().set_params(**{name: -1})
    pool = Pool(X, estimator=estimator).add_labels([0], ["a"])
    with pytest.raises(ValueError, match=f"The '{name}' parameter of IncrementalKNeighborsCl"):
        pool.posterior()


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_blocks_of_a_few_samples_give_the_same_results(metric):
    samples, labels = two_blobs()

    def results():
        pool = Pool(samples, estimator=IncrementalKNeighborsClassifier(metric=metric))
        for start in (0, 5):
            pool.add_labels(range(start, start + 5), labels[start : start + 5])
            yield pool.posterior()
            yield pool.of_posterior(lambda posterior: posterior.max(axis=1))
            yield pool.density(metric)
            yield pool.distance_to_labeled(metric)
            yield from pool.labeled_neighbors(3, metric)
            yield Batch(pool).pick(20).pick(21).distance_to_labeled(metric)

    expected = [result.copy() for result in results()]
    with config_context(working_memory=1e-4):
        for found, result in zip(results(), expected, strict=True):
            np.testing.assert_allclose(found, result, atol=1e-5)
