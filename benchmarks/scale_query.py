"""One answer and the next `CDFProduct` query at 1,000,000 × 512, against one product over the pool.

`X @ v`, a matrix-vector product on all CPUs, reads the features once. So does the mean distance to
the labelled samples, for the new label. "Label and query" is `add_labels` and the next `select`.
With few labels, each new one is among the nearest labelled samples of many samples, whose votes
are computed again. The last rows measure the distance to the nearest (`aggregate="min"`).
"""

import gc

import numpy as np

from benchmarks.cdf_query import check_formula, check_same_as_fresh
from benchmarks.labelled_pool import overlapping_classes
from benchmarks.report import Measurement, measured
from benchmarks.timing import seconds
from skactive.measures import Diversity
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.strategies import CDFProduct

N_SAMPLES = 1_000_000
N_FEATURES = 512


def pool_of(X: np.ndarray) -> Pool:
    return Pool(X, estimator=IncrementalKNeighborsClassifier())


def labelled(pool: Pool, y: np.ndarray, n_labeled: int) -> Pool:
    """Label random samples until `n_labeled` are labelled."""
    drawn = np.random.default_rng(n_labeled).permutation(pool.candidates)
    some = drawn[: n_labeled - pool.n_labeled]
    return pool.add_labels(some, y[some])


def follow(
    pool: Pool, y: np.ndarray, strategy: CDFProduct, n_queries: int
) -> tuple[np.ndarray, np.ndarray]:
    """Alternate label, query and matrix-vector product; return the seconds of each."""
    vector = np.random.default_rng(1).standard_normal(pool.X.shape[1], dtype=np.float32)
    product, both = np.empty((2, n_queries))
    chosen = strategy.select(pool)[0]
    gc.collect()
    gc.disable()
    for place in range(n_queries):
        product[place] = seconds(lambda: pool.X @ vector)

        def label_and_query() -> None:
            nonlocal chosen
            pool.add_labels(chosen, y[chosen])
            chosen = strategy.select(pool)[0]

        both[place] = seconds(label_and_query)
    gc.enable()
    return product, both


def measurements_of(
    product: np.ndarray, both: np.ndarray, where: str, at_most: float | None
) -> list[Measurement]:
    return [
        measured(f"{where}: X @ v", product),
        measured(f"{where}: label and query", both),
        measured(f"{where}: label and query ÷ X @ v", both / product, "ratio", at_most=at_most),
    ]


def measure() -> list[Measurement]:
    check_formula()
    X, y = overlapping_classes(N_SAMPLES, N_FEATURES)
    # Compile everything before the measurement.
    follow(labelled(pool_of(X[:10_000]), y, 3), y, CDFProduct(), 10)
    pool = pool_of(X)
    found = [measured("start to first query", seconds(lambda: CDFProduct().select(pool)))]
    found += measurements_of(*follow(pool, y, CDFProduct(), 5), "labels 1 to 5", 2)
    found += measurements_of(*follow(pool, y, CDFProduct(), 15), "labels 6 to 20", 2)
    labelled(pool, y, 100)
    found += measurements_of(*follow(pool, y, CDFProduct(), 30), "after 100 labels", 1.3)
    check_same_as_fresh(pool)
    nearest = CDFProduct().set_params(diversity=Diversity(aggregate="min"))
    pool = labelled(pool_of(X), y, 1_000)
    where = "after 1,000 labels, distance to the nearest"
    return found + measurements_of(*follow(pool, y, nearest, 30), where, None)
