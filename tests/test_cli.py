"""`skactive compare` prints and writes its results; an error is one sentence."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_blobs

import skactive
from skactive.cli import main
from skactive.cli._report import explanation
from skactive.cli._strategies import DEFAULT_NAMES, build_strategies
from skactive.learner import ActiveLearner
from skactive.measures import TargetUncertainty
from skactive.model_selection import StrategyComparison, compare_strategies
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import (
    CDFProduct,
    RandomSampling,
    UncertaintyHerding,
    UncertaintySampling,
    all_strategies,
)

KNOWN = list(all_strategies("categorical"))
SMALL = ["--budget", "12", "--folds", "3", "--jobs", "1"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(skactive.__file__).parents[1])}


@pytest.fixture
def blobs(tmp_path, monkeypatch):
    """Write 90 samples in three classes, and change to their folder."""
    X, codes = make_blobs(90, n_features=4, centers=3, cluster_std=4.0, random_state=0)
    np.savez(tmp_path / "blobs.npz", X=X, y=np.array(["a", "b", "c"])[codes])
    monkeypatch.chdir(tmp_path)
    return X, np.array(["a", "b", "c"])[codes]


def error_of(capsys, *arguments):
    """Return the one sentence that the command writes to standard error when it fails."""
    assert main(["compare", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("skactive: error: ")
    assert output.err.count("\n") == 1
    return output.err.removeprefix("skactive: error: ").rstrip("\n")


def csv_bytes(folder, *arguments):
    assert (
        main(["compare", "blobs.npz", *SMALL, "--no-plot", "--output-dir", folder, *arguments]) == 0
    )
    return Path(folder, "labeling_curve.csv").read_bytes()


def test_the_csv_file_read_back_is_the_comparison(blobs):
    csv_bytes(
        "out", "--classifier", "nearest", "--neighbors", "3", "--metric", "euclidean",
        "--batch-size", "5", "--seed", "7",
    )  # fmt: skip
    with Path("out/labeling_curve.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    expected = compare_strategies(
        IncrementalKNeighborsClassifier(3, metric="euclidean"),
        {
            "herding": UncertaintyHerding(metric="euclidean"),
            "cdf-product": CDFProduct().set_params(
                density__metric="euclidean", diversity__metric="euclidean"
            ),
            "margin": UncertaintySampling(),
            "random": RandomSampling(),
        },
        *blobs,
        budget=12,
        batch_size=5,
        cv=3,
        random_state=7,
    ).table()
    assert header == ["strategy", "split", "n_labels", "score"]
    strategy, split, n_labels, score = zip(*rows, strict=True)
    assert list(strategy) == expected["strategy"].tolist()
    assert [int(cell) for cell in split] == expected["split"].tolist()
    assert [int(cell) for cell in n_labels] == expected["n_labels"].tolist()
    assert [float(cell) for cell in score] == expected["score"].tolist()


def test_the_defaults_are_those_of_the_learner(blobs):
    csv_bytes("out")
    learner = ActiveLearner(X_pool=blobs[0])
    expected = compare_strategies(
        learner.estimator,
        {"herding": learner.strategy},
        *blobs,
        budget=12,
        cv=3,
        random_state=0,
    ).table()["score"]
    assert DEFAULT_NAMES[0] == "herding"
    lines = Path("out/labeling_curve.csv").read_text().splitlines()
    scores = [float(line.rpartition(",")[2]) for line in lines if line.startswith("herding")]
    assert scores == expected.tolist()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(blobs):
    assert csv_bytes("first") == csv_bytes("second")
    assert csv_bytes("first") != csv_bytes("third", "--seed", "1")


def test_the_number_of_jobs_changes_nothing(blobs):
    assert csv_bytes("one") == csv_bytes("two", "--jobs", "2")


def test_weights_reach_the_product_and_nothing_else(blobs):
    plain = csv_bytes("plain").decode().splitlines()
    weighted = csv_bytes("weighted", "--weights", "density=0", "diversity=3").decode().splitlines()
    assert [line for line in plain if not line.startswith("cdf")] == [
        line for line in weighted if not line.startswith("cdf")
    ]
    assert plain != weighted


def test_the_picture_is_a_png_file_and_both_files_are_named(blobs, capsys):
    pytest.importorskip("matplotlib")
    assert main(["compare", "blobs.npz", *SMALL, "--output-dir", "deep/er"]) == 0
    assert Path("deep/er/labeling_curve.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    output = capsys.readouterr()
    assert "Written: deep/er/labeling_curve.csv\n" in output.out
    assert "Written: deep/er/labeling_curve.png\n" in output.out
    assert "labelling loops: 100%" in output.err


def test_files_go_to_the_current_folder_by_default(blobs):
    assert main(["compare", "blobs.npz", *SMALL, "--quiet", "--no-plot"]) == 0
    assert sorted(path.name for path in Path().iterdir()) == ["blobs.npz", "labeling_curve.csv"]


def test_quiet_prints_the_table_alone(blobs, capsys):
    assert main(["compare", "blobs.npz", *SMALL, "--quiet", "--no-plot"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    lines = output.out.splitlines()
    assert lines[1].startswith("strategy")
    assert [line.split()[0] for line in lines[3:]] == [*DEFAULT_NAMES]


def test_the_table_and_the_words_fit_eighty_columns(blobs, capsys):
    assert main(["compare", "blobs.npz", *SMALL, "--no-plot", "--strategies", *KNOWN]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "blobs.npz: 90 samples, 4 features, 3 classes"
    assert lines[1] == "label spreading (k=15, cosine), 3 folds, 12 labels"
    assert max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines if line} >= set(KNOWN)


def test_without_a_file_the_digits_are_compared(tmp_path, capsys):
    arguments = ["--budget", "4", "--folds", "2", "--no-plot", "--output-dir", str(tmp_path)]
    assert main(["compare", *arguments]) == 0
    n_samples, n_features = load_digits().data.shape
    first = capsys.readouterr().out.splitlines()[0]
    assert first == f"digits: {n_samples:,} samples, {n_features} features, 10 classes"


def test_a_file_called_digits_is_the_users_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("digits").touch()
    assert error_of(capsys).startswith("digits has no suffix.")


def test_arrays_and_columns_are_chosen_by_name(blobs):
    X, y = blobs
    np.savez("named.npz", vectors=X, kind=y)
    expected = csv_bytes("expected")
    assert main(
        ["compare", "named.npz", *SMALL, "--no-plot", "--label", "kind", "--features", "vectors"]
    ) == 0  # fmt: skip
    assert Path("labeling_curve.csv").read_bytes() == expected


def test_the_baseline_always_runs(blobs, capsys):
    arguments = ["blobs.npz", *SMALL, "--no-plot", "--quiet", "--strategies", "margin", "margin"]
    assert main(["compare", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()[3:]
    assert [line.split()[0] for line in lines] == ["margin", "random"]


def test_the_default_budget_is_all_there_is_where_that_is_little(blobs, capsys):
    assert main(["compare", "blobs.npz", "--folds", "3", "--jobs", "1", "--no-plot"]) == 0
    assert "3 folds, 60 labels" in capsys.readouterr().out


def test_the_largest_budget_is_the_training_part(blobs, capsys):
    # Folds of 91 samples are of 31, 30 and 30.
    X, y = blobs
    np.savez("more.npz", X=np.vstack([X, X[:1]]), y=np.append(y, y[0]))
    options = ["--folds", "3", "--no-plot", "--quiet", "--strategies", "random"]
    assert main(["compare", "more.npz", *options, "--budget", "60"]) == 0
    capsys.readouterr()
    assert error_of(capsys, "more.npz", *options, "--budget", "61") == (
        "--budget 61 is larger than the pool: 3 folds of 91 samples leave 60 samples to label. "
        "Hint: choose a smaller budget."
    )


def test_the_classifier_can_be_nearest_neighbours(blobs, capsys):
    assert main(["compare", "blobs.npz", *SMALL, "--classifier", "nearest"]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line == "k-nearest neighbours (k=5, cosine), 3 folds, 12 labels"


def test_every_strategy_known_is_built_with_the_metric_and_the_weights():
    strategies = build_strategies(KNOWN, metric="euclidean", weights={"density": 0.5})
    assert list(strategies) == KNOWN
    product = strategies["cdf-product"].get_params()
    assert product["density__metric"] == product["diversity__metric"] == "euclidean"
    assert product["weights"] == {"density": 0.5}
    assert isinstance(product["uncertainty"], TargetUncertainty)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nope.npz"], "nope.npz does not exist. Hint: check the path"),
        (["."], ". is a folder, not a file. Hint: pass one of its .npz"),
        (["blobs.npz", "--label", "kind"], "blobs.npz has no array 'kind'. Its arrays are: X, y."),
        (
            ["--label", "kind"],
            "--label, --features and --drop are for a file, but no file is given.",
        ),
        (
            ["blobs.npz", "--budget", "82"],
            "--budget 82 is larger than the pool: 10 folds of 90 samples leave 81 samples",
        ),
        (["blobs.npz", "--folds", "31"], "--folds 31 is larger than the smallest class: "),
        (
            ["--strategies", "margn"],
            "There is no strategy 'margn'. The strategies are: herding, max-herding, cdf-product",
        ),
        (["--strategies", "margn"], "Hint: did you mean margin?"),
        (["--strategies", "CDF_Product"], "Hint: did you mean cdf-product?"),
        (["--strategies", "margin", "x.npz"], "Hint: put the file before the options."),
        (["--weights", "size=1"], "with a number of at least 0 and a name among uncertainty, dens"),
        (["--weights", "density=x"], "Got 'density=x' instead."),
        (["--weights", "density=-1"], "Got 'density=-1' instead."),
        (["--weights", "density=nan"], "Got 'density=nan' instead."),
        (
            ["--strategies", "margin", "--weights", "density=1"],
            "--weights are for cdf-product, which is not compared.",
        ),
        (["--metric", "cos"], "Argument --metric: invalid choice: 'cos' (choose from"),
        (["--budget", "0"], "Argument --budget: must be a whole number of at least 1, got '0'"),
        (["--folds", "1"], "Argument --folds: must be a whole number of at least 2, got '1'"),
        (["--batch-size", "x"], "Argument --batch-size: must be a whole number of at least 1"),
        (["--neighbors", "1.5"], "Argument --neighbors: must be a whole number of at least 1"),
        (["--seed", "-1"], "Argument --seed: must be a whole number of at least 0, got '-1'"),
        (["--jobs", "-2"], "Argument --jobs: must be a whole number of at least 1, got '-2'"),
        (["--bud", "5"], "Unrecognized arguments: --bud. Hint: did you mean --budget? 'skactive"),
        (["blobs.npz", "--output-dir", "blobs.npz"], "Nothing can be written to blobs.npz: File"),
        (["blobs.npz", "--output-dir", "blobs.npz/x"], "Hint: choose another folder with --output"),
    ],
)
def test_a_fault_of_the_user_is_one_sentence_and_exit_code_2(blobs, capsys, arguments, sentence):
    assert sentence in error_of(capsys, *arguments)
    assert [path.name for path in Path().iterdir()] == ["blobs.npz"]


def test_an_error_in_a_row_is_that_of_load_vectors(blobs, capsys):
    pytest.importorskip("pandas")
    Path("fruits.csv").write_text("a,label\n1,u\n,v\n")
    text = error_of(capsys, "fruits.csv")
    assert text.startswith("Row 2 of column 'a' in fruits.csv is missing. Hint: leave the row out")


@pytest.mark.parametrize("name", ["labeling_curve.csv", "labeling_curve.png"])
def test_a_file_that_cannot_be_written_is_one_sentence(blobs, capsys, name):
    if name.endswith("png"):
        pytest.importorskip("matplotlib")
    Path("out", name).mkdir(parents=True)
    text = error_of(capsys, "blobs.npz", *SMALL, "--quiet", "--output-dir", "out")
    assert text.startswith("Nothing can be written to out: ")


def test_a_file_that_may_not_be_read_is_one_sentence(blobs, capsys, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("skactive.datasets.load_vectors", denied)
    assert error_of(capsys, "blobs.npz") == "blobs.npz cannot be read: Permission denied."


def test_a_value_that_the_comparison_refuses_is_one_sentence(blobs, capsys, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("No.\n  Not  this.")

    monkeypatch.setattr("skactive.model_selection.compare_strategies", refuse)
    assert error_of(capsys, "blobs.npz") == "No. Not this."


def test_without_matplotlib_the_table_and_the_csv_file_come_all_the_same(
    blobs, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    remark = (
        "No plot was drawn, as matplotlib is not installed. Install it with: "
        "pip install 'skactive[plot]'\n"
    )
    assert main(["compare", "blobs.npz", *SMALL]) == 0
    output = capsys.readouterr()
    assert "cdf-product" in output.out
    assert output.out.endswith(f"Written: labeling_curve.csv\n{remark}")
    assert Path("labeling_curve.csv").exists()
    assert not Path("labeling_curve.png").exists()
    assert main(["compare", "blobs.npz", *SMALL, "--quiet"]) == 0
    assert capsys.readouterr().err == f"skactive: {remark}"


def test_a_resumed_run_runs_no_loop_twice(blobs, monkeypatch):
    first = csv_bytes("out", "--resume", "loops", "--jobs", "1")

    def run_again(*_):
        raise AssertionError("a loop ran again")

    monkeypatch.setattr("skactive.model_selection._compare_strategies.simulate", run_again)
    assert csv_bytes("again", "--resume", "loops", "--jobs", "1") == first


def test_a_folder_of_loops_that_cannot_be_written_is_one_sentence(blobs, capsys):
    Path("file").touch()
    assert "another folder with --resume" in error_of(
        capsys, "blobs.npz", *SMALL, "--resume", "file/loops"
    )


def test_help_and_version_are_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"skactive {skactive.__version__}\n"
    assert main(["compare", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in KNOWN)
    assert main(["--help"]) == 0
    assert "compare query strategies on labelled vectors" in capsys.readouterr().out


def test_the_command_runs_as_a_module(blobs):
    command = [sys.executable, "-W", "error", "-m", "skactive", "compare", "blobs.npz", *SMALL]
    process = subprocess.run(
        [*command, "--no-plot"], env=ENVIRONMENT, check=True, capture_output=True, text=True
    )
    assert "label savings at 90 %" in process.stdout
    header = "strategy,split,n_labels,score\n"
    assert Path("labeling_curve.csv").read_text().startswith(header)


def test_a_terminal_without_unicode_gets_question_marks(blobs):
    command = [sys.executable, "-m", "skactive", "compare", "blobs.npz", "--quiet", "--no-plot"]
    process = subprocess.run(
        [*command, "--budget", "1", "--folds", "3"],
        env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"},
        check=True,
        capture_output=True,
    )
    assert process.stdout.splitlines()[3].endswith(b"?")


def test_importing_the_command_imports_nothing_heavy():
    code = "import sys, skactive.cli; print({'numpy', 'sklearn', 'scipy'} & set(sys.modules))"
    process = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, check=True, capture_output=True, text=True
    )
    assert process.stdout == "set()\n"


def curves(**scores):
    """Return a comparison of two equal splits with full score 1."""
    test_scores = np.array([[row, row] for row in scores.values()])
    names = tuple(name.replace("_", "-") for name in scores)
    return StrategyComparison(names, np.array([1, 5, 10]), test_scores, np.ones(2), "accuracy")


def test_the_table_gives_labels_area_and_savings():
    comparison = curves(cdf_product=[0.5, 0.9, 1.0], margin=[0.1, 0.2, 0.3], random=[0.5, 0.8, 0.9])
    lines = str(comparison.summary()).splitlines()
    assert [re.split(r" {2,}", line) for line in lines[3:]] == [
        ["cdf-product", "5", "5", "10", f"{(0.7 * 4 + 0.95 * 5) / 9:.3f}", "2.0 (2.0 to 2.0)"],
        ["margin", "> 10", "> 10", "> 10", f"{(0.15 * 4 + 0.25 * 5) / 9:.3f}", "–"],
        ["random", "5", "10", "> 10", f"{(0.65 * 4 + 0.85 * 5) / 9:.3f}", "1, the baseline"],
    ]


def test_savings_against_a_baseline_that_falls_short_are_a_lower_bound():
    comparison = curves(margin=[0.5, 0.9, 0.9], random=[0.1, 0.2, 0.3])
    assert str(comparison.summary()).splitlines()[3].endswith("  > 2.0")


def test_savings_with_an_unknown_interval_are_marked():
    scores = np.array([[[0.0, 0.9, 0.9], [0.0, 0.9, 0.9]], [[0.0, 0.0, 1.0], [0.0, 0.0, 0.8]]])
    comparison = StrategyComparison(
        ("margin", "random"), np.array([1, 5, 10]), scores, np.ones(2), "accuracy"
    )
    assert str(comparison.summary()).splitlines()[3].endswith("  2.0 (–)")


@pytest.mark.parametrize(
    ("scores", "lines"),
    [
        (
            {"margin": [0.5, 0.9, 1.0], "random": [0.5, 0.9, 0.9]},
            [
                "No strategy needed fewer labels than random, 5 labels for 90 % of the accuracy",
                "with every label.",
            ],
        ),
        (
            {"margin": [0.5, 0.6, 0.7], "random": [0.5, 0.7, 0.7]},
            [
                "10 labels are too few for 90 %: raise --budget.",
                "No strategy reached 80 % of the accuracy with every label with 10 labels.",
            ],
        ),
        (
            {"random": [0.5, 0.7, 0.9]},
            ["Only random was run: there is nothing to compare it with."],
        ),
    ],
)
def test_the_explanation_ends_with_the_recommendation(scores, lines):
    text = explanation(curves(**scores), baseline="random")
    assert text.splitlines() == ["100 % is the accuracy with every label, 1.000.", *lines]
