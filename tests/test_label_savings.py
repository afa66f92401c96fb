"""Label savings of synthetic labelling curves."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.label_savings.lineup import (
    BASELINE,
    CLASSIFIERS,
    DEFAULT,
    DEFAULT_CLASSIFIER,
    OURS,
)
from benchmarks.label_savings.report import write_report
from benchmarks.label_savings.savings import (
    duels_of,
    geometric_mean,
    labels_to,
    rows_of,
    score_with,
)
from benchmarks.label_savings.tasks import TASKS, digits
from skactive.learner import default_classifier, default_strategy

# Not part of the package: the computation is the same on every Python version.
pytestmark = pytest.mark.once

RANDOM = ("k-NN", BASELINE)
OURS_BY_DEFAULT = (DEFAULT_CLASSIFIER, DEFAULT)


def curves():
    """Curves with a third of the labels of random, the same, and without success."""
    rng = np.random.default_rng(0)
    labels = np.arange(1, 121)
    noise = rng.normal(0, 0.001, size=(6, 1))
    return {
        RANDOM: np.log(labels) / 10 + noise,
        ("k-NN", "fast"): np.log(3 * labels) / 10 + noise,
        OURS_BY_DEFAULT: np.log(labels) / 10 + noise,
        ("spreading", "never"): np.zeros((6, 120)),
    }


def test_savings_equal_those_of_the_synthetic_curves():
    rows = {
        (r.strategy, r.budget): r for r in rows_of("made-up", curves(), RANDOM, OURS_BY_DEFAULT)
    }
    assert {budget for _, budget in rows} == {50, 100}
    assert rows["fast", 100].savings == pytest.approx(3, rel=0.03)
    assert rows["fast", 100].low <= rows["fast", 100].savings <= rows["fast", 100].high
    assert rows["fast", 100].gain == pytest.approx(np.log(3) / 10)
    assert rows[DEFAULT, 50].savings == pytest.approx(1, rel=0.03)
    assert rows[DEFAULT, 50].worst == 0
    assert rows["never", 50].savings == 0
    assert rows["never", 50].worst == pytest.approx(-np.log(120) / 10, abs=0.01)
    assert rows["fast", 50].lead == pytest.approx(-np.log(3) / 10)
    assert rows["never", 50].lead == pytest.approx(np.log(np.arange(1, 121)).mean() / 10, abs=0.01)
    assert {row.splits for row in rows.values()} == {6}


def test_curves_are_compared_on_common_splits():
    few = {**curves(), ("k-NN", "fast"): curves()["k-NN", "fast"][:2]}
    cut = {names: curve[:2] for names, curve in curves().items()}
    rows, common = (
        {(r.strategy, r.budget): r for r in rows_of("made-up", one, RANDOM, OURS_BY_DEFAULT)}
        for one in (few, cut)
    )
    assert rows["fast", 50] == common["fast", 50]
    assert rows["fast", 50].splits == 2
    assert rows[DEFAULT, 50].splits == 6
    duels, common = (
        {(d.strategy, d.other): d for d in duels_of("made-up", one)} for one in (few, cut)
    )
    assert duels["fast", BASELINE] == common["fast", BASELINE]
    assert duels["never", DEFAULT] != common["never", DEFAULT]


def test_a_score_is_a_mean_over_a_few_budgets():
    curve = np.arange(20.0)
    assert score_with(curve, 10) == pytest.approx(curve[6:13].mean())
    assert labels_to(curve, 4.5) == 6
    assert score_with(curve, 1) == pytest.approx(curve[:4].mean())
    assert labels_to(curve, score_with(curve, 10)) == 10
    assert labels_to(curve, 99) == np.inf
    assert geometric_mean(np.array([2.0, 8.0])) == pytest.approx(4)
    assert geometric_mean(np.array([2.0, 0.0])) == 0


def test_a_duel_is_won_if_the_difference_is_significant():
    duels = {(d.strategy, d.other): d for d in duels_of("made-up", curves())}
    assert set(duels) == {
        ("fast", BASELINE),
        (BASELINE, "fast"),
        (DEFAULT, "never"),
        ("never", DEFAULT),
    }
    ahead, behind = duels["fast", BASELINE], duels[BASELINE, "fast"]
    assert ahead.is_won
    assert not behind.is_won
    assert ahead.gain == pytest.approx(np.log(3) / 10)
    assert ahead.gain_low <= ahead.gain <= ahead.gain_high
    even = {("k-NN", "one"): np.eye(6), ("k-NN", "two"): np.eye(6)[::-1]}
    assert not any(duel.is_won for duel in duels_of("made-up", even))


def test_the_report_names_every_curve(tmp_path):
    pytest.importorskip("matplotlib").use("agg")
    rows, duels = (
        rows_of("made-up", curves(), RANDOM, OURS_BY_DEFAULT),
        duels_of("made-up", curves()),
    )
    write_report(tmp_path / "README.md", rows, duels)
    text = (tmp_path / "README.md").read_text()
    assert "| never | spreading | 6 | never | 0.00 |" in text
    assert text.index("| fast | k-NN |") < text.index("| random | k-NN |")
    assert "| k-NN | fast | random |\n| --- | --- | --- |\n| fast |  | 1 |\n" in text
    assert "| never | 0 |  |" in text
    alone = [row for row in rows if row.strategy in (BASELINE, DEFAULT)]
    write_report(tmp_path / "README.md", [replace(row, task="alone") for row in alone] + rows, [])
    assert "alone" not in (tmp_path / "README.md").read_text()
    write_report(tmp_path / "README.md", alone, [])
    assert "made-up" in (tmp_path / "README.md").read_text()


def test_every_split_of_a_task_keeps_groups_together():
    task = digits()
    pool, held_out = task.splits(2)[1]
    assert len(np.intersect1d(pool, held_out)) == 0
    assert len(held_out) == pytest.approx(0.3 * len(task.y), abs=1)
    assert set(TASKS) >= {"digits", "fruits", "tweets", "questions"}
    assert next(iter(OURS)) == BASELINE
    assert list(CLASSIFIERS) == ["k-NN", "spreading"]


def test_the_default_of_the_comparison_is_that_of_the_learner():
    assert repr(default_classifier()) == repr(CLASSIFIERS[DEFAULT_CLASSIFIER])
    assert repr(default_strategy()) == repr(OURS[DEFAULT])
