"""Wrong labels that `label_issues` finds among the taught ones.

Loops of 200 answers by `ActiveLearner` with its default classifier, on 1,700 samples drawn at
random, for each of five seeds. A part of all answers is replaced by another class, drawn at random.
The precision is the share of wrong labels among the k issues reported first, where k is the number
of wrong labels: it is then also the share of the wrong labels that is found. Issues missing from
the report count as misses.

Three scores sort the same labels. Each uses predictions without the sample's own label: the
probability of the given label by the classifier (`label_issues`), this probability less that of the
best other class, and the probability of the given label by the vote of the ten nearest labelled
samples. The first is best on average, and `label_issues` uses it. If issues were drawn at random,
the precision would be the rate of wrong labels.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.assets import asset
from benchmarks.report import Measurement, measured
from skactive import ActiveLearner
from skactive.learner._label_issues import vote_of_others
from skactive.strategies import QueryStrategy, RandomSampling

N_SAMPLES, N_LABELS, N_SEEDS = 1_700, 200, 5
BATCH = 5
RATES = (0.05, 0.10)
RECORDED = {
    "photos": "fruits_fresh_rotten_mobilenetv2.npz",
    "questions": "trec6_use.npz",
}
SHIPPED = "label_issues"
SCORES = (SHIPPED, "margin", "vote of ten")


def samples(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return samples drawn at random, and their classes as integers."""
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        X = (X / 16).astype(np.float32)
    else:
        with np.load(asset("embeddings", RECORDED[name]), allow_pickle=True) as file:
            X, y = file["x"].astype(np.float32), file["y"]
    y = np.unique(y, return_inverse=True)[1]
    drawn = np.random.default_rng(seed).permutation(len(X))[:N_SAMPLES]
    return X[drawn], y[drawn]


def with_errors(y: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Return labels of which a part is replaced by another class."""
    rng = np.random.default_rng(seed)
    n_classes = int(y.max()) + 1
    others = (y + rng.integers(1, n_classes, len(y))) % n_classes
    return np.where(rng.random(len(y)) < rate, others, y)


def taught(X: np.ndarray, answers: np.ndarray, strategy: QueryStrategy | None) -> ActiveLearner:
    """Return a learner after a labelling loop."""
    learner = ActiveLearner(strategy=strategy, X_pool=X)
    while learner.pool.n_labeled < N_LABELS:
        indices = learner.query(BATCH)
        learner.teach(indices, answers[indices])
    return learner


def precisions(learner: ActiveLearner, y: np.ndarray) -> dict[str, float]:
    """Return the share of wrong labels among the first k issues by each score."""
    labeled = learner.labeled
    codes = np.searchsorted(learner.classes_, learner.labels)
    wrong = learner.labels != y[labeled]
    k, rows = int(wrong.sum()), np.arange(len(codes))
    held_out = learner.pool.posterior_source.held_out()
    others = held_out.copy()
    others[rows, codes] = -1
    scores = {
        "margin": held_out[rows, codes] - others.max(axis=1),
        "vote of ten": vote_of_others(learner.pool)[rows, codes],
    }
    found = np.isin(learner.label_issues().indices[:k], labeled[wrong])
    return {SHIPPED: found.sum() / k} | {
        name: float(wrong[np.argsort(score, kind="stable")[:k]].mean())
        for name, score in scores.items()
    }


def loops(name: str, rate: float, *, is_random: bool) -> Iterator[dict[str, float]]:
    """Yield the precisions of one loop for each seed."""
    for seed in range(N_SEEDS):
        X, y = samples(name, seed)
        strategy = RandomSampling(random_state=seed) if is_random else None
        yield precisions(taught(X, with_errors(y, rate, seed), strategy), y)


def measure() -> list[Measurement]:
    """Return the precision of each score on each data set, and the means of all."""
    results, found = [], {score: [] for score in SCORES}
    for name in ("digits", *RECORDED):
        for is_random in (False, True):
            for rate in RATES:
                rows = list(loops(name, rate, is_random=is_random))
                strategy = "random" if is_random else "herding"
                for score in SCORES:
                    values = [100 * row[score] for row in rows]
                    found[score] += values
                    about = f"{name}, {strategy}, {rate:.0%} wrong: {score}"
                    results.append(measured(about, values, "%"))
    results += [
        measured(f"mean of all loops: {score}", float(np.mean(values)), "%")
        for score, values in found.items()
    ]
    return results
