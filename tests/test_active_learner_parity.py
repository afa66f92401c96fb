"""After any sequence of answers and corrections, a learner equals a newly built one."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from strategies import CLASS_NAMES

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier

N_SAMPLES = 9
BATCHES = st.lists(st.integers(0, N_SAMPLES - 1), max_size=3, unique=True)
NAMES = st.lists(st.sampled_from(CLASS_NAMES), min_size=3, max_size=3)


def pool_samples():
    # No two distances and no two likelihoods are equal, so that rounding decides nothing.
    rng = np.random.default_rng(7)
    return rng.normal(size=(N_SAMPLES, 3)) * [1.0, 2.0, 0.5]


class Correspondence(RuleBasedStateMachine):
    """Changes a learner, and keeps its expected state in plain Python."""

    def __init__(self):
        super().__init__()
        self.X = pool_samples()
        self.learner = ActiveLearner(self.estimator(), X_pool=self.X)
        self.labels = {}
        self.skipped = set()
        self.history = []

    def remember(self, positions):
        self.history.append((dict(self.labels), set(self.skipped), set(positions)))

    @rule(positions=BATCHES, names=NAMES)
    def teach(self, positions, names):
        answers = dict(zip(positions, names, strict=False))
        if any(self.labels.get(place, name) != name for place, name in answers.items()):
            with pytest.raises(ValueError, match="is labelled"):
                self.learner.teach(list(answers), list(answers.values()))
            return
        fresh = [place for place in answers if place not in self.labels]
        if fresh:
            self.remember(fresh)
        self.learner.teach(list(answers), list(answers.values()))
        self.labels |= {place: answers[place] for place in fresh}

    @precondition(lambda self: self.labels)
    @rule(chosen=st.data(), names=NAMES)
    def relabel(self, chosen, names):
        places = st.lists(st.sampled_from(sorted(self.labels)), max_size=3, unique=True)
        answers = dict(zip(chosen.draw(places), names, strict=False))
        if any(self.labels[place] != name for place, name in answers.items()):
            self.remember(answers)
        self.learner.relabel(list(answers), list(answers.values()))
        self.labels |= answers

    @rule(positions=BATCHES)
    def skip(self, positions):
        positions = [place for place in positions if place not in self.labels]
        fresh = set(positions) - self.skipped
        if fresh:
            self.remember(fresh)
        self.learner.skip(positions)
        self.skipped |= fresh

    @precondition(lambda self: self.history)
    @rule()
    def undo(self):
        self.labels, self.skipped, positions = self.history.pop()
        assert set(self.learner.undo()) == positions

    @precondition(lambda self: len(set(self.labels) | self.skipped) < N_SAMPLES)
    @rule()
    def query(self):
        candidates = set(range(N_SAMPLES)) - set(self.labels) - self.skipped
        assert set(self.learner.query(len(candidates))) == candidates

    @invariant()
    def the_book_is_right(self):
        assert self.learner.labeled.tolist() == list(self.labels)
        assert self.learner.labels.tolist() == list(self.labels.values())
        left = set(range(N_SAMPLES)) - set(self.labels) - self.skipped
        assert self.learner.candidates.tolist() == sorted(left)
        assert self.learner.classes_.tolist() == sorted(set(self.labels.values()))

    @invariant()
    def a_fresh_learner_is_the_same(self):
        fresh = ActiveLearner(self.estimator(), X_pool=self.X).skip(sorted(self.skipped))
        fresh.teach(list(self.labels), list(self.labels.values()))
        if len(fresh.candidates):
            self.same_choice(self.learner.query(return_utilities=True), fresh)
        if len(set(self.labels.values())) > 1:
            self.same_classifier(self.learner, fresh)
            self.posterior_is_what_the_classifier_says()

    def posterior_is_what_the_classifier_says(self):
        candidates = self.learner.candidates
        if len(candidates):
            np.testing.assert_allclose(
                self.learner.pool.posterior(),
                self.learner.predict_proba(self.X[candidates]),
                rtol=1e-4,
                atol=1e-6,
            )

    def same_choice(self, chosen, fresh):
        np.testing.assert_array_equal(chosen[0], fresh.query())

    def same_classifier(self, learner, fresh):
        np.testing.assert_allclose(
            learner.predict_proba(self.X), fresh.predict_proba(self.X), rtol=1e-9
        )


class NearestNeighborsMachine(Correspondence):
    def estimator(self):
        return IncrementalKNeighborsClassifier(3)


class LogisticRegressionMachine(Correspondence):
    def estimator(self):
        return LogisticRegression(tol=0.1)


class GaussianNBMachine(Correspondence):
    def estimator(self):
        return GaussianNB()

    def same_choice(self, chosen, fresh):
        """Skip the comparison: the floor of the variances depends on the last batch."""

    def same_classifier(self, learner, fresh):
        # GaussianNB adds a share of the last batch's variance to all variances.
        incremental, at_once = learner.fitted_estimator(), fresh.fitted_estimator()
        np.testing.assert_array_equal(incremental.classes_, at_once.classes_)
        np.testing.assert_array_equal(incremental.class_count_, at_once.class_count_)
        np.testing.assert_allclose(incremental.theta_, at_once.theta_)
        np.testing.assert_allclose(incremental.var_, at_once.var_, atol=1e-7)


NearestNeighborsMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=20)
LogisticRegressionMachine.TestCase.settings = settings(max_examples=10, stateful_step_count=12)
GaussianNBMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=20)

TestNearestNeighbors = NearestNeighborsMachine.TestCase
TestLogisticRegression = LogisticRegressionMachine.TestCase
TestGaussianNB = GaussianNBMachine.TestCase
