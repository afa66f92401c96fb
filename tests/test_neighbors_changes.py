"""Adding, removing and relabelling equal `fit` on the remaining samples."""

import pickle
from copy import deepcopy

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from strategies import (
    CLASS_NAMES,
    EXACT_METRICS,
    METRICS,
    class_names,
    forgetting,
    labeled_sets,
    samples_for,
    splits,
    vote_parameters,
)

from skactive.neighbors import IncrementalKNeighborsClassifier

metrics = pytest.mark.parametrize("metric", METRICS)


def assert_same_classifier(left, right, queries, metric):
    assert left.classes_.tolist() == right.classes_.tolist()
    found, expected = left.predict_proba(queries), right.predict_proba(queries)
    if metric in EXACT_METRICS:
        np.testing.assert_array_equal(found, expected)
    else:
        np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize(
    ("metric", "container"),
    [
        *((metric, np.asarray) for metric in METRICS),
        *((metric, sp.csr_matrix) for metric in ("euclidean", "manhattan", "cosine")),
    ],
)
@settings(max_examples=30)
@given(st.data())
def test_adding_in_any_split_and_order_equals_fit(metric, container, data):
    X, y = data.draw(labeled_sets(metric))
    parameters = data.draw(vote_parameters())
    queries = container(data.draw(samples_for(metric, 3)))
    whole = IncrementalKNeighborsClassifier(metric=metric, **parameters).fit(container(X), y)
    grown = clone(whole)
    for part in data.draw(splits(len(X))):
        if len(part) or hasattr(grown, "classes_"):
            grown.add_labeled(container(X[part]), y[part])
    assert grown.n_samples_fit_ == len(X)
    assert_same_classifier(grown, whole, queries, metric)


@metrics
@settings(max_examples=30)
@given(st.data())
def test_adding_in_any_split_forgets_the_same_samples_as_fit(metric, data):
    X, y = data.draw(labeled_sets(metric))
    parameters = data.draw(vote_parameters()) | data.draw(forgetting())
    queries = data.draw(samples_for(metric, 3))
    whole = IncrementalKNeighborsClassifier(metric=metric, **parameters).fit(X, y)
    grown = clone(whole)
    cuts = sorted(data.draw(st.lists(st.integers(1, len(X)), max_size=4)))
    for X_part, y_part in zip(np.split(X, cuts), np.split(y, cuts), strict=True):
        if len(X_part):
            grown.add_labeled(X_part, y_part)
    kept = np.arange(len(X))[-(parameters["max_labeled"] or len(X)) :]
    for classifier in (whole, grown):
        assert classifier.labeled_indices_.tolist() == kept.tolist()
        assert classifier.y_labeled_.tolist() == y[kept].tolist()
        assert classifier.n_samples_fit_ == len(kept)
        assert classifier.n_samples_seen_ == len(X)
    assert_same_classifier(grown, whole, queries, metric)


@metrics
@settings(max_examples=60)
@given(st.data())
def test_any_changes_equal_a_fit_on_the_remaining_samples(metric, data):
    X, y = data.draw(labeled_sets(metric, min_size=2))
    queries = data.draw(samples_for(metric, 3))
    parameters = data.draw(vote_parameters()) | data.draw(forgetting())
    n_most = parameters["max_labeled"]
    classifier = IncrementalKNeighborsClassifier(metric=metric, **parameters)
    classifier.fit(X, y)
    stored = {number: (x, label) for number, (x, label) in enumerate(zip(X, y, strict=True))}
    stored = dict(sorted(stored.items())[-(n_most or len(X)) :])
    for _ in range(data.draw(st.integers(1, 6))):
        what = data.draw(st.sampled_from(["add", "remove", "relabel"]))
        if what == "add":
            n_added = data.draw(st.integers(1, 3))
            X_new, y_new = data.draw(samples_for(metric, n_added)), data.draw(class_names(n_added))
            first = classifier.n_samples_seen_
            classifier.add_labeled(X_new, y_new)
            stored |= {first + place: (X_new[place], y_new[place]) for place in range(n_added)}
            stored = dict(sorted(stored.items())[-(n_most or len(stored)) :])
        elif len(stored) > 1:
            some = data.draw(
                st.lists(st.sampled_from(sorted(stored)), unique=True, max_size=len(stored) - 1)
            )
            if what == "remove":
                classifier.remove_labeled(some)
                for number in some:
                    del stored[number]
            else:
                y_new = data.draw(class_names(len(some)))
                classifier.relabel(some, y_new)
                for number, label in zip(some, y_new, strict=True):
                    stored[number] = (stored[number][0], label)
    numbers = sorted(stored)
    X_left = np.array([stored[number][0] for number in numbers])
    y_left = np.array([stored[number][1] for number in numbers])
    assert classifier.labeled_indices_.tolist() == numbers
    assert classifier.y_labeled_.tolist() == y_left.tolist()
    X_kept, y_kept = classifier.labeled_samples()
    np.testing.assert_array_equal(X_kept, X_left)
    np.testing.assert_array_equal(y_kept, y_left)
    fresh = clone(classifier).fit(X_left, y_left)
    assert_same_classifier(classifier, fresh, queries, metric)
    found = classifier.kneighbors(queries, return_distance=False)
    renumbered = np.array(numbers)[fresh.kneighbors(queries, return_distance=False)]
    np.testing.assert_array_equal(np.sort(found, axis=1), np.sort(renumbered, axis=1))


