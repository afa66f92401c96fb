"""One partition of a pool, in the process that has its samples, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

import numpy as np
from sklearn import config_context
from sklearn.exceptions import NotFittedError

from skactive._engine.density import mean_cosine, unit_sum
from skactive._engine.distances import Space
from skactive._io.fingerprint import find_rows
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool
from skactive.pool._posterior import AskedClassifier

# What is worked out from all samples, and says so to the pool.
WITH_THE_WHOLE = {"nearness_to_center"}


@dataclass(frozen=True)
class StoredPart:
    """Stored features of a partition, which a scheduler takes for as large as they are.

    They would travel as the name of a file; what is known of them would not, and is made anew where
    they arrive.
    """

    features: Any

    def __sizeof__(self) -> int:
        n_samples, n_features = self.features.shape
        return int(n_samples * n_features * self.features.dtype.itemsize)


@dataclass(frozen=True)
class Labels:
    """Labels that were given; a position of -1 stands for a sample from outside the pool."""

    positions: np.ndarray
    X: np.ndarray
    y: np.ndarray

    @property
    def n_bytes(self) -> int:
        """How much there is to send."""
        return int(self.positions.nbytes + self.X.nbytes + self.y.nbytes)

    def tell(self, partition: Partition) -> None:
        """Tell a partition, in the order in which they were given."""
        places, is_own = partition.places(self.positions)
        # Where own samples and others take turns, so do the calls.
        turns = np.flatnonzero(np.diff(is_own)) + 1
        for part in np.split(np.arange(len(places)), turns):
            if len(part) and is_own[part[0]]:
                partition.pool.add_labels(places[part], self.y[part])
            elif len(part):
                partition.pool.add_labeled(self.X[part], self.y[part])


@dataclass(frozen=True)
class Skipped:
    """Samples that nobody can answer for, or that somebody can after all."""

    positions: np.ndarray
    is_back: bool

    @property
    def n_bytes(self) -> int:
        """How much there is to send."""
        return int(self.positions.nbytes)

    def tell(self, partition: Partition) -> None:
        """Tell a partition."""
        places, is_own = partition.places(self.positions)
        if self.is_back:
            partition.pool.unskip(places[is_own])
        else:
            partition.pool.skip(places[is_own])


@dataclass(frozen=True)
class Fitted:
    """A classifier that was fitted anew."""

    estimator: Any
    n_bytes = 0

    def tell(self, partition: Partition) -> None:
        """Tell a partition."""
        partition.pool.estimator.fitted = self.estimator
        partition.pool.invalidate_posterior()


@dataclass(frozen=True)
class Log:
    """What has been said of a pool since a partition last listened.

    `number` counts the logs of a pool, a new one for each time that labels were taken back;
    `entries` are those from `start` on, and `is_whole` says that these are all there are.
    """

    number: int
    start: int
    entries: tuple[Labels | Skipped | Fitted, ...]
    is_whole: bool


@dataclass(frozen=True)
class Setting:
    """What a partition has to know of the pool that it is a part of.

    `known` has what was asked of all partitions, by its name.
    """

    token: str
    number: int
    start: int
    dtype: np.dtype[Any]
    classes: np.ndarray | None
    estimator: Any
    known: dict[tuple[str, str], Any]
    working_memory: float


@dataclass(frozen=True)
class Ack:
    """How many entries of a log a partition has heard: the answer of one that lags behind."""

    n_entries: int


@dataclass(frozen=True)
class PendingGlobal:
    """What is wanted of all partitions, of which one knows its share: an answer too."""

    name: tuple[str, str]
    share: Any
    merge: Callable[[list[Any]], Any]


class PendingGlobalError(Exception):
    """A measure wants to know something of all partitions, which this one was not told yet."""

    def __init__(self, missing: PendingGlobal) -> None:
        super().__init__(f"{missing.name} of all partitions")
        self.missing = missing


class Question(Protocol):
    """What is asked of a partition. It can be asked again, of a partition that was made anew."""

    def __call__(self, partition: Partition) -> Any:
        """Return the answer."""


class FittedElsewhere:
    """The classifier of a pool that is fitted where the person is, as it was when last told."""

    fitted: Any = None

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities, or raise NotFittedError."""
        if self.fitted is None:
            raise NotFittedError("No classifier was told of yet.")
        return AskedClassifier(self.fitted).predict_proba(X)


