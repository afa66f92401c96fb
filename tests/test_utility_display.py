"""The display of utilities draws the numbers of its table, and marks the selected sample."""

import sys

import numpy as np
import pytest
from drawn_utilities import assert_drawn_inside
from small_pools import samples
from strategies_under_contract import every_strategy

from skactive import ActiveLearner
from skactive.inspection import UtilityDisplay
from skactive.measures import Diversity, Entropy, InformationDensity, LeastConfidence, Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import (
    CDFProduct,
    DensityWeightedUncertainty,
    QueryStrategy,
    RandomSampling,
    UncertaintyHerding,
    UncertaintySampling,
    UtilityComponent,
)

matplotlib = pytest.importorskip("matplotlib")

from matplotlib.figure import Figure  # noqa: E402


@pytest.fixture
def learner():
    estimator = IncrementalKNeighborsClassifier()
    queried = ActiveLearner(estimator, CDFProduct(), samples("spread", 30))
    return queried.teach(range(4), list("abab"))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    sys.modules["matplotlib.pyplot"].close("all") if "matplotlib.pyplot" in sys.modules else None


def remarks(display):
    """Return the lines below the name and the numbers of each panel."""
    return [line for ax in display.axes_ for line in ax.get_xlabel().splitlines()[2:]]


@every_strategy
def test_all_candidates_of_every_strategy_lie_inside_the_axes(strategy):
    labels = list("ab" * 30)
    learner = ActiveLearner(strategy=strategy, X_pool=samples("spread", 60))
    for known, n_labeled in [(0, 0), (0, 1), (1, 4), (4, 59)]:
        learner.teach(range(known, n_labeled), labels[known:n_labeled])
        assert_drawn_inside(UtilityDisplay.from_estimator(learner))
        if n_labeled == 4:
            assert_drawn_inside(UtilityDisplay.from_estimator(learner, 55))
    learner = ActiveLearner(strategy=strategy, X_pool=samples("constant", 30))
    assert_drawn_inside(UtilityDisplay.from_estimator(learner.teach([0, 1], ["a", "b"])))


def test_each_row_of_the_table_has_factors_whose_product_is_the_utility(learner):
    table = UtilityDisplay.from_estimator(learner).table()
    assert list(table) == [
        "index",
        *[
            f"{name}_{what}"
            for name in ("uncertainty", "density", "diversity")
            for what in ("value", "factor")
        ],
        "utility",
    ]
    np.testing.assert_array_equal(table["index"], learner.candidates)
    np.testing.assert_array_equal(table["utility"], learner.strategy.utilities(learner.pool))
    product = table["uncertainty_factor"] * table["density_factor"] * table["diversity_factor"]
    np.testing.assert_allclose(table["utility"], product)


def test_factors_beyond_one_are_drawn_from_zero(learner):
    learner.strategy = DensityWeightedUncertainty(density=Scaled(40.0))
    display = UtilityDisplay.from_estimator(learner)
    low, high = display.axes_[1].get_ylim()
    assert display.terms["density"].factors.max() > 1
    assert low < 0 < display.terms["density"].factors.max() < high


def styles(display):
    return [line.get_linestyle() for line in display.lines_[:-1]]


def test_a_factor_that_is_no_function_of_the_value_is_drawn_as_points(learner):
    learner.strategy = UncertaintyHerding()
    display = UtilityDisplay.from_estimator(learner)
    assert list(display.terms) == ["coverage", "uncertainty"]
    assert styles(display) == ["-", "None"]
    assert [line.get_marker() for line in display.lines_] == ["None", "o", "None"]
    learner.strategy = CDFProduct()
    assert styles(UtilityDisplay.from_estimator(learner)) == ["-", "-", "-"]


