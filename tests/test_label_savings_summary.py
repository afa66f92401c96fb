"""The table and the figure of the default, from rows with known savings."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.label_savings import summary
from benchmarks.label_savings.lineup import BASELINE, DEFAULT, DEFAULT_CLASSIFIER
from benchmarks.label_savings.savings import COLUMNS, Row, read_rows, write_rows
from benchmarks.label_savings.tasks import CHOSEN_ON, CONFIRMED_ON

# Not part of the package: the computation is the same on every Python version.
pytestmark = pytest.mark.once


def row(task, savings, *, budget=100, strategy=DEFAULT, worst=0.0):
    """A row of the default classifier with these savings."""
    return Row(
        task=task,
        classifier=DEFAULT_CLASSIFIER,
        strategy=strategy,
        budget=budget,
        score=0.75,
        labels=budget / savings if savings else np.inf,
        savings=savings,
        low=savings / 2,
        high=2 * savings,
        area=0.8,
        gain=0.05,
        gain_low=0.04,
        gain_high=0.06,
        worst=worst,
        lead=0.01,
        lead_low=0.0,
        lead_high=0.02,
        splits=16,
    )


ROWS = [
    row("letters", 2.0),
    row("digits", 8.0),
    row("pages", 4.0, worst=-0.012),
    row("emoji", 0.0),
    *[row(task, 5.0, budget=200) for task in ("letters", "digits", "pages")],
    row("emoji", 0.0, budget=200),
    row("digits", 50.0, strategy=BASELINE),
]
ERRORS = {"digits": 0.034, "emoji": 0.081}


def test_the_table_has_a_line_for_each_data_set_and_group():
    text = summary.table(ROWS, ERRORS)
    lines = text.splitlines()
    assert "| digits | chosen | 0.75 | 12 | 8.0 (4.0 to 16.0) | 40 | 0.03 | +5.0 | none |" in lines
    assert "| pages | chosen | 0.75 | 25 | 4.0 (2.0 to 8.0) | 40 |  | +5.0 | -1.2 |" in lines
    assert (
        "| emoji | confirmed | 0.75 | not reached | never | not reached | 0.08 | +5.0 | none |"
    ) in lines
    order = [text.index(f"| {task} |") for task in ("digits", "pages", "letters", "emoji")]
    assert order == sorted(order)
    eight = "| **first eight** | 2 data sets |  |  | **4.0**, 2.0 at worst (letters) |  "
    assert f"{eight}| at most 0.03 | +5.0 | none |" in lines
    assert "| **chosen** | 3 data sets |  |  | **4.0**, 2.0 at worst (letters) |" in text
    assert "behind random sampling with k-NN on pages." in text
    assert "means of 16 splits" in text


EARLIER = {"digits": 0.4, "none": 0.1}


def test_sentences_without_losses_and_without_confirmed_data_sets():
    text = summary.table(ROWS[:2], {})
    assert "Label savings are 4.0 in the geometric mean over 2 data sets; 2.0 at worst" in text
    assert "on none of them." in text


def test_the_figure_shows_every_data_set_in_the_order_of_the_savings():
    pytest.importorskip("matplotlib").use("agg")
    (axes,) = summary.draw(ROWS).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "emoji",
        "letters",
        "pages",
        "digits",
    ]
    points = {line.get_label(): line.get_xdata() for line in axes.lines}
    assert list(points["chosen, geometric mean 4.0"]) == [2, 4, 8]
    assert list(points["confirmed, geometric mean 0.0"]) == [axes.get_xlim()[0]]


def test_areas_are_compared_with_the_best_strategies_and_the_earlier_default():
    rivals = [
        replace(row("digits", 2.0, strategy=strategy), lead=lead, splits=2)
        for strategy, lead in [("margin", 0.02), ("badge", 0.03), ("modAL margin", 0.05)]
    ]
    area = {row.task: 100 * row.area for row in ROWS}["digits"]
    lines = summary.areas([*ROWS, *rivals], EARLIER).splitlines()
    assert lines[2:] == [
        (
            f"| digits | {area:.1f} | {area - 40:+.1f} | random with spreading, +1.0 (+0.0 to "
            "+2.0, 16 splits) | modAL margin with spreading, +5.0 (+0.0 to +2.0, 2 splits) |"
        ),
        f"| **mean** | | **{area - 40:+.1f}** | **+1.0** | **+5.0** |",
    ]


def test_the_command_reads_files_and_writes_the_page(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    rows = [*ROWS, row("digits", 2.0, strategy="modAL margin")]
    write_rows(tmp_path / "savings.csv", COLUMNS, rows)
    assert read_rows(tmp_path / "savings.csv") == rows
    monkeypatch.setattr(sys, "argv", ["summary", "--results", str(tmp_path)])
    (tmp_path / "version_0.1.csv").write_text("task,area\ndigits,0.4\n")
    summary.main()
    assert (tmp_path / "areas.md").read_text() == summary.areas(rows, EARLIER)
    assert (tmp_path / "default.md").read_text() == summary.table(rows, {})
    assert (tmp_path / "default.png").stat().st_size > 0
    (tmp_path / "calibration.csv").write_text(
        "task,half,labels,accuracy,confidence,error,splits\n"
        "digits,chosen,20,0.8,0.8,0.5,4\ndigits,chosen,50,0.8,0.8,0.034,4\n"
    )
    assert summary.read_errors(tmp_path / "calibration.csv") == {"digits": 0.034}


def test_every_data_set_is_in_one_half():
    assert {summary.half_of(task) for task in CHOSEN_ON} == {"chosen"}
    assert {summary.half_of(task) for task in CONFIRMED_ON} == {"confirmed"}
    assert "spam" in summary.GROUPS["first eight"]
    assert "glosses" not in summary.GROUPS["first eight"]
