"""Strategies of scikit-activeml for numbers used in skactive, and the reverse."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.ensemble import BaggingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import BayesianRidge, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skactive import ActiveLearner
from skactive.base import ContinuousTarget
from skactive.integrations.scikit_activeml import ActivemlStrategy
from skactive.model_selection import BudgetedRegressor, compare_strategies
from skactive.neighbors import IncrementalKNeighborsRegressor
from skactive.pool import Pool
from skactive.strategies import GreedySampling, RandomSampling, UncertaintySampling, all_strategies

peers = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed")

from skactiveml.regressor import (  # noqa: E402
    NICKernelRegressor,
    SklearnNormalRegressor,
    SklearnRegressor,
)

from skactive.integrations.scikit_activeml import SkactiveStrategy  # noqa: E402

# scikit-activeml 1.0.1 sets the shape of arrays.
pytestmark = pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array:Warning")

X, y = (part[:60] for part in load_diabetes(return_X_y=True, scaled=True))
X = StandardScaler().fit_transform(X)[:, :4]
LABELED = [3, 7, 20, 33, 41, 50, 55, 58]
KNOWN = np.full(len(X), np.nan)
KNOWN[LABELED] = y[LABELED]

TAKE_REGRESSORS = [
    getattr(peers, name)
    for name in peers.__all__
    if inspect.isclass(getattr(peers, name))
    and "reg" in inspect.signature(getattr(peers, name).query).parameters
]
# Their settings, the regressor in skactive, and the one that scikit-activeml is called with.
BAYES = BayesianRidge()
CASES = {
    "ExpectedModelChangeMaximization": ({}, BAYES, SklearnNormalRegressor(BAYES, random_state=0)),
    "ExpectedModelOutputChange": ({}, BAYES, SklearnNormalRegressor(BAYES, random_state=0)),
    "ExpectedModelVarianceReduction": ({}, BAYES, SklearnNormalRegressor(BAYES, random_state=0)),
    "KLDivergenceMaximization": ({}, BAYES, SklearnNormalRegressor(BAYES, random_state=0)),
    "GreedySamplingTarget": ({}, Ridge(), SklearnRegressor(Ridge(), random_state=0)),
    "RegressionTreeBasedAL": (
        {"method": "diversity"},
        DecisionTreeRegressor(min_samples_leaf=2, random_state=0),
        SklearnRegressor(DecisionTreeRegressor(min_samples_leaf=2, random_state=0), random_state=0),
    ),
}


def pool_with(regressor):
    pool = Pool(X, estimator=regressor, target=ContinuousTarget(), dtype=np.float64)
    return pool.add_labels(LABELED, y[LABELED])


def test_every_strategy_that_takes_a_regressor_is_tested():
    assert {one.__name__ for one in TAKE_REGRESSORS} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_selection_equals_that_of_the_original_strategy(name):
    settings, ours, theirs = CASES[name]
    strategy = getattr(peers, name)(random_state=0, **settings)
    n = 5 if name == "RegressionTreeBasedAL" else 3
    expected, worth = clone(strategy).query(
        X, KNOWN, reg=theirs, batch_size=n, return_utilities=True
    )
    expected = np.ravel(expected)
    pool = pool_with(BayesianRidge())
    for adapter in (
        ActivemlStrategy(strategy, ours),
        ActivemlStrategy(strategy, theirs),
        ActivemlStrategy(strategy, query_params={"reg": theirs}),
    ):
        indices, utilities = adapter.select(pool, n)
        np.testing.assert_array_equal(indices, expected)
        np.testing.assert_allclose(utilities, worth[range(n), expected])


def test_a_strategy_of_features_selects_as_the_original_does():
    pool = pool_with(IncrementalKNeighborsRegressor())
    for strategy in (peers.GreedySamplingX(random_state=0), peers.CoreSet(random_state=0)):
        expected = clone(strategy).query(X, KNOWN, batch_size=4)
        np.testing.assert_array_equal(ActivemlStrategy(strategy).select(pool, 4)[0], expected)


def test_a_committee_of_regressors_selects_as_the_original_does():
    members = [Ridge(), DecisionTreeRegressor(random_state=0), BayesianRidge()]
    strategy = peers.QueryByCommittee(random_state=0)
    expected, worth = clone(strategy).query(
        X,
        KNOWN,
        [SklearnRegressor(one, random_state=0) for one in members],
        batch_size=3,
        return_utilities=True,
    )
    pool = pool_with(IncrementalKNeighborsRegressor())
    indices, utilities = ActivemlStrategy(strategy, members).select(pool, 3)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(utilities, worth[range(3), np.asarray(expected)])
    bagged = ActivemlStrategy(strategy)._query_params(pool, None)["ensemble"]
    assert isinstance(bagged.estimator, BaggingRegressor)


@pytest.mark.parametrize("name", [*CASES, "GreedySamplingX", "QueryByCommittee", "RandomSampling"])
@pytest.mark.parametrize("regressor", [IncrementalKNeighborsRegressor(), Ridge()], ids=repr)
def test_every_strategy_selects_in_our_loop(name, regressor):
    strategy = ActivemlStrategy(getattr(peers, name)(random_state=0))
    kept = slice(0, 24)
    learner = ActiveLearner(regressor, strategy, X[kept])
    for _ in range(4):
        indices = learner.query()
        np.testing.assert_array_equal(indices, learner.query())
        learner.teach(indices, y[kept][indices])
    assert np.isfinite(strategy.utilities(learner.pool)).all()
    assert len(set(learner.query(3).tolist()) - set(learner.labeled.tolist())) == 3


def test_the_regressor_is_chosen_by_the_requirements_of_the_strategy():
    def chosen(strategy, own):
        return ActivemlStrategy(strategy)._query_params(pool_with(own), None)["reg"]

    of_distribution = peers.KLDivergenceMaximization()
    assert isinstance(chosen(of_distribution, Ridge()), NICKernelRegressor)
    normal = chosen(of_distribution, GaussianProcessRegressor())
    assert isinstance(normal.estimator, GaussianProcessRegressor)
    tree = chosen(peers.RegressionTreeBasedAL(), Ridge())
    assert isinstance(tree.estimator, DecisionTreeRegressor)
    assert isinstance(chosen(peers.GreedySamplingTarget(), Ridge()).estimator, Ridge)


def test_kinds_of_labels_are_those_of_the_strategy():
    kinds = {
        "GreedySamplingTarget": {"continuous"},
        "GreedySamplingX": {"categorical", "continuous"},
        "QueryByCommittee": {"categorical", "continuous"},
        "BatchBALD": {"categorical"},
        "UncertaintySampling": {"categorical"},
        "Quire": {"categorical"},
        "DiscriminativeAL": {"categorical"},
    }
    for name, expected in kinds.items():
        one = getattr(peers, name)
        strategy = one(classes=[0, 1]) if name == "Quire" else one()
        assert ActivemlStrategy(strategy).target_kinds == expected, name
    wrapped = peers.SubSamplingWrapper(peers.GreedySamplingTarget(), max_candidates=0.5)
    assert ActivemlStrategy(wrapped).target_kinds == {"continuous"}
    match = "UncertaintySampling of scikit-activeml needs categorical labels"
    with pytest.raises(TypeError, match=match):
        ActiveLearner(Ridge(), ActivemlStrategy(peers.UncertaintySampling()), X)


def test_they_take_part_in_budgets_and_comparisons():
    theirs = ActivemlStrategy(peers.GreedySamplingTarget())
    regressor = make_pipeline(StandardScaler(), IncrementalKNeighborsRegressor())
    fitted = BudgetedRegressor(regressor, theirs, budget=12, random_state=0).fit(X, y)
    assert len(set(fitted.query_indices_.tolist())) == 12
    strategies = {"theirs": theirs, "random": RandomSampling()}
    comparison = compare_strategies(regressor, strategies, X, y, budget=12, cv=2, random_state=0)
    assert np.isfinite(comparison.test_scores).all()


OURS = {
    name: entry.with_metric("euclidean")
    for name, entry in all_strategies("continuous").items()
    if name != "random"
}


@pytest.mark.parametrize("name", OURS)
def test_each_of_ours_chooses_as_itself_in_their_hands(name):
    regressor = IncrementalKNeighborsRegressor(metric="euclidean")
    learner = ActiveLearner(regressor, OURS[name], X).teach(LABELED, y[LABELED])
    expected, worth = learner.query(3, return_utilities=True)
    indices, utilities = SkactiveStrategy(OURS[name]).query(
        X, KNOWN, reg=regressor, batch_size=3, return_utilities=True
    )
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(utilities[range(3), indices], worth)


def test_ours_there_and_back_selects_as_itself():
    regressor = IncrementalKNeighborsRegressor(metric="euclidean")
    strategy = GreedySampling(metric="euclidean")
    there_and_back = ActivemlStrategy(SkactiveStrategy(strategy))
    pool = pool_with(regressor)
    np.testing.assert_array_equal(there_and_back.select(pool, 5)[0], strategy.select(pool, 5)[0])


def test_regressors_of_any_package_are_sources_of_predictions():
    wrapped = SklearnNormalRegressor(BayesianRidge())
    ours = SkactiveStrategy(UncertaintySampling(all_strategies()["variance"].strategy.measure))
    chosen = [
        ours.query(X, KNOWN, reg=regressor, fit_reg=fits, batch_size=4).tolist()
        for regressor, fits in [
            (BayesianRidge(), True),
            (wrapped, True),
            (clone(wrapped).fit(X, KNOWN), False),
        ]
    ]
    assert chosen[0] == chosen[1] == chosen[2]
    with pytest.raises(ValueError, match="Both `clf` and `reg` were passed"):
        ours.query(X, KNOWN, clf=wrapped, reg=wrapped)


def test_greedy_sampling_equals_theirs():
    regressor = Ridge()
    for space, method in (("xy", "GSi"), ("y", "GSy")):
        strategy = peers.GreedySamplingTarget(method=method, random_state=0)
        expected, worth = strategy.query(
            X, KNOWN, SklearnRegressor(regressor), batch_size=5, return_utilities=True
        )
        indices, utilities = GreedySampling(space, metric="euclidean").select(
            pool_with(clone(regressor).fit(X[LABELED], y[LABELED])), 5
        )
        np.testing.assert_array_equal(indices, expected)
        np.testing.assert_allclose(utilities, worth[range(5), expected], rtol=1e-6)
