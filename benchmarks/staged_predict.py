"""The prediction after each of 300 labels, against one prediction of the final model.

`IncrementalKNeighborsClassifier.staged_predict` multiplies the queries with the stored samples
once, as `predict` does, and after each label recomputes only the votes that it changes. On small
inputs a prediction takes a few milliseconds, and the constant cost of each stage has more weight.
"""

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.labelled_pool import overlapping_classes
from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved
from skactive.neighbors import IncrementalKNeighborsClassifier

N_LABELS = 300


def check_answers(classifier: IncrementalKNeighborsClassifier, queries: np.ndarray) -> None:
    """Compare every stage with a new classifier that has the same labels."""
    X, y = classifier.labeled_samples()
    for place, predictions in enumerate(classifier.staged_predict(queries)):
        if place % 20 == 0 or place == N_LABELS - 1:
            fresh = IncrementalKNeighborsClassifier(metric=classifier.metric)
            fresh.fit(X[: place + 1], y[: place + 1])
            np.testing.assert_array_equal(predictions, fresh.predict(queries))


def against_predict(name: str, X: np.ndarray, y: np.ndarray, n_rounds: int) -> list[Measurement]:
    queries, measurements = X[N_LABELS:], []
    for metric in ("cosine", "euclidean"):
        classifier = IncrementalKNeighborsClassifier(metric=metric)
        classifier.fit(X[:N_LABELS], y[:N_LABELS])
        check_answers(classifier, queries)

        def predict(classifier: IncrementalKNeighborsClassifier = classifier) -> None:
            classifier.predict(queries)

        def stages(classifier: IncrementalKNeighborsClassifier = classifier) -> None:
            for _ in classifier.staged_predict(queries):
                pass

        times = interleaved({"predict": predict, "stages": stages}, n_rounds)
        where = f"{name}, {metric}"
        measurements += [
            measured(f"{where}: predict", times["predict"]),
            measured(f"{where}: {N_LABELS} stages", times["stages"]),
            measured(
                f"{where}: all stages ÷ predict",
                times["stages"] / times["predict"],
                "ratio",
                at_most=3,
            ),
        ]
    return measurements


def measure() -> list[Measurement]:
    X, y = overlapping_classes(5_000 + N_LABELS, 512)
    digits, names = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(digits))
    return [
        *against_predict("5,000 × 512", X, y, 15),
        *against_predict("1,497 × 64 (digits)", digits[order], names[order], 15),
    ]
