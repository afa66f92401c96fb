"""The labelling loops of an experiment, each stored as soon as it is finished."""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm.auto import tqdm

import skactive
from benchmarks.experiments.splits import Split
from benchmarks.experiments.variants import Variant
from skactive.model_selection import StrategyComparison, compare_strategies

# Packages whose code a loop runs: after a change there, every loop runs again.
PACKAGES = ["_engine", "neighbors", "pool", "measures", "strategies", "learner", "model_selection"]


@dataclass(frozen=True)
class Task:
    """Named vectors with their labels."""

    name: str
    X: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Loop:
    """One variant on one repeat of one kind of split."""

    variant: Variant
    kind: str
    repeat: int
    split: Split
    budget: int

    def path(self, folder: Path) -> Path:
        """Return the path of the stored curve."""
        kind, name = (re.sub(r"[^\w=.]+", "-", words) for words in (self.kind, self.variant.name))
        return folder / kind / name / f"{self.repeat:02d}.json"

    def key(self, surroundings: str) -> str:
        """Return a fingerprint of everything that the curve depends on."""
        estimators = (self.variant.strategy, self.variant.classifier)
        parameters = [
            {name: repr(value) for name, value in sorted(estimator.get_params().items())}
            for estimator in estimators
        ]
        kinds = [type(estimator).__name__ for estimator in estimators]
        described = json.dumps([surroundings, kinds, parameters, self.budget, self.repeat])
        return digest(described.encode(), *self.split)

    def run(self, task: Task) -> tuple[list[float], float]:
        """Return held-out accuracies after each label, and the one with every label.

        The repeat is the seed, so that all variants have the same splits and the same draws.
        """
        comparison = compare_strategies(
            self.variant.classifier,
            {self.variant.name: self.variant.strategy},
            task.X,
            task.y,
            budget=self.budget,
            cv=[self.split],
            random_state=self.repeat,
        )
        return comparison.test_scores[0, 0].tolist(), float(comparison.full_scores[0])


def digest(*parts: bytes | np.ndarray) -> str:
    """Return a fingerprint of the contents, in hexadecimal digits."""
    whole = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, np.ndarray):
            whole.update(f"{part.dtype} {part.shape}".encode())
        whole.update(np.ascontiguousarray(part) if isinstance(part, np.ndarray) else part)
    return whole.hexdigest()


def surroundings_of(task: Task) -> str:
    """Return a fingerprint of vectors, labels, code and library versions."""
    root = Path(skactive.__file__).parent
    sources = [path for name in PACKAGES for path in sorted((root / name).rglob("*.py"))]
    versions = f"numpy {version('numpy')}, scikit-learn {version('scikit-learn')}"
    labels = "\n".join(map(str, task.y.tolist()))
    return digest(
        task.X, labels.encode(), versions.encode(), *[path.read_bytes() for path in sources]
    )


def kept(path: Path, key: str | None) -> tuple[list[float], float] | None:
    """Return a stored curve, or None if there is none with this key; a key of None fits all."""
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    return (found["scores"], found["full_score"]) if key in (None, found["key"]) else None


def keep(path: Path, key: str, scores: list[float], full_score: float) -> None:
    """Write a finished curve atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    content = {"key": key, "full_score": full_score, "scores": scores}
    unfinished.write_text(json.dumps(content), encoding="utf-8")
    unfinished.replace(path)


def run_and_keep(loop: Loop, task: Task, path: Path, key: str) -> None:
    """Run one loop and write its curve."""
    keep(path, key, *loop.run(task))


def run_all(
    task: Task,
    variants: Sequence[Variant],
    splits: Mapping[str, Sequence[Split]],
    budget: int,
    folder: Path,
    *,
    n_jobs: int | None = None,
    redraw: bool = False,
) -> dict[str, dict[str, StrategyComparison]]:
    """Run the loops that are not finished yet, and return all curves.

    Parameters
    ----------
    task : Task
        Vectors and labels.
    variants : sequence of Variant
        The variants to compare.
    splits : dict of str to sequence of (pool, held out)
        The repeats of each kind of split.
    budget : int
        Number of labels of each loop.
    folder : Path
        The folder of finished loops.
    n_jobs : int, default=None
        Number of processes.
    redraw : bool, default=False
        Whether to use stored loops without comparing their fingerprints.

    Returns
    -------
    comparisons : dict of str to dict of str to StrategyComparison
        By the kind of split and the baseline: variants that share a classifier are together.
    """
    surroundings = surroundings_of(task)
    loops = [
        Loop(variant, kind, repeat, split, budget)
        for kind, repeats in splits.items()
        for repeat, split in enumerate(repeats)
        for variant in variants
    ]
    keys = [None if redraw else loop.key(surroundings) for loop in loops]
    missing = [
        (loop, loop.key(surroundings))
        for loop, key in zip(loops, keys, strict=True)
        if kept(loop.path(folder), key) is None
    ]
    jobs = [delayed(run_and_keep)(loop, task, loop.path(folder), key) for loop, key in missing]
    finished = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs)
    done = len(loops) - len(missing)
    for _ in tqdm(finished, desc=f"{task.name}: loops", initial=done, total=len(loops)):
        pass
    curves = {
        (loop.kind, loop.variant.name, loop.repeat): kept(loop.path(folder), None) for loop in loops
    }
    return {
        kind: {
            baseline: comparison(curves, variants, kind, baseline, len(repeats))
            for baseline in dict.fromkeys(variant.baseline for variant in variants)
        }
        for kind, repeats in splits.items()
    }


def comparison(
    curves: Mapping[tuple[str, str, int], tuple[list[float], float]],
    variants: Sequence[Variant],
    kind: str,
    baseline: str,
    n_repeats: int,
) -> StrategyComparison:
    """Return the curves of the variants that share a baseline, side by side."""
    names = tuple(variant.name for variant in variants if variant.baseline == baseline)
    scores = np.array(
        [[curves[kind, name, repeat][0] for repeat in range(n_repeats)] for name in names]
    )
    full_scores = [curves[kind, baseline, repeat][1] for repeat in range(n_repeats)]
    return StrategyComparison(
        names=names,
        n_labels=np.arange(1, scores.shape[2] + 1),
        test_scores=scores,
        full_scores=np.array(full_scores),
        scoring="accuracy",
    )
