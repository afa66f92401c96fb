"""Expected calibration error of the default learner, on every data set.

A learner with default parameters asks for labels one by one. Its class probabilities are compared
with the held-out labels: in ten bins of the largest probability, the error is the mean difference
between the probability and the share of correct predictions, weighted by the number of samples.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from benchmarks.assets import MissingAssetError
from benchmarks.label_savings.tasks import CHOSEN_ON, TASKS, Task
from skactive import ActiveLearner

RESULTS = Path(__file__).parents[1] / "results" / "label_savings" / "calibration.csv"
N_LABELS = (20, 50, 200)
N_BINS = 10
COLUMNS = ["task", "half", "labels", "accuracy", "confidence", "error", "splits"]


def calibration_error(probabilities: np.ndarray, is_right: np.ndarray) -> float:
    """Return the expected calibration error of predictions."""
    confidence = probabilities.max(axis=1)
    bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    differences = np.bincount(bins, confidence - is_right, minlength=N_BINS)
    return float(np.abs(differences).sum() / len(bins))


def measured(task: Task, n_splits: int) -> np.ndarray:
    """Return accuracy, mean confidence and calibration error, shape (n_splits, n_budgets, 3)."""
    found = np.empty((n_splits, len(N_LABELS), 3))
    for split, (pool, held_out) in enumerate(task.splits(n_splits)):
        learner = ActiveLearner(X_pool=task.X[pool])
        for place, n_labels in enumerate(N_LABELS):
            while len(learner.labeled) < n_labels:
                chosen = learner.query()
                learner.teach(chosen, task.y[pool[chosen]])
            probabilities = learner.predict_proba(task.X[held_out])
            is_right = learner.classes_[probabilities.argmax(axis=1)] == task.y[held_out]
            error = calibration_error(probabilities, is_right)
            found[split, place] = is_right.mean(), probabilities.max(axis=1).mean(), error
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", metavar="task", help=f"of {', '.join(TASKS)}")
    parser.add_argument("--splits", type=int, default=4, help="repeats, each another split")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file to write")
    options = parser.parse_args()
    rows: list[list[str]] = []
    for name in options.tasks or TASKS:
        try:
            task = TASKS[name]()
        except (MissingAssetError, ImportError) as error:
            print(f"{name} is left out: {error}")
            continue
        half = "chosen" if name in CHOSEN_ON else "confirmed"
        means = measured(task, options.splits).mean(axis=0)
        for n_labels, values in zip(N_LABELS, means, strict=True):
            shown = [f"{value:.3f}" for value in values]
            rows.append([name, half, str(n_labels), *shown, str(options.splits)])
            print(" ".join(rows[-1]), flush=True)
        with options.results.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
