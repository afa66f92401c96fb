"""The latest samples of a stream, and their distances to another sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._validation import check_choice, check_integer


class RecentSamples:
    """Hold the latest samples of a stream, and values of each, in arrays of a fixed size.

    The order of the samples is lost: a new one takes the place of the oldest.
    """

    def __init__(self, size: int, metric: str, *names: str) -> None:
        self._size = size
        self._metric = metric
        self._names = names
        self._values = {name: np.empty(size) for name in names}
        self._n_added = 0

    def __len__(self) -> int:
        return min(self._n_added, self._size)

    @property
    def rows(self) -> np.ndarray:
        """The samples, an array of shape (n, n_features)."""
        return self._rows[: len(self)]

    def __getitem__(self, name: str) -> np.ndarray:
        return self._values[name][: len(self)]

    def squared_distances(self, x: np.ndarray) -> np.ndarray:
        """Return the squared Euclidean distance of each sample to another.

        By the cosine it is that of unit vectors, which has the same order.
        """
        if len(self) == 0:
            return np.empty(0)
        differences = self._places[: len(self)] - placed(x, self._metric)
        return np.asarray(np.einsum("ij,ij->i", differences, differences))

    def add(self, x: np.ndarray, *values: float) -> None:
        """Add a sample with its values, in the place of the oldest."""
        if self._n_added == 0:
            self._rows = np.empty((self._size, len(x)))
            is_plain = self._metric == "euclidean"
            self._places = self._rows if is_plain else np.empty_like(self._rows)
        slot = self._n_added % self._size
        self._rows[slot] = x
        self._places[slot] = placed(x, self._metric)
        for name, value in zip(self._names, values, strict=True):
            self._values[name][slot] = value
        self._n_added += 1


def check_size(owner: object, name: str, value: Any) -> int:
    """Return a number of samples of at least 1, or raise."""
    return check_integer(owner, name, value, minimum=1)


def check_metric(owner: object, value: Any) -> str:
    """Return a metric that orders samples as the Euclidean one does, or raise."""
    return check_choice(owner, "metric", value, {"cosine", "euclidean"})


def placed(x: np.ndarray, metric: str) -> np.ndarray:
    """Return a sample at a place where the Euclidean distance orders others as a metric does."""
    x = np.asarray(x, dtype=np.float64)
    norm = np.linalg.norm(x) if metric == "cosine" else 0.0
    return np.asarray(x / norm) if norm > 0 else x
