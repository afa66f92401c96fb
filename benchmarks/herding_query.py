"""One answer and the next query with label spreading and herding, on 100,000 and 1,000,000 nodes.

The loop labels the selected sample and queries again, as in interactive use.
"Label" updates pool and classifier, "posterior" is the margin of every candidate, "herding" the
next `select`. Every answer changes the posterior of every node that labels have reached a little.
No pass over the features is needed: `X @ v`, their product with a vector, is such a pass.

Samples are drawn around 1,000 random centres in three dimensions, from which the graph of 15
neighbours is built: this is not part of the time.
"""

import gc

import numpy as np
from scipy.spatial import KDTree

from benchmarks.labelled_pool import overlapping_classes
from benchmarks.report import Measurement, measured
from benchmarks.timing import seconds
from skactive.measures import Margin
from skactive.neighbors import NeighborGraph
from skactive.pool import Pool
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import UncertaintyHerding

# The largest ratio of an answer and the next query to `X @ v`.
ALLOWED = {100_000: 1.0, 1_000_000: 0.5}
N_FEATURES = 512
N_NEIGHBORS = 15
N_CLASSES = 10
N_WARM_UP, N_QUERIES = 20, 40


def graph_and_classes(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the neighbours of samples in three dimensions, their distances, and classes."""
    rng = np.random.default_rng(0)
    places = rng.standard_normal((1_000, 3))
    place = rng.integers(len(places), size=n)
    samples = places[place] + 0.05 * rng.standard_normal((n, 3))
    distances, indices = KDTree(samples).query(samples, N_NEIGHBORS + 1, workers=-1)
    return indices[:, 1:], distances[:, 1:], place % N_CLASSES


def pool_of(X: np.ndarray, indices: np.ndarray, distances: np.ndarray) -> Pool:
    """Return a pool whose classifier is label spreading along its graph."""
    graph = NeighborGraph(indices, distances, X=X, metric="cosine")
    pool = Pool(X, graph=graph)
    classifier = IncrementalLabelSpreading()
    pool.estimator = classifier.fit_graph(pool.graph(N_NEIGHBORS), X)
    return pool


def label(pool: Pool, chosen: np.ndarray, y: np.ndarray) -> None:
    pool.add_labels(chosen, y[chosen])
    pool.estimator.relabel(chosen, y[chosen])


def check_formula() -> None:
    """Compare the utilities with a direct computation of the definition."""
    X, _ = overlapping_classes(500, N_FEATURES)
    indices, distances, y = graph_and_classes(500)
    pool = pool_of(X, indices, distances)
    label(pool, np.arange(30), y)
    probabilities = np.sort(pool.estimator.spread_distributions(), axis=1)
    unsure = 1 - (probabilities[:, -1] - probabilities[:, -2])
    unsure[:30] = 0
    kernel = pool.graph(N_NEIGHBORS).affinity("median").toarray()
    np.fill_diagonal(kernel, 1)
    gains = np.maximum(kernel - kernel[:, :30].max(axis=1, keepdims=True), 0)
    expected = (unsure @ gains) / (gains[30:].sum(axis=0) ** (30 / 80))
    np.testing.assert_allclose(UncertaintyHerding().utilities(pool), expected[30:], rtol=1e-4)


def check_same_as_fresh(pool: Pool, fresh: Pool) -> None:
    """Compare a pool updated label by label with one that got all labels at once."""
    fresh.add_labels(pool.labeled, pool.labels)
    fresh.estimator.relabel(pool.labeled, pool.labels)
    strategy = UncertaintyHerding()
    np.testing.assert_allclose(strategy.utilities(pool), strategy.utilities(fresh), atol=0.05)


def follow(pool: Pool, y: np.ndarray, n_queries: int) -> dict[str, np.ndarray]:
    """Alternate label, query and matrix-vector product; return the seconds of each."""
    strategy, measure = UncertaintyHerding(), Margin()
    vector = np.random.default_rng(1).standard_normal(N_FEATURES, dtype=np.float32)
    times = {name: np.empty(n_queries) for name in ("product", "label", "posterior", "herding")}
    gc.collect()
    gc.disable()
    for place in range(n_queries):
        chosen = strategy.select(pool)[0]
        times["product"][place] = seconds(lambda: pool.X @ vector)
        times["label"][place] = seconds(lambda: label(pool, chosen, y))  # noqa: B023
        times["posterior"][place] = seconds(lambda: measure.utilities(pool))
        times["herding"][place] = seconds(lambda: strategy.select(pool))
    gc.enable()
    return times


def measurements_of(times: dict[str, np.ndarray], where: str, allowed: float) -> list[Measurement]:
    spreading, herding = times["label"] + times["posterior"], times["herding"]
    return [
        measured(f"{where}: X @ v", times["product"]),
        measured(f"{where}: label", times["label"]),
        measured(f"{where}: label and posterior", spreading),
        measured(f"{where}: herding", herding),
        measured(
            f"{where}: all ÷ X @ v",
            (spreading + herding) / times["product"],
            "ratio",
            at_most=allowed,
        ),
    ]


def measure() -> list[Measurement]:
    found = []
    for n, allowed in ALLOWED.items():
        X, _ = overlapping_classes(n, N_FEATURES)
        indices, distances, y = graph_and_classes(n)
        check_formula()
        pool = pool_of(X, indices, distances)
        follow(pool, y, N_WARM_UP)
        times = follow(pool, y, N_QUERIES)
        check_same_as_fresh(pool, pool_of(X, indices, distances))
        found += measurements_of(times, f"{n:,} nodes", allowed)
    return found
