"""A grid search over 27 weightings with 100 labels each, against the loop written plainly.

The search runs five folds of digits in two processes. The plain loop fits scikit-learn's
`KNeighborsClassifier` anew after each label, asks it about every candidate, and ranks density,
margin and mean distance by sorting; it is timed on one candidate and one fold, in turns with
`BudgetedClassifier` on the same.
"""

from itertools import product

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved, seconds
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct

BUDGET = 100
NAMES = ("uncertainty", "density", "diversity")
WEIGHTS = [dict(zip(NAMES, weights, strict=True)) for weights in product((0.5, 1.0, 2.0), repeat=3)]


def factor(utilities: np.ndarray) -> np.ndarray:
    """Return the share of candidates with a lower utility, 1 where all are equal."""
    if utilities.min() == utilities.max():
        return np.ones(len(utilities))
    return np.searchsorted(np.sort(utilities), utilities) / len(utilities)


def plain_loop(X: np.ndarray, y: np.ndarray) -> list[int]:
    """Play the loop with scikit-learn alone, and return what was asked."""
    similarity = 1 - pairwise_distances(X, metric="cosine")
    density, asked = similarity.mean(axis=1), [0]
    asked[0] = int(density.argmax())
    while len(asked) < BUDGET:
        candidates = np.setdiff1d(np.arange(len(X)), asked)
        knn = KNeighborsClassifier(min(5, len(asked)), metric="cosine", weights="distance")
        posterior = np.sort(knn.fit(X[asked], y[asked]).predict_proba(X[candidates]), axis=1)
        product_ = factor(density[candidates])
        if posterior.shape[1] > 1:
            product_ *= factor(1 - (posterior[:, -1] - posterior[:, -2]))
        distances = pairwise_distances(X[candidates], X[asked], metric="cosine").mean(axis=1)
        product_ *= factor(distances)
        asked.append(int(candidates[product_.argmax()]))
    return asked


def measure() -> list[Measurement]:
    X, y = load_digits(return_X_y=True)
    pool, labels = X[: len(X) * 4 // 5], y[: len(y) * 4 // 5]
    classifier = BudgetedClassifier(IncrementalKNeighborsClassifier(), CDFProduct(), budget=BUDGET)
    # Both ask about the same first sample, and about as many different ones.
    first = int(classifier.fit(pool, labels).query_indices_[0])
    asked = plain_loop(pool, labels)
    assert asked[0] == first
    assert len(set(asked)) == classifier.n_labeled_ == BUDGET
    times = interleaved(
        {
            "plain": lambda: plain_loop(pool, labels),
            "budgeted": lambda: classifier.fit(pool, labels),
        },
        5,
    )
    search = GridSearchCV(
        classifier, {"strategy__weights": WEIGHTS}, cv=5, n_jobs=2, error_score="raise"
    )
    wall = seconds(lambda: search.fit(X, y))
    assert len(search.cv_results_["params"]) == 27
    where = f"digits, {BUDGET} labels"
    return [
        measured(f"{where}: one fit of the plain loop", times["plain"]),
        measured(f"{where}: one fit of BudgetedClassifier", times["budgeted"]),
        measured(
            f"{where}: plain loop ÷ BudgetedClassifier",
            times["plain"] / times["budgeted"],
            "ratio",
        ),
        measured(f"{where}: GridSearchCV, 27 weightings × 5 folds, 2 processes", wall, at_most=90),
    ]
