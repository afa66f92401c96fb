"""Arguments of a pool, and the source of its class probabilities."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_blobs
from sklearn.metrics import pairwise_distances
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from small_pools import state

from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool

X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [2.0, 1.0], [0.0, 0.0]])


class Counted(BaseEstimator):
    """A classifier that counts its predictions."""

    def __init__(self, classifier):
        self.classifier = classifier
        self.predicted = []

    def predict_proba(self, samples):
        self.predicted.append(len(samples))
        return self.classifier.predict_proba(samples)


def two_blobs():
    samples, labels = make_blobs(60, centers=3, random_state=0)
    return samples.astype(np.float32), labels


def test_a_pool_has_each_graph_that_it_built_and_no_other():
    samples, _ = two_blobs()
    pool, other = Pool(samples), Pool(samples)
    graphs = [pool.graph(5), pool.graph(7), pool.graph(5, "euclidean")]
    assert [pool.has_graph(graph) for graph in graphs] == [True, True, True]
    assert not other.has_graph(graphs[0])
    assert not pool.has_graph(other.graph(5))


def test_a_classifier_predicts_once_after_each_change():
    samples, labels = two_blobs()
    counted = Counted(GaussianNB().fit(samples, labels))
    pool = Pool(samples, estimator=counted)
    for _ in range(3):
        pool.posterior()
        pool.of_posterior(lambda posterior: posterior.max(axis=1))
    assert counted.predicted == [60]
    pool.skip([4, 5])
    assert pool.posterior().shape == (58, 3)
    assert counted.predicted == [60]
    pool.add_labels([0], [labels[0]])
    pool.posterior()
    pool.posterior()
    assert counted.predicted == [60, 57]
    pool.relabel([0], [2])
    pool.posterior()
    pool.invalidate_posterior()
    pool.posterior()
    assert counted.predicted == [60, 57, 57, 57]
    pool.unskip([4])
    pool.posterior()
    pool.remove_labels([0])
    assert pool.posterior().shape == (59, 3)
    assert counted.predicted == [60, 57, 57, 57, 58, 59]


def test_a_batch_does_not_predict_again():
    samples, labels = two_blobs()
    counted = Counted(GaussianNB().fit(samples, labels))
    batch = Batch(Pool(samples, estimator=counted))
    for position in (3, 7, 11):
        batch.pick(position).posterior()
    assert counted.predicted == [60]


@pytest.mark.parametrize("classifier", [GaussianNB(), KNeighborsClassifier()])
def test_the_posterior_is_that_of_the_classifier(classifier):
    samples, labels = two_blobs()
    pool = Pool(samples, estimator=classifier.fit(samples, labels)).add_labels([1], [0]).skip([2])
    expected = classifier.predict_proba(samples[pool.candidates])
    np.testing.assert_array_equal(pool.posterior(), expected)
    largest = pool.of_posterior(lambda posterior: posterior.max(axis=1))
    np.testing.assert_array_equal(largest, expected.max(axis=1))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_decision_function_replaces_probabilities(n_classes):
    samples, labels = two_blobs()
    classifier = LinearSVC().fit(samples, labels % n_classes)
    posterior = Pool(samples, estimator=classifier).posterior()
    assert posterior.shape == (60, n_classes)
    np.testing.assert_allclose(posterior.sum(axis=1), 1)
    np.testing.assert_array_equal(
        classifier.classes_[posterior.argmax(axis=1)], classifier.predict(samples)
    )


@pytest.mark.parametrize("classifier", [None, GaussianNB(), LinearSVC()])
def test_nothing_is_known_from_a_classifier_that_is_not_fitted(classifier):
    pool = Pool(X, estimator=classifier)
    assert pool.posterior() is None
    assert pool.of_posterior(lambda posterior: posterior[:, 0]) is None
    assert Batch(pool).pick(0).posterior() is None


def test_a_classifier_fitted_later_predicts_again():
    samples, labels = two_blobs()
    classifier = GaussianNB()
    pool = Pool(samples, estimator=classifier)
    assert pool.posterior() is None
    classifier.fit(samples, labels)
    assert pool.invalidate_posterior().posterior().shape == (60, 3)


class Unsure(ClassifierMixin, BaseEstimator):
    """A classifier that only predicts."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_a_classifier_without_probabilities_raises():
    pool = Pool(X, estimator=Unsure().fit(X, X[:, 0] > 0))
    with pytest.raises(TypeError, match="Unsure has neither predict_proba nor decision"):
        pool.posterior()


def test_a_classifier_does_not_predict_without_candidates():
    samples, labels = two_blobs()
    pool = Pool(samples, estimator=GaussianNB().fit(samples, labels))
    pool.add_labels(range(60), labels)
    assert pool.posterior().shape == (0, 3)
    assert pool.of_posterior(lambda posterior: posterior.sum(axis=1)).shape == (0,)
    assert pool.remove_labels([3]).posterior().shape == (1, 3)


