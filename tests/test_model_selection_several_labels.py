"""Recorded loops of several labels of each sample: comparisons, budgets and their scores."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scikit_learns_checks import each_check_of
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import (
    accuracy_score,
    auc,
    f1_score,
    hamming_loss,
    jaccard_score,
    make_scorer,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skactive import ActiveLearner
from skactive.base import MultiLabelTarget
from skactive.inspection import LabelingCurveDisplay
from skactive.measures import LabelUncertainty
from skactive.model_selection import (
    BudgetedClassifier,
    BudgetedMultiLabelClassifier,
    NoisyOracle,
    area_under_labeling_curve,
    compare_strategies,
    labeling_curve,
    labels_to_score,
)
from skactive.neighbors import IncrementalMultiLabelKNeighbors
from skactive.semi_supervised import IncrementalMultiLabelSpreading
from skactive.strategies import BADGE, RandomSampling, UncertaintySampling

X, Y = make_multilabel_classification(60, n_features=6, n_classes=3, random_state=1)
NAMES = np.array(["art", "law", "music"])
SETS = [set(NAMES[row == 1].tolist()) for row in Y]
NEAREST = IncrementalMultiLabelKNeighbors(3)
ESTIMATORS = {
    "ML-kNN": NEAREST,
    "ML-kNN in a pipeline": make_pipeline(StandardScaler(), NEAREST),
    "tree": DecisionTreeClassifier(random_state=0),
    # It predicts from three samples on.
    "scikit-learn's nearest": KNeighborsClassifier(3),
}
every_estimator = pytest.mark.parametrize("name", ESTIMATORS)

SCORES = {
    None: lambda y, predicted: f1_score(y, predicted, average="micro", zero_division=0),
    "accuracy": accuracy_score,
    "neg_hamming_loss": lambda y, predicted: -hamming_loss(y, predicted),
    "f1_macro": lambda y, predicted: f1_score(y, predicted, average="macro", zero_division=0),
    "jaccard_samples": lambda y, predicted: jaccard_score(
        y, predicted, average="samples", zero_division=0
    ),
}
SPLITS = list(KFold(2, shuffle=True, random_state=0).split(X))


def plain_predictions(estimator, X_labeled, y_labeled, X_test):
    """Fit a new copy, and predict the labels of the majority while there are too few samples."""
    try:
        return clone(estimator).fit(X_labeled, y_labeled).predict(X_test)
    except ValueError:
        return np.tile(y_labeled.mean(axis=0) > 0.5, (len(X_test), 1)).astype(int)


@pytest.mark.parametrize("scoring", SCORES)
@every_estimator
def test_every_point_is_the_score_of_a_new_fit(name, scoring):
    estimator = ESTIMATORS[name]
    if name == "ML-kNN in a pipeline":
        # The scaler has seen the whole pool.
        estimator = NEAREST
    comparison = compare_strategies(
        ESTIMATORS[name], ["random"], X, Y, budget=8, cv=SPLITS, scoring=scoring, random_state=0
    )
    assert comparison.kind == "multilabel"
    assert comparison.scoring == (scoring or "f1_micro")
    for split, (train, test) in enumerate(SPLITS):
        features, tested = X[train], X[test]
        if estimator is not ESTIMATORS[name]:
            scaler = StandardScaler().fit(features)
            features, tested = scaler.transform(features), scaler.transform(tested)
        learner = ActiveLearner(
            ESTIMATORS[name],
            RandomSampling(random_state=seed_of(split)),
            X[train],
            target=MultiLabelTarget([0, 1, 2]),
        )
        for point in range(8):
            indices = learner.query()
            learner.teach(indices, Y[train][indices])
            labeled = learner.labeled
            predicted = plain_predictions(estimator, features[labeled], Y[train][labeled], tested)
            expected = SCORES[scoring](Y[test], predicted)
            assert comparison.test_scores[0, split, point] == pytest.approx(expected)
        full = plain_predictions(estimator, features, Y[train], tested)
        assert comparison.full_scores[split] == pytest.approx(SCORES[scoring](Y[test], full))


def seed_of(split):
    return int(np.random.SeedSequence(0).generate_state(len(SPLITS))[split])


@pytest.mark.parametrize(
    "y",
    [Y, Y.tolist(), sp.csr_matrix(Y), pd.DataFrame(Y, columns=NAMES), SETS, pd.Series(SETS)],
    ids=["matrix", "lists", "sparse", "frame", "sets", "series"],
)
def test_all_forms_of_labels_give_the_same_curves(y):
    def curves(labels):
        return compare_strategies(
            NEAREST, ["random", "mmc"], X, labels, budget=6, cv=2, random_state=0
        )

    np.testing.assert_array_equal(curves(y).test_scores, curves(Y).test_scores)


def test_without_an_estimator_several_labels_spread():
    few = {"budget": 5, "cv": 2, "random_state": 0}
    curve = labeling_curve(None, None, X, Y, **few)
    same = labeling_curve(IncrementalMultiLabelSpreading(), None, X, SETS, **few)
    np.testing.assert_array_equal(curve.test_scores, same.test_scores)


def test_samples_without_labels_are_part_of_the_pool_and_not_queried():
    missing = np.arange(60) % 3 == 0
    matrix = np.where(missing[:, np.newaxis], -1, Y)
    sets = [None if is_missing else one for is_missing, one in zip(missing, SETS, strict=True)]
    few = {"budget": 10, "cv": 2, "random_state": 0}
    curves = [compare_strategies(NEAREST, ["k-center"], X, y, **few) for y in (matrix, sets)]
    assert curves[0].n_unlabeled == 20
    assert curves[0].n_train.tolist() == [20, 20]
    np.testing.assert_array_equal(curves[0].test_scores, curves[1].test_scores)


def test_scores_of_probabilities_read_those_of_each_label():
    auc = make_scorer(roc_auc_score, response_method="predict_proba", average="macro")
    comparison = compare_strategies(
        NEAREST, ["random"], X, Y, budget=30, cv=SPLITS, scoring=auc, random_state=0
    )
    for split, (train, test) in enumerate(SPLITS):
        fitted = clone(NEAREST).fit(X[train], Y[train])
        expected = roc_auc_score(Y[test], fitted.predict_proba(X[test]), average="macro")
        assert comparison.test_scores[0, split, -1] == pytest.approx(expected)
        assert comparison.full_scores[split] == pytest.approx(expected)


def test_a_function_gets_the_fitted_estimator():
    def exact(estimator, X_test, y_test):
        return float((np.asarray(estimator.predict(X_test)) == y_test).all(axis=1).mean())

    few = {"budget": 6, "cv": 2, "random_state": 0}
    for estimator in ESTIMATORS.values():
        by_function = compare_strategies(estimator, ["random"], X, Y, scoring=exact, **few)
        by_name = compare_strategies(estimator, ["random"], X, Y, scoring="accuracy", **few)
        # A constant predictor breaks ties of half of the samples in its own way.
        np.testing.assert_allclose(
            by_function.test_scores[..., 2:], by_name.test_scores[..., 2:], atol=1e-12
        )


def test_results_are_stored_and_do_not_depend_on_processes(tmp_path):
    few = {"budget": 5, "cv": 2, "random_state": 0}
    strategies = {"max": UncertaintySampling(LabelUncertainty("max")), "random": RandomSampling()}
    first = compare_strategies(NEAREST, strategies, X, SETS, memory=tmp_path, **few)
    n_files = len(list(tmp_path.rglob("*.json")))
    again = compare_strategies(NEAREST, strategies, X, SETS, memory=tmp_path, **few)
    other = compare_strategies(NEAREST, strategies, X, SETS, n_jobs=2, **few)
    assert n_files == len(list(tmp_path.rglob("*.json"))) > 0
    np.testing.assert_array_equal(first.test_scores, again.test_scores)
    np.testing.assert_array_equal(first.test_scores, other.test_scores)


def test_a_comparison_is_drawn_and_summarised_as_of_classes():
    strategies = ["herding", "random"]
    comparison = compare_strategies(NEAREST, strategies, X, Y, budget=12, cv=2, random_state=0)
    display = LabelingCurveDisplay(comparison).plot()
    assert display.ax_.get_ylabel()
    assert "of the f1 micro with every label" in comparison.recommendation()
    assert comparison.summary().n_baseline is None


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"y": np.where(Y == 1, 1, -1)}, ValueError, r"y\[\d+\] is answered in part"),
        ({"y": np.full_like(Y, -1)}, ValueError, "y has no label: no sample is answered"),
        ({"y": np.ones_like(Y)}, ValueError, "All samples in y have the same labels"),
        ({"y": Y + 1}, ValueError, "an indicator matrix has 1"),
        ({"y": Y[:50]}, ValueError, "inconsistent numbers of samples"),
        ({"scoring": "r2 score"}, ValueError, "r2 score"),
        (
            {"scoring": "f1"},
            ValueError,
            "scoring='f1' cannot score these labels, which are sets: .* such as 'f1_macro'",
        ),
        ({"strategies": {"b": BADGE()}}, TypeError, "BADGE needs categorical labels"),
        ({"oracle": NoisyOracle(0.1)}, TypeError, "NoisyOracle needs categorical labels"),
        ({"cv": 40}, ValueError, "cv=40 folds of two samples or more need 80 labels"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused_before_any_loop(change, error, message):
    arguments = {"strategies": ["random"], "y": Y, "budget": 5, "cv": 2} | change
    strategies, y = arguments.pop("strategies"), arguments.pop("y")
    with pytest.raises(error, match=message):
        compare_strategies(NEAREST, strategies, X, y, **arguments)


class OfAnyNumbers(BudgetedMultiLabelClassifier):
    """The checks pass columns of any numbers, which are no indicator."""

    def fit(self, X, y):
        return super().fit(X, indicating(y))

    def score(self, X, y, sample_weight=None):
        return super().score(X, indicating(y), sample_weight)


def indicating(y):
    if y is None:
        return None
    y = np.asarray(y)
    y = y.reshape(len(y), -1)
    return (y != y.flat[0]).astype(int) if y.dtype.kind in "iufUO" else y


ONE_COLUMN = "predictions are a matrix, with a column for each label, and not for each class"
ANY_NUMBERS = "the class above makes an indicator of all numbers"


@each_check_of(
    OfAnyNumbers(budget=10, seed_set=4, random_state=2),
    expected_failed_checks={
        "check_estimator_sparse_array": ONE_COLUMN,
        "check_estimator_sparse_matrix": ONE_COLUMN,
        "check_classifiers_classes": ONE_COLUMN,
        "check_classifiers_train": ONE_COLUMN,
        "check_classifiers_one_label": ONE_COLUMN,
        "check_classifiers_regression_target": ANY_NUMBERS,
        "check_supervised_y_no_nan": ANY_NUMBERS,
    },
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


@every_estimator
def test_labels_that_were_not_queried_have_no_effect(name):
    budgeted = BudgetedMultiLabelClassifier(
        ESTIMATORS[name], "random", budget=13, batch_size=4, seed_set=3, random_state=0
    )
    honest = clone(budgeted).fit(X, Y)
    unused = np.setdiff1d(np.arange(60), honest.query_indices_)
    garbled = Y.copy()
    garbled[unused] = 1 - Y[unused]
    blind = clone(budgeted).fit(X, garbled)
    np.testing.assert_array_equal(blind.query_indices_, honest.query_indices_)
    np.testing.assert_array_equal(blind.predict(X), honest.predict(X))
    np.testing.assert_array_equal(honest.y_labeled_, Y[honest.query_indices_])
    assert honest.n_labeled_ == honest.n_answers_ == 13
    assert honest.classes_.tolist() == [0, 1, 2]
    assert honest.predict_proba(X).shape == honest.predict(X).shape == (60, 3)


@every_estimator
def test_a_stage_is_the_model_with_the_first_answers(name):
    fitted = BudgetedMultiLabelClassifier(
        ESTIMATORS[name], "random", budget=8, seed_set=3, random_state=0
    ).fit(X, SETS)
    assert fitted.classes_.tolist() == NAMES.tolist()
    stages = [stage.copy() for stage in fitted.staged_predict(X)]
    features = fitted.features(X)
    for stage, predicted in enumerate(stages, start=1):
        queried = fitted.query_indices_[:stage]
        expected = plain_predictions(fitted.classifier_, features[queried], Y[queried], features)
        np.testing.assert_array_equal(predicted, expected)
    np.testing.assert_array_equal(stages[-1], fitted.predict(X))
    heights = [f1_score(Y, one, average="macro", zero_division=0) for one in stages]
    area = area_under_labeling_curve(fitted, X, Y, scoring="f1_macro")
    assert area == pytest.approx(auc(range(len(heights)), heights) / 7)
    reached = int(np.flatnonzero(np.array(heights) >= max(heights))[0]) + 1
    assert labels_to_score(max(heights), scoring="f1_macro")(fitted, X, Y) == -reached


def test_a_grid_tunes_criterion_and_estimator_together():
    budgeted = BudgetedMultiLabelClassifier(
        NEAREST, UncertaintySampling(LabelUncertainty()), budget=10, random_state=0
    )
    grid = {
        "strategy__measure__criterion": ["mean", "max"],
        "estimator__n_neighbors": [2, 5],
    }
    search = GridSearchCV(budgeted, grid, cv=2, scoring=area_under_labeling_curve).fit(X, Y)
    assert set(search.best_params_) == set(grid)
    assert np.isfinite(cross_val_score(budgeted, X, Y, cv=2, scoring="f1_micro")).all()


@pytest.mark.parametrize(
    ("budgeted", "y", "error", "message"),
    [
        (
            BudgetedMultiLabelClassifier(KNeighborsClassifier(), budget=5),
            Y[:, 0],
            ValueError,
            "needs several labels",
        ),
        (BudgetedMultiLabelClassifier(budget=61), Y, ValueError, "budget=61 is larger"),
        (BudgetedMultiLabelClassifier(budget=5), np.where(Y, 1, -1), ValueError, "in part"),
        (
            BudgetedMultiLabelClassifier(budget=5),
            np.where(np.arange(60)[:, np.newaxis] == 7, -1, Y),
            ValueError,
            r"y\[7\] is not answered",
        ),
        (BudgetedClassifier(NEAREST, budget=5), Y, TypeError, "needs categorical labels"),
    ],
)
def test_a_fit_that_cannot_be_is_refused(budgeted, y, error, message):
    with pytest.raises(error, match=message):
        budgeted.fit(X, y)
