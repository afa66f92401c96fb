"""The display draws the numbers of its table, and labels them."""

import math
import sys

import numpy as np
import pytest
from scipy import stats

from skactive.inspection import LabelingCurveDisplay
from skactive.model_selection import StrategyComparison, compare_strategies
from skactive.strategies import RandomSampling

matplotlib = pytest.importorskip("matplotlib")

from matplotlib.colors import to_hex, to_rgb  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

N_LABELS = np.array([10, 20, 30, 40])
CURVES = {
    "cdf-product": [[0.5, 0.86, 0.9, 0.94], [0.6, 0.84, 0.9, 0.92], [0.55, 0.85, 0.9, 0.93]],
    "margin": [[0.4, 0.6, 0.7, 0.8], [0.5, 0.6, 0.7, 0.7], [0.45, 0.6, 0.7, 0.75]],
    "random": [[0.3, 0.5, 0.8, 0.87], [0.3, 0.6, 0.8, 0.85], [0.3, 0.55, 0.8, 0.86]],
}


def comparison_of(*names, n_splits=3, curves=CURVES):
    scores = np.array([curves[name][:n_splits] for name in names])
    return StrategyComparison(names, N_LABELS, scores, np.full(n_splits, 0.94), "accuracy")


@pytest.fixture
def comparison():
    return comparison_of("cdf-product", "margin", "random")


@pytest.fixture
def ax():
    return Figure().subplots()


def marks(display):
    """Return the names of the horizontal lines in the legend."""
    texts = [text.get_text() for text in display.legend_.get_texts()]
    return texts[len(display.lines_) :]


def test_each_curve_is_the_mean_over_splits(comparison, ax):
    display = LabelingCurveDisplay.from_results(comparison, ax=ax)
    assert len(display.lines_) == len(display.bands_) == 3
    for line, mean in zip(display.lines_, comparison.mean_scores, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), N_LABELS)
        np.testing.assert_array_equal(line.get_ydata(), mean)


@pytest.mark.parametrize(
    ("band", "factor"), [("standard_error", 1.0), ("confidence", stats.t.ppf(0.975, 2))]
)
def test_the_table_gives_mean_and_band_of_each_point(comparison, band, factor):
    table = LabelingCurveDisplay(comparison, band=band).table()
    assert list(table) == ["strategy", "n_labels", "mean", "low", "high"]
    assert table["strategy"].tolist() == ["cdf-product"] * 4 + ["margin"] * 4 + ["random"] * 4
    assert table["n_labels"].tolist() == N_LABELS.tolist() * 3
    first_scores = [0.5, 0.6, 0.55]
    error = np.std(first_scores, ddof=1) / math.sqrt(3)
    assert table["mean"][0] == pytest.approx(0.55)
    assert table["low"][0] == pytest.approx(0.55 - factor * error)
    assert table["high"][0] == pytest.approx(0.55 + factor * error)


def test_the_confidence_band_is_that_of_scipy(comparison):
    table = LabelingCurveDisplay(comparison, band="confidence").table()
    scores = comparison.test_scores[1, :, 3]
    low, high = stats.t.interval(0.95, 2, loc=scores.mean(), scale=stats.sem(scores))
    assert (table["low"][7], table["high"][7]) == pytest.approx((low, high))


def test_the_bands_drawn_are_those_of_the_table(comparison, ax):
    display = LabelingCurveDisplay.from_results(comparison, ax=ax)
    table = display.table()
    for name, band in zip(comparison.names, display.bands_, strict=True):
        rows = table["strategy"] == name
        heights = band.get_paths()[0].vertices[:, 1]
        assert heights.min() == pytest.approx(table["low"][rows].min())
        assert heights.max() == pytest.approx(table["high"][rows].max())