@pytest.mark.parametrize(
    ("factors", "style"),
    [
        (np.arange(30.0), "-"),
        (-np.arange(30.0), "-"),
        (np.repeat(1.0, 30), "-"),
        (np.arange(30.0) + 1e-12 * (-1.0) ** np.arange(30), "-"),
        (np.abs(np.arange(30.0) - 4), "None"),
    ],
)
@pytest.mark.parametrize("n_equal", [1, 2])
def test_a_line_needs_a_monotone_function(factors, style, n_equal):
    values = np.arange(30) // n_equal
    if n_equal == 2 and np.ptp(factors) > 0:
        style = "None"  # equal values, different factors
    columns = {"up": factors, "down": -factors}
    terms = {name: UtilityComponent(None, values, column) for name, column in columns.items()}
    display = UtilityDisplay(terms, np.arange(30), 3).plot()
    assert styles(display) == [style, style]


def test_few_candidates_are_drawn_as_points(learner):
    learner.teach(range(4, 10), list("ababab"))
    assert styles(UtilityDisplay.from_estimator(learner)) == ["-", "-", "-"]
    learner.teach([10], ["a"])
    assert styles(UtilityDisplay.from_estimator(learner)) == ["None", "None", "None"]


def test_undefined_distances_are_drawn_beside_the_defined_ones():
    X = np.random.default_rng(0).normal(size=(40, 3))
    X[[7, 30]] = [[1.0], [2.0]]
    strategy = CDFProduct([("far", Diversity("correlation", aggregate="min"))])
    learner = ActiveLearner(None, strategy, X).teach([0, 1], ["a", "b"])
    display = UtilityDisplay.from_estimator(learner, 12)
    assert_drawn_inside(display)
    labels = [label.get_text() for label in display.axes_[0].get_xticklabels()]
    assert labels[-1] == "undefined"
    to_axes = display.axes_[0].transData + display.axes_[0].transAxes.inverted()
    x = to_axes.transform(display.lines_[0].get_xydata())[:, 0]
    assert np.ptp(x[:-2]) > 0.3
    assert (x[-2:] > x[-3] + 0.3).all()
    undefined = UtilityDisplay.from_estimator(learner, 7)
    assert "value undefined, factor" in undefined.axes_[0].get_xlabel()


