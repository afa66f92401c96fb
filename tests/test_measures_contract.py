"""The contract of every public measure; a new one needs an entry below."""

import inspect
import math
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import BaggingRegressor, RandomForestRegressor
from sklearn.linear_model import BayesianRidge, LinearRegression, LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from small_pools import labeled_pool, labels_for, pool_of_kind, samples, state

import skactive.measures
from skactive.base import MultiLabelTarget
from skactive.measures import (
    ClassBalance,
    CommitteeVariance,
    Coverage,
    DistributionMatching,
    Diversity,
    Entropy,
    ExpectedCost,
    ExpectedGradientLength,
    ExpectedImprovement,
    InformationDensity,
    LabelCardinality,
    LabelCost,
    LabelUncertainty,
    LearnedUtility,
    LeastConfidence,
    Margin,
    Measure,
    PredictiveVariance,
    ProbabilityOfImprovement,
    TargetUncertainty,
    UpperConfidenceBound,
)
from skactive.neighbors import IncrementalKNeighborsRegressor
from skactive.pool import Batch, Pool

CRITERIA = [
    "min",
    "max",
    "frequency",
    "SVM_binary_minimum",
    "max_loss",
    "mean_max_loss",
    "min_confidence",
    "avg_confidence",
    "max_score",
    "avg_score",
]


def length_of(samples):
    return 1 + np.abs(samples).sum(axis=1)


# Numbers in place of the features and gains of simulated labels.
LEARNED = (np.random.default_rng(0).random((60, 11)), np.random.default_rng(1).random(60))

# The settings of the contract tests, by the name of the measure.
SETTINGS = {
    "ClassBalance": [ClassBalance()],
    "CommitteeVariance": [
        CommitteeVariance(),
        CommitteeVariance([BayesianRidge(), LinearRegression()]),
    ],
    "Coverage": [
        Coverage(),
        Coverage(20, metric="euclidean", bandwidth=None),
        Coverage(bandwidth=0.5),
    ],
    "DistributionMatching": [
        DistributionMatching(),
        DistributionMatching("euclidean", bandwidth=1.0),
    ],
    "Diversity": [
        Diversity(),
        Diversity("euclidean"),
        Diversity(aggregate="min"),
        Diversity("manhattan", aggregate="min"),
        Diversity("minkowski", metric_params={"p": 3}),
    ],
    "Entropy": [Entropy()],
    "ExpectedCost": [ExpectedCost(), ExpectedCost({("a", "b"): 5, ("b", "a"): 0.5})],
    "ExpectedGradientLength": [ExpectedGradientLength()],
    "ExpectedImprovement": [ExpectedImprovement(), ExpectedImprovement(0.5, maximize=False)],
    "InformationDensity": [
        InformationDensity(),
        InformationDensity("euclidean"),
        InformationDensity("minkowski", metric_params={"p": 3}),
    ],
    "LabelCardinality": [LabelCardinality()],
    "LabelCost": [LabelCost(), LabelCost(length_of)],
    "LabelUncertainty": [LabelUncertainty(), *map(LabelUncertainty, CRITERIA)],
    "LearnedUtility": [
        LearnedUtility(LinearRegression().fit(*LEARNED)),
        LearnedUtility(DecisionTreeRegressor(random_state=0).fit(*LEARNED), metric="euclidean"),
    ],
    "LeastConfidence": [LeastConfidence()],
    "Margin": [Margin()],
    "PredictiveVariance": [PredictiveVariance()],
    "ProbabilityOfImprovement": [
        ProbabilityOfImprovement(),
        ProbabilityOfImprovement(0.5, maximize=False),
    ],
    "TargetUncertainty": [TargetUncertainty()],
    "UpperConfidenceBound": [UpperConfidenceBound(), UpperConfidenceBound(3, maximize=False)],
}
MEASURES = [measure for settings in SETTINGS.values() for measure in settings]
every_measure = pytest.mark.parametrize(
    "measure", MEASURES, ids=lambda measure: re.sub(r" at 0x\w+", "", repr(measure))
)


def assert_utilities(utilities, pool):
    assert isinstance(utilities, np.ndarray)
    assert utilities.dtype.kind == "f"
    assert utilities.shape == (pool.n_candidates,)
    assert np.isfinite(utilities).all()


