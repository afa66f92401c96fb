"""Answers about one label of one sample, against answers about all labels of samples.

Macro F1 on the test part of a split (70 % for the pool; three splits) by the number of answers
about one label. `ActiveLearner.query_labels` selects questions about one label, or they are drawn
at random. A sample of which all labels are answered counts as many answers as there are labels; it
is selected by `UncertaintyHerding` or at random. Data sets as in the benchmark `multilabel`.
"""

from itertools import product
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score
from sklearn.model_selection import ShuffleSplit
from sklearn.preprocessing import StandardScaler

from benchmarks.multilabel import samples_of
from benchmarks.report import Measurement, measured
from skactive import ActiveLearner
from skactive.base import MultiLabelTarget
from skactive.neighbors import IncrementalMultiLabelKNeighbors
from skactive.semi_supervised import IncrementalMultiLabelSpreading

RESULTS = Path(__file__).parent / "results"
N_SPLITS = 3
TASKS = ("digits", "movies")
CLASSIFIERS = {
    "spreading": IncrementalMultiLabelSpreading(metric="euclidean"),
    "ML-kNN": IncrementalMultiLabelKNeighbors(metric="euclidean"),
}
QUERIES = (
    "one label, `query_labels`",
    "one label, random",
    "all labels, `herding`",
    "all labels, random",
)
COUNTS = (50, 100, 200, 300)


def curve(task: str, classifier: str, queries: str, seed: int) -> list[float]:
    """Return the macro F1 after each number of answers."""
    X, Y = samples_of(task)
    train, test = next(ShuffleSplit(1, train_size=0.7, random_state=seed).split(X))
    scaler = StandardScaler().fit(X[train])
    X_pool, X_test = scaler.transform(X[train]), scaler.transform(X[test])
    Y_pool, Y_test = Y[train], Y[test]
    n_labels = Y.shape[1]
    names = np.arange(n_labels).astype(str)
    target = MultiLabelTarget(names)
    learner = ActiveLearner(CLASSIFIERS[classifier], X_pool=X_pool, target=target)
    rng = np.random.default_rng(seed)
    rows, cells = rng.permutation(len(X_pool)), rng.permutation(Y_pool.size)
    scores: list[float] = []
    n_answers = 0
    for n in range(COUNTS[-1]):
        if queries.startswith("all labels"):
            i = int(learner.query()[0]) if "herding" in queries else int(rows[n])
            learner.teach([i], Y_pool[i : i + 1])
            n_answers += n_labels
        else:
            if queries.endswith("random"):
                i, k = divmod(int(cells[n]), n_labels)
            else:
                [(i, label)] = learner.query_labels()
                k = int(label)
            learner.teach(i, {names[k]: bool(Y_pool[i, k])})
            n_answers += 1
        while len(scores) < len(COUNTS) and n_answers >= COUNTS[len(scores)]:
            predicted = learner.predict(X_test)
            scores.append(f1_score(Y_test, predicted, average="macro", zero_division=0))
        if len(scores) == len(COUNTS):
            break
    return scores


def measure() -> list[Measurement]:
    """Return the macro F1 after each number of answers, and write the means as a table."""
    header = ["data set", "classifier", "answers about", *(f"{n} answers" for n in COUNTS)]
    lines = ["| " + " | ".join(header) + " |", "| --- " * len(header) + "|"]
    measurements = []
    for task, classifier, queries in product(TASKS, CLASSIFIERS, QUERIES):
        curves = np.array([curve(task, classifier, queries, seed) for seed in range(N_SPLITS)])
        means = [f"{mean:.2f}" for mean in curves.mean(axis=0)]
        lines.append(f"| {task} | {classifier} | {queries} | {' | '.join(means)} |")
        print(lines[-1], flush=True)
        measurements += [
            measured(f"{task}, {classifier}, {queries}: macro F1 after {n} answers", scores, "")
            for n, scores in zip(COUNTS, curves.T, strict=True)
        ]
    text = "\n".join(lines) + "\n"
    (RESULTS / "label_queries.md").write_text(text, encoding="utf-8")
    return measurements
