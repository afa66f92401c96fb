"""Measures of Bayesian optimisation, against their definitions."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression

from skactive import ActiveLearner
from skactive.base import ContinuousTarget
from skactive.measures import (
    ExpectedImprovement,
    ProbabilityOfImprovement,
    UpperConfidenceBound,
)
from skactive.pool import Pool
from skactive.strategies import UncertaintySampling

MEASURES = [ExpectedImprovement, ProbabilityOfImprovement, UpperConfidenceBound]


@pytest.mark.parametrize("measure", MEASURES)
def test_the_value_is_not_explained_as_an_uncertainty(measure):
    X = np.random.default_rng(0).normal(size=(30, 2))
    strategy = UncertaintySampling(measure())
    process = GaussianProcessRegressor(optimizer=None)
    learner = ActiveLearner(process, strategy, X).teach(range(5), X[:5, 0])
    explanation = learner.explain_query(learner.query()[0])
    assert explanation.measures == (measure.__name__,)
    assert f"Its value by {measure.__name__}, " in " ".join(str(explanation).split())
    assert "uncertainty" not in str(explanation)


class Fixed:
    """A regressor with given means and standard deviations of the rows of a pool."""

    def __init__(self, moments):
        self.moments = np.asarray(moments, dtype=float)

    def predict(self, X, return_std=False):
        rows = self.moments[np.asarray(X)[:, 0].astype(int)]
        return (rows[:, 0], rows[:, 1]) if return_std else rows[:, 0]


MOMENTS = [(0.0, 1.0), (2.0, 0.5), (3.5, 2.0), (5.0, 0.1), (1.0, 0.0), (9.0, 0.0), (0, 0), (0, 0)]
LABELS = [4.0, 1.5]


def pool_of(moments=MOMENTS, labels=LABELS):
    n = len(moments)
    pool = Pool(
        np.arange(n)[:, np.newaxis] * 1.0, estimator=Fixed(moments), target=ContinuousTarget()
    )
    return pool.add_labels(range(n - len(labels), n), labels)


def integral(mean, deviation, best, tradeoff):
    if deviation == 0:
        return max(0.0, mean - best - tradeoff)
    start = best + tradeoff
    end = max(start, mean) + 12 * deviation
    density = norm(mean, deviation).pdf
    return quad(
        lambda y: (y - start) * density(y), start, end, points=[min(max(mean, start), end)]
    )[0]


@pytest.mark.parametrize("tradeoff", [0.0, 0.7])
def test_parameter_tradeoff_of_expected_improvement(tradeoff):
    found = ExpectedImprovement(tradeoff).utilities(pool_of())
    expected = [integral(mean, deviation, 4.0, tradeoff) for mean, deviation in MOMENTS[:6]]
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("tradeoff", [0.0, 0.7])
def test_parameter_tradeoff_of_probability_of_improvement(tradeoff):
    found = ProbabilityOfImprovement(tradeoff).utilities(pool_of())
    expected = [
        norm(m, s).sf(4.0 + tradeoff) if s else float(m > 4 + tradeoff) for m, s in MOMENTS[:6]
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 1.0, 2.5])
def test_parameter_beta_of_upper_confidence_bound(beta):
    found = UpperConfidenceBound(beta).utilities(pool_of())
    np.testing.assert_allclose(found, [m + beta * s for m, s in MOMENTS[:6]])


def assert_minimizing_is_maximizing_the_negative(kind):
    negative = pool_of([(-m, s) for m, s in MOMENTS], [-y for y in LABELS])
    np.testing.assert_allclose(
        kind(maximize=False).utilities(negative), kind().utilities(pool_of())
    )


def test_parameter_maximize_of_expected_improvement():
    assert_minimizing_is_maximizing_the_negative(ExpectedImprovement)


def test_parameter_maximize_of_probability_of_improvement():
    assert_minimizing_is_maximizing_the_negative(ProbabilityOfImprovement)


def test_parameter_maximize_of_upper_confidence_bound():
    assert_minimizing_is_maximizing_the_negative(UpperConfidenceBound)


@pytest.mark.parametrize("kind", MEASURES)
def test_the_best_sample_is_found_with_few_labels(kind):
    X = np.linspace(0, 10, 200)[:, np.newaxis]
    y = np.sin(X[:, 0]) + X[:, 0] / 10
    learner = ActiveLearner(
        GaussianProcessRegressor(optimizer=None), UncertaintySampling(kind()), X
    )
    learner.teach([5, 100, 195], y[[5, 100, 195]])
    for _ in range(15):
        indices = learner.query()
        learner.teach(indices, y[indices])
    assert learner.labels.max() > y.max() - 0.01


@pytest.mark.parametrize("kind", MEASURES)
def test_the_best_label_may_be_in_the_seed_set(kind):
    seed = pool_of(MOMENTS, []).add_labeled([[6.0], [7.0]], LABELS)
    np.testing.assert_allclose(kind().utilities(seed)[:6], kind().utilities(pool_of()))


@pytest.mark.parametrize("kind", MEASURES)
def test_a_regressor_without_standard_deviations_is_named(kind):
    X = np.arange(4.0)[:, np.newaxis]
    pool = Pool(X, estimator=LinearRegression().fit(X, X[:, 0])).add_labels([0], [1.0])
    with pytest.raises(TypeError, match="LinearRegression gives no standard deviation"):
        kind().utilities(pool)


@pytest.mark.parametrize(
    ("measure", "name"),
    [
        (ExpectedImprovement(-1), "tradeoff"),
        (ProbabilityOfImprovement(np.nan), "tradeoff"),
        (UpperConfidenceBound("1"), "beta"),
    ],
)
def test_bad_parameters_are_named(measure, name):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of {type(measure).__name__}"):
        measure.utilities(pool_of())


@pytest.mark.parametrize("kind", MEASURES)
@pytest.mark.parametrize("maximize", ["no", "False", 0, 1, None, np.array([True]), np.nan])
def test_maximize_is_a_bool(kind, maximize):
    message = f"The 'maximize' parameter of {kind.__name__} must be a bool. Got "
    with pytest.raises(TypeError, match=message):
        kind(maximize=maximize).utilities(pool_of())


@pytest.mark.parametrize("kind", MEASURES)
def test_maximize_may_be_a_bool_of_numpy(kind):
    for maximize in (True, False):
        expected = kind(maximize=maximize).utilities(pool_of())
        found = kind(maximize=np.bool_(maximize)).utilities(pool_of())
        np.testing.assert_array_equal(found, expected)
