"""The display of utilities draws the numbers of its table, and marks the sample asked about."""

import sys

import numpy as np
import pytest
from small_pools import samples

from skactive import ActiveLearner
from skactive.inspection import UtilityDisplay
from skactive.measures import Diversity, Entropy, InformationDensity, LeastConfidence, Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling

matplotlib = pytest.importorskip("matplotlib")

from matplotlib.figure import Figure  # noqa: E402


@pytest.fixture
def learner():
    estimator = IncrementalKNeighborsClassifier()
    asked = ActiveLearner(estimator, CDFProduct(), samples("spread", 30))
    return asked.teach(range(4), list("abab"))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    sys.modules["matplotlib.pyplot"].close("all") if "matplotlib.pyplot" in sys.modules else None


def texts(display):
    return [text.get_text() for ax in display.axes_ for text in ax.texts]


def test_each_curve_holds_the_values_and_factors_of_the_table(learner):
    display = UtilityDisplay.from_estimator(learner)
    table = display.table()
    names = ["uncertainty", "density", "diversity"]
    assert len(display.lines_) == len(display.marks_) == len(display.axes_) == 4
    for name, line in zip(names, display.lines_, strict=False):
        order = np.argsort(table[f"{name}_value"], kind="stable")
        np.testing.assert_array_equal(line.get_xdata(), table[f"{name}_value"][order])
        np.testing.assert_array_equal(line.get_ydata(), table[f"{name}_factor"][order])
    np.testing.assert_array_equal(display.lines_[3].get_xdata(), np.arange(1, 27))
    np.testing.assert_array_equal(display.lines_[3].get_ydata(), np.sort(table["utility"])[::-1])
    assert [ax.get_xlabel().split("\n")[0] for ax in display.axes_] == [*names, "rank"]


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


def test_without_an_index_the_query_is_marked(learner):
    display = UtilityDisplay.from_estimator(learner)
    assert [display.index] == learner.query().tolist()
    assert display.marks_[3].get_xdata() == [1]
    assert display.figure_.get_suptitle() == f"Sample {display.index} comes first of 26 candidates"


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
    assert texts(display) == [
        "the same for all\ncandidates: says nothing",
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
    assert display.axes_[0].get_ylabel() == "utility"


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
    assert display.axes_[0].get_title(loc="left").endswith("comes first of 26 candidates")


def test_an_array_of_axes_is_drawn_into(learner):
    axes = Figure().subplots(2, 2)
    display = UtilityDisplay.from_estimator(learner, ax=axes)
    assert display.axes_.tolist() == axes.ravel().tolist()


def test_axes_that_do_not_fit_are_refused(learner):
    with pytest.raises(ValueError, match=r"draws 4 panels here\. Got 3 Axes\. Hint: pass one Axes"):
        UtilityDisplay.from_estimator(learner, ax=Figure().subplots(3))
    loose = Figure().add_axes((0, 0, 1, 1))
    with pytest.raises(ValueError, match="lies in no grid that could be divided"):
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
    assert display.figure_.get_suptitle() == "Sample 11 is the only candidate left"


def test_samples_that_are_no_candidates_are_refused(learner):
    with pytest.raises(
        ValueError, match="Sample 0 of the pool is no longer a candidate: it is lab"
    ):
        UtilityDisplay.from_estimator(learner, 0)
    learner.skip(learner.candidates)
    with pytest.raises(ValueError, match="but 0 of the pool's 30 are left"):
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
