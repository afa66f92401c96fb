"""Splits into pool and held-out part for each repeat."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit

N_REPEATS = 16
# One part in ten is held out.
N_PARTS = 10

Split = tuple[np.ndarray, np.ndarray]


def naive_splits(y: np.ndarray, n_repeats: int = N_REPEATS) -> list[Split]:
    """Return pool and held-out rows for each repeat, classes in proportion."""
    splitter = StratifiedShuffleSplit(n_repeats, test_size=1 / N_PARTS, random_state=0)
    return list(splitter.split(y, y))


def splits_by_group(y: np.ndarray, groups: np.ndarray, n_repeats: int = N_REPEATS) -> list[Split]:
    """Return pool and held-out rows for each repeat; no group is in both.

    A repeat is one fold, drawn at random, of a `StratifiedGroupKFold` shuffled anew: about a
    tenth of the rows, with classes as close to their proportions as whole groups allow.
    """
    splits = []
    for repeat in range(n_repeats):
        folds = StratifiedGroupKFold(N_PARTS, shuffle=True, random_state=repeat)
        # Groups are assigned from the largest on, and the largest always to the first fold.
        drawn = np.random.default_rng(repeat).integers(N_PARTS)
        splits.append(list(folds.split(y, y, groups))[drawn])
    return splits
