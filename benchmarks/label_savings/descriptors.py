"""The built-in descriptors of photos and texts beside pretrained networks, in labels.

Loops of the default learner on photos of fruits and on questions: once with the vectors of
ImageDescriptor or TextDescriptor, which is fitted on the pool, and once with those of the
pretrained network. The targets are the scores that k-NN reaches with 100 random labels, on the
vectors of the network and on the same vectors.
"""

import argparse
import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.base import TransformerMixin

from benchmarks.assets import asset
from benchmarks.label_savings.lineup import BASELINE, CLASSIFIERS, DEFAULT, OURS
from benchmarks.label_savings.savings import labels_to, score_with, write_table
from benchmarks.label_savings.tasks import TASKS, Task
from skactive.embedding import ImageDescriptor, TextDescriptor
from skactive.model_selection import compare_strategies

RESULTS = Path(__file__).parents[1] / "results" / "label_savings"
N_LABELS = (10, 30, 100, 300)
BUDGET = 300
AT = 100

NETWORKS = {"fruits": "MobileNet", "questions": "Universal Sentence Encoder"}
COLUMNS = [
    *("task", "vectors", "features"),
    *(f"accuracy with {n}" for n in N_LABELS),
    *("area", "own target", "labels to own target", "labels to target of the network"),
    *("budget", "splits"),
]

Curves = dict[str, np.ndarray]


def photos() -> list[str]:
    """Return the paths of the photos of fruits, in the order of the recorded vectors."""
    recorded = asset("embeddings", "fruits_fresh_rotten_mobilenetv2.npz")
    folder = asset("data", "fruits_fresh_rotten")
    with np.load(recorded, allow_pickle=False) as file:
        return [str(folder / name) for name in file["files"]]


def question_texts() -> list[str]:
    """Return the questions, in the order of the recorded vectors."""
    with asset("data", "trec6", "data.csv").open(newline="", encoding="utf-8") as file:
        return [row["text"] for row in csv.DictReader(file)]


def described(
    transformer: TransformerMixin, samples: Sequence[str], task: Task, n_splits: int
) -> Iterator[tuple[Task, np.ndarray, np.ndarray]]:
    """Yield the vectors of each split, by a transformer that is fitted on the pool."""
    column = np.array(samples, dtype=object)
    for pool, held_out in task.splits(n_splits):
        X = transformer.fit(column[pool]).transform(column)
        yield Task(X, task.y), pool, held_out


def curves_on(
    splits: Iterator[tuple[Task, np.ndarray, np.ndarray]], budget: int, n_jobs: int
) -> tuple[Curves, int]:
    """Return the curves of the default and of random k-NN, and the number of features."""
    found: dict[str, list[np.ndarray]] = {DEFAULT: [], BASELINE: []}
    for task, pool, held_out in splits:
        for strategy, classifier in ((DEFAULT, None), (BASELINE, CLASSIFIERS["k-NN"])):
            comparison = compare_strategies(
                classifier,
                {strategy: OURS[strategy]},
                task.X,
                task.y,
                budget=budget,
                cv=[(pool, held_out)],
                random_state=0,
                n_jobs=n_jobs,
            )
            found[strategy].append(comparison.test_scores[0][0])
    return {name: np.array(curves) for name, curves in found.items()}, task.X.shape[1]


def row_of(
    name: str, vectors: str, n_features: int, curves: Curves, target_of_network: float
) -> list[str]:
    """Return the results with some vectors: accuracies, and the labels to both targets."""
    mean = curves[DEFAULT].mean(axis=0)
    own_target = score_with(curves[BASELINE].mean(axis=0), AT)
    return [
        *(name, vectors, str(n_features)),
        *(f"{mean[n - 1]:.4f}" if n <= len(mean) else "" for n in N_LABELS),
        *(f"{mean.mean():.4f}", f"{own_target:.4f}"),
        *(f"{labels_to(mean, target):.0f}" for target in (own_target, target_of_network)),
        *(str(size) for size in reversed(curves[DEFAULT].shape)),
    ]


def rows_of(
    name: str, transformer: TransformerMixin, samples: Sequence[str], options: argparse.Namespace
) -> list[list[str]]:
    """Return a row for the descriptor, and one for the network."""
    task = TASKS[name]()
    sources = {
        type(transformer).__name__: described(transformer, samples, task, options.splits),
        NETWORKS[name]: ((task, *split) for split in task.splits(options.splits)),
    }
    results = {
        vectors: curves_on(splits, options.budget, options.jobs)
        for vectors, splits in sources.items()
    }
    target = score_with(results[NETWORKS[name]][0][BASELINE].mean(axis=0), AT)
    return [
        row_of(name, vectors, n_features, curves, target)
        for vectors, (curves, n_features) in results.items()
    ]


def table(rows: list[list[str]]) -> str:
    """Return the rows as a Markdown table."""
    shown = [n for at, n in enumerate(N_LABELS) if all(row[3 + at] for row in rows)]
    heads = [
        *("data set", "vectors", "numbers", *(f"{n} labels" for n in shown)),
        *("mean", f"random k-NN, {AT} labels", "labels for it", "label savings"),
        "labels for that of the network",
    ]
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join(['---'] * len(heads))} |"]
    for name, vectors, n_features, *values, budget, _ in rows:
        *accuracies, area, own_target, to_own, to_network = values
        cells = [
            *(name, vectors, n_features, *(percent(one) for one in accuracies[: len(shown)])),
            *(percent(area), percent(own_target), reached(to_own, budget)),
            *("" if to_own == "inf" else f"{AT / float(to_own):.1f}", reached(to_network, budget)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    splits = " or ".join(sorted({row[-1] for row in rows}))
    lines += ["", f"Accuracies of the default learner, means of {splits} splits."]
    return "\n".join(lines) + "\n"


def percent(share: str) -> str:
    return f"{100 * float(share):.1f} %"


def reached(labels: str, budget: str) -> str:
    return f"over {budget}" if labels == "inf" else labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", metavar="task", help=f"of {', '.join(NETWORKS)}")
    parser.add_argument("--splits", type=int, default=4, help="repeats, each another split")
    parser.add_argument("--budget", type=int, default=BUDGET, help="labels per loop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        kinds = {
            "fruits": (ImageDescriptor(cache=folder), photos),
            "questions": (TextDescriptor(), question_texts),
        }
        for name in options.tasks or NETWORKS:
            transformer, samples = kinds[name]
            rows += rows_of(name, transformer, samples(), options)
            print(table(rows), flush=True)
            write_table(options.results, "descriptors", COLUMNS, rows, table(rows))


if __name__ == "__main__":
    main()
