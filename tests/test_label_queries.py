"""Questions about one label of one sample cover the largest uncertainty about this label."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.metrics import f1_score

from skactive import ActiveLearner
from skactive.base import MultiLabelTarget
from skactive.learner import LabelQuery
from skactive.neighbors import IncrementalMultiLabelKNeighbors
from skactive.semi_supervised import IncrementalMultiLabelSpreading

NAMES = ["art", "law", "music"]
X = np.random.default_rng(0).normal(size=(25, 3))
Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0.5, X[:, :2].sum(axis=1) > 0])


def learner_of(estimator=None):
    return ActiveLearner(estimator, X_pool=X, target=MultiLabelTarget(NAMES))


def answer(learner, queries):
    for position, label in queries:
        learner.teach(position, {label: bool(Y[position, NAMES.index(label)])})


def answered(learner):
    known = np.zeros(Y.shape, dtype=bool)
    for position, labels in zip(learner.labeled, learner.labels, strict=True):
        known[position] = [label not in labels.unanswered for label in NAMES]
    return known


def doubts_of(posterior, known):
    if posterior is None:
        return (~known).astype(float)
    return np.where(known, 0.0, 1 - abs(2 * posterior - 1))


def naive_utilities(learner, known):
    """The definition, for every sample and label."""
    kernel = learner.pool.graph().affinity("median").toarray() + np.eye(len(X))
    doubts = doubts_of(learner.pool.posterior(np.arange(len(X))), known)
    utilities = np.zeros(Y.shape)
    for label in range(3):
        covered = kernel[:, known[:, label]].max(axis=1, initial=0)
        exponent = known[:, label].sum() / (known[:, label].sum() + 50)
        for c in range(len(X)):
            gains = [max(0.0, kernel[x, c] - covered[x]) for x in range(len(X))]
            if sum(gains):
                utilities[c, label] = np.dot(gains, doubts[:, label]) / sum(gains) ** exponent
    return utilities


def assert_is_best(query, utilities, is_open):
    position, label = query.position, NAMES.index(query.label)
    assert is_open[position, label]
    best = np.where(is_open, utilities, -np.inf).max()
    assert utilities[position, label] == pytest.approx(best, rel=1e-6)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 24), st.sampled_from(NAMES)), max_size=12))
def test_a_query_has_the_largest_utility_after_any_answers(answers):
    learner = learner_of()
    for one in dict.fromkeys(answers):
        answer(learner, [one])
    known = answered(learner)
    [query] = learner.query_labels()
    assert_is_best(query, naive_utilities(learner, known), ~known)


def test_a_query_of_a_batch_follows_the_answers_before_with_the_same_predictions():
    learner = learner_of()
    answer(learner, learner.query_labels(4))
    batch = learner.query_labels(6)
    assert len({query.position for query in batch}) == 6
    known, asked = answered(learner), np.zeros(len(X), dtype=bool)
    for query in batch:
        is_open = ~known & ~asked[:, np.newaxis]
        assert_is_best(query, naive_utilities(learner, known), is_open)
        known[query.position, NAMES.index(query.label)] = asked[query.position] = True


def test_every_label_of_every_sample_but_skipped_ones_is_asked_once():
    learner, asked = learner_of().skip([3, 7]), []
    for _ in range(23 * 3):
        [query] = learner.query_labels()
        asked.append(tuple(query))
        answer(learner, [query])
    expected = {(one, label) for one in range(25) if one not in (3, 7) for label in NAMES}
    assert set(asked) == expected
    with pytest.raises(ValueError, match="0 samples with labels that are not answered are left"):
        learner.query_labels()


def test_undo_restores_the_query():
    learner = learner_of()
    answer(learner, learner.query_labels(5))
    before = learner.query_labels(3)
    answer(learner, before[:1])
    learner.undo()
    assert learner.query_labels(3) == before
    assert all(isinstance(one, LabelQuery) for one in before)


@pytest.mark.parametrize(
    ("estimator", "n_answers"),
    [(IncrementalMultiLabelKNeighbors(), 200), (IncrementalMultiLabelSpreading(), 100)],
)
def test_queries_are_better_than_random_questions(estimator, n_answers):
    X, digits = load_digits(return_X_y=True)
    X, digits = X[:900], digits[:900]
    Y = np.column_stack([digits % 2 == 0, digits >= 5, np.isin(digits, [2, 3, 5, 7])])
    scores = {}
    for kind in ("random", "herding"):
        pairs = [(i, label) for i in range(600) for label in NAMES]
        order = np.random.default_rng(0).permutation(len(pairs))
        learner = ActiveLearner(estimator, X_pool=X[:600], target=MultiLabelTarget(NAMES))
        for n in range(n_answers):
            [(i, label)] = learner.query_labels() if kind == "herding" else [pairs[order[n]]]
            learner.teach(i, {label: bool(Y[i, NAMES.index(label)])})
        scores[kind] = f1_score(Y[600:], learner.predict(X[600:]), average="macro")
    assert scores["herding"] > scores["random"] + 0.02


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        (None, TypeError, "query_labels needs several labels for each sample"),
        (IncrementalMultiLabelKNeighbors(), ValueError, "labels are not known before the first"),
    ],
)
def test_a_learner_without_known_labels_is_refused(estimator, error, message):
    with pytest.raises(error, match=message):
        ActiveLearner(estimator, X_pool=X).query_labels()


@pytest.mark.parametrize("n_instances", [0, -1, 2.5, True, "3", None])
def test_a_wrong_number_of_queries_is_refused(n_instances):
    message = "The 'n_instances' parameter of query_labels"
    with pytest.raises((TypeError, ValueError), match=message):
        learner_of().query_labels(n_instances)


def test_more_queries_than_samples_are_refused():
    with pytest.raises(ValueError, match="cannot return 26 samples: 25 samples with labels"):
        learner_of().query_labels(26)
