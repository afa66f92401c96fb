"""The common part of the commands of both experiments."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.assets import MissingAssetError, asset
from benchmarks.experiments.loops import Task, run_all
from benchmarks.experiments.report import Section, write_results
from benchmarks.experiments.splits import Split
from benchmarks.experiments.variants import Variant

WORK = Path(__file__).parents[2] / "build" / "experiments"
# The recorded vectors were computed on another machine and stored in float16.
LEAST_COSINE = 0.9999


def arguments(program: str, description: str) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.experiments.{program}",
        description=f"{description} An interrupted run continues with the missing loops.",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=WORK,
        help="folder of vectors and finished loops (default: build/experiments)",
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="processes that share the loops"
    )
    parser.add_argument(
        "--redraw",
        action="store_true",
        help="use finished loops without comparing their fingerprints",
    )
    return parser.parse_args()


def embedded(model: str, samples: Sequence[str], recorded: str, work: Path) -> np.ndarray:
    """Return the vectors of raw samples, after comparing them with the recorded ones."""
    from skactive.embedding import HubEmbedder

    embedder = HubEmbedder(asset("models", model), cache=work / "vectors", verbose=True)
    X = embedder.fit_transform(samples)
    with np.load(asset("embeddings", recorded)) as file:
        check_agreement(X, file["x"].astype(np.float32))
    return X


def check_agreement(X: np.ndarray, recorded: np.ndarray) -> float:
    """Return the smallest cosine between vectors of the same sample; raise if it is not near 1."""
    lengths = np.linalg.norm(X, axis=1) * np.linalg.norm(recorded, axis=1)
    cosines = np.einsum("ij,ij->i", X, recorded) / lengths
    least = float(cosines.min())
    if not least > LEAST_COSINE:
        raise ValueError(
            f"The vector of sample {int(cosines.argmin())} has a cosine of {least:.6f} with the "
            f"recorded one, expected more than {LEAST_COSINE}. Hint: check that the model, the "
            "samples and their preparation are those of the recording."
        )
    print(f"{len(X):,} vectors agree with the recorded ones: cosines of at least {least:.6f}")
    return least


def run(
    options: argparse.Namespace,
    prepare: Callable[[Path], tuple[Task, Mapping[str, Sequence[Split]]]],
    variants: Sequence[Variant],
    budget: int,
    section: Section,
) -> None:
    """Embed, run, draw and write; exit with a message if the real inputs are missing."""
    try:
        task, splits = prepare(options.work)
    except MissingAssetError as error:
        sys.exit(str(error))
    comparisons = run_all(
        task,
        variants,
        splits,
        budget,
        options.work / task.name,
        n_jobs=options.jobs,
        redraw=options.redraw,
    )
    print(write_results(section, task, variants, comparisons))
