"""The comparison of descriptors with pretrained networks, on a few texts."""

import argparse

import numpy as np
import pytest

from benchmarks.label_savings import descriptors
from benchmarks.label_savings.tasks import Task
from skactive.embedding import TextDescriptor

# Not part of the package: the computation is the same on every Python version.
pytestmark = pytest.mark.once


def test_rows_compare_a_descriptor_with_a_network(monkeypatch):
    y = np.arange(40) % 2
    texts = [f"{'apple' if label else 'parcel'} {at % 5}" for at, label in enumerate(y)]
    X = np.eye(2, dtype=np.float32)[y] + np.random.default_rng(0).normal(0, 0.1, (40, 2))
    monkeypatch.setitem(descriptors.TASKS, "questions", lambda: Task(X.astype(np.float32), y))
    monkeypatch.setattr(descriptors, "N_LABELS", (4, 100))
    monkeypatch.setattr(descriptors, "AT", 6)
    options = argparse.Namespace(splits=2, budget=8, jobs=1)
    rows = descriptors.rows_of("questions", TextDescriptor(n_components=3), texts, options)
    assert [row[:4] for row in rows] == [
        ["questions", "TextDescriptor", "3", "1.0000"],
        ["questions", "Universal Sentence Encoder", "2", "1.0000"],
    ]
    assert all(float(row[-4]) <= 6 for row in rows)
    assert [row[-2:] for row in rows] == [["8", "2"]] * 2
    lines = descriptors.table(rows).splitlines()
    assert lines[0].startswith("| data set | vectors | numbers | 4 labels | mean |")
    assert lines[2].startswith("| questions | TextDescriptor | 3 | 100.0 % | ")
    assert lines[-1].endswith("means of 2 splits.")


def test_targets_that_are_not_reached_have_no_savings():
    curves = {"herding": np.full((2, 120), 0.5), "random": np.full((2, 120), 0.8)}
    row = descriptors.row_of("fruits", "made-up", 7, curves, 0.4)
    assert row[-5:] == ["0.8000", "inf", "1", "120", "2"]
    line = descriptors.table([row]).splitlines()[2]
    assert line.endswith("| 50.0 % | 80.0 % | over 120 |  | 1 |")
