"""Label spreading after any history equals one that learned the labels that are left, once."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from skactive import ActiveLearner
from skactive.neighbors import NeighborGraph
from skactive.semi_supervised import IncrementalLabelSpreading, _spread

DIGITS, Y = load_digits(return_X_y=True)
NAMES = "abcd"


def odd_samples():
    """Four components, some samples twice or thrice, and zero vectors."""
    rng = np.random.default_rng(0)
    apart = np.repeat(np.eye(4), 10, axis=0) + 0.05 * rng.random((40, 4))
    return np.vstack([apart, apart[::4], apart[::8], np.zeros((3, 4))])


X = odd_samples()
GRAPH = NeighborGraph.of(X, n_neighbors=4)
NEW = X[::3] + 0.02

NODES = st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=6, unique=True)
STEPS = st.lists(
    st.tuples(st.sampled_from(["label", "label", "remove", "keep few"]), NODES, st.integers(0, 99)),
    max_size=20,
)
CLASSIFIERS = st.sampled_from([{}, {"head_weight": 0}, {"class_mass": 1.0}, {"head_weight": 1}])


def names(seed, n):
    return np.random.default_rng(seed).choice(list(NAMES[:3]), n)


def in_order(classifier):
    """The labelled nodes in the order in which they were labelled, and their labels."""
    nodes = classifier.labeled_indices_
    order = np.argsort(classifier._ids[nodes])
    return nodes[order], classifier.y_labeled_[order]


def assert_equal(classifier, others):
    for other in others:
        np.testing.assert_array_equal(other.classes_, classifier.classes_)
        if len(classifier.classes_):
            for samples in (X, NEW):
                expected = other.predict_proba(samples)
                np.testing.assert_allclose(classifier.predict_proba(samples), expected, 0, 1e-9)
            expected = other.label_distributions_
            np.testing.assert_allclose(classifier.label_distributions_, expected, 0, 1e-9)


@pytest.mark.parametrize("group", [1, 2, 3, 32])
@settings(max_examples=15)
@given(steps=STEPS, parameters=CLASSIFIERS, declared=st.booleans())
def test_the_labels_left_decide_and_not_their_history(group, steps, parameters, declared):
    def started():
        classes = list(NAMES) if declared else None
        return IncrementalLabelSpreading(4, **parameters).fit_graph(GRAPH, X, classes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_spread, "GROUP", group)
        classifier, order = started(), {}
        for kind, nodes, seed in steps:
            if kind == "label":
                order.update(zip(nodes, names(seed, len(nodes)), strict=True))
                classifier.relabel(nodes, [order[node] for node in nodes])
            else:
                gone = [node for node in order if (node in nodes) == (kind == "remove")]
                classifier.remove_labeled(gone)
                order = {node: order[node] for node in order if node not in gone}
        labeled, labels = in_order(classifier)
        assert dict(zip(labeled.tolist(), labels.tolist(), strict=True)) == order
        assert labeled.tolist() == list(order)
        at_once, one_by_one, halves = started(), started(), started()
        at_once.relabel(labeled, labels)
        for node, label in order.items():
            one_by_one.relabel([node], [label])
        cut = len(labels) // 2
        halves.relabel(labeled[:cut], labels[:cut]).relabel(labeled[cut:], labels[cut:])
        assert_equal(classifier, [at_once, one_by_one, halves])


@settings(max_examples=15)
@given(seeds=st.lists(st.integers(0, 99), min_size=1, max_size=6), removed=st.integers(0, 9))
def test_nodes_that_join_spread_labels_as_if_given_afterwards(seeds, removed):
    classifier = IncrementalLabelSpreading(4).fit(X, np.full(len(X), -1))
    for seed in seeds:
        nodes = np.random.default_rng(seed).integers(0, len(NEW), 2)
        classifier.add_labeled(NEW[nodes] + 1e-3 * seed, names(seed, 2))
    classifier.remove_labeled(classifier.labeled_indices_[:removed])
    other = IncrementalLabelSpreading(4).fit_graph(classifier.graph_, classifier.graph_.X)
    assert_equal(classifier, [other.relabel(*in_order(classifier))])


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["teach", "teach", "undo", "undo", "relabel", "forget", "skip", "predict"]),
        NODES,
        st.integers(0, 99),
    ),
    max_size=20,
)


@settings(max_examples=40)
@given(actions=ACTIONS, seeds=st.booleans(), declared=st.booleans())
def test_a_learner_equals_a_fresh_one_with_the_labels_left(actions, seeds, declared):
    more = {"X_labeled": NEW[:3], "y_labeled": ["a", "b", "a"]} if seeds else {}
    more |= {"classes": list(NAMES)} if declared else {}
    learner = ActiveLearner(IncrementalLabelSpreading(4), X_pool=X, graph=GRAPH, **more)
    for kind, nodes, seed in actions:
        new = np.setdiff1d(nodes, learner.labeled)
        known = learner.labeled[: len(nodes)]
        if kind == "teach":
            learner.teach(new, names(seed, len(new)))
        elif kind == "relabel" and len(known):
            learner.relabel(known, names(seed, len(known)))
        elif kind == "skip":
            learner.skip(new)
        elif kind == "forget" and len(learner.labeled) and not seeds:
            learner.forget(len(learner.labeled) // 2)
        elif kind == "undo":
            with suppress(ValueError):  # there may be nothing to undo
                learner.undo()
        elif kind == "predict":
            learner.pool.posterior()
    fresh = ActiveLearner(IncrementalLabelSpreading(4), X_pool=X, graph=GRAPH, **more)
    fresh.teach(learner.labeled, learner.labels)
    assert_equal(learner.estimator, [fresh.estimator])
    kept, expected = (
        one.pool.posterior(range(len(X))) if len(one.classes_) else np.empty(0)
        for one in (learner, fresh)
    )
    np.testing.assert_allclose(kept, expected, 0, 1e-6)


def one_answer(learner):
    learner.teach([7], [3]).undo()


def three_hundred_answers(learner):
    rng = np.random.default_rng(0)
    learner.teach(np.arange(10), Y[:10])
    for _ in range(100):
        learner.teach(rng.choice(learner.candidates, 3, replace=False), rng.integers(0, 10, 3))
        learner.undo()


def a_corrected_answer(learner):
    learner.teach([8], [4]).teach(np.arange(8), Y[:8]).relabel([8], [8])


def the_last_of_a_class(learner):
    learner.teach([1, 2], Y[1:3]).teach([7], [7]).undo()


@pytest.mark.parametrize("classes", [None, range(10)], ids=["as they come", "declared"])
@pytest.mark.parametrize(
    "history", [one_answer, three_hundred_answers, a_corrected_answer, the_last_of_a_class]
)
def test_on_digits_no_prediction_differs(history, classes):
    graph = NeighborGraph.of(DIGITS)
    learner, fresh = (ActiveLearner(X_pool=DIGITS, classes=classes, graph=graph) for _ in range(2))
    history(learner)
    fresh.teach(learner.labeled, learner.labels)
    np.testing.assert_array_equal(learner.classes_, fresh.classes_)
    if len(fresh.classes_):
        before, after = fresh.predict_proba(DIGITS), learner.predict_proba(DIGITS)
        np.testing.assert_allclose(after, before, 0, 1e-9)
        np.testing.assert_allclose(learner.pool.posterior(), fresh.pool.posterior(), 0, 1e-6)
