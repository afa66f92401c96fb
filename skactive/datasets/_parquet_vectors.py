"""Vectors in a Parquet file, read from its first row to its last."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from skactive._engine.numbers import as_numbers
from skactive._io.regular_files import check_regular
from skactive._io.tables import check_names, damage_named, damaged, listed
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
        with damage_named(self._path):
            self._file = pq.ParquetFile(self._path)
            names = self._file.schema_arrow.names
            n_rows = self._file.metadata.num_rows
        self._columns = list(columns or names)
        check_names(self._path, names)
        for name in self._columns:
            if name not in names:
                raise ValueError(f"{self._path} has no column {name!r}. {listed(names)}")
        self._batches: Iterator[np.ndarray] = iter(())
        self._held = np.empty((0, 0))
        first = next(self._read(1), None)
        n_features = 0 if first is None else first.shape[1]
        self.shape = (n_rows, n_features)
        self._held = np.empty((0, n_features))
        self._batches = self._read(2**14)

    def __getitem__(self, rows: slice) -> np.ndarray:
        parts, n_wanted = [self._held], rows.stop - rows.start
        while sum(map(len, parts)) < n_wanted:
            vectors = next(self._batches, None)
            if vectors is None:
                raise damaged(self._path)
            parts.append(vectors)
        whole = np.concatenate(parts)
        self._held = whole[n_wanted:]
        return whole[:n_wanted]

    def _read(self, size: int) -> Iterator[np.ndarray]:
        batches = self._file.iter_batches(size, columns=self._columns)
        width = None
        while True:
            with damage_named(self._path):
                batch = next(batches, None)
            if batch is None:
                return
            vectors = self._vectors(batch.select(self._columns))
            if width not in (None, vectors.shape[1]):
                raise self._no_vectors()
            width = vectors.shape[1]
            yield vectors

    def _vectors(self, batch: Any) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.compute as pc

        kinds = pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list
        if any(is_kind(column.type) for column in batch.columns for is_kind in kinds):
            lengths: set[int | None] = {None}
            if batch.num_columns == 1:
                lengths = set(pc.list_value_length(batch.column(0)).to_pylist())
            if len(lengths) != 1 or None in lengths:
                raise self._no_vectors()
            return self._numbers(batch.column(0).flatten()).reshape(batch.num_rows, *lengths)
        return np.column_stack([self._numbers(column) for column in batch.columns])

    def _numbers(self, column: Any) -> np.ndarray:
        try:
            numbers = as_numbers(column.to_numpy(zero_copy_only=False), "A column")
            array: np.ndarray = numbers if numbers.dtype.kind == "f" else numbers.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise self._no_vectors() from error
        return array

    def _no_vectors(self) -> ValueError:
        return ValueError(
            f"Columns {self._columns} of {self._path} are neither numbers nor one column of "
            "lists of equal length. Hint: pass the columns of the vectors as `columns`."
        )
