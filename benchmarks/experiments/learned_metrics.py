"""Learned metrics: the effect on k-NN of a map learned from labels, against their number."""

import argparse
import csv
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import t as student_t
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import GroupShuffleSplit
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from benchmarks.assets import asset
from benchmarks.experiments.figures import save
from benchmarks.report import conditions
from skactive import ActiveLearner
from skactive.metric_learning import (
    ContrastiveMap,
    LargeMarginNearestNeighbor,
    WithinClassWhitening,
)
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct

RESULTS = Path(__file__).parents[1] / "results" / "experiments"
BUDGETS = [20, 50, 100, 200, 300]
N_SEEDS = 8
# Different from the seeds with which the defaults of ContrastiveMap were chosen.
FIRST_SEED = 71_000
MOST_POOL, MOST_HELD_OUT = 2000, 1000
# The cost of NCA, LDA and LMNN is at least quadratic in the features, and they overfit.
MOST_FEATURES = 64
RECORDED = {
    "fruits": "fruits_fresh_rotten_mobilenetv2.npz",
    "tweets": "sentiment140_20k_use.npz",
    "questions": "trec6_use.npz",
}
DATA = ["digits", *RECORDED]
QUERIES = ["cdf-product", "random"]

NO_MAP = "no map"
PCA_ALONE = "PCA alone"
# Map, metric of the k-NN after it, and whether a PCA comes before it.
MAPS: dict[str, tuple[Any, str, bool]] = {
    NO_MAP: (None, "cosine", False),
    PCA_ALONE: (None, "euclidean", True),
    "NCA": (NeighborhoodComponentsAnalysis(random_state=0), "euclidean", True),
    "LDA": (LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.5), "euclidean", True),
    "LMNN": (LargeMarginNearestNeighbor(), "euclidean", True),
    "within-class": (WithinClassWhitening(), "cosine", False),
    "contrastive": (ContrastiveMap(), "cosine", False),
}
COLORS = ["0.45", "#56B4E9", "#009E73", "#CC79A7", "#E69F00", "#0072B2", "#D55E00"]


@dataclass(frozen=True)
class Score:
    """Held-out accuracy of k-NN after one map, and the processor time of fitting it."""

    data: str
    queries: str
    seed: int
    n_labels: int
    map: str
    accuracy: float
    seconds: float


def load(data: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vectors, classes, and groups of samples that must not be split."""
    if data == "digits":
        X, y = load_digits(return_X_y=True)
        return X, y, np.arange(len(y))
    with np.load(asset("embeddings", RECORDED[data])) as recorded:
        X, y = recorded["x"].astype(np.float32), recorded["y"]
        groups = recorded["base_photo"] if data == "fruits" else np.arange(len(y))
    return X, y, groups


def split(groups: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pool and held-out rows: a quarter of the groups is held out, then both are cut."""
    shuffled = GroupShuffleSplit(1, test_size=0.25, random_state=seed)
    pool, held_out = next(shuffled.split(groups, groups=groups))
    rng = np.random.default_rng(seed)
    return rng.permutation(pool)[:MOST_POOL], rng.permutation(held_out)[:MOST_HELD_OUT]


def selected(X: np.ndarray, y: np.ndarray, queries: str, seed: int) -> np.ndarray:
    """Return the first selected samples, in order, with k-NN without a map."""
    if queries == "random":
        return np.random.default_rng(seed).permutation(len(y))[: BUDGETS[-1]]
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), CDFProduct(), X)
    order = []
    for _ in range(BUDGETS[-1]):
        indices = learner.query()
        learner.teach(indices, y[indices])
        order += list(indices)
    return np.array(order)


def run(data: str, seed: int) -> list[Score]:
    """Label one pool in both ways, and score every map at every budget."""
    X, y, groups = load(data)
    pool, held_out = split(groups, seed)
    # With unit length both metrics find the same neighbours, and NCA's scale-dependent loss works.
    X = normalize(X)
    plain = X[pool], X[held_out]
    short = plain
    if X.shape[1] > MOST_FEATURES:
        shorten = PCA(MOST_FEATURES, random_state=0).fit(plain[0])
        short = shorten.transform(plain[0]), shorten.transform(plain[1])
    scores = []
    with threadpool_limits(1):
        for queries in QUERIES:
            order = selected(plain[0], y[pool], queries, seed)
            for n_labels in BUDGETS:
                labelled = order[:n_labels]
                for name, (learned, metric, shortened) in MAPS.items():
                    train, test = short if shortened else plain
                    figures = score(
                        learned, metric, train[labelled], y[pool][labelled], test, y[held_out]
                    )
                    scores.append(Score(data, queries, seed, n_labels, name, *figures))
    return scores


def score(
    learned: Any, metric: str, X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray
) -> tuple[float, float]:
    """Return held-out accuracy, and the processor seconds that fitting the map took."""
    seconds = 0.0
    # No map can be learned from a single class.
    if learned is not None and len(np.unique(y)) > 1:
        with warnings.catch_warnings():
            # Warnings of classes with a single sample, and of optimisers at their last iteration.
            warnings.simplefilter("ignore")
            start = process_time()
            learned.fit(X, y)
            seconds = process_time() - start
        X, X_test = learned.transform(X), learned.transform(X_test)
    neighbors = IncrementalKNeighborsClassifier(5, metric=metric).fit(X, y)
    return float(neighbors.score(X_test, y_test)), seconds


