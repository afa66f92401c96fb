"""ActiveLearner with a regressor: predictions, standard deviations and the table."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import BayesianRidge, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsRegressor
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
