"""The vote of the nearest neighbours in plain Python, written from its documentation alone."""

import math
from collections.abc import Sequence
from decimal import Decimal

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
    max_labeled: int | None = None,
    half_life: float | None = None,
) -> np.ndarray:
    """Class probabilities; samples at equal distance are sorted by class, then the latest first."""
    if max_labeled is not None:
        X_labeled, y_labeled = X_labeled[-max_labeled:], y_labeled[-max_labeled:]
    classes = sorted(set(y_labeled))
    rows = []
    for query in X.tolist():
        # Rounded, because a cosine of equal rows may differ in the last digit here.
        voters = sorted(
            (round(distance(query, sample, metric), 12), label, len(y_labeled) - 1 - place)
            for place, (sample, label) in enumerate(zip(X_labeled.tolist(), y_labeled, strict=True))
        )[:n_neighbors]
        # Decimals do not underflow, however old a vote is.
        decays = [
            Decimal(1) if half_life is None else Decimal(2) ** (-age / Decimal(half_life))
            for _, _, age in voters
        ]
        alone = vote_weights([d for d, _, _ in voters], weights, bandwidth)
        shares = [Decimal(weight) * decay for weight, decay in zip(alone, decays, strict=True)]
        total, n_votes = sum(shares), float(sum(decays))
        row = []
        for name in classes:
            of_class = (s for s, (_, label, _) in zip(shares, voters, strict=True) if label == name)
            share = float(sum(of_class) / total)
            if smoothing:
                share = (n_votes * share + smoothing / len(classes)) / (n_votes + smoothing)
            row.append(share)
        rows.append(row)
    return np.array(rows)