def test_one_split_has_no_band_and_the_legend_mentions_it(ax):
    display = LabelingCurveDisplay.from_results(comparison_of("margin", n_splits=1), ax=ax)
    table = display.table()
    np.testing.assert_array_equal(table["low"], table["mean"])
    np.testing.assert_array_equal(table["high"], table["mean"])
    assert display.ax_.get_legend().get_title().get_text() == "one split, no band"


@pytest.mark.parametrize(
    ("band", "words"),
    [
        ("standard_error", "band: mean ± 1 standard error over 3 splits"),
        ("confidence", "band: 95 % interval over 3 splits"),
    ],
)
def test_the_legend_describes_the_band(comparison, ax, band, words):
    display = LabelingCurveDisplay.from_results(comparison, ax=ax, band=band)
    assert words in display.ax_.get_legend().get_title().get_text()


def test_the_legend_gives_the_label_savings(comparison, ax):
    display = LabelingCurveDisplay.from_results(comparison, ax=ax)
    savings = comparison.label_savings(0.9 * 0.94, baseline="random")[0]
    assert savings[0] == 2.0
    assert [line.get_label() for line in display.lines_] == [
        f"cdf-product: label savings 2.0× ({savings[1]:.1f} to {savings[2]:.1f})",
        "margin",
        "random",
    ]


def test_an_interval_that_is_not_known_is_left_out(ax):
    curves = CURVES | {"random": [[0.3, 0.5, 0.8, 0.9], [0.3, 0.6, 0.8, 0.9], [0.3, 0.5, 0.8, 0.8]]}
    comparison = comparison_of("cdf-product", "random", curves=curves)
    display = LabelingCurveDisplay.from_results(comparison, ax=ax)
    assert display.lines_[0].get_label() == "cdf-product: label savings 2.0×"


def test_without_a_baseline_there_are_no_savings(ax):
    display = LabelingCurveDisplay.from_results(comparison_of("cdf-product", "margin"), ax=ax)
    assert [line.get_label() for line in display.lines_] == ["cdf-product", "margin"]
    assert "savings" not in display.ax_.get_legend().get_title().get_text()
    assert marks(display) == ["with every label: 0.940"]


def test_lines_mark_the_score_with_every_label_and_that_of_the_savings(comparison, ax):
    display = LabelingCurveDisplay.from_results(comparison, ax=ax, fraction=0.8)
    assert list(display.full_score_line_.get_ydata()) == pytest.approx([0.94, 0.94])
    assert marks(display) == ["with every label: 0.940", "80 % of it: 0.752"]


@pytest.mark.parametrize("baseline", ["random", "margin"])
def test_the_baseline_alone_is_grey_and_dashed(comparison, ax, baseline):
    display = LabelingCurveDisplay.from_results(comparison, ax=ax, baseline=baseline)
    for name, line in zip(comparison.names, display.lines_, strict=True):
        is_grey = len(set(to_rgb(line.get_color()))) == 1
        assert (is_grey, line.get_linestyle() == "--") == (name == baseline,) * 2


def test_ten_strategies_differ_in_color_or_line_style(ax):
    names = tuple(f"strategy {number}" for number in range(10))
    scores = np.random.default_rng(0).random((10, 2, 4))
    comparison = StrategyComparison(names, N_LABELS, scores, np.ones(2), "accuracy")
    display = LabelingCurveDisplay.from_results(comparison, ax=ax)
    styles = {(to_hex(line.get_color()), line.get_linestyle()) for line in display.lines_}
    assert len(styles) == 10


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (("cdf-product", "margin", "random"), "cdf-product and margin against random, 3 splits"),
        (("cdf-product", "margin"), "cdf-product and margin, 3 splits"),
        (("margin", "random"), "margin against random, 3 splits"),
        (("random",), "random, 3 splits"),
        (("a", "b", "c", "random"), "3 strategies against random, 3 splits"),
    ],
)
def test_the_title_describes_the_comparison(ax, names, title):
    curves = CURVES | dict.fromkeys("abc", CURVES["margin"])
    display = LabelingCurveDisplay.from_results(comparison_of(*names, curves=curves), ax=ax)
    assert display.ax_.get_title(loc="left") == title


