"""One query for ten samples of 50,000 × 512, against modAL's and scikit-activeml's strategies.

Every strategy meets a pool of unlabelled samples with 20 labels beside them for the first time, so
that all that it builds is part of its time, as it is for those that keep nothing from one query to
the next. Ours is the strategy of the same name; modAL's `information_density` and scikit-activeml's
ProbCover and MaxHerding hold 50,000 × 50,000 numbers, which is more memory than there is here: they
are left out, and `information_density` is timed on 10,000 samples and multiplied by 25. Memory is
the peak that a fresh process has beside the features.
"""

import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from benchmarks.labelled_pool import overlapping_classes
from benchmarks.report import Measurement, measured
from benchmarks.timing import seconds

N_SAMPLES = 50_000
N_FEATURES = 512
N_LABELED = 20
N_INSTANCES = 10
N_DENSITY = 10_000
KIBIBYTE = 2**10

Query = Callable[[np.ndarray, np.ndarray], np.ndarray]


def ours(name: str) -> Query:
    """Return a query by one of our strategies, on a pool made for it."""
    from skactive import strategies
    from skactive.neighbors import IncrementalKNeighborsClassifier
    from skactive.pool import Pool

    strategy = getattr(strategies, name)()

    def query(X: np.ndarray, y: np.ndarray) -> np.ndarray:
        pool = Pool(
            X[N_LABELED:],
            estimator=IncrementalKNeighborsClassifier(),
            X_labeled=X[:N_LABELED],
            y_labeled=y[:N_LABELED],
        )
        return strategy.select(pool, N_INSTANCES)[0]

    return query


def modal_ranked_batch() -> Query:
    from modAL.batch import uncertainty_batch_sampling

    from skactive.integrations.modal import ActiveLearner
    from skactive.neighbors import IncrementalKNeighborsClassifier

    def query(X: np.ndarray, y: np.ndarray) -> np.ndarray:
        learner = ActiveLearner(
            IncrementalKNeighborsClassifier(),
            uncertainty_batch_sampling,
            X[:N_LABELED],
            y[:N_LABELED],
        )
        return np.asarray(learner.query(X[N_LABELED:], n_instances=N_INSTANCES, metric="cosine")[0])

    return query


def modal_density() -> Query:
    from modAL.density import information_density

    def query(X: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.argsort(-information_density(X[:N_DENSITY], metric="cosine"))[:N_INSTANCES]

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
        asked = {"X": X, "y": known, "batch_size": N_INSTANCES}
        if name == "Badge":
            classifier = SklearnClassifier(LogisticRegression(), classes=np.unique(y))
            asked |= {"clf": classifier}
        return np.asarray(strategy.query(**asked))

    return query


def run(make: Callable[..., Query], *arguments: str) -> tuple[float, float]:
    """Return the seconds of a query, and the megabytes that it took at its peak."""
    X, y = overlapping_classes(N_SAMPLES, N_FEATURES)
    query = make(*arguments)
    # What is imported and compiled on first use is not part of a query.
    query(X[: 20 * N_LABELED].copy(), y[: 20 * N_LABELED])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chosen: list[np.ndarray] = []
    taken = seconds(lambda: chosen.append(query(X, y)))
    assert len(np.unique(chosen[0])) == N_INSTANCES
    unit = 1 if sys.platform == "darwin" else KIBIBYTE
    return taken, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit / 1e6


def in_a_process(make: Callable[..., Query], *arguments: str) -> tuple[float, float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(run, make, *arguments).result()


PAIRS: list[tuple[str, tuple[Callable[..., Query], tuple[str, ...]], str, float, float]] = [
    ("modAL ranked batch", (modal_ranked_batch, ()), "RankedBatch", 1, 20),
    ("scikit-activeml TypiClust", (activeml, ("TypiClust",)), "TypiClust", 1, 20),
    ("scikit-activeml BADGE", (activeml, ("Badge",)), "BADGE", 1, 20),
    ("scikit-activeml CoreSet", (activeml, ("CoreSet",)), "KCenterGreedy", 1, 5),
]


def measure() -> list[Measurement]:
    found = []
    for name, (make, arguments), our_name, factor, at_least in PAIRS:
        found += compared(
            name,
            in_a_process(make, *arguments),
            our_name,
            in_a_process(ours, our_name),
            factor,
            at_least,
        )
    found += compared(
        "modAL information_density",
        in_a_process(modal_density),
        "InformationDensity",
        in_a_process(our_density),
        (N_SAMPLES / N_DENSITY) ** 2,
        20,
    )
    for name in ("ProbCover", "UncertaintyHerding", "CDFProduct"):
        taken, megabytes = in_a_process(ours, name)
        found += [measured(f"our {name}", taken), measured(f"our {name}", megabytes, "MB")]
    return found


def compared(
    name: str,
    theirs: tuple[float, float],
    our_name: str,
    own: tuple[float, float],
    factor: float,
    at_least: float,
) -> list[Measurement]:
    """Return both times, their ratio and the memory of both."""
    return [
        measured(name, theirs[0] * factor),
        measured(f"our {our_name}", own[0]),
        measured(f"{name} ÷ ours", theirs[0] * factor / own[0], "ratio", at_least=at_least),
        measured(f"{name}: memory", theirs[1] * factor, "MB"),
        measured(f"our {our_name}: memory", own[1], "MB"),
    ]