def test_a_classifier_predicts_the_samples_in_their_original_form():
    class LengthOfText(BaseEstimator):
        def predict_proba(self, texts):
            lengths = np.array([len(text) for text in texts])
            return np.column_stack([lengths / 10, 1 - lengths / 10])

    texts = ["a", "bb", "ccc", "dddd", "eeeee"]
    pool = Pool(X, estimator=LengthOfText(), samples=texts).add_labels([0], ["short"])
    np.testing.assert_allclose(pool.posterior()[:, 0], [0.2, 0.3, 0.4, 0.5])
    assert pool.take([3, 0]) == ["dddd", "a"]
    frame = pd.DataFrame(X, columns=["p", "q"])
    assert Pool(X, samples=frame).take([2, 1]).index.tolist() == [2, 1]
    np.testing.assert_array_equal(Pool(X).take([2, 1]), X[[2, 1]].astype(np.float32))


def test_metric_params_that_differ_in_one_number_of_many_are_distinguished():
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(4, 2000))
    pool = Pool(wide).add_labels([0], ["a"])
    V = np.ones(2000)
    first = pool.distance_to_labeled("seuclidean", metric_params={"V": V})
    in_batch = Batch(pool).pick(1)
    first_in_batch = in_batch.distance_to_labeled("seuclidean", metric_params={"V": V})
    W = V.copy()
    W[1000] = 1e-6
    assert (pool.distance_to_labeled("seuclidean", metric_params={"V": W}) > first).all()
    second = in_batch.distance_to_labeled("seuclidean", metric_params={"V": W})
    assert (second > first_in_batch).all()


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csc_matrix, sp.csr_array])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_a_sparse_pool_answers_as_a_dense_one(metric, container):
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 3, (20, 6)).astype(np.float32)
    pools = []
    for form in (container, np.asarray):
        pool = Pool(form(samples), estimator=IncrementalKNeighborsClassifier(metric=metric))
        pool.add_labels([3, 7, 9], ["a", "b", "a"]).add_labeled(samples[:2] + 1, ["b", "c"])
        pools.append(pool.remove_labels([7]).relabel([9], ["c"]))
    sparse, dense = pools
    assert sp.issparse(sparse.X)
    np.testing.assert_allclose(sparse.posterior(), dense.posterior(), atol=1e-5)
    np.testing.assert_allclose(sparse.density(metric), dense.density(metric), atol=1e-6)
    for aggregate in ("mean", "min"):
        np.testing.assert_allclose(
            Batch(sparse).pick(0).distance_to_labeled(metric, aggregate),
            Batch(dense).pick(0).distance_to_labeled(metric, aggregate),
            atol=1e-6,
        )


def test_a_seed_set_may_be_sparse_where_the_pool_is_dense():
    pool = Pool(X, X_labeled=sp.csr_matrix(X[:2]), y_labeled=["a", "b"])
    expected = Pool(X, X_labeled=X[:2], y_labeled=["a", "b"])
    np.testing.assert_array_equal(pool.distance_to_labeled(), expected.distance_to_labeled())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_of_its_type_are_not_copied(dtype):
    samples = np.ascontiguousarray(X, dtype=dtype)
    assert np.shares_memory(Pool(samples, dtype=dtype).X, samples)


def test_other_features_become_float32_in_rows():
    for samples in (X, X.tolist(), np.asfortranarray(X), X.astype(int), X.astype(np.float16)):
        held = Pool(samples).X
        assert held.dtype == np.float32
        assert held.flags.c_contiguous
        np.testing.assert_array_equal(held, X)


def test_a_copy_of_a_pool_goes_on_by_itself():
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels([0, 1], ["a", "b"])
    pool.skip([4])
    before = state(pool)
    copy = pickle.loads(pickle.dumps(pool))
    assert state(copy) == before
    copy.add_labels([2], ["c"]).remove_labels([0]).unskip([4])
    assert state(pool) == before
    assert copy.candidates.tolist() == [0, 3, 4]
    assert copy.posterior().shape == (3, 2)


def test_a_skipped_sample_may_be_labelled_and_is_skipped_again_without_the_label():
    pool = Pool(X).skip([2]).add_labels([2], ["a"])
    assert pool.skipped.tolist() == []
    assert pool.remove_labels([2]).skipped.tolist() == [2]
    assert pool.unskip([2]).candidates.tolist() == [0, 1, 2, 3, 4]


def test_labels_given_twice_count_once():
    pool = Pool(X).add_labels([1, 1, 3], ["a", "a", "b"]).add_labels([3, 1], ["b", "a"])
    assert pool.labeled.tolist() == [1, 3]
    assert pool.n_labeled == 2


