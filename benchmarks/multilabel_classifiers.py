"""Classifiers of several labels with few answers: label spreading, ML-kNN and logistic regression.

Micro F1 on the test part of a split (70 % for the pool; three splits): the mean from the first to
the 80th answered sample, and with 80. Samples are selected at random or by `UncertaintyHerding` and
answered completely. Data sets as in the benchmark `multilabel`; their features are standardised.
"""

import warnings
from itertools import product
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.multilabel import TASKS, samples_of
from benchmarks.report import Measurement, measured
from skactive.model_selection import compare_strategies
from skactive.neighbors import IncrementalMultiLabelKNeighbors
from skactive.semi_supervised import IncrementalMultiLabelSpreading

RESULTS = Path(__file__).parent / "results"
CLASSIFIERS = {
    "label spreading (default)": IncrementalMultiLabelSpreading(metric="euclidean"),
    "ML-kNN": IncrementalMultiLabelKNeighbors(metric="euclidean"),
    "logistic regression of each label": OneVsRestClassifier(LogisticRegression(max_iter=500)),
}
STRATEGIES = ["random", "herding"]
BUDGET, N_SPLITS = 80, 3


def measure() -> list[Measurement]:
    """Return the areas and the last scores, and write their means as a table."""
    header = ["data set", "classifier"]
    header += [f"{what}, {name}" for what in ("mean", f"{BUDGET} samples") for name in STRATEGIES]
    lines = ["| " + " | ".join(header) + " |", "| --- " * len(header) + "|"]
    measurements = []
    for task, name in product(TASKS, CLASSIFIERS):
        X, Y = samples_of(task)
        with warnings.catch_warnings():
            # Labels that no sample of a pool has.
            warnings.simplefilter("ignore")
            comparison = compare_strategies(
                make_pipeline(StandardScaler(), CLASSIFIERS[name]),
                STRATEGIES,
                X,
                Y,
                budget=BUDGET,
                cv=ShuffleSplit(N_SPLITS, test_size=0.3, random_state=0),
                scoring="f1_micro",
                random_state=0,
            )
        areas, last = comparison.area_under_curve(), comparison.test_scores[:, :, -1]
        means = [f"{mean:.2f}" for mean in np.concatenate([areas, last]).mean(axis=1)]
        lines.append(f"| {task} | {name} | {' | '.join(means)} |")
        print(lines[-1], flush=True)
        for place, strategy in enumerate(STRATEGIES):
            what = f"{task}, {name}, {strategy}"
            measurements += [
                measured(f"{what}: mean micro F1", areas[place], ""),
                measured(f"{what}: micro F1 with {BUDGET} samples", last[place], ""),
            ]
    text = "\n".join(lines) + "\n"
    (RESULTS / "multilabel_classifiers.md").write_text(text, encoding="utf-8")
    return measurements
