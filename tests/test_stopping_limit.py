"""A limit stops labelling, whatever other criteria say."""

import pickle
import re

import numpy as np
import pytest

from skactive import ActiveLearner
from skactive.learner import LabelingLimit, StoppingCriterion
from skactive.learner._stopping import limit

X = np.arange(20.0)[:, np.newaxis]


class Never(StoppingCriterion):
    def reason(self, learner, notes):
        return False, "never"


class Always(StoppingCriterion):
    def reason(self, learner, notes):
        return True, "always"


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1_000_000.0

        def time(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(limit, "time", clock)
    return clock


def test_parameter_n_labels_of_labeling_limit():
    learner = ActiveLearner(X_pool=X, stopping=LabelingLimit(3))
    for place in range(3):
        assert not learner.progress.stop
        assert learner.progress.advice == f"Continue: {place} of at most 3 labels."
        learner.teach([place], ["ab"[place % 2]])
    assert learner.progress.stop
    assert learner.progress.advice == "Stop: 3 of at most 3 labels."
    learner.undo()
    assert not learner.progress.stop


def test_labels_of_the_seed_set_count():
    seeded = {"X_labeled": X[:2], "y_labeled": ["a", "b"]}
    learner = ActiveLearner(X_pool=X, stopping=LabelingLimit(3), **seeded)
    assert learner.progress.advice == "Continue: 2 of at most 3 labels."
    assert learner.teach([5], ["a"]).progress.stop


def test_parameter_minutes_of_labeling_limit(clock):
    learner = ActiveLearner(X_pool=X, stopping=LabelingLimit(minutes=30))
    clock.now += 60 * 60
    assert learner.progress.advice == "Continue: 0 of at most 30 minutes."
    learner.teach([0], ["a"])
    clock.now += 29.9 * 60
    learner.teach([1], ["b"])
    assert learner.progress.advice == "Continue: 29 of at most 30 minutes."
    learner = pickle.loads(pickle.dumps(learner))
    clock.now += 60
    assert learner.progress.advice == "Stop: 30 of at most 30 minutes."


@pytest.mark.parametrize(
    ("minutes", "passed", "advice"),
    [
        (0.02, 1.5, "Stop: 0.02 of at most 0.02 minutes."),
        (1.5, 60, "Continue: 1 of at most 1.5 minutes."),
        (1.5, 105, "Stop: 1.75 of at most 1.5 minutes."),
        (600, 59, "Continue: 0 of at most 600 minutes."),
    ],
)
def test_times_are_shown_as_exactly_as_the_limit(clock, minutes, passed, advice):
    learner = ActiveLearner(X_pool=X, stopping=LabelingLimit(minutes=minutes)).teach([0], ["a"])
    clock.now += passed
    assert learner.progress.advice == advice


def test_the_time_of_answers_that_are_undone_is_forgotten(clock):
    learner = ActiveLearner(X_pool=X, stopping=LabelingLimit(minutes=1)).teach([0], ["a"])
    learner.undo()
    clock.now += 600
    assert not learner.teach([1], ["a"]).progress.stop


def test_the_first_of_two_limits_decides(clock):
    learner = ActiveLearner(X_pool=X, stopping=LabelingLimit(2, minutes=10)).teach([0], ["a"])
    assert learner.progress.advice == "Continue: 1 of at most 2 labels, 0 of at most 10 minutes."
    clock.now += 900
    assert learner.progress.advice == "Stop: 15 of at most 10 minutes."


@pytest.mark.parametrize(
    ("others", "stops"),
    [
        ([], (False, True)),
        ([Never()], (False, True)),
        ([Always()], (True, True)),
        ([Always(), Never()], (False, True)),
    ],
)
def test_a_limit_needs_no_other_criterion_and_others_do_not_need_the_limit(others, stops):
    for criteria in ([*others, LabelingLimit(2)], [LabelingLimit(2), *others]):
        learner = ActiveLearner(X_pool=X, stopping=criteria)
        found = [learner.teach([place], ["a"]).progress.stop for place in range(2)]
        assert tuple(found) == stops
        assert learner.progress.advice.startswith("Stop: ")
        assert [one.is_limit for one in learner.progress.verdicts].count(True) == 1


def test_numbers_and_sets_of_labels_have_limits():
    from skactive.neighbors import IncrementalKNeighborsRegressor

    learner = ActiveLearner(IncrementalKNeighborsRegressor(), X_pool=X, stopping=LabelingLimit(1))
    assert learner.teach([0], [1.5]).progress.stop


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "LabelingLimit() has no limit. Hint: pass n_labels"),
        ({"n_labels": 0}, "The 'n_labels' parameter of LabelingLimit must be an int of at least 1"),
        ({"n_labels": 2.5}, "The 'n_labels' parameter of LabelingLimit"),
        ({"minutes": 0}, "The 'minutes' parameter of LabelingLimit"),
        ({"minutes": np.nan}, "The 'minutes' parameter of LabelingLimit"),
    ],
)
def test_bad_limits_are_refused_when_the_learner_is_created(parameters, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ActiveLearner(X_pool=X, stopping=LabelingLimit(**parameters))
