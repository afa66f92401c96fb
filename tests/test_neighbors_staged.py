"""Staged predictions of nearest neighbours: each stage equals a separate classifier."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from strategies import METRICS, labeled_sets, samples_for, vote_parameters

from skactive.neighbors import IncrementalKNeighborsClassifier


class Doubtful(IncrementalKNeighborsClassifier):
    """A subclass with its own predict."""

    def predict_proba(self, X):
        return super().predict_proba(X) ** (1 / self.n_samples_fit_)


def fresh_stages(classifier, X, y, queries, declared=None):
    for stop in range(1, len(y) + 1):
        fresh = type(classifier)(**classifier.get_params())
        if declared is None:
            fresh.fit(X[:stop], y[:stop])
        else:
            fresh.partial_fit(X[:stop], y[:stop], classes=declared)
        probabilities = np.zeros((queries.shape[0], len(classifier.classes_)))
        known = np.isin(classifier.classes_, fresh.classes_)
        probabilities[:, known] = fresh.predict_proba(queries)
        yield fresh.predict(queries), probabilities


def assert_stages(classifier, X, y, queries, declared=None, exact=True):
    expected = list(fresh_stages(classifier, X, y, queries, declared))
    predictions = list(classifier.staged_predict(queries))
    probabilities = list(classifier.staged_predict_proba(queries))
    assert len(predictions) == len(probabilities) == len(expected) == classifier.n_samples_fit_
    for stage, (labels, votes) in enumerate(expected):
        if exact:
            np.testing.assert_array_equal(probabilities[stage], votes)
            np.testing.assert_array_equal(predictions[stage], labels)
        else:
            np.testing.assert_allclose(probabilities[stage], votes, atol=1e-5)


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_each_stage_is_a_fresh_classifier_with_the_first_samples(metric, data):
    X, y = data.draw(labeled_sets(metric, max_size=14))
    queries = data.draw(samples_for(metric, 7))
    classifier = IncrementalKNeighborsClassifier(metric=metric, **data.draw(vote_parameters()))
    declared = ["a", "b", "c", "d"] if data.draw(st.booleans()) else None
    if declared is None:
        classifier.fit(X, y)
    else:
        classifier.partial_fit(X, y, classes=declared)
    gone = sorted(data.draw(st.sets(st.integers(0, len(y) - 1), max_size=len(y) - 1)))
    classifier.remove_labeled(gone)
    X, y = np.delete(X, gone, axis=0), np.delete(y, gone)
    # The last digit depends on which distances were recomputed pair by pair.
    assert_stages(classifier, X, y, queries, declared, exact=metric in {"manhattan", "chebyshev"})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_stages_are_fresh_classifiers_on_digits(metric, dtype):
    X, y = load_digits(return_X_y=True)
    X, queries = X[:90].astype(dtype), X[90:190].astype(dtype)
    classifier = IncrementalKNeighborsClassifier(metric=metric).fit(X, y[:90])
    assert_stages(classifier, X, y[:90], queries, exact=False)
    fresh = [labels for labels, _ in fresh_stages(classifier, X, y[:90], queries)]
    np.testing.assert_array_equal(list(classifier.staged_predict(queries)), fresh)


def test_little_working_memory_changes_nothing():
    X, y = load_digits(return_X_y=True)
    classifier = IncrementalKNeighborsClassifier(metric="manhattan").fit(X[:60], y[:60])
    plain = list(classifier.staged_predict_proba(X[60:300]))
    with config_context(working_memory=0.01):
        bounded = list(classifier.staged_predict_proba(X[60:300]))
    np.testing.assert_array_equal(plain, bounded)


def test_sparse_samples_have_stages_too():
    X, y = load_digits(return_X_y=True)
    classifier = IncrementalKNeighborsClassifier().fit(sp.csr_matrix(X[:40]), y[:40])
    dense = IncrementalKNeighborsClassifier().fit(X[:40], y[:40])
    np.testing.assert_allclose(
        list(classifier.staged_predict_proba(sp.csr_matrix(X[40:60]))),
        list(dense.staged_predict_proba(X[40:60])),
    )


def test_a_subclass_that_predicts_otherwise_is_taught_sample_by_sample():
    X, y = load_digits(return_X_y=True)
    classifier = Doubtful(3).fit(X[:12], y[:12])
    assert_stages(classifier, X[:12], y[:12], X[12:20], exact=False)
    declared = Doubtful(3).partial_fit(X[:12], y[:12], classes=range(11))
    assert_stages(declared, X[:12], y[:12], X[12:20], declared=range(11), exact=False)


def test_stages_ignore_later_changes():
    X, y = load_digits(return_X_y=True)
    classifier = IncrementalKNeighborsClassifier().fit(X[:30], y[:30])
    expected = list(classifier.staged_predict(X[30:60]))
    stages, seen = classifier.staged_predict(X[30:60]), []
    for place, stage in enumerate(stages):
        classifier.add_labeled(X[60 + place : 61 + place], [10 + place])
        classifier.remove_labeled([place])
        stage_copy = stage.copy()
        stage[:] = -1
        seen.append(stage_copy)
    np.testing.assert_array_equal(seen, expected)


def test_stages_of_nothing_are_none_and_faults_come_at_once():
    classifier = IncrementalKNeighborsClassifier()
    with pytest.raises(NotFittedError, match="not fitted yet: it has no labelled samples"):
        classifier.staged_predict([[1.0]])
    classifier.partial_fit([[1.0, 2.0]], ["a"], classes=["a", "b"]).remove_labeled([0])
    assert list(classifier.staged_predict([[1.0, 2.0]])) == []
    with pytest.raises(ValueError, match="3 features"):
        classifier.staged_predict_proba([[1.0, 2.0, 3.0]])
