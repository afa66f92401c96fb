"""Every entry point has the same default classifier and the same default strategy."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from skactive import ActiveLearner
from skactive.cli import main
from skactive.learner import default_classifier, default_strategy
from skactive.model_selection import (
    BudgetedClassifier,
    area_under_labeling_curve,
    compare_strategies,
    labeling_curve,
)
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import CDFProduct, UncertaintyHerding

BUDGET = 8
RNG = np.random.default_rng(0)
Y = np.arange(60) % 3
X = (RNG.normal(size=(60, 5)) + 2 * np.eye(5)[Y]).astype(np.float32)
SPLITS = list(StratifiedKFold(2, shuffle=True, random_state=0).split(X, Y))


def curves_of(*arguments):
    """Return the accuracies of an ActiveLearner after each answer, shape (2, BUDGET)."""
    curves = []
    for train, test in SPLITS:
        learner = ActiveLearner(*arguments, X_pool=X[train])
        curve = []
        for _ in range(BUDGET):
            indices = learner.query()
            curve.append(learner.teach(indices, Y[train][indices]).score(X[test], Y[test]))
        curves.append(curve)
    return np.array(curves)


def curves_of_budgeted_classifier():
    return np.array(
        [
            [
                np.mean(predicted == Y[test])
                for predicted in BudgetedClassifier(budget=BUDGET)
                .fit(X[train], Y[train])
                .staged_predict(X[test])
            ]
            for train, test in SPLITS
        ]
    )


def curves_of_labeling_curve():
    return labeling_curve(None, None, X, Y, budget=BUDGET, cv=SPLITS, random_state=0).test_scores[0]


def curves_of_compare_strategies():
    strategies = {"default": default_strategy()}
    comparison = compare_strategies(None, strategies, X, Y, budget=BUDGET, cv=SPLITS)
    return comparison.test_scores[0]


def curves_of_command():
    np.savez("blobs.npz", X=X, y=Y)
    # The baseline is compared without being named: the first strategy of the default is the one.
    arguments = ["--folds", "2", "--budget", str(BUDGET), "--jobs", "1", "--no-plot", "--quiet"]
    assert not main(["compare", "blobs.npz", *arguments])
    with Path("labeling_curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = [float(row["score"]) for row in rows if row["strategy"] == rows[0]["strategy"]]
    return np.array(first).reshape(2, BUDGET)


@pytest.mark.parametrize(
    "curves",
    [
        curves_of_budgeted_classifier,
        curves_of_labeling_curve,
        curves_of_compare_strategies,
        curves_of_command,
    ],
)
def test_every_entry_point_has_the_defaults_of_the_learner(curves, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(curves(), curves_of())


def test_the_defaults_are_label_spreading_and_herding():
    learner = ActiveLearner(X_pool=X)
    for classifier in (learner.estimator, default_classifier()):
        assert repr(classifier) == repr(IncrementalLabelSpreading())
    for strategy in (learner.strategy, default_strategy()):
        assert repr(strategy) == repr(UncertaintyHerding())
    # Other classifiers and strategies have other curves on these samples.
    expected = curves_of()
    assert (curves_of(IncrementalKNeighborsClassifier()) != expected).any()
    assert (curves_of(None, CDFProduct()) != expected).any()


def test_messages_about_parameters_of_none_name_the_defaults():
    for name, default in (
        ("estimator__n_neighbors", "IncrementalLabelSpreading()"),
        ("strategy__weights", "UncertaintyHerding()"),
    ):
        owner = name.partition("__")[0]
        with pytest.raises(ValueError, match=rf"Hint: pass {owner}={default[:-2]}\(\)\."):
            BudgetedClassifier().set_params(**{name: 1})


@pytest.mark.parametrize("n_samples", [2, 3, 5])
@pytest.mark.parametrize("classes", [1, 2])
def test_the_default_works_with_few_samples_and_one_class(n_samples, classes):
    y = np.arange(n_samples) % classes
    classifier = BudgetedClassifier(budget=2, seed_set=1, random_state=0).fit(X[:n_samples], y)
    assert set(classifier.predict(X)) <= set(y)
    area = area_under_labeling_curve(classifier, X[:n_samples], y)
    assert 0 <= area <= 1
