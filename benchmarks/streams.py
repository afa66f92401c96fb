"""Accuracy on streams with drift at equal budgets, and throughput, against scikit-activeml.

Three generators of river:

- SEA: three features, of which two matter; three abrupt changes of the classes; a tenth of the
  labels are wrong.
- RBF: four classes of 50 centres in ten dimensions, of which 25 move.
- hyperplane: ten features; the plane between the two classes turns slowly; 5 % of the labels are
  wrong.

Each sample is predicted, then decided about, and learned at once if it is queried. Accuracy is the
share of correct predictions over the whole stream. All strategies have the same classifier, k-NN
with the Euclidean metric, their default parameters, and the label of the first sample. Those of
scikit-activeml run in its own loop, with its own budget managers, which may exceed the budget. The
parameters of `StreamHerding` were chosen on streams of these generators with other seeds. Further
strategies of scikit-activeml decide as ours of the same name, up to random numbers and the limit of
the budget (`tests/interop/test_streams.py`), and are not run again. Rows with ``window=100`` have
the limit of scikit-activeml, which allows more queries.

Throughput is the number of samples per second of the same strategy in skactive divided by that in
scikit-activeml, with the same classifier and a budget of 10 %.

The runs are kept in `streams_runs.csv`; a run that is there is not repeated. `streams.md` has the
mean and the standard deviation over the seeds.
"""

import csv
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from river.datasets import synth

from benchmarks.report import Measurement, measured
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.streams import StreamSampler

RESULTS = Path(__file__).parent / "results"
N_SAMPLES = 2_000
SEEDS = range(3)
BUDGETS = (0.01, 0.05, 0.1)
N_TIMED = 400
N_ROUNDS = 5
OURS = [
    "herding",
    "split",
    "variable-uncertainty",
    "random-variable-uncertainty",
    "local-density",
    "cognitive-dual",
    "probabilistic",
    "random",
    "herding, window=100",
    "split, window=100",
]
THEIRS = ["Split", "StreamProbabilisticAL"]
PAIRS = {
    "variable-uncertainty": "VariableUncertainty",
    "split": "Split",
    "local-density": "StreamDensityBasedAL",
    "probabilistic": "StreamProbabilisticAL",
}


class Run(NamedTuple):
    """The result of one strategy on one stream."""

    generator: str
    budget: float
    strategy: str
    seed: int
    accuracy: float
    queried: float