def test_every_public_measure_is_under_contract():
    public = {
        name
        for name in skactive.measures.__all__
        if not inspect.isabstract(getattr(skactive.measures, name))
    }
    assert public == set(SETTINGS)
    for name, settings in SETTINGS.items():
        assert settings
        assert all(type(measure) is getattr(skactive.measures, name) for measure in settings)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_parameter_has_a_test_named_for_it(name):
    tests = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for parameter in inspect.signature(getattr(skactive.measures, name)).parameters:
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        assert f"def test_parameter_{parameter}_of_{snake}(" in tests


@every_measure
@pytest.mark.parametrize("kind", ["spread", "duplicates", "constant", "zeros"])
@pytest.mark.parametrize(
    ("n_labeled", "names"), [(0, "a"), (1, "a"), (4, "a"), (4, "ab"), (11, "abc"), (12, "abc")]
)
def test_utilities_are_one_finite_number_per_candidate(measure, kind, n_labeled, names):
    pool = pool_of_kind(measure, samples(kind), n_labeled, names)
    assert_utilities(measure.utilities(pool), pool)


@every_measure
@pytest.mark.parametrize("kind", ["spread", "duplicates", "constant"])
@pytest.mark.parametrize("n_labeled", [0, 1, 4])
def test_a_batch_is_measured_as_a_pool(measure, kind, n_labeled):
    pool = pool_of_kind(measure, samples(kind), n_labeled)
    batch = Batch(pool)
    np.testing.assert_array_equal(measure.utilities(batch), measure.utilities(pool))
    for position in pool.candidates[[3, 0, 5]]:
        assert_utilities(measure.utilities(batch.pick(position)), batch)
    whole = Batch(pool)
    while whole.n_candidates:
        whole.pick(whole.candidates[-1])
    assert measure.utilities(whole).shape == (0,)


@every_measure
@pytest.mark.parametrize("kind", ["spread", "duplicates"])
@pytest.mark.parametrize("n_labeled", [0, 3])
def test_utilities_follow_a_permuted_pool(measure, kind, n_labeled):
    X = samples(kind)
    order = np.random.default_rng(1).permutation(len(X))
    pool = pool_of_kind(measure, X, n_labeled)
    permuted = Pool(X[order], estimator=pool.estimator)
    permuted.add_labels(np.argsort(order)[pool.labeled], pool.labels)
    utilities = np.full(len(X), np.nan)
    utilities[order[permuted.candidates]] = measure.utilities(permuted)
    np.testing.assert_allclose(utilities[pool.candidates], measure.utilities(pool), atol=1e-6)


@every_measure
@pytest.mark.parametrize("n_labeled", [0, 3])
@pytest.mark.parametrize("in_batch", [False, True])
def test_measuring_has_no_side_effects(measure, n_labeled, in_batch):
    pool = pool_of_kind(measure, samples("spread"), n_labeled)
    view = Batch(pool).pick(pool.candidates[2]) if in_batch else pool
    before, parameters = state(pool), measure.get_params()
    attributes = dict(vars(measure))
    first = measure.utilities(view)
    kept = first.copy()
    second = measure.utilities(view)
    np.testing.assert_array_equal(first, second)
    # Not even writing into a returned array changes it.
    second[:] = -7
    np.testing.assert_array_equal(measure.utilities(view), kept)
    assert state(pool) == before
    assert measure.get_params() == parameters
    assert vars(measure) == attributes


@every_measure
def test_a_measure_is_an_estimator(measure):
    pool = pool_of_kind(measure, samples("spread"), 3)
    expected = measure.utilities(pool)
    for copy in (clone(measure), pickle.loads(pickle.dumps(measure))):
        assert copy is not measure
        assert repr(copy) == repr(measure)
        np.testing.assert_array_equal(copy.utilities(pool), expected)
    assert type(measure)().set_params(**measure.get_params()).get_params() == measure.get_params()
    assert isinstance(measure, Measure)
    assert type(measure).__module__ == "skactive.measures"


@every_measure
def test_labels_that_come_and_go_are_followed(measure):
    X = samples("spread")
    pool = pool_of_kind(measure, X, 3)
    measure.utilities(pool)
    free = pool.candidates
    c, a, b = labels_for(measure, "cab")
    pool.add_labels(free[:2], [c, a])
    measure.utilities(pool)
    pool.relabel(free[:1], [b]).remove_labels(pool.labeled[:1]).skip(free[3:4])
    fresh = Pool(X, estimator=pool.estimator).add_labels(pool.labeled, pool.labels)
    fresh.skip(pool.skipped)
    np.testing.assert_allclose(measure.utilities(pool), measure.utilities(fresh), atol=1e-6)


