"""Large margin nearest neighbours, with metric-learn installed, and the error without it."""

import sys

import numpy as np
import pytest
from scikit_learns_checks import each_check_of
from sklearn.metrics.pairwise import euclidean_distances

from skactive.metric_learning import LargeMarginNearestNeighbor

pytest.importorskip("metric_learn")


def clouds(n_samples=30, n_features=4):
    rng = np.random.default_rng(0)
    y = np.arange(n_samples) % 3
    X = rng.normal(size=(n_samples, n_features)) * [1, 1, 1, 30][:n_features]
    return X + 3 * np.eye(n_features)[y], y


@each_check_of(LargeMarginNearestNeighbor())
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


def share_of_alike_neighbors(X, y):
    distances = euclidean_distances(X)
    np.fill_diagonal(distances, np.inf)
    return (y[distances.argmin(axis=1)] == y).mean()


def test_neighbors_are_more_often_of_one_class_afterwards():
    X, y = clouds(60)
    Z = LargeMarginNearestNeighbor().fit_transform(X, y)
    assert share_of_alike_neighbors(Z, y) > share_of_alike_neighbors(X, y) + 0.1


def test_the_unit_of_the_features_does_not_matter():
    X, y = clouds()
    mapped = LargeMarginNearestNeighbor().fit_transform(X, y)
    np.testing.assert_allclose(
        LargeMarginNearestNeighbor().fit_transform(1000 * X, y), 1000 * mapped, rtol=1e-6
    )


def test_samples_alone_in_their_class_take_no_part_and_small_classes_have_fewer_targets():
    X, y = clouds()
    small = np.append(np.flatnonzero(y < 2), np.flatnonzero(y == 2)[:2])
    learnt = LargeMarginNearestNeighbor().fit(X[small], y[small])
    assert learnt.n_neighbors_ == 1
    more = LargeMarginNearestNeighbor().fit(
        np.vstack([X[small], [[9.0, 9, 9, 9]]]), np.append(y[small], 3)
    )
    np.testing.assert_allclose(more.transform(X), learnt.transform(X))


@pytest.mark.parametrize("y", [[0, 0, 0, 0], [0, 1, 2, 3], [0, 0, 1, 2]])
def test_fewer_than_two_classes_of_two_give_the_identity(y):
    X, _ = clouds(4)
    learnt = LargeMarginNearestNeighbor().fit(X, y)
    np.testing.assert_array_equal(learnt.transform(X), X)
    assert learnt.n_neighbors_ == 0


@pytest.mark.parametrize("name", ["n_neighbors", "max_iter"])
def test_parameters_outside_their_range_are_refused(name):
    with pytest.raises(ValueError, match=f"'{name}' .* must be an int of at least 1. Got 0"):
        LargeMarginNearestNeighbor().set_params(**{name: 0}).fit(*clouds())


def test_without_metric_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "metric_learn", None)
    with pytest.raises(ImportError, match=r"not installed. .* pip install 'skactive\[metric\]'"):
        LargeMarginNearestNeighbor().fit(*clouds())
