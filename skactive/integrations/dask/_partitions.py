"""The messages between the client and the partitions of a pool."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from sklearn import get_config

from skactive._engine.positions import check_positions
from skactive._engine.stored import is_stored
from skactive._optional import import_optional
from skactive.integrations.dask._cluster import (
    PoolInWorkers,
    check_connected,
    client_of,
    gathered,
    release_abandoned,
    wait_for,
)
from skactive.integrations.dask._partition import (
    Fitted,
    Labels,
    Log,
    PendingGlobal,
    Question,
    Setting,
    SkippedPositions,
    StoredPart,
    check_block,
    evaluate,
    features,
    n_rows,
    positions_of_rows,
    size,
)

# Approximate size in bytes of the pieces in which a log is sent.
LOG_BYTES = 2**22


@dataclass(frozen=True)
class PartOfSource:
    """The number of a partition, and the rows of its source that are left, None for all."""

    number: int
    is_stored: bool
    kept: np.ndarray | None = None


class Partitions:
    """Send changes and requests to the partitions of a pool, each in the process that holds it.

    The log of all changes is kept, so that a partition that was lost with its process can be
    created again elsewhere. Rows can be read by positions, a slice or a mask, as from an array.

    Parameters
    ----------
    X : dask array of shape (n_samples, n_features), or list of stored features
        The features, as in `PartitionedPool`.
    dtype : dtype
        The type of the features, or of the arithmetic on features on disk.
    client : distributed.Client or None
        The cluster.

    Attributes
    ----------
    shape : tuple of int
        Number of samples, number of features.
    starts : ndarray of int of shape (n_partitions + 1,)
        The position of the first sample of each, and at last the number of samples.
    estimator : object
        The source of class probabilities in each partition.
    kept : dict
        Values that one query stores for the next.
    """

    def __init__(self, X: Any, dtype: np.dtype[Any], client: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.estimator: Any = None
        self.kept: dict[str, Any] = {}
        self._classes: np.ndarray | None = None
        self._client = client_of(client)
        check_connected(self._client)
        release_abandoned(self._client)
        self._sources = self._sources_of(X)
        self._held = PoolInWorkers(self._client, self.n_partitions)
        self._workers = self._holders()
        is_stored = isinstance(X, Sequence)
        self._parts = [PartOfSource(number, is_stored) for number in range(self.n_partitions)]
        self._n_changes = 0
        self._entries: list[Labels | SkippedPositions | Fitted] = []
        self._fitted = Fitted(None)
        self._log_number = 0
        self._n_sent = [0] * self.n_partitions
        self._known: dict[tuple[str, str], Any] = {}
        self._features: dict[int, np.ndarray] = {}
        self.starts = np.zeros(self.n_partitions + 1, dtype=np.intp)
        shapes = self.answers_of_all(lambda _: size)
        widths = [n_features for _, n_features in shapes]
        if len(set(widths)) > 1:
            raise ValueError(f"All partitions must have the same number of features. Got {widths}.")
        np.cumsum([n_samples for n_samples, _ in shapes], out=self.starts[1:])
        self.shape = int(self.starts[-1]), int(widths[0])

    @classmethod
    def of(cls, X: Any, dtype: np.dtype[Any], client: Any) -> Partitions:
        """Return partitions as they are, and create those of other features."""
        return X if isinstance(X, Partitions) else cls(X, dtype, client)

    @property
    def n_partitions(self) -> int:
        """Number of partitions."""
        return len(self._sources)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        elif np.asarray(rows).dtype == bool:
            rows = np.flatnonzero(rows)
        return self.features(check_positions(rows, len(self)))

    def close(self) -> None:
        """Delete the partitions in all workers."""
        self._held.release()
        self._sources = []

    def add_labels(self, positions: np.ndarray, X: np.ndarray, y: np.ndarray) -> None:
        """Add labels to the log; -1 stands for a sample from outside the pool."""
        size = max(1, LOG_BYTES // max(1, X.itemsize * X.shape[1]))
        for start in range(0, len(y), size):
            part = slice(start, start + size)
            self._entries.append(Labels(positions[part], X[part], y[part]))

    def add_skipped(self, positions: np.ndarray, *, is_back: bool) -> None:
        """Add skipped samples, or samples taken back, to the log."""
        self._entries.append(SkippedPositions(positions, is_back))

    def add_fitted(self, estimator: Any) -> None:
        """Add the current state of the classifier to the log."""
        # A partition that reads the whole log needs only the last state.
        self._fitted.estimator = None
        self._fitted = Fitted(estimator)
        self._entries.append(self._fitted)

    def begin(self, estimator: Any, classes: np.ndarray | None) -> None:
        """Start a new log."""
        self.estimator, self._classes = estimator, classes
        self._entries, self._log_number = [], self._held.next_number()
        self._n_sent = [0] * self.n_partitions

    def of_new(self, X: Any) -> Partitions:
        """Return the partitions of further samples, which may be an array of this process too."""
        if isinstance(X, list | tuple) and not all(is_stored(part) for part in X):
            X = as_numbers(X)
        if isinstance(X, np.ndarray):
            arrays = import_optional("dask.array", "PartitionedPool", "Dask", "dask")
            X = arrays.from_array(X)
        new = Partitions.of(X, self.dtype, self._client)
        if new.shape[1] != self.shape[1]:
            raise ValueError(f"X has {new.shape[1]} features, but the pool has {self.shape[1]}.")
        return new

    def joined(self, new: Partitions) -> Partitions:
        """Return these partitions and new ones, as one set of samples without labels."""
        # Their numbers in this pool differ.
        new._held.release()
        parts = [replace(part, number=self._held.next_number()) for part in new._parts]
        sizes = np.concatenate([np.diff(self.starts), np.diff(new.starts)])
        return self._changed(
            self._sources + new._sources, self._workers + new._workers, self._parts + parts, sizes
        )

    def without(self, positions: np.ndarray) -> Partitions:
        """Return these partitions without samples, given ascending positions, and labels."""
        parts, sizes = [], []
        for number, part in enumerate(self._parts):
            removed = self.places_in(number, positions)
            size = int(self.starts[number + 1] - self.starts[number])
            if len(removed) and part.is_stored:
                raise TypeError(
                    f"Sample {self.starts[number] + removed[0]} is on disk, where it cannot be "
                    "removed. Hint: write the other rows to a new file, and create a new pool."
                )
            if len(removed):
                rows = np.arange(size) if part.kept is None else part.kept
                part = replace(part, kept=np.delete(rows, removed))  # noqa: PLW2901
            parts.append(part)
            sizes.append(size - len(removed))
        filled = np.flatnonzero(sizes)
        return self._changed(
            [self._sources[number] for number in filled],
            [self._workers[number] for number in filled],
            [parts[number] for number in filled],
            np.array(sizes)[filled],
        )

    def _changed(
        self, sources: list[Any], workers: list[Any], parts: list[PartOfSource], sizes: np.ndarray
    ) -> Partitions:
        """Return other samples of the same pool, without values that depend on these."""
        other = copy(self)
        vars(other).update(
            _sources=sources,
            _workers=workers,
            _parts=parts,
            _n_changes=self._held.next_number(),
            _features={},
            _known={},
            kept={},
            starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp),
            shape=(int(np.sum(sizes)), self.shape[1]),
        )
        other.begin(self.estimator, self._classes)
        return other

    def features(self, positions: np.ndarray) -> np.ndarray:
        """Return the features of samples; those that are not cached are fetched."""
        X = np.empty((len(positions), self.shape[1]), dtype=self.dtype)
        holders = np.searchsorted(self.starts, positions, side="right") - 1
        known = self._features
        far = np.array([position not in known for position in positions.tolist()], dtype=bool)
        wanted = {int(number): positions[far & (holders == number)] for number in holders[far]}
        answers = self._answers(
            {number: partial(features, positions=some) for number, some in wanted.items()}
        )
        for number, some in wanted.items():
            self.bring(some, answers[number])
        for place, position in enumerate(positions.tolist()):
            X[place] = self._features[position]
        return X

    def find_rows(self, digests: Collection[str]) -> dict[str, list[int]]:
        """Return the positions of rows by their digests, as `skactive._io.fingerprint` does."""
        positions: dict[str, list[int]] = {}
        question = partial(positions_of_rows, digests=frozenset(digests))
        for found in self.answers_of_all(lambda _: question):
            for digest, places in found.items():
                positions.setdefault(digest, []).extend(places)
        return positions

    def places_in(self, number: int, positions: np.ndarray) -> np.ndarray:
        """Return the places of those samples that are in a partition."""
        start, stop = self.starts[number : number + 2]
        return positions[(positions >= start) & (positions < stop)] - start

    def bring(self, positions: np.ndarray, X: np.ndarray) -> None:
        """Cache the features of samples that were sent with other values."""
        self._features.update(zip(positions.tolist(), X, strict=True))

    def begin_query(self) -> None:
        """Discard values of all partitions that depend on labels."""
        for name in [name for name in self._known if name[0] in {"anywhere", "constant"}]:
            del self._known[name]

    def answers_of_all(self, question: Callable[[int], Question]) -> list[Any]:
        """Return the results of a request for each partition."""
        numbers = range(self.n_partitions)
        answers = self._answers({number: question(number) for number in numbers})
        return [answers[number] for number in numbers]

    def _answers(self, questions: dict[int, Question]) -> dict[int, Any]:
        """Return results of some partitions, after each has received the values that it needs."""
        if not self._sources:
            raise RuntimeError(
                "This pool is closed: the workers no longer hold it. Hint: create a new one."
            )
        answers: dict[int, Any] = {}
        while len(answers) < len(questions):
            check_connected(self._client, self._sources)
            wanted = [number for number in questions if number not in answers]
            futures = [self._submit(number, questions[number]) for number in wanted]
            missing: list[PendingGlobal] = []
            for number, (worker, answer) in zip(
                wanted, gathered(self._client, futures, self._sources), strict=True
            ):
                # The partition may have moved because its worker died.
                self._workers[number] = worker
                if answer.status == "behind":
                    self._n_sent[number] = answer.n_entries
                    continue
                self._n_sent[number] = len(self._entries)
                if answer.status == "pending":
                    missing.append(answer)
                else:
                    answers[number] = answer.value
            self._agree(missing, n_answered=len(answers))
        return answers

    def _agree(self, missing: list[PendingGlobal], n_answered: int) -> None:
        """Merge the shares of a value that all partitions need."""
        if not missing:
            return
        name = missing[0].name
        shares = [one.share for one in missing if one.name == name]
        if len(shares) == self.n_partitions:
            self._known[name] = missing[0].merge(shares)
        elif n_answered > 0 or len(shares) < len(missing):
            raise RuntimeError(
                f"Some partitions need {name[1]} of all samples and others do not. Hint: a measure "
                "must read the same values of a pool for any candidates."
            )

    def _submit(self, number: int, question: Question) -> Any:
        return self._client.submit(
            evaluate,
            self._sources[number],
            self._setting(number),
            self._log(number),
            question,
            workers=self._workers[number],
            allow_other_workers=self._workers[number] is not None,
            pure=False,
        )

    def _setting(self, number: int) -> Setting:
        return Setting(
            token=self._held.token,
            number=self._parts[number].number,
            start=int(self.starts[number]),
            n_changes=self._n_changes,
            kept=self._parts[number].kept,
            dtype=self.dtype,
            classes=self._classes,
            estimator=self.estimator,
            known=self._known,
            working_memory=get_config()["working_memory"],
        )

    def _log(self, number: int) -> Log:
        start = stop = self._n_sent[number]
        n_bytes = 0
        while stop < len(self._entries) and n_bytes < LOG_BYTES:
            n_bytes += self._entries[stop].n_bytes
            stop += 1
        entries = tuple(self._entries[start:stop])
        return Log(self._log_number, start, entries, is_complete=stop == len(self._entries))

    def _sources_of(self, X: Any) -> list[Any]:
        """Return the partitions, as futures that are not moved."""
        if hasattr(X, "to_delayed") and getattr(X, "ndim", None) == 2:
            check_block(X._meta)  # noqa: SLF001  Dask has no public name for it
            X = X.astype(self.dtype)
            if X.numblocks[1] > 1:
                X = X.rechunk({1: -1})
            blocks = self._client.compute(X.to_delayed().ravel().tolist())
            sizes = gathered(self._client, self._client.map(n_rows, blocks), blocks)
            sources = [block for block, size in zip(blocks, sizes, strict=True) if size]
        elif isinstance(X, Sequence) and all(is_stored(part) for part in X):
            parts = [StoredPart(part) for part in X if part.shape[0]]
            sources = self._client.map(returned, parts, pure=False)
        else:
            raise TypeError(
                "X must be a Dask array with two dimensions, or a list of features on disk, as "
                f"from skactive.datasets.open_vectors. Got {type(X).__name__} instead."
            )
        if not sources:
            raise ValueError("X has no samples. Hint: pass at least one.")
        return sources

    def _holders(self) -> list[str | None]:
        """Return the worker of each partition, None if it has none at the moment."""
        wait_for(self._client, self._sources)
        holders = self._client.who_has(self._sources)
        return [next(iter(holders.get(source.key) or [None])) for source in self._sources]


def as_numbers(X: Any) -> Any:
    """Return rows of numbers as an array, and anything else as it is."""
    try:
        array = np.asarray(X)
    except ValueError:
        return X
    return array if array.ndim == 2 and array.dtype.kind in "fiub" else X


def returned(part: StoredPart) -> StoredPart:
    """Return a part, in the process that will hold it."""
    return part
