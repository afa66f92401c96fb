"""Measures and strategies for labels that are numbers, compared with plain Python."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import BayesianRidge, LinearRegression, Ridge
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsRegressor

from skactive import ActiveLearner, Pool
from skactive.base import ContinuousTarget
from skactive.measures import CommitteeVariance, PredictiveVariance
from skactive.neighbors import IncrementalKNeighborsRegressor
from skactive.strategies import (
    CDFProduct,
    ExpectedVarianceReduction,
    GreedySampling,
    KCenterGreedy,
    QueryByCommittee,
    UncertaintyHerding,
    UncertaintySampling,
    all_strategies,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.1 * RNG.normal(size=40)
LABELED = [3, 17, 8, 30, 22, 11]


def pool_of(estimator=None, labeled=LABELED):
    estimator = estimator or IncrementalKNeighborsRegressor(3, metric="euclidean")
    return Pool(X, estimator=estimator, dtype=np.float64).add_labels(labeled, Y[labeled])


def prediction(pool):
    return pool.posterior(range(len(X)))[:, 0]


def differences(space, mean, metric="euclidean", **params):
    """The difference of each sample to each labelled one, of features, labels, or both."""
    far = pairwise_distances(X, X[LABELED], metric=metric, **params)
    apart = np.abs(mean[:, np.newaxis] - Y[LABELED])
    return {"x": far, "y": apart, "xy": far * apart}[space]


@pytest.mark.parametrize("space", ["x", "y", "xy"])
def test_parameter_space_of_greedy_sampling(space):
    pool = pool_of()
    expected = differences(space, prediction(pool)).min(axis=1)[pool.candidates]
    strategy = GreedySampling(space, metric="euclidean")
    np.testing.assert_allclose(strategy.utilities(pool), expected, rtol=1e-9)
    with pytest.raises(ValueError, match="'space' parameter of GreedySampling must be one of"):
        GreedySampling("yx").utilities(pool)


@pytest.mark.parametrize("space", ["x", "y", "xy"])
def test_a_batch_counts_picked_samples_with_their_predictions(space):
    pool = pool_of()
    mean, candidates = prediction(pool), pool.candidates
    chosen, worth = GreedySampling(space, metric="euclidean").select(pool, 4)
    smallest = differences(space, mean).min(axis=1)
    for index, utility in zip(chosen, worth, strict=True):
        assert utility == pytest.approx(smallest[candidates].max())
        assert smallest[index] == pytest.approx(utility)
        far = np.linalg.norm(X - X[index], axis=1)
        apart = np.abs(mean - mean[index])
        smallest = np.minimum(smallest, {"x": far, "y": apart, "xy": far * apart}[space])
        candidates = candidates[candidates != index]


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_parameter_metric_of_greedy_sampling(metric):
    pool = pool_of()
    expected = differences("xy", prediction(pool), metric).min(axis=1)[pool.candidates]
    found = GreedySampling(metric=metric).utilities(pool)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    # None is the metric of the regressor.
    own = pool_of(IncrementalKNeighborsRegressor(3, metric=metric))
    np.testing.assert_array_equal(
        GreedySampling().utilities(own), GreedySampling(metric=metric).utilities(own)
    )


def test_parameter_metric_params_of_greedy_sampling():
    pool = pool_of()
    expected = differences("xy", prediction(pool), "minkowski", p=3).min(axis=1)[pool.candidates]
    found = GreedySampling(metric="minkowski", metric_params={"p": 3}).utilities(pool)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_parameter_random_state_of_greedy_sampling():
    pool = Pool(np.zeros((30, 2)), estimator=IncrementalKNeighborsRegressor())
    drawn = {GreedySampling(random_state=seed).select(pool)[0][0] for seed in range(8)}
    assert len(drawn) > 4


def test_greedy_sampling_counts_the_seed_set():
    seed = [[5.0, 5.0, 5.0]]
    pool = pool_of().add_labeled(seed, [40.0])
    far = pairwise_distances(X, np.vstack([X[LABELED], seed]))
    apart = np.abs(prediction(pool)[:, np.newaxis] - [*Y[LABELED], 40.0])
    expected = (far * apart).min(axis=1)[pool.candidates]
    found = GreedySampling(metric="euclidean").utilities(pool)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("space", ["y", "xy"])
def test_greedy_sampling_uses_features_alone_while_nothing_is_predicted(space):
    far = KCenterGreedy("euclidean")
    greedy = GreedySampling(space, metric="euclidean")
    for pool in (
        Pool(X, target=ContinuousTarget()),
        Pool(X, target=ContinuousTarget()).add_labels(LABELED, Y[LABELED]),
        Pool(X, estimator=LinearRegression()).add_labels(LABELED, Y[LABELED]),
    ):
        np.testing.assert_array_equal(greedy.utilities(pool), far.utilities(pool))


def test_greedy_sampling_needs_no_standard_deviation():
    learner = ActiveLearner(LinearRegression(), GreedySampling(metric="euclidean"), X)
    for _ in range(8):
        indices = learner.query()
        learner.teach(indices, Y[indices])
    assert learner.score(X, Y) > 0.9


def fitted(regressor, pool):
    return clone(regressor).fit(*pool.labeled_samples())


COMMITTEE = [BayesianRidge(), KNeighborsRegressor(2), Ridge(5.0)]


def test_parameter_committee_of_committee_variance():
    pool = pool_of()
    rows = X[pool.candidates]
    expected = np.var([fitted(one, pool).predict(rows) for one in COMMITTEE], axis=0)
    np.testing.assert_allclose(CommitteeVariance(COMMITTEE).utilities(pool), expected, rtol=1e-9)
    # Members that need more labels are left out; with a single one nothing differs.
    few = pool_of(labeled=LABELED[:2])
    greedy = CommitteeVariance([*COMMITTEE, KNeighborsRegressor(5)])
    np.testing.assert_allclose(
        greedy.utilities(few), CommitteeVariance(COMMITTEE).utilities(few), rtol=1e-9
    )
    alone = CommitteeVariance([KNeighborsRegressor(5), KNeighborsRegressor(6)])
    np.testing.assert_array_equal(alone.utilities(few), np.ones(38))


@pytest.mark.parametrize(
    ("committee", "error", "message"),
    [
        ("ridge", TypeError, "must be a list of regressors. Got 'ridge'"),
        ([BayesianRidge(), "ridge"], TypeError, "Got 'ridge' as one of them"),
        ([BayesianRidge, BayesianRidge], TypeError, "Got .* as one of them"),
        ([BayesianRidge()], ValueError, "Got 1. Hint: pass at least two"),
    ],
)
def test_a_committee_that_is_none_is_refused(committee, error, message):
    with pytest.raises(error, match=message):
        CommitteeVariance(committee).utilities(pool_of())


def test_the_default_committee_has_bootstrapped_means():
    pool, n_members, n_neighbors, seed = pool_of(), 6, 2, 3
    found = CommitteeVariance(
        n_members=n_members, n_neighbors=n_neighbors, random_state=seed, metric="euclidean"
    ).utilities(pool)
    means = []
    for member in range(n_members):
        counts = np.random.default_rng((seed, member)).poisson(1.0, size=len(LABELED))
        row = []
        for candidate in pool.candidates:
            order = np.argsort(np.linalg.norm(X[LABELED] - X[candidate], axis=1))
            taken = np.repeat(order, counts[order] if counts.any() else 1)[:n_neighbors]
            row.append(Y[LABELED][taken].mean())
        means.append(row)
    np.testing.assert_allclose(found, np.var(means, axis=0), atol=1e-9)


@pytest.mark.parametrize("name", ["n_members", "n_neighbors", "random_state"])
def test_parameters_of_the_default_committee_matter(name):
    pool = pool_of()
    one, other = (
        CommitteeVariance(**{name: value}, metric="euclidean").utilities(pool) for value in (2, 4)
    )
    assert not np.allclose(one, other)
    with pytest.raises(ValueError, match=f"'{name}' parameter of CommitteeVariance must be"):
        CommitteeVariance(**{name: -1}).utilities(pool)


def test_parameter_n_members_of_committee_variance():
    with pytest.raises(ValueError, match=r"'n_members' parameter .* at least 2"):
        CommitteeVariance(n_members=1).utilities(pool_of())


def test_parameter_n_neighbors_of_committee_variance():
    # With as many neighbours as labels, members differ by their bootstrap samples alone.
    found = CommitteeVariance(n_neighbors=100, metric="euclidean").utilities(pool_of())
    assert np.ptp(found) < 0.2 * np.var(Y[LABELED])


def test_parameter_metric_of_committee_variance():
    own = pool_of(IncrementalKNeighborsRegressor(3, metric="manhattan"))
    np.testing.assert_array_equal(
        CommitteeVariance().utilities(own), CommitteeVariance(metric="manhattan").utilities(own)
    )


def test_parameter_random_state_of_committee_variance():
    pool = pool_of()
    np.testing.assert_array_equal(
        CommitteeVariance().utilities(pool), CommitteeVariance(random_state=0).utilities(pool)
    )


def plain_reduction(pool, regressor, position):
    """The definition: a fit for each of three labels, and the variance of the others."""
    X_labeled, y = pool.labeled_samples()
    others = np.setdiff1d(pool.candidates, [position])

    def variance(model):
        return (model.predict(X[others], return_std=True)[1] ** 2).mean()

    now = clone(regressor).fit(X_labeled, y)
    mean, deviation = (float(one[0]) for one in now.predict(X[[position]], return_std=True))
    expected = 0.0
    for node, weight in [(0.0, 2 / 3), (3**0.5, 1 / 6), (-(3**0.5), 1 / 6)]:
        extended = np.vstack([X_labeled, X[[position]]])
        model = clone(regressor).fit(extended, np.append(y, mean + node * deviation))
        expected += weight * variance(model)
    return variance(now) - expected


REGRESSORS = [
    IncrementalKNeighborsRegressor(3, metric="euclidean"),
    BayesianRidge(),
    GaussianProcessRegressor(RBF(1.0), alpha=0.1, optimizer=None),
]


@pytest.mark.parametrize("regressor", REGRESSORS, ids=lambda one: type(one).__name__)
def test_the_reduction_is_that_of_refits(regressor):
    pool = pool_of(clone(regressor))
    strategy = ExpectedVarianceReduction(n_candidates=None, n_evaluated=None)
    expected = [plain_reduction(pool, regressor, position) for position in pool.candidates]
    np.testing.assert_allclose(strategy.utilities(pool), expected, rtol=1e-5, atol=1e-7 * np.var(Y))


def test_parameter_estimator_of_expected_variance_reduction():
    pool = pool_of()
    own = ExpectedVarianceReduction(estimator=BayesianRidge())
    np.testing.assert_array_equal(
        own.utilities(pool), ExpectedVarianceReduction().utilities(pool_of(BayesianRidge()))
    )
    with pytest.raises(TypeError, match=r"'estimator' parameter .* must be a regressor. Got 3"):
        ExpectedVarianceReduction(estimator=3).utilities(pool)
    with pytest.raises(TypeError, match="LinearRegression gives no standard deviation"):
        ExpectedVarianceReduction(estimator=LinearRegression()).utilities(pool)


def test_parameter_n_candidates_of_expected_variance_reduction():
    pool = pool_of()
    every = ExpectedVarianceReduction(n_candidates=None).utilities(pool)
    some = ExpectedVarianceReduction(n_candidates=7).utilities(pool)
    assert 7 >= np.count_nonzero(some > some.min()) >= 5
    differ = some != every
    np.testing.assert_array_equal(some[differ], some.min())
    with pytest.raises(ValueError, match="'n_candidates' parameter of ExpectedVarianceReduction"):
        ExpectedVarianceReduction(n_candidates=0).utilities(pool)


def test_parameter_n_evaluated_of_expected_variance_reduction():
    pool = pool_of()
    every, some = (ExpectedVarianceReduction(n_evaluated=n).utilities(pool) for n in (None, 5))
    assert not np.allclose(every, some)
    with pytest.raises(ValueError, match="'n_evaluated' parameter of ExpectedVarianceReduction"):
        ExpectedVarianceReduction(n_evaluated=0).utilities(pool)


def test_parameter_random_state_of_expected_variance_reduction():
    drawn = {
        ExpectedVarianceReduction(n_candidates=3, random_state=seed).select(pool_of())[0][0]
        for seed in range(8)
    }
    assert len(drawn) > 3


@pytest.mark.parametrize(
    "strategy",
    [
        None,
        UncertaintySampling(),
        UncertaintySampling(CommitteeVariance(COMMITTEE)),
        CDFProduct(),
        UncertaintyHerding(CommitteeVariance()),
        GreedySampling(),
        ExpectedVarianceReduction(),
    ],
)
def test_a_learner_reaches_a_good_fit(strategy):
    regressor = IncrementalKNeighborsRegressor(3, metric="euclidean")
    learner = ActiveLearner(regressor, strategy, X)
    for _ in range(30):
        indices = learner.query()
        learner.teach(indices, Y[indices])
    assert learner.score(X, Y) > 0.8
    assert str(learner.explain_query(learner.query()))


def test_products_default_to_the_variance_and_herding_takes_it_by_name():
    pool = pool_of()
    np.testing.assert_array_equal(
        UncertaintyHerding("variance").utilities(pool),
        UncertaintyHerding(PredictiveVariance()).utilities(pool),
    )
    named = [("uncertainty", PredictiveVariance())]
    expected = CDFProduct([*named, *CDFProduct()._named_measures()[1:]]).utilities(pool)
    np.testing.assert_array_equal(CDFProduct().utilities(pool), expected)


def test_strategies_for_classes_are_refused_before_the_first_query():
    regressor = IncrementalKNeighborsRegressor()
    message = "QueryByCommittee needs categorical labels"
    with pytest.raises(TypeError, match=message):
        ActiveLearner(regressor, QueryByCommittee(), X)
    with pytest.raises(TypeError, match=message):
        QueryByCommittee().select(pool_of())


@pytest.mark.parametrize("name", sorted(all_strategies("continuous")))
def test_the_largest_labels_have_finite_utilities(name):
    strategy = all_strategies("continuous")[name].strategy
    learner = ActiveLearner(IncrementalKNeighborsRegressor(metric="euclidean"), strategy, X)
    learner.teach([0, 1, 2, 3], [1e150, -1e150, 0.0, 1e150])
    assert len(learner.query(2)) == 2
    with pytest.raises(ValueError, match=r"y\[0\] is 2e\+150, and labels beyond"):
        learner.teach([4], [2e150])
    assert learner.labeled.tolist() == [0, 1, 2, 3]


class RoundedRidge(BayesianRidge):
    """The variance of its first prediction is negative, as by rounding."""

    def predict(self, X, return_std=False):
        mean, std = super().predict(X, return_std=True)
        variance = std**2
        variance[0] = -1e-9
        return (mean, np.sqrt(variance)) if return_std else mean


@pytest.mark.parametrize(
    "strategy", [UncertaintyHerding(), UncertaintySampling(), ExpectedVarianceReduction()]
)
def test_a_variance_that_is_negative_by_rounding_is_zero(strategy):
    learner = ActiveLearner(RoundedRidge(), strategy, X).teach(range(5), Y[:5])
    assert learner.predict(X, return_std=True)[1][0] == 0
    assert len(learner.query(3)) == 3
