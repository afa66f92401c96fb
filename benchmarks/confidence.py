"""What class probabilities and `progress.accuracy` say, against the labels of the samples left.

Loops of 200 answers by `ActiveLearner` with its default classifier, on 1,700 samples drawn at
random, for each of four seeds; the samples are chosen by the default strategy or at random. All
figures are percentages of the samples left in the pool.

Probabilities: the mean probability of the predicted class, the accuracy, the calibration error
(the mean difference of the two in ten bins of the probability), and the area under the ROC curve of
the probability for correct against wrong predictions: 50 without information, 100 if every correct
prediction is more probable than every wrong one. The same for
`CalibratedClassifierCV(IncrementalKNeighborsClassifier(), method="isotonic", cv=3)`, fitted to the
labels of the same loops.

Estimates: with 0 or 5 % of the answers replaced by another class at random, `progress.accuracy`
less the accuracy, and less the agreement with answers that contain the same share of errors, at 100
and 200 labels. A positive difference means that the estimate is too high.
"""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import roc_auc_score

from benchmarks.label_issues import BATCH, RECORDED, samples, with_errors
from benchmarks.report import Measurement, measured
from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import RandomSampling

N_SEEDS, N_BINS = 4, 10
CHECKED = (100, 200)
RATES = (0.0, 0.05)
N_FOLDS = 3


def quality(probabilities: np.ndarray, classes: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return the mean probability, the accuracy, the calibration error and the area."""
    confidence = probabilities.max(axis=1)
    right = classes[probabilities.argmax(axis=1)] == y
    bins = np.minimum((N_BINS * confidence).astype(int), N_BINS - 1)
    differences = np.bincount(bins, confidence - right, minlength=N_BINS)
    return {
        "mean probability": 100 * confidence.mean(),
        "accuracy": 100 * right.mean(),
        "calibration error": 100 * np.abs(differences).sum() / len(y),
        "area under ROC": 100 * roc_auc_score(right, confidence),
    }


def loop(
    X: np.ndarray, y: np.ndarray, answers: np.ndarray, strategy: RandomSampling | None
) -> tuple[ActiveLearner, dict[str, float]]:
    """Return the learner after the loop, and the differences of its estimates."""
    learner = ActiveLearner(strategy=strategy, X_pool=X)
    differences = {}
    for n_labels in CHECKED:
        while learner.pool.n_labeled < n_labels:
            indices = learner.query(BATCH)
            learner.teach(indices, answers[indices])
        left, estimate = learner.candidates, 100 * learner.progress.accuracy.value
        predicted = learner.predict(X[left])
        for name, labels in (("accuracy", y), ("agreement", answers)):
            error = estimate - 100 * np.mean(predicted == labels[left])
            differences[f"estimate less {name} at {n_labels} labels"] = error
    return learner, differences


def calibrated(learner: ActiveLearner, X: np.ndarray, y: np.ndarray) -> dict[str, float] | None:
    """Return the quality of a calibrated classifier; None if a class has too few labels."""
    labeled, left = learner.labeled, learner.candidates
    if np.unique(y[labeled], return_counts=True)[1].min() < N_FOLDS:
        return None
    classifier = CalibratedClassifierCV(
        IncrementalKNeighborsClassifier(), method="isotonic", cv=N_FOLDS
    ).fit(X[labeled], y[labeled])
    return quality(classifier.predict_proba(X[left]), classifier.classes_, y[left])


def measure() -> list[Measurement]:
    """Return the figures of each data set and strategy."""
    results = []
    for name in ("digits", *RECORDED):
        for strategy_name in ("herding", "random"):
            found: dict[str, list[float]] = {}
            for seed in range(N_SEEDS):
                X, y = samples(name, seed)
                strategy = RandomSampling(random_state=seed) if strategy_name == "random" else None
                for rate in RATES:
                    learner, differences = loop(X, y, with_errors(y, rate, seed), strategy)
                    for quantity, value in differences.items():
                        found.setdefault(f"{rate:.0%} wrong: {quantity}", []).append(value)
                    if rate > 0:
                        continue
                    left = learner.candidates
                    of_default = quality(learner.predict_proba(X[left]), learner.classes_, y[left])
                    of_calibrated = calibrated(learner, X, y) or {}
                    for kind, row in (("default", of_default), ("calibrated", of_calibrated)):
                        for quantity, value in row.items():
                            found.setdefault(f"{kind}: {quantity}", []).append(value)
            results += [
                measured(f"{name}, {strategy_name}, {about}", values, "%")
                for about, values in sorted(found.items())
            ]
    return results
