"""A neighbour graph on disk: one npz file, whole or not there."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from skactive._io.atomic_write import write_arrays

BUILD_ANEW = "Hint: build the graph anew and save it with NeighborGraph.save."

FORMAT = "skactive neighbour graph 2"
# It had no fingerprint, so that the graph of other samples was not recognised.
FORMAT_1 = "skactive neighbour graph 1"


def write_graph(
    path: Any, indices: np.ndarray, distances: np.ndarray, metric: str, fingerprint: str | None
) -> None:
    """Write a graph, completely or not at all."""
    graph = {
        "format": FORMAT,
        "indices": indices,
        "distances": distances,
        "metric": metric,
        "fingerprint": fingerprint or "",
    }
    write_arrays(path, graph)


def read_graph(path: Any) -> tuple[np.ndarray, np.ndarray, str, str | None]:
    """Return neighbours, distances, metric and fingerprint, or raise in one sentence."""
    try:
        # numpy leaves a file that is cut short open.
        with Path(path).open("rb") as source, np.load(source, allow_pickle=False) as file:
            kind, metric = str(file["format"]), str(file["metric"])
            indices, distances = file["indices"], file["distances"]
            fingerprint = "" if kind == FORMAT_1 else str(file["fingerprint"])
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, TypeError, AttributeError) as error:
        raise ValueError(
            f"{os.fspath(path)} is not a whole neighbour graph. {BUILD_ANEW}"
        ) from error
    if kind == FORMAT_1:
        raise ValueError(
            f"{os.fspath(path)} was saved by an earlier version, without a fingerprint of its "
            f"features, so that the samples of the graph are unknown. {BUILD_ANEW}"
        )
    if kind != FORMAT or indices.ndim != 2 or indices.shape != distances.shape:
        raise ValueError(
            f"{os.fspath(path)} is a neighbour graph of another format ({kind}). {BUILD_ANEW}"
        )
    return indices, distances, metric, fingerprint or None
