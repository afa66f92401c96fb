"""Tests between strategies, compared with scipy, plain loops and simulations."""

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from skactive.model_selection import StrategyComparison
from skactive.model_selection._paired_tests import corrected, holm


def comparison_of(heights, *, n_train=80, n_test=20):
    """Strategies with flat curves: the area is the score at any number of labels."""
    heights = np.asarray(heights, dtype=float)
    n_strategies, n_splits = heights.shape
    return StrategyComparison(
        names=tuple("abcdefghij"[:n_strategies]),
        n_labels=np.array([10, 20]),
        test_scores=np.repeat(heights[:, :, np.newaxis], 2, axis=2),
        full_scores=np.ones(n_splits),
        scoring="accuracy",
        n_train=np.full(n_splits, n_train),
        n_test=np.full(n_splits, n_test),
    )


def wobbling(n_strategies=4, n_splits=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0.7, 0.05, n_splits) + rng.normal(0, 0.03, (n_strategies, n_splits))


def plain_holm(p_values):
    """Reject from the smallest on; a corrected value is the lowest level that rejects."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    result, worst = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        worst = max(worst, (len(p_values) - rank) * p_values[place])
        result[place] = min(worst, 1.0)
    return result


def test_every_pair_is_tested_once_in_the_order_of_the_names():
    tests = comparison_of(wobbling(3)).paired_tests()
    assert list(zip(tests.first, tests.second, strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    areas = wobbling(3).mean(axis=1)
    expected = [areas[0] - areas[1], areas[0] - areas[2], areas[1] - areas[2]]
    np.testing.assert_allclose(tests.mean_difference, expected)


def test_with_a_baseline_the_others_are_tested_against_it():
    comparison = comparison_of(wobbling(4))
    tests = comparison.paired_tests(baseline="b")
    assert (tests.first, tests.second) == (("a", "c", "d"), ("b",) * 3)
    every = comparison.paired_tests()
    np.testing.assert_allclose(tests.mean_difference[1], -every.mean_difference[3])
    np.testing.assert_allclose(tests.p_value[1], every.p_value[3])


def test_without_shared_samples_the_corrected_t_is_that_of_scipy():
    heights = wobbling()
    tests = comparison_of(heights, n_test=0).paired_tests(baseline="a")
    for place, other in enumerate(heights[1:]):
        expected = stats.ttest_rel(other, heights[0])
        assert tests.statistic[place] == pytest.approx(expected.statistic)
        assert tests.p_value[place] == pytest.approx(expected.pvalue)


def test_the_corrected_t_is_the_formula_of_the_paper():
    first, second = wobbling(2, n_splits=5)
    [statistic] = comparison_of([first, second], n_train=90, n_test=10).paired_tests().statistic
    d = (first - second).tolist()
    mean = sum(d) / 5
    variance = sum((value - mean) ** 2 for value in d) / 4
    assert statistic == pytest.approx(mean / math.sqrt((1 / 5 + 10 / 90) * variance))


def test_wilcoxon_is_that_of_scipy():
    heights = wobbling()
    comparison = comparison_of(heights)
    tests = comparison.paired_tests(baseline="a", test="wilcoxon")
    for place, other in enumerate(heights[1:]):
        expected = stats.wilcoxon(other - heights[0])
        assert (tests.statistic[place], tests.p_value[place]) == pytest.approx(tuple(expected))


def test_wilcoxon_leaves_ties_out_without_a_warning():
    first = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.5])
    second = first + np.array([0.0, 0.1, 0.2, 0.1, 0.1, 0.0])
    [p_value] = comparison_of([first, second]).paired_tests(test="wilcoxon").p_value
    assert 0.05 < p_value < 0.2


@given(hnp.arrays(float, st.integers(1, 12), elements=st.floats(0, 1)))
def test_holm_is_the_step_down_procedure(p_values):
    np.testing.assert_allclose(holm(p_values), plain_holm(p_values.tolist()))


def test_holm_gives_known_values():
    found = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(found, [0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize("correction", ["holm", "benjamini_hochberg", None])
def test_the_correction_sees_the_known_values_alone(correction):
    p_value = np.array([0.01, np.nan, 0.04, 0.03])
    found = corrected(p_value, correction)
    expected = {
        "holm": [0.03, 0.06, 0.06],
        "benjamini_hochberg": [0.03, 0.04, 0.04],
        None: [0.01, 0.04, 0.03],
    }[correction]
    assert math.isnan(found[1])
    np.testing.assert_allclose(found[[0, 2, 3]], expected)


def test_significance_means_below_alpha_after_the_correction():
    comparison = comparison_of(wobbling(5, seed=3))
    for alpha in (0.01, 0.3, 0.9):
        tests = comparison.paired_tests(alpha=alpha, correction="benjamini_hochberg")
        np.testing.assert_array_equal(tests.significant, tests.corrected_p_value < alpha)
        assert (tests.corrected_p_value >= tests.p_value).all()


@pytest.mark.parametrize("test", ["corrected_t", "wilcoxon"])
def test_degenerate_differences_have_defined_answers(test):
    heights = np.array([[0.5, 0.6, 0.7], [0.5, 0.6, 0.7], [0.25, 0.35, 0.45]])
    tests = comparison_of(heights).paired_tests(test=test)
    assert (tests.statistic[0], tests.p_value[0]) == (0.0, 1.0)
    assert tests.p_value[1] == tests.p_value[2]
    assert tests.p_value[1] == pytest.approx({"corrected_t": 0, "wilcoxon": 0.25}[test], abs=1e-9)

    alone = comparison_of(heights[:, :1]).paired_tests(test=test)
    assert np.isnan(alone.p_value).all()
    assert np.isnan(alone.corrected_p_value).all()
    assert not alone.significant.any()
    assert alone.mean_difference[1] == pytest.approx(0.25)

    two = comparison_of(wobbling(2, n_splits=2)).paired_tests(test=test)
    assert 0 < two.p_value[0] <= 1


def test_the_same_difference_in_every_split_has_an_infinite_t():
    tests = comparison_of([[0.75, 0.5], [0.5, 0.25]]).paired_tests()
    assert (tests.statistic[0], tests.p_value[0]) == (math.inf, 0.0)


def test_rounding_is_no_difference():
    heights = np.array([0.1 + 0.2, 0.7 + 0.1, 0.6])
    tests = comparison_of([heights, heights * (1 + 1e-15)]).paired_tests()
    assert tests.p_value[0] == 1.0


def test_scores_at_a_number_of_labels_are_compared():
    comparison = comparison_of(wobbling(2))
    comparison.test_scores[1, :, 1] += 0.5
    early, late = (comparison.paired_tests(n_labels=n).mean_difference[0] for n in (10, 20))
    assert late == pytest.approx(early - 0.5)
    assert comparison.win_tie_loss(n_labels=20)[1, 0].tolist() == [8, 0, 0]


def test_where_nothing_differs_a_false_finding_is_as_rare_as_alpha():
    """Splits that share samples are correlated as Nadeau and Bengio assume."""
    rng = np.random.default_rng(0)
    n_trials, n_splits, rho = 1000, 10, 0.2  # n_test / n_train = rho / (1 - rho)
    found = {"corrected_t": 0, "wilcoxon": 0, "uncorrected": 0}
    for _ in range(n_trials):
        shared = rng.normal(size=(4, 1)) * math.sqrt(rho)
        heights = shared + rng.normal(size=(4, n_splits)) * math.sqrt(1 - rho)
        comparison = comparison_of(heights, n_train=80, n_test=20)
        found["corrected_t"] += comparison.paired_tests().significant.any()
        found["uncorrected"] += comparison.paired_tests(correction=None).significant.any()
    for _ in range(100):
        shared = rng.normal(size=(4, 1)) * math.sqrt(rho)
        heights = shared + rng.normal(size=(4, n_splits)) * math.sqrt(1 - rho)
        tests = comparison_of(heights).paired_tests(test="wilcoxon")
        found["wilcoxon"] += 10 * tests.significant.any()
    assert 0.03 < found["corrected_t"] / n_trials < 0.06
    assert found["uncorrected"] / n_trials > 0.12
    assert found["wilcoxon"] / n_trials > 0.12


heights_with_ties = hnp.arrays(
    float,
    st.tuples(st.integers(1, 5), st.integers(1, 6)),
    elements=st.integers(0, 4).map(lambda number: number / 4),
)


@given(heights_with_ties, st.sampled_from([0.0, 0.25, 0.4]))
def test_wins_of_one_are_losses_of_the_other(heights, tolerance):
    counts = comparison_of(heights).win_tie_loss(tolerance=tolerance)
    wins, ties, losses = np.moveaxis(counts, 2, 0)
    np.testing.assert_array_equal(wins.T, losses)
    np.testing.assert_array_equal(ties.T, ties)
    assert (counts.sum(axis=2) == heights.shape[1]).all()
    assert (np.diag(ties) == heights.shape[1]).all()
    for row, column in np.ndindex(wins.shape):
        pairs = zip(heights[row].tolist(), heights[column].tolist(), strict=True)
        assert wins[row, column] == sum(high - low > tolerance for high, low in pairs)


def test_cv_results_are_those_of_a_grid_search():
    scores = np.array([[[0.5, 0.7], [0.6, 0.9]], [[0.5, 0.8], [0.6, 0.9]], [[0.1, 0.95], [0.2, 1]]])
    comparison = StrategyComparison(
        ("a", "b", "c"), np.array([1, 2]), scores, np.ones(2), "accuracy"
    )
    results = comparison.cv_results
    assert list(results) == [
        "strategy",
        "n_labels",
        "split0_test_score",
        "split1_test_score",
        "mean_test_score",
        "std_test_score",
        "rank_test_score",
    ]
    assert results["strategy"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert results["n_labels"].tolist() == [1, 2, 1, 2, 1, 2]
    assert results["split1_test_score"].tolist() == [0.6, 0.9, 0.6, 0.9, 0.2, 1.0]
    np.testing.assert_allclose(results["mean_test_score"], [0.55, 0.8, 0.55, 0.85, 0.15, 0.975])
    np.testing.assert_allclose(results["std_test_score"], [0.05, 0.1, 0.05, 0.05, 0.05, 0.025])
    # At one label "a" and "b" share the first rank; at two labels "c" is first.
    assert results["rank_test_score"].tolist() == [1, 3, 1, 2, 3, 1]


def test_tables_become_frames():
    pd = pytest.importorskip("pandas")
    comparison = comparison_of(wobbling(3))
    pd.testing.assert_frame_equal(comparison.frame(), pd.DataFrame(comparison.table()))
    tests = comparison.paired_tests()
    assert list(tests.frame()) == list(tests.table())
    assert len(pd.DataFrame(comparison.cv_results)) == 3 * 2


def test_a_frame_without_pandas_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    comparison = comparison_of(wobbling(3))
    for table in (comparison, comparison.paired_tests()):
        with pytest.raises(ImportError, match=r"needs pandas.*skactive\[table\]"):
            table.frame()


def test_savings_have_the_interval_of_every_draw_there_is():
    """With four splits there are 256 draws, all enumerated; many draws come close to them."""
    rng = np.random.default_rng(4)
    n_labels = np.arange(1, 101)
    rise = 1 - np.exp(-n_labels / np.array([[[40.0]], [[22.0]]]))
    scores = rise + rng.normal(0, 0.04, (2, 4, 1))
    comparison = StrategyComparison(("random", "fast"), n_labels, scores, np.ones(4), "accuracy")
    ratios = []
    for draw in np.ndindex(4, 4, 4, 4):
        random, fast = scores[:, draw].mean(axis=1)
        ratios.append((np.argmax(random >= 0.6) + 1) / (np.argmax(fast >= 0.6) + 1))
    ends = np.quantile(ratios, [0.05, 0.95])
    found = comparison.label_savings(0.6, baseline="random", confidence=0.9, n_resamples=5000)
    np.testing.assert_allclose(found[1, 1:], ends, rtol=0.01)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"baseline": "fats"}, r"No strategy is named 'fats'. The names are \['a', 'b', 'c'\]"),
        ({"n_labels": 17}, "no point at 17 labels. Hint: the nearest is 20."),
        ({"test": "t"}, r"'test' parameter of StrategyComparison must be one of \['corrected_t', "),
        (
            {"correction": "bonferroni"},
            r"'correction' parameter .* one of \['benjamini_hochberg', ",
        ),
        ({"alpha": 1.0}, "'alpha' parameter must be above 0 and below 1. Got 1.0"),
        ({"alpha": 0.0}, "'alpha' parameter must be above 0 and below 1. Got 0.0"),
    ],
)
def test_a_comparison_that_cannot_be_tested_raises(parameters, message):
    with pytest.raises(ValueError, match=message):
        comparison_of(wobbling(3)).paired_tests(**parameters)


def test_one_strategy_cannot_be_tested():
    with pytest.raises(ValueError, match="'a' is the only strategy, but a test needs two"):
        comparison_of(wobbling(1)).paired_tests()


def test_without_the_sizes_of_the_splits_the_corrected_t_is_refused():
    comparison = StrategyComparison(
        ("a", "b"), np.array([1]), wobbling(2)[:, :, np.newaxis], np.ones(8), "accuracy"
    )
    with pytest.raises(ValueError, match=r"needs the sizes of the splits.*test='wilcoxon'"):
        comparison.paired_tests()
    assert comparison.paired_tests(test="wilcoxon").p_value.shape == (1,)


def test_a_tolerance_below_zero_is_refused():
    with pytest.raises(ValueError, match=r"'tolerance' parameter .* at least 0. Got -1"):
        comparison_of(wobbling(2)).win_tie_loss(tolerance=-1)
