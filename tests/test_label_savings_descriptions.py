"""Loops with and without descriptions of the classes, on a few points."""

import argparse

import numpy as np
import pytest

from benchmarks.label_savings import descriptions
from benchmarks.label_savings.tasks import TASKS, Task

# Not part of the package: the computation is the same on every Python version.
pytestmark = pytest.mark.once


def test_rows_compare_descriptions_with_labels(monkeypatch):
    monkeypatch.setattr(descriptions, "N_LABELS", (0, 2))
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 20)
    X = (rng.normal(0, 0.3, (40, 2)) + np.eye(2)[y] * 5).astype(np.float32)
    vectors = {0: X[:1], 1: X[20:22]}
    options = argparse.Namespace(splits=2, jobs=1)
    rows = descriptions.rows_of("made-up", Task(X, y), vectors, options)
    assert [row[:4] for row in rows] == [
        ["made-up", "3", "0", descriptions.WITH],
        ["made-up", "3", "0", descriptions.MORE],
        ["made-up", "3", "2", descriptions.WITH],
        ["made-up", "3", "2", descriptions.WITHOUT],
        ["made-up", "3", "2", descriptions.MORE],
    ]
    assert rows[0][4] == "1.0000"
    assert {row[-1] for row in rows} == {"2"}
    lines = descriptions.table(rows).splitlines()
    assert lines[2].startswith("| made-up | 3 | 0 | 100.0 % (")
    assert " |  | " in lines[2]
    assert lines[3].startswith("| made-up | 3 | 2 | 100.0 % (")
    assert lines[-1].startswith("Means of 2 splits")


def test_every_class_of_a_data_set_has_a_few_sentences():
    assert set(descriptions.SENTENCES) <= set(TASKS)
    for sentences in descriptions.SENTENCES.values():
        assert list(sentences) == list(range(len(sentences)))
        assert {len(one) for one in sentences.values()} <= {2, 3, 4}
