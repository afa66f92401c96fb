"""river's drift detectors in the loop."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skactive import ActiveLearner
from skactive.learner import DriftWarning
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, RandomSampling

drift = pytest.importorskip("river.drift")

SWAPPED = np.array([1, 0, 3, 2, *range(4, 10)])
DETECTORS = [
    drift.ADWIN(),
    drift.KSWIN(seed=0),
    drift.PageHinkley(mode="up", threshold=5),
    drift.binary.DDM(),
    drift.binary.EDDM(),
    drift.binary.FHDDM(),
    drift.binary.HDDMA(),
    drift.binary.HDDMW(),
]


def digits_learner(detector, strategy=None, estimator=None):
    X, y = load_digits(return_X_y=True)
    strategy = RandomSampling(random_state=0) if strategy is None else strategy
    return ActiveLearner(estimator, strategy, X, drift_detector=detector), y


def teach(learner, answers, n_labels):
    """Return the signals given."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(n_labels):
            indices = learner.query()
            learner.teach(indices, answers[indices])
    assert {one.category for one in caught} <= {DriftWarning}
    return [one.message.n_answers for one in caught]


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: type(detector).__name__)
def test_each_detector_signals_and_can_be_copied_and_saved(detector):
    learner, y = digits_learner(detector)
    assert teach(learner, y, 40) == learner.drifts
    again = pickle.loads(pickle.dumps(learner))
    for other in (again, copy.deepcopy(learner)):
        assert teach(other, y, 10) == other.drifts[len(learner.drifts) :]
    assert len(learner.labeled) == 40


@pytest.mark.parametrize(
    "detector",
    [drift.PageHinkley(mode="up", threshold=5), drift.binary.EDDM(), drift.binary.HDDMW()],
    ids=lambda detector: type(detector).__name__,
)
def test_classes_that_swap_are_signalled_and_the_loop_before_is_not(detector):
    learner, y = digits_learner(detector)
    assert teach(learner, y, 150) == []
    [first, *_] = teach(learner, SWAPPED[y], 100)
    assert 150 < first < 220
    assert learner.drifts[0] == first


class CountingADWIN(drift.ADWIN):
    """Records the number of its signals."""

    n_signals = 0

    def update(self, x):
        super().update(x)
        self.n_signals += self.drift_detected


def test_a_detector_of_either_direction_does_not_report_a_rise():
    # Agreement rises from 0: the detector signals, but this is not a drift.
    detector = CountingADWIN(delta=0.05, clock=1)
    learner, y = digits_learner(detector, CDFProduct(), IncrementalKNeighborsClassifier())
    assert teach(learner, y, 200) == []
    assert learner.drift_detector.n_signals > 0