def test_axes_have_titles_and_the_title_can_be_chosen(comparison, ax):
    display = LabelingCurveDisplay.from_results(comparison, ax=ax, title="Fruits")
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_xlabel() == "number of labels"
    assert ax.get_ylabel() == "accuracy"
    assert ax.get_title(loc="left") == "Fruits"


def test_the_scoring_names_the_axis(ax):
    comparison = StrategyComparison(
        ("random",), N_LABELS, np.ones((1, 2, 4)), np.ones(2), "balanced_accuracy"
    )
    assert LabelingCurveDisplay(comparison).plot(ax).ax_.get_ylabel() == "balanced accuracy"


def test_without_axes_a_new_figure_is_made(comparison):
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    first, second = (LabelingCurveDisplay(comparison).plot() for _ in range(2))
    assert first.figure_ is not second.figure_
    plt.close(first.figure_)
    plt.close(second.figure_)


@pytest.mark.parametrize(
    ("parameter", "value", "sentence"),
    [
        ("band", "range", "must be one of ['confidence', 'standard_error']. Got 'range' instead."),
        ("fraction", 0, "must be a finite number above 0. Got 0 instead."),
    ],
)
def test_a_parameter_out_of_range_is_an_error(comparison, parameter, value, sentence):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        LabelingCurveDisplay(comparison, **{parameter: value})
    assert str(caught.value) == (f"The '{parameter}' parameter of LabelingCurveDisplay {sentence}")


def test_a_display_runs_the_loops_itself(ax):
    X = np.random.default_rng(0).normal(size=(40, 3))
    arguments = {"budget": 6, "cv": 2, "random_state": 0, "batch_size": 2}
    strategies = {"random": RandomSampling()}
    y = np.arange(40) % 2
    display = LabelingCurveDisplay.from_estimator(
        None, strategies, X, y, ax=ax, title="Noise", **arguments
    )
    expected = compare_strategies(None, strategies, X, y, **arguments)
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), expected.mean_scores[0])
    assert ax.get_title(loc="left") == "Noise"


def test_no_loop_runs_if_the_result_could_not_be_drawn(monkeypatch):
    monkeypatch.setattr(
        "skactive.inspection._labeling_curve.compare_strategies",
        lambda *_, **__: pytest.fail("a loop ran"),
    )
    with pytest.raises(ValueError, match="'band' parameter of LabelingCurveDisplay"):
        LabelingCurveDisplay.from_estimator(None, {}, [], [], band="wide")
    hide(monkeypatch, "matplotlib")
    with pytest.raises(ImportError, match="LabelingCurveDisplay needs matplotlib"):
        LabelingCurveDisplay.from_estimator(None, {}, [], [])


def test_one_strategy_is_drawn_too(ax):
    curve = StrategyComparison(
        ("CDFProduct",), N_LABELS, np.array([CURVES["margin"]]), np.ones(3), "accuracy"
    )
    display = LabelingCurveDisplay.from_results(curve, ax=ax)
    assert display.ax_.get_title(loc="left") == "CDFProduct, 3 splits"


def test_the_frame_is_the_table(comparison):
    pd = pytest.importorskip("pandas")
    display = LabelingCurveDisplay(comparison)
    pd.testing.assert_frame_equal(display.frame(), pd.DataFrame(display.table()))


def hide(monkeypatch, package):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)


def test_missing_matplotlib_raises_with_the_extra_to_install(comparison, monkeypatch):
    hide(monkeypatch, "matplotlib")
    display = LabelingCurveDisplay(comparison)
    assert len(display.table()["mean"]) == 12
    with pytest.raises(ImportError) as caught:
        display.plot()
    assert str(caught.value) == (
        "LabelingCurveDisplay needs matplotlib, which is not installed. Install it with: "
        "pip install 'skactive[plot]'"
    )