def test_candidates_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        Pool(X).candidates[0] = 3


BAD_CALLS = {
    "outside": ("add_labels", ([0, 5], ["a", "b"]), IndexError, "no sample 5 in a pool of 5"),
    "negative": ("add_labels", ([-1], ["a"]), IndexError, "There is no sample -1 in a pool of 5"),
    "fractions": ("add_labels", ([0.0], ["a"]), TypeError, "named by integer positions. Got [0.0]"),
    "mask": ("skip", ([True] * 5,), TypeError, "Samples of the pool are named by integer"),
    "lengths": ("add_labels", ([0, 2], ["a"]), ValueError, "There are 2 indices, but 1 labels."),
    "missing": ("add_labels", ([0, 2], ["a", None]), ValueError, "y[1] is missing (None)"),
    "NaN": ("add_labels", ([0, 2], ["a", np.nan]), ValueError, "y[1] is missing (nan)"),
    "mixed": ("add_labels", ([0, 2], ["a", 1]), ValueError, "y mixes strings with other types"),
    "kind": (
        "add_labels",
        ([0], [1]),
        ValueError,
        "Labels are strings so far (such as 'a'). Got 1",
    ),
    "conflict": (
        "add_labels",
        ([0, 1], ["a", "b"]),
        ValueError,
        "Sample 1 is labelled 'a' already. Got 'b' for it. Hint: `relabel` replaces a label.",
    ),
    "conflict within": ("add_labels", ([0, 0], ["a", "b"]), ValueError, "labelled 'a' already."),
    "features": ("add_labeled", ([[1.0]], ["a"]), ValueError, "X_labeled has 1 features, but the"),
    "lengths of rows": ("add_labeled", (X, ["a"]), ValueError, "inconsistent numbers of samples"),
    "NaN rows": ("add_labeled", (X * np.nan, list("abcde")), ValueError, "X_labeled contains NaN"),
    "kind of rows": ("add_labeled", (X[:1], [1]), ValueError, "Got 1, which is not."),
    "not labelled": (
        "remove_labels",
        ([1, 0],),
        ValueError,
        "Sample 0 of the pool is not labelled",
    ),
    "twice": ("remove_labels", ([1, 1],), ValueError, "A sample is named twice in [1, 1]."),
    "relabel none": ("relabel", ([0], ["a"]), ValueError, "Sample 0 of the pool is not labelled"),
    "relabel twice": ("relabel", ([1, 1], ["a", "b"]), ValueError, "named twice in [1, 1]."),
    "relabel kind": ("relabel", ([1], [1]), ValueError, "Got 1, which is not."),
    "relabel lengths": (
        "relabel",
        ([1], ["a", "b"]),
        ValueError,
        "inconsistent numbers of samples",
    ),
    "relabel missing": ("relabel", ([1], [None]), ValueError, "y[0] is missing (None)"),
    "skip labelled": ("skip", ([0, 1],), ValueError, "Sample 1 of the pool is labelled already"),
    "unskip outside": ("unskip", ([0, 9],), IndexError, "There is no sample 9 in a pool of 5"),
    "aggregate": (
        "distance_to_labeled",
        ("cosine", "median"),
        ValueError,
        "The 'aggregate' parameter of distance_to_labeled must be one of ['mean', 'min'].",
    ),
    "metric": ("distance_to_labeled", ("angle",), ValueError, "must be one of ['braycurtis',"),
    "density metric": ("density", ("precomputed",), ValueError, "Got 'precomputed' instead."),
}


