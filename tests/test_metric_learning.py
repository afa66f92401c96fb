"""Linear maps learned from labels: formulas, special cases, scikit-learn's checks."""

import numpy as np
import pytest
from scikit_learns_checks import each_check_of
from scipy.linalg import fractional_matrix_power
from scipy.optimize import approx_fprime
from sklearn.covariance import ledoit_wolf
from sklearn.datasets import load_digits

from skactive.metric_learning import ContrastiveMap, WithinClassWhitening
from skactive.metric_learning._contrastive_map import ContrastiveLoss
from skactive.neighbors import IncrementalKNeighborsClassifier

MAPS = [ContrastiveMap(), WithinClassWhitening()]


def clouds(n_samples=30, n_features=5, dtype=np.float64):
    rng = np.random.default_rng(0)
    y = np.arange(n_samples) % 3
    return (rng.normal(size=(n_samples, n_features)) + 2 * np.eye(n_features)[y]).astype(dtype), y


@each_check_of(*MAPS)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("n_samples", [30, 8])
def test_whitening_is_the_inverse_root_of_the_shrunk_covariance(n_samples):
    X, y = clouds(n_samples, n_features=12)
    residuals = X - np.array([X[y == name].mean(axis=0) for name in range(3)])[y]
    shrunk, share = ledoit_wolf(residuals, assume_centered=True)
    mean_variance = np.trace(residuals.T @ residuals) / residuals.size
    root = fractional_matrix_power(shrunk / mean_variance, -0.5).real
    whitening = WithinClassWhitening().fit(X, y)
    assert whitening.shrinkage_ == pytest.approx(share)
    np.testing.assert_allclose(whitening.transform(X), X @ root, rtol=1e-8)


def test_full_shrinkage_leaves_the_features_as_they_are():
    X, y = clouds()
    np.testing.assert_allclose(WithinClassWhitening(1.0).fit_transform(X, y), X)


def naive_loss(change, X, y, temperature, pull):
    Z = X @ (np.eye(X.shape[1]) + change).T
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    losses = []
    for i in range(len(X)):
        others = [a for a in range(len(X)) if a != i]
        alike = [p for p in others if y[p] == y[i]]
        total = sum(np.exp(Z[i] @ Z[a] / temperature) for a in others)
        if alike:
            losses.append(-np.mean([Z[i] @ Z[p] / temperature - np.log(total) for p in alike]))
    return np.mean(losses) + pull / 2 * (change**2).sum()


def test_the_contrastive_loss_and_its_gradient_are_those_of_the_paper():
    X, y = clouds(10, n_features=4)
    y[-1] = 7  # the only one of its class: not an anchor, but a negative example
    change = 0.3 * np.random.default_rng(1).normal(size=(4, 4))
    loss = ContrastiveLoss(X, y, 0.3, 0.2)
    value, gradient = loss(change.ravel())
    assert value == pytest.approx(naive_loss(change, X, y, 0.3, 0.2))
    numeric = approx_fprime(change.ravel(), lambda flat: loss(flat)[0], 1e-7)
    np.testing.assert_allclose(gradient, numeric, atol=1e-5)


def test_the_contrastive_map_is_the_least_of_its_loss_within_the_span():
    X, y = clouds(9, n_features=20)
    learnt = ContrastiveMap(max_iter=500).fit(X, y)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    W = learnt.transform(np.eye(20)).T
    loss = ContrastiveLoss(unit, y, learnt.temperature, learnt.pull)
    value, gradient = loss((W - np.eye(20)).ravel())
    assert np.abs(gradient).max() < 1e-3
    assert value < loss(np.zeros(400))[0]


@pytest.mark.parametrize("estimator", MAPS)
def test_directions_outside_the_labelled_samples_are_only_scaled(estimator):
    X, y = clouds(12, n_features=6)
    X[:, 5] = 0
    learnt = estimator.fit(X, y)
    outside = np.eye(6)[[5]]
    np.testing.assert_allclose(learnt.transform(outside), learnt.scale_ * outside, atol=1e-12)


@pytest.mark.parametrize("estimator", MAPS)
@pytest.mark.parametrize("y", [[0, 1, 2], ["a", "b", "c"]])
def test_without_two_samples_of_a_class_the_map_is_the_identity(estimator, y):
    X, _ = clouds(3)
    np.testing.assert_array_equal(estimator.fit(X, y).transform(X), X)


def test_a_single_class_leaves_the_contrastive_map_at_the_identity():
    X, _ = clouds()
    np.testing.assert_array_equal(ContrastiveMap().fit(X, np.zeros(30)).transform(X), X)


@pytest.mark.parametrize("estimator", [ContrastiveMap(pull=1.0), WithinClassWhitening()])
def test_float32_stays_and_agrees_with_float64(estimator):
    X, y = clouds()
    exact = estimator.fit_transform(X, y)
    single = estimator.fit_transform(X.astype(np.float32), y)
    assert single.dtype == np.float32
    # The optimiser stops within a tolerance, which depends on rounding.
    np.testing.assert_allclose(single, exact, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("estimator", MAPS)
def test_the_order_of_samples_and_the_names_of_classes_do_not_matter(estimator):
    X, y = clouds()
    order = np.random.default_rng(0).permutation(len(X))
    mapped = estimator.fit(X, y).transform(X)
    renamed = estimator.fit(X[order], np.array(["z", "a", "m"])[y[order]]).transform(X)
    np.testing.assert_allclose(renamed, mapped, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("estimator", MAPS)
def test_zero_and_equal_samples_give_finite_maps(estimator):
    X = np.repeat([[0.0, 0.0], [1.0, 1.0]], 3, axis=0)
    assert np.isfinite(estimator.fit_transform(X, [0, 1, 0, 0, 1, 1])).all()


def test_a_contrastive_map_helps_with_a_large_uninformative_direction():
    X, y = load_digits(return_X_y=True)
    X = np.column_stack([X, 60 * np.random.default_rng(0).normal(size=(len(X), 2))])
    plain, learnt = IncrementalKNeighborsClassifier(), ContrastiveMap().fit(X[:200], y[:200])
    before = plain.fit(X[:200], y[:200]).score(X[200:], y[200:])
    Z = learnt.transform(X)
    after = plain.fit(Z[:200], y[:200]).score(Z[200:], y[200:])
    assert after > before + 0.1


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (WithinClassWhitening(0), "'shrinkage' parameter .* must be 'auto' or a number .* Got 0"),
        (WithinClassWhitening(1.5), r"above 0 and at most 1. Got 1\.5"),
        (WithinClassWhitening("oracle"), "Got 'oracle' instead"),
        (ContrastiveMap(0), "'temperature' parameter of ContrastiveMap must be a finite number"),
        (ContrastiveMap(pull=-1), "'pull' parameter of ContrastiveMap must be a finite number"),
        (ContrastiveMap(max_iter=0), "'max_iter' .* must be an int of at least 1. Got 0"),
    ],
)
def test_parameters_outside_their_range_are_refused(estimator, message):
    with pytest.raises(ValueError, match=message):
        estimator.fit(*clouds())
