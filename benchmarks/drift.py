"""The task changes while people label: how many labels until the classifier is as good again?

The loop of `ActiveLearner` with `CDFProduct` on digits, 1,200 samples in the pool and 597 to score
on, split anew for each of eight seeds. Two changes:

- swap: after 150 labels 0 and 1 change their names, and so do 2 and 3: 150 more labels follow.
- arrival: five classes first, and after every 40 labels a further one, five in all. Only samples
  of the classes there are so far can be asked about, and scores are on those.

Recovery is how many labels after the change it takes until accuracy, on the task as it is now, is
back at 90 % of what it was before: on all classes, and on the four that changed or the one that
arrived alone. Where that does not happen before the next change, it is the number of labels until
then. For arrival it is the mean of the five. Below 1, a ratio to no forgetting means fewer labels.

At the detector's signal the learner does what the warning says, `forget(n_kept=20)`.

After a swap, forgetting everything at the change is best where somebody knows of the change.
`half_life` needs about half the labels of no forgetting without being told, and the signal two
thirds. When a class arrives the other answers stay true: forgetting them all costs many labels,
and each way of forgetting ends 3 to 9 per cent lower than none, though with `half_life` and
`forget` the new class itself is learnt sooner.

The second half compares river's detectors on 16 further splits, in loops by `CDFProduct` and by
random sampling: in how many loops of 300 labels without a change there is a signal, and how many
labels after the swap the first signal comes (150 means none).
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from river import drift
from sklearn.datasets import load_digits

from benchmarks.report import Measurement, measured
from skactive import ActiveLearner
from skactive.learner import DriftWarning
from skactive.learner._drift import AgreementWatch
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, RandomSampling

SEEDS = range(8)
SEEDS_OF_DETECTORS = range(100, 116)
N_POOL = 1_200
SAME = np.arange(10)
SWAPPED = np.array([1, 0, 3, 2, *range(4, 10)])


@dataclass(frozen=True)
class Phase:
    """How long a task lasts, which classes are new, which there are, and what they are called."""

    n_labels: int
    names: np.ndarray
    changed: Sequence[int]
    classes: Sequence[int] = range(10)


CHANGES = {
    "swap": [Phase(150, SAME, range(10)), Phase(150, SWAPPED, range(4))],
    "arrival": [
        Phase(40, SAME, range(5), range(5)),
        *(Phase(40, SAME, [newest], range(newest + 1)) for newest in range(5, 10)),
    ],
}


@dataclass(frozen=True)
class Variant:
    """What is done about a change."""

    parameters: dict[str, Any] = field(default_factory=dict)
    forgets_at_change: bool = False
    detector: Any = None


VARIANTS = {
    "no forgetting": Variant(),
    "max_labeled=100": Variant({"max_labeled": 100}),
    "half_life=50": Variant({"half_life": 50}),
    "max_labeled=100, half_life=50": Variant({"max_labeled": 100, "half_life": 50}),
    "forget() at the change": Variant(forgets_at_change=True),
    "forget(n_kept=20) at the signal": Variant(detector=drift.PageHinkley(mode="up", threshold=5)),
}
DETECTORS = {
    'PageHinkley(mode="up", threshold=5)': drift.PageHinkley(mode="up", threshold=5),
    "binary.EDDM()": drift.binary.EDDM(),
    "binary.HDDMW()": drift.binary.HDDMW(),
    "binary.DDM()": drift.binary.DDM(),
    "ADWIN()": drift.ADWIN(),
}


class Recorder:
    """Takes down what a detector hears."""

    drift_detected = False

    def __init__(self) -> None:
        self.errors: list[float] = []

    def update(self, x: float) -> None:
        self.errors.append(x)


def split(seed: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(seed).permutation(len(load_digits().target))
    return order[:N_POOL], order[N_POOL:]


def play(
    learner: ActiveLearner, y: np.ndarray, phases: Sequence[Phase], at_change: Callable[[], object]
) -> Iterator[Phase]:
    """Teach the learner through all phases, and yield the phase after each label."""
    for number, phase in enumerate(phases):
        if number > 0:
            at_change()
        for _ in range(phase.n_labels):
            candidates = learner.candidates
            there = candidates[np.isin(y[candidates], phase.classes)]
            indices = learner.query(candidates=there)
            learner.teach(indices, phase.names[y[indices]])
            yield phase


def accuracies(variant: Variant, phases: Sequence[Phase], seed: int) -> list[np.ndarray]:
    """Return the accuracy after each label of each phase: on all classes, and on those changed."""
    X, y = load_digits(return_X_y=True)
    pool, test = split(seed)
    learner = ActiveLearner(
        IncrementalKNeighborsClassifier(**variant.parameters),
        X_pool=X[pool],
        drift_detector=variant.detector,
    )

    def at_change() -> None:
        if variant.forgets_at_change:
            learner.forget()

    curve, n_signals = [], 0
    for phase in play(learner, y[pool], phases, at_change):
        if len(learner.drifts) > n_signals:
            n_signals = len(learner.drifts)
            learner.forget(n_kept=20)
        there = test[np.isin(y[test], phase.classes)]
        right = learner.predict(X[there]) == phase.names[y[there]]
        curve.append((right.mean(), right[np.isin(y[there], phase.changed)].mean()))
    return np.split(np.array(curve), np.cumsum([phase.n_labels for phase in phases])[:-1])


def recovery(curves: list[np.ndarray], column: int) -> float:
    """Return the labels that a change costs, on average over the changes."""
    costs = []
    for before, after in pairwise(curves):
        good = np.flatnonzero(after[:, column] >= 0.9 * before[-5:, 0].mean())
        costs.append(good[0] + 1 if len(good) else len(after))
    return float(np.mean(costs))


def against_no_forgetting(change: str) -> list[Measurement]:
    found = {
        name: [accuracies(variant, CHANGES[change], seed) for seed in SEEDS]
        for name, variant in VARIANTS.items()
    }
    measurements = []
    for name, curves in found.items():
        for column, where in enumerate(("recovery", "recovery where it changed")):
            costs, without = (
                np.array([recovery(one, column) for one in found[which]])
                for which in (name, "no forgetting")
            )
            measurements.append(measured(f"{change}, {name}: {where}", costs, "labels"))
            if name != "no forgetting":
                what = f"{change}, {name}: {where} ÷ without forgetting"
                measurements.append(measured(what, costs / without, "ratio"))
        ends = np.array([100 * one[-1][-5:, 0].mean() for one in curves])
        measurements.append(measured(f"{change}, {name}: accuracy in the end", ends, "%"))
    return measurements


def heard(strategy: Any, phases: Sequence[Phase], seed: int) -> np.ndarray:
    """Return whether each answer was predicted."""
    X, y = load_digits(return_X_y=True)
    pool, _ = split(seed)
    learner = ActiveLearner(strategy=strategy, X_pool=X[pool], drift_detector=Recorder())
    for _ in play(learner, y[pool], phases, lambda: None):
        pass
    return np.array(learner.drift_detector.errors) == 0.0


def of_detectors() -> list[Measurement]:
    measurements = []
    for how in ("CDFProduct", "random"):
        strategies = {
            seed: CDFProduct() if how == "CDFProduct" else RandomSampling(random_state=seed)
            for seed in SEEDS_OF_DETECTORS
        }
        unchanged, swapped = (
            [heard(strategy, phases, seed) for seed, strategy in strategies.items()]
            for phases in ([Phase(300, SAME, range(10))], CHANGES["swap"])
        )
        for name, detector in DETECTORS.items():
            false = sum(len(signals(detector, stream)) > 0 for stream in unchanged)
            delays = [first_after(150, signals(detector, stream)) for stream in swapped]
            measurements += [
                measured(f"{how}, {name}: loops with a false signal, of 16", false, "loops"),
                measured(f"{how}, {name}: signal after the swap", delays, "labels"),
                measured(
                    f"{how}, {name}: swaps signalled, of 16",
                    sum(delay < 150 for delay in delays),
                    "loops",
                ),
            ]
    return measurements


def signals(detector: Any, agreed: np.ndarray) -> list[int]:
    """Return after how many answers a detector would have signalled."""
    watch = AgreementWatch(detector)
    # Nothing is predicted before the first answer.
    watch.take_in(agreed, len(agreed) + 1)
    return watch.drifts


def first_after(change: int, drifts: list[int]) -> float:
    return float(min((n - change for n in drifts if n > change), default=150))


def measure() -> list[Measurement]:
    with warnings.catch_warnings():
        # They are what is measured.
        warnings.simplefilter("ignore", DriftWarning)
        return [*against_no_forgetting("swap"), *against_no_forgetting("arrival"), *of_detectors()]
