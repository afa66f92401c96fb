"""The cost of an answer and the next `CDFProduct` query against the size of the problem.

Starting from 100,000 samples of 512 features and 100 labels, the number of samples, of labels or
of features is varied. Time is that of `add_labels` and the next `select`. Memory is that of the
pool without the features, and its peak, by tracemalloc, per sample of the pool.
"""

import tracemalloc
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.labelled_pool import overlapping_classes
from benchmarks.report import Measurement, measured
from benchmarks.scale_query import follow, labelled, pool_of
from skactive.strategies import CDFProduct

FIGURE = Path(__file__).parent / "results" / "scale_growth.png"

N_QUERIES = 15
BASE = {"samples": 100_000, "labels": 100, "features": 512}
VARIED = {
    "samples": (10_000, 30_000, 100_000, 300_000, 1_000_000),
    "labels": (10, 100, 1_000, 10_000),
    "features": (32, 128, 512, 1_280),
}


def memory(X: np.ndarray, y: np.ndarray, n_labeled: int) -> tuple[float, float]:
    """Return the bytes that a pool holds, and its peak, per sample."""
    tracemalloc.start()
    pool = labelled(pool_of(X), y, n_labeled)
    follow(pool, y, CDFProduct(), 3)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept / len(X), peak / len(X)


def measure() -> list[Measurement]:
    # Compile everything before the measurement.
    X, y = overlapping_classes(10_000, 32)
    follow(labelled(pool_of(X), y, 10), y, CDFProduct(), 10)
    found: list[Measurement] = []
    figure, panels = plt.subplots(1, 3, figsize=(11, 3.6), sharey=True, layout="constrained")
    for panel, (what, numbers) in zip(panels, VARIED.items(), strict=True):
        products, queries = [], []
        for number in numbers:
            at = {**BASE, what: number}
            X, y = overlapping_classes(at["samples"], at["features"])
            kept, peak = memory(X, y, at["labels"])
            pool = labelled(pool_of(X), y, at["labels"])
            product, both = follow(pool, y, CDFProduct(), N_QUERIES)
            products.append(1e3 * np.median(product))
            queries.append(1e3 * np.median(both))
            where = f"{number:,} {what}"
            found += [
                measured(f"{where}: label and query", both),
                measured(f"{where}: label and query ÷ X @ v", both / product, "ratio"),
                measured(f"{where}: kept per sample", kept, "bytes"),
                measured(f"{where}: peak per sample", peak, "bytes"),
            ]
        panel.loglog(numbers, queries, "o-", color="#D55E00", label="label and query")
        panel.loglog(numbers, products, "o:", color="0.4", label="X @ v")
        panel.set_xlabel(what)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("milliseconds")
    panels[0].legend()
    figure.savefig(FIGURE, dpi=150)
    return found
