"""IncrementalKNeighborsRegressor: scikit-learn's checks and its k-NN, and a plain history."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scikit_learns_checks import each_check_of
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsRegressor
from strategies import METRICS, forgetting, samples_for, vote_parameters

from skactive import Pool
from skactive.base import HasPosteriorSource, IncrementalEstimator
from skactive.neighbors import IncrementalKNeighborsRegressor


def squared_falloff(distances):
    return 1 / (1 + np.square(distances))


@each_check_of(
    IncrementalKNeighborsRegressor(metric="euclidean"),
    IncrementalKNeighborsRegressor(metric="euclidean", weights="uniform", smoothing=0),
    IncrementalKNeighborsRegressor(1, metric="manhattan", weights="gaussian"),
    IncrementalKNeighborsRegressor(metric="chebyshev", weights=squared_falloff),
    IncrementalKNeighborsRegressor(metric="euclidean", max_labeled=200, half_life=100),
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weights", ["uniform", "distance", squared_falloff])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan", "chebyshev"])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_the_mean_is_that_of_scikit_learn(metric, weights, dtype, container):
    if container is sp.csr_matrix and metric == "chebyshev":
        container = np.asarray
    rng = np.random.default_rng(0)
    X, queries = (container(rng.normal(size=(n, 4)).astype(dtype)) for n in (40, 60))
    y = rng.normal(size=40)
    expected = KNeighborsRegressor(4, weights=weights, metric=metric, algorithm="brute").fit(X, y)
    regressor = IncrementalKNeighborsRegressor(4, weights=weights, metric=metric).fit(X, y)
    tolerance = 1e-9 if dtype == np.float64 else 2e-4
    np.testing.assert_allclose(
        regressor.predict(queries), expected.predict(queries), atol=tolerance
    )
    np.testing.assert_array_equal(
        regressor.kneighbors(queries, return_distance=False),
        expected.kneighbors(queries, return_distance=False),
    )


numbers = st.floats(-1e6, 1e6, width=32)


@st.composite
def numbered_sets(draw, metric):
    n_samples = draw(st.integers(1, 8))
    y = draw(st.lists(numbers, min_size=n_samples, max_size=n_samples))
    return draw(samples_for(metric, n_samples)), np.array(y)


def plain_moments(regressor, X, y, queries):
    """Mean and standard deviation from the explanation, which has weights and labels."""
    explanation = regressor.explain(queries)
    mean = (explanation.shares * explanation.labels).sum(axis=1)
    spread = (explanation.shares * (explanation.labels - mean[:, np.newaxis]) ** 2).sum(axis=1)
    ages = len(y) - 1 - explanation.indices
    decay = 1.0 if regressor.half_life is None else 2.0 ** (-ages / regressor.half_life)
    votes = (np.ones(ages.shape) * decay).sum(axis=1)
    variance = (votes * spread + regressor.smoothing * np.var(y)) / (votes + regressor.smoothing)
    return mean, np.sqrt(variance)


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=40)
@given(st.data())
def test_mean_and_deviation_follow_from_the_explanation(metric, data):
    X, y = data.draw(numbered_sets(metric))
    queries = data.draw(samples_for(metric, 3))
    parameters = data.draw(vote_parameters()) | data.draw(forgetting()) | {"max_labeled": None}
    regressor = IncrementalKNeighborsRegressor(metric=metric, **parameters).fit(X, y)
    mean, deviation = regressor.predict(queries, return_std=True)
    expected_mean, expected_deviation = plain_moments(regressor, X, y, queries)
    scale = 1 + np.abs(y).max()
    np.testing.assert_allclose(mean, expected_mean, atol=1e-9 * scale)
    np.testing.assert_allclose(deviation, expected_deviation, atol=1e-6 * scale)
    np.testing.assert_array_equal(mean, regressor.predict(queries))
    np.testing.assert_allclose(regressor.explain(queries).shares.sum(axis=1), 1.0)


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=40)
@given(st.data())
def test_any_history_equals_a_fit_to_what_is_left(metric, data):
    X, y = data.draw(numbered_sets(metric))
    queries = data.draw(samples_for(metric, 3))
    parameters = data.draw(vote_parameters()) | data.draw(forgetting()) | {"max_labeled": None}
    regressor = IncrementalKNeighborsRegressor(metric=metric, **parameters).fit(X, y)
    stored = dict(enumerate(zip(X, y, strict=True)))
    for _ in range(data.draw(st.integers(1, 5))):
        action = data.draw(st.sampled_from(["add", "remove", "relabel"]))
        if action == "add":
            X_new, y_new = data.draw(numbered_sets(metric))
            regressor.add_labeled(X_new, y_new)
            ids = regressor.last_ids_.tolist()
            stored |= dict(zip(ids, zip(X_new, y_new, strict=True), strict=True))
            continue
        one = data.draw(st.sampled_from(sorted(stored)))
        if action == "relabel":
            number = data.draw(numbers)
            regressor.relabel([one], [number])
            stored[one] = (stored[one][0], number)
        elif len(stored) > 1:
            regressor.remove_labeled([one])
            del stored[one]
    assert regressor.labeled_indices_.tolist() == sorted(stored)
    left = [stored[one] for one in sorted(stored)]
    fresh = clone(regressor).fit(np.array([x for x, _ in left]), [label for _, label in left])
    assert regressor.y_labeled_.tolist() == fresh.y_labeled_.tolist()
    scale = 1 + np.abs(fresh.y_labeled_).max()
    for found, expected in zip(
        regressor.predict(queries, return_std=True),
        fresh.predict(queries, return_std=True),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6 * scale)
    copy = pickle.loads(pickle.dumps(regressor))
    np.testing.assert_array_equal(copy.predict(queries), regressor.predict(queries))


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=40)
@given(st.data())
def test_stages_are_the_predictions_with_the_first_labels(metric, data):
    X, y = data.draw(numbered_sets(metric))
    queries = data.draw(samples_for(metric, 3))
    parameters = data.draw(vote_parameters()) | data.draw(forgetting())
    regressor = IncrementalKNeighborsRegressor(metric=metric, **parameters).fit(X, y)
    X_kept, y_kept = regressor.labeled_samples()
    stages = list(regressor.staged_predict(queries))
    assert len(stages) == len(y_kept)
    for stop, stage in enumerate(stages, start=1):
        first = clone(regressor).fit(X_kept[:stop], y_kept[:stop])
        np.testing.assert_allclose(
            stage, first.predict(queries), atol=1e-9 * (1 + np.abs(y).max()), err_msg=str(stop)
        )


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=40)
@given(st.data())
def test_the_posterior_of_a_pool_is_the_prediction(metric, data):
    X = data.draw(samples_for(metric, 8))
    parameters = data.draw(vote_parameters()) | data.draw(forgetting()) | {"max_labeled": None}
    regressor = IncrementalKNeighborsRegressor(metric=metric, **parameters)
    pool = Pool(X, estimator=regressor, dtype=np.float64)
    assert pool.posterior() is None
    for _ in range(data.draw(st.integers(1, 4))):
        if len(pool.candidates):
            pool.add_labels(pool.candidates[:1], [data.draw(numbers)])
        action = data.draw(st.sampled_from(["relabel", "remove", "outside", "none"]))
        one = data.draw(st.sampled_from(pool.labeled.tolist()))
        if action == "relabel":
            pool.relabel([one], [data.draw(numbers)])
        elif action == "remove" and pool.n_labeled > 1:
            pool.remove_labels([one])
        elif action == "outside":
            pool.add_labeled(X[:1] + 1, [data.draw(numbers)])
        X_labeled, y = pool.labeled_samples()
        fresh = clone(regressor).fit(X_labeled, y)
        expected = np.column_stack(fresh.predict(X, return_std=True))
        scale = 1 + np.abs(y).max()
        np.testing.assert_allclose(
            pool.posterior(range(len(X))), expected, rtol=1e-6, atol=1e-6 * scale
        )
    held_out = pool.posterior_source.held_out()
    assert (held_out is None) == (pool.n_labeled < 2)


def test_what_is_predicted_without_its_own_label_is_the_rest():
    X = np.random.default_rng(0).normal(size=(12, 3))
    y = X.sum(axis=1)
    regressor = IncrementalKNeighborsRegressor(3, metric="euclidean", smoothing=0)
    pool = Pool(X, estimator=regressor).add_labels(range(12), y)
    for place, (mean, deviation) in enumerate(pool.posterior_source.held_out()):
        rest = np.delete(np.arange(12), place)
        fitted = clone(regressor).fit(X[rest].astype(np.float32), y[rest])
        expected = fitted.predict(X[[place]].astype(np.float32), return_std=True)
        assert (mean, deviation) == pytest.approx([float(one[0]) for one in expected], rel=1e-5)


def test_it_has_the_contracts_of_an_incremental_estimator():
    regressor = IncrementalKNeighborsRegressor()
    assert isinstance(regressor, IncrementalEstimator)
    assert isinstance(regressor, HasPosteriorSource)
    with pytest.raises(NotFittedError):
        regressor.predict([[1.0]])
    regressor.partial_fit([[1.0, 0.0]], [2]).partial_fit([[0.0, 1.0]], [4.5])
    assert regressor.y_labeled_.tolist() == [2.0, 4.5]
    assert regressor.last_ids_.tolist() == [1]
    with pytest.raises(NotFittedError):
        regressor.remove_labeled([0, 1]).predict([[1.0, 0.0]])


def test_an_explanation_shows_numbers_with_four_digits():
    regressor = IncrementalKNeighborsRegressor(2, weights="uniform", metric="euclidean")
    text = str(regressor.fit([[0.0], [1.0]], [1 / 3, 2]).explain([[0.4]]))
    assert "predicted: 1.167, from 2 labelled samples" in text
    assert "0.3333" in text
    assert "2.0 " in text


INVALID = [
    ([1.0, np.nan], r"y\[1\] is missing"),
    ([np.inf, 1.0], r"y\[0\] is missing"),
    ([1.0, None], r"y\[1\] is missing \(None\)"),
    (["1", "2"], r"y\[0\] is '1', of type str, but the labels of a regression are numbers"),
    (np.array(["a", "b"]), r"y\[0\] is 'a'"),
    ([True, False], r"y\[0\] is True, of type bool"),
    ([1.0, 2j], r"Complex data not supported: y\[1\]"),
    ([10**400, 1], r"y\[0\] is 10{10,}.*, and labels beyond ±1e\+150 have no finite variance"),
    ([1.0, -1e300], r"y\[1\] is -1e\+300, and labels beyond ±1e\+150 have no finite variance"),
    (np.array([np.longdouble("1e160"), 1]), r"y\[0\] is 1e\+160, and labels beyond"),
    ([1.0], "inconsistent numbers of samples"),
]


@pytest.mark.parametrize(("y", "message"), INVALID)
def test_bad_labels_change_nothing(y, message):
    regressor = IncrementalKNeighborsRegressor().fit([[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0])
    for call in (
        lambda: regressor.add_labeled([[1.0, 1.0], [2.0, 1.0]], y),
        lambda: regressor.relabel([0, 1], y),
        lambda: IncrementalKNeighborsRegressor().fit([[1.0, 1.0], [2.0, 1.0]], y),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert regressor.y_labeled_.tolist() == [1.0, 2.0]
