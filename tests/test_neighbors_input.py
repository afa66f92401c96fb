"""Valid and invalid arguments of the classifier; a rejected call changes nothing."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError

from skactive.neighbors import IncrementalKNeighborsClassifier

X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [2.0, 1.0]])
Y = ["a", "b", "a", "b"]


def fitted(**parameters):
    return IncrementalKNeighborsClassifier(**parameters).fit(X, Y)


@pytest.mark.parametrize(
    "form",
    [
        np.ndarray.tolist,
        np.asfortranarray,
        lambda samples: samples[::1, ::-1][:, ::-1],
        lambda samples: samples.astype(np.int8),
        lambda samples: samples.astype(np.float16),
        lambda samples: samples.astype(np.float32),
        lambda samples: samples.astype(np.longdouble),
        lambda samples: samples.astype(object),
        sp.csr_matrix,
        sp.csc_array,
        sp.coo_matrix,
        pd.DataFrame,
    ],
)
def test_samples_of_any_form_give_the_same_answer(form):
    classifier = IncrementalKNeighborsClassifier().fit(form(X), Y)
    classifier.add_labeled(form(X[:1]), ["c"])
    expected = fitted().add_labeled(X[:1], ["c"]).predict_proba(X)
    np.testing.assert_allclose(classifier.predict_proba(form(X)), expected, atol=1e-6)


def test_boolean_samples_are_zeros_and_ones():
    expected = fitted(metric="manhattan").fit(X > 0, Y).predict_proba(X > 0)
    as_numbers = fitted(metric="manhattan").fit((X > 0).astype(float), Y)
    np.testing.assert_array_equal(as_numbers.predict_proba((X > 0).astype(float)), expected)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a", "b", "c"], ["a", "b", "c"]),
        (pd.Series(["b", "a", "b", "c"], index=[7, 8, 9, 10]), ["a", "b", "c"]),
        (pd.Categorical(["b", "a", "b", "c"], categories=["c", "b", "a"]), ["a", "b", "c"]),
        (pd.Series(["b", "a", "b", "c"], dtype="string"), ["a", "b", "c"]),
        (np.array(["b", "a", "b", "c"], dtype=object), ["a", "b", "c"]),
        ((3, 1, 3, 2), [1, 2, 3]),
        ([3.0, 1.0, 3.0, 2.0], [1, 2, 3]),
        ([True, False, True, True], [False, True]),
        (["a" * 100, "b", "c", "d"], ["a" * 100, "b", "c", "d"]),
    ],
)
def test_labels_of_any_form_are_known_as_sorted_classes(labels, classes):
    classifier = IncrementalKNeighborsClassifier(1, metric="euclidean").fit(X, labels)
    assert classifier.classes_.tolist() == classes
    assert classifier.predict(X).tolist() == list(labels)


def test_a_longer_label_that_comes_later_is_not_cut():
    classifier = fitted(n_neighbors=1).add_labeled([[-1.0, -1.0]], ["a much longer one"])
    assert classifier.predict([[-1.0, -1.0]]).tolist() == ["a much longer one"]


def test_one_label_may_be_given_as_such():
    assert fitted().add_labeled(X[:1], "c").classes_.tolist() == ["a", "b", "c"]
    assert fitted().relabel(0, "c").y_labeled_.tolist() == ["c", "b", "a", "b"]


def test_no_label_added_changes_nothing():
    classifier = fitted()
    expected = classifier.predict_proba(X)
    classifier.add_labeled(np.empty((0, 2)), []).remove_labeled([]).relabel([], [])
    np.testing.assert_array_equal(classifier.predict_proba(X), expected)


def test_fewer_labels_than_neighbors_all_vote():
    assert fitted(n_neighbors=50).kneighbors(X)[1].shape == (4, 4)
    assert fitted(n_neighbors=1).kneighbors(X, 50, return_distance=False).shape == (4, 4)


def test_the_only_sample_has_no_neighbours_of_its_own():
    distances, indices = IncrementalKNeighborsClassifier().fit(X[:1], ["a"]).kneighbors()
    assert distances.shape == indices.shape == (1, 0)


BAD_DATA = {
    "NaN": ([[np.nan, 1.0]], ["a"], ValueError, "Input X contains NaN"),
    "infinity": ([[np.inf, 1.0]], ["a"], ValueError, "Input X contains infinity"),
    "features": ([[1.0, 2.0, 3.0]], ["a"], ValueError, "X has 3 features, but Incremental"),
    "one dimension": ([1.0, 2.0], ["a"], ValueError, "Expected 2D array, got 1D array"),
    "words": ([["x", "y"]], ["a"], ValueError, "could not convert string to float"),
    "fewer labels": (X, ["a"], ValueError, "inconsistent numbers of samples: [4, 1]"),
    "more labels": (X[:1], ["a", "b"], ValueError, "inconsistent numbers of samples: [1, 2]"),
    "None": (X[:2], ["a", None], ValueError, "y[1] is missing (None). Hint: leave"),
    "NaN label": (X[:2], ["a", np.nan], ValueError, "y[1] is missing (nan)"),
    "NaN number": (X[:2], [1.0, np.nan], ValueError, "y[1] is missing (NaN or infinity: nan)"),
    "pandas.NA": (X[:2], ["a", pd.NA], ValueError, "y[1] is missing (<NA>)"),
    "pandas strings": (X[:2], pd.Series(["a", None]), ValueError, "y[1] is missing ("),
    "mixed": (X[:2], ["a", 1], ValueError, "y mixes strings with other types: 'a' and 1."),
    "mixed objects": (X[:2], np.array([1, "a"], dtype=object), ValueError, "types: 1 and 'a'."),
    "fractions": (X[:2], [0.5, 1.5], ValueError, "Unknown label type"),
    "two columns": (X[:2], [["a", "b"], ["b", "a"]], ValueError, "y should be a 1d array"),
    "numbers": (X[:1], [3], ValueError, "Labels are strings so far (such as 'a'). Got 3, which"),
    "no y": (X, None, ValueError, "requires y to be passed, but the target y is None"),
}


@pytest.mark.parametrize(
    ("samples", "labels", "error", "message"), BAD_DATA.values(), ids=BAD_DATA.keys()
)
def test_bad_data_is_refused_and_nothing_is_changed(samples, labels, error, message):
    classifier = fitted()
    before = pickle.dumps(classifier)
    for add in (classifier.add_labeled, classifier.partial_fit):
        with pytest.raises(error, match=re.escape(message)):
            add(samples, labels)
        assert pickle.dumps(classifier) == before


@pytest.mark.parametrize(
    "case", sorted(set(BAD_DATA) - {"features", "numbers", "pandas.NA", "pandas strings"})
)
def test_a_rejected_fit_keeps_the_previous_one(case):
    samples, labels, error, message = BAD_DATA[case]
    for classifier in (fitted(), IncrementalKNeighborsClassifier()):
        before = pickle.dumps(classifier)
        with pytest.raises(error, match=re.escape(message)):
            classifier.fit(samples, labels)
        assert pickle.dumps(classifier) == before


def test_a_refused_fit_on_other_features_leaves_the_old_ones():
    classifier = IncrementalKNeighborsClassifier().fit(pd.DataFrame(X, columns=["p", "q"]), Y)
    wide = pd.DataFrame(np.ones((3, 3)), columns=list("rst"))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier.fit(wide, Y)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        classifier.fit(wide * np.nan, Y[:3])
    assert classifier.n_features_in_ == 2
    assert classifier.feature_names_in_.tolist() == ["p", "q"]


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        (4, ValueError, "There is no labelled sample 4. Hint: 3 are stored"),
        (-1, ValueError, "There is no labelled sample -1."),
        (1, ValueError, "There is no labelled sample 1."),
        ([0, 3, 0], ValueError, "A labelled sample is named twice in [0, 3, 0]."),
        ([0.0], TypeError, "Labelled samples are named by integers. Got [0.0] instead."),
        ([True, False, True], TypeError, "Labelled samples are named by integers."),
        ([[0, 2]], TypeError, "Labelled samples are named by integers."),
        ("0", TypeError, "Labelled samples are named by integers. Got '0' instead."),
    ],
)
def test_unknown_samples_are_refused_and_nothing_is_changed(indices, error, message):
    classifier = fitted().remove_labeled(1)
    before = pickle.dumps(classifier)
    with pytest.raises(error, match=re.escape(message)):
        classifier.remove_labeled(indices)
    with pytest.raises(error, match=re.escape(message)):
        classifier.relabel(indices, ["c"] * np.size(indices))
    assert pickle.dumps(classifier) == before


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["c"], "inconsistent numbers of samples: [2, 1]"),
        ([1, 2], "Labels are strings so far (such as 'a'). Got 1, which is not."),
        (["c", None], "y[1] is missing (None)"),
    ],
)
def test_bad_new_labels_are_refused_and_nothing_is_changed(labels, message):
    classifier = fitted()
    before = pickle.dumps(classifier)
    with pytest.raises(ValueError, match=re.escape(message)):
        classifier.relabel([0, 1], labels)
    assert pickle.dumps(classifier) == before


BAD_PARAMETERS = [
    ("n_neighbors", 0, ValueError, "must be an int of at least 1. Got 0 instead."),
    ("n_neighbors", 2.0, ValueError, "must be an int of at least 1. Got 2.0 instead."),
    ("n_neighbors", True, TypeError, "must be an int of at least 1. Got True instead."),
    ("n_neighbors", None, TypeError, "must be an int of at least 1. Got None instead."),
    ("weights", "inverse", ValueError, "must be one of ['distance', 'gaussian', 'uniform']."),
    ("weights", None, TypeError, "must be one of ['distance', 'gaussian', 'uniform']."),
    ("metric", "precomputed", ValueError, "Got 'precomputed' instead."),
    ("metric", max, TypeError, "must be one of ['braycurtis',"),
    ("bandwidth", 0, ValueError, "must be a finite number above 0. Got 0 instead."),
    ("bandwidth", np.inf, ValueError, "must be a finite number above 0. Got inf instead."),
    ("smoothing", -1.0, ValueError, "must be a finite number of at least 0. Got -1.0 instead."),
    ("smoothing", np.nan, ValueError, "must be a finite number of at least 0. Got nan instead."),
    ("smoothing", "1", ValueError, "must be a finite number of at least 0. Got '1' instead."),
    ("max_labeled", 0, ValueError, "must be an int of at least 1. Got 0 instead."),
    ("max_labeled", 100.0, ValueError, "must be an int of at least 1. Got 100.0 instead."),
    ("half_life", 0, ValueError, "must be a finite number above 0. Got 0 instead."),
    ("half_life", -5, ValueError, "must be a finite number above 0. Got -5 instead."),
    ("half_life", np.nan, ValueError, "must be a finite number above 0. Got nan instead."),
    ("half_life", True, TypeError, "must be a finite number above 0. Got True instead."),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), BAD_PARAMETERS)
def test_bad_parameters_are_named(name, value, error, message):
    sentence = f"The '{name}' parameter of IncrementalKNeighborsClassifier "
    with pytest.raises(error, match=re.escape(sentence) + ".*" + re.escape(message)):
        IncrementalKNeighborsClassifier().set_params(**{name: value}).fit(X, Y)
    with pytest.raises(error, match=re.escape(message)):
        fitted().set_params(**{name: value}).predict(X)


@pytest.mark.parametrize("value", [0, 1.5, "2"])
def test_kneighbors_refuses_a_bad_number(value):
    with pytest.raises(ValueError, match=r"'n_neighbors' parameter of .* an int of at least 1"):
        fitted().kneighbors(X, value)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (lambda distances: distances[0], "must return one weight per distance, shape (4, 4). Got"),
        (lambda distances: -distances, "must return finite weights of at least 0. Got -"),
        (lambda distances: distances + np.nan, "must return finite weights of at least 0. Got nan"),
    ],
)
def test_callable_weights_that_are_none_are_refused(weights, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        fitted(weights=weights).predict_proba(X)


def test_callable_weights_that_are_all_zero_count_the_same():
    classifier = fitted(weights=np.zeros_like, metric="euclidean", smoothing=0)
    np.testing.assert_array_equal(classifier.predict_proba(X), np.full((4, 2), 0.5))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "explain", "kneighbors"])
def test_predicting_before_any_label_raises_with_the_method_to_call(method):
    with pytest.raises(NotFittedError, match=r"has no labelled samples\. Hint: call 'fit' or 'add"):
        getattr(IncrementalKNeighborsClassifier(), method)(X)
    for change in ("remove_labeled", "relabel"):
        arguments = (0,) if change == "remove_labeled" else (0, "a")
        with pytest.raises(NotFittedError, match=r"has no labelled samples\. Hint: call"):
            getattr(IncrementalKNeighborsClassifier(), change)(*arguments)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "explain", "kneighbors"])
def test_queries_of_other_width_are_refused(method):
    with pytest.raises(ValueError, match=r"X has 3 features, but Incremental.* 2 features"):
        getattr(fitted(), method)(np.ones((1, 3)))


def test_attributes_are_absent_before_fit():
    for name in ("classes_", "n_samples_fit_", "labeled_indices_", "y_labeled_"):
        assert not hasattr(IncrementalKNeighborsClassifier(), name)
    with pytest.raises(AttributeError, match="has no attribute 'classes_' before 'fit'"):
        IncrementalKNeighborsClassifier().classes_  # noqa: B018
    assert IncrementalKNeighborsClassifier().labeled_samples() == (None, None)
