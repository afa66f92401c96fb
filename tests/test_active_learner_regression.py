"""ActiveLearner with a regressor: predictions, standard deviations and the table."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import BayesianRidge, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner, Pool
from skactive.base import CategoricalTarget, ContinuousTarget, MultiLabelTarget
from skactive.learner import default_classifier, default_regressor
from skactive.neighbors import (
    IncrementalKNeighborsClassifier,
    IncrementalKNeighborsRegressor,
)
from skactive.semi_supervised import IncrementalMultiLabelSpreading
from skactive.strategies import RandomSampling

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 2))
Y = X[:, 0] + 3.5
NEAREST = IncrementalKNeighborsRegressor(3, metric="euclidean")
WITH_STD = [
    NEAREST,
    make_pipeline(StandardScaler(), NEAREST),
    BayesianRidge(),
    make_pipeline(StandardScaler(), GaussianProcessRegressor(alpha=0.1)),
]


def taught(estimator):
    learner = ActiveLearner(estimator, RandomSampling(random_state=0), X)
    indices = learner.query(10)
    return learner.teach(indices, Y[indices]).skip(learner.query())


@pytest.mark.parametrize("estimator", WITH_STD)
def test_standard_deviations_are_those_of_the_estimator(estimator):
    learner = taught(estimator)
    found = learner.predict(X[:5], return_std=True)
    expected = learner.fitted_estimator().predict(X[:5], return_std=True)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other)
    np.testing.assert_allclose(found[0], learner.predict(X[:5]))
    for one, other in zip(learner.predict(ids=[4, 2], return_std=True), found, strict=True):
        np.testing.assert_allclose(one, other[[4, 2]])


def test_the_standard_deviation_of_a_forest_is_that_of_its_trees():
    learner = taught(RandomForestRegressor(5, random_state=0))
    _, std = learner.predict(X, return_std=True)
    trees = [tree.predict(X) for tree in learner.fitted_estimator().estimators_]
    np.testing.assert_allclose(std, np.std(trees, axis=0))


@pytest.mark.parametrize("estimator", [Ridge(), LogisticRegression()])
def test_an_estimator_without_standard_deviations_says_so(estimator):
    learner = ActiveLearner(estimator, RandomSampling(random_state=0), X)
    learner.teach([0, 1], [1, 2])
    with pytest.raises(TypeError, match=f"{type(estimator).__name__} gives no standard deviation"):
        learner.predict(X, return_std=True)


def test_before_the_first_label_there_is_no_prediction():
    learner = ActiveLearner(NEAREST, X_pool=X)
    with pytest.raises(NotFittedError, match=r"cannot predict yet\. Hint: label more"):
        learner.predict(X, return_std=True)
    assert learner.to_frame()["predicted"].isna().all()


@pytest.mark.parametrize("estimator", [*WITH_STD, Ridge()])
def test_the_table_has_predictions_and_their_standard_deviations(estimator):
    learner = taught(estimator)
    frame = learner.to_frame()
    assert list(frame) == ["id", "label", "predicted", "std", "skipped", "asked_at"]
    np.testing.assert_allclose(frame["predicted"], learner.predict(X), rtol=1e-5)
    assert frame["label"].notna().sum() == 10
    np.testing.assert_array_equal(frame["label"][learner.labeled], learner.labels)
    if isinstance(estimator, Ridge):
        assert frame["std"].isna().all()
    else:
        np.testing.assert_allclose(frame["std"], learner.predict(X, return_std=True)[1], rtol=1e-5)


@pytest.mark.parametrize(
    ("target", "expected", "y"),
    [
        (None, default_classifier(), ["a", "b"]),
        (CategoricalTarget(), default_classifier(), ["a", "b"]),
        (ContinuousTarget(), default_regressor(), [1.5, 2.5]),
        (MultiLabelTarget(), IncrementalMultiLabelSpreading(), [{"a"}, {"a", "b"}]),
    ],
)
def test_the_default_estimator_learns_the_labels_of_the_target(target, expected, y):
    learner = ActiveLearner(X_pool=X, target=target)
    assert repr(learner.estimator) == repr(expected)
    learner.teach([0, 1], y)
    assert learner.labels.tolist() == y
    assert len(learner.predict(X)) == len(X)


@pytest.mark.parametrize(
    ("estimator", "target", "message"),
    [
        (LogisticRegression(), ContinuousTarget(), "ContinuousTarget needs a regressor. Got Log"),
        (IncrementalKNeighborsClassifier(), ContinuousTarget(), "needs a regressor. Got Increme"),
        (NEAREST, CategoricalTarget(), "CategoricalTarget needs a classifier. Got IncrementalKN"),
        (Ridge(), MultiLabelTarget(["a"]), "MultiLabelTarget needs a classifier. Got Ridge inst"),
        (WITH_STD[1], MultiLabelTarget(), "needs a classifier. Got IncrementalKNeighborsRegressor"),
    ],
)
def test_a_target_that_the_estimator_does_not_learn_is_refused(estimator, target, message):
    with pytest.raises(TypeError, match=message):
        ActiveLearner(estimator, X_pool=X, target=target)
    with pytest.raises(TypeError, match=message):
        Pool(X, estimator=estimator, target=target)


MIXED = {
    "numbers to a classifier": (None, [0.5, 1.5], "continuous.* Hint: numbers are learnt by a reg"),
    "a matrix to a classifier": (
        None,
        [[1, 0], [0, 1]],
        "1d array.* need target=MultiLab",
    ),
    "sets to a classifier": (
        None,
        [{"a"}, {"b"}],
        "no.* label.* need target=MultiLab",
    ),
    "lists to a classifier": (None, [["a", "b"], ["b"]], "no.* label.* need target=MultiLab"),
    "classes to a regressor": (NEAREST, ["a", "b"], "the labels of a regression are numbers"),
    "a matrix to a regressor": (
        NEAREST,
        [[1, 0], [0, 1]],
        "1d array.* the label of a sample",
    ),
    "sets to a regressor": (NEAREST, [{"a"}, {"b"}], "the labels of a regression are numbers"),
}


@pytest.mark.parametrize("case", MIXED)
def test_labels_of_another_kind_change_nothing(case):
    estimator, y, message = MIXED[case]
    known = ["a", "b", "a"] if estimator is None else [1.0, 2.0, 1.0]
    learner = ActiveLearner(estimator, "random", X).teach([0, 1, 2], known)
    before = learner.predict(X).tolist()
    for call in (lambda: learner.teach([3, 4], y), lambda: learner.relabel([0, 1], y)):
        with pytest.raises(ValueError, match=message):
            call()
    assert learner.labels.tolist() == known
    assert learner.predict(X).tolist() == before
    assert len(learner.candidates) == len(X) - 3


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.float64, np.int8, np.int64, np.uint64, object]
)
def test_numbers_of_every_type_are_labels(dtype):
    y = np.array([1, 0, 3, 2], dtype=dtype)
    learner = ActiveLearner(IncrementalKNeighborsRegressor(), X_pool=np.eye(4)).teach(range(4), y)
    assert learner.labels.dtype == np.float64
    assert learner.labels.tolist() == [1, 0, 3, 2]


def test_the_smallest_integer_is_a_label():
    y = np.array([np.iinfo(np.int64).min, 0])
    learner = ActiveLearner(IncrementalKNeighborsRegressor(), X_pool=np.eye(2)).teach([0, 1], y)
    assert learner.labels.tolist() == [-(2.0**63), 0]