UNCERTAINTIES = {
    LeastConfidence: lambda row: 1 - max(row),
    Margin: lambda row: 1 - (max(row) - (sorted(row)[-2] if len(row) > 1 else 0)),
    Entropy: lambda row: -math.fsum(p * math.log(p) for p in row if p > 0),
}


class Fixed:
    def __init__(self, posterior):
        self.posterior = np.asarray(posterior, dtype=float)

    def predict_proba(self, X):
        return self.posterior[: len(X)]


@pytest.mark.parametrize("n_classes", [1, 2, 3, 10])
@pytest.mark.parametrize("kind", UNCERTAINTIES)
def test_uncertainty_is_that_of_its_formula(kind, n_classes):
    rng = np.random.default_rng(0)
    posterior = rng.dirichlet(np.full(n_classes, 0.3), 50)
    posterior[0] = np.eye(n_classes)[0]
    posterior[1] = 1 / n_classes
    utilities = kind().utilities(Pool(np.ones((50, 1)), estimator=Fixed(posterior)))
    expected = [UNCERTAINTIES[kind](row) for row in posterior.tolist()]
    np.testing.assert_allclose(utilities, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "largest"), [(LeastConfidence, 0.75), (Margin, 1.0), (Entropy, math.log(4))]
)
def test_uncertainty_goes_from_certainty_to_a_tie(kind, largest):
    pool = Pool(np.ones((2, 1)), estimator=Fixed([[0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25]]))
    np.testing.assert_allclose(kind().utilities(pool), [0, largest])


@pytest.mark.parametrize("kind", UNCERTAINTIES)
@pytest.mark.parametrize("estimator", [None, LogisticRegression()])
def test_uncertainty_is_one_while_nothing_is_known(kind, estimator):
    np.testing.assert_array_equal(
        kind().utilities(Pool(np.eye(3), estimator=estimator)), np.ones(3)
    )


REGRESSORS = [
    IncrementalKNeighborsRegressor(3, metric="euclidean"),
    BayesianRidge(),
    RandomForestRegressor(5, random_state=0),
    BaggingRegressor(n_estimators=4, max_features=0.5, random_state=0),
    make_pipeline(StandardScaler(), BayesianRidge()),
]


@pytest.mark.parametrize("regressor", REGRESSORS, ids=lambda one: type(one).__name__)
def test_the_variance_is_that_of_the_regressor(regressor):
    X = samples("spread")
    fitted = clone(regressor).fit(X[:6], X[:6].sum(axis=1))
    pool = Pool(X, estimator=fitted).add_labels(range(6), X[:6].sum(axis=1))
    if hasattr(fitted, "estimators_"):
        columns = getattr(fitted, "estimators_features_", [[0, 1]] * len(fitted.estimators_))
        predicted = [
            member.predict(X[6:, chosen])
            for member, chosen in zip(fitted.estimators_, columns, strict=True)
        ]
        expected = np.var(predicted, axis=0)
    else:
        expected = fitted.predict(X[6:], return_std=True)[1] ** 2
    np.testing.assert_allclose(PredictiveVariance().utilities(pool), expected, rtol=1e-6)
    np.testing.assert_array_equal(
        TargetUncertainty().utilities(pool), PredictiveVariance().utilities(pool)
    )


def test_a_regressor_without_standard_deviations_is_named():
    X = samples("spread")
    pool = Pool(X, estimator=LinearRegression().fit(X, X[:, 0])).add_labels([0], [1.0])
    for utilities in (PredictiveVariance().utilities, PredictiveVariance().utilities_everywhere):
        with pytest.raises(TypeError, match="LinearRegression gives no standard deviation"):
            utilities(pool)


def test_labels_of_another_kind_are_refused():
    numbers = pool_of_kind(PredictiveVariance(), samples("spread"), 3)
    classes = labeled_pool(samples("spread"), 3)
    for measure, pool, needed in [
        (PredictiveVariance(), classes, "continuous"),
        *((kind(), numbers, "categorical") for kind in UNCERTAINTIES),
    ]:
        message = f"{type(measure).__name__} needs {needed} labels"
        for utilities in (measure.utilities, measure.utilities_everywhere):
            with pytest.raises(TypeError, match=message):
                utilities(pool)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan", "chebyshev"])
