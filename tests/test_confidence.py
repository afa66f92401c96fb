"""What the user guide says about probabilities and about the estimated accuracy."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import RandomSampling

X, y = load_digits(return_X_y=True)


def learner_of(answers, estimator=None, strategy=None, n=200):
    learner = ActiveLearner(estimator, strategy, X)
    while learner.pool.n_labeled < n:
        indices = learner.query(20)
        learner.teach(indices, answers[indices])
    return learner


def confidence_and_right(model, left):
    probabilities = model.predict_proba(X[left])
    right = model.classes_[probabilities.argmax(axis=1)] == y[left]
    return probabilities.max(axis=1), right


@pytest.mark.parametrize("estimator", [None, IncrementalKNeighborsClassifier()])
@pytest.mark.parametrize("strategy", [None, RandomSampling(random_state=0)])
def test_probabilities_rank_predictions(estimator, strategy):
    learner = learner_of(y, estimator, strategy)
    confidence, right = confidence_and_right(learner, learner.candidates)
    assert roc_auc_score(right, confidence) > 0.85
    difference = right.mean() - confidence.mean()
    if estimator is None:
        assert abs(difference) < 0.05
    else:
        assert 0.15 < difference < 0.35


def test_calibration_on_random_labels_lessens_the_difference():
    neighbors = IncrementalKNeighborsClassifier()
    learner = learner_of(y, neighbors, RandomSampling(random_state=0))
    calibrated = CalibratedClassifierCV(neighbors, method="isotonic", cv=3)
    calibrated.fit(X[learner.labeled], learner.labels)
    plain, improved = (
        confidence_and_right(model, learner.candidates) for model in (learner, calibrated)
    )
    difference = [abs(right.mean() - confidence.mean()) for confidence, right in (plain, improved)]
    assert difference[1] < difference[0] / 3


@pytest.mark.parametrize("strategy", [None, RandomSampling(random_state=0)])
def test_with_wrong_labels_the_estimate_is_that_of_the_agreement_with_such_labels(strategy):
    rng = np.random.default_rng(0)
    answers = np.where(rng.random(len(y)) < 0.1, (y + rng.integers(1, 10, len(y))) % 10, y)
    learner = learner_of(answers, strategy=strategy)
    left, estimate = learner.candidates, learner.progress.accuracy.value
    predicted = learner.predict(X[left])
    accuracy, agreement = (np.mean(predicted == labels[left]) for labels in (y, answers))
    assert accuracy - estimate > 0.03
    assert abs(estimate - agreement) < abs(estimate - accuracy)
