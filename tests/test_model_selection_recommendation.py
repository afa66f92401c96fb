"""A comparison prints a table, and recommends a strategy only on evidence."""

import re

import numpy as np
import pytest

from skactive.model_selection import StrategyComparison

N_LABELS = np.array([1, 5, 10])


def curves(*, n_splits=6, scoring="accuracy", full=1.0, noise=0.01, n_unlabeled=0, **scores):
    """Return a comparison in which the splits differ from these curves by noise."""
    rng = np.random.default_rng(0)
    shape = (len(scores), n_splits, len(N_LABELS))
    means = np.array(list(scores.values()))[:, np.newaxis]
    return StrategyComparison(
        tuple(scores),
        N_LABELS,
        np.maximum(means + noise * np.abs(rng.normal(size=shape)), means),
        np.full(n_splits, full),
        scoring,
        n_train=np.full(n_splits, 50),
        n_test=np.full(n_splits, 10),
        n_unlabeled=n_unlabeled,
    )


def power_law(*, n_splits=8, budget=80, a=0.9, b=1.2, c=0.5, noise=0.0, n_unlabeled=1000):
    """Return a comparison of one strategy whose score is a - b n^-c."""
    rng = np.random.default_rng(0)
    n_labels = np.arange(1, budget + 1)
    offsets = noise * rng.normal(size=(1, n_splits, 1))
    return StrategyComparison(
        ("random",),
        n_labels,
        a - b * n_labels**-c + offsets,
        a - b * 100.0**-c + offsets[0, :, 0],
        "accuracy",
        n_train=np.full(n_splits, 100),
        n_test=np.full(n_splits, 100 // 7),
        n_unlabeled=n_unlabeled,
    )


RANDOM = [0.5, 0.82, 0.91]


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        (
            {"margin": [0.5, 0.95, 0.96], "random": RANDOM},
            (
                "Use margin: it needed 5 labels for 90 % of the accuracy with every label, where "
                "random needed 10."
            ),
        ),
        (
            {"margin": [0.92, 0.95, 0.96], "random": [0.5, 0.6, 0.7]},
            (
                "Use margin: it needed 1 label for 90 % of the accuracy with every label, where "
                "random needed more than 10."
            ),
        ),
        (
            {"margin": [0.5, 0.81, 0.85], "random": [0.5, 0.6, 0.81]},
            (
                "Use margin: it needed 5 labels for 80 % of the accuracy with every label, where "
                "random needed 10."
            ),
        ),
        (
            {"margin": [0.5, 0.95, 0.80], "random": [0.6, 0.85, 0.91]},
            (
                "margin needed 5 labels for 90 % of the accuracy with every label, where random "
                "needed 10, but the difference between their curves may be due to chance."
            ),
        ),
        (
            {"margin": [0.6, 0.85, 0.91], "random": [0.5, 0.95, 0.80]},
            (
                "random needed 5 labels for 90 % of the accuracy with every label, and margin, the "
                "best of the others, 10, but the difference between their curves may be due to "
                "chance."
            ),
        ),
        (
            {"margin": RANDOM, "random": [0.5, 0.95, 0.96]},
            (
                "Use random: it needed 5 labels for 90 % of the accuracy with every label, and "
                "margin, the best of the others, 10."
            ),
        ),
        (
            {"margin": [0.1, 0.2, 0.3], "random": [0.5, 0.85, 0.86]},
            (
                "Use random: it needed 5 labels for 80 % of the accuracy with every label, and "
                "every other strategy more than 10."
            ),
        ),
        (
            {"margin": [0.1, 0.2, 0.3], "random": [0.1, 0.2, 0.3]},
            "No strategy reached 80 % of the accuracy with every label with 10 labels.",
        ),
        (
            {"margin": RANDOM, "random": [0.4, 0.81, 0.92]},
            (
                "No strategy needed fewer labels than random, 10 labels for 90 % of the accuracy "
                "with every label."
            ),
        ),
        ({"random": RANDOM}, "Only random was run: there is nothing to compare it with."),
    ],
)
def test_the_recommendation_is_one_sentence(scores, sentence):
    assert curves(**scores).recommendation() == sentence


def test_a_difference_in_few_noisy_splits_is_not_recommended():
    scores = {"margin": [0.5, 0.95, 0.96], "random": RANDOM}
    noisy = curves(n_splits=3, noise=0.1, **scores)
    assert "may be due to chance" in noisy.recommendation()


def test_without_sizes_the_signed_rank_test_decides():
    scores = np.array([[[0.5, 0.95, 0.96]] * 8, [RANDOM] * 8])
    scores += np.linspace(0, 0.01, 8)[:, np.newaxis]
    comparison = StrategyComparison(("margin", "random"), N_LABELS, scores, np.ones(8), "accuracy")
    assert comparison.recommendation().startswith("Use margin")
    assert comparison.recommendation(n_more=5).count(".") == 1


