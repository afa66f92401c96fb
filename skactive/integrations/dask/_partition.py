"""One partition of a pool, in the process that holds its samples."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from sklearn import config_context
from sklearn.exceptions import NotFittedError

from skactive._engine.density import mean_cosine, unit_sum
from skactive._engine.distances import Space
from skactive._estimators import class_probabilities
from skactive._io.fingerprint import find_rows
from skactive._text import shown
from skactive.base import HasPosteriorSource
from skactive.pool import Batch, Pool


class StoredPart:
    """Stored features of a partition, which are opened by the task that uses them.

    If the partition moves, only the path of the file is sent, and values computed from the file
    are computed again. The path is sent as bytes: a file that is missing or was replaced would
    otherwise fail while a message is read, which ends the worker, and then the next one.
    """

    def __init__(self, features: Any) -> None:
        from distributed.protocol.pickle import dumps

        n_samples, n_features = features.shape
        self._n_bytes = int(n_samples * n_features * features.dtype.itemsize)
        self._pickled: bytes = dumps(features)

    def __sizeof__(self) -> int:
        # The scheduler balances the workers by it.
        return self._n_bytes

    def opened(self) -> Any:
        """Return the features, which are on disk."""
        from distributed.protocol.pickle import loads

        return loads(self._pickled)


@dataclass(frozen=True)
class Labels:
    """New labels; a position of -1 stands for a sample from outside the pool."""

    positions: np.ndarray
    X: np.ndarray
    y: np.ndarray

    @property
    def n_bytes(self) -> int:
        """Number of bytes to send."""
        return int(self.positions.nbytes + self.X.nbytes + self.y.nbytes)

    def apply(self, partition: Partition) -> None:
        """Add the labels to a partition, in the order in which they were given."""
        places, is_own = partition.places(self.positions)
        # Own samples and others are added by different methods.
        turns = np.flatnonzero(np.diff(is_own)) + 1
        for part in np.split(np.arange(len(places)), turns):
            if len(part) and is_own[part[0]]:
                partition.pool.add_labels(places[part], self.y[part])
            elif len(part):
                partition.pool.add_labeled(self.X[part], self.y[part])


@dataclass(frozen=True)
class SkippedPositions:
    """Samples that were skipped, or taken back into the candidates."""

    positions: np.ndarray
    is_back: bool

    @property
    def n_bytes(self) -> int:
        """Number of bytes to send."""
        return int(self.positions.nbytes)

    def apply(self, partition: Partition) -> None:
        """Skip the samples of a partition."""
        places, is_own = partition.places(self.positions)
        if self.is_back:
            partition.pool.unskip(places[is_own])
        else:
            partition.pool.skip(places[is_own])


@dataclass(frozen=True)
class Result:
    """The result of a request."""

    value: Any
    status = "result"


@dataclass
class Fitted:
    """A classifier that was fitted again; None after a later entry has a newer state."""

    estimator: Any
    n_bytes = 0

    def apply(self, partition: Partition) -> None:
        """Replace the classifier of a partition."""
        partition.pool.estimator.fitted = self.estimator
        partition.pool.invalidate_posterior()


@dataclass(frozen=True)
class Log:
    """Changes of a pool since the last message to a partition.

    `number` counts the logs of a pool, a new one each time that labels were removed or replaced;
    `entries` begin with number `start`, and `is_complete` is False if more of them follow.
    """

    number: int
    start: int
    entries: tuple[Labels | SkippedPositions | Fitted, ...]
    is_complete: bool


@dataclass(frozen=True)
class Setting:
    """The settings of the whole pool.

    `known` has values of all partitions together, by name. `n_changes` counts how often samples
    were added or removed, and `kept` has the rows of the source that are left, None for all.
    """

    token: str
    number: int
    start: int
    n_changes: int
    kept: np.ndarray | None
    dtype: np.dtype[Any]
    classes: np.ndarray | None
    estimator: Any
    known: dict[tuple[str, str], Any]
    working_memory: float


@dataclass(frozen=True)
class Ack:
    """The reply of a partition that has received only some entries of a log."""

    n_entries: int
    status = "behind"


@dataclass(frozen=True)
class PendingGlobal:
    """The reply of a partition that needs a value of all partitions, with its own share."""

    name: tuple[str, str]
    share: Any
    merge: Callable[[list[Any]], Any]
    status = "pending"


class PendingGlobalError(Exception):
    """A measure needs a value of all partitions that this one has not received yet."""

    def __init__(self, missing: PendingGlobal) -> None:
        super().__init__(f"{missing.name} of all partitions")
        self.missing = missing


class RemoteClassifier:
    """A copy of a classifier that the client fits, in the state in which it was last sent."""

    fitted: Any = None

    @property
    def classes_(self) -> np.ndarray:
        """The labels that the classifier knows."""
        return np.asarray(self.fitted.classes_)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities, or raise NotFittedError."""
        posterior = None if self.fitted is None else class_probabilities(self.fitted, X)
        if posterior is None:
            raise NotFittedError("The classifier is not fitted yet.")
        return posterior


