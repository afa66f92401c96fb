"""teach, relabel, skip and undo: their effects, and that a rejected call has none."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier

POOL = np.array(
    [[1.0, 0.0], [0.0, 1.0], [3.0, 1.0], [1.0, 3.0], [1.0, 1.0], [2.0, 5.0], [5.0, 2.0], [4.0, 4.0]]
)


def state(learner):
    """The visible state of a learner."""
    return (
        learner.labeled.tolist(),
        learner.labels.tolist(),
        learner.candidates.tolist(),
        learner.classes_.tolist(),
        learner.predict_proba(POOL).round(12).tolist() if len(learner.classes_) > 1 else None,
        learner.query(2).tolist(),
    )


@pytest.fixture(params=[IncrementalKNeighborsClassifier(3), LogisticRegression()])
def learner(request):
    """A learner with labels of 0 and 1 that skips 4."""
    learner = ActiveLearner(request.param, X_pool=POOL)
    return learner.teach([0, 1], ["right", "up"]).skip(4)


def test_an_answer_is_known_at_once():
    learner = ActiveLearner(IncrementalKNeighborsClassifier(1), X_pool=POOL)
    for position, label in enumerate(["a", "b", "c", "d"]):
        assert learner.teach(position, label) is learner
        assert learner.predict(POOL[[position]]) == [label]


def test_answers_come_in_any_order_and_number(learner):
    learner.teach([6, 2], ["right", "right"]).teach(np.array([3]), np.array(["up"]))
    learner.teach([], [])
    assert learner.labeled.tolist() == [0, 1, 6, 2, 3]
    assert learner.labels.tolist() == ["right", "up", "right", "right", "up"]


def test_the_same_answer_again_changes_nothing(learner):
    before = state(learner)
    learner.teach([1, 0, 1], ["up", "right", "up"])
    assert state(learner) == before
    assert learner.undo().tolist() == [4]


def test_the_same_answer_twice_in_one_call_counts_once(learner):
    learner.teach([3, 2, 3], ["up", "right", "up"])
    assert learner.labeled.tolist() == [0, 1, 3, 2]
    assert learner.undo().tolist() == [3, 2]


def test_a_call_that_repeats_an_old_answer_takes_in_the_new_ones(learner):
    learner.teach([0, 5], ["right", "up"])
    assert learner.labeled.tolist() == [0, 1, 5]
    assert learner.undo().tolist() == [5]
    assert learner.labeled.tolist() == [0, 1]


REFUSED = [
    ([0], ["up"], ValueError, "Sample 0 is labelled 'right' already. Got 'up' for it. Hint: `rela"),
    ([5, 0], ["up", "up"], ValueError, "Sample 0 is labelled 'right' already"),
    ([5, 5], ["up", "right"], ValueError, "Sample 5 is labelled 'up' already. Got 'right' for it"),
    ([5, 6], ["up"], ValueError, "There are 2 indices, but 1 labels. Hint: give one label for"),
    ([5, 6], "up", ValueError, "There are 2 indices, but 1 labels"),
    (5, ["up", "up"], ValueError, "There are 1 indices, but 2 labels"),
    ([], ["up"], ValueError, "There are 0 indices, but 1 labels"),
    (
        [5, 6],
        ["up", None],
        ValueError,
        r"y\[1\] is missing \(None\). Hint: leave out samples without a label; skip those",
    ),
    ([5, 6], ["up", np.nan], ValueError, r"y\[1\] is missing \(nan\)"),
    ([5, 6], [np.nan, 1.0], ValueError, r"y\[0\] is missing \(NaN or infinity: nan\)"),
    ([5, 6], ["up", 1], ValueError, "y mixes strings with other types: 'up' and 1"),
    ([5, 6], [0, 1], ValueError, r"Labels are strings so far \(such as 'right'\). Got 0, which"),
    (
        [5, 6],
        [["up"], ["up", "right"]],
        ValueError,
        r"y\[0\] is \['up'\], of type list, which is not a class label",
    ),
    ([5], [0.5], ValueError, "Labels are strings so far|Unknown label type"),
    ([5, 8], ["up", "up"], IndexError, "no sample 8 in a pool of 8: positions go from 0 to 7"),
    ([-1], ["up"], IndexError, "no sample -1 in a pool of 8"),
    ([5.0], ["up"], TypeError, r"named by integer positions. Got \[5.0\] instead"),
    (["5"], ["up"], TypeError, r"named by integer positions. Got \['5'\] instead"),
    ([[5]], ["up"], TypeError, r"named by integer positions. Got \[\[5\]\] instead"),
    (np.arange(8) == 5, ["up"], TypeError, "named by integer positions"),
    (None, ["up"], TypeError, "takes samples by their positions or by their ids. Got neither"),
]


@pytest.mark.parametrize(("indices", "y", "error", "message"), REFUSED)
def test_an_answer_that_cannot_be_is_refused_whole(learner, indices, y, error, message):
    before = state(learner)
    with pytest.raises(error, match=message):
        learner.teach(indices, y)
    assert state(learner) == before
    assert learner.undo().tolist() == [4]
    assert learner.undo().tolist() == [0, 1]
    assert learner.labeled.size == 0


def test_undo_takes_back_a_whole_call_and_then_the_one_before(learner):
    before = state(learner)
    learner.teach([3, 2, 5], ["up", "left", "up"])
    after_first = state(learner)
    learner.teach([6], ["down"])
    assert learner.undo().tolist() == [6]
    assert state(learner) == after_first
    assert learner.undo().tolist() == [3, 2, 5]
    assert state(learner) == before


def test_a_class_without_labels_is_forgotten(learner):
    learner.teach(3, "left")
    assert learner.classes_.tolist() == ["left", "right", "up"]
    learner.undo()
    assert learner.classes_.tolist() == ["right", "up"]
    assert learner.predict_proba(POOL).shape == (8, 2)


def test_undoing_everything_leads_back_to_the_cold_start(learner):
    fresh = ActiveLearner(clone(learner.estimator), X_pool=POOL)
    while len(learner.candidates) < 8:
        learner.undo()
    np.testing.assert_array_equal(learner.query(8), fresh.query(8))
    with pytest.raises(ValueError, match="There is no answer to take back"):
        learner.undo()
    learner.teach([0, 1], ["right", "up"])
    assert learner.predict(POOL[:2]).tolist() == ["right", "up"]


def test_there_is_nothing_to_take_back_at_the_start():
    learner = ActiveLearner(X_pool=POOL, X_labeled=[[1.0, 1.0]], y_labeled=["up"])
    with pytest.raises(ValueError, match="There is no answer to take back"):
        learner.undo()
    assert learner.predict([[1.0, 1.0]]) == ["up"]


def test_a_relabelled_sample_has_its_new_label_alone(learner):
    learner.teach(2, "up").relabel([2, 0], ["right", "left"])
    fresh = ActiveLearner(clone(learner.estimator), X_pool=POOL)
    fresh.teach([0, 1, 2], ["left", "up", "right"]).skip(4)
    assert state(learner) == state(fresh)


def test_answers_have_every_label_of_a_correction():
    learner = ActiveLearner(X_pool=POOL).teach([1, 0, 2], ["up", "up", "down"])
    learner.relabel([2, 0], ["left", "right"])
    assert learner.answered.tolist() == [1, 0, 2]
    assert learner.answers.tolist() == ["up", "right", "left"]


def test_undo_gives_a_relabelled_sample_its_old_label(learner):
    before = state(learner)
    learner.relabel([1, 0], ["left", "down"])
    assert learner.classes_.tolist() == ["down", "left"]
    assert learner.undo().tolist() == [1, 0]
    assert state(learner) == before


def test_relabelling_with_the_same_label_leaves_nothing_to_take_back(learner):
    learner.relabel([0, 1], ["right", "up"]).relabel([], [])
    assert learner.undo().tolist() == [4]


def test_relabelling_nothing_is_no_question_of_order():
    learner = ActiveLearner(X_pool=POOL).relabel([], [])
    assert learner.labeled.size == 0


@pytest.mark.parametrize(
    ("indices", "y", "error", "message"),
    [
        ([0, 5], ["up", "up"], ValueError, "Sample 5 of the pool is not labelled"),
        ([4], ["up"], ValueError, "Sample 4 of the pool is not labelled"),
        ([0, 0], ["up", "up"], ValueError, r"A sample is named twice in \[0, 0\]"),
        ([0, 1], ["up"], ValueError, "inconsistent numbers of samples"),
        ([0], [None], ValueError, r"y\[0\] is missing \(None\)"),
        ([0], [1], ValueError, "Labels are strings so far"),
        ([8], ["up"], IndexError, "no sample 8 in a pool of 8"),
        (["0"], ["up"], TypeError, "named by integer positions"),
    ],
)
def test_a_relabelling_that_cannot_be_is_refused_whole(learner, indices, y, error, message):
    before = state(learner)
    with pytest.raises(error, match=message):
        learner.relabel(indices, y)
    assert state(learner) == before
    assert learner.undo().tolist() == [4]


def test_a_skipped_sample_is_not_queried_until_it_is_unskipped(learner):
    assert 4 not in learner.query(5)
    learner.skip([6, 7, 6])
    assert set(learner.query(3)) == {2, 3, 5}
    assert learner.undo().tolist() == [6, 7]
    assert set(learner.query(5)) == {2, 3, 5, 6, 7}


def test_skipping_again_leaves_nothing_to_take_back(learner):
    learner.skip([4]).skip([])
    learner.skip([4, 6])
    assert learner.undo().tolist() == [6]
    assert learner.undo().tolist() == [4]


def test_a_skipped_sample_may_be_answered_after_all(learner):
    learner.teach(4, "up")
    assert learner.labeled.tolist() == [0, 1, 4]
    assert learner.undo().tolist() == [4]
    assert 4 not in learner.candidates
    assert learner.undo().tolist() == [4]
    assert 4 in learner.candidates


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([5, 1], ValueError, "Sample 1 of the pool is labelled already"),
        ([5, 8], IndexError, "no sample 8 in a pool of 8"),
        ([5, -1], IndexError, "no sample -1 in a pool of 8"),
        ("5", TypeError, "named by integer positions. Got '5' instead"),
    ],
)
def test_an_invalid_skip_skips_nothing(learner, indices, error, message):
    before = state(learner)
    with pytest.raises(error, match=message):
        learner.skip(indices)
    assert state(learner) == before
    assert learner.undo().tolist() == [4]


def test_two_learners_from_one_estimator_share_nothing():
    estimator = IncrementalKNeighborsClassifier(1).fit(POOL[:2], ["right", "up"])
    first, second = (ActiveLearner(estimator, X_pool=POOL) for _ in range(2))
    first.teach([2, 3], ["left", "down"])
    assert first.predict(POOL[[2]]) == ["left"]
    assert second.predict(POOL[[2]]) == ["right"]
    assert second.labeled.size == 0
    assert estimator.n_samples_fit_ == 2


@pytest.mark.parametrize(
    "labels", [[3, 5], [True, False], np.array([2, 9], dtype=np.uint8), [1.0, 2.0]]
)
def test_labels_may_be_numbers(labels):
    learner = ActiveLearner(X_pool=POOL).teach([0, 1], labels)
    assert learner.predict(POOL[:2]).tolist() == list(labels)
    assert learner.labels.tolist() == list(labels)
    learner.relabel([0, 1], labels[::-1])
    assert learner.predict(POOL[:2]).tolist() == list(labels)[::-1]


def test_labels_may_grow_longer_than_the_first():
    learner = ActiveLearner(IncrementalKNeighborsClassifier(1), X_pool=POOL).teach(0, "a")
    learner.teach([1], np.array(["a much longer name"], dtype=object))
    assert learner.predict(POOL[:2]).tolist() == ["a", "a much longer name"]
    assert learner.labels.tolist() == ["a", "a much longer name"]