@pytest.mark.parametrize(
    ("method", "arguments", "error", "message"), BAD_CALLS.values(), ids=BAD_CALLS.keys()
)
def test_a_rejected_call_does_not_change_the_pool(method, arguments, error, message):
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels([1, 3], ["a", "b"])
    pool.skip([4])
    before = state(pool)
    with pytest.raises(error, match=re.escape(message)):
        getattr(pool, method)(*arguments)
    assert state(pool) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": np.empty((0, 2))}, "Found array with 0 sample(s)"),
        ({"X": [[np.nan]]}, "Input X_pool contains NaN"),
        ({"X": [[np.inf]]}, "Input X_pool contains infinity"),
        (
            {"X": [[1e300]]},
            "Input X_pool contains infinity or a value too large for dtype('float32",
        ),
        ({"X": [1.0, 2.0]}, "Expected 2D array, got 1D array"),
        ({"X": [["good day"]]}, "X_pool holds what is not a number"),
        ({"X": X, "samples": ["a"]}, "inconsistent numbers of samples: [5, 1]"),
        ({"X": X, "X_labeled": X, "y_labeled": ["a"]}, "inconsistent numbers of samples: [5, 1]"),
        ({"X": X, "X_labeled": X[:, :1], "y_labeled": list("abcde")}, "X_labeled has 1 features"),
        ({"X": X, "classes": ["a", None]}, "y[1] is missing (None)"),
    ],
)
def test_a_pool_of_bad_data_is_not_made(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Pool(**arguments)


@pytest.mark.parametrize(
    ("position", "error", "message"),
    [
        (1, ValueError, "Sample 1 of the pool is labelled already."),
        (4, ValueError, "Sample 4 of the pool is skipped already."),
        (2, ValueError, "Sample 2 of the pool was picked already"),
        (5, IndexError, "There is no sample 5 in a pool of 5"),
        (-1, IndexError, "There is no sample -1 in a pool of 5"),
    ],
)
def test_a_batch_picks_candidates_only(position, error, message):
    batch = Batch(Pool(X).add_labels([1], ["a"]).skip([4])).pick(2)
    with pytest.raises(error, match=re.escape(message)):
        batch.pick(position)
    assert batch.picked == [2]
    assert batch.candidates.tolist() == [0, 3]


def test_a_batch_reads_as_a_pool():
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels([1], ["a"])
    batch = Batch(pool)
    assert batch.X is pool.X
    assert batch.n_samples == pool.n_samples
    assert batch.n_labeled == pool.n_labeled
    assert batch.classes_.tolist() == pool.classes_.tolist()
    np.testing.assert_array_equal(batch.posterior(), pool.posterior())
    np.testing.assert_array_equal(batch.distance_to_labeled(), pool.distance_to_labeled())
    np.testing.assert_array_equal(batch.density(), pool.density())
    assert batch.pick(0).pick(3).candidates.tolist() == [2, 4]
    assert (batch.n_candidates, batch.n_labeled) == (2, 3)
    np.testing.assert_array_equal(batch.posterior(), pool.posterior()[[1, 3]])


def test_restored_samples_are_the_first_to_be_forgotten_again():
    pool = Pool(np.eye(5)).add_labels(range(5), list("abcde"))
    assert pool.forget(3).forget(2).labeled.tolist() == [3, 4]
    assert pool.candidates.tolist() == [0, 1, 2]
    assert pool.n_forgotten == 3
    assert pool.restore_forgotten().restore_forgotten().labels.tolist() == list("abcde")
    assert pool.forget(4).labeled.tolist() == [1, 2, 3, 4]
    assert pool.restore_forgotten().restore_forgotten().labeled.tolist() == [0, 1, 2, 3, 4]


def test_a_recalled_label_must_be_of_the_kind_given_since():
    pool = Pool(np.eye(3)).add_labels([0, 1], ["a", "b"]).forget(0).add_labels([2], [7])
    with pytest.raises(ValueError, match=r"Labels are numbers so far \(such as 7\). Got 'a'"):
        pool.restore_forgotten()
    assert pool.labels.tolist() == [7]
    assert pool.n_forgotten == 2


def test_results_that_depend_on_features_alone_are_computed_once():
    pool, calls = Pool(X), []
    first = pool.cached(("sum", 1), lambda: calls.append(1) or [1])
    pool.add_labels([1], ["a"]).remove_labels([1])
    assert pool.cached(("sum", 1), lambda: calls.append(1) or [2]) is first
    assert pool.cached(("sum", 2), lambda: calls.append(1) or [2]) == [2]
    assert len(calls) == 2


def test_labelled_samples_come_in_the_order_of_their_labels():
    pool = Pool(X)
    assert pool.labeled_samples()[0].shape == (0, X.shape[1])
    pool.add_labeled(X[:2], ["seed", "seed"]).add_labels([4, 3, 2], list("abc"))
    pool.remove_labels([3])
    rows, labels = pool.labeled_samples()
    np.testing.assert_array_equal(rows, pool.X[[0, 1, 4, 2]])
    assert labels.tolist() == ["seed", "seed", "a", "c"]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_labelled_neighbours_are_those_of_all_labelled_samples(metric):
    rows = np.random.default_rng(0).normal(size=(40, 3))
    pool = Pool(rows, dtype=np.float64)
    distances, places = pool.labeled_neighbors(4, metric)
    assert distances.shape == places.shape == (40, 0)
    pool.add_labeled(rows[:3] + 0.1, ["seed"] * 3).add_labels(range(10), ["a"] * 10)
    for change in (lambda: pool.remove_labels([2, 7]), lambda: pool.add_labels([30], ["b"])):
        change()
        labeled = pool.labeled_samples()[0]
        expected = pairwise_distances(rows, labeled, metric=metric)
        distances, places = pool.labeled_neighbors(4, metric)
        np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :4], atol=1e-7)
        np.testing.assert_array_equal(places, expected.argsort(axis=1)[:, :4])
    with pytest.raises(ValueError, match="'n_neighbors' parameter of labeled_neighbors must be an"):
        pool.labeled_neighbors(0)
