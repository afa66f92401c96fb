"""Neighbour graphs in npz files."""

from __future__ import annotations

import os

import numpy as np

from skactive._engine.distances import METRICS
from skactive._engine.neighbor_lists import checked_neighbors
from skactive._io.arrays import damage_as, read_arrays, unfit, write_arrays
from skactive._io.atomic_write import remove_left_over

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
    remove_left_over(path)
    what = "a complete neighbour graph"
    arrays = read_arrays(path, what, REBUILD_HINT)
    with damage_as(unfit(path, what, REBUILD_HINT)):
        kind, metric = str(arrays["format"]), str(arrays["metric"])
        indices, distances = arrays["indices"], arrays["distances"]
        fingerprint = "" if kind == FORMAT_1 else str(arrays["fingerprint"])
    if kind == FORMAT_1:
        raise ValueError(
            f"{os.fspath(path)} was saved by an earlier version, without a fingerprint of the "
            f"features, so that the features cannot be checked. {REBUILD_HINT}"
        )
    if kind != FORMAT or metric not in METRICS:
        raise ValueError(
            f"{os.fspath(path)} is a neighbour graph in another format ({kind}). {REBUILD_HINT}"
        )
    try:
        indices, distances = checked_neighbors(indices, distances)
    except ValueError as error:
        raise ValueError(f"{unfit(path, what, REBUILD_HINT)} {error}") from error
    return indices, distances, metric, fingerprint or None
