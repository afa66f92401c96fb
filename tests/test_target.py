"""A target is written in one place: a pool and a learner take all that labels are from it."""

import json

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from skactive import ActiveLearner, Pool
from skactive.base import Target
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import RandomSampling

X = np.random.default_rng(0).normal(size=(8, 3))


class Grade(Target):
    """Whole numbers, written as Roman numerals; numbers from 5 on are the same."""

    NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")

    def validate(self, y):
        if getattr(y, "dtype", object) == np.intp:
            return y
        numerals = np.atleast_1d(np.asarray(y, dtype=object)).tolist()
        for numeral in numerals:
            if numeral not in self.NUMERALS:
                raise ValueError(f"{numeral!r} is no Roman numeral.")
        return np.array([self.NUMERALS.index(numeral) + 1 for numeral in numerals])

    def check_alike(self, known, y):
        if len(known) and len(y) and y.max() - known.min() > 5:
            raise ValueError(f"Grade {y.max()} is too far from grade {known.min()}.")

    def to_plain(self, y):
        return [self.NUMERALS[number - 1] for number in y.tolist()]

    def differ(self, y, other):
        return np.minimum(y, 5) != np.minimum(other, 5)


def graded_pool(*args, **options):
    return Pool(*args, target=Grade(), **options)


class Detector:
    """A drift detector that stores whether predictions and answers agree."""

    drift_detected = False

    def __init__(self):
        self.disagreed = []

    def update(self, x):
        self.disagreed.append(x)


def graded_learner(**options):
    return ActiveLearner(GaussianNB(), RandomSampling(), X, target=Grade(), **options)


def test_a_pool_validates_all_labels_by_its_target():
    pool = graded_pool(X, X_labeled=X[:1], y_labeled=["II"], classes=["I", "IV"])
    assert pool.classes_.tolist() == [1, 2, 4]
    pool.add_labels([0, 1], ["I", "III"]).add_labeled(X[:1], ["IV"]).relabel([1], ["II"])
    assert pool.labels.tolist() == [1, 2]
    assert pool.labeled_samples()[1].tolist() == [2, 1, 2, 4]
    for call in (
        lambda: pool.add_labels([2], ["good"]),
        lambda: pool.add_labeled(X[:1], ["good"]),
        lambda: pool.relabel([0], ["good"]),
        lambda: graded_pool(X, classes=["good"]),
    ):
        with pytest.raises(ValueError, match="'good' is no Roman numeral"):
            call()


def test_a_pool_asks_its_target_which_labels_go_together():
    pool = graded_pool(X).add_labels([0], ["I"])
    for call in (
        lambda: pool.add_labels([2], ["VII"]),
        lambda: pool.add_labeled(X[:1], ["VII"]),
        lambda: pool.relabel([0], ["VII"]),
    ):
        with pytest.raises(ValueError, match="Grade 7 is too far from grade 1"):
            call()
    assert pool.labels.tolist() == [1]


def test_a_learner_takes_seed_set_and_answers_by_the_target_of_its_pool():
    learner = graded_learner(X_labeled=X[:2], y_labeled=["I", "III"]).teach([2, 3], ["II", "III"])
    assert learner.labels.tolist() == [2, 3]
    assert learner.fitted_estimator().classes_.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="'good' is no Roman numeral"):
        graded_learner(X_labeled=X[:1], y_labeled=["good"])
    with pytest.raises(ValueError, match="'good' is no Roman numeral"):
        learner.teach([4], ["good"])


def test_equal_labels_replace_nothing_and_agree_with_predictions():
    detector = Detector()
    learner = graded_learner(drift_detector=detector).teach([0, 1], ["V", "VI"])
    learner.teach([2], ["VII"]).relabel([0], ["VII"])
    assert len(learner.drift_detector.disagreed) == 1
    assert not any(learner.drift_detector.disagreed)
    # Relabelling by an equal label is no action, so that `undo` takes back the answer before.
    assert learner.undo().tolist() == [2]


def test_a_journal_has_the_plain_form_of_the_target(tmp_path):
    path = tmp_path / "answers.jsonl"
    learner = graded_learner(journal=path).teach([0, 1], ["I", "III"]).relabel([1], ["II"])
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["labels"] for entry in entries if "labels" in entry] == [["I", "III"], ["II"]]
    assert graded_learner(journal=path).labels.tolist() == learner.labels.tolist() == [1, 2]


@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(), GaussianNB()])
def test_undo_restores_labels_of_the_target(estimator):
    learner = ActiveLearner(estimator, RandomSampling(), X, target=Grade()).teach(
        [0, 1], ["I", "III"]
    )
    learner.relabel([1], ["II"]).undo()
    assert learner.labels.tolist() == [1, 3]
