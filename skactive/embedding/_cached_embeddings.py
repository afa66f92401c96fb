"""Embed the samples that an embedding store does not have, and look up the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skactive._progress import ProgressBar
from skactive.base import EmbeddingStore
from skactive.embedding._sqlite_store import SQLiteStore

# A folder, or an object that keeps embeddings in another way.
StoreLocation: TypeAlias = str | os.PathLike[str] | EmbeddingStore


def cached_embeddings(
    location: StoreLocation,
    n_samples: int,
    key_of: Callable[[int], bytes | None],
    compute: Callable[[NDArray[np.intp]], NDArray[Any]],
    *,
    label: str,
    progress: bool,
    block_size: int = 1024,
) -> NDArray[Any]:
    """Return the embeddings of samples, computing only those that the store does not have.

    Computed embeddings are stored block by block: an interruption loses one block at most.
    Samples with the same key are computed once. Memory beyond the result is that of one block.

    Parameters
    ----------
    location : str, path-like or EmbeddingStore
        A store, or the folder of one.
    n_samples : int
        Number of samples, at least 1.
    key_of : callable
        Returns the content key of the sample at a position, or None for a sample that is always
        computed and never stored.
    compute : callable
        Returns an ndarray of shape (n, n_features) for n positions in any order. Rows that are
        not finite are not stored.
    label : str
        Name of the work, shown at the progress bar.
    progress : bool
        Whether to show a progress bar, on standard error.
    block_size : int
        Number of samples that are looked up, computed and stored at once.

    Returns
    -------
    vectors : ndarray of shape (n_samples, n_features)
        In the type that represents both stored and computed embeddings.
    """
    opened = (
        nullcontext(location) if isinstance(location, EmbeddingStore) else SQLiteStore(location)
    )
    with opened as store:
        width = None
        while True:
            with ProgressBar(total=n_samples, desc=label, disable=not progress) as bar:
                filling = _Filling(store, n_samples, compute, bar, width)
                try:
                    return filling.filled(key_of, block_size)
                except _OtherWidthError as other:
                    # The store has embeddings of another length under these keys.
                    width = other.width


class _OtherWidthError(Exception):
    """Raised if the length of computed embeddings is not that of stored ones."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.width = width


class _Filling:
    """The rows of a result, filled block by block.

    `_waiting` maps each key that is neither stored nor computed to the positions of its samples.
    A sample without a content key has its position as its key there.
    """

    def __init__(
        self,
        store: EmbeddingStore,
        n_samples: int,
        compute: Callable[[NDArray[np.intp]], NDArray[Any]],
        bar: Any,  # tqdm is untyped
        width: int | None,
    ) -> None:
        self._store = store
        self._n_samples = n_samples
        self._compute = compute
        self._bar = bar
        self._width = width
        self._is_width_computed = width is not None
        self._vectors: NDArray[Any] | None = None
        self._waiting: dict[bytes | int, list[int]] = {}
        # Where the result has the embeddings that were computed and could not be stored.
        self._not_stored: dict[bytes | int, int] = {}

    def filled(self, key_of: Callable[[int], bytes | None], block_size: int) -> NDArray[Any]:
        """Return the whole result."""
        for start in range(0, self._n_samples, block_size):
            positions = range(start, min(start + block_size, self._n_samples))
            self._look_up(positions, [key_of(position) for position in positions])
            while len(self._waiting) >= block_size:
                self._compute_waiting(block_size)
        if self._waiting:
            self._compute_waiting(len(self._waiting))
        if self._vectors is None:
            raise RuntimeError("No embedding was computed.")
        return self._vectors

    def _look_up(self, positions: Sequence[int], keys: Sequence[bytes | None]) -> None:
        stored = self._stored([key for key in dict.fromkeys(keys) if key is not None])
        places, rows = [], []
        for position, key in zip(positions, keys, strict=True):
            row = None if key is None else stored.get(key)
            if row is not None:
                places.append(position)
                rows.append(row)
            elif key in self._not_stored and self._vectors is not None:
                self._put([position], self._vectors[[self._not_stored[key]]])
            else:
                self._waiting.setdefault(position if key is None else key, []).append(position)
        if rows:
            self._put(places, np.stack(rows))

    def _stored(self, keys: Sequence[bytes]) -> Mapping[bytes, NDArray[Any]]:
        stored = self._store.get(keys)
        if stored and self._width is None:
            self._width = len(next(iter(stored.values())))
        # Another length under the same key is the sign of an `identity` that was not changed.
        return {key: row for key, row in stored.items() if len(row) == self._width}

    def _compute_waiting(self, n: int) -> None:
        keys = list(self._waiting)[:n]
        computed = self._computed(keys)
        finite = np.isfinite(computed).all(axis=1)
        to_store = {
            key: row for row, key in enumerate(keys) if isinstance(key, bytes) and finite[row]
        }
        is_stored = to_store and self._store.put([*to_store], computed[[*to_store.values()]])
        places, rows = [], []
        for row, key in enumerate(keys):
            positions = self._waiting.pop(key)
            places += positions
            rows += [row] * len(positions)
            if isinstance(key, bytes) and not (is_stored and key in to_store):
                self._not_stored[key] = positions[0]
        self._put(places, computed[rows])

    def _computed(self, keys: Sequence[bytes | int]) -> NDArray[Any]:
        positions = np.array([self._waiting[key][0] for key in keys])
        computed = self._compute(positions)
        if computed.ndim != 2 or len(computed) != len(positions):
            raise ValueError(
                f"The embeddings of {len(positions)} samples must have shape "
                f"({len(positions)}, n_features). Got shape {computed.shape} instead."
            )
        width = computed.shape[1]
        if self._width is not None and width != self._width:
            if not self._is_width_computed:
                raise _OtherWidthError(width)
            raise ValueError(
                f"The embedding of X[{positions[0]}] has length {width}, but the others have "
                f"length {self._width}."
            )
        self._width, self._is_width_computed = width, True
        return computed

    def _put(self, places: Sequence[int], vectors: NDArray[Any]) -> None:
        if self._vectors is None:
            self._vectors = np.empty((self._n_samples, vectors.shape[1]), vectors.dtype)
        elif self._vectors.dtype != vectors.dtype:
            self._vectors = self._vectors.astype(np.result_type(self._vectors, vectors), copy=False)
        self._vectors[places] = vectors
        self._bar.update(len(places))
