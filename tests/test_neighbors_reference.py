"""The vote, compared with plain Python, and its general properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_neighbors import plain_probabilities
from strategies import METRICS, forgetting, labeled_sets, samples_for, vote_parameters

from skactive.neighbors import IncrementalKNeighborsClassifier

metrics = pytest.mark.parametrize("metric", METRICS)


@metrics
@settings(max_examples=60)
@given(st.data())
def test_probabilities_are_those_of_plain_python(metric, data):
    X, y = data.draw(labeled_sets(metric))
    queries = data.draw(samples_for(metric, 4))
    parameters = data.draw(vote_parameters()) | data.draw(forgetting())
    classifier = IncrementalKNeighborsClassifier(metric=metric, **parameters).fit(X, y)
    expected = plain_probabilities(X, y, queries, metric=metric, **parameters)
    np.testing.assert_allclose(classifier.predict_proba(queries), expected, atol=1e-9)


@metrics
@settings(max_examples=40)
@given(st.data())
def test_an_explanation_adds_up_to_the_probabilities(metric, data):
    X, y = data.draw(labeled_sets(metric))
    queries = data.draw(samples_for(metric, 3))
    parameters = data.draw(vote_parameters()) | data.draw(forgetting())
    classifier = IncrementalKNeighborsClassifier(metric=metric, **parameters).fit(X, y)
    explanation = classifier.explain(queries)
    distances, indices = classifier.kneighbors(queries)
    np.testing.assert_array_equal(explanation.indices, indices)
    np.testing.assert_array_equal(explanation.distances, distances)
    np.testing.assert_array_equal(explanation.labels, y[indices])
    n_classes = len(classifier.classes_)
    summed = np.stack(
        [
            (explanation.shares * (explanation.labels == name)).sum(axis=1)
            for name in classifier.classes_
        ],
        axis=1,
    )
    probabilities = classifier.predict_proba(queries)
    np.testing.assert_allclose(
        summed + explanation.prior_share[:, np.newaxis] / n_classes, probabilities, atol=1e-12
    )
    np.testing.assert_array_equal(explanation.predictions, classifier.predict(queries))
    assert (explanation.shares >= 0).all()


@metrics
@settings(max_examples=40)
@given(st.data())
def test_rows_of_probabilities_add_up_to_one_and_the_largest_is_predicted(metric, data):
    X, y = data.draw(labeled_sets(metric))
    queries = data.draw(samples_for(metric, 3))
    parameters = data.draw(vote_parameters()) | data.draw(forgetting())
    classifier = IncrementalKNeighborsClassifier(metric=metric, **parameters)
    probabilities = classifier.fit(X, y).predict_proba(queries)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert (probabilities >= 0).all()
    winners = classifier.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(classifier.predict(queries), winners)


@metrics
@settings(max_examples=40)
@given(st.data())
def test_kneighbors_of_the_stored_samples_leave_each_sample_itself_out(metric, data):
    X, y = data.draw(labeled_sets(metric))
    classifier = IncrementalKNeighborsClassifier(3, metric=metric).fit(X, y)
    distances, indices = classifier.kneighbors()
    assert indices.shape == distances.shape == (len(X), min(3, len(X) - 1))
    for sample in range(len(X)):
        assert sample not in indices[sample]
        rest = np.delete(np.arange(len(X)), sample)
        if len(rest):
            alone = IncrementalKNeighborsClassifier(3, metric=metric).fit(X[rest], y[rest])
            expected = alone.kneighbors(X[[sample]], return_distance=False)
            assert sorted(indices[sample]) == sorted(rest[expected[0]])


@pytest.mark.parametrize(
    ("weights", "scale"),
    [
        (weights, scale)
        for weights, scales in {
            "uniform": [1e-300, 1e300],
            "distance": [1e-300, 1e300],
            "gaussian": [1e-100, 1e100],
        }.items()
        for scale in scales
    ],
)
def test_the_scale_of_the_features_does_not_move_the_vote(weights, scale):
    rng = np.random.default_rng(0)
    X, y, queries = rng.normal(size=(20, 3)), np.arange(20) % 3, rng.normal(size=(5, 3))
    classifier = IncrementalKNeighborsClassifier(metric="manhattan", weights=weights)
    expected = classifier.fit(X, y).predict_proba(queries)
    found = classifier.fit(scale * X, y).predict_proba(scale * queries)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_weights_of_denormal_distances_do_not_overflow():
    tiny = np.nextafter(0, 1)
    classifier = IncrementalKNeighborsClassifier(metric="manhattan", smoothing=0)
    classifier.fit([[tiny], [2 * tiny], [1.0]], ["a", "b", "b"])
    np.testing.assert_allclose(classifier.predict_proba([[0.0]]), [[2 / 3, 1 / 3]])


def test_samples_at_distance_zero_decide_alone():
    classifier = IncrementalKNeighborsClassifier(metric="euclidean", smoothing=0)
    classifier.fit([[1.0], [1.0], [1.5]], ["a", "b", "b"])
    np.testing.assert_array_equal(classifier.predict_proba([[1.0]]), [[0.5, 0.5]])


def test_a_zero_vector_is_at_cosine_distance_one_from_everything():
    classifier = IncrementalKNeighborsClassifier(3).fit(
        [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]], ["a", "b", "c"]
    )
    np.testing.assert_array_equal(classifier.kneighbors([[0.0, 0.0]])[0], [[1.0, 1.0, 1.0]])
    distances, indices = classifier.kneighbors([[2.0, 0.0]])
    assert indices.tolist() == [[1, 0, 2]]
    np.testing.assert_allclose(distances, [[0.0, 1.0, 2.0]])


def test_equal_distances_go_by_class_then_the_younger_first():
    X, y = [[1.0], [-1.0], [1.0], [-1.0]], ["b", "a", "b", "a"]
    classifier = IncrementalKNeighborsClassifier(3, metric="euclidean").fit(X, y)
    assert sorted(classifier.kneighbors([[0.0]], return_distance=False)[0]) == [1, 2, 3]


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "braycurtis", "correlation", "dice"])
def test_a_vote_among_zero_vectors_is_defined(metric):
    classifier = IncrementalKNeighborsClassifier(metric=metric).fit(np.zeros((3, 3)), list("aab"))
    np.testing.assert_allclose(classifier.predict_proba(np.zeros((1, 3))), [[0.625, 0.375]])


def test_a_smoothed_vote_of_one_neighbour_is_not_certain():
    classifier = IncrementalKNeighborsClassifier(1).fit([[1.0, 0.0], [0.0, 1.0]], ["a", "b"])
    np.testing.assert_allclose(classifier.predict_proba([[1.0, 0.1]]), [[0.75, 0.25]])
