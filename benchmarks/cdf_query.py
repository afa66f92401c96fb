"""One `CDFProduct` query over 100,000 × 512, against one matrix-vector product over the pool.

The loop labels the selected sample and queries again, as in interactive use. A query needs one
such product with all features, for the new label; everything else is computed from one number per
candidate. "Label and query" is `add_labels` and the next `select`, which processes the label;
"query, no new label" is another `select` after that. `X @ v` uses all CPUs; the second half
restricts both sides to one thread.
"""

import gc

import numpy as np
from sklearn.metrics.pairwise import cosine_distances, cosine_similarity
from threadpoolctl import threadpool_limits

from benchmarks.labelled_pool import overlapping_classes
from benchmarks.report import Measurement, measured
from benchmarks.timing import seconds
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.strategies import CDFProduct

N_SAMPLES = 100_000
N_FEATURES = 512
N_LABELED = 200
N_QUERIES = 60


def distribution(values: np.ndarray) -> np.ndarray:
    return (values[:, np.newaxis] > values).mean(axis=1)


def check_formula() -> None:
    """Compare the utilities with a direct computation of the definition."""
    X, y = overlapping_classes(400, 16)
    X = X.astype(float)
    labeled = np.arange(30)
    classifier = IncrementalKNeighborsClassifier()
    pool = Pool(X, estimator=classifier, dtype=np.float64).add_labels(labeled, y[labeled])
    left = pool.candidates
    posterior = np.sort(classifier.fit(X[labeled], y[labeled]).predict_proba(X[left]), axis=1)
    expected = (
        distribution(1 - (posterior[:, -1] - posterior[:, -2]))
        * distribution(cosine_similarity(X[left], X).mean(axis=1))
        * distribution(cosine_distances(X[left], X[labeled]).mean(axis=1))
    )
    # Rounding may swap neighbouring ranks.
    np.testing.assert_allclose(CDFProduct().utilities(pool), expected, atol=2 / len(left))


def check_same_as_fresh(pool: Pool) -> None:
    """Compare a pool updated label by label with one that got all labels at once."""
    fresh = Pool(pool.X, estimator=IncrementalKNeighborsClassifier())
    fresh.add_labels(pool.labeled, pool.labels)
    strategy = CDFProduct()
    assert strategy.select(pool)[0] == strategy.select(fresh)[0]
    np.testing.assert_allclose(strategy.utilities(pool), strategy.utilities(fresh), atol=1e-4)


def follow(pool: Pool, y: np.ndarray, n_queries: int) -> dict[str, np.ndarray]:
    """Alternate label, query and matrix-vector product; return the seconds of each."""
    strategy = CDFProduct()
    vector = np.random.default_rng(1).standard_normal(N_FEATURES, dtype=np.float32)
    times = {name: np.empty(n_queries) for name in ("product", "add", "select", "again")}
    chosen = strategy.select(pool)[0]
    gc.collect()
    gc.disable()
    for place in range(n_queries):
        labels = y[chosen]
        times["product"][place] = seconds(lambda: pool.X @ vector)
        times["add"][place] = seconds(lambda: pool.add_labels(chosen, labels))  # noqa: B023
        times["select"][place] = seconds(lambda: strategy.select(pool))
        times["again"][place] = seconds(lambda: strategy.select(pool))
        chosen = strategy.select(pool)[0]
    gc.enable()
    return times


def measurements_of(times: dict[str, np.ndarray], where: str) -> list[Measurement]:
    product, both = times["product"], times["add"] + times["select"]
    return [
        measured(f"{where}: X @ v", product),
        measured(f"{where}: label and query", both),
        measured(f"{where}: query, no new label", times["again"]),
        measured(f"{where}: label and query ÷ X @ v", both / product, "ratio", at_most=2),
        measured(
            f"{where}: query, no new label ÷ X @ v", times["again"] / product, "ratio", at_most=2
        ),
    ]


def measure() -> list[Measurement]:
    check_formula()
    X, y = overlapping_classes(N_SAMPLES, N_FEATURES)
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier())
    start = np.random.default_rng(2).choice(N_SAMPLES, N_LABELED, replace=False)
    pool.add_labels(start, y[start])
    first = seconds(lambda: CDFProduct().select(pool))
    follow(pool, y, 5)
    check_same_as_fresh(pool)
    all_threads = follow(pool, y, N_QUERIES)
    with threadpool_limits(1):
        one_thread = follow(pool, y, N_QUERIES)
    check_same_as_fresh(pool)
    return [
        measured(f"first query, which fills the caches for {N_LABELED} labels", first),
        *measurements_of(all_threads, "all CPUs"),
        *measurements_of(one_thread, "one thread"),
    ]
