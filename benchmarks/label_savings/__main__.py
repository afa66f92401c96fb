"""Run the strategies on every data set, and write the label savings.

Random sampling and the default run on all data sets, the other strategies on the line-up of each,
over fewer splits: these are the first ones of the former, and comparisons use common splits only.
Finished loops are kept, so that an interrupted run continues.
"""

import argparse
import csv
import os
from pathlib import Path

import numpy as np

from benchmarks.assets import MissingAssetError
from benchmarks.label_savings.lineup import BASELINE, CLASSIFIERS, DEFAULT, DEFAULT_CLASSIFIER
from benchmarks.label_savings.peers import LINEUPS, STRATEGIES
from benchmarks.label_savings.report import write_report
from benchmarks.label_savings.savings import (
    COLUMNS,
    DUEL_COLUMNS,
    Curves,
    Duel,
    Row,
    duels_of,
    rows_of,
    write_rows,
)
from benchmarks.label_savings.tasks import TASKS, Task
from skactive.model_selection import compare_strategies

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "label_savings"
WORK = ROOT / "build" / "label_savings"


def main() -> None:
    options = arguments()
    options.results.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    duels: list[Duel] = []
    for name in options.tasks:
        try:
            task = TASKS[name]()
        except (MissingAssetError, ImportError) as error:
            print(f"{name} is left out: {error}")
            continue
        print(f"\n{name}: {TASKS[name].__doc__}")
        curves = curves_of(task, options)
        baseline = (next(iter(CLASSIFIERS)), BASELINE)
        rows += rows_of(name, curves, baseline, (DEFAULT_CLASSIFIER, DEFAULT))
        duels += duels_of(name, curves)
        write_curves(options.results / f"{name}.csv", curves)
        write_rows(options.results / "savings.csv", COLUMNS, rows)
        write_rows(options.results / "wins.csv", DUEL_COLUMNS, duels)
        write_report(options.results / "README.md", rows, duels)


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.label_savings", description=__doc__)
    parser.add_argument("tasks", nargs="*", metavar="task", help=f"of {', '.join(TASKS)}")
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), choices=STRATEGIES)
    parser.add_argument("--splits", type=int, default=16, help="repeats, each a split and a seed")
    parser.add_argument(
        "--strategy-splits",
        type=int,
        default=4,
        help="the same for all strategies but random sampling and the default; 0 leaves them out",
    )
    parser.add_argument("--budget", type=int, default=300, help="labels per loop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of finished loops")
    options = parser.parse_args()
    options.tasks = options.tasks or list(TASKS)
    if unknown := sorted(set(options.tasks) - set(TASKS)):
        parser.error(f"Unknown task {unknown[0]!r}. Hint: choose from {', '.join(TASKS)}.")
    options.strategies = list(dict.fromkeys([BASELINE, DEFAULT, *options.strategies]))
    return options


def curves_of(task: Task, options: argparse.Namespace) -> Curves:
    """Return the labelling curves of all classifiers and strategies."""
    n_splits: dict[str, int] = {
        one: options.splits if one in (BASELINE, DEFAULT) else options.strategy_splits
        for one in options.strategies
        if one in LINEUPS[task.lineup]
    }
    curves = {}
    for name, classifier in CLASSIFIERS.items():
        for n in sorted(set(n_splits.values()) - {0}, reverse=True):
            comparison = compare_strategies(
                classifier,
                {one: STRATEGIES[one] for one, own in n_splits.items() if own == n},
                task.X,
                task.y,
                budget=options.budget,
                cv=task.splits(n),
                random_state=0,
                n_jobs=options.jobs,
                memory=options.work,
                progress=True,
            )
            for strategy, scores in zip(comparison.names, comparison.test_scores, strict=True):
                curves[name, strategy] = scores
    return curves


def write_curves(path: Path, curves: Curves) -> None:
    """Write the mean curves, a row for each number of labels."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["labels", *[f"{strategy} ({classifier})" for classifier, strategy in curves]]
        )
        means = np.array([curve.mean(axis=0) for curve in curves.values()]).T
        for place, values in enumerate(means):
            writer.writerow([place + 1, *[f"{value:.4f}" for value in values]])


if __name__ == "__main__":
    main()
