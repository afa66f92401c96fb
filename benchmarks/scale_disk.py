"""A `CDFProduct` loop over 1,000,000 × 512 float16 vectors on disk, in a separate process.

The file is written beforehand and is in the page cache. The selected samples are compared with
those of the same loop over the same values as float32 in memory, the times with one product of
those with a vector, `X @ v`, and the start with reading the file once. Peak memory is the resident
memory of the process as reported by the system, libraries included.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.labelled_pool import overlapping_classes
from benchmarks.report import Measurement, measured
from benchmarks.timing import seconds
from skactive.datasets import open_vectors, write_vectors
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.strategies import CDFProduct

N_SAMPLES = 1_000_000
N_FEATURES = 512
N_QUERIES = 40
N_RESTARTED = 1000
GIBIBYTE = 2**30


def loop(pool: Pool, y: np.ndarray, n_queries: int) -> tuple[list[int], list[float]]:
    """Return the selected positions, and the duration of each label and the next query."""
    strategy = CDFProduct()
    selected, times = strategy.select(pool)[0].tolist(), []
    for _ in range(n_queries):
        start = time.perf_counter()
        pool.add_labels(selected[-1:], y[selected[-1:]])
        selected += strategy.select(pool)[0].tolist()
        times.append(time.perf_counter() - start)
    return selected, times


def restarted(y: np.ndarray) -> np.ndarray:
    """Return the positions that are labelled when a loop is restarted."""
    return np.random.default_rng(3).choice(len(y), N_RESTARTED, replace=False)


def peak_bytes() -> int:
    """Return the peak resident memory, pages of files included."""
    # The value of getrusage includes the process that this one was forked from.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def read_once(path: Path) -> None:
    buffer = bytearray(2**20)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def on_disk(folder: Path) -> None:
    """Run the loops over the file, and print the results."""
    path, y = folder / "vectors.npy", np.load(folder / "y.npy")
    # Imports and compilation are not part of a loop.
    small = Pool(open_vectors(folder / "few.npy"), estimator=IncrementalKNeighborsClassifier())
    loop(small, y, 2)
    found = {"reads": [seconds(lambda: read_once(path)) for _ in range(5)]}
    start = time.perf_counter()
    pool = Pool(open_vectors(path), estimator=IncrementalKNeighborsClassifier())
    CDFProduct().select(pool)
    found["start"] = time.perf_counter() - start
    found["selected"], found["times"] = loop(pool, y, N_QUERIES)
    found["peak"] = peak_bytes()
    del pool
    start = time.perf_counter()
    pool = Pool(open_vectors(path), estimator=IncrementalKNeighborsClassifier())
    pool.add_labels(restarted(y), y[restarted(y)])
    selected = CDFProduct().select(pool)[0].tolist()
    found["restart"] = time.perf_counter() - start
    found["save"] = seconds(lambda: pool.save_state(folder / "state.npz"))
    del pool
    start = time.perf_counter()
    pool = Pool(
        open_vectors(path),
        estimator=IncrementalKNeighborsClassifier(),
        state=folder / "state.npz",
    )
    pool.add_labels(restarted(y), y[restarted(y)])
    assert CDFProduct().select(pool)[0].tolist() == selected, "With a state the next query differs."
    found["restart with state"] = time.perf_counter() - start
    found["peak after restart"] = peak_bytes()
    print(json.dumps(found))


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        X, y = overlapping_classes(N_SAMPLES, N_FEATURES)
        np.save(folder / "y.npy", y)
        write_vectors(folder / "vectors.npy", X)
        write_vectors(folder / "few.npy", X[:2000])
        vectors = open_vectors(folder / "vectors.npy")
        for start in range(0, N_SAMPLES, 10_000):
            X[start : start + 10_000] = vectors[start : start + 10_000]
        vector = np.random.default_rng(1).standard_normal(N_FEATURES, dtype=np.float32)
        products = [seconds(lambda: X @ vector) for _ in range(9)]
        command = [sys.executable, "-m", "benchmarks.scale_disk", name]
        answer = subprocess.run(  # noqa: S603 - the command is ours
            command, check=True, capture_output=True, text=True
        ).stdout
        found = json.loads(answer.splitlines()[-1])
        products += [seconds(lambda: X @ vector) for _ in range(9)]
        pool = Pool(X, estimator=IncrementalKNeighborsClassifier())
        selected, in_memory = loop(pool, y, N_QUERIES)
        assert selected == found["selected"], (
            "With a file other samples are selected than in memory."
        )
    product, times = float(np.median(products)), np.array(found["times"])
    return [
        measured("X @ v, float32 in memory", products),
        measured("label and query, float16 on disk", times),
        measured("label and query, float32 in memory", in_memory),
        measured("label and query on disk ÷ X @ v", times / product, "ratio", at_most=1),
        measured(
            "label and query on disk ÷ in memory",
            times / np.array(in_memory),
            "ratio",
        ),
        measured("peak resident memory", found["peak"] / GIBIBYTE, "GiB", at_most=1.4),
        measured("reading the file once", found["reads"]),
        measured("start to first query", found["start"]),
        measured(
            "start to first query ÷ reading the file",
            found["start"] / float(np.median(found["reads"])),
            "ratio",
            at_most=5,
        ),
        measured(f"start with {N_RESTARTED} labels to next query", found["restart"]),
        measured("saving the state", found["save"]),
        measured(
            "start with the same labels and the state to next query", found["restart with state"]
        ),
        measured("peak resident memory after that", found["peak after restart"] / GIBIBYTE, "GiB"),
    ]


if __name__ == "__main__":
    on_disk(Path(sys.argv[1]))
