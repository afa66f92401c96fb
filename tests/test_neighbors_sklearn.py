"""IncrementalKNeighborsClassifier with scikit-learn's checks, and its k-NN as oracle."""

import numpy as np
import pytest
import scipy.sparse as sp
from scikit_learns_checks import each_check_of
from sklearn.neighbors import KNeighborsClassifier

from skactive.neighbors import IncrementalKNeighborsClassifier


def squared_falloff(distances):
    return 1 / (1 + np.square(distances))


@each_check_of(
    IncrementalKNeighborsClassifier(),
    IncrementalKNeighborsClassifier(metric="euclidean", weights="uniform", smoothing=0),
    IncrementalKNeighborsClassifier(1, metric="manhattan", weights="gaussian"),
    IncrementalKNeighborsClassifier(metric="euclidean", weights="gaussian", bandwidth=2.0),
    IncrementalKNeighborsClassifier(metric="chebyshev", weights=squared_falloff),
    IncrementalKNeighborsClassifier(3, metric="minkowski", metric_params={"p": 3}, smoothing=0.5),
    IncrementalKNeighborsClassifier(max_labeled=200, half_life=100),
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


ORACLE_METRICS = [
    ("cosine", None),
    ("euclidean", None),
    ("l2", None),
    ("manhattan", None),
    ("cityblock", None),
    ("l1", None),
    ("chebyshev", None),
    ("sqeuclidean", None),
    ("canberra", None),
    ("correlation", None),
    ("nan_euclidean", None),
    ("minkowski", {"p": 3}),
    ("seuclidean", {"V": np.linspace(1, 2, 4)}),
    ("mahalanobis", {"VI": np.diag([1.0, 2.0, 3.0, 4.0])}),
]


def oracle(metric, metric_params, weights):
    p = 3 if metric == "minkowski" else 2
    params = None if metric == "minkowski" else metric_params
    return KNeighborsClassifier(
        4, weights=weights, metric=metric, p=p, metric_params=params, algorithm="brute"
    )


def spread_samples(dtype, n_samples=40):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4)).astype(dtype)
    y = np.array(["pear", "apple", "fig"])[rng.integers(0, 3, n_samples)]
    return X, y, rng.normal(size=(60, 4)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weights", ["uniform", "distance", squared_falloff])
@pytest.mark.parametrize(("metric", "metric_params"), ORACLE_METRICS)
def test_plain_vote_is_that_of_scikit_learn(metric, metric_params, weights, dtype):
    X, y, queries = spread_samples(dtype)
    # scikit-learn 1.6 does not accept strings with uniform weights.
    classes, codes = np.unique(y, return_inverse=True)
    expected = oracle(metric, metric_params, weights).fit(X, codes)
    classifier = IncrementalKNeighborsClassifier(
        4, weights=weights, metric=metric, metric_params=metric_params, smoothing=0
    ).fit(X, y)
    tolerance = 1e-9 if dtype == np.float64 else 2e-4
    np.testing.assert_allclose(
        classifier.predict_proba(queries), expected.predict_proba(queries), atol=tolerance
    )
    distances, indices = classifier.kneighbors(queries)
    expected_distances, expected_indices = expected.kneighbors(queries)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-3, atol=1e-6)
    assert classifier.classes_.tolist() == classes.tolist()


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csc_matrix, sp.csr_array])
def test_sparse_vote_is_that_of_scikit_learn(metric, container):
    X, y, queries = spread_samples(np.float64)
    X[np.abs(X) < 0.2], queries[np.abs(queries) < 0.2] = 0, 0
    expected = oracle(metric, None, "distance").fit(X, y)
    classifier = IncrementalKNeighborsClassifier(4, metric=metric, smoothing=0)
    classifier.fit(container(X), y)
    np.testing.assert_allclose(
        classifier.predict_proba(container(queries)), expected.predict_proba(queries), atol=1e-9
    )


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("y", [[3, 1, 2, 1], [True, False, True, True], [2.0, 0.0, 2.0, 0.0]])
def test_predictions_of_numeric_labels_are_those_of_scikit_learn(metric, y):
    X = np.array([[0.0, 0.1], [1.0, 0.0], [0.3, 1.0], [2.0, 2.0]])
    queries = np.random.default_rng(1).normal(size=(30, 2))
    expected = KNeighborsClassifier(1, metric=metric, algorithm="brute").fit(X, y)
    classifier = IncrementalKNeighborsClassifier(1, metric=metric).fit(X, y)
    predicted = classifier.predict(queries)
    np.testing.assert_array_equal(predicted, expected.predict(queries))
    assert predicted.dtype == expected.predict(queries).dtype


@pytest.mark.parametrize("metric", ["jaccard", "hamming", "rogerstanimoto", "russellrao", "dice"])
def test_distances_of_boolean_samples_are_those_of_scikit_learn(metric):
    rng = np.random.default_rng(2)
    X, queries = rng.integers(0, 2, (2, 12, 9)).astype(bool)
    X[:, 0] = True
    classifier = IncrementalKNeighborsClassifier(12, metric=metric).fit(X, rng.integers(0, 2, 12))
    distances, indices = classifier.kneighbors(queries)
    expected = KNeighborsClassifier(12, metric=metric, algorithm="brute").fit(X, np.arange(12))
    expected_distances, _ = expected.kneighbors(queries)
    np.testing.assert_allclose(distances, expected_distances, atol=1e-12)
    assert np.sort(indices, axis=1).tolist() == [list(range(12))] * 12


def test_the_cosine_of_float32_is_exact_for_near_duplicates():
    rng = np.random.default_rng(3)
    base = rng.normal(size=(1, 64))
    X = (base + 1e-4 * rng.normal(size=(20, 64))).astype(np.float32)
    wide = X.astype(np.float64)
    unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    exact = np.square(unit[:1] - unit).sum(axis=1) / 2
    classifier = IncrementalKNeighborsClassifier(20).fit(X, np.arange(20) % 2)
    distances, indices = classifier.kneighbors(X[:1])
    np.testing.assert_allclose(distances[0], np.sort(exact), rtol=1e-5)
    assert indices[0].tolist() == np.argsort(exact).tolist()
