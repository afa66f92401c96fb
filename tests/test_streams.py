"""The sampler of a stream: its loop, the forms of samples and labels, classifiers, bad input."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from streams_under_contract import run, small_stream

from skactive.neighbors import IncrementalKNeighborsClassifier, IncrementalMultiLabelKNeighbors
from skactive.streams import Split, StreamSampler, StreamStrategy, all_stream_strategies

X, Y = small_stream(300)
CODES = np.unique(Y, return_inverse=True)[1]


def test_the_loop_sample_by_sample():
    sampler, n_correct = StreamSampler(budget=0.1), 0
    for x, y in zip(X, Y, strict=True):
        queried = sampler.query(x)
        assert isinstance(queried, bool)
        if queried:
            assert sampler.teach(x, y) is sampler
        n_correct += sampler.predict(x) == y
    assert (sampler.n_seen_, sampler.n_labeled_) == (300, sampler.n_queried_)
    assert 25 <= sampler.n_queried_ <= 30
    assert n_correct > 0.75 * 300


def test_the_loop_in_batches():
    sampler = StreamSampler(budget=0.1)
    for start in range(0, 300, 7):
        queried = sampler.query(X[start : start + 7])
        assert queried.dtype == bool
        sampler.teach(X[start : start + 7][queried], Y[start : start + 7][queried])
    assert sampler.n_seen_ == 300
    assert 25 <= sampler.n_queried_ <= 30
    assert np.mean(sampler.predict(X) == Y) > 0.8
    assert sampler.score(X, Y) == np.mean(sampler.predict(X) == Y)


def test_one_sample_and_a_batch_of_one_give_the_same():
    sampler = StreamSampler(budget=1.0).teach(X[:9], Y[:9])
    assert sampler.predict(X[10]) == sampler.predict(X[10:11])[0]
    np.testing.assert_array_equal(sampler.predict_proba(X[10]), sampler.predict_proba(X[10:11])[0])
    assert sampler.teach(X[10], [Y[10]]).n_labeled_ == 10
    assert sampler.query(X[10].tolist()) in {True, False}


def test_an_empty_batch_changes_nothing():
    sampler = StreamSampler().teach(X[:9], Y[:9])
    sampler.query(X[9:20])
    empty = np.empty((0, 2))
    assert sampler.teach(empty, []).last_utilities_.shape == (11,)
    assert sampler.query(empty).shape == sampler.last_utilities_.shape == (0,)
    assert (sampler.n_seen_, sampler.n_labeled_) == (11, 9)
    assert sampler.predict(empty).shape == (0,)


def test_utilities_of_the_last_query_can_be_read():
    sampler = StreamSampler(strategy="variable-uncertainty").teach(X[:9], Y[:9])
    sampler.query(X[10:14])
    largest = sampler.predict_proba(X[10:14]).max(axis=1)
    np.testing.assert_allclose(sampler.last_utilities_, 1 - largest)


def test_labels_may_come_late_and_for_samples_that_were_never_queried():
    sampler = StreamSampler(budget=0.1)
    queried = sampler.query(X[:100])
    assert sampler.n_queried_ == queried.sum() <= 10
    sampler.teach(X[100:200], Y[100:200])  # free labels
    sampler.teach(X[:100][queried], Y[:100][queried])
    assert sampler.n_labeled_ == 100 + queried.sum()
    assert sampler.n_queried_ == queried.sum()


@given(split=st.lists(st.integers(0, 60), max_size=8))
def test_labels_taught_in_any_split_give_the_same_classifier(split):
    whole, parts = StreamSampler().teach(X[:60], Y[:60]), StreamSampler()
    for rows in np.split(np.arange(60), sorted(split)):
        parts.teach(X[rows], Y[rows])
    np.testing.assert_array_equal(whole.predict_proba(X), parts.predict_proba(X))


@pytest.mark.parametrize(
    "estimator",
    [
        None,
        IncrementalKNeighborsClassifier(3, metric="euclidean"),
        IncrementalKNeighborsClassifier(3, metric="euclidean", max_labeled=30),
        KNeighborsClassifier(3),
        LogisticRegression(),
        GaussianNB(),
        SGDClassifier(loss="log_loss", random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
        LinearSVC(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("classes", [None, ["plum", "apple", "pear"]])
def test_any_classifier_learns(estimator, classes):
    sampler = StreamSampler(estimator, classes=classes, budget=0.3, random_state=0)
    n_correct = 0
    for x, y in zip(X, Y, strict=True):
        if sampler.query(x):
            sampler.teach(x, y)
        n_correct += sampler.predict(x) == y
        shares = sampler.predict_proba(x) if hasattr(sampler.estimator_, "predict_proba") else [1]
        assert sum(shares) == pytest.approx(1)
    assert n_correct > 0.6 * 300
    assert sampler.classes_.tolist() == ["apple", "pear", "plum"]
    assert sampler.predict_proba(X[:4]).shape == (4, 3)
    if estimator is not None:
        with pytest.raises(NotFittedError):
            clone(estimator).predict(X)


@pytest.mark.parametrize("estimator", [None, LogisticRegression(), GaussianNB()], ids=repr)
def test_only_the_latest_labels_count(estimator):
    sampler = StreamSampler(estimator, max_labeled=50).teach(X, CODES)
    for n in (0, 1, 60):
        sampler.teach(X[:n], 2 - CODES[:n])
    fresh = StreamSampler(estimator).teach(X[10:60], 2 - CODES[10:60])
    np.testing.assert_allclose(sampler.predict_proba(X), fresh.predict_proba(X))


def test_a_classifier_with_partial_fit_and_declared_classes_learns_each_label():
    sampler = StreamSampler(GaussianNB(), classes=[0, 1, 2], max_labeled=5)
    for start in range(0, 300, 10):
        sampler.teach(X[start : start + 10], CODES[start : start + 10])
    expected = GaussianNB()
    for start in range(0, 300, 10):
        rows = slice(start, start + 10)
        expected.partial_fit(X[rows], CODES[rows], classes=[0, 1, 2])
    np.testing.assert_array_equal(sampler.predict_proba(X), expected.predict_proba(X))


def test_a_declared_class_without_a_label_is_not_predicted():
    sampler = StreamSampler(GaussianNB(), classes=[0, 1, 2])
    for x in X[:9]:
        sampler.teach(x, 2)
    assert sampler.predict(X).tolist() == [2] * 300
    assert sampler.predict_proba(X[0]).tolist() == [0, 0, 1]


def test_while_the_classifier_cannot_be_fitted_the_most_frequent_label_is_predicted():
    sampler = StreamSampler(KNeighborsClassifier(5)).teach(X[:3], ["b", "a", "b"])
    assert sampler.predict(X[:2]).tolist() == ["b", "b"]
    np.testing.assert_allclose(sampler.predict_proba(X[0]), [1 / 3, 2 / 3])


@pytest.mark.parametrize(
    "estimator", [IncrementalKNeighborsClassifier(), GaussianNB(), LogisticRegression()], ids=repr
)
def test_a_fitted_classifier_is_copied_with_what_it_has_learned(estimator):
    fitted = clone(estimator).fit(X, CODES)
    before = pickle.dumps(fitted)
    sampler = StreamSampler(fitted, budget=0.5)
    sampler.query(X[0])
    np.testing.assert_array_equal(sampler.predict(X), fitted.predict(X))
    sampler.teach(X[:2], CODES[:2])
    assert pickle.dumps(fitted) == before


class Alarm:
    """Signals a drift after a number of errors."""

    drift_detected = False

    def __init__(self, n_errors):
        self.n_errors = n_errors

    def update(self, x):
        self.n_errors -= x
        self.drift_detected = self.n_errors == 0


@pytest.mark.parametrize(
    "estimator", [None, LogisticRegression(), GaussianNB()], ids=lambda one: type(one).__name__
)
@pytest.mark.parametrize("classes", [None, [0, 1]])
def test_at_a_drift_all_but_the_latest_20_labels_are_forgotten(estimator, classes):
    rows = np.random.default_rng(0).normal(size=(200, 2)) * 3
    y = (rows[:, 0] > 0).astype(int)
    y[120:] = 1 - y[120:]
    n_wrong_before = 0
    plain = StreamSampler(estimator, classes=classes)
    for place, (x, label) in enumerate(zip(rows, y, strict=True)):
        n_wrong_before += 0 < place < 120 and plain.predict(x) != label
        plain.teach(x, label)
    detector = Alarm(n_wrong_before + 15)
    sampler = StreamSampler(estimator, classes=classes, drift_detector=detector)
    for x, label in zip(rows, y, strict=True):
        sampler.teach(x, label)
        if sampler.drifts_:
            break
    (at,) = sampler.drifts_
    assert 135 <= at < 150
    fresh = StreamSampler(estimator, classes=classes).teach(rows[at - 20 : at], y[at - 20 : at])
    np.testing.assert_allclose(sampler.predict_proba(rows), fresh.predict_proba(rows))
    assert detector.drift_detected is False


def test_a_rise_of_the_agreement_is_no_drift():
    class Always:
        drift_detected = True

        def update(self, x):
            pass

    sampler = StreamSampler(drift_detector=Always())
    for x in X[:100]:
        sampler.teach(x, "none of these")
    for x, y in zip(X[:100], Y[:100], strict=True):
        sampler.teach(x, y)
    n_first = len(sampler.drifts_)
    assert n_first > 0
    assert sampler.drifts_[0] > 100


def test_names_of_strategies_and_instances_give_the_same():
    for name, entry in all_stream_strategies().items():
        by_name, by_instance = (
            StreamSampler(strategy=one, budget=0.3, random_state=0)
            for one in (name, entry.strategy)
        )
        assert run(by_name, X[:99], Y[:99]) == run(by_instance, X[:99], Y[:99])


def test_the_sampler_is_a_classifier_of_scikit_learn():
    sampler = StreamSampler(LogisticRegression(), Split(0.5), budget=0.3, classes=[1, 2])
    assert is_classifier(sampler)
    again = clone(sampler.set_params(estimator__C=3.0, strategy__step=0.1))
    assert again.get_params()["estimator__C"] == 3.0
    assert again.strategy.step == 0.1
    assert "budget=0.3" in repr(again)
    sampler.teach(X[:2], [1, 2])
    other = copy.deepcopy(sampler).teach(X[2], 1)
    assert (sampler.n_labeled_, other.n_labeled_) == (2, 3)


def test_a_random_state_is_not_changed_and_none_draws_other_numbers():
    state = np.random.RandomState(0)
    first = run(StreamSampler(strategy="random", budget=0.5, random_state=state), X, Y)
    assert run(StreamSampler(strategy="random", budget=0.5, random_state=state), X, Y) != first
    np.random.seed(0)  # noqa: NPY002 - None is NumPy's global generator
    nothing = run(StreamSampler(strategy="random", budget=0.5), X, Y)
    np.random.seed(0)  # noqa: NPY002
    assert run(StreamSampler(strategy="random", budget=0.5), X, Y) == nothing


def test_dicts_are_samples_by_the_names_of_their_features():
    sampler = StreamSampler(budget=1.0)
    for (a, b), y in zip(X[:20], Y, strict=False):
        assert sampler.query({"a": a, "b": b}) in {True, False}
        sampler.teach({"b": b, "a": a}, y)
    assert sampler.predict({"b": X[30, 1], "a": X[30, 0]}) == sampler.predict(X[30])
    before = pickle.dumps(sampler)
    for wrong in ({"a": 1.0}, {"a": 1.0, "b": 2.0, "c": 3.0}):
        with pytest.raises(ValueError, match=r"has other features than the first one: '[bc]' is"):
            sampler.query(wrong)
    with pytest.raises(TypeError, match=r"feature 'b' must be a number\. Got 'red' instead\. Hint"):
        sampler.query({"a": 1.0, "b": "red"})
    assert pickle.dumps(sampler) == before


def test_a_batch_can_be_a_list_of_dicts():
    batch = [{"b": b, "a": a} for a, b in X[:20]]
    sampler = StreamSampler(budget=0.5)
    assert sampler.query(batch).tolist() == StreamSampler(budget=0.5).query(X[:20]).tolist()
    expected = StreamSampler().teach(X[:20], Y[:20]).predict_proba(X[20:40])
    sampler.teach(batch, Y[:20])
    later = tuple({"a": a, "b": b} for a, b in X[20:40])
    np.testing.assert_allclose(sampler.predict_proba(later), expected)
    before = state(sampler)
    for bad, error, message in [
        ([{"a": 1.0, "b": 2.0}, {"a": 1.0}], ValueError, "'b' is missing"),
        ([{"a": 1.0, "b": 2.0}, [1.0, 2.0]], TypeError, r"A batch of dicts has \[1\.0, 2\.0\]"),
        ([[1.0, 2.0], {"a": 1.0, "b": 2.0}], TypeError, r"A batch of dicts has \[1\.0, 2\.0\]"),
    ]:
        with pytest.raises(error, match=message):
            sampler.query(bad)
    assert state(sampler) == before


def test_a_value_of_a_dict_that_is_no_number_is_named_by_its_key():
    sampler = StreamSampler()
    with pytest.raises(ValueError, match=r"^The feature 'b' is NaN\. Hint: fill in"):
        sampler.query({"a": 1.0, "b": np.nan})
    with pytest.raises(ValueError, match=r"^X\[1\]\['a'\] is inf, beyond ±1e\+150\."):
        sampler.query([{"a": 1.0, "b": 2.0}, {"a": np.inf, "b": 2.0}])


@pytest.mark.parametrize(("largest", "dtype"), [(1e150, np.float64), (1e18, np.float32)])
def test_large_numbers_are_learnt_without_overflow(largest, dtype):
    large = np.full(5, largest, dtype=dtype)
    sampler = StreamSampler().teach(np.stack([large, -large]), ["a", "b"])
    assert sampler.query(np.stack([large, -large])).tolist() == [True, False]
    assert sampler.predict(np.stack([large, -large])).tolist() == ["a", "b"]
    with pytest.raises(ValueError, match=r"^X\[0\] is .*, beyond ±1e\+.*\. Hint: scale such"):
        sampler.query(large * 9)


def test_masked_arrays_without_a_mask_are_samples():
    sampler = StreamSampler().teach(np.ma.array(X[:9]), Y[:9])
    assert sampler.query(np.ma.array(X[10])) in {True, False}
    np.testing.assert_array_equal(sampler.predict(np.ma.array(X)), sampler.predict(X))


def test_data_frames_have_feature_names():
    frame = pd.DataFrame(X, columns=["a", "b"])
    sampler = StreamSampler(budget=1.0).teach(frame[:20], Y[:20])
    assert sampler.feature_names_in_.tolist() == ["a", "b"]
    assert sampler.query(frame[20:23]).shape == (3,)
    assert sampler.query(frame.iloc[23]) in {True, False}
    assert sampler.predict(frame.iloc[23]) == sampler.predict(frame[23:24])[0]
    with pytest.raises(ValueError, match="feature names"):
        sampler.query(frame.rename(columns={"a": "c"}))


def state(sampler):
    return pickle.dumps(vars(sampler))


BAD_SAMPLES = [
    ([1.0, np.nan], ValueError, r"^X\[1\] is NaN\. Hint: fill in such values"),
    ([[1.0, 2.0], [None, 1.0]], ValueError, r"^X\[1, 0\] is NaN\. Hint: fill in"),
    (np.array([[1.0, 2.0], [3.0, np.nan]]), ValueError, r"^X\[1, 1\] is NaN\."),
    ([np.inf, 1.0], ValueError, r"^X\[0\] is inf, beyond ±1e\+150\. Hint: scale such features"),
    (np.full((2, 2), -1e300), ValueError, r"^X\[0, 0\] is -1e\+300, beyond ±1e\+150\."),
    (np.ma.masked_equal([1.0, 2.0], 2), ValueError, r"^X\[1\] is masked\. Hint: fill in"),
    ([1.0, np.ma.masked], ValueError, r"^X\[1\] is masked\."),
    (np.ma.masked_equal([[1.0, 2], [3, 4]], 4), ValueError, "^X has masked values, first in row 1"),
    ([np.ma.masked_equal([1.0, 2], 1)] * 2, ValueError, "^X has masked values, first in row 0"),
    ([[1.0], [2.0, 3.0]], ValueError, "^X has rows of different lengths. Hint: give all samples"),
    ([["1", "x"]], ValueError, r"^X\[0, 1\] is 'x', which is not a number\. Hint: encode"),
    (np.array(["2020", "2021"], "M8[D]"), TypeError, r"^X holds datetime64\[D\], not numbers"),
    ([1.0, 2.0, 3.0], ValueError, "X has 3 features, but StreamSampler is expecting 2"),
    ([[1.0]], ValueError, "X has 1 features, but StreamSampler is expecting 2"),
    (np.zeros((1, 2, 2)), ValueError, "dim 3"),
    ([], ValueError, "Expected 2D array"),
    ("a text", TypeError, "X must be an array"),
    (5.0, TypeError, "X must be an array"),
    (None, TypeError, "X must be an array"),
    (["red", "blue"], ValueError, r"^X\[0\] is 'red', which is not a number\. Hint: encode"),
]


@pytest.mark.parametrize(("bad", "error", "message"), BAD_SAMPLES, ids=lambda one: repr(one)[:30])
@pytest.mark.parametrize("method", ["query", "teach", "predict", "predict_proba"])
def test_bad_samples_are_refused_and_nothing_changes(method, bad, error, message):
    sampler = StreamSampler(random_state=0).teach(X[:9], Y[:9])
    sampler.query(X[:9])
    before = state(sampler)
    with pytest.raises(error, match=message):
        getattr(sampler, method)(bad, *(["plum"] if method == "teach" else []))
    assert state(sampler) == before


@pytest.mark.parametrize("bad", [[np.nan, 1.0], [[1.0], [2.0, 3.0]], "a text", None, []])
def test_after_a_first_sample_that_is_refused_any_other_can_follow(bad):
    for method in ("query", "teach"):
        sampler = StreamSampler()
        before = state(sampler)
        with pytest.raises((ValueError, TypeError)):
            getattr(sampler, method)(bad, *(["plum"] if method == "teach" else []))
        assert state(sampler) == before
        assert sampler.query([1.0, 2.0, 3.0]) is True


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (None, ValueError, r"y\[0\] is missing"),
        (np.nan, ValueError, r"y\[0\] is missing"),
        (3, ValueError, "Labels are strings so far"),
        (["plum", "pear"], ValueError, "X has 1 sample, and y 2 labels. Hint"),
        ([], ValueError, "X has 1 sample, and y 0 labels. Hint"),
    ],
)
def test_bad_labels_are_refused_and_nothing_changes(bad, error, message):
    sampler = StreamSampler().teach(X[:9], Y[:9])
    before = state(sampler)
    with pytest.raises(error, match=message):
        sampler.teach(X[10], bad)
    assert state(sampler) == before


def test_a_label_that_is_not_declared_is_refused():
    sampler = StreamSampler(classes=["apple", "pear"])
    with pytest.raises(ValueError, match=r"'aple' is not one of the declared .*Did you mean"):
        sampler.teach(X[0], "aple")
    assert not hasattr(sampler, "n_features_in_")
    assert sampler.teach(X[0], "apple").predict_proba(X[0]).shape == (2,)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"budget": 0}, ValueError, "'budget' parameter .* Got 0 instead"),
        ({"budget": -3}, ValueError, "'budget' parameter .* Got -3 instead"),
        ({"budget": 1.5}, ValueError, "'budget' parameter .* Got 1.5 instead"),
        ({"budget": "all"}, TypeError, "'budget' parameter .* Got 'all' instead"),
        ({"window": 0}, ValueError, "'window' parameter .* Got 0 instead"),
        ({"max_labeled": 0}, ValueError, "'max_labeled' parameter .* Got 0 instead"),
        ({"random_state": -1}, ValueError, "'random_state' parameter .* Got -1 instead"),
        ({"classes": "apple"}, TypeError, "'classes' parameter .* Got 'apple' instead"),
        ({"strategy": "splitt"}, ValueError, "no strategy 'splitt' for streams.*mean split"),
        ({"strategy": "Split"}, ValueError, "no strategy 'Split' for streams.*mean split"),
        ({"strategy": "StreamHerding"}, ValueError, "mean herding"),
        ({"strategy": "zzz"}, ValueError, "The names are 'herding', .*'random'.$"),
        ({"strategy": Split}, TypeError, "must be a strategy of streams, such as Split"),
        ({"strategy": 3}, TypeError, "Got 3 instead"),
        ({"estimator": 3}, TypeError, "must be a classifier. Got 3 instead"),
        ({"estimator": StandardScaler()}, TypeError, "must be a classifier"),
        ({"estimator": IncrementalMultiLabelKNeighbors()}, TypeError, "needs categorical labels"),
        ({"drift_detector": 3}, TypeError, "drift detector must have .* Got 3 instead"),
    ],
    ids=str,
)
def test_invalid_parameters_are_refused_at_the_first_call(parameters, error, message):
    for call in (lambda one: one.query(X[0]), lambda one: one.teach(X[0], "plum")):
        sampler = StreamSampler(**parameters)
        with pytest.raises(error, match=message):
            call(sampler)
        assert vars(sampler) == vars(StreamSampler(**parameters))


def test_a_prediction_before_the_first_label_is_refused():
    sampler = StreamSampler()
    for call in (sampler.predict, sampler.predict_proba):
        with pytest.raises(NotFittedError, match=r"no label yet\. Hint: call teach"):
            call(X[0])
    assert sampler.query(X[0]) is True
    with pytest.raises(NotFittedError, match="no label yet"):
        sampler.predict(X[0])


def test_a_strategy_whose_uncertainties_are_no_numbers_is_named():
    class Wrong(StreamStrategy):
        def uncertainties(self, X, posterior):
            return [np.nan] * len(X)

        def decide(self, utility, budget):
            return True

    sampler = StreamSampler(strategy=Wrong()).teach(X[:2], Y[:2])
    before = sampler.n_seen_
    with pytest.raises(ValueError, match=r"Wrong\.uncertainties must return one finite number"):
        sampler.query(X[0])
    assert sampler.n_seen_ == before


def test_a_classifier_without_probabilities_is_used_by_strategies_that_need_none():
    class Plain(Perceptron):
        decision_function = property()

        def predict(self, X):
            return self.classes_[(X @ self.coef_.T + self.intercept_).argmax(axis=1)]

    sampler = StreamSampler(Plain(), "periodic", budget=0.5)
    run(sampler, X[:50], Y[:50])
    assert sampler.score(X, Y) > 0.7
    with pytest.raises(TypeError, match="neither predict_proba nor decision_function"):
        StreamSampler(Plain(), "split").teach(X[:50], Y[:50]).query(X[0])


def test_digits_need_fewer_labels_than_by_random_sampling():
    images, digits = load_digits(return_X_y=True)
    scores = {}
    for strategy in ("herding", "split", "random"):
        sampler = StreamSampler(strategy=strategy, budget=0.1, random_state=0)
        run(sampler, images[:1_000], digits[:1_000])
        scores[strategy] = sampler.score(images[1_000:], digits[1_000:])
    assert scores["herding"] > scores["random"] + 0.03
    assert scores["herding"] > scores["split"]