def test_parameter_metric_of_information_density(metric):
    X = samples("spread")
    pool = labeled_pool(X, 4)
    distances = pairwise_distances(X, X.copy(), metric=metric)
    similarities = 1 - distances if metric == "cosine" else 1 / (1 + distances)
    expected = similarities.mean(axis=1)[pool.candidates]
    found = InformationDensity(metric).utilities(pool)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_parameter_metric_params_of_information_density():
    X = samples("spread")
    distances = pairwise_distances(X, metric="minkowski", p=3)
    found = InformationDensity("minkowski", metric_params={"p": 3}).utilities(Pool(X))
    np.testing.assert_allclose(found, (1 / (1 + distances)).mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("bandwidth", ["median", None, 0.7])
def test_parameter_bandwidth_of_coverage(bandwidth):
    pool = labeled_pool(samples("spread"), 0)
    kernel = pool.graph().affinity(bandwidth).toarray()
    expected = kernel.sum(axis=0) + 1
    assert Coverage(metric="cosine", bandwidth=bandwidth).utilities(pool) == pytest.approx(expected)


def test_parameter_n_neighbors_of_coverage():
    pool = labeled_pool(samples("spread"), 0)
    assert Coverage(2).utilities(pool).sum() < Coverage(11).utilities(pool).sum()


def test_parameter_metric_of_coverage():
    pool = labeled_pool(samples("spread"), 0)
    expected = pool.graph(15, "euclidean").affinity("median").toarray().sum(axis=0) + 1
    assert Coverage(metric="euclidean").utilities(pool) == pytest.approx(expected)


def test_density_does_not_depend_on_labels_or_skipping():
    pool = Pool(samples("spread"))
    before = InformationDensity().utilities(pool)
    pool.add_labels([2], ["a"]).skip([5])
    np.testing.assert_array_equal(
        InformationDensity().utilities(pool), before[np.delete(np.arange(12), [2, 5])]
    )


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
def test_parameter_metric_of_diversity(metric):
    X = samples("spread")
    pool = labeled_pool(X, 4)
    expected = pairwise_distances(X[pool.candidates], X[pool.labeled], metric=metric)
    found = Diversity(metric).utilities(pool)
    np.testing.assert_allclose(found, expected.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("aggregate", ["mean", "min"])
@pytest.mark.parametrize("n_labeled", [0, 4])
def test_parameter_aggregate_of_diversity(aggregate, n_labeled):
    X = samples("spread")
    pool = labeled_pool(X, n_labeled)
    batch = Batch(pool)
    counted = pool.labeled.tolist()
    for position in pool.candidates[[1, 4]].tolist():
        batch.pick(position)
        counted.append(position)
        distances = pairwise_distances(X[batch.candidates], X[counted])
        found = Diversity("euclidean", aggregate=aggregate).utilities(batch)
        np.testing.assert_allclose(found, getattr(distances, aggregate)(axis=1), atol=1e-6)


def test_parameter_metric_params_of_diversity():
    X = samples("spread")
    pool = labeled_pool(X, 4)
    expected = pairwise_distances(X[pool.candidates], X[pool.labeled], metric="minkowski", p=3)
    found = Diversity("minkowski", metric_params={"p": 3}).utilities(pool)
    np.testing.assert_allclose(found, expected.mean(axis=1), atol=1e-6)


def test_diversity_is_one_while_nothing_is_labelled():
    np.testing.assert_array_equal(Diversity().utilities(Pool(np.eye(3))), np.ones(3))


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (Diversity("angle"), "The 'metric' parameter of Diversity must be one of"),
        (
            Diversity(aggregate="max"),
            "The 'aggregate' parameter of Diversity must be one of ['mean",
        ),
        (
            InformationDensity("angle"),
            "The 'metric' parameter of InformationDensity must be one of",
        ),
    ],
)
def test_bad_parameters_are_named(measure, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        measure.utilities(Pool(np.eye(2)))


def test_a_measure_of_ones_own_reads_pools_and_batches():
    class Length(Measure):
        def utilities(self, pool):
            return np.linalg.norm(pool.X[pool.candidates], axis=1)

    pool = Pool([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]])
    np.testing.assert_allclose(Length().utilities(pool), [5, 1, 2])
    np.testing.assert_allclose(Length().utilities(Batch(pool).pick(0)), [1, 2])


