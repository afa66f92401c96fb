"""Vectors on disk: SQLite, as used by skactive, against LMDB and zarr for the same task.

20,000 float32 vectors are written in blocks of 1,024, each flushed to disk before the next, then
read back by their keys in random order, 1,024 at a time. LMDB and zarr are used without additions:
neither stores a checksum for each vector, and zarr, which has only positions, is combined with an
array of keys beside the chunks of vectors. A ratio above 1 means that SQLite is faster.

SQLite was chosen: LMDB reads faster, but SQLite is fast enough, is part of Python, keeps its
files small, and raises an error if the disk fails or a file is truncated, while the memory map of
LMDB ends the process.

The second half measures all of a cache hit in `CachedTransformer`: hashing the sample (for photos,
reading their files of 8 KB), then finding, checking and copying the vector. `hub_embedder` compares
this with embedding.
"""

import tempfile
from collections.abc import Callable
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved, seconds
from skactive.embedding import CachedTransformer
from skactive.embedding._sqlite_store import SQLiteStore

N_VECTORS = 20_000
BLOCK = 1_024
N_ROUNDS = 5
FILE_SIZE = 8_192
LENGTHS = {"texts": 512, "photos": 1280}

Pairs = tuple[list[bytes], np.ndarray]


class Sqlite:
    """The store of skactive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, blocks: list[Pairs]) -> None:
        with SQLiteStore(self.folder) as store:
            for keys, vectors in blocks:
                store.put(keys, vectors)

    def read(self, blocks: list[list[bytes]], out: np.ndarray) -> None:
        with SQLiteStore(self.folder) as store:
            for number, keys in enumerate(blocks):
                found = store.get(keys)
                out[number * BLOCK :][: len(keys)] = [found[key] for key in keys]


class Lmdb:
    """The bytes of each vector under its key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def opened(self) -> Any:
        import lmdb

        return lmdb.open(str(self.folder), map_size=1 << 30)

    def write(self, blocks: list[Pairs]) -> None:
        with self.opened() as environment:
            for keys, vectors in blocks:
                with environment.begin(write=True) as transaction:
                    for key, vector in zip(keys, vectors, strict=True):
                        transaction.put(key, vector.tobytes())

    def read(self, blocks: list[list[bytes]], out: np.ndarray) -> None:
        with self.opened() as environment, environment.begin(buffers=True) as transaction:
            for number, keys in enumerate(blocks):
                whole = b"".join([transaction.get(key) for key in keys])
                out[number * BLOCK :][: len(keys)] = np.frombuffer(whole, np.float32).reshape(
                    len(keys), -1
                )


