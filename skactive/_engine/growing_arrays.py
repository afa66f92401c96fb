"""Arrays that grow, and from which rows are removed, at a cost independent of their length."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp


class GrowingArray:
    """An array whose capacity doubles when full, and whose last row replaces a removed row."""

    is_sparse = False

    def __init__(self, rows: np.ndarray) -> None:
        self._buffer = rows
        self._size = len(rows)

    def __len__(self) -> int:
        return self._size

    @property
    def view(self) -> np.ndarray:
        return self._buffer[: self._size]

    def extend(self, rows: np.ndarray) -> None:
        needed, dtype = self._size + len(rows), self._buffer.dtype
        if rows.dtype != dtype:
            dtype = np.result_type(self._buffer, rows)
        if needed > len(self._buffer) or dtype != self._buffer.dtype:
            shape = (max(needed, 2 * len(self._buffer), 8), *self._buffer.shape[1:])
            grown = np.empty(shape, dtype=dtype)
            grown[: self._size] = self.view
            self._buffer = grown
        self._buffer[self._size : needed] = rows
        self._size = needed

    def swap_remove(self, slot: int) -> None:
        self._buffer[slot] = self._buffer[self._size - 1]
        self._size -= 1

    def __getstate__(self) -> dict[str, Any]:
        return {"_buffer": self.view.copy(), "_size": self._size}


class GrowingCSR:
    """A `GrowingArray` of sparse rows. Removing any row but the last copies all rows."""

    is_sparse = True

    def __init__(self, rows: sp.csr_matrix) -> None:
        self._shape = rows.shape
        self._values = GrowingArray(rows.data)
        self._columns = GrowingArray(rows.indices)
        self._ends = GrowingArray(np.asarray(rows.indptr[1:], dtype=np.int64))

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def view(self) -> sp.csr_matrix:
        starts = np.concatenate([[0], self._ends.view])
        return sp.csr_matrix(
            (self._values.view, self._columns.view, starts), (len(self), self._shape[1])
        )

    def extend(self, rows: sp.csr_matrix) -> None:
        self._ends.extend(rows.indptr[1:] + len(self._values))
        self._values.extend(rows.data)
        self._columns.extend(rows.indices)

    def swap_remove(self, slot: int) -> None:
        order = np.arange(len(self) - 1)
        if slot < len(order):
            order[slot] = len(self) - 1
        self.__init__(self.view[order])  # type: ignore[misc]
