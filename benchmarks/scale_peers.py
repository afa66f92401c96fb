"""One query for ten samples of 50,000 × 512, against modAL's and scikit-activeml's strategies.

Each strategy starts with a new pool of unlabelled samples and 20 labels, or none (cold), so that
its time includes everything that it builds, like that of strategies that cache nothing between
queries. "Ours" is the strategy of the same name. modAL's cold query and its
`information_density`, and scikit-activeml's ProbCover and MaxHerding, need a matrix of
50,000 × 50,000 numbers, which exceeds the memory of this machine: those of modAL are measured on
10,000 samples, with time and memory multiplied by 25; the other two are left out. Memory is the
peak of a new process without the features.
"""

import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.labelled_pool import overlapping_classes
from benchmarks.report import Measurement, measured
from benchmarks.timing import seconds

N_SAMPLES = 50_000
N_FEATURES = 512
N_LABELED = 20
N_INSTANCES = 10
N_FEW = 10_000
KIBIBYTE = 2**10

Query = Callable[[np.ndarray, np.ndarray], np.ndarray]


def ours(name: str, n_labeled: int = N_LABELED) -> Query:
    """Return a query by one of our strategies, with a new pool."""
    from skactive import strategies
    from skactive.neighbors import IncrementalKNeighborsClassifier
    from skactive.pool import Pool

    strategy = getattr(strategies, name)()

    def query(X: np.ndarray, y: np.ndarray) -> np.ndarray:
        pool = Pool(X[n_labeled:], estimator=IncrementalKNeighborsClassifier())
        if n_labeled:
            pool.add_labeled(X[:n_labeled], y[:n_labeled])
        return strategy.select(pool, N_INSTANCES)[0]

    return query


def modal_ranked_batch(n_labeled: int, n_samples: int = N_SAMPLES) -> Query:
    from modAL.batch import uncertainty_batch_sampling

    from skactive.integrations.modal import ActiveLearner
    from skactive.neighbors import IncrementalKNeighborsClassifier

    def query(X: np.ndarray, y: np.ndarray) -> np.ndarray:
        known = (X[:n_labeled], y[:n_labeled]) if n_labeled else ()
        learner = ActiveLearner(
            IncrementalKNeighborsClassifier(), uncertainty_batch_sampling, *known
        )
        chosen = learner.query(X[n_labeled:n_samples], n_instances=N_INSTANCES, metric="cosine")[0]
        return np.asarray(chosen)

    return query


def modal_density() -> Query:
    from modAL.density import information_density

    def query(X: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.argsort(-information_density(X[:N_FEW], metric="cosine"))[:N_INSTANCES]

    return query


def our_density() -> Query:
    from skactive.measures import InformationDensity
    from skactive.pool import Pool

    def query(X: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.argsort(-InformationDensity().utilities(Pool(X)))[:N_INSTANCES]

    return query


def activeml(name: str) -> Query:
    """Return a query by one of scikit-activeml's strategies."""
    from skactiveml import pool as strategies
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.utils import MISSING_LABEL
    from sklearn.linear_model import LogisticRegression

    strategy = getattr(strategies, name)(random_state=0)

    def query(X: np.ndarray, y: np.ndarray) -> np.ndarray:
        known = np.full(len(X), MISSING_LABEL)
        known[:N_LABELED] = y[:N_LABELED]
        arguments = {"X": X, "y": known, "batch_size": N_INSTANCES}
        if name == "Badge":
            classifier = SklearnClassifier(LogisticRegression(), classes=np.unique(y))
            arguments |= {"clf": classifier}
        return np.asarray(strategy.query(**arguments))

    return query


def run(make: Callable[..., Query], *arguments: Any) -> tuple[float, float]:
    """Return the seconds of a query and its peak memory in megabytes."""
    X, y = overlapping_classes(N_SAMPLES, N_FEATURES)
    query = make(*arguments)
    # Imports and compilation at first use are not part of a query.
    query(X[: 20 * N_LABELED].copy(), y[: 20 * N_LABELED])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chosen: list[np.ndarray] = []
    taken = seconds(lambda: chosen.append(query(X, y)))
    assert len(np.unique(chosen[0])) == N_INSTANCES
    unit = 1 if sys.platform == "darwin" else KIBIBYTE
    return taken, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit / 1e6


def in_a_process(make: Callable[..., Query], *arguments: Any) -> tuple[float, float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(run, make, *arguments).result()


def measure() -> list[Measurement]:
    found = [
        *compared(
            "modAL ranked batch, cold",
            (modal_ranked_batch, 0, N_FEW),
            (ours, "RankedBatch", 0),
            factor=(N_SAMPLES / N_FEW) ** 2,
        ),
        *compared("modAL ranked batch", (modal_ranked_batch, N_LABELED), (ours, "RankedBatch")),
        *compared(
            "modAL information_density",
            (modal_density,),
            (our_density,),
            factor=(N_SAMPLES / N_FEW) ** 2,
        ),
        *compared("scikit-activeml TypiClust", (activeml, "TypiClust"), (ours, "TypiClust")),
        *compared("scikit-activeml BADGE", (activeml, "Badge"), (ours, "BADGE")),
        *compared(
            "scikit-activeml CoreSet", (activeml, "CoreSet"), (ours, "KCenterGreedy"), at_least=5
        ),
    ]
    for name in ("ProbCover", "UncertaintyHerding", "CDFProduct"):
        taken, megabytes = in_a_process(ours, name)
        found += [
            measured(f"our {name}", taken),
            measured(f"our {name}: memory", megabytes, "MB"),
        ]
    return found


def compared(
    name: str,
    theirs: tuple[Any, ...],
    own: tuple[Any, ...],
    *,
    factor: float = 1,
    at_least: float = 20,
) -> list[Measurement]:
    """Return the times of both, their ratio and the memory of both."""
    (slow, large), (fast, small) = in_a_process(*theirs), in_a_process(*own)
    return [
        measured(name, slow * factor),
        measured(f"{name}: ours", fast),
        measured(f"{name} ÷ ours", slow * factor / fast, "ratio", at_least=at_least),
        measured(f"{name}: memory", large * factor, "MB"),
        measured(f"{name}: memory of ours", small, "MB"),
    ]