def test_the_baseline_must_be_known():
    comparison = curves(margin=RANDOM, herding=RANDOM)
    with pytest.raises(ValueError, match="No strategy is named 'random'"):
        comparison.recommendation()
    sentence = "No strategy needed fewer labels than margin, 10 labels for 90 % of the accuracy"
    assert comparison.recommendation(baseline="margin").startswith(sentence)


@pytest.mark.parametrize("c", [0.3, 0.5, 1.0])
def test_the_continuation_of_a_power_law_is_the_power_law(c):
    score, low, high = power_law(c=c).extrapolated_score(200, strategy="random")
    assert score == pytest.approx(0.9 - 1.2 * 200**-c, abs=1e-3)
    assert low <= score <= high
    assert high - low < 0.01


def test_the_interval_grows_with_the_noise_and_with_the_distance():
    def width(at=200, **settings):
        _, low, high = power_law(**settings).extrapolated_score(at, strategy="random")
        return high - low

    assert width() < width(noise=0.01) < width(noise=0.02)
    assert width(noise=0.01) < 2 * 2.4 * 0.01
    wavy = curves(random=[0.3, 0.5, 0.6], noise=0.05, full=0.7)
    near, far = (wavy.extrapolated_score(at, strategy="random") for at in (61, 120))
    assert near[2] - near[1] < far[2] - far[1]


def test_a_score_of_at_most_one_stays_so():
    score, low, high = power_law(a=1.0, b=0.5, noise=0.05).extrapolated_score(
        220, strategy="random"
    )
    assert low < score <= high == 1.0


def test_a_falling_curve_is_continued_by_its_mean():
    score, *_ = power_law(b=-0.05, a=0.5).extrapolated_score(150, strategy="random")
    assert 0.5 < score < 0.52


@pytest.mark.parametrize(
    ("settings", "n_labels", "message"),
    [
        ({"n_splits": 2}, 150, r"needs 3 splits and 20 labels or more\. Got 2 splits and 114 lab"),
        ({"budget": 2}, 150, "needs 3 splits"),
        ({}, 229, r"n_labels=229 is more than twice the 114 labels there are\. Hint: .*most 228"),
        ({}, 0, "'n_labels' parameter"),
    ],
)
def test_an_extrapolation_that_the_data_do_not_allow_raises(settings, n_labels, message):
    with pytest.raises(ValueError, match=message):
        power_law(**settings).extrapolated_score(n_labels, strategy="random")


def test_the_outlook_needs_unlabelled_samples_or_a_number():
    sentence = (
        r" With {} more {}, chosen at random, expect an accuracy of 0\.(\d\d) \(0\.\1 to 0\.\1\)\."
    )
    assert re.search(sentence.format(114, "labels"), power_law().recommendation())
    assert re.search(sentence.format(1, "label"), power_law(n_unlabeled=1).recommendation())
    assert "expect" not in power_law(n_unlabeled=0).recommendation()
    assert "expect" in power_law(n_unlabeled=0).recommendation(n_more=50)
    assert "expect" not in power_law(n_splits=2).recommendation(n_more=50)


def test_a_summary_has_names_and_numbers():
    pytest.importorskip("pandas")
    frame = curves(margin=[0.5, 0.95, 0.96], random=RANDOM, noise=0).summary().frame()
    assert frame["strategy"].tolist() == ["margin", "random"]
    assert frame["labels_90"].tolist() == [5, 10]
    assert frame["label_savings"].tolist() == [2, 1]
    assert frame["area_under_curve"].iloc[0] > frame["area_under_curve"].iloc[1]
    without = curves(margin=RANDOM).summary()
    assert "label_savings" not in without.table()
    assert "savings" not in str(without)


def test_a_negated_loss_has_a_summary():
    needed = curves(margin=[-0.9, -0.34, -0.32], noise=0, full=-0.3).summary().labels_needed
    np.testing.assert_array_equal(needed, [[5, 10, np.nan]])


def test_a_comparison_prints_a_short_table():
    lines = str(curves(margin=[0.5, 0.95, 0.96], random=RANDOM, noise=0)).splitlines()
    assert lines == [
        (
            "<StrategyComparison: 2 strategies, 6 splits; 100 % is the accuracy with every label, "
            "1.000>"
        ),
        "               labels needed for  area under",
        "strategy    80 %    90 %    95 %   the curve",
        "--------------------------------------------",
        "margin         5       5       5       0.853",
        "random         5      10    > 10       0.774",
    ]
    many = curves(n_splits=1, **{f"s{number}": RANDOM for number in range(23)})
    assert repr(many).splitlines()[0].startswith("<StrategyComparison: 23 strategies, 1 split;")
    assert repr(many).splitlines()[-2:][0].startswith("s19 ")
    assert repr(many).splitlines()[-1] == "and 3 more"


def test_control_characters_of_names_are_escaped():
    comparison = curves(**{"a\x1b[2Jb": RANDOM, "c\nd\u202e": [0.9, 0.95, 0.97]})
    recommendation = comparison.recommendation(baseline="a\x1b[2Jb")
    for text in (repr(comparison), str(comparison.summary()), recommendation):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert r"a\x1b[2Jb" in text
        assert r"c\nd\u202e" in text