class PartOfPool(Pool):
    """Some samples of a pool, with the numbers that the whole pool would have for them."""

    setting: Setting
    has_only_cosine_density = True

    def density(
        self, metric: str = "cosine", metric_params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """Return the mean similarity of each candidate to all samples of the whole pool."""
        if metric != "cosine":
            raise ValueError(
                "The metric of the density of a partitioned pool must be 'cosine', since others "
                f"compare each sample with all samples. Got {shown(metric)} instead."
            )
        return super().density(metric, metric_params)

    def anywhere(self, values: np.ndarray, name: str) -> bool:
        """Return whether a value of the whole pool is not 0."""
        return bool(self._of_all(("anywhere", name), values.any, any))

    def is_constant(self, values: np.ndarray, name: str) -> bool:
        """Return whether the values of the whole pool are equal."""
        limits = self._of_all(
            ("constant", name),
            lambda: np.array([values.min(), values.max()]) if len(values) else values,
            np.concatenate,
        )
        return super().is_constant(limits, name)

    def mean_of(self, points: Any, name: str) -> np.ndarray:
        """Return the mean of the points of the whole pool."""
        n_samples = points.shape[0]
        mean = super().mean_of
        return self._mean(("mean", name), lambda: (mean(points, name) * n_samples, n_samples))

    def _information_density(self, key: str, space: Space) -> np.ndarray:
        rows = self.geometry.rows
        mean = self._mean(("sum", "unit vectors"), lambda: (unit_sum(rows), self.n_samples))
        return mean_cosine(rows, mean)

    def _mean(
        self, name: tuple[str, str], share: Callable[[], tuple[np.ndarray, int]]
    ) -> np.ndarray:
        total, n_samples = self._of_all(name, share, sums)
        return np.asarray(total / n_samples)

    def _of_all(
        self, name: tuple[str, str], share: Callable[[], Any], merge: Callable[[list[Any]], Any]
    ) -> Any:
        """Return a value of all partitions, or raise with the share of this one."""
        known = self.setting.known
        if name not in known:
            raise PendingGlobalError(PendingGlobal(name, share(), merge))
        return known[name]

    def change(self, removed: np.ndarray) -> None:
        """Remove samples, and discard values that depend on samples of other partitions."""
        self.remove_samples(removed)
        self.geometry.discard_densities()
        self._values = self._values.changed(self._X, {})

    def begin(self) -> None:
        """Remove all labels, and keep the values that do not depend on labels."""
        self.estimator = self.setting.estimator
        self._classes = self.setting.classes
        self.reset()


def sums(shares: list[tuple[np.ndarray, int]]) -> tuple[np.ndarray, int]:
    """Return the sum of sums, and of the numbers of their terms."""
    return np.sum([total for total, _ in shares], axis=0), sum(n for _, n in shares)


class Partition:
    """Some of the samples of a pool.

    Attributes
    ----------
    pool : PartOfPool
        The pool of these samples.
    scratch : dict
        Values computed for a query since its last pick.
    """

    def __init__(self, source: Any, setting: Setting) -> None:
        try:
            X = source.opened() if isinstance(source, StoredPart) else source
            X = X if setting.kept is None else X[setting.kept]
            self.pool = PartOfPool(X, dtype=setting.dtype)
        except ValueError as error:
            raise ValueError(f"Partition {setting.number} of the pool: {error}") from error
        except OSError as error:
            raise OSError(
                f"Partition {setting.number} of the pool cannot be read: {error}. Hint: restore "
                "the file at a path that all workers can read, and repeat the call."
            ) from error
        self.pool.setting = setting
        self.pool.begin()
        self.lock = Lock()
        self.scratch: dict[Any, Any] = {}
        self._log_number, self._n_applied = 0, 0
        self._n_changes, self._kept = setting.n_changes, setting.kept
        self._batch: tuple[Any, Batch] | None = None

    @property
    def start(self) -> int:
        """The position of the first sample in the whole pool."""
        return self.pool.setting.start

    def places(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of samples in this partition, and whether they are in it."""
        places = positions - self.start
        return places, (places >= 0) & (places < self.pool.n_samples)

    def can_become(self, setting: Setting) -> bool:
        """Return whether a setting has no sample that was removed from this partition."""
        if self._kept is None or setting.kept is self._kept:
            return True
        return setting.kept is not None and bool(np.isin(setting.kept, self._kept).all())

    def update(self, setting: Setting, log: Log) -> Ack | None:
        """Apply a log; return the number of entries applied if more of them follow."""
        self.pool.setting = setting
        if self._log_number != log.number:
            self.pool.begin()
            self._log_number, self._n_applied = log.number, 0
            self._change(setting)
        elif isinstance(setting.estimator, HasPosteriorSource):
            params = setting.estimator.get_params()  # type: ignore[attr-defined]
            self.pool.estimator.set_params(**params)
        if self._n_applied >= log.start:
            for entry in log.entries[self._n_applied - log.start :]:
                entry.apply(self)
                self._n_applied += 1
            if log.is_complete:
                return None
        return Ack(self._n_applied)

    def _change(self, setting: Setting) -> None:
        """Follow samples that were added to other partitions, or removed from any."""
        if self._n_changes == setting.n_changes:
            return
        before = np.arange(self.pool.n_samples) if self._kept is None else self._kept
        kept = before if setting.kept is None else setting.kept
        self.pool.change(np.flatnonzero(~np.isin(before, kept)))
        self._n_changes, self._kept, self._batch = setting.n_changes, setting.kept, None

    def batch(self, query: Query) -> Batch:
        """Return a batch of this partition in which the picks of a query count as labelled."""
        known = (query.key, self._log_number, self._n_applied)
        if self._batch is None or self._batch[0] != known:
            self._batch, self.scratch = (known, Batch(self.pool, query.candidates)), {}
        batch = self._batch[1]
        places, is_own = self.places(query.picked)
        for pick in range(batch.n_picked, len(places)):
            self.scratch = {}
            if is_own[pick]:
                batch.pick(places[pick])
            else:
                batch.pick_outside(query.X_picked[pick])
        return batch


@dataclass(frozen=True)
class Query:
    """The picks of a strategy so far, as every partition receives them.

    `candidates` are places in the partition that receives the query, None for all.
    """

    key: str
    strategy: Any
    picked: np.ndarray
    X_picked: np.ndarray
    candidates: np.ndarray | None = None


# A request to a partition. It may be repeated on a partition that was created again.
Question: TypeAlias = Callable[[Partition], Any]

# The partitions in this process, by pool and number. A partition that is missing or out of date
# is created again from its samples and the log.
_partitions: dict[tuple[str, int], Partition] = {}
_lock = Lock()


def evaluate(source: Any, setting: Setting, log: Log, question: Question) -> tuple[str, Any]:
    """Evaluate a request on a partition in this process; return the process, and the reply.

    The reply is a `Result`; an `Ack` if the partition has not received all entries of the log;
    `PendingGlobal` if it needs a value of all partitions first. A partition whose update fails, or
    whose file does, is deleted, and created again by the next request.
    """
    from distributed import get_worker

    address, key = get_worker().address, (setting.token, setting.number)
    with config_context(working_memory=setting.working_memory):
        with _lock:
            partition = _partitions.get(key)
        if partition is None or not partition.can_become(setting):
            partition = Partition(source, setting)
        with partition.lock:
            try:
                with _lock:
                    _partitions.pop(key, None)
                behind = partition.update(setting, log)
                with _lock:
                    _partitions[key] = partition
                if behind is not None:
                    return address, behind
                return address, Result(question(partition))
            except PendingGlobalError as error:
                return address, error.missing
            except OSError:
                with _lock:
                    _partitions.pop(key, None)
                raise


def release(token: str) -> None:
    """Delete all partitions of a pool in this process."""
    with _lock:
        for key in [key for key in _partitions if key[0] == token]:
            del _partitions[key]


def check_block(block: Any) -> None:
    """Raise if a block of an array is sparse."""
    if hasattr(block, "nnz"):
        raise TypeError(
            f"The blocks of X must be arrays. Got a sparse {type(block).__name__}. Hint: reduce "
            "sparse features to some hundred columns, for example with TruncatedSVD, or pass "
            "X.map_blocks(lambda block: block.toarray())."
        )


def n_rows(block: Any) -> int:
    """Return the number of rows of a block of an array, or raise."""
    check_block(block)
    return len(block)


def size(partition: Partition) -> tuple[int, int]:
    """Return the numbers of samples and features of a partition."""
    return partition.pool.X.shape


def features(partition: Partition, positions: np.ndarray) -> np.ndarray:
    """Return the features of samples, by their positions in the whole pool."""
    return np.asarray(partition.pool.X[positions - partition.start])


def positions_of_rows(partition: Partition, digests: Collection[str]) -> dict[str, list[int]]:
    """Return the positions of rows in the whole pool, by the digests of the rows."""
    found = find_rows(partition.pool.X, digests)
    return {
        digest: [place + partition.start for place in places] for digest, places in found.items()
    }


def numbers(partition: Partition, method: str, **arguments: Any) -> Any:
    """Return the result of a method of the pool of a partition: numbers about its samples."""
    return getattr(partition.pool, method)(**arguments)


def distances_to_samples(
    partition: Partition, X: np.ndarray, metric: str, metric_params: dict[str, Any] | None
) -> np.ndarray:
    """Return the distances of all samples of a partition to given samples."""
    return partition.pool.geometry.distances_to_samples(X, metric, metric_params)
