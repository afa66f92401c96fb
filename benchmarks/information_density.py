"""Information density of 100,000 × 512 by the cosine, against modAL's pairwise matrix.

modAL computes an n × n matrix, so its time is measured at 10,000 × 512 and multiplied by 10² for
ten times as many samples, where one matrix would need 80 GB. The two values differ: the similarity
in modAL is 1 / (1 + d) with the cosine distance d, that in skactive is the cosine itself, so that
the density is one product with the mean unit vector. By the Euclidean distance both are
1 / (1 + d), and the benchmark asserts that they are equal. Memory is the peak by tracemalloc,
without the features.
"""

import tracemalloc

import numpy as np
from modAL.density import information_density
from sklearn.metrics.pairwise import cosine_similarity

from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved
from skactive.measures import InformationDensity
from skactive.pool import Pool

N_SAMPLES = 100_000
N_FEATURES = 512
N_MODAL = 10_000
EXTRAPOLATION = (N_SAMPLES / N_MODAL) ** 2


def features(n: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, N_FEATURES), dtype=np.float32) + 0.2


def check_answers() -> None:
    X = features(1_500)
    ours = InformationDensity().utilities(Pool(X))
    np.testing.assert_allclose(ours, cosine_similarity(X.astype(float)).mean(axis=1), atol=1e-6)
    ours = InformationDensity("euclidean").utilities(Pool(X))
    modals = information_density(X.astype(float), metric="euclidean")
    np.testing.assert_allclose(ours, modals, rtol=1e-5)


def peak_bytes(pool: Pool) -> int:
    tracemalloc.start()
    InformationDensity().utilities(pool)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def measure() -> list[Measurement]:
    check_answers()
    X = features(N_SAMPLES)
    few = X[:N_MODAL]
    # A pool caches its density: each round needs a new pool, created beforehand.
    pools = [Pool(X) for _ in range(6)]
    peak = peak_bytes(pools.pop())
    times = interleaved(
        {
            "skactive": lambda: InformationDensity().utilities(pools.pop()),
            "modAL": lambda: information_density(few, metric="cosine"),
        },
        4,
    )
    extrapolated = times["modAL"] * EXTRAPOLATION
    return [
        measured(f"skactive, cosine, {N_SAMPLES:,} × {N_FEATURES}", times["skactive"]),
        measured(f"modAL, cosine, {N_MODAL:,} × {N_FEATURES}", times["modAL"]),
        measured(
            f"modAL extrapolated to {N_SAMPLES:,} (× {EXTRAPOLATION:g}) ÷ skactive",
            extrapolated / times["skactive"],
            "ratio",
            at_least=1_000,
        ),
        measured(
            "peak of skactive's extra memory ÷ features", peak / X.nbytes, "ratio", at_most=0.1
        ),
    ]
