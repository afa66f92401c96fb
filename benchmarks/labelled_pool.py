"""A large pool of samples from overlapping classes, for benchmarks of queries."""

import numpy as np

N_CLASSES = 10


def overlapping_classes(n: int, n_features: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 features around one centre for each class, and the classes.

    The centres are the same whatever the seed.
    """
    y, centres, rng = classes(n, n_features, seed)
    X = rng.standard_normal((n, n_features), dtype=np.float32)
    X *= 2
    for start in range(0, n, 10_000):
        X[start : start + 10_000] += centres[y[start : start + 10_000]]
    return X, y


def classes(
    n: int, n_features: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Return the classes, the centres, and the random generator of the features."""
    rng = np.random.default_rng(0)
    y = rng.integers(N_CLASSES, size=n)
    centres = rng.standard_normal((N_CLASSES, n_features), dtype=np.float32)
    if seed:
        rng = np.random.default_rng(seed)
        y = rng.integers(N_CLASSES, size=n)
    return y, centres, rng
