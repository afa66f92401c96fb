"""Groups of rows that are equal in a metric, so that each is searched once."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import COSINE_DECIMALS, Rows, Space, row_scaled
from skactive._engine.neighbor_lists import first_of_each


class DistinctRows:
    """The first row of each group of equal rows.

    For the cosine, rows of the same direction are equal. A part of the rows, such as
    `distinct[:n]`, is compared without reading the rows again.

    Parameters
    ----------
    space : Space
        The metric.
    rows : Rows
        The rows.

    Attributes
    ----------
    first : ndarray of int of shape (n_groups,)
        The position of the first row of each group, ascending.
    groups : ndarray of int of shape (n_rows,)
        The group of each row.
    """

    def __init__(self, space: Space, rows: Rows) -> None:
        self._group(_digests(space, rows))

    def __getitem__(self, index: Any) -> DistinctRows:
        part = object.__new__(DistinctRows)
        part._group(self._digests[index])
        return part

    def _group(self, digests: np.ndarray) -> None:
        self._digests = digests
        _, first, groups = np.unique(digests, return_index=True, return_inverse=True)
        order = np.argsort(first)
        numbers = np.empty_like(order)
        numbers[order] = np.arange(len(order))
        self.first, self.groups = first[order], numbers[groups]
        self._order = np.argsort(self.groups, kind="stable")
        self._starts = np.searchsorted(self.groups[self._order], np.arange(len(first) + 1))

    @property
    def are_all(self) -> bool:
        """Whether no two rows are equal."""
        return len(self.first) == len(self.groups)

    def with_equal(
        self, distances: np.ndarray, columns: np.ndarray, n_neighbors: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Replace groups by their rows, nearest first, equal distances by position.

        Parameters
        ----------
        distances, columns : ndarray of shape (n, width)
            The distances to groups, and the groups. Each row has groups with `n_neighbors` rows.
        n_neighbors : int
            Number of rows to return.
        """
        shape = (len(columns), n_neighbors)
        values, members = np.empty(shape, distances.dtype), np.empty(shape, columns.dtype)
        for block in row_blocks(len(columns), 64 * (columns.shape[1] + n_neighbors)):
            values[block], members[block] = self._with_equal(
                distances[block], columns[block], n_neighbors
            )
        return values, members

    def _with_equal(
        self, distances: np.ndarray, columns: np.ndarray, n_neighbors: int
    ) -> tuple[np.ndarray, np.ndarray]:
        starts = self._starts[columns]
        sizes = np.minimum(self._starts[columns + 1] - starts, n_neighbors).ravel()
        which = np.repeat(np.arange(columns.size), sizes)
        offsets = np.arange(len(which)) - (np.cumsum(sizes) - sizes)[which]
        members = self._order[starts.ravel()[which] + offsets]
        rows, values = which // columns.shape[1], distances.ravel()[which]
        chosen = first_of_each(values, members, rows, len(columns), n_neighbors)
        return values[chosen], members[chosen]


def _digests(space: Space, rows: Rows) -> np.ndarray:
    """Return a number of 64 bits for each row, equal for equal rows.

    Rows that differ in one column have different numbers, others with a probability of 1 - 2^-64.
    """
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 2**64, rows.n_features, dtype=np.uint64) | np.uint64(1)
    digests = np.empty(len(rows), dtype=np.uint64)
    for block in row_blocks(len(rows), rows.n_features * 32):
        part = rows[block]
        X = part.X
        if space.metric == "cosine":
            X = row_scaled(X, part.inverse_norms)
            numbers = X.data if part.is_sparse else X
            numbers.round(COSINE_DECIMALS, out=numbers)
        if not part.is_sparse:
            digests[block] = _mixed(X, factors).sum(axis=1)
            continue
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        sums = np.cumsum(_mixed(X.data, factors[X.indices]))
        digests[block] = np.diff(np.concatenate([[np.uint64(0)], sums])[X.indptr])
    return digests


def _mixed(numbers: np.ndarray, factors: np.ndarray) -> np.ndarray:
    # The sum has no negative zeros.
    numbers = numbers + numbers.dtype.type(0)
    bits = numbers.view(f"u{numbers.dtype.itemsize}").astype(np.uint64)
    # Integers have zeros in the low bits, from which a product would take only a few bits.
    bits ^= bits >> np.uint64(32)
    bits *= factors
    bits ^= bits >> np.uint64(32)
    return bits
