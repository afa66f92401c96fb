"""The product of distribution functions: its arithmetic, and its nested parameters."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone
from strategies import utilities

from skactive._engine.quantile_bins import DistributionFactor
from skactive.measures import Diversity, Entropy, InformationDensity, Margin, Measure
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Batch, Pool
from skactive.strategies import CDFProduct


class Given(Measure):
    """A measure with a given value for each sample."""

    def __init__(self, numbers):
        self.numbers = numbers

    def utilities(self, pool):
        return np.asarray(self.numbers)[pool.candidates]


def pool_of(n_samples):
    return Pool(np.zeros((n_samples, 1)))


def product_of(*columns, weights=None):
    measures = [(f"m{place}", Given(column)) for place, column in enumerate(columns)]
    return CDFProduct(measures, weights).utilities(pool_of(len(columns[0])))


@st.composite
def columns_of_utilities(draw, n_columns=3):
    n_candidates = draw(st.integers(1, 12))
    column = hnp.arrays(np.float64, n_candidates, elements=st.integers(-4, 4).map(float))
    return [draw(column) for _ in range(n_columns)]


@given(utilities())
@settings(max_examples=100)
def test_a_factor_is_the_share_of_candidates_with_a_lower_utility(values):
    factors = DistributionFactor(values).all()
    if len(set(values.tolist())) == 1:
        np.testing.assert_array_equal(factors, np.ones(len(values)))
    else:
        shares = [sum(other < value for other in values) / len(values) for value in values]
        np.testing.assert_array_equal(factors, shares)


@given(utilities(), st.sampled_from([0.0, 0.3, 1.0, 2.0]))
@settings(max_examples=100)
def test_factors_are_monotone_and_between_zero_and_one(values, weight):
    factors = DistributionFactor(values, weight).all()
    assert ((factors >= 0) & (factors <= 1)).all()
    in_order = np.argsort(values, kind="stable")
    assert (np.diff(factors[in_order]) >= 0).all()
    same = np.diff(values[in_order]) == 0
    assert (np.diff(factors[in_order])[same] == 0).all()


RESCALINGS = [lambda v: 3 * v - 7, np.exp, np.arctan, lambda v: v**3, lambda v: np.exp(v) * 1e200]


@given(columns_of_utilities(), st.lists(st.sampled_from(RESCALINGS), min_size=3, max_size=3))
@settings(max_examples=100)
def test_no_strictly_increasing_rescaling_of_a_measure_changes_the_product(columns, rescalings):
    rescaled = [rescale(column) for rescale, column in zip(rescalings, columns, strict=True)]
    np.testing.assert_array_equal(product_of(*rescaled), product_of(*columns))


@given(columns_of_utilities(), st.permutations(range(3)))
@settings(max_examples=100)
def test_the_order_of_the_measures_does_not_matter(columns, order):
    reordered = product_of(*[columns[place] for place in order])
    np.testing.assert_allclose(reordered, product_of(*columns), rtol=1e-15)


@given(columns_of_utilities(), st.integers(-4, 4))
@settings(max_examples=50)
def test_a_constant_measure_is_neutral(columns, constant):
    with_constant = [*columns, np.full(len(columns[0]), float(constant))]
    np.testing.assert_array_equal(product_of(*with_constant), product_of(*columns))


@given(columns_of_utilities(), st.permutations(range(12)))
@settings(max_examples=50)
def test_the_product_follows_permuted_candidates(columns, order):
    order = [place for place in order if place < len(columns[0])]
    permuted = product_of(*[column[order] for column in columns])
    np.testing.assert_array_equal(permuted, product_of(*columns)[order])


@given(columns_of_utilities(), st.lists(st.floats(0, 3), min_size=3, max_size=3))
@settings(max_examples=50)
def test_the_product_is_that_of_powers_of_the_factors(columns, exponents):
    weights = {f"m{place}": exponent for place, exponent in enumerate(exponents)}
    expected = np.ones(len(columns[0]))
    for column, exponent in zip(columns, exponents, strict=True):
        expected *= DistributionFactor(column).all() ** exponent
    np.testing.assert_allclose(product_of(*columns, weights=weights), expected, atol=1e-12)


@given(utilities(), st.sampled_from([0.0, 0.3, 1.0, 2.0]))
@settings(max_examples=100)
def test_some_factors_are_those_of_all_and_no_factor_exceeds_its_bound(values, weight):
    factor = DistributionFactor(values, weight)
    places = np.arange(len(values))[::-2]
    np.testing.assert_array_equal(factor.at(places), factor.all()[places])
    least, highest = (bound[factor.bins.of] for bound in factor.bounds())
    assert (highest >= factor.all() - 1e-15).all()
    assert (highest <= 1).all()
    assert (least <= factor.all() + 1e-15).all()


@pytest.mark.parametrize(
    "values",
    [
        np.r_[np.full(9000, 0.5), np.linspace(0, 1, 3000)],
        np.r_[np.linspace(0, 1, 12_000), 1e300],
        np.r_[-1e308, np.linspace(0, 1, 12_000), 1e308],
        np.r_[np.zeros(12_000), 5e-324],
        np.exp(np.linspace(-700, 700, 12_000)),
    ],
)
def test_ties_and_outliers_keep_the_bounds_above_the_factors(values):
    factor = DistributionFactor(values)
    least, highest = (bound[factor.bins.of] for bound in factor.bounds())
    assert ((least <= factor.all()) & (factor.all() <= highest)).all()
    np.testing.assert_array_equal(factor.at(np.arange(len(values))), factor.all())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weights", [None, {"density": 2.5}, {"uncertainty": 0.0}])
@pytest.mark.parametrize("random_state", [None, 0])
def test_a_query_finds_the_largest_product_without_ranking_every_candidate(
    seed, weights, random_state
):
    rng = np.random.default_rng(seed)
    # Small integers, so that several candidates share the largest product.
    X = rng.integers(1, 6, size=(3 * 4096, 2)).astype(float)
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier())
    pool.add_labels(np.arange(9), rng.permutation(np.arange(9) % 3))
    strategy = CDFProduct(weights=weights, random_state=random_state)
    ranked = strategy.utilities(pool)
    best = pool.candidates[ranked == ranked.max()]
    indices, values = strategy.select(pool)
    assert indices[0] in best
    assert values[0] == ranked.max()
    assert random_state is not None or indices[0] == best[0]


def test_utilities_and_factors_overridden_by_a_subclass_are_used():
    class Reversed(CDFProduct):
        def utilities(self, pool):
            return -super().utilities(pool)

    class Inverted(CDFProduct):
        def factors(self, pool):
            return {name: 1 - factor for name, factor in super().factors(pool).items()}

    pool = Pool(np.random.default_rng(0).normal(size=(20_000, 2)))
    for strategy in (Reversed(), Inverted()):
        assert strategy.select(pool)[1][0] == strategy.utilities(pool).max()
        assert strategy.select(pool)[0] != CDFProduct().select(pool)[0]


def test_factors_explain_why_a_candidate_is_selected():
    X = np.random.default_rng(0).normal(size=(15, 3))
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels([0, 1, 2], list("aba"))
    strategy = CDFProduct(weights={"density": 0.5})
    for view in (pool, Batch(pool).pick(7)):
        factors = strategy.factors(view)
        assert list(factors) == ["uncertainty", "density", "diversity"]
        measures = {
            "uncertainty": Margin(),
            "density": InformationDensity(),
            "diversity": Diversity(),
        }
        for name, measure in measures.items():
            weight = 0.5 if name == "density" else 1.0
            expected = DistributionFactor(measure.utilities(view), weight).all()
            np.testing.assert_array_equal(factors[name], expected)
        product = np.prod(list(factors.values()), axis=0)
        np.testing.assert_allclose(strategy.utilities(view), product)


def test_a_query_without_any_label_goes_by_density_alone():
    X = np.random.default_rng(0).normal(size=(15, 3))
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier())
    density = InformationDensity().utilities(pool)
    assert CDFProduct().select(pool)[0].tolist() == [density.argmax()]


def test_the_first_selected_sample_counts_as_labelled_for_the_second():
    X = np.random.default_rng(0).normal(size=(15, 3))
    pool = Pool(X).add_labels([0], ["a"])
    strategy = CDFProduct([("diversity", Diversity("euclidean", aggregate="min"))])
    indices, _ = strategy.select(pool, 4)
    counted = [0]
    for index in indices:
        distances = np.linalg.norm(X[:, np.newaxis] - X[counted], axis=2).min(axis=1)
        assert index == distances.argmax()
        counted.append(index)


def test_parameter_measures_of_cdf_product():
    numbers = [3.0, 1.0, 2.0, 0.0]
    strategy = CDFProduct([("given", Given(numbers))])
    np.testing.assert_array_equal(strategy.utilities(pool_of(4)), [0.75, 0.25, 0.5, 0.0])
    np.testing.assert_array_equal(strategy.select(pool_of(4), 4)[0], [0, 2, 1, 3])


def test_parameter_weights_of_cdf_product():
    numbers, others = [3.0, 1.0, 2.0, 0.0], [0.0, 1.0, 2.0, 3.0]
    measures = [("m", Given(numbers)), ("other", Given(others))]
    squared = CDFProduct(measures, {"m": 2, "other": 0}).utilities(pool_of(4))
    np.testing.assert_allclose(squared, np.square([0.75, 0.25, 0.5, 0.0]))
    both = CDFProduct(measures, {"m": 1.0}).utilities(pool_of(4))
    np.testing.assert_array_equal(both, CDFProduct(measures).utilities(pool_of(4)))


def test_parameter_random_state_of_cdf_product():
    drawn = {CDFProduct(random_state=seed).select(pool_of(30))[0][0] for seed in range(8)}
    assert len(drawn) > 4
    assert CDFProduct().select(pool_of(30))[0].tolist() == [0]


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (
            {"densty": 1.0},
            ValueError,
            "names 'densty', which is not one of its measures: ['uncertainty', 'density', 'divers",
        ),
        ({"density": -0.5}, ValueError, "must be a finite number of at least 0. Got -0.5 instead."),
        (
            {"density": np.nan},
            ValueError,
            "must be a finite number of at least 0. Got nan instead.",
        ),
        (
            {"density": None},
            TypeError,
            "The \"weights['density']\" parameter of CDFProduct must be",
        ),
    ],
)
def test_bad_weights_are_named(weights, error, message):
    with pytest.raises(error, match=re.escape(message)):
        CDFProduct(weights=weights).select(pool_of(3))


@pytest.mark.parametrize(
    ("measures", "message"),
    [
        ([], "CDFProduct needs measures with different names. Got []."),
        ([("m", Margin()), ("m", Entropy())], "different names. Got ['m', 'm']."),
        ([("weights", Margin())], "A measure of CDFProduct cannot be named 'weights'"),
        ([("random_state", Margin())], "A measure of CDFProduct cannot be named 'random_state'"),
        ([("a__b", Margin())], "A measure of CDFProduct cannot be named 'a__b'"),
    ],
)
def test_bad_names_of_measures_are_refused(measures, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        CDFProduct(measures).select(pool_of(3))


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([0.0, np.nan, 1.0], "The measure 'm' gave sample 1 of the pool the utility nan, which is"),
        ([np.inf, 0.0, 1.0], "The measure 'm' gave sample 0 of the pool the utility inf, which is"),
        ([[0.0], [1.0], [2.0]], "The measure 'm' must return one number per candidate, shape (3,)"),
    ],
)
def test_a_measure_that_gives_no_numbers_is_named(numbers, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        CDFProduct([("m", Given(numbers))]).select(pool_of(3))


@pytest.mark.parametrize(
    "measures", [None, [("density", InformationDensity()), ("m", Diversity())]]
)
def test_parameters_of_measures_are_reached_by_name(measures):
    strategy = CDFProduct(measures)
    assert strategy.get_params()["density__metric"] is None
    assert strategy.set_params(density__metric="euclidean") is strategy
    assert strategy.get_params()["density__metric"] == "euclidean"
    pool = Pool(np.random.default_rng(0).normal(size=(9, 2)))
    expected = DistributionFactor(InformationDensity("euclidean").utilities(pool)).all()
    np.testing.assert_array_equal(strategy.factors(pool)["density"], expected)
    for copy in (clone(strategy), CDFProduct().set_params(**strategy.get_params())):
        assert copy.get_params()["density__metric"] == "euclidean"


def test_a_measure_is_replaced_by_name():
    strategy = CDFProduct().set_params(uncertainty=Entropy(), diversity__aggregate="min")
    names = [name for name, _ in strategy.measures]
    assert names == ["uncertainty", "density", "diversity"]
    assert isinstance(strategy.get_params()["uncertainty"], Entropy)
    assert strategy.get_params()["diversity__aggregate"] == "min"
    strategy.set_params(diversity=Diversity("euclidean"), diversity__aggregate="min")
    assert strategy.get_params()["diversity__metric"] == "euclidean"
    assert strategy.get_params()["diversity__aggregate"] == "min"


def test_measures_and_their_parameters_are_set_in_one_call():
    strategy = CDFProduct().set_params(
        far__metric="euclidean", measures=[("far", Diversity())], weights={"far": 2.0}
    )
    assert strategy.get_params()["far__metric"] == "euclidean"
    assert strategy.select(pool_of(2))[0].tolist() == [0]


def test_two_strategies_with_default_measures_share_none():
    first, second = CDFProduct(), CDFProduct()
    first.set_params(density__metric="euclidean")
    assert second.measures is None
    assert second.get_params()["density__metric"] is None
    assert clone(first).measures is not first.measures


def test_a_clone_does_not_follow_its_original():
    original = CDFProduct([("density", InformationDensity())], {"density": 2.0}, random_state=3)
    copy = clone(original)
    original.set_params(density__metric="euclidean", weights={"density": 1.0}, random_state=4)
    parameters = copy.get_params()
    assert parameters["density__metric"] is None
    assert parameters["weights"] == {"density": 2.0}
    assert parameters["random_state"] == 3


def test_the_default_stays_none_until_a_measure_is_changed():
    assert CDFProduct().set_params(weights={"density": 2.0}, random_state=1).measures is None
    assert CDFProduct().get_params(deep=False) == {
        "measures": None,
        "weights": None,
        "random_state": None,
    }


@pytest.mark.parametrize("name", ["densty", "densty__metric", "weights__typo"])
def test_an_unknown_parameter_is_refused_by_name(name):
    message = (
        f"Invalid parameter '{name}' for CDFProduct. Its own parameters are ['measures', "
        "'random_state', 'weights'] and its measures ['density', 'diversity', 'uncertainty']."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        CDFProduct().set_params(**{name: 1})
    with pytest.raises(ValueError, match="Invalid parameter 'angle' for estimator"):
        CDFProduct().set_params(density__angle=1)
