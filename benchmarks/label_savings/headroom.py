"""The distance of the default strategy from an oracle that knows all labels.

The oracle is greedy. At each step several strategies propose candidates, it labels each of them in
turn, and it keeps the one with which the classifier predicts most labels of the pool correctly.
Reported scores are those of the held-out part, which it does not see. All loops have the default
classifier. The headroom is the difference between the oracle and random sampling.

The idea is that of the best-of-strategy selector (BoSS, arXiv 2603.13109).
"""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import clone

from benchmarks.label_savings.lineup import BASELINE, DEFAULT, OURS
from benchmarks.label_savings.savings import write_table
from benchmarks.label_savings.tasks import TASKS, Task
from skactive import ActiveLearner
from skactive.model_selection import compare_strategies

RESULTS = Path(__file__).parents[1] / "results" / "label_savings"
ON = ("digits", "questions")
BUDGET = 60
N_LABELS = (10, 20, 40, 60)
ORACLE = "oracle"

# The strategies that propose candidates, as many each; the first ones of a strategy's ranking.
PROPOSERS = (DEFAULT, "margin", "typi-clust", BASELINE)
N_CANDIDATES = 80

COLUMNS = ["task", "labels", BASELINE, DEFAULT, ORACLE, "share", "splits", "candidates"]


def best_candidate(learner: ActiveLearner, y: np.ndarray, n_candidates: int, seed: int) -> int:
    """Return the candidate whose label improves the predictions of the pool most.

    The learner is the same afterwards. Among equal candidates the first one is returned, in the
    order of `PROPOSERS`.
    """
    n_each = n_candidates // len(PROPOSERS)
    proposed = []
    for name in PROPOSERS:
        strategy = clone(OURS[name]).set_params(random_state=seed)
        proposed += strategy.select(learner.pool, n_each)[0].tolist()
    return max(dict.fromkeys(proposed), key=lambda one: n_right_with(learner, one, y))


def n_right_with(learner: ActiveLearner, candidate: int, y: np.ndarray) -> int:
    """Return how many samples of the pool are predicted correctly with one more label."""
    learner.teach([candidate], y[[candidate]])
    try:
        posterior = learner.pool.posterior(np.arange(len(y)))
        return int(np.sum(learner.classes_[posterior.argmax(axis=1)] == y))
    finally:
        learner.undo()


def oracle_curve(
    task: Task, pool: np.ndarray, held_out: np.ndarray, budget: int, n_candidates: int
) -> list[float]:
    """Return the accuracy of the oracle on the held-out part after each label."""
    learner = ActiveLearner(X_pool=task.X[pool])
    y, scores = task.y[pool], []
    for step in range(budget):
        best = best_candidate(learner, y, n_candidates, seed=step)
        learner.teach([best], y[[best]])
        scores.append(float(np.mean(learner.predict(task.X[held_out]) == task.y[held_out])))
    return scores


def curves_of(task: Task, options: argparse.Namespace) -> dict[str, np.ndarray]:
    """Return the curves of random sampling, the default and the oracle, over the same splits."""
    splits = task.splits(options.splits)
    comparison = compare_strategies(
        None,
        {name: OURS[name] for name in (BASELINE, DEFAULT)},
        task.X,
        task.y,
        budget=options.budget,
        cv=splits,
        random_state=0,
        n_jobs=options.jobs,
    )
    oracle = joblib.Parallel(n_jobs=options.jobs)(
        joblib.delayed(oracle_curve)(task, *split, options.budget, options.candidates)
        for split in splits
    )
    return {**dict(zip(comparison.names, comparison.test_scores, strict=True)), ORACLE: oracle}


def rows_of(name: str, curves: Mapping[str, np.ndarray], n_candidates: int) -> list[list[str]]:
    """Return a row for some numbers of labels, and one for the mean over all of them."""
    means = {strategy: np.mean(scores, axis=0) for strategy, scores in curves.items()}
    budget, n_splits = len(means[ORACLE]), len(curves[ORACLE])
    columns = {
        str(n): [float(one[n - 1]) for one in means.values()] for n in N_LABELS if n <= budget
    }
    columns[f"mean to {budget}"] = [float(one.mean()) for one in means.values()]
    rows = []
    for labels, values in columns.items():
        random, default, oracle = values
        share = f"{(default - random) / (oracle - random):.3f}" if oracle > random else ""
        shown = [f"{value:.4f}" for value in values]
        rows.append([name, labels, *shown, share, str(n_splits), str(n_candidates)])
    return rows


def table(rows: list[list[str]]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        f"| data set | labels | {BASELINE} | {DEFAULT} | {ORACLE} | share of the headroom |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, labels, *scores, share, _, _ in rows:
        cells = [name, labels, *[f"{100 * float(one):.1f} %" for one in scores]]
        lines.append(f"| {' | '.join(cells)} | {f'{100 * float(share):.0f} %' if share else ''} |")
    splits = " or ".join(sorted({row[-2] for row in rows}))
    candidates = " or ".join(sorted({row[-1] for row in rows}))
    lines += ["", f"Means of {splits} splits, with {candidates} candidates per step."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", metavar="task", help=f"of {', '.join(TASKS)}")
    parser.add_argument("--splits", type=int, default=4, help="repeats, each another split")
    parser.add_argument("--budget", type=int, default=BUDGET, help="labels per loop")
    parser.add_argument(
        "--candidates", type=int, default=N_CANDIDATES, help="candidates of the oracle per step"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    rows: list[list[str]] = []
    for name in options.tasks or ON:
        rows += rows_of(name, curves_of(TASKS[name](), options), options.candidates)
        print(table(rows), flush=True)
        write_table(options.results, "headroom", COLUMNS, rows, table(rows))


if __name__ == "__main__":
    main()
