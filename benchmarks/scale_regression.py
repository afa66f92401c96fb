"""One query for ten samples of 50,000 × 512 whose labels are numbers, against scikit-activeml.

The regressor is k-NN with the Euclidean metric and the default parameters, with 20 labels. Each
strategy starts with a new pool. The first ten samples of `GreedySampling` are those of
scikit-activeml's `GreedySamplingX`, and of `GreedySamplingTarget` with both spaces, which is
asserted on 1,000 of the samples before times are measured. `UncertaintyHerding`, the default
strategy, has another criterion than `GreedySamplingTarget`, with which it is compared.
scikit-activeml's strategies keep a matrix of n_candidates × n_samples distances, which exceeds the
memory of this machine (20 GB): they are measured on 5,000 samples, with time and memory multiplied
by 100, as both are quadratic. Memory is the peak of a new process without the features.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.report import Measurement, measured
from benchmarks.scale_peers import KIBIBYTE
from benchmarks.timing import seconds

N_SAMPLES = 50_000
N_FEW = 5_000
N_CHECKED = 1_000
N_FEATURES = 512
N_LABELED = 20
N_INSTANCES = 10
FACTOR = (N_SAMPLES / N_FEW) ** 2

Query = Callable[[np.ndarray, np.ndarray], np.ndarray]


def samples(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return samples in float32, and numbers that depend on ten of their features."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, N_FEATURES), dtype=np.float32)
    return X, X[:, :10].sum(axis=1, dtype=np.float64) + rng.normal(size=n)


def regressor() -> Any:
    from skactive.neighbors import IncrementalKNeighborsRegressor

    return IncrementalKNeighborsRegressor(metric="euclidean")


def ours(name: str, **params: Any) -> Query:
    """Return a query by one of our strategies, with a new pool."""
    from skactive import strategies
    from skactive.pool import Pool

    strategy = getattr(strategies, name)(**params)

    def query(X: np.ndarray, y: np.ndarray) -> np.ndarray:
        pool = Pool(X, estimator=regressor()).add_labels(np.arange(N_LABELED), y[:N_LABELED])
        return strategy.select(pool, N_INSTANCES)[0]

    return query


def theirs(name: str) -> Query:
    """Return a query by one of scikit-activeml's strategies."""
    from skactiveml import pool
    from skactiveml.regressor import SklearnRegressor

    strategy = getattr(pool, name)(random_state=0)

    def query(X: np.ndarray, y: np.ndarray) -> np.ndarray:
        known = np.full(len(X), np.nan)
        known[:N_LABELED] = y[:N_LABELED]
        takes = {"reg": SklearnRegressor(regressor())} if name == "GreedySamplingTarget" else {}
        return np.asarray(strategy.query(X, known, batch_size=N_INSTANCES, **takes))

    return query


def run(make: Callable[..., Query], name: str, params: dict[str, Any], n: int) -> tuple[float, ...]:
    """Return the seconds of a query and its peak memory in megabytes."""
    import resource

    X, y = samples(n)
    query = make(name, **params)
    # Imports and compilation at first use are not part of a query.
    query(X[:400].copy(), y[:400])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chosen: list[np.ndarray] = []
    taken = seconds(lambda: chosen.append(query(X, y)))
    assert len(np.unique(chosen[0])) == N_INSTANCES
    return taken, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * KIBIBYTE / 1e6


def in_a_process(*arguments: Any) -> tuple[float, ...]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(run, *arguments).result()


PAIRS = [
    ("GreedySampling", {"space": "x"}, "GreedySamplingX"),
    ("GreedySampling", {"space": "xy"}, "GreedySamplingTarget"),
    ("UncertaintyHerding", {}, "GreedySamplingTarget"),
]


def assert_equal_selections() -> None:
    """Raise unless both packages select the same samples."""
    X, y = samples(N_CHECKED)
    for name, params, their_name in PAIRS:
        if name == "GreedySampling":
            found = ours(name, **params)(X, y)
            np.testing.assert_array_equal(found, theirs(their_name)(X, y))


def measure() -> list[Measurement]:
    assert_equal_selections()
    peers = {name: in_a_process(theirs, name, {}, N_FEW) for name in {one for *_, one in PAIRS}}
    found = []
    for name, params, their_name in PAIRS:
        taken, megabytes = in_a_process(ours, name, params, N_SAMPLES)
        their_taken, their_megabytes = (FACTOR * one for one in peers[their_name])
        what = f"{name}{'' if not params else ' ' + repr(params['space'])}"
        against = f"scikit-activeml {their_name} ÷ {what}"
        found += [
            measured(f"{what}: one query", taken),
            measured(f"{against}: time", their_taken / taken, "ratio", at_least=10),
            measured(f"{against}: memory", their_megabytes / max(megabytes, 1), "ratio"),
        ]
    return found
