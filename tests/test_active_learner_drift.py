"""Forgetting, asking again, taking that back, and the signal that the task has changed."""

import copy
import pickle
import re
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, SGDClassifier
from strategies import class_names, forgetting, vote_parameters

from skactive import ActiveLearner
from skactive.learner import DriftWarning
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier

POOL = np.random.default_rng(0).integers(-2, 3, (8, 2)).astype(float)
SEED = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])


class AfterErrors:
    """Has river's interface, and signals at each so many-th error in a row."""

    def __init__(self, n_errors=3):
        self.n_errors = n_errors
        self.seen = []
        self.drift_detected = False

    def update(self, x):
        self.seen.append(x)
        last = self.seen[-self.n_errors :]
        self.drift_detected = len(last) == self.n_errors and min(last) == 1.0


class Always(AfterErrors):
    """Signals whatever it sees."""

    def update(self, x):
        self.seen.append(x)
        self.drift_detected = True


def neighbors(**parameters):
    return IncrementalKNeighborsClassifier(**{"metric": "manhattan", **parameters})


def seen(learner):
    """What can be seen of a learner; probabilities without the last digits."""
    knows = learner.pool.n_labeled > 0
    return {
        "labeled": learner.labeled.tolist(),
        "labels": learner.labels.tolist(),
        "n_labeled": learner.pool.n_labeled,
        "answered": learner.answered.tolist(),
        "answers": learner.answers.tolist(),
        "candidates": learner.candidates.tolist(),
        "skipped": learner.pool.skipped.tolist(),
        "classes": learner.classes_.tolist(),
        "posterior": learner.pool.posterior().round(9).tolist() if knows else None,
        "probabilities": learner.predict_proba(POOL).round(9).tolist() if knows else None,
        "distances": learner.pool.distance_to_labeled().round(9).tolist() if knows else None,
    }


@settings(max_examples=60)
@given(st.data())
def test_undo_leads_back_through_any_history_of_forgetting(data):
    estimator = neighbors(**data.draw(vote_parameters()), **data.draw(forgetting()))
    n_seed = data.draw(st.integers(0, 3))
    seed = {"X_labeled": SEED[:n_seed], "y_labeled": list("abc")[:n_seed]} if n_seed else {}
    learner = ActiveLearner(estimator, X_pool=POOL, **seed)
    past = [seen(learner)]
    for _ in range(data.draw(st.integers(1, 8))):
        what = data.draw(st.sampled_from(["teach", "teach", "relabel", "skip", "forget"]))
        free = learner.candidates.tolist()
        if what == "teach" and free:
            some = data.draw(st.lists(st.sampled_from(free), unique=True, min_size=1, max_size=5))
            learner.teach(some, data.draw(class_names(len(some))))
        elif what == "relabel" and len(learner.labeled):
            learner.relabel(learner.labeled[:1], data.draw(class_names(1)))
        elif what == "skip" and free:
            learner.skip(free[:1])
        elif what == "forget":
            learner.forget(data.draw(st.integers(0, 3)))
        if (now := seen(learner)) != past[-1]:
            past.append(now)
        if learner.pool.n_labeled:
            assert learner.fitted_estimator().n_samples_fit_ == learner.pool.n_labeled
        if learner.pool.n_labeled and len(learner.candidates):
            expected = learner.predict_proba(POOL[learner.candidates])
            np.testing.assert_allclose(learner.pool.posterior(), expected, atol=2e-5)
    while len(past) > 1:
        past.pop()
        learner.undo()
        assert seen(learner) == past[-1]


