"""StrategyComparison against plain loops."""

import math

import numpy as np
import pytest

from skactive.model_selection import StrategyComparison


def wobbling_curves(n_splits=6, seed=0):
    rng = np.random.default_rng(seed)
    n_labels = np.array([5, 10, 20, 40, 45])
    heights = np.array([[0.5, 0.6, 0.7, 0.8, 0.85], [0.6, 0.75, 0.8, 0.9, 0.92], [0.2] * 5])
    scores = heights[:, np.newaxis] + rng.normal(scale=0.08, size=(3, n_splits, 5))
    return StrategyComparison(
        names=("random", "fast", "lost"),
        n_labels=n_labels,
        test_scores=scores,
        full_scores=np.full(n_splits, 0.95),
        scoring="accuracy",
    )


def plain_labels_to_score(comparison, splits, score):
    needed = []
    for curves in comparison.test_scores.tolist():
        found = math.nan
        for point, n_labels in enumerate(comparison.n_labels.tolist()):
            mean = sum(curves[split][point] for split in splits) / len(splits)
            if mean >= score:
                found = n_labels
                break
        needed.append(found)
    return needed


@pytest.mark.parametrize("score", [0.0, 0.55, 0.62, 0.7, 0.79, 0.85, 0.99])
def test_labels_to_score_are_where_the_mean_curve_first_is_that_high(score):
    comparison = wobbling_curves()
    np.testing.assert_array_equal(
        comparison.labels_to_score(score), plain_labels_to_score(comparison, range(6), score)
    )


def test_a_curve_that_falls_again_has_reached_the_score():
    comparison = StrategyComparison(
        ("once",), np.array([1, 2, 3]), np.array([[[0.1, 0.9, 0.2]]]), np.array([1.0]), "accuracy"
    )
    assert comparison.labels_to_score(0.5).tolist() == [2.0]


def test_the_area_is_the_mean_height_by_trapezes():
    comparison = wobbling_curves()
    areas = comparison.area_under_curve()
    n_labels = comparison.n_labels.tolist()
    for i, curves in enumerate(comparison.test_scores.tolist()):
        for j, curve in enumerate(curves):
            area = sum(
                (right - left) * (low + high) / 2
                for left, right, low, high in zip(
                    n_labels, n_labels[1:], curve, curve[1:], strict=False
                )
            )
            assert areas[i, j] == pytest.approx(area / 40)


def test_the_area_of_a_single_point_is_its_height():
    one = StrategyComparison(
        ("a",), np.array([7]), np.array([[[0.3], [0.5]]]), np.array([1.0, 1.0]), "accuracy"
    )
    assert one.area_under_curve().tolist() == [[0.3, 0.5]]


def plain_savings(comparison, score, confidence, n_resamples, random_state):
    """Savings and their interval in plain Python; a draw that misses the score is the worst."""
    rng = np.random.default_rng(random_state)
    n_splits = comparison.test_scores.shape[1]
    draws = [rng.integers(n_splits, size=n_splits).tolist() for _ in range(n_resamples)]
    needed = plain_labels_to_score(comparison, range(n_splits), score)
    rows = []
    for strategy in range(len(comparison.names)):
        ratios = []
        for splits in draws:
            resampled = plain_labels_to_score(comparison, splits, score)
            ratios.append(resampled[0] / resampled[strategy])
        reached = sorted(ratio for ratio in ratios if not math.isnan(ratio))
        n_lost = n_resamples - len(reached)
        # Draws that miss the score count at the lower end and at the upper end.
        tail = math.floor((1 - confidence) / 2 * (n_resamples - 1) + 1e-9)
        lower = ([math.nan] * n_lost + reached)[tail]
        upper = (reached + [math.nan] * n_lost)[n_resamples - 1 - tail]
        rows.append([needed[0] / needed[strategy], lower, upper])
    return rows


