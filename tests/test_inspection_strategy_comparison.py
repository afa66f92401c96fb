"""The display of a comparison shows pairwise differences and their significance."""

import sys

import numpy as np
import pytest

from skactive.inspection import StrategyComparisonDisplay
from skactive.model_selection import StrategyComparison

matplotlib = pytest.importorskip("matplotlib")

from matplotlib.figure import Figure  # noqa: E402

NAMES = ("random", "margin", "cdf-product")


def comparison_of(names=NAMES, n_splits=6, gap=0.1, seed=0):
    rng = np.random.default_rng(seed)
    heights = 0.5 + gap * np.arange(len(names))[:, np.newaxis, np.newaxis]
    scores = heights + rng.normal(0, 0.01, (len(names), n_splits, 3))
    sizes = {"n_train": np.full(n_splits, 90), "n_test": np.full(n_splits, 10)}
    n_labels = np.array([10, 20, 30])
    return StrategyComparison(names, n_labels, scores, np.ones(n_splits), "f1_macro", **sizes)


@pytest.fixture
def ax():
    return Figure().subplots()


def test_the_best_strategy_comes_first(ax):
    display = StrategyComparisonDisplay.from_results(comparison_of(), ax=ax)
    assert display.names == ("cdf-product", "margin", "random")
    assert [label.get_text() for label in ax.get_yticklabels()] == list(display.names)
    assert [label.get_text() for label in ax.get_xticklabels()] == list(display.names)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_the_table_contains_the_paired_tests_and_the_counts():
    comparison = comparison_of(gap=0.004)
    table = StrategyComparisonDisplay(comparison, tolerance=0.003).table()
    tests, counts = comparison.paired_tests(), comparison.win_tie_loss(tolerance=0.003)
    assert len(table["strategy"]) == 6
    names = list(comparison.names)
    for row in range(6):
        first, second = table["strategy"][row], table["against"][row]
        pairs = list(zip(tests.first, tests.second, strict=True))
        turned = (first, second) not in pairs
        pair = pairs.index((second, first) if turned else (first, second))
        sign = -1 if turned else 1
        assert table["mean_difference"][row] == sign * tests.mean_difference[pair]
        assert table["p_value"][row] == tests.p_value[pair]
        assert table["corrected_p_value"][row] == tests.corrected_p_value[pair]
        assert table["significant"][row] == tests.significant[pair]
        outcome = [table[key][row] for key in ("wins", "ties", "losses")]
        assert outcome == counts[names.index(first), names.index(second)].tolist()


def test_a_cell_has_the_difference_and_the_splits_and_an_asterisk_if_significant(ax):
    display = StrategyComparisonDisplay.from_results(comparison_of(), ax=ax)
    cells = [[text.get_text() for text in row] for row in display.texts_]
    differences = display.table()["mean_difference"]
    assert cells[0][1] == f"{differences[0]:+.3f}*\n6/0/0"
    assert cells[2][0] == f"−{-differences[4]:.3f}*\n0/0/6"
    assert cells[0][0] == f"{comparison_of().area_under_curve()[2].mean():.3f}"
    assert ax.get_title(loc="left") == "cdf-product is ahead, significantly of 2 of 2 others"
    assert "* p < 0.05 over 6 splits, corrected resampled t-test, Holm" in ax.get_xlabel()


def test_differences_that_are_not_significant_have_no_asterisk(ax):
    comparison = comparison_of(("a", "b"), gap=0.0)
    display = StrategyComparisonDisplay.from_results(comparison, ax=ax, test="wilcoxon")
    assert "*" not in display.texts_[0, 1].get_text()
    assert ax.get_title(loc="left").endswith(", not significantly")
    assert "Wilcoxon" in ax.get_xlabel()


def test_colors_are_centred_at_no_difference(ax):
    display = StrategyComparisonDisplay.from_results(comparison_of(), ax=ax)
    norm = display.image_.norm
    assert norm.vmin == -norm.vmax
    assert norm.vmax == pytest.approx(display.table()["mean_difference"].max())
    np.testing.assert_allclose(display.image_.cmap(norm(0.0)), 1, atol=0.01)


@pytest.mark.parametrize("n_strategies", [2, 10])
def test_strategies_that_are_equal_are_drawn(n_strategies):
    names = tuple(f"strategy {number}" for number in range(n_strategies))
    comparison = comparison_of(names, gap=0.0)
    comparison.test_scores[:] = 0.5
    matplotlib.use("agg")
    display = StrategyComparisonDisplay.from_results(comparison)
    assert display.texts_[0, 1].get_text() == "+0.000\n0/6/0"
    assert not display.table()["significant"].any()
    display.figure_.canvas.draw()
    matplotlib.pyplot.close(display.figure_)


def test_with_one_split_significance_is_unknown(ax):
    display = StrategyComparisonDisplay.from_results(comparison_of(n_splits=1), ax=ax)
    assert "One split: significance is not known." in ax.get_xlabel()
    assert not display.table()["significant"].any()


def test_scores_at_a_number_of_labels_are_drawn(ax):
    comparison = comparison_of()
    comparison.test_scores[0, :, 1] += 1.0
    display = StrategyComparisonDisplay.from_results(comparison, ax=ax, n_labels=20, title="At 20")
    assert display.names[0] == "random"
    assert ax.get_title(loc="left") == "At 20"
    assert "mean score at 20 labels" in ax.get_xlabel()


def test_one_strategy_cannot_be_drawn():
    with pytest.raises(ValueError, match="'random' is the only strategy, but a test needs two"):
        StrategyComparisonDisplay(comparison_of(("random",)))


def test_the_frame_is_the_table():
    pd = pytest.importorskip("pandas")
    display = StrategyComparisonDisplay(comparison_of())
    pd.testing.assert_frame_equal(display.frame(), pd.DataFrame(display.table()))


def test_missing_matplotlib_raises_with_the_extra_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    display = StrategyComparisonDisplay(comparison_of())
    assert len(display.table()["wins"]) == 6
    with pytest.raises(ImportError, match=r"StrategyComparisonDisplay needs matplotlib.*\[plot\]"):
        display.plot()
