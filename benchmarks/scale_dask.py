"""A `CDFProduct` loop over 4,000,000 × 128 vectors in the four processes of a Dask cluster.

The loop is compared with the same loop in one process, query by query, alternating; both select
the same samples. Memory is the peak resident memory of a process, libraries included: of the
single process, and of the largest worker.
"""

import multiprocessing
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled_pool import classes, overlapping_classes
from benchmarks.report import Measurement, measured
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.strategies import CDFProduct

N_WORKERS = 4
N_SAMPLES = 4_000_000
N_FEATURES = 128
N_IN_BLOCK = N_SAMPLES // N_WORKERS
N_QUERIES = 40
N_FIRST = 10
GIBIBYTE = 2**30


def features(block_id: tuple[int, int]) -> np.ndarray:
    """Return the samples of one worker."""
    return overlapping_classes(N_IN_BLOCK, N_FEATURES, block_id[0])[0]


def label_of(position: int) -> int:
    """Return the label of one sample, without keeping the samples."""
    if not label_of.kept:
        label_of.kept = [classes(N_IN_BLOCK, N_FEATURES, number)[0] for number in range(N_WORKERS)]
    return int(label_of.kept[position // N_IN_BLOCK][position % N_IN_BLOCK])


label_of.kept = []


class Loop:
    """A loop that runs step by step, with the time of each step."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.strategy = CDFProduct()
        self.selected: list[int] = []
        label_of(0)

    def step(self) -> float:
        """Label the last selected sample, select the next, and return the duration."""
        answers = [label_of(position) for position in self.selected[-1:]]
        start = time.perf_counter()
        self.pool.add_labels(self.selected[-1:], answers)
        self.selected += self.strategy.select(self.pool)[0].tolist()
        return time.perf_counter() - start


def peak_bytes() -> int:
    """Return the peak resident memory."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def one_process(wire: Any) -> None:
    """Run a loop over all samples, a step for each message, and send its results."""
    X = np.empty((N_SAMPLES, N_FEATURES), dtype=np.float32)
    for number in range(N_WORKERS):
        X[number * N_IN_BLOCK : (number + 1) * N_IN_BLOCK] = features((number, 0))
    loop = Loop(Pool(X, estimator=IncrementalKNeighborsClassifier()))
    wire.send("ready")
    for _ in range(N_QUERIES + 1):
        wire.recv()
        wire.send(loop.step())
    wire.send((loop.selected, peak_bytes()))


def measure() -> list[Measurement]:
    import dask.array as da
    from dask.distributed import Client, LocalCluster

    from skactive.integrations.dask import PartitionedPool

    spawning = multiprocessing.get_context("spawn")
    wire, far_end = spawning.Pipe()
    process = spawning.Process(target=one_process, args=(far_end,), daemon=True)
    process.start()
    wire.recv()
    chunks = ((N_IN_BLOCK,) * N_WORKERS, (N_FEATURES,))
    X = da.map_blocks(features, chunks=chunks, dtype=np.float32, meta=np.empty((0, 0), np.float32))
    cluster = LocalCluster(
        n_workers=N_WORKERS, threads_per_worker=1, dashboard_address=":0", memory_limit=0
    )
    with cluster, Client(cluster) as client:
        loop = Loop(PartitionedPool(X, estimator=IncrementalKNeighborsClassifier()))
        one, four = np.empty(N_QUERIES + 1), np.empty(N_QUERIES + 1)
        for query in range(N_QUERIES + 1):
            wire.send("next")
            one[query] = wire.recv()
            four[query] = loop.step()
        largest = max(client.run(peak_bytes).values())
    selected, memory = wire.recv()
    process.join()
    assert loop.selected == selected, "Partitions select other samples than one pool."
    first, later = slice(1, 1 + N_FIRST), slice(1 + N_FIRST, None)
    return [
        measured("first query, one process", one[0]),
        measured("first query, four processes", four[0]),
        measured(f"label and query, 1 to {N_FIRST} labels, one process", one[first]),
        measured(f"label and query, 1 to {N_FIRST} labels, four processes", four[first]),
        measured(
            f"label and query, 1 to {N_FIRST} labels: four processes ÷ one",
            four[first] / one[first],
            "ratio",
            at_most=1.2,
        ),
        measured(f"label and query, up to {N_QUERIES} labels, one process", one[later]),
        measured(f"label and query, up to {N_QUERIES} labels, four processes", four[later]),
        measured(
            f"label and query, up to {N_QUERIES} labels: four processes ÷ one",
            four[later] / one[later],
            "ratio",
            at_most=1.2,
        ),
        measured("memory of the one process", memory / GIBIBYTE, "GiB"),
        measured("memory of the largest worker", largest / GIBIBYTE, "GiB"),
        measured(
            "memory of the largest worker ÷ of the one process",
            largest / memory,
            "ratio",
            at_most=round(1 / 3, 3),
        ),
    ]
