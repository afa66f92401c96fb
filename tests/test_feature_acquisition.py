"""The missing features to acquire next, against the definition, and the answers."""

import pickle
import re
from io import BytesIO

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris, load_wine, make_regression
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skactive._engine.normal_completion import N_ITERATIONS, NormalCompletion
from skactive.learner import FeatureAcquisition

NAN = np.nan


def incomplete(X, *, hidden=0.6, seed=0):
    """A table with missing values."""
    return np.where(np.random.default_rng(seed).random(X.shape) < hidden, NAN, X)


@st.composite
def tables(draw, min_features=1):
    """Tables with any missing values: rows, columns or all of them may be empty."""
    n_samples, n_features = draw(st.integers(2, 8)), draw(st.integers(min_features, 4))
    cells = st.one_of(st.just(NAN), st.integers(-3, 3).map(float), st.floats(-100, 100))
    flat = draw(st.lists(cells, min_size=n_samples * n_features, max_size=n_samples * n_features))
    return np.array(flat).reshape(n_samples, n_features)


def one_conditional(row, mean, covariance):
    """The expected value and the covariance of one row, given its known values."""
    known = ~np.isnan(row)
    expected, left = row.copy(), np.zeros(covariance.shape)
    gain = covariance[np.ix_(~known, known)] @ np.linalg.pinv(covariance[np.ix_(known, known)])
    expected[~known] = mean[~known] + gain @ (row[known] - mean[known])
    left[np.ix_(~known, ~known)] = (
        covariance[np.ix_(~known, ~known)] - gain @ covariance[np.ix_(known, ~known)]
    )
    return expected, left


def plain_completion(X):
    """The completed table and its variances, row by row."""
    n_samples, n_features = X.shape
    center, spread = np.zeros(n_features), np.ones(n_features)
    for j, column in enumerate(X.T):
        values = column[~np.isnan(column)]
        if len(values):
            center[j], size = values.mean(), np.abs(values).max()
            constant = np.std(values) <= 1e-12 * size
            spread[j] = (size or 1.0) if constant else np.std(values)
    Z = (X - center) / spread
    mean, covariance = np.zeros(n_features), np.eye(n_features)
    for _ in range(N_ITERATIONS):
        rows = [one_conditional(row, mean, covariance) for row in Z]
        mean = np.mean([expected for expected, _ in rows], axis=0)
        total = n_features * np.eye(n_features)
        for expected, left in rows:
            total += np.outer(expected - mean, expected - mean) + left
        covariance = total / (n_samples + n_features)
    rows = [one_conditional(row, mean, covariance) for row in Z]
    completed = np.array([expected for expected, _ in rows]) * spread + center
    return completed, np.array([np.diag(left) for _, left in rows]), spread


def plain_ranking(X, y, model, loss, costs):
    """All missing entries, most useful first, with their utilities."""
    completed, variances, spread = plain_completion(X)
    model.fit(completed, y)
    ranking = []
    for i, row in enumerate(completed):
        squares = []
        for j in range(X.shape[1]):
            step = np.eye(X.shape[1])[j] * spread[j]
            squares.append((loss(model, row + step, y[i]) - loss(model, row - step, y[i])) ** 2 / 4)
        for j in np.flatnonzero(np.isnan(X[i])):
            n_known = (~np.isnan(X[:, j])).sum()
            utility = squares[j] + np.mean(squares) / (1 + n_known)
            ranking.append((utility * variances[i, j] / costs[j], i, j))
    return ranking


def log_loss(model, row, label):
    place = list(model.classes_).index(label)
    return -np.log(max(0.01, model.predict_proba([row])[0, place]))


def half_square(model, row, label):
    return (model.predict([row])[0] - label) ** 2 / 2


def assert_ranks(entries, ranking):
    """Check that entries have descending utilities, those of the naive definition."""
    utility = {(i, j): value for value, i, j in ranking}
    values = np.array([utility[tuple(entry)] for entry in entries.tolist()])
    assert len({tuple(entry) for entry in entries.tolist()}) == len(ranking)
    np.testing.assert_allclose(values, sorted(values, reverse=True), rtol=1e-6, atol=1e-9)