@pytest.mark.parametrize(
    "classifier",
    [neighbors(), LogisticRegression(), SGDClassifier(loss="log_loss", random_state=0)],
    ids=lambda classifier: type(classifier).__name__,
)
def test_forgetting_equals_teaching_only_the_rest(classifier):
    learner = ActiveLearner(classifier, X_pool=POOL, X_labeled=SEED, y_labeled=list("abc"))
    learner.teach([0, 1, 2], list("bab")).teach([3], ["a"])
    whole = learner.predict_proba(POOL)
    learner.forget(n_kept=5)
    some = ActiveLearner(classifier, X_pool=POOL, X_labeled=SEED[2:], y_labeled=["c"])
    some.teach([0, 1, 2, 3], list("baba"))
    np.testing.assert_allclose(learner.predict_proba(POOL), some.predict_proba(POOL))
    learner.forget(n_kept=2)
    rest = ActiveLearner(classifier, X_pool=POOL).teach([2, 3], list("ba"))
    assert learner.labeled.tolist() == [2, 3]
    assert learner.candidates.tolist() == [0, 1, 4, 5, 6, 7]
    np.testing.assert_allclose(learner.predict_proba(POOL), rest.predict_proba(POOL))
    assert learner.answered.tolist() == [0, 1, 2, 3]
    assert learner.answers.tolist() == list("baba")
    assert learner.undo().tolist() == [0, 1]
    assert learner.undo().tolist() == []
    np.testing.assert_allclose(learner.predict_proba(POOL), whole)
    assert learner.undo().tolist() == [3]


class Remembering(LogisticRegression):
    """Learns at once, and removes samples by their ids, as another package's classifier might."""

    def add_labeled(self, X, y):
        stored = vars(self).setdefault("stored_", {})
        first = max(stored, default=100) + 7
        self.last_ids_ = np.arange(first, first + len(y))
        for id_, row, label in zip(self.last_ids_.tolist(), X, y, strict=True):
            stored[id_] = (row, label)
        return self

    def remove_labeled(self, indices):
        for number in indices:
            del self.stored_[number]
        return self

    def relabel(self, indices, y):
        return self


def test_a_classifier_of_another_package_forgets_too():
    learner = ActiveLearner(Remembering(), X_pool=POOL, X_labeled=SEED, y_labeled=list("abc"))
    learner.teach([4, 5], list("ab")).forget(n_kept=3)
    stored = learner.estimator.stored_.values()
    assert [(row.tolist(), label) for row, label in stored] == [
        (SEED[2].tolist(), "c"),
        (POOL[4].tolist(), "a"),
        (POOL[5].tolist(), "b"),
    ]
    learner.undo()
    assert [label for _, label in learner.estimator.stored_.values()] == list("abcab")


def test_a_classifier_of_another_package_removes_each_sample_once():
    learner = ActiveLearner(Remembering(), X_pool=POOL)
    learner.teach([4, 5], list("ab")).teach([0, 1, 2], list("aba")).undo()
    learner.forget(n_kept=1)
    assert [label for _, label in learner.estimator.stored_.values()] == ["b"]


def test_a_sample_with_a_forgotten_label_is_queried_again_and_both_answers_are_kept():
    learner = ActiveLearner(neighbors(n_neighbors=1, max_labeled=2), X_pool=POOL)
    learner.teach([0, 1, 2], ["a", "b", "b"])
    assert learner.labeled.tolist() == [1, 2]
    assert 0 in learner.query(6)
    learner.teach(0, "c")
    assert learner.predict(POOL[[0]]) == ["c"]
    assert learner.labeled.tolist() == [2, 0]
    assert learner.answered.tolist() == [0, 1, 2, 0]
    learner.relabel(0, "d")
    assert learner.answers.tolist() == ["a", "b", "b", "d"]
    with pytest.raises(ValueError, match="Sample 1 of the pool is not labelled"):
        learner.relabel(1, "a")
    for _ in range(3):
        learner.undo()
    assert learner.candidates.tolist() == list(range(8))
    assert learner.answered.size == 0


def test_samples_of_a_fitted_classifier_are_forgotten_first():
    classifier = neighbors(max_labeled=3).fit(SEED, list("abc"))
    learner = ActiveLearner(classifier, X_pool=POOL).teach([4, 5], list("xy"))
    assert learner.classes_.tolist() == ["c", "x", "y"]
    assert learner.fitted_estimator().y_labeled_.tolist() == ["c", "x", "y"]
    learner.undo()
    assert learner.fitted_estimator().y_labeled_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(learner.fitted_estimator().labeled_samples()[0], SEED)


