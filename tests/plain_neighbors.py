"""The vote of the nearest neighbours in plain Python, written from its documentation alone."""

import math
from collections.abc import Sequence

import numpy as np


def distance(a: Sequence[float], b: Sequence[float], metric: str) -> float:
    gaps = [abs(p - q) for p, q in zip(a, b, strict=True)]
    if metric == "euclidean":
        return math.sqrt(math.fsum(gap * gap for gap in gaps))
    if metric == "manhattan":
        return math.fsum(gaps)
    if metric == "chebyshev":
        return max(gaps)
    norms = math.hypot(*a) * math.hypot(*b)
    if norms == 0 or list(a) == list(b):
        # A zero vector has no direction.
        return 1.0 if norms == 0 else 0.0
    return 1 - math.fsum(p * q for p, q in zip(a, b, strict=True)) / norms


def vote_weights(distances: list[float], weights: str, bandwidth: float | None) -> list[float]:
    if weights == "uniform":
        return [1.0] * len(distances)
    if weights == "distance":
        if 0 in distances:
            return [float(d == 0) for d in distances]
        return [1 / d for d in distances]
    scale = max(distances) if bandwidth is None else bandwidth
    if scale == 0:
        return [1.0] * len(distances)
    return [math.exp(-d * d / (2 * scale * scale)) for d in distances]


def plain_probabilities(
    X_labeled: np.ndarray,
    y_labeled: Sequence[str],
    X: np.ndarray,
    *,
    metric: str,
    n_neighbors: int,
    weights: str,
    bandwidth: float | None,
    smoothing: float,
) -> np.ndarray:
    """Class probabilities; samples at equal distance go by class in sorted order, then by age."""
    classes = sorted(set(y_labeled))
    rows = []
    for query in X.tolist():
        # Rounded, because a cosine of equal rows may be off in the last digit here.
        voters = sorted(
            (round(distance(query, sample, metric), 12), label, age)
            for age, (sample, label) in enumerate(zip(X_labeled.tolist(), y_labeled, strict=True))
        )[:n_neighbors]
        shares = vote_weights([d for d, _, _ in voters], weights, bandwidth)
        total = math.fsum(shares)
        n_voters = len(voters)
        row = []
        for name in classes:
            share = math.fsum(
                s for s, (_, label, _) in zip(shares, voters, strict=True) if label == name
            )
            row.append(
                (n_voters * share / total + smoothing / len(classes)) / (n_voters + smoothing)
            )
        rows.append(row)
    return np.array(rows)