def taken(generator: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    samples, labels = zip(*generator.take(n), strict=True)
    return np.array([list(x.values()) for x in samples], dtype=float), np.array(labels, dtype=int)


def sea(seed: int) -> tuple[np.ndarray, np.ndarray]:
    parts = [
        taken(synth.SEA(variant=variant, noise=0.1, seed=10 * seed + variant), N_SAMPLES // 4)
        for variant in range(4)
    ]
    return np.concatenate([X for X, _ in parts]), np.concatenate([y for _, y in parts])


def rbf(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = synth.RandomRBFDrift(
        seed_model=seed,
        seed_sample=seed,
        n_classes=4,
        n_features=10,
        n_centroids=50,
        change_speed=0.0005,
        n_drift_centroids=25,
    )
    return taken(generator, N_SAMPLES)


def hyperplane(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = synth.Hyperplane(
        seed=seed, n_features=10, n_drift_features=5, mag_change=0.001, noise_percentage=0.05
    )
    return taken(generator, N_SAMPLES)


GENERATORS: dict[str, Callable[[int], tuple[np.ndarray, np.ndarray]]] = {
    "SEA": sea,
    "RBF": rbf,
    "hyperplane": hyperplane,
}


class Predictions:
    """Predictions of the next samples, computed together until the classifier changes."""

    def __init__(self, X: np.ndarray) -> None:
        self._X, self._start, self._known = X, 0, np.empty(0)

    def forget(self) -> None:
        self._known = np.empty(0)

    def of(self, place: int, predict: Callable[[np.ndarray], np.ndarray]) -> Any:
        if not 0 <= place - self._start < len(self._known):
            self._start, self._known = place, np.asarray(predict(self._X[place : place + 20]))
        return self._known[place - self._start]


def knn() -> IncrementalKNeighborsClassifier:
    return IncrementalKNeighborsClassifier(metric="euclidean")


def run_ours(name: str, budget: float, seed: int, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return for each sample whether it was queried, and whether it was predicted."""
    strategy, _, window = name.partition(", window=")
    sampler = StreamSampler(
        knn(),
        strategy,
        budget=budget,
        window=int(window) if window else None,
        classes=np.unique(y),
        random_state=seed,
    )
    predictions, found = Predictions(X), np.zeros((len(X), 2), dtype=bool)
    for place, (x, label) in enumerate(zip(X, y, strict=True)):
        if place:
            found[place, 1] = predictions.of(place, sampler.predict) == label
        found[place, 0] = sampler.query(x)
        if found[place, 0]:
            sampler.teach(x, label)
            predictions.forget()
    return found


def run_theirs(name: str, budget: float, seed: int, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the same for a strategy of scikit-activeml."""
    from skactiveml import stream
    from skactiveml.classifier import SklearnClassifier

    parameters = {"metric": "rbf"} if name == "StreamProbabilisticAL" else {}
    strategy = getattr(stream, name)(budget=budget, random_state=seed, **parameters)
    classifier = SklearnClassifier(knn(), classes=np.unique(y), random_state=seed)
    predictions, found = Predictions(X), np.zeros((len(X), 2), dtype=bool)
    labeled = [0]
    found[0, 0] = True
    classifier.fit(X[labeled], y[labeled])
    for place in range(1, len(X)):
        x = X[place : place + 1]
        found[place, 1] = predictions.of(place, classifier.predict) == y[place]
        known = {"X": X[labeled], "y": y[labeled]} if parameters else {}
        queried, utilities = strategy.query(x, clf=classifier, return_utilities=True, **known)
        extra = {"budget_manager_param_dict": {"utilities": utilities}} if parameters else {}
        strategy.update(x, queried, **extra)
        if len(queried):
            found[place, 0] = True
            labeled.append(place)
            classifier.fit(X[labeled], y[labeled])
            predictions.forget()
    return found


RUNNERS = dict.fromkeys(OURS, run_ours) | dict.fromkeys(THEIRS, run_theirs)


def read_runs(path: Path) -> dict[tuple[str, float, str, int], Run]:
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = [
            Run(
                row["generator"],
                float(row["budget"]),
                row["strategy"],
                int(row["seed"]),
                float(row["accuracy"]),
                float(row["queried"]),
            )
            for row in csv.DictReader(file)
        ]
    return {one[:4]: one for one in rows}


def all_runs(path: Path) -> Iterator[Run]:
    """Yield the runs, and append those that are missing to a file."""
    known = read_runs(path)
    for seed in SEEDS:
        for generator, create in GENERATORS.items():
            X, y = create(seed)
            for budget in BUDGETS:
                for name, run in RUNNERS.items():
                    key = (generator, budget, name, seed)
                    if key not in known:
                        queried, correct = run(name, budget, seed, X, y).mean(axis=0)
                        known[key] = Run(*key, round(float(correct), 4), round(float(queried), 4))
                        append(path, known[key])
                    yield known[key]


def append(path: Path, run: Run) -> None:
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(Run._fields)
        writer.writerow(run)


def label_of(name: str) -> str:
    return f"scikit-activeml `{name}`" if name in THEIRS else f"`{name}`"


def markdown(runs: list[Run]) -> str:
    """Return the table of accuracies in per cent; the best one of each column is bold."""
    columns = [(generator, budget) for generator in GENERATORS for budget in BUDGETS]
    cells: dict[tuple[str, str, float], np.ndarray] = {
        (name, *column): np.array(
            [100 * one.accuracy for one in runs if (one.strategy, *one[:2]) == (name, *column)]
        )
        for name in RUNNERS
        for column in columns
    }
    best = {
        column: max(RUNNERS, key=lambda name: cells[name, *column].mean()) for column in columns
    }
    head = ["strategy", *(f"{generator}, {budget:.0%}" for generator, budget in columns)]
    head.append("queried")
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * len(columns)} --- |"]
    for name in RUNNERS:
        row = []
        for column in columns:
            values = cells[name, *column]
            mean = f"{values.mean():.1f}"
            row.append(f"{f'**{mean}**' if best[column] == name else mean} ± {values.std():.1f}")
        shares = [
            np.mean([one.queried for one in runs if (one.strategy, one.budget) == (name, budget)])
            for budget in BUDGETS
        ]
        row.append(", ".join(f"{share:.1%}" for share in shares))
        lines.append(f"| {label_of(name)} | {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def accuracies(runs: list[Run]) -> list[Measurement]:
    measurements = []
    for generator in GENERATORS:
        for budget in BUDGETS:
            for name in RUNNERS:
                own = [one for one in runs if one[:3] == (generator, budget, name)]
                what = f"{generator}, {budget:.0%}, {label_of(name)}"
                values = [100 * one.accuracy for one in own]
                measurements.append(measured(f"{what}: accuracy", values, "%"))
                queried = [100 * one.queried for one in own]
                measurements.append(measured(f"{what}: queried", queried, "%"))
    return measurements


def throughput() -> list[Measurement]:
    X, y = (part[:N_TIMED] for part in hyperplane(0))
    measurements = []
    for ours, theirs in PAIRS.items():
        run_ours(ours, 0.1, 0, X[:50], y[:50])
        speeds, ratios = [], []
        for seed in range(N_ROUNDS):
            times = []
            for run, name in ((run_ours, ours), (run_theirs, theirs)):
                start = time.perf_counter()
                run(name, 0.1, seed, X, y)
                times.append(time.perf_counter() - start)
            speeds.append(N_TIMED / times[0])
            ratios.append(times[1] / times[0])
        what = f"{ours} ÷ scikit-activeml {theirs}"
        measurements.append(measured(f"{ours}: samples per second", speeds, "/s"))
        measurements.append(measured(f"{what}: samples per second", ratios, "ratio"))
    return measurements


def measure() -> list[Measurement]:
    with warnings.catch_warnings():
        # scikit-activeml warns of classes without a label.
        warnings.simplefilter("ignore")
        runs = list(all_runs(RESULTS / "streams_runs.csv"))
        (RESULTS / "streams.md").write_text(markdown(runs), encoding="utf-8")
        return [*throughput(), *accuracies(runs)]
