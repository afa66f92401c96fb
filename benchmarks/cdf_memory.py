"""Peak memory of a `CDFProduct` loop over 100,000 × 512 float32 features on disk.

The features are a `numpy.memmap`, so that the peak by tracemalloc contains everything that the
pool caches and all temporary arrays. One loop starts without labels, one with 200.
"""

import tempfile
import tracemalloc
from pathlib import Path

import numpy as np

from benchmarks.labelled_pool import overlapping_classes
from benchmarks.report import Measurement, measured
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.strategies import CDFProduct

N_SAMPLES = 100_000
N_FEATURES = 512
N_QUERIES = 50


def loop(X: np.ndarray, y: np.ndarray, n_labeled: int) -> tuple[float, float, list[int]]:
    """Return peak and final bytes of a loop, and the selected positions."""
    tracemalloc.start()
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier())
    if n_labeled:
        start = np.random.default_rng(2).choice(len(X), n_labeled, replace=False)
        pool.add_labels(start, y[start])
    selected = []
    for _ in range(N_QUERIES):
        indices = CDFProduct().select(pool)[0]
        selected += indices.tolist()
        pool.add_labels(indices, y[indices])
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.shares_memory(pool.X, X), "The pool copied the features."
    return peak, kept, selected


def measure() -> list[Measurement]:
    X, y = overlapping_classes(N_SAMPLES, N_FEATURES)
    measurements = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features"
        X.tofile(path)
        on_disk = np.memmap(path, dtype=X.dtype, mode="r", shape=X.shape)
        for n_labeled in (0, 200):
            peak, kept, selected = loop(on_disk, y, n_labeled)
            assert selected == loop(X, y, n_labeled)[2], "With a memmap other samples are selected."
            where = f"{N_QUERIES} queries from {n_labeled} labels"
            measurements += [
                measured(f"{where}: peak ÷ features", peak / X.nbytes, "ratio"),
                measured(f"{where}: kept at the end ÷ features", kept / X.nbytes, "ratio"),
            ]
        del on_disk
    return measurements
