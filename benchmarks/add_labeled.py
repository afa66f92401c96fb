"""Adding one labelled sample, against fitting scikit-learn's classifier to all of them again.

`IncrementalKNeighborsClassifier.add_labeled` of one float32 sample is timed with 1,000 to
1,000,000 stored samples, and compared with `KNeighborsClassifier.fit` on 100,000 × 512, which it
replaces. The array of the samples occasionally doubles in size: the addition that causes this is
reported separately, and so is the mean time including its share of a doubling.
"""

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.report import Measurement, measured
from benchmarks.timing import interleaved, seconds
from skactive.neighbors import IncrementalKNeighborsClassifier

N_CLASSES = 10
N_ADDED = 300
METRICS = ["cosine", "euclidean"]


def samples(n: int, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    X = rng.standard_normal((n, n_features), dtype=np.float32)
    y = rng.integers(N_CLASSES, size=n)
    X[np.arange(n), y] += 3
    return X, y


def check_answers() -> None:
    """Compare adding one by one with `fit`, and with scikit-learn's classifier."""
    X, y = samples(1_000, 32)
    queries = samples(200, 32)[0]
    for metric in METRICS:
        fitted = IncrementalKNeighborsClassifier(metric=metric, smoothing=0).fit(X, y)
        added = IncrementalKNeighborsClassifier(metric=metric, smoothing=0)
        for row, label in zip(X, y, strict=True):
            added.add_labeled(row[np.newaxis], [label])
        known = KNeighborsClassifier(metric=metric, weights="distance").fit(X, y)
        probabilities = added.predict_proba(queries)
        np.testing.assert_array_equal(probabilities, fitted.predict_proba(queries))
        np.testing.assert_allclose(probabilities, known.predict_proba(queries), atol=1e-4)


def adder(
    classifier: IncrementalKNeighborsClassifier, X: np.ndarray, y: np.ndarray
) -> Callable[[], object]:
    """Return a call that adds the next sample."""
    places: Iterator[int] = count()

    def add() -> object:
        place = next(places) % len(X)
        return classifier.add_labeled(X[place : place + 1], y[place : place + 1])

    return add


def against_fit(n: int, n_features: int) -> list[Measurement]:
    X, y = samples(n, n_features)
    new, new_labels = samples(1_000, n_features)
    measurements = []
    for metric in METRICS:
        classifier = IncrementalKNeighborsClassifier(metric=metric).fit(X, y)
        add = adder(classifier, new, new_labels)
        doubling = seconds(add)

        def add_many(add: Callable[[], object] = add) -> None:
            for _ in range(20):
                add()

        def fit(metric: str = metric) -> object:
            return KNeighborsClassifier(metric=metric).fit(X, y)

        times = interleaved({"fit": fit, "add": add_many}, 15)
        times["add"] /= 20
        where = f"{n:,} × {n_features}, {metric}"
        measurements += [
            measured(f"{where}: KNeighborsClassifier.fit", times["fit"]),
            measured(f"{where}: add_labeled of one", times["add"]),
            measured(f"{where}: the add_labeled that doubles the store", doubling),
            measured(
                f"{where}: fit ÷ add_labeled", times["fit"] / times["add"], "ratio", at_least=200
            ),
            measured(
                f"{where}: fit ÷ (add_labeled + its share of a doubling)",
                times["fit"] / (times["add"] + doubling / n),
                "ratio",
                at_least=200,
            ),
        ]
    return measurements


def against_store(sizes: list[int], n_features: int) -> list[Measurement]:
    """Time one addition at several sizes, alternately."""
    X, y = samples(max(sizes), n_features)
    new, new_labels = samples(1_000, n_features)
    adders = {}
    for size in sizes:
        classifier = IncrementalKNeighborsClassifier().fit(X[:size], y[:size])
        adders[size] = adder(classifier, new, new_labels)
        adders[size]()
    # At most 900 are added to the smallest array: it does not double again.
    times = interleaved({str(size): add for size, add in adders.items()}, N_ADDED, warm_up=20)
    smallest = times[str(min(sizes))]
    measurements = [
        measured(f"{size:,} × {n_features} stored: add_labeled of one", times[str(size)])
        for size in sizes
    ]
    ratio = np.median(times[str(max(sizes))]) / np.median(smallest)
    what = f"add_labeled with {max(sizes):,} × {n_features} stored ÷ with {min(sizes):,}, medians"
    return [*measurements, measured(what, ratio, "ratio", at_most=1.5)]


def measure() -> list[Measurement]:
    check_answers()
    return [
        *against_fit(100_000, 512),
        *against_store([1_000, 10_000, 100_000], 512),
        *against_store([1_000, 10_000, 100_000, 1_000_000], 64),
    ]
