"""Labels saved and areas under labelling curves, of strategies on data sets, as tables."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.report import Measurement, measured
from skactive.model_selection import StrategyComparison

BASELINE = "random"
N_DRAWS = 2_000


class Row(NamedTuple):
    """The results of one strategy on one data set, with 95 % intervals over the splits.

    `area` is the mean height of the labelling curve, `gain` its difference from that of random
    selection. `savings` is the number of labels with which random selection reaches its last score
    divided by that of the strategy; NaN if the strategy does not reach it.
    """

    task: str
    estimator: str
    strategy: str
    splits: int
    area: float
    gain: float
    gain_low: float
    gain_high: float
    savings: float
    savings_low: float
    savings_high: float


Comparer = Callable[[str, str], StrategyComparison]


def rows_of(task: str, estimator: str, comparison: StrategyComparison) -> list[Row]:
    """Return a row for each strategy of a comparison."""
    areas = comparison.area_under_curve()
    gains = areas - areas[comparison.names.index(BASELINE)]
    n_splits = areas.shape[1]
    draws = np.random.default_rng(0).integers(n_splits, size=(N_DRAWS, n_splits))
    low, high = np.percentile(gains[:, draws].mean(axis=2), [2.5, 97.5], axis=1)
    savings = comparison.label_savings(None, baseline=BASELINE)
    return [
        Row(
            task,
            estimator,
            name,
            n_splits,
            *(
                round(float(value), 4)
                for value in (areas[place].mean(), gains[place].mean(), low[place], high[place])
            ),
            *(round(float(value), 3) for value in savings[place]),
        )
        for place, name in enumerate(comparison.names)
    ]


def all_rows(
    path: Path, tasks: Sequence[str], estimators: Sequence[str], compare: Comparer
) -> Iterator[Row]:
    """Yield the rows of each data set and estimator; those that are in the file are not computed.

    Parameters
    ----------
    path : Path
        The file of the rows. New ones are appended.
    tasks, estimators : sequences of str
        The names.
    compare : callable
        ``compare(task, estimator)`` returns a comparison.
    """
    known = read_rows(path)
    for estimator in estimators:
        for task in tasks:
            own = [row for row in known if (row.task, row.estimator) == (task, estimator)]
            if not own:
                own = rows_of(task, estimator, compare(task, estimator))
                append(path, own)
            yield from own


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a file, none if there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Row(
                row["task"],
                row["estimator"],
                row["strategy"],
                int(row["splits"]),
                *(float(row[name]) for name in Row._fields[4:]),
            )
            for row in csv.DictReader(file)
        ]


def append(path: Path, rows: Sequence[Row]) -> None:
    """Append rows to a file."""
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(Row._fields)
        writer.writerows(rows)


def markdown(rows: Sequence[Row], labels: Mapping[str, str]) -> str:
    """Return the tables of each estimator: areas, and label savings.

    Parameters
    ----------
    rows : sequence of Row
        The rows.
    labels : dict of str to str
        The text for each estimator.
    """
    parts = []
    for estimator, label in labels.items():
        own = [row for row in rows if row.estimator == estimator]
        interval = "and in brackets the 95 % interval"
        parts += [
            f"Area under the curve × 100 with {label}, {interval} of the gain over random:",
            _table(own, lambda row: row.area, _area),
            f"Label savings with {label}, {interval}:",
            _table(own, lambda row: row.savings, _savings),
        ]
    return "\n\n".join(parts) + "\n"


def _area(row: Row, *, is_best: bool) -> str:
    mean = f"{100 * row.area:.1f}"
    text = f"**{mean}**" if is_best else mean
    if row.strategy == BASELINE:
        return text
    return f"{text} ({100 * row.gain_low:+.1f} to {100 * row.gain_high:+.1f})"


def _savings(row: Row, *, is_best: bool) -> str:
    if np.isnan(row.savings):
        return "–"
    text = f"**{row.savings:.2f}**" if is_best else f"{row.savings:.2f}"
    if row.strategy == BASELINE:
        return text
    low, high = (
        "–" if np.isnan(end) else f"{end:.2f}" for end in (row.savings_low, row.savings_high)
    )
    return f"{text} ({low} to {high})"


def _table(rows: Sequence[Row], value: Callable[[Row], float], cell: Callable[..., str]) -> str:
    """Return a table with a row for each strategy; the largest value of each column is bold."""
    tasks = list(dict.fromkeys(row.task for row in rows))
    found: dict[tuple[str, str], Row] = {(row.strategy, row.task): row for row in rows}
    best: dict[str, Any] = {
        task: max(
            (row for row in rows if row.task == task),
            key=lambda row: -np.inf if np.isnan(value(row)) else value(row),
        ).strategy
        for task in tasks
    }
    lines = [
        f"| strategy | {' | '.join(tasks)} | mean |",
        f"| --- |{' ---: |' * (len(tasks) + 1)}",
    ]
    strategies = list(dict.fromkeys(row.strategy for row in rows))
    scale = 100 if cell is _area else 1
    for name in strategies:
        cells = [cell(found[name, task], is_best=best[task] == name) for task in tasks]
        values = np.array([value(found[name, task]) for task in tasks])
        mean = f"{scale * values.mean():.{1 if scale == 100 else 2}f}"
        lines.append(f"| {name} | {' | '.join(cells)} | {'–' if 'nan' in mean else mean} |")
    return "\n".join(lines)


def measurements(rows: Sequence[Row]) -> list[Measurement]:
    """Return the areas of each strategy over the data sets, for the page of all benchmarks."""
    areas: dict[str, list[float]] = {}
    for row in rows:
        areas.setdefault(f"{row.estimator}, {row.strategy}: area", []).append(row.area)
    return [measured(name, values, "") for name, values in areas.items()]
