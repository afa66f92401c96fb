"""Calls of a Dask cluster that end, with a sentence, if the cluster does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from time import monotonic
from typing import Any
from uuid import uuid4
from weakref import finalize

from skactive._optional import import_optional
from skactive._text import shown
from skactive.integrations.dask._partition import release

# Seconds between two looks at the state of a cluster that computes.
LOOK_SECONDS = 1.0

# Seconds after which a cluster without a worker is given up.
WORKERS_SECONDS = 60.0

# Number of times that results are fetched again after the worker that had them died.
MAX_FETCHES = 10

# Pools that were deleted, by their client: the workers delete their partitions with the next pool
# of that client.
_abandoned: list[tuple[str, str]] = []


class PoolInWorkers:
    """The name under which workers hold a pool, until the client has deleted the pool.

    Parameters
    ----------
    client : distributed.Client
        The cluster.
    n_partitions : int
        Number of the first partitions, which have the numbers from 0 on.

    Attributes
    ----------
    token : str
        The name.
    """

    def __init__(self, client: Any, n_partitions: int) -> None:
        self.token = uuid4().hex
        self._client = client
        self._numbers = count(n_partitions)
        finalize(self, _abandoned.append, (client.id, self.token)).atexit = False

    def next_number(self) -> int:
        """Return a number that no partition, log or change of the pool has."""
        return next(self._numbers)

    def release(self) -> None:
        """Delete the partitions in all workers."""
        release_in_workers(self._client, self.token)


def release_abandoned(client: Any) -> None:
    """Delete the partitions of deleted pools of a client."""
    left = [one for one in _abandoned if one[0] == client.id]
    for one in left:
        _abandoned.remove(one)
        release_in_workers(client, one[1])


def release_in_workers(client: Any, token: str) -> None:
    """Delete the partitions of a pool. Workers that died have none."""
    if client.status == "running":
        with suppress(OSError):
            client.run(release, token, on_error="ignore")


def gathered(client: Any, futures: Sequence[Any], sources: Sequence[Any] = ()) -> list[Any]:
    """Return the results of tasks, or raise if the cluster cannot compute them.

    Parameters
    ----------
    client : distributed.Client
        The cluster.
    futures : list of distributed.Future
        The tasks.
    sources : list of distributed.Future
        The samples that they need.

    Raises
    ------
    RuntimeError
        If the connection to the scheduler is lost, if there is no worker for `WORKERS_SECONDS`, or
        if a task ended several workers.
    """
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    for n_fetches in count(1):
        try:
            check_connected(client, sources)
            wait_for(client, futures)
            results: list[Any] = client.gather(list(futures))
        except KilledWorker as error:
            raise RuntimeError(
                "The computation on a partition ended several workers, one after the other. Hint: "
                "use smaller partitions, or give the workers more memory; their logs have the "
                "reason."
            ) from error
        except CancelledError as error:
            raise connection_lost() from error
        except OSError as error:
            if client.status != "running":
                raise connection_lost() from error
            # The worker that had a result may have died since.
            if not isinstance(error, CommClosedError) or n_fetches == MAX_FETCHES:
                raise
        else:
            break
    return results


def wait_for(client: Any, futures: Sequence[Any]) -> None:
    """Wait until all tasks have ended, while there is a scheduler and a worker."""
    from distributed import wait

    last_seen = monotonic()
    while futures:
        try:
            wait(futures, timeout=LOOK_SECONDS)
        except TimeoutError:
            check_connected(client)
            if client.nthreads():
                last_seen = monotonic()
            elif monotonic() - last_seen >= WORKERS_SECONDS:
                raise RuntimeError(
                    f"The cluster has had no worker for {WORKERS_SECONDS:g} seconds. Hint: start "
                    "workers, and repeat the call."
                ) from None
        else:
            return


def check_connected(client: Any, sources: Sequence[Any] = ()) -> None:
    """Raise if the scheduler, or the samples that the cluster held, are gone."""
    if client.status != "running" or any(source.cancelled() for source in sources):
        raise connection_lost()


def connection_lost() -> RuntimeError:
    """Return the error for a pool whose samples the cluster no longer holds."""
    return RuntimeError(
        "The cluster no longer holds the samples of this pool: the connection to its scheduler was "
        "lost, or it was restarted. No answer is lost: a learner's journal has all of them. Hint: "
        "create a new Client, and then the PartitionedLearner again with the same `journal`."
    )


def client_of(client: Any) -> Any:
    """Return a client of a cluster, or raise."""
    scheduler = "Dask's distributed scheduler"
    distributed = import_optional("distributed", "PartitionedPool", scheduler, "dask")
    if client is None:
        try:
            client = distributed.get_client()
        except ValueError as error:
            raise ValueError(
                "There is no cluster for the pool. Hint: create a dask.distributed.Client first."
            ) from error
    if not isinstance(client, distributed.Client) or client.asynchronous:
        raise TypeError(
            f"The 'client' parameter of PartitionedPool must be a dask.distributed.Client that is "
            f"not asynchronous. Got {shown(client)} instead."
        )
    return client