class Zarr:
    """Chunks of 64 vectors, and an array of their keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, blocks: list[Pairs]) -> None:
        import zarr

        group = zarr.open_group(self.folder, mode="w")
        n_features, key_size = blocks[0][1].shape[1], len(blocks[0][0][0])
        shapes = {"vectors": ((64, n_features), "f4"), "keys": ((BLOCK, key_size), "u1")}
        for name, (chunks, dtype) in shapes.items():
            group.create_array(name, shape=(0, chunks[1]), chunks=chunks, dtype=dtype)
        for keys, vectors in blocks:
            group["vectors"].append(vectors)
            group["keys"].append(np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), -1))

    def read(self, blocks: list[list[bytes]], out: np.ndarray) -> None:
        import zarr

        group = zarr.open_group(self.folder, mode="r")
        places = {key.tobytes(): place for place, key in enumerate(group["keys"][:])}
        for number, keys in enumerate(blocks):
            rows = group["vectors"].oindex[np.array([places[key] for key in keys])]
            out[number * BLOCK :][: len(keys)] = rows


STORES = {"SQLite": Sqlite, "LMDB": Lmdb, "zarr": Zarr}


def in_blocks(values: Any) -> list[Any]:
    return [values[start : start + BLOCK] for start in range(0, len(values), BLOCK)]


def stores(folder: Path, n_features: int) -> list[Measurement]:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((N_VECTORS, n_features), dtype=np.float32)
    keys = [blake2b(vector.data, digest_size=20).digest() for vector in vectors]
    order = rng.permutation(N_VECTORS)
    wanted = in_blocks([keys[place] for place in order])
    out = np.empty_like(vectors)
    writing, reading, sizes = {}, {}, {}
    for name, kind in STORES.items():
        if name != "SQLite" and find_spec(name.lower()) is None:
            print(f"{name} is not installed and is left out.")
            continue
        store = kind(folder / name)
        pairs = list(zip(in_blocks(keys), in_blocks(vectors), strict=True))
        writing[name] = seconds(lambda: store.write(pairs))  # noqa: B023 - called at once
        out[:] = 0
        store.read(wanted, out)
        np.testing.assert_array_equal(out, vectors[order])
        reading[name] = lambda store=store: store.read(wanted, out)
        sizes[name] = sum(path.stat().st_size for path in store.folder.rglob("*"))
    times = interleaved(reading, N_ROUNDS)
    rows = []
    for name in times:
        where = f"{name}, {N_VECTORS:,} × {n_features}"
        rows += [
            measured(f"{where}: write", N_VECTORS / writing[name], "vectors/s"),
            measured(f"{where}: read in random order", N_VECTORS / times[name], "vectors/s"),
            measured(f"{where}: size on disk ÷ vectors", sizes[name] / vectors.nbytes, "ratio"),
        ]
        if name != "SQLite":
            what = f"{n_features} features: time to read, {name} ÷ SQLite"
            rows.append(measured(what, times[name] / times["SQLite"], "ratio"))
    return rows


def hits(folder: Path, kind: str) -> list[Measurement]:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((N_VECTORS, LENGTHS[kind]), dtype=np.float32)
    samples = texts(rng) if kind == "texts" else files(folder / "photos", rng)
    place_of = {sample: place for place, sample in enumerate(samples)}
    embedded = []

    def embed(some: list[Any]) -> np.ndarray:
        embedded.extend(some)
        return vectors[[place_of[sample] for sample in some]]

    cached = CachedTransformer(FunctionTransformer(embed), folder / kind, identity="table")
    first = seconds(lambda: cached.transform(samples))
    shuffled = rng.permutation(N_VECTORS)
    mixed = [samples[place] for place in shuffled]
    np.testing.assert_array_equal(cached.transform(samples), vectors)
    np.testing.assert_array_equal(cached.transform(mixed), vectors[shuffled])
    assert len(embedded) == N_VECTORS, "Some samples were embedded twice."
    calls: dict[str, Callable[[], object]] = {
        "in the order of writing": lambda: cached.transform(samples),
        "in random order": lambda: cached.transform(mixed),
    }
    times = interleaved(calls, N_ROUNDS)
    rows = [measured(f"{kind}: first time, without embedding", N_VECTORS / first, f"{kind}/s")]
    for name, taken in times.items():
        rows.append(measured(f"{kind}: hits {name}", N_VECTORS / taken, f"{kind}/s"))
    return rows


def texts(rng: np.random.Generator) -> list[str]:
    """Return strings of the length of tweets."""
    letters = rng.integers(97, 123, size=(N_VECTORS, 120), dtype=np.uint8)
    return [row.tobytes().decode() for row in letters]


def files(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write files of the size of thumbnails."""
    folder.mkdir()
    paths = [folder / f"{number}.jpg" for number in range(N_VECTORS)]
    for path in paths:
        path.write_bytes(rng.bytes(FILE_SIZE))
    return paths


def measure() -> list[Measurement]:
    rows = []
    for n_features in (512, 1280):
        with tempfile.TemporaryDirectory() as folder:
            rows += stores(Path(folder), n_features)
    for kind in LENGTHS:
        with tempfile.TemporaryDirectory() as folder:
            rows += hits(Path(folder), kind)
    return rows
