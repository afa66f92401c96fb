"""Missing features that `FeatureAcquisition` selects, against others.

Of the features of the training samples 60 % are hidden, and of the test samples none, or 60 % too.
In rounds of 5 % of the missing entries, these are acquired: those of `FeatureAcquisition`, those
with the largest variance given the known features of the sample, whatever their effect on the
prediction, or random ones. The score is the accuracy of logistic regression or a random forest, or
for numbers R² of ridge regression or a forest, trained on the completed training samples: after 0
to 40 %, or its mean over 5 to 40 % (forest: 10, 20 and 40 %). Means of ten splits, of at most 200
training samples.
"""

from itertools import product
from pathlib import Path

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    load_wine,
    make_classification,
    make_regression,
)
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.report import Measurement, measured
from skactive._engine.normal_completion import NormalCompletion
from skactive.learner import FeatureAcquisition

RESULTS = Path(__file__).parent / "results"
N_SPLITS = 10
N_ROUNDS = 8
SHARE = 0.05
SHOWN = (0, 2, 4, 8)
HIDDEN = 0.6
NUMBERS = "five of 15 columns, numbers"
TASKS = ("breast cancer", "wine", "iris", "diabetes", "four of 20 columns", NUMBERS)
QUERIES = ("`FeatureAcquisition`", "largest variance", "random")


def samples_of(task: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the features and labels of a data set."""
    if task == "four of 20 columns":
        return make_classification(
            400,
            20,
            n_informative=4,
            n_redundant=0,
            n_clusters_per_class=1,
            class_sep=1.5,
            random_state=seed,
        )
    if task == NUMBERS:
        return make_regression(400, 15, n_informative=5, noise=50, random_state=seed)
    load = {
        "breast cancer": load_breast_cancer,
        "wine": load_wine,
        "iris": load_iris,
        "diabetes": load_diabetes,
    }[task]
    return load(return_X_y=True)


def queried(
    acquisition: FeatureAcquisition, queries: str, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the entries to acquire next."""
    if queries == QUERIES[0]:
        return acquisition.query(n)
    missing = np.argwhere(np.isnan(acquisition.X))
    if queries == "random":
        return rng.permutation(missing)[:n]
    _, variances = NormalCompletion(acquisition.X).complete(acquisition.X)
    return missing[np.argsort(-variances[tuple(missing.T)], kind="stable")[:n]]


def curves(task: str, queries: str, seed: int) -> np.ndarray:
    """Return the scores after each round.

    The columns are a linear model on complete test samples, the same on incomplete ones, and a
    forest on complete ones, which has no score in some rounds.
    """
    X, y = samples_of(task, seed)
    is_regression = task in {"diabetes", NUMBERS}
    X, X_test, y, y_test = train_test_split(
        X,
        y,
        train_size=min(200, len(X) // 2),
        random_state=seed,
        stratify=None if is_regression else y,
    )
    rng = np.random.default_rng(seed)
    start = np.where(rng.random(X.shape) < HIDDEN, np.nan, X)
    X_missing = np.where(rng.random(X_test.shape) < HIDDEN, np.nan, X_test)
    linear = make_pipeline(StandardScaler(), Ridge() if is_regression else LogisticRegression())
    forest = (RandomForestRegressor if is_regression else RandomForestClassifier)(
        30, random_state=seed
    )
    acquisition = FeatureAcquisition(start, y, estimator=linear)
    per_round = round(SHARE * acquisition.n_missing)
    scores = []
    for n in range(N_ROUNDS + 1):
        if n:
            entries = queried(acquisition, queries, per_round, rng)
            acquisition.teach(entries, X[tuple(entries.T)])
        completed = acquisition.X_completed
        linear.fit(completed, y)
        of_linear = [linear.score(one, y_test) for one in (X_test, acquisition.complete(X_missing))]
        is_shown = n in SHOWN
        of_forest = forest.fit(completed, y).score(X_test, y_test) if is_shown else np.nan
        scores.append([*of_linear, of_forest])
    return np.array(scores)


def measure() -> list[Measurement]:
    """Return the scores of each data set and kind of query, and write the means as a table."""
    header = [
        "data set",
        "entries",
        *(f"{n * SHARE:.0%} acquired" for n in SHOWN),
        "mean",
        "mean, incomplete test samples",
        "forest, mean",
    ]
    lines = ["| " + " | ".join(header) + " |", "| --- " * len(header) + "|"]
    measurements = []
    for task, queries in product(TASKS, QUERIES):
        runs = np.array([curves(task, queries, seed) for seed in range(N_SPLITS)])
        linear, means = runs[:, :, 0].mean(axis=0), np.nanmean(runs[:, 1:], axis=(0, 1))
        cells = [*(linear[n] for n in SHOWN), means[0], means[1], means[2]]
        lines.append(f"| {task} | {queries} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")
        print(lines[-1], flush=True)
        name = f"{task}, {queries}"
        measurements += [
            measured(f"{name}: score after {n * SHARE:.0%}", runs[:, n, 0], "") for n in SHOWN[1:]
        ]
    text = "\n".join(lines) + "\n"
    (RESULTS / "feature_acquisition.md").write_text(text, encoding="utf-8")
    return measurements
