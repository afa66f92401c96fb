"""The greedy oracle of the label savings, on a few points."""

import argparse

import numpy as np
import pytest

from benchmarks.label_savings import headroom
from benchmarks.label_savings.tasks import Task
from skactive import ActiveLearner

# Not part of the package: the computation is the same on every Python version.
pytestmark = pytest.mark.once


def groups():
    """Three groups of points, a class each, with a point of the third one alone."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(center, 0.3, (20, 2)) for center in ((0, 5), (5, 0), (5, 5))])
    return X.astype(np.float32), np.repeat(["a", "b", "c"], 20)


def test_the_oracle_takes_the_best_candidate_and_leaves_the_learner_as_it_was():
    X, y = groups()
    learner = ActiveLearner(X_pool=X).teach([0, 20], ["a", "b"])
    before = learner.predict_proba(X)
    gains = [headroom.n_right_with(learner, one, y) for one in (1, 21, 41)]
    best = headroom.best_candidate(learner, y, n_candidates=8, seed=0)
    assert gains[2] > max(gains[:2])
    assert y[best] == "c"
    assert headroom.n_right_with(learner, best, y) >= gains[2]
    assert np.array_equal(learner.predict_proba(X), before)
    assert learner.labeled.tolist() == [0, 20]


def test_curves_have_a_score_for_each_label():
    X, y = groups()
    options = argparse.Namespace(splits=2, budget=4, candidates=8, jobs=1)
    curves = headroom.curves_of(Task(X, y), options)
    assert {name: np.shape(scores) for name, scores in curves.items()} == {
        "random": (2, 4),
        "herding": (2, 4),
        "oracle": (2, 4),
    }
    assert np.mean(curves["oracle"]) >= np.mean(curves["random"])


def test_the_table_shows_the_share_of_the_headroom():
    curves = {
        "random": np.full((2, 20), 0.5),
        "herding": np.full((2, 20), 0.8),
        "oracle": np.concatenate([np.full((2, 10), 0.9), np.full((2, 10), 0.5)], axis=1),
    }
    rows = headroom.rows_of("made-up", curves, 8)
    assert [row[1] for row in rows] == ["10", "20", "mean to 20"]
    lines = headroom.table(rows).splitlines()
    assert "| made-up | 10 | 50.0 % | 80.0 % | 90.0 % | 75 % |" in lines
    assert "| made-up | 20 | 50.0 % | 80.0 % | 50.0 % |  |" in lines
    assert "| made-up | mean to 20 | 50.0 % | 80.0 % | 70.0 % | 150 % |" in lines
    assert "Means of 2 splits, with 8 candidates per step." in lines
