"""Actions that are executed in memory and in the journal, or in neither."""

from __future__ import annotations

import copy
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from skactive.learner._history.actions import Action, History

if TYPE_CHECKING:
    from skactive.learner._history.journal import Journal
    from skactive.learner._pool_samples import PoolSamples
    from skactive.learner._stopping.criteria import StoppingHistory
    from skactive.learner._updaters import EstimatorUpdater

Method = TypeVar("Method", bound=Callable[..., Any])

# Attributes that a copy of a learner does not have.
LEFT_OUT = ("_journal", "_lock", "_cache", "_session")


def locked(method: Method, *, needs_classifier: bool = True) -> Method:
    """Make a method of a learner wait for others, and see the state before or after an action.

    One thread at a time is in such a method. What an interruption of an earlier call has left
    unfinished is completed or taken back first. `KeyboardInterrupt` and `MemoryError` can interrupt
    queries and predictions too, in the middle of an update of cached values.
    """

    @functools.wraps(method)
    def call(self: LearnerState, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            if self._is_suspect or (needs_classifier and self._is_deferred):
                self._recover()
            try:
                return method(self, *args, **kwargs)
            except BaseException as error:
                self._is_suspect |= isinstance(error, MemoryError) or not isinstance(
                    error, Exception
                )
                raise

    return call  # type: ignore[return-value]  # the same signature


# For methods that read samples and labels alone: they do not wait for a deferred classifier.
locked_labels = functools.partial(locked, needs_classifier=False)


@dataclass
class Change:
    """A change of a learner.

    Attributes
    ----------
    entry : callable
        Returns its entry in the journal.
    apply : callable
        Changes the pool and the classifier.
    record : callable
        Makes the change part of the history.
    is_recorded : callable
        Returns whether it is part of the history.
    time : str, default=None
        The time of the change. None takes the present time.
    """

    entry: Callable[[], dict[str, Any]]
    apply: Callable[[], object]
    record: Callable[[], object]
    is_recorded: Callable[[], bool]
    time: str | None = None


class LearnerState(ABC):
    """The state of a learner: a pool, a classifier, the history and the journal.

    The history, and the journal if there is one, are the truth. The pool and the classifier follow
    from them, and are built again from the history if an action fails or is interrupted.
    """

    _lock: Any  # threading.RLock is a function until Python 3.13
    _samples: PoolSamples
    _pool: Any  # a LabelingPool
    _updater: EstimatorUpdater
    _history: History
    _journal: Journal | None
    _stopping: StoppingHistory
    # Whether the pool and the classifier may be incomplete.
    _is_suspect: bool = False
    # Whether the classifier has not got the samples of the pool yet.
    _is_deferred: bool = False
    _pending: tuple[Change, int] | None = None

    @abstractmethod
    def _start_over(self) -> None:
        """Remove all labels of the pool, and reset the classifier."""

    def _begin_state(self) -> None:
        self._lock = RLock()
        self._history = History()
        self._journal = None

    @property
    def pool(self) -> Any:  # a LabelingPool
        """The features of the samples, their labels, and the results computed about them."""
        if self._is_suspect or self._is_deferred:
            self._settled()
        return self._pool

    @locked
    def _settled(self) -> None:
        """Complete or take back an interrupted action."""

    def _commit(self, change: Change) -> None:
        """Execute a change in the pool, the classifier, the journal and the history, or in none.

        The line in the journal decides: before it is complete the change has not happened.
        """
        self._pending = change, 0 if self._journal is None else len(self._journal)
        entry = {} if self._journal is None else change.entry()
        self._is_suspect = True
        try:
            change.apply()
            if self._journal is not None:
                self._journal.write(entry, change.time)
            change.record()
        except Exception:
            # The pool and the classifier may fail again: the caller sees the first error.
            with suppress(Exception):
                self._recover()
            raise
        self._pending = None
        self._is_suspect = False

    def _recover(self) -> None:
        """Build the state from the history, with the interrupted change if it was written."""
        if self._pending is not None:
            change, size = self._pending
            is_done = change.is_recorded()
            if not is_done and self._journal is not None and self._journal.settle(size):
                change.record()
        self._rebuild(self._history.actions)
        self._stopping.undone(self._history.n_answers)
        self._pending = None
        self._is_suspect = self._is_deferred = False

    def _rebuild(self, actions: list[Action]) -> None:
        """Execute actions on the pool without labels, and teach the result to the classifier."""
        self._start_over()
        History(actions).replay(self._pool)
        self._updater.start_over()

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            if self._is_suspect or self._is_deferred:
                self._recover()
            state = {**self.__dict__, **dict.fromkeys(LEFT_OUT)}
            # Another thread may change the labels before the state is written. The samples, which
            # are large, are never changed.
            shared = [self._samples.X_pool, self._samples.features, self._pool.X]
            return copy.deepcopy(state, {id(one): one for one in shared})

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=RLock())
