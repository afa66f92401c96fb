"""When to stop: errors of accuracy estimates, and results of stopping criteria."""

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from benchmarks.assets import MissingAssetError, asset
from skactive import ActiveLearner
from skactive.learner import ExpectedGain, StabilizedPredictions, SufficientAccuracy
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import CDFProduct, RandomSampling, UncertaintyHerding, UncertaintySampling

RESULTS = Path(__file__).parents[1] / "results" / "experiments"
N_SAMPLES, BUDGET, N_SEEDS = 3_000, 300, 8
CHECKED = (20, 30, 40, 50, 75, 100, 150, 200, 250, 300)
RECORDED = {
    "fruits": "fruits_fresh_rotten_mobilenetv2.npz",
    "trec": "trec6_use.npz",
}
NEIGHBORS, SPREADING = IncrementalKNeighborsClassifier(), IncrementalLabelSpreading()
LOOPS = {
    "k-NN, cdf-product": (NEIGHBORS, CDFProduct()),
    "k-NN, margin": (NEIGHBORS, UncertaintySampling()),
    "k-NN, random": (NEIGHBORS, RandomSampling()),
    "spreading, cdf-product": (SPREADING, CDFProduct()),
    "spreading, herding": (SPREADING, UncertaintyHerding()),
    "spreading, random": (SPREADING, RandomSampling()),
    "logistic regression, margin": (LogisticRegression(max_iter=200), UncertaintySampling()),
}
CRITERIA = [StabilizedPredictions(), ExpectedGain(), SufficientAccuracy(0.9)]


def samples(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return up to 3,000 samples, drawn at random."""
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        X = X / 16
    else:
        with np.load(asset("embeddings", RECORDED[name]), allow_pickle=True) as file:
            X, y = file["x"].astype(np.float32), file["y"]
    y = np.unique(y, return_inverse=True)[1]
    drawn = np.random.default_rng(seed).permutation(len(X))[: min(N_SAMPLES, int(0.9 * len(X)))]
    return X[drawn], y[drawn]


def true_accuracy(learner: ActiveLearner, y: np.ndarray) -> float:
    """Return the share of correct predictions among the remaining candidates."""
    left = learner.candidates
    posterior = learner.pool.posterior()
    return float(np.mean(learner.classes_[posterior.argmax(axis=1)] == y[left]))


def run(name: str, loop: str, seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the estimates at some numbers of labels, and the first stop of each criterion."""
    X, y = samples(name, seed)
    estimator, strategy = LOOPS[loop]
    strategy = clone(strategy).set_params(random_state=seed)
    learner = ActiveLearner(estimator, strategy, X, stopping=CRITERIA)
    key = {"data": name, "loop": loop, "seed": seed}
    estimates, stops = [], {}
    # Margins are not informative before several classes are known.
    first = np.random.default_rng(seed).permutation(len(X))[:5]
    if isinstance(strategy, UncertaintySampling):
        learner.teach(first, y[first])
    while len(learner.labeled) < BUDGET:
        indices = learner.query()
        learner.teach(indices, y[indices])
        n_labels = len(learner.labeled)
        if n_labels in CHECKED:
            estimate = learner.progress.accuracy
            if estimate is not None:
                estimates.append(
                    {
                        **key,
                        "n_labels": n_labels,
                        "true": round(true_accuracy(learner, y), 4),
                        "estimate": round(estimate.value, 4),
                        "lower": round(estimate.lower, 4),
                        "upper": round(estimate.upper, 4),
                    }
                )
        if n_labels % 10 == 0:
            for verdict in learner.progress.verdicts:
                if verdict.stop and verdict.criterion not in stops:
                    stops[verdict.criterion] = (n_labels, round(true_accuracy(learner, y), 4))
    at_end = round(true_accuracy(learner, y), 4)
    rows = [
        {
            **key,
            "criterion": type(one).__name__,
            "stopped_at": stops.get(type(one).__name__, ("", ""))[0],
            "accuracy_then": stops.get(type(one).__name__, ("", ""))[1],
            f"accuracy_at_{BUDGET}": at_end,
        }
        for one in CRITERIA
    ]
    return estimates, rows


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """Write rows to a CSV file."""
    with (RESULTS / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def groups(rows: list[dict[str, Any]], *names: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Return groups of rows that are equal in the named columns, in order of appearance."""
    for key in dict.fromkeys(tuple(row[name] for name in names) for row in rows):
        yield ", ".join(key), [row for row in rows if tuple(row[name] for name in names) == key]


def estimate_summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the errors of the estimates for each data set and loop, then for all."""
    summary = []
    for name, some in [*groups(rows, "data", "loop"), ("all", rows)]:
        off = np.array([row["estimate"] - row["true"] for row in some])
        later = np.array([row["n_labels"] >= 100 for row in some])
        summary.append(
            {
                "case": name,
                "n": len(some),
                "bias_to_75_labels": round(float(off[~later].mean()), 3),
                "bias_from_100_labels": round(float(off[later].mean()), 3),
                "mean_absolute_error": round(float(np.abs(off).mean()), 3),
                "true_below_lower": round(
                    float(np.mean([row["true"] < row["lower"] for row in some])), 4
                ),
                "true_above_upper": round(
                    float(np.mean([row["true"] > row["upper"] for row in some])), 4
                ),
                "mean_width": round(float(np.mean([r["upper"] - r["lower"] for r in some])), 3),
            }
        )
    return summary


def stop_summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the number of labels at which each criterion stops, and the accuracy it gives up."""
    summary = []
    for name, some in groups(rows, "data", "loop", "criterion"):
        stopped = [row for row in some if row["stopped_at"] != ""]
        given_up = [row[f"accuracy_at_{BUDGET}"] - row["accuracy_then"] for row in stopped]
        summary.append(
            {
                "case": name,
                "stopped": f"{len(stopped)} of {len(some)}",
                "median_labels": (
                    int(np.median([row["stopped_at"] for row in stopped])) if stopped else ""
                ),
                "accuracy_then": (
                    round(float(np.mean([row["accuracy_then"] for row in stopped])), 3)
                    if stopped
                    else ""
                ),
                "given_up": round(float(np.mean(given_up)), 3) if stopped else "",
            }
        )
    return summary


def main() -> None:
    """Run all loops, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments.stopping")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    jobs = parser.parse_args().jobs
    try:
        outcomes = Parallel(n_jobs=jobs)(
            delayed(run)(name, loop, seed)
            for name in ("digits", *RECORDED)
            for loop in LOOPS
            for seed in range(N_SEEDS)
        )
    except MissingAssetError as error:
        sys.exit(str(error))
    estimates = estimate_summary([row for rows, _ in outcomes for row in rows])
    stops = stop_summary([row for _, rows in outcomes for row in rows])
    write("stopping_estimates.csv", estimates)
    write("stopping_criteria.csv", stops)
    for row in [*estimates, *stops]:
        print(*row.values(), sep="  ")


if __name__ == "__main__":
    main()
