"""Small pools, and their visible state."""

import numpy as np
import scipy.sparse as sp

from skactive.neighbors import (
    IncrementalKNeighborsClassifier,
    IncrementalKNeighborsRegressor,
    IncrementalMultiLabelKNeighbors,
)
from skactive.pool import Pool


def samples(kind, n_samples=12):
    rng = np.random.default_rng(0)
    if kind == "duplicates":
        return rng.integers(0, 2, (n_samples, 2)).astype(float)
    if kind == "constant":
        return np.ones((n_samples, 2))
    if kind == "zeros":
        return np.zeros((n_samples, 2))
    return rng.normal(size=(n_samples, 2))


def labeled_pool(X, n_labeled, names="ab", estimator="voting", seed=0):
    """A pool whose first samples of a random order are labelled, with the names in turn."""
    if estimator == "voting":
        estimator = IncrementalKNeighborsClassifier(metric="euclidean")
    pool = Pool(X, estimator=estimator)
    order = np.random.default_rng(seed).permutation(len(X))[:n_labeled]
    return pool.add_labels(order, [names[place % len(names)] for place in range(n_labeled)])


def numbered(names):
    """One number for each letter."""
    return [float(ord(name)) for name in names]


SETS = {"a": {"x"}, "b": {"y", "z"}, "c": {"x", "z"}}
ESTIMATORS = {
    "categorical": IncrementalKNeighborsClassifier(metric="euclidean"),
    "continuous": IncrementalKNeighborsRegressor(metric="euclidean"),
    "multilabel": IncrementalMultiLabelKNeighbors(3, metric="euclidean"),
}


def labels_for(part, names):
    """The labels of letters that a measure or strategy needs."""
    kind = kind_for(part)
    if kind == "continuous":
        return numbered(names)
    return [SETS[name] for name in names] if kind == "multilabel" else names


def pool_of_kind(part, X, n_labeled, names="ab"):
    """The same, with other labels for letters if a measure or strategy needs them."""
    return labeled_pool(X, n_labeled, labels_for(part, names), ESTIMATORS[kind_for(part)])


def kind_for(part):
    """Return the kind of labels that a measure or strategy needs."""
    parts = (part, *part.get_params().values())
    if any(getattr(one, "target_kinds", None) == {"multilabel"} for one in parts):
        return "multilabel"
    return "continuous" if needs_numbers(part) else "categorical"


def needs_numbers(part):
    """Return whether a measure or strategy, or a measure of it, needs continuous labels."""
    parts = (part, *part.get_params().values())
    return any(getattr(one, "target_kinds", None) == {"continuous"} for one in parts) or (
        getattr(part, "uncertainty", None) == "variance"
    )


def state(pool):
    return (
        pool.labeled.tolist(),
        pool.labels.tolist(),
        pool.candidates.tolist(),
        pool.skipped.tolist(),
        pool.classes_.tolist(),
        pool.n_labeled,
        (pool.X.toarray() if sp.issparse(pool.X) else np.array(pool.X)).tolist(),
        np.asarray(pool.posterior()).tolist(),
        np.asarray(pool.distance_to_labeled()).tolist(),
    )
