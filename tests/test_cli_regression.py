"""`skactive compare` on labels that are numbers: recognised, said, and overridden by --task."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive._io.numeric_labels import are_continuous
from skactive.cli import main
from skactive.datasets import load_vectors
from skactive.model_selection import compare_strategies
from skactive.neighbors import IncrementalKNeighborsRegressor

pd = pytest.importorskip("pandas")

SMALL = ["--budget", "8", "--folds", "3", "--jobs", "1", "--no-plot"]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
FRACTIONS = np.round(10 * X[:, 0] + 50, 2)
MANY = np.arange(40) + 100
CODES = np.arange(40) % 4
SAID = "labels are numbers: regression, scored by R²"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def table(labels, name="t.csv"):
    frame = pd.DataFrame({"width": X[:, 0], "height": X[:, 1], "price": labels})
    frame.to_parquet(name) if name.endswith("parquet") else frame.to_csv(name, index=False)
    return [name, "--label", "price"]


def output_of(capsys, *arguments):
    assert main(["compare", *arguments, *SMALL]) == 0
    return capsys.readouterr().out


def error_of(capsys, *arguments):
    assert main(["compare", *arguments, *SMALL]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert not Path("labeling_curve.csv").exists()
    return output.err


@given(
    st.lists(st.integers(-3, 3), min_size=1),
    st.floats(-5, 5).filter(lambda one: one != np.floor(one)),
)
def test_numbers_with_a_fraction_are_no_classes(numbers, fraction):
    assert not are_continuous(np.array(numbers, dtype=float))
    assert are_continuous(np.array([*numbers, fraction]))


@pytest.mark.parametrize(
    ("n_different", "n_each", "expected"), [(20, 1, False), (21, 4, True), (21, 5, False)]
)
def test_many_whole_numbers_with_few_samples_each_are_no_classes(n_different, n_each, expected):
    numbers = np.repeat(np.arange(float(n_different)), n_each)
    assert are_continuous(numbers) == expected
    # Samples without a label do not count.
    assert are_continuous(np.append(numbers, [np.nan] * 100)) == expected


def test_numbers_are_recognised_and_the_csv_file_is_the_comparison(capsys):
    pytest.importorskip("matplotlib")
    text = output_of(capsys, *table(FRACTIONS))
    first, second, *_ = text.splitlines()
    low, high = FRACTIONS.min(), FRACTIONS.max()
    assert first == f"t.csv: 40 samples, 2 features, numbers from {low:g} to {high:g}"
    assert second == SAID
    assert "k-nearest neighbours (k=5, cosine), 3 folds, 8 labels" in text
    assert "labels to match the baseline at" in text
    assert "The R² of random with 8 labels is " in text
    with Path("labeling_curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = compare_strategies(
        make_pipeline(StandardScaler(), IncrementalKNeighborsRegressor()),
        ["herding", "cdf-product", "variance", "random"],
        *load_vectors("t.csv", label="price", task="regression"),
        budget=8,
        cv=3,
        random_state=0,
    ).table()
    assert [row["strategy"] for row in rows] == expected["strategy"].tolist()
    np.testing.assert_allclose([float(row["score"]) for row in rows][-24:], expected["score"][-24:])


def test_the_plot_has_the_score(capsys):
    pytest.importorskip("matplotlib")
    arguments = [one for one in SMALL if one != "--no-plot"]
    assert main(["compare", *table(FRACTIONS), *arguments, "--quiet"]) == 0
    assert Path("labeling_curve.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    ("labels", "task", "are_numbers"),
    [
        (FRACTIONS, "auto", True),
        (MANY, "auto", True),
        (MANY.astype(float), "auto", True),
        (CODES, "auto", False),
        (CODES.astype(float), "auto", False),
        (np.array(["low", "high"])[CODES % 2], "auto", False),
        (CODES, "regression", True),
        (CODES, "classification", False),
    ],
)
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet", "t.npz", "t.npy"])
def test_every_kind_of_file_is_recognised(capsys, labels, task, are_numbers, name):
    if name == "t.npz":
        np.savez(name, X=X, y=labels)
        source = [name]
    elif name == "t.npy":
        np.save(name, X)
        np.save("y.npy", labels)
        source = [name, "--label", "y.npy"]
    elif name == "t.tsv":
        pd.DataFrame({"width": X[:, 0], "price": labels}).to_csv(name, index=False, sep="\t")
        source = [name, "--label", "price"]
    else:
        if name == "t.parquet":
            pytest.importorskip("pyarrow")
        source = table(labels, name)
    text = output_of(capsys, *source, "--task", task, "--strategies", "random")
    assert (SAID in text) == are_numbers
    could_be_classes = are_numbers and task == "auto" and labels is not FRACTIONS
    assert ("(--task classification takes them" in text) == could_be_classes
    assert ("4 classes" in text or "2 classes" in text) == (not are_numbers)


@pytest.mark.parametrize("missing", ["", "nan", "NaN"])
def test_unlabelled_samples_are_part_of_the_pool(capsys, missing):
    cells = [missing if row % 4 == 0 else str(one) for row, one in enumerate(FRACTIONS)]
    text = output_of(capsys, *table(cells), "--strategies", "greedy-x")
    assert "40 samples (30 labelled)" in text
    y = load_vectors("t.csv", label="price", unlabeled=True, task="auto")[1]
    np.testing.assert_array_equal(y, np.where(np.arange(40) % 4 == 0, np.nan, FRACTIONS))


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        (
            FRACTIONS,
            ["--task", "classification"],
            "Row 1 of column 'price' in t.csv is 51.26, which is not a class",
        ),
        (FRACTIONS, ["--strategies", "margin"], "The strategy 'margin' needs classes, but the la"),
        (CODES, ["--strategies", "variance"], "The strategy 'variance' needs numbers, but the la"),
        (["low", "high"] * 20, ["--task", "regression"], "Row 1 of column 'price' in t.csv is "),
        (np.full(40, 2.5), [], "Column 'price' of t.csv has one value only, 2.5. Hint"),
        (["", *["1e999"] * 39], ["--task", "regression"], "is inf, which is not finite. Hint"),
        (["1.5", *["2.5"] * 38, "inf"], [], "Row 40 of column 'price' in t.csv is inf, which is"),
        ([*map(str, range(39)), "-Infinity"], [], "Row 40 of column 'price' in t.csv is -inf, whi"),
        (["1.5", "2.5", *[""] * 38], [], "3 folds of two samples or more need 6 labelled"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(capsys, labels, options, message):
    assert message in error_of(capsys, *table(labels), *options)


def test_the_digits_can_be_numbers(capsys):
    text = output_of(capsys, "--task", "regression", "--strategies", "random", "--quiet")
    assert "labels to match the baseline at" in text


def test_load_vectors_returns_classes_unless_told():
    table(MANY)
    assert load_vectors("t.csv", label="price")[1].dtype.kind == "i"
    for task in ("auto", "regression"):
        assert load_vectors("t.csv", label="price", task=task)[1].dtype == np.float64
    with pytest.raises(ValueError, match="'task' parameter of load_vectors must be one of"):
        load_vectors("t.csv", task="ranking")
    table(np.where(np.arange(40) == 3, np.nan, FRACTIONS))
    with pytest.raises(ValueError, match=r"Row 4 of column 'price' in t\.csv is missing"):
        load_vectors("t.csv", label="price", task="auto")


def test_numbers_spread_on_the_graph_if_that_is_chosen(capsys):
    found = output_of(capsys, *table(FRACTIONS), "--classifier", "spreading")
    assert "label spreading (k=15, cosine)" in found
    assert "k-nearest neighbours (k=5, cosine)" in output_of(capsys, *table(FRACTIONS))
