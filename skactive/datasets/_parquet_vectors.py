"""Vectors in a Parquet file, read from its first row to its last."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from skactive._io.regular_files import check_regular
from skactive._optional import install_hint


class ParquetVectors:
    """Read the rows of a Parquet file in consecutive slices, each row once.

    Parameters
    ----------
    path : path-like
        The file.
    columns : sequence of str, default=None
        One column of lists of equal length, or columns of numbers. None takes all.

    Attributes
    ----------
    shape : tuple of int
        Number of vectors, number of features.
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str] | None = None) -> None:
        try:
            import pyarrow.parquet as pq
        except ImportError as error:
            raise ImportError(
                f"Parquet files need pyarrow, which is not installed. {install_hint('table')}"
            ) from error
        self._path = os.fspath(path)
        check_regular(self._path)
        self._file = pq.ParquetFile(self._path)
        self._columns = list(columns or self._file.schema_arrow.names)
        self._batches: Iterator[np.ndarray] = iter(())
        self._held = np.empty((0, 0))
        first = next(self._read(1), None)
        n_features = 0 if first is None else first.shape[1]
        self.shape = (self._file.metadata.num_rows, n_features)
        self._held = np.empty((0, n_features))
        self._batches = self._read(2**14)

    def __getitem__(self, rows: slice) -> np.ndarray:
        parts, n_wanted = [self._held], rows.stop - rows.start
        while sum(map(len, parts)) < n_wanted:
            parts.append(next(self._batches))
        whole = np.concatenate(parts)
        self._held = whole[n_wanted:]
        return whole[:n_wanted]

    def _read(self, size: int) -> Iterator[np.ndarray]:
        for batch in self._file.iter_batches(size, columns=self._columns):
            yield self._vectors(batch)

    def _vectors(self, batch: Any) -> np.ndarray:
        import pyarrow as pa

        first = batch.column(0)
        lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
        try:
            if any(is_kind(first.type) for is_kind in lists):
                values = first.flatten().to_numpy(zero_copy_only=False)
                vectors: np.ndarray = values.reshape(batch.num_rows, -1)
                return vectors
            numbers = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
            return np.column_stack(numbers).astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"Columns {self._columns} of {self._path} are neither numbers nor one column of "
                "lists of equal length. Hint: pass the columns of the vectors as `columns`."
            ) from error