def modal_loss(row, most_certain):
    signs = [1 if p > 0.5 else -1 for p in row]
    truth = [1 if label == most_certain else -1 for label in range(len(row))]
    return sum(max(1 - t * s, 0) for t, s in zip(truth, signs, strict=True))


def plain_mean_max_loss(row):
    signs = [1 if p > 0.5 else -1 for p in row]
    losses = []
    for one in range(len(row)):
        product = sum((1 if label == one else -1) * s for label, s in enumerate(signs))
        losses.append(max(1 - product, 0))
    return sum(losses) / len(losses)


def plain_scores(row):
    return [p * ((1 if p > 0.5 else 0) - 0.5) for p in row]


PLAIN = {
    "mean": lambda row: sum(1 - abs(2 * p - 1) for p in row) / len(row),
    "min": lambda row: min(1 - abs(2 * p - 1) for p in row),
    "max": lambda row: max(1 - abs(2 * p - 1) for p in row),
    "SVM_binary_minimum": lambda row: 1 - 2 * min(abs(p - 0.5) for p in row),
    "max_loss": lambda row: modal_loss(row, row.index(max(row))),
    "mean_max_loss": plain_mean_max_loss,
    "min_confidence": lambda row: -min(row),
    "avg_confidence": lambda row: sum(row) / len(row),
    "max_score": lambda row: max(plain_scores(row)),
    "avg_score": lambda row: sum(plain_scores(row)) / len(row),
    "frequency": lambda row: (
        sum(w * (1 - abs(2 * p - 1)) for w, p in zip([2, 1, 3], row, strict=True)) / 6
    ),
}
RANGES = {"max_loss": (0, 6), "mean_max_loss": (0, 4), "min_confidence": (-1, 0)}
RANGES |= dict.fromkeys(["max_score", "avg_score"], (-0.5, 0.5))


@pytest.mark.parametrize("criterion", PLAIN)
def test_parameter_criterion_of_label_uncertainty(criterion):
    posterior = np.random.default_rng(0).random((40, 3)).round(3)
    posterior[0], posterior[1], posterior[2] = 0.5, 0, 1
    pool = Pool(np.ones((42, 1)), estimator=Fixed(posterior), target=MultiLabelTarget(list("abc")))
    posterior = np.vstack([posterior, posterior[:2]])
    pool.estimator.posterior = posterior
    pool.add_labels([40, 41], [{"a", "c"}, {"c"}])
    found = LabelUncertainty(criterion).utilities(pool)
    np.testing.assert_allclose(found, [PLAIN[criterion](r) for r in posterior[:40].tolist()])
    low, high = RANGES.get(criterion, (0, 1))
    assert found.min() >= low
    assert found.max() <= high
    everywhere = LabelUncertainty(criterion).utilities_everywhere(pool)
    np.testing.assert_array_equal(everywhere, [*found, 0, 0])


def test_an_unknown_criterion_is_refused():
    pool = pool_of_kind(LabelUncertainty(), samples("spread"), 3)
    with pytest.raises(ValueError, match="The 'criterion' parameter of LabelUncertainty"):
        LabelUncertainty("largest").utilities(pool)


def test_label_cardinality_is_the_distance_from_the_mean_number_of_labels():
    posterior = np.random.default_rng(0).random((12, 3))
    pool = Pool(np.ones((12, 1)), estimator=Fixed(posterior), target=MultiLabelTarget(list("abc")))
    pool.add_labels([10, 11], [{"a", "c"}, {"c"}])
    expected = [abs(sum(p > 0.5 for p in row) - 1.5) for row in posterior[:10].tolist()]
    np.testing.assert_allclose(LabelCardinality().utilities(pool), expected)


def test_the_usual_measure_of_sets_of_labels_is_the_mean_uncertainty():
    pool = pool_of_kind(LabelUncertainty(), samples("spread"), 4)
    for method in ("utilities", "utilities_everywhere"):
        found, expected = (getattr(one, method)(pool) for one in MEANS)
        np.testing.assert_array_equal(found, expected)


MEANS = (TargetUncertainty(), LabelUncertainty("mean"))
