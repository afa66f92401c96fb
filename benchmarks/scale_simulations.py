"""Many simulated loops, against the same loops written with modAL and scikit-learn.

The article's experiment: 5,421 photos of fruits, 16 repeats, one photo in ten held out, 300 labels
queried one by one by `CDFProduct` and at random, accuracy after each. The plain loop is modAL's
learner around `KNeighborsClassifier`: the labelled samples are stacked, the classifier is refitted
(as in modAL's `teach`, where scikit-learn still allows it) and predicts all candidates, and
density, margin and mean distance are ranked by sorting. One repeat of it is timed and counts 16
times.

The grid search: 100 weightings of `CDFProduct` on digits, five folds, 100 labels each, against the
same loop as a hand-written estimator. Two candidates of that are timed and count 50 times.

Both plain loops keep the density between queries, an optimisation that has to be written by hand.
In the lines with "density recomputed" each query computes it again for its candidates, like a query
strategy that calls modAL's `information_density(X_pool)`: one such call is timed and counts once
per query. All loops run in one process and one thread except where two processes are named.
"""

from functools import partial
from unittest.mock import patch

import numpy as np
from modAL.density import information_density
from modAL.models import ActiveLearner as ModalLearner
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from benchmarks.assets import asset
from benchmarks.experiments.splits import naive_splits
from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved, seconds
from skactive._engine.cache import LOOP_CACHE
from skactive.model_selection import BudgetedClassifier, StrategyComparison, compare_strategies
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import CDFProduct, RandomSampling, TypiClust, UncertaintyHerding

FRUITS = "fruits_fresh_rotten_mobilenetv2.npz"
N_REPEATS, N_LABELS = 16, 300
STRATEGIES = {"active": CDFProduct(), "random": RandomSampling()}
BUDGET, N_FOLDS, N_CANDIDATES, N_PLAIN = 100, 5, 100, 2
NAMES = ("uncertainty", "density", "diversity")
# Tolerance for mean curves and means over folds: rounding may decide a query.
SAME_CURVE = 0.02


def factor(utilities: np.ndarray) -> np.ndarray:
    """Return the share of candidates with a lower utility, 1 where all are equal."""
    if utilities.min() == utilities.max():
        return np.ones(len(utilities))
    return np.searchsorted(np.sort(utilities), utilities) / len(utilities)


def mean_cosine(X: np.ndarray) -> np.ndarray:
    return (1 - pairwise_distances(X, metric="cosine")).mean(axis=1)


def neighbors(n_labeled: int) -> KNeighborsClassifier:
    return KNeighborsClassifier(min(5, n_labeled), metric="cosine", weights="distance")


def plain_product(
    classifier: KNeighborsClassifier,
    X_pool: np.ndarray,
    X_labeled: np.ndarray,
    density: np.ndarray,
    weights: tuple[float, ...] = (1.0, 1.0, 1.0),
) -> int:
    """Return the candidate with the largest product of ranks."""
    posterior = np.sort(classifier.predict_proba(X_pool), axis=1)
    if posterior.shape[1] > 1:
        # The same number of digits as in skactive.
        uncertainty = np.round(1 - (posterior[:, -1] - posterior[:, -2]), 12)
    else:
        uncertainty = np.ones(len(X_pool))
    diversity = pairwise_distances(X_pool, X_labeled, metric="cosine").mean(axis=1)
    measures = zip((uncertainty, density, diversity), weights, strict=True)
    return int(np.prod([factor(values) ** weight for values, weight in measures], axis=0).argmax())


