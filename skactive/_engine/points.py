"""Rows as points whose distances by matrix products keep their digits."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import COSINE_DECIMALS, ROUNDING_UNITS, Rows, Space
from skactive._engine.norms import squared_sums
from skactive._engine.stored import StoredFeatures

# The origin is the median of so many rows: the mean would follow a single distant row.
N_MEDIAN_ROWS = 64

# Points are shifted if their squares are so many times those of their distances to the median.
FAR = 10.0

# Smaller squares have too few digits in float32.
LEAST_SQUARE = 1e-25


class Frame:
    """The coordinates in which products are computed: shifted to the rows, in a type.

    The error of a product grows with the distance of the rows from the origin. Distances do not
    depend on the origin, so that it is moved to the rows if they are far from it. Rows are
    shifted in float64, before they are rounded. For the cosine, unit vectors are shifted: its
    distance is half of their squared Euclidean distance. Sparse rows are not shifted.

    Parameters
    ----------
    space : Space
        The cosine or Euclidean metric.
    rows : Rows
        The rows that decide on the origin.
    dtype : dtype
        The type of the coordinates.
    """

    def __init__(self, space: Space, rows: Rows, dtype: Any) -> None:
        self.is_cosine = space.metric == "cosine"
        self.dtype = np.dtype(dtype)
        self.origin: np.ndarray | None = None
        if rows.is_sparse or len(rows) == 0:
            return
        some = np.linspace(0, len(rows) - 1, min(len(rows), N_MEDIAN_ROWS)).astype(np.intp)
        points = self._unshifted(rows[some])
        middle = len(points) // 2
        # numpy.median may add two numbers, whose sum may overflow.
        origin = np.partition(points, middle, axis=0)[middle]
        around = np.partition(squared_sums(points - origin), middle)[middle]
        if np.partition(squared_sums(points), middle)[middle] > FAR * around:
            self.origin = origin
            if around < LEAST_SQUARE:
                self.dtype = np.dtype(np.float64)

    @property
    def is_scaled(self) -> bool:
        """Whether products have to be divided by the norms: unit vectors are not stored."""
        return self.is_cosine and self.origin is None

    @property
    def unit(self) -> float:
        """The rounding error of a distance, as a share of the weights of its two points."""
        unit = ROUNDING_UNITS * float(np.finfo(self.dtype).eps)
        # Distances of pairs are rounded more coarsely than a product in float64.
        return max(unit, 10.0**-COSINE_DECIMALS) if self.is_scaled else unit

    def in_float64(self) -> Frame:
        """Return the same coordinates in float64."""
        other = object.__new__(Frame)
        other.is_cosine, other.origin = self.is_cosine, self.origin
        other.dtype = np.dtype(np.float64)
        return other

    def of(self, rows: Rows, *, keep: bool = True) -> Rows:
        """Return the points of rows; `keep` allows to store them in memory."""
        is_same = self.origin is None and self.dtype == rows.dtype
        if rows.is_sparse:
            return rows if is_same else Rows(rows.X.astype(self.dtype), rows.norms)
        if is_same and (rows.is_stored or not rows.is_on_disk):
            return rows
        points: Any = StoredFeatures(_Shifted(self, rows), self.dtype)
        if keep and not rows.is_on_disk:
            points = np.asarray(points)
        # The inverse norms stay those of the rows: they are 0 for zero vectors.
        norms = rows.norms if self.origin is None else None
        return Rows(points, norms, rows.inverse_norms if self.is_cosine else None)

    def shifted(self, rows: Rows) -> np.ndarray:
        """Return the points of dense rows in memory, in float64."""
        points = self._unshifted(rows)
        return points if self.origin is None else points - self.origin

    def array(self, rows: Rows) -> np.ndarray:
        """Return the points of dense rows in the type of the frame, for the cosine unit vectors."""
        points = np.empty((len(rows), rows.n_features), dtype=self.dtype)
        for block in row_blocks(len(rows), rows.n_features * 24):
            points[block] = self.shifted(rows[block])
        return points

    def _unshifted(self, rows: Rows) -> np.ndarray:
        points = np.asarray(rows.X, dtype=np.float64)
        return points * rows.inverse_norms[:, np.newaxis] if self.is_cosine else points


class _Shifted:
    """Rows whose points are computed when they are read."""

    def __init__(self, frame: Frame, rows: Rows) -> None:
        self._frame = frame
        self._rows = rows
        self.dtype = np.dtype(np.float64)
        self.shape = (len(rows), rows.n_features)

    def __getitem__(self, index: Any) -> np.ndarray:
        rows = self._rows[index]
        if self._frame.origin is None:
            return np.asarray(rows.X, dtype=np.float64)
        return self._frame.shifted(rows)


def lower_bounds(frame: Frame, A: Rows, B: Rows, unit: float) -> np.ndarray:
    """Return distances in comparison units, less a bound on their rounding error.

    The bound is `unit` times the sum of the `weights` of the two rows.
    """
    product = B.dot(A.X).T if B.is_stored else A.dot(B.X)
    if frame.is_scaled:
        product *= A.inverse_norms.astype(product.dtype)[:, np.newaxis]
        product *= -B.inverse_norms.astype(product.dtype)
        product += 1 - unit
        return product
    product *= -1 if frame.is_cosine else -2
    product += ((1 - unit) * weights(frame, A)).astype(product.dtype)[:, np.newaxis]
    product += ((1 - unit) * weights(frame, B)).astype(product.dtype)
    if frame.is_cosine:
        # The distance of a zero vector, which has no direction, is 1.
        product[A.inverse_norms == 0] = 1 - unit
        product[:, B.inverse_norms == 0] = 1 - unit
    return product


def weights(frame: Frame, points: Rows) -> np.ndarray:
    """Return the share of each point in the rounding error of its distances."""
    if frame.is_scaled:
        return np.full(len(points), 0.5)
    return np.square(points.norms) / (2 if frame.is_cosine else 1)
