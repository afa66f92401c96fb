"""Neighbour graphs in npz files."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from skactive._io.atomic_write import write_arrays

REBUILD_HINT = "Hint: build the graph with NeighborGraph.of and save it with NeighborGraph.save."

FORMAT = "skactive neighbour graph 2"
# Format 1 has no fingerprint, so that the features of the graph cannot be checked.
FORMAT_1 = "skactive neighbour graph 1"


def write_graph(
    path: str | os.PathLike[str],
    indices: np.ndarray,
    distances: np.ndarray,
    metric: str,
    fingerprint: str | None,
) -> None:
    """Write a graph atomically."""
    graph = {
        "format": FORMAT,
        "indices": indices,
        "distances": distances,
        "metric": metric,
        "fingerprint": fingerprint or "",
    }
    write_arrays(path, graph)


def read_graph(
    path: str | os.PathLike[str],
) -> tuple[np.ndarray, np.ndarray, str, str | None]:
    """Return neighbours, distances, metric and fingerprint, or raise a ValueError."""
    try:
        # numpy does not close a truncated file that it opened itself.
        with Path(path).open("rb") as source, np.load(source, allow_pickle=False) as file:
            kind, metric = str(file["format"]), str(file["metric"])
            indices, distances = file["indices"], file["distances"]
            fingerprint = "" if kind == FORMAT_1 else str(file["fingerprint"])
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, TypeError, AttributeError) as error:
        raise ValueError(
            f"{os.fspath(path)} is not a complete neighbour graph. {REBUILD_HINT}"
        ) from error
    if kind == FORMAT_1:
        raise ValueError(
            f"{os.fspath(path)} was saved by an earlier version, without a fingerprint of the "
            f"features, so that the features cannot be checked. {REBUILD_HINT}"
        )
    if kind != FORMAT or indices.ndim != 2 or indices.shape != distances.shape:
        raise ValueError(
            f"{os.fspath(path)} is a neighbour graph in another format ({kind}). {REBUILD_HINT}"
        )
    return indices, distances, metric, fingerprint or None
