"""Embed samples batch by batch, with a cache, and name those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, Protocol

import numpy as np

from skactive._progress import ProgressBar
from skactive.embedding._cached_embeddings import StoreLocation, cached_embeddings
from skactive.embedding._unreadable import Unreadable, unreadable_error, warn_of_unreadable

ERRORS = ("nan", "raise")


class BatchedSamples(Protocol):
    """Samples of one kind, read in batches."""

    kind: str

    def __len__(self) -> int:
        """Return the number of samples."""

    def key(self, identity: bytes, position: int) -> bytes | None:
        """Return the content key of a sample, or None if its content cannot be read."""

    def name(self, position: int) -> str:
        """Return the name of a sample in messages."""

    # The form of a batch is up to the function that embeds it.
    def batches(
        self, positions: np.ndarray, batch_size: int
    ) -> Generator[tuple[np.ndarray, Any, list[Unreadable]], None, None]:
        """Yield positions with their samples, and the unreadable samples."""


# Positions of some samples, their vectors, and the samples that cannot be embedded.
Embedded = tuple[np.ndarray, np.ndarray, list[Unreadable]]


class BatchEmbedding:
    """The embedding of samples, batch by batch.

    Parameters
    ----------
    samples : BatchedSamples
        The samples.
    embed : callable
        Takes the positions of a batch and its samples, and yields the vectors in parts.
    n_features : callable
        Returns the length of the vectors, if no sample can be embedded.
    batch_size : int
        Number of samples in a batch.
    errors : {'raise', 'nan'}
        Treatment of samples that cannot be read: an error at the first one, or rows of NaN with
        a warning that lists them.
    verbose : bool
        Whether to show a progress bar.
    """

    def __init__(
        self,
        samples: BatchedSamples,
        embed: Callable[[np.ndarray, Any], Iterator[Embedded]],
        n_features: Callable[[], int],
        *,
        batch_size: int,
        errors: str,
        verbose: bool,
    ) -> None:
        self._samples = samples
        self._embed = embed
        self._n_features = n_features
        self._batch_size = batch_size
        self._errors = errors
        self._verbose = verbose
        self._unreadable: list[Unreadable] = []

    def vectors(self, cache: StoreLocation | None, identity: Callable[[], bytes]) -> np.ndarray:
        """Return float32 vectors of all samples.

        Parameters
        ----------
        cache : str, path-like, EmbeddingStore or None
            The store of vectors.
        identity : callable
            Returns the properties, beside the sample, that the vectors depend on.
        """
        self._unreadable = []
        if cache is None:
            vectors = self._embedded(np.arange(len(self._samples)), is_shown=self._verbose)
        else:
            vectors = self._cached(cache, identity())
        if self._unreadable:
            warn_of_unreadable(self._unreadable, len(self._samples))
        return vectors

    def _cached(self, cache: StoreLocation, identity: bytes) -> np.ndarray:
        vectors = cached_embeddings(
            cache,
            len(self._samples),
            lambda position: self._samples.key(identity, position),
            self._embedded,
            label="embedding",
            progress=self._verbose,
        )
        if self._unreadable:
            self._add_copies(vectors)
        return vectors

    def _add_copies(self, vectors: np.ndarray) -> None:
        # Each content is embedded once: copies of an unreadable sample are not listed yet.
        samples = self._samples
        named = {sample.position for sample in self._unreadable}
        reason = {samples.key(b"", one.position): one.reason for one in self._unreadable}
        for position in np.flatnonzero(np.isnan(vectors[:, 0])).tolist():
            if position not in named:
                why = reason.get(samples.key(b"", position), "same content as another one")
                self._unreadable.append(Unreadable(position, samples.name(position), why))

    def _embedded(self, positions: np.ndarray, *, is_shown: bool = False) -> np.ndarray:
        row_of = {position: row for row, position in enumerate(positions.tolist())}
        vectors: np.ndarray | None = None
        with (
            ProgressBar(total=len(positions), desc="embedding", disable=not is_shown) as bar,
            # After an exception, no thread continues to read.
            closing(self._samples.batches(positions, self._batch_size)) as batches,
        ):
            for where, batch, faulty in batches:
                self._note(faulty)
                for readable, found, refused in self._embed(where, batch):
                    self._note(refused)
                    if len(readable) == 0:
                        continue
                    if vectors is None:
                        vectors = np.full((len(positions), found.shape[1]), np.nan, np.float32)
                    vectors[[row_of[position] for position in readable.tolist()]] = found
                bar.update(len(where) + len(faulty))
        if vectors is None:
            return np.full((len(positions), self._n_features()), np.nan, np.float32)
        return vectors

    def _note(self, faulty: list[Unreadable]) -> None:
        if faulty and self._errors == "raise":
            raise unreadable_error(min(faulty), self._samples.kind)
        self._unreadable.extend(faulty)
