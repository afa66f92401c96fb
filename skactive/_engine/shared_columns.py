"""Distances to a sample that is labelled in many loops, computed once for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.distances import GROUP, Rows, Space
from skactive._engine.features import check_features
from skactive._engine.sharing import allowed_bytes, shared

# Below this, a product with all features is as soon done as a column found again.
LEAST_BYTES = 2**20

# So many columns have to have room among what loops share.
LEAST_COLUMNS = 256


class SharedColumns:
    """Distances of the samples of a pool to one of them, found among those of an experiment.

    The pool is made of rows of the experiment's features. What such a row has to do with another
    is the same number in each of its pools, as long as products go by groups of rows: that is
    tried on the first column, and where it does not hold, nothing is shared.

    Parameters
    ----------
    X : ndarray of shape (n_all, n_features)
        The features of the experiment.
    rows : ndarray of int of shape (n_samples,)
        Where the samples of the pool stand among them.
    dtype : dtype
        The type of the pool's features.
    """

    def __init__(self, X: np.ndarray, rows: np.ndarray, dtype: np.dtype[Any]) -> None:
        self._X = X
        self._positions = rows
        self._dtype = dtype
        self._rows: Rows | None = None
        self._holds: bool | None = None

    @staticmethod
    def pays(X: Any, n_samples: int) -> bool:
        """Tell whether columns of these features are worth keeping."""
        if type(X) not in (np.ndarray, np.memmap) or X.ndim != 2 or X.dtype.kind != "f":
            return False
        # What is not of the pool is multiplied for the others' sake.
        most_of_all = n_samples >= GROUP and len(X) <= 2 * n_samples
        fit = allowed_bytes() >= LEAST_COLUMNS * len(X) * X.dtype.itemsize
        return most_of_all and fit and X.nbytes >= LEAST_BYTES

    def norms_of_pool(self) -> np.ndarray:
        """Return the norms of the pool's samples."""
        return self._all_norms().take(self._positions)

    def compared(
        self, space: Space, key: str, position: int, rows: Rows, arrived: Rows
    ) -> np.ndarray:
        """Return what `space.compare(rows, arrived)` does, for all rows of the pool and one sample.

        Parameters
        ----------
        space : Space
            The metric.
        key : str
            Its name.
        position : int
            The position of the sample in the pool.
        rows, arrived : Rows
            The samples of the pool, and the one.
        """
        if self._holds is False:
            return space.compare(rows, arrived)
        name = ("compared", key, self._dtype.str, int(self._positions[position]))
        column = shared(name, lambda: space.compare(self._all(), arrived)[:, 0], self._X)
        found = column.take(self._positions)[:, np.newaxis]
        if self._holds is None:
            compared = space.compare(rows, arrived)
            self._holds = bool((compared == found).all())
            return compared
        return found

    def _all(self) -> Rows:
        if self._rows is None:
            features = np.ascontiguousarray(self._X, dtype=self._dtype)
            self._rows = Rows(features, self._all_norms())
        return self._rows

    def _all_norms(self) -> np.ndarray:
        def norms() -> np.ndarray:
            return Rows(check_features(self._X, "X", self._dtype)).norms

        return shared(("norms", self._dtype.str), norms, self._X)