@pytest.mark.parametrize("n_kept", range(1, 8))
def test_samples_of_a_fitted_classifier_are_forgotten_before_the_seed_set(n_kept):
    classifier = neighbors().fit(SEED, list("abc"))
    seed = {"X_labeled": POOL[6:], "y_labeled": list("de")}
    learner = ActiveLearner(classifier, X_pool=POOL, **seed).teach([4, 5], list("xy"))
    learner.forget(n_kept=n_kept)
    rows = np.concatenate([SEED, POOL[6:], POOL[[4, 5]]])
    fitted = learner.fitted_estimator()
    assert learner.pool.n_labeled == n_kept
    assert fitted.y_labeled_.tolist() == list("abcdexy")[-n_kept:]
    np.testing.assert_array_equal(fitted.labeled_samples()[0], rows[-n_kept:])


def test_forgetting_nothing_leaves_nothing_to_take_back():
    learner = ActiveLearner(X_pool=POOL).teach([0, 1], list("ab")).forget(n_kept=2)
    assert learner.undo().tolist() == [0, 1]
    assert ActiveLearner(X_pool=POOL).forget().labeled.size == 0


@pytest.mark.parametrize(
    ("n_kept", "error"), [(-1, ValueError), (1.5, ValueError), ("2", ValueError), (None, TypeError)]
)
def test_how_many_to_keep_must_be_a_number(n_kept, error):
    learner = ActiveLearner(X_pool=POOL).teach([0, 1], list("ab"))
    with pytest.raises(error, match="The 'n_kept' parameter of forget must be an int of at least"):
        learner.forget(n_kept)
    assert learner.labeled.tolist() == [0, 1]


@pytest.mark.parametrize("options", [{"max_labeled": 0}, {"half_life": -1.0}])
def test_a_bad_way_of_forgetting_is_named_and_nothing_taken_in(options):
    learner = ActiveLearner(neighbors(**options), X_pool=POOL)
    with pytest.raises(ValueError, match=f"The '{next(iter(options))}' parameter of Incremental"):
        learner.teach(0, "a")
    assert learner.labeled.size == learner.answered.size == 0


def test_stale_regions_are_queried_again():
    rng = np.random.default_rng(0)
    corners = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    X = np.repeat(corners, 30, axis=0) + rng.normal(size=(120, 2))
    region = np.repeat(np.arange(4), 30)
    first = np.flatnonzero(region < 2)[::3]
    then = np.flatnonzero(region >= 2)[::3]
    for half_life, stale_first in ((None, False), (5.0, True)):
        learner = ActiveLearner(neighbors(half_life=half_life), X_pool=X)
        learner.teach(first, region[first]).teach(then, region[then])
        uncertainty = 1 - learner.pool.posterior().max(axis=1)
        old = uncertainty[region[learner.candidates] < 2]
        young = uncertainty[region[learner.candidates] >= 2]
        assert bool(old.min() > young.max()) is stale_first


def test_a_budget_counts_every_answer_also_of_a_classifier_that_forgets():
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = (X[:, 0] > 0).astype(int)
    classifier = BudgetedClassifier(neighbors(max_labeled=10), budget=25).fit(X, y)
    assert classifier.n_labeled_ == len(classifier.query_indices_) == 25
    assert classifier.estimator_.n_samples_fit_ == 10