def test_a_sample_mended_stays_as_old_as_it_is_and_one_added_again_is_young():
    X, queries = np.array([[1.0], [1.0], [3.0]]), [[1.0]]
    classifier = IncrementalKNeighborsClassifier(2, metric="euclidean", half_life=1.0, smoothing=0)
    classifier.fit(X, ["a", "b", "b"]).relabel(0, "c")
    # At distance zero are 0, two samples old, and 1, one sample old.
    np.testing.assert_allclose(classifier.predict_proba(queries), [[2 / 3, 1 / 3]])
    classifier.remove_labeled(0).add_labeled(X[:1], ["c"])
    np.testing.assert_allclose(classifier.predict_proba(queries), [[1 / 5, 4 / 5]])


def test_where_all_neighbours_are_stale_the_prediction_stays_and_the_probability_goes():
    X = np.array([[0.0], [1.0], [1.1], [9.0], [9.0]])
    classifier = IncrementalKNeighborsClassifier(3, metric="euclidean", half_life=1e-6)
    classifier.fit(X, list("abbcc"))
    probabilities = classifier.predict_proba([[0.9], [9.0]])
    np.testing.assert_allclose(probabilities[0], [1 / 3, 1 / 3, 1 / 3], atol=1e-8)
    np.testing.assert_allclose(probabilities[1], [1 / 6, 1 / 6, 4 / 6], atol=1e-8)
    assert classifier.predict([[0.9], [9.0]]).tolist() == ["b", "c"]
    explanation = classifier.explain([[0.9], [9.0]])
    assert explanation.predictions.tolist() == ["b", "c"]
    np.testing.assert_allclose(explanation.prior_share, [1, 0.5], atol=1e-8)


def test_a_sample_at_distance_zero_decides_alone_however_stale():
    classifier = IncrementalKNeighborsClassifier(3, metric="euclidean", half_life=1e-4, smoothing=0)
    classifier.fit([[0.0], [1.0], [2.0]], list("abc"))
    np.testing.assert_array_equal(classifier.predict_proba([[0.0]]), [[1, 0, 0]])


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_as_many_as_max_labeled_are_stored_and_not_one_more(container):
    X, y = np.eye(40), np.arange(40) % 7
    classifier = IncrementalKNeighborsClassifier(max_labeled=5).fit(container(X), y)
    assert classifier.labeled_indices_.tolist() == [35, 36, 37, 38, 39]
    for place in range(40):
        classifier.add_labeled(container(X[[place]]), y[[place]])
    assert classifier.labeled_indices_.tolist() == [75, 76, 77, 78, 79]
    assert classifier.classes_.tolist() == sorted(set(y[-5:].tolist()))
    kept = classifier.labeled_samples()[0]
    np.testing.assert_array_equal(kept.toarray() if sp.issparse(kept) else kept, X[-5:])


