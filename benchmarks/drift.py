"""The number of labels until the classifier recovers after the task has changed.

The loop of `ActiveLearner` with `CDFProduct` on digits, with 1,200 samples in the pool and 597 for
scoring, split anew for each of eight seeds. Two kinds of change:

- swap: after 150 labels the classes 0 and 1 change their names, and so do 2 and 3: 150 more labels
  follow.
- arrival: five classes at first, and another one after every 40 labels, five in all. Only samples
  of the current classes can be queried, and scores are computed on these.

Recovery is the number of labels after the change until the accuracy on the current task is back at
90 % of its value before: on all classes, and on the four changed classes or the new one alone. If
the accuracy does not recover before the next change, it is the number of labels until then. For
arrival it is the mean over the five changes. A ratio to no forgetting below 1 means fewer labels.

At the detector's signal the learner follows the advice of the warning, `forget(n_kept=20)`.

After a swap, forgetting everything at the change is best if the time of the change is known.
`half_life` needs about half the labels of no forgetting without this information, and the signal
two thirds. When a class arrives, the other answers remain valid: forgetting all of them costs many
labels, and the final accuracy of each way of forgetting is 3 to 9 per cent lower than without,
although `half_life` and `forget` learn the new class itself sooner.

The second half compares river's detectors on 16 further splits, in loops by `CDFProduct` and by
random sampling: the number of loops of 300 labels without a change in which there is a signal, and
the number of labels from the swap to the first signal (150 means none).
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
    """A period of one task: its length, the names of the classes, changed and existing classes."""

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
    """A way to react to a change."""

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
    """Records the input of a detector."""

    drift_detected = False

    def __init__(self) -> None:
        self.errors: list[float] = []

    def update(self, x: float) -> None:
        self.errors.append(x)


def split(seed: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(seed).permutation(len(load_digits().target))
    return order[:N_POOL], order[N_POOL:]


def run_phases(
    learner: ActiveLearner, y: np.ndarray, phases: Sequence[Phase], at_change: Callable[[], object]
) -> Iterator[Phase]:
    """Teach the learner through all phases, and yield the phase after each label."""
    for number, phase in enumerate(phases):
        if number > 0:
            at_change()
        for _ in range(phase.n_labels):
            candidates = learner.candidates
            existing = candidates[np.isin(y[candidates], phase.classes)]
            indices = learner.query(candidates=existing)
            learner.teach(indices, phase.names[y[indices]])
            yield phase


def accuracies(variant: Variant, phases: Sequence[Phase], seed: int) -> list[np.ndarray]:
    """Return the accuracy after each label of each phase: on all and on the changed classes."""
    X, y = load_digits(return_X_y=True)
    pool, test = split(seed)
    learner = ActiveLearner(
        IncrementalKNeighborsClassifier(**variant.parameters),
        CDFProduct(),
        X[pool],
        drift_detector=variant.detector,
    )

    def at_change() -> None:
        if variant.forgets_at_change:
            learner.forget()

    curve, n_signals = [], 0
    for phase in run_phases(learner, y[pool], phases, at_change):
        if len(learner.drifts) > n_signals:
            n_signals = len(learner.drifts)
            learner.forget(n_kept=20)
        existing = test[np.isin(y[test], phase.classes)]
        correct = learner.predict(X[existing]) == phase.names[y[existing]]
        curve.append((correct.mean(), correct[np.isin(y[existing], phase.changed)].mean()))
    return np.split(np.array(curve), np.cumsum([phase.n_labels for phase in phases])[:-1])


def recovery(curves: list[np.ndarray], column: int) -> float:
    """Return the number of labels to recover, on average over the changes."""
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
        for column, where in enumerate(("recovery", "recovery on the changed classes")):
            costs, without = (
                np.array([recovery(one, column) for one in found[which]])
                for which in (name, "no forgetting")
            )
            measurements.append(measured(f"{change}, {name}: {where}", costs, "labels"))
            if name != "no forgetting":
                what = f"{change}, {name}: {where} ÷ without forgetting"
                measurements.append(measured(what, costs / without, "ratio"))
        ends = np.array([100 * one[-1][-5:, 0].mean() for one in curves])
        measurements.append(measured(f"{change}, {name}: final accuracy", ends, "%"))
    return measurements


def predicted(strategy: Any, phases: Sequence[Phase], seed: int) -> np.ndarray:
    """Return for each answer whether it was predicted."""
    X, y = load_digits(return_X_y=True)
    pool, _ = split(seed)
    learner = ActiveLearner(
        IncrementalKNeighborsClassifier(), strategy, X[pool], drift_detector=Recorder()
    )
    for _ in run_phases(learner, y[pool], phases, lambda: None):
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
            [predicted(strategy, phases, seed) for seed, strategy in strategies.items()]
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
    """Return the numbers of answers after which a detector would have signalled."""
    watch = AgreementWatch(detector)
    # Nothing is predicted before the first answer.
    watch.update(agreed, len(agreed) + 1)
    return watch.drifts


def first_after(change: int, drifts: list[int]) -> float:
    return float(min((n - change for n in drifts if n > change), default=150))


def measure() -> list[Measurement]:
    with warnings.catch_warnings():
        # The warnings are measured.
        warnings.simplefilter("ignore", DriftWarning)
        return [*against_no_forgetting("swap"), *against_no_forgetting("arrival"), *of_detectors()]