def taught(learner, labels):
    """Teach the pool's samples one by one, and return the warnings that this gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for place, label in enumerate(labels):
            learner.teach(place, label)
    return caught


def line_learner(detector, n_samples=60, estimator=None):
    estimator = neighbors(n_neighbors=1) if estimator is None else estimator
    line = np.arange(float(n_samples))[:, np.newaxis]
    return ActiveLearner(estimator, X_pool=line, drift_detector=detector)


@pytest.mark.parametrize("estimator", [neighbors(n_neighbors=1), LogisticRegression()])
def test_the_detector_receives_for_each_answer_whether_it_was_predicted(estimator):
    learner = line_learner(AfterErrors(99), 6, estimator)
    # A logistic regression knows nothing to predict before there are two classes.
    taught(learner, "aabbba")
    first = [0.0, 1.0] if isinstance(estimator, IncrementalKNeighborsClassifier) else []
    assert learner.drift_detector.seen == [*first, 0.0, 0.0, 1.0]
    learner.teach(0, "a").relabel(1, "b").undo()
    assert len(learner.drift_detector.seen) == len(first) + 3


def test_a_drop_of_agreement_warns_once_at_the_line_of_the_caller():
    learner = line_learner(AfterErrors())
    caught = taught(learner, ["a"] * 30 + ["b", "a", "b", "a", "b"] + ["b"] * 20)
    assert [one.category for one in caught] == [DriftWarning]
    assert caught[0].filename == __file__
    warning = caught[0].message
    assert learner.drifts == [33]
    assert warning.n_answers == 33
    assert warning.agreement == 17 / 20
    assert warning.agreement_before == 1.0
    assert str(warning) == (
        "After 33 answers the task seems to have changed: 85% of the last 20 answers were "
        "predicted, 100% of the 12 before. Hint: if it has, `forget(n_kept=20)` forgets all older "
        "answers."
    )
    assert pickle.loads(pickle.dumps(warning)).agreement == warning.agreement


def test_a_batch_is_predicted_whole_before_any_of_it_is_taught():
    learner = line_learner(AfterErrors()).teach(0, "a")
    learner.teach(range(1, 30), ["a"] * 29)
    with pytest.warns(DriftWarning, match="After 33 answers") as caught:
        learner.teach(range(30, 36), ["b"] * 3 + ["a"] * 3)
    assert len(caught) == 1
    assert learner.drift_detector.seen == [0.0] * 29 + [1.0] * 3 + [0.0] * 3
    assert learner.drifts == [33]


def test_an_error_made_of_the_warning_comes_after_the_answer_is_taken_in():
    learner = line_learner(AfterErrors()).teach(0, "a")
    learner.teach(range(1, 30), ["a"] * 29)
    with pytest.raises(DriftWarning):
        learner.teach([30, 31, 32], ["b"] * 3)
    assert learner.answers.tolist() == ["a"] * 30 + ["b"] * 3
    assert learner.predict([[32.0]]) == ["b"]


def test_a_rise_of_agreement_is_no_signal():
    learner = line_learner(Always())
    assert taught(learner, ["a", "b"] * 15 + ["b"] * 25) == []
    assert learner.drifts == []


def test_the_detector_is_copied_and_reset_when_answers_are_forgotten():
    detector = AfterErrors()
    learner, other = line_learner(detector), line_learner(detector)
    taught(learner, ["a"] * 10)
    assert len(learner.drift_detector.seen) == 9
    assert detector.seen == other.drift_detector.seen == []
    assert copy.deepcopy(learner).drift_detector.seen == learner.drift_detector.seen
    learner.forget(n_kept=5)
    assert learner.drift_detector.seen == []


def test_an_invalid_answer_is_not_passed_to_the_detector():
    learner = line_learner(AfterErrors()).teach([0, 1], ["a", "b"])
    for wrong in (["c", None], ["c"], [1, 2]):
        with pytest.raises(ValueError, match=r"y\[1\] is missing|2 indices|Labels are strings"):
            learner.teach([2, 3], wrong)
    assert learner.drift_detector.seen == []


@pytest.mark.parametrize("detector", [AfterErrors, "DDM", object()])
def test_an_object_that_is_not_a_drift_detector_raises(detector):
    message = re.escape("must have `update(x)` and `drift_detected`, like those of river, such as ")
    with pytest.raises(TypeError, match=message):
        ActiveLearner(X_pool=POOL, drift_detector=detector)


def test_without_a_detector_nothing_is_watched():
    learner = ActiveLearner(X_pool=POOL)
    assert taught(learner, "abababab") == []
    assert learner.drift_detector is None
    assert learner.drifts == []
