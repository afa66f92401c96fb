"""Regressors of skactive in the loop of modAL, and the largest standard deviation in both."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

import skactive
from skactive.integrations.modal import ModalStrategy
from skactive.measures import (
    CommitteeVariance,
    ExpectedImprovement,
    PredictiveVariance,
    ProbabilityOfImprovement,
    UpperConfidenceBound,
)
from skactive.neighbors import IncrementalKNeighborsRegressor
from skactive.pool import Pool
from skactive.strategies import UncertaintySampling

models = pytest.importorskip("modAL.models", reason="modAL-python is not installed")

from modAL.disagreement import max_std_sampling  # noqa: E402

from skactive.integrations.modal import ActiveLearner  # noqa: E402

X, y = (part[:120] for part in load_diabetes(return_X_y=True))
X = StandardScaler().fit_transform(X)
SEED_SET = np.random.default_rng(0).choice(len(X), 6, replace=False)
OTHERS = np.setdiff1d(np.arange(len(X)), SEED_SET)


def knn(n_neighbors=5):
    return IncrementalKNeighborsRegressor(n_neighbors, metric="euclidean")


def selected(learner, n_queries):
    """Return the samples that a learner of modAL selects."""
    left, path = OTHERS, []
    for _ in range(n_queries):
        index = int(np.atleast_1d(learner.query(X[left])[0])[0])
        path.append(int(left[index]))
        learner.teach(X[left[[index]]], y[left[[index]]])
        left = np.delete(left, index)
    return path


def test_the_loops_of_modal_and_skactive_select_the_same_samples():
    of_modal = selected(ActiveLearner(knn(), max_std_sampling, X[SEED_SET], y[SEED_SET]), 15)
    strategy = UncertaintySampling(PredictiveVariance())
    in_modal = selected(ActiveLearner(knn(), strategy, X[SEED_SET], y[SEED_SET]), 15)
    assert in_modal == of_modal
    for one in (strategy, ModalStrategy(max_std_sampling)):
        learner = skactive.ActiveLearner(knn(), one, X).teach(SEED_SET, y[SEED_SET])
        path = []
        for _ in range(15):
            indices = learner.query()
            learner.teach(indices, y[indices])
            path += indices.tolist()
        assert path == of_modal


def test_modals_own_learner_selects_by_the_standard_deviation_of_our_regressor():
    regressor = knn().fit(X[SEED_SET], y[SEED_SET])
    learner = models.ActiveLearner(regressor, max_std_sampling)
    index = int(learner.query(X[OTHERS])[0][0])
    strategy = UncertaintySampling(PredictiveVariance())
    assert strategy(learner, X[OTHERS])[0].tolist() == [index]


def test_a_committee_of_modal_selects_as_the_variance_of_the_committee_does():
    members = [
        models.ActiveLearner(knn(n).fit(X[SEED_SET], y[SEED_SET]), max_std_sampling)
        for n in (1, 2, 4)
    ]
    committee = models.CommitteeRegressor(members, max_std_sampling)
    index = int(committee.query(X[OTHERS])[0][0])
    mean, std = committee.predict(X[OTHERS], return_std=True)
    assert mean.shape == std.shape == (len(OTHERS),)
    by_members = UncertaintySampling(CommitteeVariance())(committee, X[OTHERS])
    by_moments = UncertaintySampling(PredictiveVariance())(committee, X[OTHERS])
    assert by_members[0].tolist() == by_moments[0].tolist() == [index]
    np.testing.assert_allclose([by_members[1][0], by_moments[1][0]], std[index] ** 2)


def test_a_function_of_standard_deviations_begins_without_labels():
    learner = skactive.ActiveLearner(knn(), ModalStrategy(max_std_sampling), X)
    for _ in range(3):
        indices = learner.query()
        learner.teach(indices, y[indices])
    assert len(learner.query(4)) == 4


def test_a_regressor_without_standard_deviations_raises():
    from sklearn.linear_model import Ridge

    learner = skactive.ActiveLearner(Ridge(), ModalStrategy(max_std_sampling), X)
    learner.teach(SEED_SET, y[SEED_SET])
    with pytest.raises(TypeError, match="Ridge gives no standard deviation"):
        learner.query()


@pytest.mark.parametrize(
    ("measure", "name", "parameter"),
    [
        (ExpectedImprovement(0.3), "EI", 0.3),
        (ProbabilityOfImprovement(0.3), "PI", 0.3),
        (UpperConfidenceBound(1.5), "UCB", 1.5),
    ],
    ids=["EI", "PI", "UCB"],
)
def test_measures_of_improvement_equal_the_acquisition_functions_of_modal(measure, name, parameter):
    acquisition = pytest.importorskip("modAL.acquisition")
    regressor = knn().fit(X[SEED_SET], y[SEED_SET])
    pool = Pool(X, estimator=regressor).add_labels(SEED_SET, y[SEED_SET])
    means, deviations = regressor.predict(X[OTHERS], return_std=True)
    best = () if name == "UCB" else (y[SEED_SET].max(),)
    expected = getattr(acquisition, name)(means, deviations, *best, parameter)
    np.testing.assert_allclose(measure.utilities(pool), expected, rtol=1e-5, atol=1e-9)
