"""Vectors with pictures, for the tests of the page."""

import numpy as np


def write_points(folder):
    """Write 30 vectors in two groups, with a picture each, and return their path."""
    X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    X[:15, 0] += 8
    images = np.arange(30 * 4, dtype=np.uint8).reshape(30, 2, 2)
    path = folder / "points.npz"
    np.savez(path, X=X, images=images)
    return path