class Scaled(InformationDensity):
    """A density in other units."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = scale

    def utilities(self, pool):
        return self.scale * super().utilities(pool)


class Signed(QueryStrategy):
    """A strategy with negative factors."""

    def utilities(self, pool):
        return self.terms(pool)["sign"].factors

    def terms(self, pool):
        values = np.linspace(-1, 1, pool.n_candidates)
        return {"sign": UtilityComponent(self, values, -3 * values)}


def test_negative_factors_lie_inside_the_axes(learner):
    learner.strategy = Signed()
    assert_drawn_inside(UtilityDisplay.from_estimator(learner, 29))


def test_a_utility_of_minus_zero_has_no_sign():
    term = UtilityComponent(None, -np.zeros(3), -np.zeros(3))
    display = UtilityDisplay({"a": term}, np.arange(3), 1)
    assert display.plot().axes_[-1].get_xlabel().startswith("rank\nrank 1, utility 0\n")
    assert remarks(display)[-1] == "same utility for all candidates"


def test_without_an_index_the_query_is_marked(learner):
    display = UtilityDisplay.from_estimator(learner)
    assert [display.index] == learner.query().tolist()
    assert display.marks_[3].get_xdata() == [1]
    assert (
        display.figure_.get_suptitle()
        == f"Sample {display.index} comes first of 26 unlabelled samples"
    )


def test_the_marks_are_the_numbers_of_the_explanation(learner):
    explanation = learner.explain_query(9)
    display = UtilityDisplay.from_estimator(learner, 9, title="nine")
    for mark, value, factor in zip(
        display.marks_, explanation.values, explanation.factors, strict=False
    ):
        assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (value, factor)
    assert display.marks_[3].get_xdata() == [explanation.rank]
    assert display.marks_[3].get_ydata() == [explanation.utility]
    assert display.figure_.get_suptitle() == "nine"


def test_drawing_changes_nothing(learner):
    before = learner.query(5)
    UtilityDisplay.from_estimator(learner, 9)
    np.testing.assert_array_equal(learner.query(5), before)


def test_panels_mark_constant_and_weighted_components():
    strategy = CDFProduct(weights={"density": 2.0, "diversity": 0.0})
    display = UtilityDisplay.from_estimator(ActiveLearner(None, strategy, samples("spread")))
    assert remarks(display) == [
        "same value for all: no effect",
        "weight 2",
        "left out: weight 0",
    ]


@pytest.mark.parametrize(
    ("strategy", "utilities"),
    [(UncertaintySampling(), None), (RandomSampling(random_state=0), 1.0)],
)
def test_a_strategy_without_factors_of_its_own_has_one_panel(learner, strategy, utilities):
    learner.strategy = strategy
    display = UtilityDisplay.from_estimator(learner)
    expected = strategy.utilities(learner.pool) if utilities is None else np.ones(26)
    [line] = display.lines_
    np.testing.assert_array_equal(line.get_ydata(), np.sort(expected)[::-1])
    label = "utility" if utilities else "utility: uncertainty"
    assert display.axes_[0].get_ylabel() == label


def test_many_measures_go_on_in_a_second_row(learner):
    measures = [Margin(), Entropy(), LeastConfidence(), InformationDensity(), Diversity()]
    learner.strategy = CDFProduct([(f"m{n}", measure) for n, measure in enumerate(measures)])
    display = UtilityDisplay.from_estimator(learner)
    rows = [ax.get_subplotspec().rowspan.start for ax in display.axes_]
    assert rows == [0, 0, 0, 1, 1, 1]


def test_one_axes_gives_its_place_to_the_panels(learner):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    display = UtilityDisplay.from_estimator(learner, ax=right)
    assert display.figure_ is figure
    assert not right.axison
    assert left.axison
    assert set(figure.axes) == {left, right, *display.axes_}
    assert display.axes_[0].get_title(loc="left").endswith("comes first of 26 unlabelled samples")


def test_an_array_of_axes_is_drawn_into(learner):
    axes = Figure().subplots(2, 2)
    display = UtilityDisplay.from_estimator(learner, ax=axes)
    assert display.axes_.tolist() == axes.ravel().tolist()


def test_axes_that_do_not_fit_are_refused(learner):
    with pytest.raises(ValueError, match=r"draws 4 panels here\. Got 3 Axes\. Hint: pass one Axes"):
        UtilityDisplay.from_estimator(learner, ax=Figure().subplots(3))
    loose = Figure().add_axes((0, 0, 1, 1))
    with pytest.raises(ValueError, match="is not part of a grid"):
        UtilityDisplay.from_estimator(learner, ax=loose)


def test_ids_name_the_sample_and_long_ones_go_on_in_the_next_line():
    names = [f"photos/{'x' * 150} {number}" for number in range(12)]
    learner = ActiveLearner(X_pool=samples("spread"), ids=names)
    title = UtilityDisplay.from_estimator(learner, 7).figure_.get_suptitle()
    assert names[7] in title.replace("\n", " ").replace("x x", "xx")
    assert "\n" in title


def test_one_candidate_is_drawn():
    learner = ActiveLearner(X_pool=samples("spread")).teach(range(11), list("ab" * 5 + "a"))
    display = UtilityDisplay.from_estimator(learner)
    assert display.figure_.get_suptitle() == "Sample 11 is the only unlabelled sample left"


def test_samples_that_are_no_candidates_are_refused(learner):
    with pytest.raises(
        ValueError, match="Sample 0 of the pool is no longer a candidate: it is lab"
    ):
        UtilityDisplay.from_estimator(learner, 0)
    learner.skip(learner.candidates)
    with pytest.raises(ValueError, match="no sample is left to label"):
        UtilityDisplay.from_estimator(learner)


def test_a_frame_is_the_table(learner):
    pandas = pytest.importorskip("pandas")
    display = UtilityDisplay.from_estimator(learner)
    pandas.testing.assert_frame_equal(display.frame(), pandas.DataFrame(display.table()))


@pytest.mark.parametrize(
    ("module", "extra", "call"),
    [
        ("matplotlib.pyplot", "plot", UtilityDisplay.from_estimator),
        ("pandas", "table", lambda learner: UtilityDisplay({}, learner.candidates, 4).frame()),
    ],
)
def test_a_missing_package_is_an_error_that_names_the_extra(
    learner, monkeypatch, module, extra, call
):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"UtilityDisplay needs .*skactive\\[{extra}\\]"):
        call(learner)
