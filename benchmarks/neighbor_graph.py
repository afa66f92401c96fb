"""The neighbour graph of 100,000 × 512, against PyNNDescent.

The features are float32 unit vectors around 200 centres in a 32-dimensional subspace. Both
algorithms search 15 neighbours by the cosine and use all CPUs. PyNNDescent compiles in a run with
2,000 samples before the measurement. Recall is the share of the exact neighbours of 1,000 sampled
rows that were found. The last lines compare the two algorithms of `BlockwiseKNeighborsTransformer`
at several sizes, from which the switch of 'auto' was chosen.
"""

import numpy as np
from pynndescent import PyNNDescentTransformer

from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved, seconds
from skactive.neighbors import BlockwiseKNeighborsTransformer, NeighborGraph

N_SAMPLES = 100_000
N_FEATURES = 512
N_NEIGHBORS = 15
N_CHECKED = 1_000
SIZES = [5_000, 10_000, 20_000, 40_000]


def features(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((200, 32), dtype=np.float32)
    hidden = centers[rng.integers(0, 200, n)]
    hidden += 0.5 * rng.standard_normal((n, 32), dtype=np.float32)
    X = hidden @ rng.standard_normal((32, N_FEATURES), dtype=np.float32)
    X += 0.5 * rng.standard_normal((n, N_FEATURES), dtype=np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X


def recall(X: np.ndarray, graph: NeighborGraph) -> float:
    rows = np.random.default_rng(1).choice(len(X), N_CHECKED, replace=False)
    similarities = X[rows] @ X.T
    similarities[np.arange(N_CHECKED), rows] = -np.inf
    exact = np.argpartition(-similarities, N_NEIGHBORS - 1, axis=1)[:, :N_NEIGHBORS]
    found = [len(np.intersect1d(a, b)) for a, b in zip(exact, graph.indices[rows], strict=True)]
    return float(np.mean(found)) / N_NEIGHBORS


def ours(X: np.ndarray, algorithm: str = "auto") -> NeighborGraph:
    transformer = BlockwiseKNeighborsTransformer(N_NEIGHBORS, algorithm=algorithm)
    return NeighborGraph.of(X, n_neighbors=N_NEIGHBORS, transformer=transformer)


def theirs(X: np.ndarray) -> NeighborGraph:
    transformer = PyNNDescentTransformer(
        N_NEIGHBORS, metric="cosine", random_state=0, n_jobs=-1, search_epsilon=0.1
    )
    return NeighborGraph.of(X, n_neighbors=N_NEIGHBORS, transformer=transformer)


def measure() -> list[Measurement]:
    X = features(N_SAMPLES)
    theirs(X[:2_000])
    graphs = {}
    times = interleaved(
        {
            "skactive": lambda: graphs.update(skactive=ours(X)),
            "PyNNDescent": lambda: graphs.update(PyNNDescent=theirs(X)),
        },
        2,
        warm_up=0,
    )
    shape = f"{N_SAMPLES:,} × {N_FEATURES}"
    lines = []
    for name, graph in graphs.items():
        lines += [
            measured(f"{name}, {shape}: build", times[name]),
            measured(f"{name}, {shape}: recall", recall(X, graph), "", at_least=0.95),
        ]
    lines.append(
        measured(
            f"{shape}: skactive ÷ PyNNDescent",
            times["skactive"] / times["PyNNDescent"],
            "ratio",
            at_most=1,
        )
    )
    for n in SIZES:
        few = X[:n]
        pair = [seconds(lambda a=a, few=few: ours(few, a)) for a in ("clusters", "exact")]
        lines.append(
            measured(f"{n:,} × {N_FEATURES}: clusters ÷ exact", pair[0] / pair[1], "ratio")
        )
    return lines
