"""Predicting one sample with `algorithm="hnsw"`, against the exact search over the same samples.

Samples are drawn around 1,000 centres in 32 dimensions, mapped to 64 or 512 features with a little
noise, like embeddings of one subject; queries are drawn in the same way. "Add one and predict one"
stores one more sample and predicts one, so that the graph has to add it. Recall is `index_recall`
over 500 queries: the share of the five neighbours found that are no farther away than the fifth
nearest. The graph is built once, at the first prediction; this is not part of the other times.
"""

import numpy as np

from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved, seconds
from skactive.neighbors import IncrementalKNeighborsClassifier

SHAPES = [(10_000, 512), (100_000, 512), (1_000_000, 64)]
N_PLACES, N_DIRECTIONS = 1_000, 32
N_QUERIES, N_ROUNDS = 500, 100


def samples(n: int, n_features: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    fixed, rng = np.random.default_rng(0), np.random.default_rng(seed)
    places = fixed.standard_normal((N_PLACES, N_DIRECTIONS), dtype=np.float32)
    directions = fixed.standard_normal((N_DIRECTIONS, n_features), dtype=np.float32)
    y = rng.integers(N_PLACES, size=n)
    latent = places[y] + 0.5 * rng.standard_normal((n, N_DIRECTIONS), dtype=np.float32)
    X = latent @ directions
    X += 0.5 * rng.standard_normal((n, n_features), dtype=np.float32)
    return X, y % 10


def measure() -> list[Measurement]:
    found = []
    for n, n_features in SHAPES:
        X, y = samples(n, n_features, 1)
        queries, answers = samples(N_QUERIES, n_features, 2)
        exact = IncrementalKNeighborsClassifier().fit(X, y)
        graph = IncrementalKNeighborsClassifier(algorithm="hnsw").fit(X, y)
        built = seconds(lambda: graph.predict(queries[:1]))  # noqa: B023
        same = np.mean(graph.predict(queries) == exact.predict(queries))
        assert same > 0.98, f"Only {same:.1%} of the predictions are the same."
        recall = graph.index_recall(queries)
        place = iter(range(10**9))

        def add_and_predict() -> None:
            one = slice(k := next(place) % N_QUERIES, k + 1)  # noqa: B023
            graph.add_labeled(queries[one], answers[one]).predict(queries[one])  # noqa: B023

        times = interleaved(
            {
                "exact": lambda: exact.predict(queries[:1]),  # noqa: B023
                "graph": lambda: graph.predict(queries[:1]),  # noqa: B023
                "add": add_and_predict,
            },
            N_ROUNDS,
            warm_up=3,
        )
        where = f"{n:,} × {n_features}"
        found += [
            measured(f"{where}: building the graph", built),
            measured(f"{where}: recall of five neighbours", 100 * recall, "%", at_least=95),
            measured(f"{where}: predict one, exact", times["exact"]),
            measured(f"{where}: predict one, graph", times["graph"]),
            measured(f"{where}: add one and predict one, graph", times["add"]),
            measured(f"{where}: exact ÷ graph", times["exact"] / times["graph"], "ratio"),
        ]
    return found