@pytest.mark.parametrize("score", [0.65, 0.7, 0.8, 0.86])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
@pytest.mark.parametrize("n_resamples", [2, 5, 200])
def test_label_savings_are_ratios_with_a_bootstrap_interval(score, confidence, n_resamples):
    comparison = wobbling_curves()
    settings = {"confidence": confidence, "n_resamples": n_resamples, "random_state": 3}
    savings = comparison.label_savings(score, baseline="random", **settings)
    np.testing.assert_array_equal(
        savings, plain_savings(comparison, score, confidence, n_resamples, 3)
    )
    known = savings[~np.isnan(savings).any(axis=1)]
    assert (known[:, 1] <= known[:, 2]).all()


def test_the_baseline_saves_nothing_over_itself():
    comparison = wobbling_curves()
    savings = comparison.label_savings(0.7, baseline="random")
    random, fast, _ = comparison.labels_to_score(0.7)
    assert savings[0].tolist() == [1.0, 1.0, 1.0]
    assert savings[1, 0] == random / fast > 1


def test_savings_of_a_strategy_that_never_reaches_the_score_are_unknown():
    savings = wobbling_curves().label_savings(0.7, baseline="random")
    assert np.isnan(savings[2]).all()
    assert np.isnan(wobbling_curves().label_savings(0.7, baseline="lost")).all()


def test_an_interval_outlives_a_draw_in_a_hundred_that_misses_the_score():
    scores = np.full((2, 10, 2), 0.5)
    scores[:, :, 1] = 0.9
    scores[1, :2, 1] = 0.5
    comparison = StrategyComparison(
        ("random", "shaky"), np.array([10, 20]), scores, np.ones(10), "accuracy"
    )
    # A draw misses 0.66 if it has at least seven of the two low splits: once in a thousand.
    savings = comparison.label_savings(0.66, baseline="random")
    assert savings[1].tolist() == [1.0, 1.0, 1.0]
    # It misses 0.8 if it has at least three: a third of them.
    assert np.isnan(comparison.label_savings(0.8, baseline="random")[1, 1:]).all()


def test_a_seed_repeats_the_interval():
    first, again = (wobbling_curves().label_savings(0.8, baseline="random") for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"baseline": "fats"},
            r"No strategy is named 'fats'. The names are \['random', 'fast', ",
        ),
        ({"confidence": 0}, "'confidence' parameter must be above 0 and below 1. Got 0"),
        ({"confidence": 1.0}, "'confidence' parameter must be above 0 and below 1. Got 1.0"),
        ({"n_resamples": 0}, "'n_resamples' parameter of StrategyComparison must be an int of at"),
    ],
)
def test_savings_that_cannot_be_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        wobbling_curves().label_savings(0.7, **{"baseline": "random"} | parameters)


def test_the_table_has_a_row_for_every_score():
    comparison = wobbling_curves()
    table = comparison.table()
    assert list(table) == ["strategy", "split", "n_labels", "score"]
    rows = [
        (name, split, n_labels, comparison.test_scores[i, split, point])
        for i, name in enumerate(comparison.names)
        for split in range(6)
        for point, n_labels in enumerate(comparison.n_labels)
    ]
    assert list(zip(*(column.tolist() for column in table.values()), strict=True)) == rows


def test_the_table_becomes_a_frame():
    pd = pytest.importorskip("pandas")
    comparison = wobbling_curves()
    means = pd.DataFrame(comparison.table()).groupby(["strategy", "n_labels"])["score"].mean()
    for i, name in enumerate(comparison.names):
        np.testing.assert_allclose(means[name], comparison.mean_scores[i])


def test_a_comparison_is_frozen_and_itself_alone():
    comparison = wobbling_curves()
    with pytest.raises(AttributeError, match="cannot assign to field 'names'"):
        comparison.names = ()
    assert comparison == comparison  # noqa: PLR0124
    assert comparison != wobbling_curves()