class PartOfPool(Pool):
    """Know of some samples what a pool of all would know of them.

    What can only be known of all samples at once is refused.
    """

    setting: Setting

    def density(
        self, metric: str = "cosine", metric_params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """Return each candidate's mean similarity to all samples of the whole pool."""
        if metric != "cosine":
            raise ValueError(
                f"The density of a partitioned pool is measured by the cosine. Got {metric!r}, "
                "for which all samples would have to be compared with all."
            )
        return super().density(metric, metric_params)

    def cached(self, key: Any, compute: Callable[[], Any]) -> Any:
        """Refuse what follows from all samples at once."""
        if key[0] in WITH_THE_WHOLE:
            return super().cached(key, compute)
        raise ValueError(
            f"{key[0]} is worked out from all samples at once, which no process of a partitioned "
            "pool has."
        )

    def anywhere(self, values: np.ndarray, name: str) -> bool:
        """Tell whether one of the values of all candidates of the whole pool is not 0."""
        return bool(self._of_all(("anywhere", name), values.any, any))

    def mean_of(self, points: Any, name: str) -> np.ndarray:
        """Return the mean of points, one for each sample of the whole pool."""
        n_samples = points.shape[0]
        mean = super().mean_of

        def share() -> tuple[np.ndarray, int]:
            return mean(points, name) * n_samples, n_samples

        return self._mean(("mean", name), share)

    def _density(self, key: str, space: Space) -> np.ndarray:
        mean = self._mean(("sum", "unit vectors"), lambda: (unit_sum(self._rows), self.n_samples))
        return mean_cosine(self._rows, mean)

    def _mean(
        self, name: tuple[str, str], share: Callable[[], tuple[np.ndarray, int]]
    ) -> np.ndarray:
        total, n_samples = self._of_all(name, share, sums)
        return np.asarray(total / n_samples)

    def _of_all(
        self, name: tuple[str, str], share: Callable[[], Any], merge: Callable[[list[Any]], Any]
    ) -> Any:
        """Return what is known of all partitions, or say what is not and what this one knows."""
        known = self.setting.known
        if name not in known:
            raise PendingGlobalError(PendingGlobal(name, share(), merge))
        return known[name]

    def begin(self) -> None:
        """Know of no label, and of all that is known without them."""
        self.estimator = self.setting.estimator
        self._begin(self.setting.classes)


def sums(shares: list[tuple[np.ndarray, int]]) -> tuple[np.ndarray, int]:
    """Return the sum of sums, and of the numbers of their terms."""
    return np.sum([total for total, _ in shares], axis=0), sum(n for _, n in shares)


def part_of_pool(X: Any, setting: Setting) -> PartOfPool:
    """Make a pool of the samples of a partition."""
    try:
        pool = PartOfPool(X.features if isinstance(X, StoredPart) else X, dtype=setting.dtype)
    except ValueError as error:
        raise ValueError(f"Partition {setting.number} of the pool: {error}") from error
    pool.setting = setting
    pool.begin()
    return pool


class Partition:
    """Some of the samples of a pool.

    Attributes
    ----------
    pool : PartOfPool
        What is known of them.
    scratch : dict
        What was worked out for a query, since its last pick.
    """

    def __init__(self, source: Any, setting: Setting) -> None:
        self.pool = part_of_pool(source, setting)
        self.lock = Lock()
        self.scratch: dict[Any, Any] = {}
        self._log_number, self._n_heard = 0, 0
        self._batch: tuple[Any, Batch] | None = None

    @property
    def start(self) -> int:
        """The position of the first sample in the whole pool."""
        return self.pool.setting.start

    def places(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where samples are in this partition, and whether they are."""
        places = positions - self.start
        return places, (places >= 0) & (places < self.pool.n_samples)

    def hear(self, setting: Setting, log: Log) -> Ack | None:
        """Take in what was said; return how much of it, where that is not all there is."""
        self.pool.setting = setting
        if self._log_number != log.number:
            self.pool.begin()
            self._log_number, self._n_heard = log.number, 0
        elif isinstance(setting.estimator, IncrementalKNeighborsClassifier):
            self.pool.estimator.set_params(**setting.estimator.get_params())
        if self._n_heard >= log.start:
            for entry in log.entries[self._n_heard - log.start :]:
                entry.tell(self)
                self._n_heard += 1
            if log.is_whole:
                return None
        return Ack(self._n_heard)

    def batch(self, query: Query) -> Batch:
        """Return this partition as it would be if what a query picked so far were labelled."""
        known = (query.key, self._log_number, self._n_heard)
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
    """What a strategy has picked so far, as every partition has to know it.

    `candidates` are places in the one partition that is asked, None for all.
    """

    key: str
    strategy: Any
    picked: np.ndarray
    X_picked: np.ndarray
    candidates: np.ndarray | None = None


# What this process has of pools, by the pool and the number of the partition. What is not here,
# or is out of date, is made anew from the samples and what was said of them.
_partitions: dict[tuple[str, int], Partition] = {}
_lock = Lock()


def ask(source: Any, setting: Setting, log: Log, question: Question) -> tuple[str, Any]:
    """Ask a partition in this process; return the process, and the answer.

    The answer is `Ack` if the partition has not received all entries of the log, and
    `PendingGlobal` if it needs a value of all partitions first.
    """
    from distributed import get_worker

    address, key = get_worker().address, (setting.token, setting.number)
    with config_context(working_memory=setting.working_memory):
        with _lock:
            partition = _partitions.get(key)
        if partition is None:
            partition = Partition(source, setting)
            with _lock:
                _partitions[key] = partition
        with partition.lock:
            behind = partition.hear(setting, log)
            if behind is not None:
                return address, behind
            try:
                return address, question(partition)
            except PendingGlobalError as error:
                return address, error.missing


def forget(token: str) -> None:
    """Let go of all partitions of a pool in this process."""
    with _lock:
        for key in [key for key in _partitions if key[0] == token]:
            del _partitions[key]


@dataclass(frozen=True)
class Size:
    """Ask how many samples a partition has, and of how many features."""

    def __call__(self, partition: Partition) -> tuple[int, int]:
        """Return both."""
        return partition.pool.X.shape


@dataclass(frozen=True)
class Features:
    """Ask for the features of some samples, by their positions in the whole pool."""

    positions: np.ndarray

    def __call__(self, partition: Partition) -> np.ndarray:
        """Return them."""
        return np.asarray(partition.pool.X[self.positions - partition.start])


@dataclass(frozen=True)
class FindRows:
    """Find rows by their digests."""

    digests: frozenset[str]

    def __call__(self, partition: Partition) -> dict[str, list[int]]:
        """Return their positions in the whole pool."""
        found = find_rows(partition.pool.X, self.digests)
        return {
            digest: [place + partition.start for place in places]
            for digest, places in found.items()
        }