def modals_loop(
    X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray, *, active: bool
) -> list[float]:
    """Run one repeat with modAL's learner, and return the accuracies."""
    density = mean_cosine(X) if active else np.empty(len(X))
    drawn = np.random.default_rng(0).permutation(len(X))
    left, selected, scores = np.arange(len(X)), [], []

    def query_strategy(learner: ModalLearner, X_pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = plain_product(learner.estimator, X_pool, learner.X_training, density[left])
        return np.array([place]), X_pool[[place]]

    learner, X_pool = None, X
    for label in range(N_LABELS):
        if not active:
            place = int(np.searchsorted(left, drawn[label]))
        elif learner is None:
            place = int(density.argmax())
        else:
            place = int(learner.query(X_pool)[0][0])
        selected.append(int(left[place]))
        left = np.delete(left, place)
        X_pool = np.delete(X_pool, place, axis=0)
        learner = ModalLearner(neighbors(len(selected)), query_strategy, X[selected], y[selected])
        scores.append(learner.score(X_test, y_test))
    return scores


def ours(
    X: np.ndarray, y: np.ndarray, splits: list, n_jobs: int | None = None
) -> StrategyComparison:
    return compare_strategies(
        IncrementalKNeighborsClassifier(),
        STRATEGIES,
        X,
        y,
        budget=N_LABELS,
        cv=splits,
        random_state=0,
        n_jobs=n_jobs,
    )


def measure_fruits() -> list[Measurement]:
    embedded = np.load(asset("embeddings", FRUITS))
    X, y = embedded["x"].astype(np.float32), embedded["y"]
    splits = naive_splits(y, N_REPEATS)
    train, test = splits[0]
    plain_scores, plain_times = {}, {}
    for name in STRATEGIES:
        loop = partial(modals_loop, X[train], y[train], X[test], y[test], active=name == "active")
        plain_times[name] = seconds(lambda: plain_scores.update({name: loop()}))  # noqa: B023
    middle = X[train][: len(train) - N_LABELS // 2]
    anew = seconds(lambda: information_density(middle, "cosine"))
    one = ours(X, y, splits[:1])
    # Only the active curve is comparable: random sampling draws other samples.
    active = np.array(plain_scores["active"])
    assert np.abs(one.test_scores[0, 0] - active).mean() < SAME_CURVE
    assert abs(one.test_scores[0, 0].mean() - active.mean()) < SAME_CURVE / 2
    whole = seconds(lambda: ours(X, y, splits))
    in_two = seconds(lambda: ours(X, y, splits, n_jobs=2))
    plain = N_REPEATS * sum(plain_times.values())
    plain_anew = plain + N_REPEATS * N_LABELS * anew
    where = f"fruits, {N_REPEATS} × {N_LABELS} labels × 2"
    return [
        measured("fruits: modAL's loop, one repeat, active", plain_times["active"]),
        measured("fruits: modAL's loop, one repeat, random", plain_times["random"]),
        measured("fruits: modAL's information_density, once", anew),
        measured(f"{where}: compare_strategies", whole),
        measured(f"{where}: compare_strategies, 2 processes", in_two),
        measured(f"{where}: modAL's loop ÷ ours", plain / whole, "ratio", at_least=100),
        measured(
            f"{where}: modAL's loop, density recomputed ÷ ours",
            plain_anew / whole,
            "ratio",
            at_least=100,
        ),
        measured(f"{where}: modAL's loop ÷ ours in 2 processes", plain / in_two, "ratio"),
        *measure_shared(X, y, splits[:2]),
    ]


def measure_shared(X: np.ndarray, y: np.ndarray, splits: list) -> list[Measurement]:
    """Measure the effect of sharing where a split has a graph."""
    strategies = {
        "herding": UncertaintyHerding(),
        "no uncertainty": UncertaintyHerding(None),
        "typiclust": TypiClust(),
        "random": RandomSampling(),
    }

    def run() -> np.ndarray:
        LOOP_CACHE.clear()
        return compare_strategies(
            IncrementalLabelSpreading(), strategies, X, y, budget=50, cv=splits, random_state=0
        ).test_scores

    def run_alone() -> np.ndarray:
        with patch.object(LOOP_CACHE, "share", 0.0):
            return run()

    np.testing.assert_array_equal(run(), run_alone())
    times = interleaved({"alone": run_alone, "shared": run}, 3, warm_up=0)
    where = "fruits, label spreading, 4 strategies × 2 splits × 50 labels"
    return [
        measured(f"{where}: compare_strategies", times["shared"]),
        measured(f"{where}: without ÷ with sharing", times["alone"] / times["shared"], "ratio"),
    ]


class PlainLoop(ClassifierMixin, BaseEstimator):
    """The loop as an estimator that refits the classifier after each label."""

    def __init__(self, weights: dict[str, float] | None = None) -> None:
        self.weights = weights

    def fit(self, X: np.ndarray, y: np.ndarray) -> "PlainLoop":
        weights = tuple((self.weights or {}).get(name, 1.0) for name in NAMES)
        density = mean_cosine(X)
        selected = [int(density.argmax())]
        left = np.delete(np.arange(len(X)), selected[0])
        while len(selected) < BUDGET:
            fitted = neighbors(len(selected)).fit(X[selected], y[selected])
            place = plain_product(fitted, X[left], X[selected], density[left], weights)
            selected.append(int(left[place]))
            left = np.delete(left, place)
        self.classes_ = np.unique(y)
        self.selected_ = selected
        self.fitted_ = neighbors(len(selected)).fit(X[selected], y[selected])
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.fitted_.predict(X))


def measure_grid() -> list[Measurement]:
    X, y = load_digits(return_X_y=True)
    random = np.random.default_rng(0)
    drawn = np.exp2(random.uniform(-1, 1, size=(N_CANDIDATES, len(NAMES)))).round(3).tolist()
    weights = [dict(zip(NAMES, one, strict=True)) for one in drawn]
    budgeted = BudgetedClassifier(IncrementalKNeighborsClassifier(), CDFProduct(), budget=BUDGET)
    kwargs = {"cv": StratifiedKFold(N_FOLDS), "refit": False, "error_score": "raise"}
    grid = GridSearchCV(budgeted, {"strategy__weights": weights}, **kwargs)
    grid_in_two = GridSearchCV(budgeted, {"strategy__weights": weights}, n_jobs=2, **kwargs)
    plain_grid = GridSearchCV(PlainLoop(), {"weights": weights[:N_PLAIN]}, **kwargs)
    selected = PlainLoop(weights[0]).fit(X, y).selected_
    budgeted.set_params(strategy__weights=weights[0]).fit(X, y)
    same = np.array(selected) == budgeted.query_indices_
    assert same[:10].all()
    few = seconds(lambda: plain_grid.fit(X, y))
    n_middle = len(X) * (N_FOLDS - 1) // N_FOLDS - BUDGET // 2
    anew = seconds(lambda: information_density(X[:n_middle], "cosine"))
    whole = seconds(lambda: grid.fit(X, y))
    in_two = seconds(lambda: grid_in_two.fit(X, y))
    theirs = plain_grid.cv_results_["mean_test_score"]
    np.testing.assert_allclose(
        grid.cv_results_["mean_test_score"][:N_PLAIN], theirs, atol=SAME_CURVE
    )
    plain = few * N_CANDIDATES / N_PLAIN
    plain_anew = plain + N_CANDIDATES * N_FOLDS * BUDGET * anew
    where = f"digits, GridSearchCV, {N_CANDIDATES} weightings × {N_FOLDS} folds × {BUDGET} labels"
    return [
        measured(f"digits, {N_PLAIN} weightings: plain loop", few),
        measured("digits: modAL's information_density, once", anew),
        measured(f"{where}: BudgetedClassifier", whole),
        measured(f"{where}: BudgetedClassifier, 2 processes", in_two),
        measured(f"{where}: plain loop ÷ ours", plain / whole, "ratio", at_least=50),
        measured(
            f"{where}: plain loop, density recomputed ÷ ours",
            plain_anew / whole,
            "ratio",
            at_least=50,
        ),
        measured(f"{where}: plain loop ÷ ours in 2 processes", plain / in_two, "ratio"),
    ]


def measure() -> list[Measurement]:
    with threadpool_limits(1):
        return [*measure_fruits(), *measure_grid()]