def paired(scores: Iterable[Score]) -> dict[tuple[str, str, int, str], np.ndarray]:
    """Return accuracies minus those of no map, in points, seed by seed."""
    found = {(s.data, s.queries, s.n_labels, s.map, s.seed): s.accuracy for s in scores}
    seeds = sorted({seed for *_, seed in found})
    return {
        place: 100 * np.array([found[*place, s] - found[*place[:3], NO_MAP, s] for s in seeds])
        for place in dict.fromkeys(key[:4] for key in found)
    }


def interval(differences: np.ndarray) -> tuple[float, float]:
    """Return the mean, and half the length of Student's 95 % interval around it."""
    n = len(differences)
    half = student_t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    return float(differences.mean()), float(half)


def table_rows(scores: Sequence[Score], data: str, queries: str) -> list[str]:
    """Return a table of one data set: a line per map, a column per budget."""
    differences = paired(scores)
    lines = [
        "| map |" + "".join(f" {n} labels |" for n in BUDGETS),
        "|---|" + "---|" * len(BUDGETS),
    ]
    here = [s for s in scores if (s.data, s.queries, s.map) == (data, queries, NO_MAP)]
    plain = [100 * np.mean([s.accuracy for s in here if s.n_labels == n]) for n in BUDGETS]
    lines.append(f"| {NO_MAP}: accuracy in % |" + "".join(f" {value:.1f} |" for value in plain))
    for name in MAPS:
        if name != NO_MAP:
            cells = [cell(*interval(differences[data, queries, n, name])) for n in BUDGETS]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def cell(mean: float, half: float) -> str:
    """Return a difference and its interval, bold if the interval excludes 0."""
    words = f"{mean:+.1f} ± {half:.1f}"
    return f"**{words}**" if abs(mean) > half else words


def tables(scores: Sequence[Score]) -> str:
    """Return all tables as Markdown."""
    lines = []
    for queries in QUERIES:
        for data in DATA:
            lines += [f"### {data.capitalize()}, labels by {queries}", ""]
            lines += [*table_rows(scores, data, queries), ""]
    lines += [f"### Seconds to fit, {BUDGETS[-1]} labels", ""]
    lines += ["| map |" + "".join(f" {data} |" for data in DATA), "|---|" + "---|" * len(DATA)]
    for name in MAPS:
        if name not in {NO_MAP, PCA_ALONE}:
            cells = []
            for data in DATA:
                taken = [
                    s.seconds
                    for s in scores
                    if (s.data, s.map, s.n_labels) == (data, name, BUDGETS[-1])
                ]
                cells.append(f"{np.median(taken):.2g}")
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", f"Measured with {conditions()}.", ""]
    return "\n".join(lines)


def draw(scores: Sequence[Score], path: Path) -> None:
    """Draw differences to no map against labels, a column per data set, a row per queries."""
    from matplotlib.figure import Figure

    differences = paired(scores)
    figure = Figure(figsize=(13, 7), layout="constrained")
    panels = figure.subplots(len(QUERIES), len(DATA), sharex=True, sharey="col")
    for row, queries in zip(panels, QUERIES, strict=True):
        for ax, data in zip(row, DATA, strict=True):
            for place, (name, color) in enumerate(zip(MAPS, COLORS, strict=True)):
                if name == NO_MAP:
                    ax.axhline(0, color="0.25", linewidth=0.9)
                    continue
                means, halves = np.transpose(
                    [interval(differences[data, queries, n, name]) for n in BUDGETS]
                )
                shifted = np.array(BUDGETS) * 1.025 ** (place - 3.5)
                ax.errorbar(
                    shifted, means, halves, color=color, label=name, marker="o", markersize=3.5
                )
            ax.set_title(f"{data}, labels by {queries}", loc="left", fontsize=10)
            ax.set_xscale("log")
            ax.set_xticks(BUDGETS, [str(n) for n in BUDGETS])
            ax.set_xticks([], minor=True)
            ax.tick_params(labelbottom=True)
            ax.grid(visible=True, axis="y", color="0.93", linewidth=0.8)
            ax.spines[["top", "right"]].set_visible(False)
        row[0].set_ylabel("accuracy minus no map, in points")
    for ax in panels[-1]:
        ax.set_xlabel("labels")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    save(figure, path)


def main() -> None:
    """Measure, or read earlier measurements, and write tables and figure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.experiments.learned_metrics", description=__doc__
    )
    parser.add_argument("--jobs", type=int, default=1, help="number of processes")
    parser.add_argument("--seeds", type=int, default=N_SEEDS, help="number of repeats")
    parser.add_argument(
        "--redraw", action="store_true", help="write tables and figure from the CSV"
    )
    chosen = parser.parse_args()
    path = RESULTS / "learned_metrics.csv"
    if chosen.redraw:
        with path.open(newline="", encoding="utf-8") as file:
            kinds = {field.name: field.type for field in fields(Score)}
            scores = [
                Score(**{name: kinds[name](value) for name, value in line.items()})  # type: ignore[operator]
                for line in csv.DictReader(file)
            ]
    else:
        cases = [
            (data, FIRST_SEED + place) for place in range(chosen.seeds) for data in reversed(DATA)
        ]
        jobs = Parallel(n_jobs=chosen.jobs, return_as="generator")(
            delayed(run)(*case) for case in cases
        )
        scores = [s for found in tqdm(jobs, total=len(cases)) for s in found]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [f.name for f in fields(Score)], lineterminator="\n")
            writer.writeheader()
            for s in scores:
                rounded = {"accuracy": f"{s.accuracy:.4f}", "seconds": f"{s.seconds:.3g}"}
                writer.writerow({**asdict(s), **rounded})
    (RESULTS / "learned_metrics.md").write_text(tables(scores), encoding="utf-8")
    draw(scores, RESULTS / "learned_metrics.png")


if __name__ == "__main__":
    main()