def test_neighbours_found_elsewhere_must_come_with_their_ages():
    classifier = IncrementalKNeighborsClassifier(half_life=3)
    with pytest.raises(ValueError, match=r"With 'half_life' a vote depends on .* pass `ages`"):
        classifier.vote(np.ones((1, 2)), np.zeros((1, 2), dtype=int), 1)


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_array])
def test_sparse_samples_are_removed_and_relabelled(container):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 3, (8, 5)).astype(float), np.array(list("abcabcab"))
    classifier = IncrementalKNeighborsClassifier().fit(container(X), y)
    classifier.remove_labeled([2, 7, 0]).relabel(4, "c").add_labeled(container(X[:1]), ["d"])
    kept = [1, 3, 4, 5, 6, 0]
    fresh = IncrementalKNeighborsClassifier().fit(X[kept], ["b", "a", "c", "c", "a", "d"])
    np.testing.assert_allclose(classifier.predict_proba(container(X)), fresh.predict_proba(X))
    np.testing.assert_array_equal(classifier.labeled_samples()[0].toarray(), X[kept])


@pytest.mark.parametrize(
    ("first", "later"),
    [(np.asarray, sp.csr_matrix), (sp.csr_matrix, np.asarray), (sp.csc_array, sp.csr_array)],
)
def test_dense_and_sparse_samples_may_follow_each_other(first, later):
    X, y = np.random.default_rng(0).normal(size=(6, 3)), list("ababab")
    classifier = IncrementalKNeighborsClassifier().fit(first(X[:3]), y[:3])
    classifier.add_labeled(later(X[3:]), y[3:])
    fresh = IncrementalKNeighborsClassifier().fit(X, y)
    for container in (first, later):
        np.testing.assert_allclose(classifier.predict_proba(container(X)), fresh.predict_proba(X))


def test_float64_samples_after_float32_keep_their_digits():
    X = np.array([[1.0, 1e-9], [1.0, 2e-9], [1e300, 0.0]])
    classifier = IncrementalKNeighborsClassifier(1, metric="manhattan")
    classifier.fit(np.ones((1, 2), dtype=np.float32), ["z"]).add_labeled(X, ["a", "b", "c"])
    assert classifier.predict(X).tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(classifier.labeled_samples()[0][1:], X)


def test_float32_samples_stay_float32():
    X = np.eye(3, dtype=np.float32)
    classifier = IncrementalKNeighborsClassifier().fit(X, list("abc")).add_labeled(X, list("abc"))
    assert classifier.labeled_samples()[0].dtype == np.float32
    assert classifier.kneighbors(X)[0].dtype == np.float32


def test_a_number_is_never_given_again():
    classifier = IncrementalKNeighborsClassifier().fit(np.eye(3), list("abc"))
    classifier.remove_labeled([1, 2]).add_labeled([[1.0, 1.0, 0.0]], ["b"])
    assert classifier.labeled_indices_.tolist() == [0, 3]
    assert classifier.n_samples_seen_ == 4


def test_a_class_without_samples_is_forgotten():
    classifier = IncrementalKNeighborsClassifier().fit(np.eye(3), list("abc"))
    assert classifier.remove_labeled(1).classes_.tolist() == ["a", "c"]
    assert classifier.relabel(2, "a").classes_.tolist() == ["a"]
    np.testing.assert_array_equal(classifier.predict_proba(np.eye(3)), np.ones((3, 1)))


def test_after_the_last_sample_declared_classes_are_equally_probable():
    classifier = IncrementalKNeighborsClassifier()
    classifier.partial_fit(np.eye(2), ["a", "b"], classes=["c", "b", "a", "d"])
    classifier.remove_labeled([0, 1])
    np.testing.assert_array_equal(classifier.predict_proba(np.eye(2)), np.full((2, 4), 0.25))
    assert classifier.predict([[1.0, 0.0]]).tolist() == ["a"]
    assert classifier.explain(np.eye(2)).indices.shape == (2, 0)
    assert classifier.labeled_samples() == (None, None)


def test_after_the_last_sample_nothing_is_known_without_declared_classes():
    classifier = IncrementalKNeighborsClassifier().fit(np.eye(2), ["a", "b"])
    classifier.remove_labeled([1, 0])
    for method in (classifier.predict, classifier.predict_proba, classifier.explain):
        with pytest.raises(NotFittedError, match=r"has no labelled samples\. Hint: call 'fit' or"):
            method(np.eye(2))
    assert classifier.add_labeled(np.eye(2), [4, 7]).classes_.tolist() == [4, 7]


