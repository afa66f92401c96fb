"""Approximate nearest neighbours by an inverted file: samples partitioned into cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.block_search import Candidates
from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.points import Frame

# Number of samples for each cell that k-means is fitted to, and its number of rounds.
SAMPLES_PER_CELL = 64
N_ROUNDS = 6

# Number of cells nearest to a sample that count as adjacent to its own.
N_ADJACENT = 8

# The largest cell may have so many times the mean number of samples.
UNEVEN = 8

# Number of samples whose exact neighbours determine the number of searched cells.
N_CALIBRATION = 512

# Number of them that are compared with all samples at once.
TRIED_AT_ONCE = 32


class InvertedFile:
    """Search for neighbours in the cells that contain most of them.

    About √n cells are found by k-means. Each cell ranks all others by the number of its members
    that are near to their centres. The number of searched cells is the smallest one for which the
    cells contain the share `recall` of the exact neighbours of some samples.
    """

    def __init__(
        self, stored: Rows, space: Space, n_neighbors: int, recall: float, random_state: int
    ) -> None:
        self._stored, self._space = stored, space
        n = len(stored)
        n_cells = max(1, math.isqrt(n))
        for dtype in (stored.dtype, np.float64):
            rng = np.random.default_rng(random_state)
            self._frame = Frame(space, stored, dtype)
            self._centers = self._centers_by_k_means(n_cells, rng)
            near = self._nearest_centers(stored, min(N_ADJACENT, n_cells))
            own = near[:, 0].copy()
            self._order = np.argsort(own, kind="stable")
            self._starts = np.searchsorted(own[self._order], np.arange(n_cells + 1))
            if np.diff(self._starts).max() <= UNEVEN * n / n_cells:
                break
            # In float64, rows that nearly coincide are divided among several cells.
        self._routes = self._ranked(near)
        del near
        self.n_searched = self._cells_needed(own, n_neighbors, recall, rng)

    def search(self, rows: Rows, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Return distances in comparison units and positions of the neighbours that are found."""
        compared = np.empty((len(rows), n_neighbors))
        columns = np.empty((len(rows), n_neighbors), np.intp)
        for members, candidates in self.cells(rows, n_neighbors):
            among = Candidates(self._space, self._stored[candidates])
            compared[members], places = among.nearest(rows[members], n_neighbors)
            columns[members] = candidates[places]
        return compared, columns

    def cells(self, rows: Rows, n_neighbors: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the rows of each cell, with the positions among which they are searched."""
        own = self._nearest_centers(rows, 1)[:, 0]
        order = np.argsort(own, kind="stable")
        cells, starts = np.unique(own[order], return_index=True)
        for cell, members in zip(cells, np.split(order, starts[1:]), strict=True):
            yield members, self._candidates(cell, n_neighbors)

    def _candidates(self, cell: int, n_neighbors: int) -> np.ndarray:
        sizes = np.diff(self._starts)[self._routes[cell]]
        enough = int(np.searchsorted(np.cumsum(sizes), n_neighbors)) + 1
        chosen = self._routes[cell, : max(self.n_searched, enough)]
        parts = [self._order[self._starts[one] : self._starts[one + 1]] for one in chosen]
        return np.sort(np.concatenate(parts))

    def _centers_by_k_means(self, n_cells: int, rng: np.random.Generator) -> np.ndarray:
        n = len(self._stored)
        chosen = np.sort(rng.choice(n, min(n, SAMPLES_PER_CELL * n_cells), replace=False))
        X = self._frame.array(self._stored[chosen])
        centers = X[np.sort(rng.choice(len(X), n_cells, replace=False))]
        for _ in range(N_ROUNDS):
            own = _nearest(X, centers, 1)[:, 0]
            sizes = np.bincount(own, minlength=n_cells)
            sums = (
                sp.csr_matrix(
                    (np.ones(len(X), X.dtype), own, np.arange(len(X) + 1)), (len(X), n_cells)
                ).T
                @ X
            )
            filled = sizes > 0
            centers[filled] = sums[filled] / sizes[filled, np.newaxis]
            if self._frame.is_scaled:
                norms = np.linalg.norm(centers, axis=1, keepdims=True)
                centers /= np.where(norms > 0, norms, 1)
        return centers

    def _nearest_centers(self, rows: Rows, n_nearest: int) -> np.ndarray:
        nearest = np.empty((len(rows), n_nearest), dtype=np.int32)
        for block in row_blocks(len(rows), 8 * (len(self._centers) * 3 + rows.n_features)):
            nearest[block] = _nearest(self._frame.array(rows[block]), self._centers, n_nearest)
        return nearest

    def _ranked(self, near: np.ndarray) -> np.ndarray:
        n_cells = len(self._centers)
        together = np.zeros((n_cells, n_cells))
        for place in range(near.shape[1]):
            np.add.at(together, (near[:, 0], near[:, place]), 1.0)
        # Cells that no member is near to are last, ordered by the distance of their centres.
        far = _nearest(self._centers, self._centers, n_cells)
        ranks = np.empty_like(far)
        np.put_along_axis(ranks, far, np.arange(n_cells)[np.newaxis], axis=1)
        together[np.arange(n_cells), np.arange(n_cells)] = np.inf
        return np.lexsort((ranks, -together), axis=-1)

    def _cells_needed(
        self, own: np.ndarray, n_neighbors: int, recall: float, rng: np.random.Generator
    ) -> int:
        n = len(self._stored)
        n_neighbors = min(n_neighbors + 1, n)
        tried = np.sort(rng.choice(n, min(n, N_CALIBRATION), replace=False))
        among = Candidates(self._space, self._stored)
        parts = [
            tried[first : first + TRIED_AT_ONCE] for first in range(0, len(tried), TRIED_AT_ONCE)
        ]
        columns = np.vstack([among.nearest(self._stored[part], n_neighbors)[1] for part in parts])
        places = np.empty_like(self._routes)
        np.put_along_axis(places, self._routes, np.arange(len(places))[np.newaxis], axis=1)
        needed = places[own[tried][:, np.newaxis], own[columns]]
        needed = np.sort(needed[columns != tried[:, np.newaxis]])
        return int(needed[max(0, math.ceil(recall * len(needed)) - 1)]) + 1 if len(needed) else 1


def _nearest(X: np.ndarray, centers: np.ndarray, n_nearest: int) -> np.ndarray:
    """Return the nearest centres of each row, nearest first."""
    compared: Any = X @ centers.T
    compared *= -2
    compared += np.square(centers).sum(axis=1)
    if n_nearest == 1:
        return compared.argmin(axis=1)[:, np.newaxis]
    if n_nearest < len(centers):
        chosen = np.argpartition(compared, n_nearest - 1, axis=1)[:, :n_nearest]
    else:
        chosen = np.broadcast_to(np.arange(n_nearest), compared.shape)
    values = np.take_along_axis(compared, chosen, axis=1)
    return np.take_along_axis(chosen, np.lexsort((chosen, values), axis=-1), axis=1)