@given(tables())
@settings(deadline=None)
def test_the_completion_is_that_of_each_row_by_the_definition(X):
    completed, variances = NormalCompletion(X).complete(X)
    expected, expected_variances, spread = plain_completion(X)
    np.testing.assert_allclose(NormalCompletion(X).spread, spread, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(completed, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(variances, expected_variances, rtol=1e-5, atol=1e-7)
    known = ~np.isnan(X)
    assert (completed[known] == X[known]).all()
    assert (variances[known] == 0).all()


def test_the_completion_is_that_of_a_normal_distribution():
    covariance = [[1.0, 0.9, 0.0], [0.9, 1.0, 0.3], [0.0, 0.3, 1.0]]
    X = multivariate_normal([5, 0, -2], covariance).rvs(4000, random_state=0)
    completion = NormalCompletion(incomplete(X, hidden=0.3))
    completed, variances = completion.complete(np.array([[6.0, NAN, NAN]]))
    np.testing.assert_allclose(completed, [[6.0, 0.9, -2.0]], atol=0.1)
    np.testing.assert_allclose(variances, [[0.0, 0.19, 1.0]], atol=0.05)


@given(tables(), st.integers(0, 3), st.sampled_from([None, [2.0, 0.5, 1.0, 4.0]]))
@settings(deadline=None, max_examples=30)
def test_entries_of_classes_are_ranked_by_the_definition(X, seed, costs):
    y = np.random.default_rng(seed).permutation(np.arange(len(X)) % 2)
    given_costs = costs and costs[: X.shape[1]]
    model = LogisticRegression(tol=1e-10)
    acquisition = FeatureAcquisition(X, y, estimator=model, costs=given_costs)
    if acquisition.n_missing:
        ranking = plain_ranking(X, y, model, log_loss, costs or np.ones(4))
        assert_ranks(acquisition.query(acquisition.n_missing), ranking)


@given(tables(), st.integers(0, 3))
@settings(deadline=None, max_examples=30)
def test_entries_of_numbers_are_ranked_by_the_definition(X, seed):
    y = np.random.default_rng(seed).normal(size=len(X))
    acquisition = FeatureAcquisition(X, y, estimator=Ridge())
    if acquisition.n_missing:
        ranking = plain_ranking(X, y, Ridge(), half_square, np.ones(4))
        assert_ranks(acquisition.query(acquisition.n_missing), ranking)


@given(tables(), st.data())
@settings(deadline=None, max_examples=40)
def test_any_answers_give_the_acquisition_of_the_table_with_them(X, data):
    y = np.arange(len(X)) % 2
    acquisition = FeatureAcquisition(X, y)
    states = []
    for _ in range(data.draw(st.integers(0, 4))):
        if not acquisition.n_missing:
            break
        before = acquisition.X
        entries = acquisition.query(data.draw(st.integers(1, min(3, acquisition.n_missing))))
        values = data.draw(
            st.lists(
                st.one_of(st.just(NAN), st.floats(-5, 5)),
                min_size=len(entries),
                max_size=len(entries),
            )
        )
        assert np.isnan(before[tuple(entries.T)]).all()
        states.append((before, acquisition.n_missing, acquisition.entries, entries))
        assert acquisition.teach(entries, values) is acquisition
        np.testing.assert_array_equal(acquisition.X[tuple(entries.T)], values)
        assert acquisition.n_missing == states[-1][1] - len(entries)
    # The answers can be stored and taught again, and pickles have all of them.
    again = FeatureAcquisition(X, y).teach(acquisition.entries, acquisition.values)
    copied = pickle.loads(pickle.dumps(acquisition))
    n = acquisition.n_missing
    for other in (again, copied):
        np.testing.assert_array_equal(other.X_completed, acquisition.X_completed)
        assert other.n_missing == n
        if n:
            np.testing.assert_array_equal(other.query(n), acquisition.query(n))
    for before, n_missing, entries_before, entries in reversed(states):
        np.testing.assert_array_equal(acquisition.undo(), entries)
        np.testing.assert_array_equal(acquisition.X, before)
        np.testing.assert_array_equal(acquisition.entries, entries_before)
        assert acquisition.n_missing == n_missing
    fresh = FeatureAcquisition(X, y)
    np.testing.assert_array_equal(acquisition.X_completed, fresh.X_completed)


def test_selected_entries_give_a_better_classifier_than_random_ones():
    X, y = load_iris(return_X_y=True)
    rng = np.random.default_rng(0)
    scores = {"selected": [], "random": []}
    for seed in range(5):
        train = rng.permutation(len(X))
        train, test = train[:75], train[75:]
        for kind, of_kind in scores.items():
            acquisition = FeatureAcquisition(incomplete(X[train], seed=seed), y[train])
            for _ in range(4):
                entries = acquisition.query(10)
                if kind == "random":
                    entries = rng.permutation(np.argwhere(np.isnan(acquisition.X)))[:10]
                acquisition.teach(entries, X[train][tuple(entries.T)])
                model = LogisticRegression(max_iter=500).fit(acquisition.X_completed, y[train])
                of_kind.append(model.score(X[test], y[test]))
    assert np.mean(scores["selected"]) > np.mean(scores["random"]) + 0.01


def test_a_useful_column_that_nobody_has_measured_is_found():
    X, y = load_wine(return_X_y=True)
    start = incomplete(X, hidden=0.3)
    start[:, 6] = NAN
    acquisition = FeatureAcquisition(start, y)
    for _ in range(6):
        entries = acquisition.query(10)
        acquisition.teach(entries, X[tuple(entries.T)])
    share = len(X) / np.isnan(start).sum()
    assert np.mean(acquisition.entries[:, 1] == 6) > 2 * share


def test_a_column_that_says_nothing_is_not_queried():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = np.column_stack([y + 0.3 * rng.normal(size=60), rng.normal(size=60), np.full(60, 7.0)])
    entries = FeatureAcquisition(incomplete(X, hidden=0.5), y).query(10)
    assert (entries[:, 1] == 0).all()


def test_a_column_is_queried_less_often_the_more_it_costs():
    X, y = load_iris(return_X_y=True)
    shares = []
    for cost in (0.2, 1.0, 20.0):
        acquisition = FeatureAcquisition(incomplete(X), y, costs=[1, 1, cost, 1])
        shares.append(np.mean(acquisition.query(50)[:, 1] == 2))
    assert shares[0] > shares[1] > shares[2]


def test_a_value_that_cannot_be_acquired_is_not_queried_again_but_can_be_taught():
    X, y = load_iris(return_X_y=True)
    acquisition = FeatureAcquisition(incomplete(X), y)
    n_missing, [first] = acquisition.n_missing, acquisition.query()
    acquisition.teach(first, None)
    assert acquisition.n_missing == n_missing - 1
    assert first.tolist() not in acquisition.query(n_missing - 1).tolist()
    assert np.isfinite(acquisition.X_completed).all()
    acquisition.teach(first, 1.5)
    assert acquisition.X[tuple(first)] == 1.5
    np.testing.assert_array_equal(acquisition.undo(), [first])
    assert acquisition.n_missing == n_missing - 1
    acquisition.undo()
    assert acquisition.n_missing == n_missing
    with pytest.raises(ValueError, match=r"^There is no answer to take back\.$"):
        acquisition.undo()


def test_other_samples_are_completed_by_the_table():
    X, y = load_iris(return_X_y=True)
    acquisition = FeatureAcquisition(incomplete(X[:100], hidden=0.3), y[:100])
    np.testing.assert_array_equal(acquisition.complete(acquisition.X), acquisition.X_completed)
    start = incomplete(X[100:], hidden=0.3)
    error = np.abs(acquisition.complete(start) - X[100:])[np.isnan(start)]
    of_means = np.abs(np.nanmean(acquisition.X, axis=0) - X[100:])[np.isnan(start)]
    assert error.mean() < 0.5 * of_means.mean()


def test_the_same_table_gives_the_same_entries_in_any_container():
    pd = pytest.importorskip("pandas")
    X = np.array([[1, NAN, 3], [2, 0, NAN], [NAN, 1, 1], [0, 5, 2.0]])
    y = ["a", "b", "a", "b"]
    expected = FeatureAcquisition(X, y)
    frame = pd.DataFrame(X, columns=list("abc"))
    lists = [[None if np.isnan(cell) else cell for cell in row] for row in X.tolist()]
    objects = frame.astype(object).where(frame.notna(), pd.NA)
    for other in (frame, lists, frame.astype("Int64"), objects, np.ma.masked_invalid(X)):
        acquisition = FeatureAcquisition(other, pd.Series(y))
        np.testing.assert_array_equal(acquisition.X, X)
        np.testing.assert_array_equal(acquisition.query(3), expected.query(3))


def test_the_given_table_is_not_changed():
    X = np.array([[1, NAN], [2, 0], [NAN, 1.0]])
    given_table = X.copy()
    acquisition = FeatureAcquisition(given_table, [0, 1, 0]).teach([0, 1], 4)
    acquisition.X[0, 1] = 9
    acquisition.X_completed[0, 1] = 9
    assert acquisition.X[0, 1] == acquisition.X_completed[0, 1] == 4
    np.testing.assert_array_equal(given_table, X)


@pytest.mark.parametrize(
    "estimator", [SVC(), DecisionTreeClassifier(random_state=0), None], ids=["svc", "tree", "none"]
)
def test_any_classifier_can_be_the_model_and_is_left_as_it_was(estimator):
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    acquisition = FeatureAcquisition(incomplete(X), names, estimator=estimator)
    first, second = acquisition.query(5), acquisition.query(7)
    np.testing.assert_array_equal(first, second[:5])
    assert not hasattr(estimator, "classes_")
    assert len(np.unique(second, axis=0)) == 7


def test_a_regressor_takes_numbers():
    X, y = make_regression(80, 5, n_informative=1, random_state=0)
    useful = np.argmax(np.abs(np.corrcoef(X.T, y)[-1, :-1]))
    model = make_pipeline(StandardScaler(), Ridge())
    entries = FeatureAcquisition(incomplete(X), y, estimator=model).query(20)
    assert np.mean(entries[:, 1] == useful) > 0.7


def test_joblib_stores_all_answers(tmp_path):
    X, y = load_iris(return_X_y=True)
    acquisition = FeatureAcquisition(incomplete(X), y)
    acquisition.teach(acquisition.query(2), [1.0, NAN])
    file = BytesIO()
    joblib.dump(acquisition, file)
    loaded = joblib.load(BytesIO(file.getvalue()))
    np.testing.assert_array_equal(loaded.values, [1.0, NAN])
    np.testing.assert_array_equal(loaded.query(4), acquisition.query(4))
    assert repr(loaded) == "FeatureAcquisition(150 samples, 4 features, 343 missing)"


@pytest.mark.parametrize("scale", [1e-300, 1e-8, 1e8, 1e140])
def test_the_unit_of_a_column_does_not_matter(scale):
    X, y = load_iris(return_X_y=True)
    start = incomplete(X)
    expected = FeatureAcquisition(start, y).query(10)
    units = np.array([1, scale, 1, 1])
    if scale > 1e-100:  # else scikit-learn's scaler takes the column for a constant
        np.testing.assert_array_equal(FeatureAcquisition(start * units, y).query(10), expected)
    completed = FeatureAcquisition(start * units, y).X_completed
    np.testing.assert_allclose(completed, FeatureAcquisition(start, y).X_completed * units)


class Votes(ClassifierMixin, BaseEstimator):
    """A classifier without probabilities."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[:1].repeat(len(X))


X = np.array([[1, NAN], [2, 0], [NAN, 1.0], [NAN, NAN]])
Y = [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FeatureAcquisition(X, Y[:3]), "X has 4 samples, and y 3 labels."),
        (lambda: FeatureAcquisition(X, [5] * 4), "All labels in y are 5. Hint: pass samples"),
        (lambda: FeatureAcquisition(X, [0, NAN, 1, 0]), "y[1] is missing"),
        (
            lambda: FeatureAcquisition(X, [0.5, 1.5, 1.0, 0.0]),
            "Hint: numbers are learnt by a regressor",
        ),
        (lambda: FeatureAcquisition([[NAN, 1], [1, np.inf]] * 2, Y), "X[1, 1] is inf, beyond"),
        (lambda: FeatureAcquisition(np.full((4, 2), -np.inf), Y), "X[0, 0] is -inf, beyond"),
        (lambda: FeatureAcquisition(X * 1e200, Y), "X[0, 0] is 1e+200, beyond ±1e+150."),
        (
            lambda: FeatureAcquisition([[1.0, NAN], [1.0, "a"]] * 2, Y),
            "X[1, 1] is 'a', which is not a number. Hint: encode categories as numbers; NaN",
        ),
        (lambda: FeatureAcquisition(np.array([["1", "1_0"]] * 4), Y), "X[0, 1] is '1_0', which"),
        (lambda: FeatureAcquisition(np.array([[b"x"]] * 4), Y), "X[0, 0] is b'x', which is"),
        (
            lambda: FeatureAcquisition(np.ma.array([["a", "b"]] * 4, mask=[[1, 0]] * 4), Y),
            "X[0, 1] is 'b', which is not a number.",
        ),
        (
            lambda: FeatureAcquisition(X[:0], []),
            (
                "X must be a table of one sample and one feature or more, of shape (n_samples, "
                "n_features). Got one of shape (0, 2) instead."
            ),
        ),
        (lambda: FeatureAcquisition(X[:, :0], Y), "Got one of shape (4, 0) instead."),
        (lambda: FeatureAcquisition([1, 2, 3, 4], Y), "Got one of shape (4,) instead."),
        (lambda: FeatureAcquisition(np.ones((4, 2, 2)), Y), "Got one of shape (4, 2, 2) instead."),
        (lambda: FeatureAcquisition([[1], [1, 2]] * 2, Y), "X has rows of different lengths."),
        (lambda: FeatureAcquisition(X, Y).complete([1, 2]), "Got one of shape (2,) instead."),
        (lambda: FeatureAcquisition(X, Y).complete([[np.inf, 2]]), "X[0, 0] is inf, beyond"),
        (lambda: FeatureAcquisition(X, Y, costs=[5e-324, 1]), "a number from 1e-150 to 1e+150."),
        (
            lambda: FeatureAcquisition(X, Y, costs=np.ma.masked_equal([1, 2], 2)),
            "In the 'costs' parameter of FeatureAcquisition, that of the column 1 is masked.",
        ),
        (lambda: FeatureAcquisition(X, Y, costs=[np.ma.masked, 1]), "the column 0 is masked."),
        (lambda: FeatureAcquisition(X, Y, costs=[[1], [1, 2]]), "Got [[1], [1, 2]] instead."),
        (lambda: FeatureAcquisition(X, Y, costs=[1, 0]), "that of the column 1 is 0.0."),
        (lambda: FeatureAcquisition(X, Y, costs=[1]), "one number for each of 2 features."),
        (lambda: FeatureAcquisition(X, Y).query(5), "query cannot return 5 entries: 4 missing"),
        (
            lambda: FeatureAcquisition(X[1:3], [0, 1]).teach([1, 0], 1).query(),
            "query cannot return 1 entry: 0 missing entries are left to acquire.",
        ),
        (lambda: FeatureAcquisition(X, Y).complete(X[:, :1]), "X has 1 feature, but the table has"),
    ],
)
def test_a_wrong_table_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("entries", "values", "message"),
    [
        ([[0, 1], [1, 0]], [1, 2], "entries[1], (1, 0), is known already: 2.0. Hint: undo"),
        ([[0, 1], [2, 0], [0, 1]], [1, 2, 3], "entries[2], (0, 1), is named twice."),
        ([[0, 1]], [1, 2], "values has 2 values for 1 entry."),
        ([[0, 1], [2, 0]], 1, "values has 1 value for 2 entries."),
        ([[0, 1]], [np.inf], "values[0] is inf, beyond"),
        ([[0, 1]], ["3"], "The values must be numbers, NaN for"),
        ([[4, 1]], [1], "entries[0] is (4, 1), which is not in a table of 4 rows and 2 columns."),
        ([[-1, 1]], [1], "entries[0] is (-1, 1), which is not in a table"),
        (np.ma.masked_equal([[0, 1]], 0), [1], "The entries are masked in part"),
    ],
)
def test_wrong_answers_are_one_sentence_and_nothing_is_learnt(entries, values, message):
    acquisition = FeatureAcquisition(X, Y)
    with pytest.raises((ValueError, TypeError, IndexError), match=re.escape(message)):
        acquisition.teach(entries, values)
    np.testing.assert_array_equal(acquisition.X, X)
    assert len(acquisition.entries) == len(acquisition.values) == 0
    assert acquisition.n_missing == 4


def test_no_answers_change_nothing():
    acquisition = FeatureAcquisition(X, Y).teach([], [])
    with pytest.raises(ValueError, match="no answer to take back"):
        acquisition.undo()


def test_a_classifier_without_probabilities_is_refused():
    with pytest.raises(TypeError, match="Votes has neither predict_proba nor decision_function"):
        FeatureAcquisition(X, Y, estimator=Votes()).query()


def test_a_complete_table_has_nothing_to_query():
    X, y = load_iris(return_X_y=True)
    acquisition = FeatureAcquisition(X, y)
    assert acquisition.n_missing == 0
    np.testing.assert_array_equal(acquisition.X_completed, X)
    with pytest.raises(ValueError, match="0 missing entries are left to acquire"):
        acquisition.query()


@pytest.mark.parametrize("table", [sp.eye(4).tocsr(), sp.coo_array(np.eye(4))])
def test_a_sparse_table_is_refused(table):
    with pytest.raises(TypeError, match=r"^X must be a dense table.* Hint: pass X\.toarray\(\)"):
        FeatureAcquisition(table, Y)


def test_the_hint_at_a_cell_of_another_kind_names_no_pipeline():
    with pytest.raises(TypeError, match=r"first in row 0\. Hint: pass numbers or NaN\.$"):
        FeatureAcquisition([[{}, 1.0]] * 4, Y)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.ma.masked_equal([5.0, 6.0], 6), [5, NAN]),
        (np.ma.masked_equal([5, 6], 5), [NAN, 6]),
        (np.ma.array([5, 6]), [5, 6]),
        (np.ma.masked_all(2), [NAN, NAN]),
        ([np.ma.masked, 6], [NAN, 6]),
        ((None, np.float32(6)), [NAN, 6]),
    ],
)
def test_a_masked_value_cannot_be_acquired(values, expected):
    acquisition = FeatureAcquisition(X, Y).teach([[0, 1], [2, 0]], values)
    np.testing.assert_array_equal(acquisition.values, expected)
    np.testing.assert_array_equal(acquisition.X[[0, 2], [1, 0]], expected)
    assert acquisition.n_missing == 2


def test_a_single_masked_value_cannot_be_acquired():
    acquisition = FeatureAcquisition(X, Y).teach([0, 1], np.ma.masked)
    np.testing.assert_array_equal(acquisition.values, [NAN])


@pytest.mark.parametrize("kind", ["classes", "texts", "numbers"])
def test_arguments_changed_later_do_not_matter(kind):
    X, y = load_iris(return_X_y=True)
    y = {"classes": y, "texts": y.astype(str), "numbers": y.astype(float)}[kind]
    table, costs = incomplete(X), np.array([1.0, 2, 3, 4])
    estimator = Ridge() if kind == "numbers" else None
    acquisition = FeatureAcquisition(table, y, estimator=estimator, costs=costs)
    expected = acquisition.query(9)
    for given_array in (table, y, costs):
        np.random.default_rng(0).shuffle(given_array)
    np.testing.assert_array_equal(acquisition.query(9), expected)


def test_samples_to_complete_have_the_columns_of_the_table():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["a", "b"])
    acquisition = FeatureAcquisition(frame, Y)
    for other in (
        frame[["b", "a"]],
        frame.rename(columns={"a": "c"}),
        frame[["a"]],
        frame.assign(c=1.0),
    ):
        with pytest.raises(ValueError, match="The feature names should match those that were"):
            acquisition.complete(other)
    # As in a pool, names are compared if both have them.
    for table, other in ((frame, X), (X, frame), (frame, frame), (frame, X.tolist())):
        found = FeatureAcquisition(table, Y).complete(other)
        np.testing.assert_array_equal(found, acquisition.X_completed)
    copied = pickle.loads(pickle.dumps(acquisition))
    with pytest.raises(ValueError, match="must be in the same order"):
        copied.complete(frame[["b", "a"]])


@pytest.mark.parametrize("scale", [2.0**-900, 1e-200, 1e-100, 1e-8, 1e8, 1e100, 2.0**480])
@pytest.mark.parametrize("estimator", [LinearRegression(), Ridge()], ids=repr)
def test_the_unit_of_numbers_does_not_matter(estimator, scale):
    X, y = make_regression(80, 5, noise=9.0, random_state=0)
    expected = FeatureAcquisition(incomplete(X), y, estimator=estimator).query(12)
    found = FeatureAcquisition(incomplete(X), y * scale, estimator=estimator).query(12)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("costs", [[1e-150, 1e150], [1e150, 1e150], [1e-150, 1e-150]])
def test_extreme_costs_give_finite_utilities(costs):
    y = np.array([-1e150, 1e150, 0, 1e150])
    assert len(FeatureAcquisition(X, y, estimator=Ridge(), costs=costs).query(4)) == 4
