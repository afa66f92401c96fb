"""A large pool of samples in classes that overlap, for queries."""

import numpy as np

N_CLASSES = 10


def overlapping_classes(n: int, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 features around one centre for each class, and the classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(N_CLASSES, size=n)
    centres = rng.standard_normal((N_CLASSES, n_features), dtype=np.float32)
    X = rng.standard_normal((n, n_features), dtype=np.float32)
    X *= 2
    X += centres[y]
    return X, y
