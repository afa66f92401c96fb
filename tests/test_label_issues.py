"""`label_issues` reports labels that the other labels contradict, most doubtful first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.naive_bayes import GaussianNB

from skactive import ActiveLearner
from skactive.learner import LabelIssues
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading

X, y = load_digits(return_X_y=True)
PLANTED = {3: 8, 21: 7, 45: 0, 50: 5}
CLASSIFIERS = {
    "label spreading": IncrementalLabelSpreading(),
    "nearest neighbours": IncrementalKNeighborsClassifier(),
    "only fit": LogisticRegression(max_iter=500),
    "partial_fit": GaussianNB(var_smoothing=0.1),
    "no probabilities": Perceptron(),
}


def answers(n, planted=PLANTED):
    labels = y[:n].copy()
    for position, label in planted.items():
        labels[position] = label
    return labels


def learner_of(estimator=None, n=100, labels=None, **parameters):
    learner = ActiveLearner(estimator, X_pool=X[:400], **parameters)
    return learner.teach(range(n), answers(n) if labels is None else labels)


@pytest.mark.parametrize("estimator", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_planted_errors_come_among_the_first_with_any_classifier(estimator):
    issues = learner_of(estimator).label_issues()
    assert set(PLANTED) <= set(issues.indices[:10].tolist())
    by_index = dict(zip(issues.indices.tolist(), issues.labels.tolist(), strict=True))
    assert {position: by_index[position] for position in PLANTED} == PLANTED


@pytest.mark.parametrize("estimator", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_an_issue_is_less_probable_than_its_suggestion_and_the_first_the_least(estimator):
    issues = learner_of(estimator).label_issues()
    assert (issues.labels != issues.suggestions).all()
    assert (np.diff(issues.probabilities) >= 0).all()
    assert ((issues.probabilities >= 0) & (issues.probabilities < 0.5)).all()


@pytest.mark.parametrize(
    ("estimator", "error"),
    # Label spreading ends within a tolerance, and its weight of the vote is that of all labels.
    [(IncrementalKNeighborsClassifier(), 1e-9), (IncrementalLabelSpreading(), 5e-3)],
)
def test_the_probability_is_that_of_a_learner_without_the_label(estimator, error):
    labels = answers(100)
    issues = learner_of(estimator).label_issues()
    for index, probability in zip(issues.indices[:5], issues.probabilities[:5], strict=True):
        others = np.delete(np.arange(100), index)
        without = ActiveLearner(estimator, X_pool=X[:400]).teach(others, labels[others])
        expected = without.predict_proba(X[[index]])[0, labels[index]]
        assert probability == pytest.approx(expected, abs=error)


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(30)), st.integers(0, 3))
def test_the_issues_depend_neither_on_the_order_nor_on_the_names_of_the_labels(order, shift):
    labels = answers(30, {3: 8, 21: 7})
    issues = learner_of(IncrementalKNeighborsClassifier(), 30, labels).label_issues()
    renamed = np.array([f"class {(label + shift) % 10}" for label in range(10)])[labels]
    other = ActiveLearner(IncrementalKNeighborsClassifier(), X_pool=X[:400])
    found = other.teach(order, renamed[list(order)]).label_issues()
    expected = dict(zip(issues.indices.tolist(), issues.probabilities.tolist(), strict=True))
    probabilities = dict(zip(found.indices.tolist(), found.probabilities.tolist(), strict=True))
    # Sums of float32 in another order are rounded in another way.
    assert probabilities == pytest.approx(expected, abs=1e-5)


def test_a_corrected_label_is_no_issue_and_nothing_else_changes():
    learner = learner_of()
    before = learner.pool.posterior().copy()
    assert 21 in learner.label_issues().indices
    np.testing.assert_array_equal(learner.pool.posterior(), before)
    learner.relabel([21], y[[21]])
    assert 21 not in learner.label_issues().indices


def test_samples_of_the_seed_set_have_no_position():
    labels = answers(100)
    ids = [f"photo {position}" for position in range(300)]
    learner = ActiveLearner(X_pool=X[60:360], X_labeled=X[:60], y_labeled=labels[:60], ids=ids)
    issues = learner.teach(range(40), labels[60:]).label_issues()
    outside = [name is None for name in issues.names]
    assert outside == (issues.indices == -1).tolist()
    assert any(outside)
    assert issues.n_labeled == 100
    inside = [(n, i) for n, i in zip(issues.names, issues.indices.tolist(), strict=True) if n]
    assert all(name == f"photo {index}" for name, index in inside)


@pytest.mark.parametrize("estimator", CLASSIFIERS.values(), ids=CLASSIFIERS)
@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([], "Fewer than 10 labels are not checked: there are 0."),
        ([0, 1, 0], "Fewer than 10 labels are not checked: there are 3."),
        ([5] * 12, "None of 12 labels is contradicted by the others."),
    ],
)
def test_with_too_few_labels_or_classes_there_is_no_issue(estimator, labels, text):
    issues = learner_of(estimator, len(labels), labels).label_issues()
    assert len(issues) == 0
    assert all(len(column) == 0 for column in issues.table().values())
    assert str(issues) == text
    assert issues._repr_html_() == f"<p>{text}</p>"


def issues_of(n, name="a", label="b"):
    return LabelIssues(
        np.arange(n),
        (name,) * n,
        np.full(n, label),
        np.full(n, "c"),
        np.linspace(0, 0.4, n),
        5 * n + 10,
    )


@pytest.mark.parametrize("name", ["photo", "folder/" + "long/" * 200, "two\nlines\x1b[31m", "漢字"])
def test_the_text_fits_a_screen(name):
    lines = str(issues_of(10_000, name, name)).splitlines()
    assert lines[0] == "10,000 of 50,010 labels are contradicted by the others."
    assert lines[-1] == "and 9,980 more"
    assert len(lines) == 24
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)


def test_one_issue_is_singular_and_its_label_is_escaped_in_a_notebook():
    issues = issues_of(1, label="<b>&")
    assert str(issues).startswith("1 of 15 labels is contradicted by the others.")
    page = issues._repr_html_()
    assert "&lt;b&gt;&amp;" in page
    assert page.count("<tr>") == 2


def test_the_frame_is_the_table():
    pd = pytest.importorskip("pandas")
    issues = learner_of(ids=None).label_issues()
    frame = issues.frame()
    assert list(frame) == ["index", "id", "label", "suggestion", "probability"]
    pd.testing.assert_frame_equal(frame, pd.DataFrame(issues.table()))
    assert len(frame) == len(issues)
