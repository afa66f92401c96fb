"""A neighbour graph on disk: one npz file, whole or not there."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from skactive._io.atomic_write import write_arrays

FORMAT = "skactive neighbour graph 1"


def write_graph(path: Any, indices: np.ndarray, distances: np.ndarray, metric: str) -> None:
    """Write a graph, whole or not at all."""
    graph = {"format": FORMAT, "indices": indices, "distances": distances, "metric": metric}
    write_arrays(path, graph)


def read_graph(path: Any) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the neighbours, their distances and the metric, or raise in one sentence."""
    try:
        # numpy leaves a file that is cut short open.
        with Path(path).open("rb") as source, np.load(source, allow_pickle=False) as file:
            kind, metric = str(file["format"]), str(file["metric"])
            indices, distances = file["indices"], file["distances"]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, TypeError, AttributeError) as error:
        raise ValueError(
            f"{os.fspath(path)} is not a whole neighbour graph. Hint: build the graph anew and "
            "save it with NeighborGraph.save."
        ) from error
    if kind != FORMAT or indices.ndim != 2 or indices.shape != distances.shape:
        raise ValueError(
            f"{os.fspath(path)} is a neighbour graph of another format ({kind}). Hint: build the "
            "graph anew and save it with NeighborGraph.save."
        )
    return indices, distances, metric