def test_declared_classes_have_columns_before_anybody_has_them():
    classifier = IncrementalKNeighborsClassifier(smoothing=3.0)
    classifier.partial_fit([[1.0, 0.0]], ["b"], classes=["c", "b", "a"])
    assert classifier.classes_.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(classifier.predict_proba([[1.0, 0.0]]), [[0.25, 0.5, 0.25]])
    classifier.remove_labeled(0)
    assert classifier.classes_.tolist() == ["a", "b", "c"]


def test_partial_fit_keeps_to_the_classes_declared_first():
    classifier = IncrementalKNeighborsClassifier()
    classifier.partial_fit(np.eye(2), ["a", "b"], classes=["a", "b"])
    with pytest.raises(ValueError, match=r"y has the label 'c', which is not in `classes`"):
        classifier.partial_fit(np.eye(2), ["a", "c"])
    with pytest.raises(ValueError, match=r"`classes=\['a', 'c'\]` is not the same as on the last"):
        classifier.partial_fit(np.eye(2), ["a", "a"], classes=["c", "a"])
    assert classifier.partial_fit(np.eye(2), ["b", "a"], classes=["b", "a"]).n_samples_fit_ == 4
    assert classifier.add_labeled(np.eye(2), ["a", "c"]).classes_.tolist() == ["a", "b", "c"]


def test_partial_fit_without_declared_classes_extends_them():
    classifier = IncrementalKNeighborsClassifier().partial_fit(np.eye(2), ["b", "b"])
    assert classifier.partial_fit(np.eye(2), ["a", "b"]).classes_.tolist() == ["a", "b"]


def test_a_refused_first_partial_fit_leaves_the_classifier_unfitted():
    classifier = IncrementalKNeighborsClassifier()
    with pytest.raises(ValueError, match="which is not in `classes`"):
        classifier.partial_fit(np.eye(2), ["a", "c"], classes=["a", "b"])
    assert vars(classifier) == vars(IncrementalKNeighborsClassifier())


@given(st.lists(st.sampled_from(CLASS_NAMES), min_size=1, max_size=6))
@settings(max_examples=20)
def test_fit_discards_earlier_samples(names):
    classifier = IncrementalKNeighborsClassifier().fit(np.eye(4), [1, 2, 3, 4])
    X = np.arange(2.0 * len(names)).reshape(-1, 2)
    assert classifier.fit(X, names).classes_.tolist() == sorted(set(names))
    assert classifier.n_features_in_ == 2


def through_joblib(classifier, folder):
    joblib.dump(classifier, folder / "classifier.joblib")
    return joblib.load(folder / "classifier.joblib")


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize(
    "copied",
    [lambda c, _: pickle.loads(pickle.dumps(c)), lambda c, _: deepcopy(c), through_joblib],
    ids=["pickle", "deepcopy", "joblib"],
)
def test_a_copy_goes_on_learning_by_itself(copied, container, tmp_path):
    X = container(np.random.default_rng(0).normal(size=(9, 4)))
    classifier = IncrementalKNeighborsClassifier().fit(X, list("abcabcabc")).remove_labeled(3)
    before = classifier.predict_proba(X)
    copy = copied(classifier, tmp_path)
    np.testing.assert_array_equal(copy.predict_proba(X), before)
    copy.add_labeled(X[:2], ["z", "z"]).remove_labeled(0)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)
    assert copy.labeled_indices_.tolist() == [1, 2, 4, 5, 6, 7, 8, 9, 10]


def test_a_pickle_contains_stored_samples_without_spare_capacity():
    X = np.random.default_rng(0).normal(size=(1025, 64))
    classifier = IncrementalKNeighborsClassifier().fit(X[:1024], np.zeros(1024, dtype=int))
    classifier.add_labeled(X[1024:], [0])
    assert len(pickle.dumps(classifier)) < 1.2 * X.nbytes


def test_a_clone_has_the_parameters_and_nothing_stored():
    original = IncrementalKNeighborsClassifier(
        2,
        weights="gaussian",
        metric="minkowski",
        metric_params={"p": 3},
        bandwidth=0.5,
        smoothing=2,
    ).fit(np.eye(2), ["a", "b"])
    copy = clone(original)
    assert copy.get_params() == original.get_params()
    assert not hasattr(copy, "classes_")
