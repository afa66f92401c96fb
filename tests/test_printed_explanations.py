"""Printed explanations fit a screen of 80 columns, whatever the names and the number of samples."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier, VoteExplanation
from skactive.semi_supervised import IncrementalLabelSpreading

X, y = load_digits(return_X_y=True)
LONG = np.array([f"{number}: a name that is too long for a line, {number}" for number in range(10)])
ODD = np.array([f"{number}\n\x1b[31m\t" for number in range(10)])
NAMES = {"short": np.arange(10), "long": LONG, "control characters": ODD}
CLASSIFIERS = [IncrementalLabelSpreading(), IncrementalKNeighborsClassifier()]


def learner_of(names, estimator=None, folder=""):
    ids = [f"{folder}{number}.png" for number in range(300)]
    learner = ActiveLearner(estimator, X_pool=X[:300], ids=ids)
    return learner.teach(range(60), NAMES[names][y[:60]])


def assert_fits(text, n_lines):
    lines = text.splitlines()
    assert len(lines) <= n_lines
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("n", [0, 1, 10, 10_000])
def test_an_explanation_fits_a_screen(estimator, names, n):
    learner = learner_of(names, estimator)
    few = learner.explain(X[300:301] if n <= 1 else X[300:310])
    columns = (few.predictions, few.indices, few.labels, few.distances, few.shares, few.prior_share)
    explanation = VoteExplanation(
        *(np.concatenate([column] * max(n // 10, 1))[:n] for column in columns)
    )
    assert len(explanation.predictions) == n
    assert_fits(str(explanation), 26)
    assert repr(explanation) == str(explanation)


def test_positions_of_seven_digits_fit_as_well():
    votes = np.full((30, 5), 0.2)
    explanation = VoteExplanation(
        np.full(30, "x" * 99),
        np.full((30, 5), 9_999_999),
        np.full((30, 5), "y" * 99),
        votes,
        votes,
        np.zeros(30),
    )
    assert_fits(str(explanation), 26)
    assert "9999999 (yyyyyy…yyyyy) 20%, 9999999 (" in str(explanation)


def test_one_prediction_lists_its_labelled_samples_and_the_prior():
    explanation = learner_of("short", CLASSIFIERS[1]).explain(X[300:301])
    lines = str(explanation).splitlines()
    assert lines[0] == f"predicted: {explanation.predictions[0]}, from 5 labelled samples"
    assert lines[2].split() == ["labelled", "sample", "label", "distance", "share"]
    rows = [line.split() for line in lines[3:8]]
    assert [int(row[0]) for row in rows] == explanation.indices[0].tolist()
    assert [int(row[1]) for row in rows] == explanation.labels[0].tolist()
    assert [row[3] for row in rows] == [f"{share:.0%}" for share in explanation.shares[0]]
    assert lines[8] == f"uniform prior: {explanation.prior_share[0]:.0%}"
    assert len(lines) == 9


def test_label_spreading_sums_up_the_samples_with_small_shares():
    explanation = learner_of("short", CLASSIFIERS[0]).explain(X[300:301])
    n_listed = sum(explanation.shares[0] > 0.005)
    assert 0 < n_listed < 20
    assert str(explanation).endswith(f"\n{60 - n_listed} more labelled samples: less than 1%")


@given(
    st.lists(st.sampled_from([0.0, 1e-9, 0.004, 0.005, 0.0051, 0.02, 0.5]), max_size=30),
    st.sampled_from([0.0, -1e-17, 0.004, 0.006, 1.0]),
    st.integers(1, 3),
)
def test_no_row_of_a_share_is_zero_percent_and_all_samples_are_counted(row, prior, n):
    shares = np.tile(np.array(row, dtype=float), (n, 1))
    numbers = np.tile(np.arange(len(row)) + 7, (n, 1))
    explanation = VoteExplanation(
        np.full(n, "a"), numbers, np.full(shares.shape, "b"), shares, shares, np.full(n, prior)
    )
    text = str(explanation)
    assert not re.search(r"(?<!\d)-?0%", text)
    assert ("uniform prior" in text) == (n == 1 and prior > 0.005)
    if n > 1:
        assert text.count("each less than 1%") == n * (len(row) > 0 and max(row) <= 0.005)
        return
    listed = len(re.findall(r"^\d+ +b ", text, flags=re.MULTILINE))
    rest = re.findall(
        r"^(\d+) (?:more )?labelled samples?: (?:\d+|less than 1)%$", text, flags=re.MULTILINE
    )
    assert listed + sum(map(int, rest)) == len(row)
    assert listed == min(20, sum(share > 0.005 for share in row))
    assert ("labelled sample  label" in text) == (listed > 0)


@pytest.mark.parametrize(
    ("probabilities", "shown"),
    [
        ([1.0, 0.0], "a 1.00, 1 more"),
        ([0.996, 0.004], "a 1.00, 1 more"),
        ([0.99, 0.01], "a 0.99, b 0.01"),
        ([0.9, 0.09, 0.006, 0.004, 0.0], "a 0.90, b 0.09, c 0.01, 2 more"),
        ([0.2] * 5, "a 0.20, b 0.20, c 0.20, d 0.20, e 0.20"),
        ([0.125] * 8, "a 0.12, b 0.12, c 0.12, d 0.12, e 0.12, 3 more"),
        ([0.001] * 1000, "a 0.00, 999 more"),
    ],
)
def test_classes_without_a_probability_are_counted(probabilities, shown):
    learner = learner_of("short")
    explanation = replace(
        learner.explain_query(learner.query()),
        classes=tuple("abcdefgh"[: len(probabilities)].ljust(len(probabilities), "x")),
        probabilities=np.array(probabilities),
    )
    assert f"\nClass probabilities: {shown}\n" in str(explanation)


def test_several_predictions_have_a_line_each():
    explanation = learner_of("short", CLASSIFIERS[1]).explain(X[300:303])
    lines = str(explanation).splitlines()
    assert lines[0] == "3 predictions, each from 5 labelled samples"
    assert [line.split()[0] for line in lines[3:]] == ["0", "1", "2"]
    assert [int(line.split()[1]) for line in lines[3:]] == explanation.predictions.tolist()
    nearest, label = explanation.indices[0, 0], explanation.labels[0, 0]
    assert f"{nearest} ({label}) {explanation.shares[0, 0]:.0%}" in lines[3]
    many = learner_of("short", CLASSIFIERS[1]).explain(X[300:330])
    assert str(many).splitlines()[-1] == "10 more predictions"


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("folder", ["", "a folder/" * 30, "folder/" * 40])
@pytest.mark.parametrize("n_neighbors", [1, 5, 200])
def test_the_explanation_of_a_query_fits_a_screen(estimator, names, folder, n_neighbors):
    learner = learner_of(names, estimator, folder)
    explanation = learner.explain_query(learner.query(), n_neighbors=n_neighbors)
    assert_fits(str(explanation), 48)
    name = explanation.name
    shown = str(explanation).split(" comes first")[0].removeprefix("Sample ").replace("\n", " ")
    assert shown.endswith(name[-10:])
    assert len(shown) <= 36
    assert (shown == name) == (folder == "")
    if n_neighbors == 200:
        assert str(explanation.neighbors).endswith(", 190 more")
