"""ML-kNN equals its formula, whatever was added, removed and relabelled before."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scikit_learns_checks import each_check_of
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from strategies import METRICS, samples_for

from skactive import ActiveLearner, Pool
from skactive.base import HasPosteriorSource, IncrementalEstimator, MultiLabelTarget
from skactive.neighbors import IncrementalMultiLabelKNeighbors

# An explanation of a failure takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


def plain_probability(X, y, query, k, s, own=None):
    """The formula of the paper for one label, in plain Python; `own` is a sample to leave out."""

    def having(x, left_out):
        others = [i for i in range(len(X)) if i != left_out]
        others.sort(key=lambda i: sum((X[i] - x) ** 2))
        return sum(y[i] for i in others[:k])

    members = [i for i in range(len(X)) if i != own]
    c = having(query, own)
    numbers = {1: 0, 0: 0}
    frequency = {1: [0] * (k + 1), 0: [0] * (k + 1)}
    for i in members:
        numbers[y[i]] += 1
        frequency[y[i]][having(X[i], i)] += 1
    joint = {}
    for b in (1, 0):
        prior = (s + numbers[b]) / (2 * s + len(members))
        likelihood = (s + frequency[b][c]) / (s * (k + 1) + sum(frequency[b]))
        joint[b] = prior * likelihood
    return joint[1] / (joint[0] + joint[1])


def plain_probabilities(X, Y, queries, k, s):
    columns = []
    for y in Y.T:
        known = y >= 0
        columns.append([plain_probability(X[known], y[known].tolist(), q, k, s) for q in queries])
    return np.array(columns).T


@pytest.mark.parametrize("is_partial", [False, True])
@pytest.mark.parametrize(("n", "k", "s"), [(30, 3, 1.0), (12, 5, 0.3), (5, 10, 2.0), (1, 2, 1.0)])
def test_probabilities_are_those_of_the_formula(n, k, s, is_partial):
    rng = np.random.default_rng(n)
    X, queries = rng.normal(size=(n, 3)), rng.normal(size=(9, 3))
    Y = rng.integers(0, 2, (n, 4))
    if is_partial:
        Y[rng.random(Y.shape) < 0.3] = -1
    classifier = IncrementalMultiLabelKNeighbors(k, metric="euclidean", smoothing=s).fit(X, Y)
    expected = plain_probabilities(X, Y, queries, k, s)
    found = classifier.predict_proba(queries)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(classifier.predict(queries), expected > 0.5)
    assert classifier.predict(queries).dtype == np.int64
    held_out = classifier.held_out()
    for i, label in np.ndindex(Y.shape):
        known = Y[:, label] >= 0
        place = np.flatnonzero(known).tolist().index(i) if known[i] else None
        one = plain_probability(X[known], Y[known, label].tolist(), X[i], k, s, own=None)
        if place is not None:
            one = left_out(X[known], Y[known, label].tolist(), place, k, s)
        assert held_out[i, label] == pytest.approx(one, rel=1e-12)


def left_out(X, y, own, k, s):
    """As `plain_probability`, with neighbours of the others that contain the sample."""

    def having(i):
        others = sorted((j for j in range(len(X)) if j != i), key=lambda j: sum((X[j] - X[i]) ** 2))
        return sum(y[j] for j in others[:k])

    joint = {}
    members = [i for i in range(len(X)) if i != own]
    for b in (1, 0):
        alike = [i for i in members if y[i] == b]
        same = [i for i in alike if having(i) == having(own)]
        joint[b] = (s + len(alike)) * (s + len(same)) / (s * (k + 1) + len(alike))
    return joint[1] / (joint[0] + joint[1])


@st.composite
def labelled_sets(draw, metric, n_labels=3, is_partial=False):
    n_samples = draw(st.integers(1, 7))
    answers = st.sampled_from([-1, 0, 1] if is_partial else [0, 1])
    rows = st.lists(answers, min_size=n_labels, max_size=n_labels)
    y = draw(st.lists(rows, min_size=n_samples, max_size=n_samples))
    return draw(samples_for(metric, n_samples)), np.array(y)


@pytest.mark.parametrize("is_partial", [False, True])
@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=25, deadline=None, phases=PHASES)
@given(st.data())
def test_any_history_equals_a_fit_to_what_is_left(metric, is_partial, data):
    X, y = data.draw(labelled_sets(metric, is_partial=is_partial))
    queries = data.draw(samples_for(metric, 3))
    k = data.draw(st.integers(1, 5))
    classifier = IncrementalMultiLabelKNeighbors(k, metric=metric).fit(X, y)
    stored = dict(enumerate(zip(X, y, strict=True)))
    for _ in range(data.draw(st.integers(1, 5))):
        action = data.draw(st.sampled_from(["add", "remove", "relabel"]))
        if action == "add":
            X_new, y_new = data.draw(labelled_sets(metric, is_partial=is_partial))
            classifier.add_labeled(X_new, y_new)
            stored |= dict(
                zip(classifier.last_ids_.tolist(), zip(X_new, y_new, strict=True), strict=True)
            )
            continue
        one = data.draw(st.sampled_from(sorted(stored)))
        if action == "relabel":
            row = data.draw(labelled_sets(metric, is_partial=is_partial))[1][:1]
            classifier.relabel([one], row)
            stored[one] = (stored[one][0], row[0])
        elif len(stored) > 1:
            classifier.remove_labeled([one])
            del stored[one]
    assert classifier.labeled_indices_.tolist() == sorted(stored)
    left = [stored[one] for one in sorted(stored)]
    fresh = clone(classifier).fit(np.array([x for x, _ in left]), [label for _, label in left])
    assert classifier.y_labeled_.tolist() == fresh.y_labeled_.tolist()
    found = classifier.predict_proba(queries)
    np.testing.assert_allclose(found, fresh.predict_proba(queries), rtol=1e-9)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(classifier)).predict_proba(queries), found
    )


@pytest.mark.parametrize("is_partial", [False, True])
@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=25, deadline=None, phases=PHASES)
@given(st.data())
def test_the_posterior_of_a_pool_is_the_prediction(metric, is_partial, data):
    X = data.draw(samples_for(metric, 8))
    classifier = IncrementalMultiLabelKNeighbors(data.draw(st.integers(1, 4)), metric=metric)
    pool = Pool(X, estimator=classifier, dtype=np.float64, target=MultiLabelTarget(["b", "c", "a"]))
    assert pool.posterior() is None
    answers = st.sampled_from([-1, 0, 1] if is_partial else [0, 1])
    rows = st.lists(answers, min_size=3, max_size=3).filter(lambda row: max(row) >= 0)
    for _ in range(data.draw(st.integers(1, 4))):
        if len(pool.candidates):
            pool.add_labels(pool.candidates[:1], [data.draw(rows)])
        action = data.draw(st.sampled_from(["relabel", "remove", "outside", "none"]))
        one = data.draw(st.sampled_from(pool.labeled.tolist()))
        if action == "relabel":
            pool.relabel([one], [data.draw(rows)])
        elif action == "remove" and pool.n_labeled > 1:
            pool.remove_labels([one])
        elif action == "outside":
            pool.add_labeled(X[:1] + 1, [data.draw(rows)])
        X_labeled, y = pool.labeled_samples()
        fresh = clone(classifier).fit(X_labeled, y)
        np.testing.assert_allclose(pool.posterior(range(len(X))), fresh.predict_proba(X), rtol=1e-9)
        if pool.n_labeled > 1:
            np.testing.assert_allclose(pool.posterior_source.held_out(), fresh.held_out())


def test_a_new_label_adds_a_column_to_the_classifier_and_undo_removes_it():
    X = np.random.default_rng(0).normal(size=(12, 2))
    learner = ActiveLearner(
        IncrementalMultiLabelKNeighbors(2), "random", X, target=MultiLabelTarget(["b", "c"])
    )
    learner.teach([0, 1, 2], [{"b"}, {"c"}, set()])
    before = learner.predict_proba(X)
    learner.teach([3], [{"a", "b"}])
    assert learner.classes_.tolist() == ["b", "c", "a"]
    assert learner.predict_proba(X).shape == learner.pool.posterior(range(12)).shape == (12, 3)
    learner.relabel([0], [{"d"}]).relabel([0], [{"b"}])
    assert learner.predict(X).shape == (12, 3)
    learner.undo(), learner.undo(), learner.undo()
    np.testing.assert_array_equal(learner.predict_proba(X), before)
    np.testing.assert_array_equal(learner.pool.posterior(), before[3:])


def test_it_has_the_contracts_of_an_incremental_estimator():
    classifier = IncrementalMultiLabelKNeighbors(2)
    assert isinstance(classifier, IncrementalEstimator)
    assert isinstance(classifier, HasPosteriorSource)
    with pytest.raises(NotFittedError):
        classifier.predict([[1.0]])
    classifier.partial_fit([[1.0, 0.0]], sp.csr_matrix([[1, 0]]))
    classifier.partial_fit([[0.0, 1.0]], [[0, np.nan]])
    assert classifier.y_labeled_.tolist() == [[1, 0], [0, -1]]
    assert classifier.classes_.tolist() == [0, 1]
    explanation = classifier.explain([[1.0, 0.1]])
    assert explanation.indices.tolist() == [[0, 1]]
    assert explanation.labels.tolist() == [[{0}, explanation.labels[0, 1]]]
    assert explanation.labels[0, 1].unanswered == {1}
    assert "{0}" in str(explanation)
    with pytest.raises(NotFittedError):
        classifier.remove_labeled([0, 1]).predict([[1.0, 0.0]])
    assert classifier.add_labeled([[1.0, 0.0]], [[0, 0, 1]]).classes_.tolist() == [0, 1, 2]


INVALID = [
    ([[1, 0, 1]], "y has 3 columns, but there are 2 labels"),
    ([[1, 3]], r"y\[0, 1\] is 3, but an indicator matrix has 1"),
    ([1], "y must be an indicator matrix"),
    (["a"], "y must be an indicator matrix"),
    ([[1, 0], [0, 1]], "inconsistent numbers of samples"),
]


@pytest.mark.parametrize(("y", "message"), INVALID)
def test_bad_labels_change_nothing(y, message):
    classifier = IncrementalMultiLabelKNeighbors().fit([[1.0, 0.0], [0.0, 1.0]], [[1, 0], [0, 1]])
    for call in (
        lambda: classifier.add_labeled([[1.0, 1.0]], y),
        lambda: classifier.relabel([1], y),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert classifier.y_labeled_.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("smoothing", [0, -1, "a"])
def test_smoothing_must_be_above_0(smoothing):
    with pytest.raises((TypeError, ValueError), match="The 'smoothing' parameter"):
        IncrementalMultiLabelKNeighbors(smoothing=smoothing).fit([[1.0]], [[1]])


REGRESSION = LogisticRegression(max_iter=1000)
OTHERS = [
    OneVsRestClassifier(REGRESSION),
    OneVsRestClassifier(LinearSVC()),
    MultiOutputClassifier(REGRESSION),
    DecisionTreeClassifier(random_state=0),
    KNeighborsClassifier(3),
    MLPClassifier(4, solver="lbfgs", max_iter=500, random_state=0),
]


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("classifier", OTHERS, ids=lambda one: type(one).__name__)
def test_any_classifier_of_several_labels_learns_from_the_samples_that_are_answered(classifier):
    X, Y = make_multilabel_classification(60, n_features=6, n_classes=3, random_state=0)
    learner = ActiveLearner(classifier, "max-herding", X, target=MultiLabelTarget(["a", "b", "c"]))
    learner.teach([0], [[1, 1, 1]])
    learner.query()
    learner.teach(range(2, 40), Y[2:40]).teach([1], [[1, -1, 0]]).relabel(0, Y[:1])
    whole = [0, *range(2, 40)]
    expected = clone(classifier).fit(X[whole], Y[whole])
    found = learner.predict_proba(X)
    assert found.shape == (60, 3)
    np.testing.assert_array_equal(found > 0.5, expected.predict(X))
    np.testing.assert_allclose(learner.pool.posterior(), found[40:])
    held_out = learner.pool.posterior_source.held_out()
    assert held_out.shape == (40, 3)
    assert np.mean((held_out[:-1] > 0.5) == Y[whole]) > 0.6
    assert learner.score(X, Y) == pytest.approx(expected.score(X, Y))
    assert learner.to_frame()["predicted"].tolist()[0] == {
        name for name, has in zip("abc", expected.predict(X)[0], strict=True) if has
    }


def test_a_classifier_of_one_label_is_named_once_there_are_enough():
    X, Y = make_multilabel_classification(60, n_features=6, n_classes=3, random_state=0)
    learner = ActiveLearner(
        REGRESSION, "random", X, target=MultiLabelTarget(["a", "b", "c"])
    ).teach(range(5), Y[:5])
    with pytest.raises(ValueError, match="y should be a 1d array"):
        learner.predict(X)


def test_the_target_is_taken_from_a_classifier_of_nothing_but_several_labels():
    X = np.eye(6)
    for classifier in (IncrementalMultiLabelKNeighbors(), MultiOutputClassifier(REGRESSION)):
        learner = ActiveLearner(classifier, "random", X).teach([0, 1], [{"a"}, {"b", "c"}])
        assert learner.pool.target.kind == "multilabel"
        assert learner.classes_.tolist() == ["a", "b", "c"]
    learner = ActiveLearner(target=MultiLabelTarget(), X_pool=X).teach([0], [{"a"}])
    assert learner.predict(X).shape == (6, 1)


class OfAnyNumbers(IncrementalMultiLabelKNeighbors):
    """The checks pass columns of any numbers, which are no indicator."""

    def fit(self, X, y):
        return super().fit(X, indicating(y))

    def partial_fit(self, X, y, classes=None):
        return super().partial_fit(X, indicating(y))


def indicating(y):
    if y is None:
        return None
    y = np.asarray(y)
    y = y.reshape(len(y), -1)
    return (y != y.flat[0]).astype(int) if y.dtype.kind in "iufUO" else y


ONE_COLUMN = "predictions are a matrix, with a column for each label, and not for each class"
ANY_NUMBERS = "the class above makes an indicator of all numbers"
EXPECTED = {
    "check_estimator_sparse_array": ONE_COLUMN,
    "check_estimator_sparse_matrix": ONE_COLUMN,
    "check_classifiers_one_label": ONE_COLUMN,
    "check_classifiers_classes": ONE_COLUMN,
    "check_classifiers_train": ONE_COLUMN,
    "check_classifiers_regression_target": ANY_NUMBERS,
    "check_supervised_y_no_nan": ANY_NUMBERS,
}


@each_check_of(
    OfAnyNumbers(metric="euclidean"),
    expected_failed_checks=EXPECTED,
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)
