"""The code of the experiments, on small synthetic tasks."""

import math

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from benchmarks import assets
from benchmarks.experiments import loops, outcome, report
from benchmarks.experiments.command import check_agreement
from benchmarks.experiments.loops import Loop, Task, run_all
from benchmarks.experiments.outcome import Target, all_savings, all_summaries, verdict
from benchmarks.experiments.splits import naive_splits, splits_by_group
from benchmarks.experiments.tweets import SAME_WITH_TWO_CLASSES
from benchmarks.experiments.variants import DEFAULT, all_variants
from skactive.model_selection import StrategyComparison, compare_strategies

# Not part of the package: the computation is the same on every Python version.
pytestmark = pytest.mark.once

BUDGET = 12


@pytest.fixture
def task():
    X, y = make_blobs(90, n_features=5, centers=3, cluster_std=4.0, random_state=0)
    return Task("blobs", X.astype(np.float32), y)


@pytest.fixture
def variants():
    wanted = ["random", DEFAULT, "random, k=1", f"{DEFAULT}, k=1"]
    return [variant for variant in all_variants() if variant.name in wanted]


def grouped_labels():
    """Return classes of unlike sizes, and groups of one to eight rows of one class each."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 9, size=300)
    classes = rng.choice(4, p=[0.1, 0.2, 0.3, 0.4], size=300)
    return np.repeat(classes, sizes), np.repeat(np.arange(300), sizes)


def curves_of(comparisons):
    return {
        (kind, baseline): comparison.test_scores
        for kind, by_baseline in comparisons.items()
        for baseline, comparison in by_baseline.items()
    }


def test_naive_splits_hold_out_a_tenth_of_each_class():
    y, _ = grouped_labels()
    for pool, held_out in naive_splits(y, 3):
        assert len(held_out) == pytest.approx(len(y) / 10, abs=1)
        assert np.array_equal(np.sort(np.concatenate([pool, held_out])), np.arange(len(y)))
        assert np.bincount(y[held_out]) == pytest.approx(np.bincount(y) / 10, abs=1.5)


def test_splits_by_group_keep_groups_together_and_classes_near_their_shares():
    y, groups = grouped_labels()
    splits = splits_by_group(y, groups, 6)
    for pool, held_out in splits:
        assert not set(groups[pool]) & set(groups[held_out])
        assert len(pool) + len(held_out) == len(y)
        assert len(held_out) == pytest.approx(len(y) / 10, rel=0.1)
        assert np.bincount(y[held_out]) == pytest.approx(np.bincount(y) / 10, rel=0.3)
    assert len({tuple(held_out) for _, held_out in splits}) == 6


def test_splits_are_the_same_every_time():
    y, groups = grouped_labels()
    for made, again in [
        (naive_splits(y, 2), naive_splits(y, 2)),
        (splits_by_group(y, groups, 2), splits_by_group(y, groups, 2)),
    ]:
        np.testing.assert_equal(made, again)


def test_a_resumed_run_gives_the_same_and_runs_only_missing_loops(
    task, variants, tmp_path, monkeypatch
):
    splits = {"naive": naive_splits(task.y, 2)}
    whole = curves_of(run_all(task, variants, splits, BUDGET, tmp_path / "whole"))

    ran = []
    run = Loop.run

    def interrupted(loop, task):
        if len(ran) == 3:
            raise KeyboardInterrupt
        ran.append(loop)
        return run(loop, task)

    monkeypatch.setattr(Loop, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_all(task, variants, splits, BUDGET, tmp_path / "resumed")
    monkeypatch.setattr(Loop, "run", lambda loop, task: ran.append(loop) or run(loop, task))
    resumed = curves_of(run_all(task, variants, splits, BUDGET, tmp_path / "resumed"))
    assert len(ran) == len({(loop.variant.name, loop.repeat) for loop in ran}) == 8
    np.testing.assert_equal(resumed, whole)

    run_all(task, variants, splits, BUDGET, tmp_path / "resumed")
    assert len(ran) == 8


@pytest.mark.parametrize("changed", ["vectors", "labels", "budget", "splits", "code"])
def test_loops_of_other_inputs_or_code_run_again(task, variants, tmp_path, monkeypatch, changed):
    splits = {"naive": naive_splits(task.y, 1)}
    run_all(task, variants, splits, BUDGET, tmp_path)
    ran = []
    run = Loop.run
    monkeypatch.setattr(Loop, "run", lambda loop, task: ran.append(loop) or run(loop, task))
    if changed == "vectors":
        task = Task(task.name, task.X * np.float32(1.5), task.y)
    elif changed == "labels":
        task = Task(task.name, task.X, 1 - task.y)
    elif changed == "splits":
        splits = {"naive": naive_splits(task.y, 2)[1:]}
    elif changed == "code":
        monkeypatch.setattr(loops, "PACKAGES", loops.PACKAGES[1:])
    budget = BUDGET + 1 if changed == "budget" else BUDGET
    run_all(task, variants, splits, budget, tmp_path)
    assert len(ran) == len(variants)


def test_redraw_uses_stored_loops_of_other_code(task, variants, tmp_path, monkeypatch):
    splits = {"naive": naive_splits(task.y, 1)}
    made = curves_of(run_all(task, variants, splits, BUDGET, tmp_path))
    monkeypatch.setattr(loops, "PACKAGES", loops.PACKAGES[1:])
    monkeypatch.setattr(Loop, "run", lambda *_: pytest.fail("a finished loop ran again"))
    drawn = run_all(task, variants, splits, BUDGET, tmp_path, redraw=True)
    np.testing.assert_equal(curves_of(drawn), made)


def test_a_partly_written_loop_is_not_finished(tmp_path):
    path = tmp_path / "curve.json"
    path.with_suffix(".17").write_text('{"key": "a", "sco')
    assert loops.kept(path, None) is None
    loops.keep(path, "a", [0.5, 0.75], 1.0)
    assert loops.kept(path, "a") == ([0.5, 0.75], 1.0)
    assert loops.kept(path, "b") is None


def test_every_variant_has_a_baseline_and_a_name_of_its_own(tmp_path):
    variants = all_variants()
    names = [variant.name for variant in variants]
    assert len(set(names)) == len(names)
    assert {variant.baseline for variant in variants} <= set(names)
    split = (np.arange(2), np.arange(2, 4))
    paths = {Loop(variant, "naive", 0, split, 1).path(tmp_path) for variant in variants}
    assert len(paths) == len(names)
    keys = {Loop(variant, "naive", 0, split, 1).key("") for variant in variants}
    assert len(keys) == len(names)


def test_with_two_classes_all_uncertainties_select_the_same():
    X, y = make_blobs(150, n_features=5, centers=2, cluster_std=6.0, random_state=0)
    wanted = {DEFAULT, *SAME_WITH_TWO_CLASSES}
    strategies = {v.name: v.strategy for v in all_variants() if v.name in wanted}
    compared = compare_strategies(None, strategies, X, y, budget=60, cv=3, random_state=0)
    assert len(strategies) == 3
    np.testing.assert_equal(compared.test_scores[1:], compared.test_scores[:1].repeat(2, axis=0))


def made_up_comparisons():
    """Return curves of a strategy that needs half the labels of random, in three repeats."""
    n_labels = np.arange(1, 41)
    random = np.minimum(n_labels / 40, 0.95)
    active = np.minimum(n_labels / 20, 0.95)
    return {
        "naive": {
            "random": StrategyComparison(
                names=("random", DEFAULT),
                n_labels=n_labels,
                test_scores=np.array([[random] * 3, [active] * 3]),
                full_scores=np.full(3, 0.96),
                scoring="accuracy",
            )
        }
    }


def test_savings_are_randoms_labels_over_the_strategys():
    random, active, _, missed = all_savings(made_up_comparisons(), [Target(0.9), Target(0.99)])
    assert (random.labels, active.labels, active.baseline_labels) == (36, 18, 36)
    assert (active.savings, active.low, active.high) == (2, 2, 2)
    assert (random.verdict, active.verdict) == ("", outcome.REPRODUCED)
    assert math.isnan(missed.savings)
    assert missed.verdict == outcome.NOT_REACHED


def test_a_target_may_be_a_fraction_of_the_score_with_every_label():
    target = Target(0.5, of_full=True)
    _, active = all_savings(made_up_comparisons(), [target])
    assert active.score == pytest.approx(0.48)
    assert active.labels == 10
    assert active.target == "50 % of full"


def test_summaries_are_paired_with_random():
    random, active = all_summaries(made_up_comparisons())
    assert (random.repeats_won, active.repeats_won, active.n_repeats) == (0, 3, 3)
    assert active.area_difference == pytest.approx(active.area - random.area)
    assert active.low == pytest.approx(active.high)


@pytest.mark.parametrize(
    ("savings", "low", "high", "expected"),
    [
        (1.8, 1.3, 2.1, outcome.REPRODUCED),
        (3.0, 2.5, 3.5, outcome.REPRODUCED),
        (1.4, 1.1, 1.9, outcome.LESS),
        (1.5, 0.9, 2.4, outcome.UNCLEAR),
        (1.2, 0.9, 1.6, outcome.NO_SAVING),
        (0.6, 0.5, 0.8, outcome.MORE_LABELS),
        (math.nan, math.nan, math.nan, outcome.UNCLEAR),
    ],
)
def test_the_verdict_follows_from_the_interval(savings, low, high, expected):
    assert verdict(savings, low, high) == expected
    assert verdict(savings, low, high, reached=False) == outcome.NOT_REACHED


def test_writing_one_experiment_keeps_the_parts_of_others():
    page = report.with_section("", "tweets", "## Tweets")
    page = report.with_section(page, "fruits", "## Fruits, first")
    page = report.with_section(page, "fruits", "## Fruits, again")
    assert "## Fruits, first" not in page
    assert page.index("## Fruits, again") < page.index("## Tweets")
    assert page == report.with_section(page, "tweets", "## Tweets")


def test_results_are_written_as_tables_and_figures(task, tmp_path):
    pytest.importorskip("matplotlib")
    variants = all_variants()[:2]
    section = report.Section(
        title="Blobs",
        text="Three blobs.",
        article="half the labels.",
        targets=[Target(0.9), Target(0.99)],
        drawn_targets=[Target(0.9), Target(0.99)],
        drawn_variants=["random", DEFAULT],
        drawn_labels=30,
        drawn_scores=(0.0, 1.0),
    )
    report.write_results(section, task, variants, made_up_comparisons(), tmp_path)
    written = {path.name for path in tmp_path.iterdir()}
    tables = {f"blobs_{name}.csv" for name in ("curves", "savings", "summary")}
    assert written == tables | {"blobs_curves.png", "blobs_savings.png", "README.md"}
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "**18: 2.0 (2.0 to 2.0)**" in page
    assert f"- {outcome.REPRODUCED}: `{DEFAULT}`" in page
    assert str(tmp_path) not in page


def test_a_missing_input_raises_with_a_hint(tmp_path, monkeypatch):
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    (tmp_path / "data").mkdir()
    assert assets.asset("data") == tmp_path / "data"
    with pytest.raises(assets.MissingAssetError, match=r"models/some does not exist, .* Hint: set"):
        assets.asset("models", "some")


def test_inputs_default_to_a_folder_beside_the_repository(tmp_path, monkeypatch):
    monkeypatch.delenv(assets.VARIABLE, raising=False)
    monkeypatch.setattr(assets, "DEFAULT", tmp_path)
    assert assets.asset() == tmp_path


def test_vectors_different_from_recorded_ones_raise():
    X = np.eye(3, dtype=np.float32)
    assert check_agreement(2 * X, X) == pytest.approx(1)
    with pytest.raises(ValueError, match=r"The vector of sample 0 has a cosine of 0\.0"):
        check_agreement(X[[1, 1, 2]], X)
