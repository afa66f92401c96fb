"""BudgetedClassifier with scikit-learn's checks, grids, scores and clones."""

import numpy as np
import pytest
from scikit_learns_checks import each_check_of
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import get_tags

from skactive.measures import Entropy
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling


# With these random states, the budget includes every class of the checks' data.
@each_check_of(
    BudgetedClassifier(budget=10, seed_set=4, random_state=2),
    BudgetedClassifier(LogisticRegression(), budget=10, batch_size=3, seed_set=4, random_state=0),
    BudgetedClassifier(
        LinearSVC(), UncertaintySampling(), budget=10, batch_size=5, seed_set=5, random_state=0
    ),
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


def test_a_grid_tunes_weights_metric_and_estimator_together():
    X, y = load_iris(return_X_y=True)
    grid = {
        "strategy__weights": [None, {"density": 0.0}],
        "strategy__density__metric": ["cosine", "euclidean"],
        "estimator__n_neighbors": [1, 5],
    }
    budgeted = BudgetedClassifier(IncrementalKNeighborsClassifier(), CDFProduct(), budget=12)
    search = GridSearchCV(budgeted, grid, cv=3).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == 8
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) > 3
    best = search.best_estimator_
    assert (
        best.strategy.get_params()["density__metric"]
        == (search.best_params_["strategy__density__metric"])
    )
    assert best.estimator_.n_neighbors == search.best_params_["estimator__n_neighbors"]


def test_a_grid_leaves_the_strategy_that_it_was_given_as_it_was():
    X, y = load_iris(return_X_y=True)
    strategy = CDFProduct()
    budgeted = BudgetedClassifier(strategy=strategy, budget=8)
    GridSearchCV(budgeted, {"strategy__density__metric": ["euclidean"]}, cv=2).fit(X, y)
    assert strategy.measures is None
    assert strategy.get_params()["density__metric"] is None


def test_parameters_are_reached_through_the_default_measures():
    budgeted = BudgetedClassifier(strategy=CDFProduct())
    assert budgeted.get_params()["strategy__diversity__aggregate"] == "mean"
    budgeted.set_params(
        strategy__diversity__aggregate="min", strategy__uncertainty=Entropy(), budget=7
    )
    twin = clone(budgeted)
    assert twin.strategy is not budgeted.strategy
    assert twin.get_params()["strategy__diversity__aggregate"] == "min"
    assert isinstance(twin.get_params()["strategy__uncertainty"], Entropy)
    assert twin.get_params()["strategy__density__metric"] is None
    assert twin.budget == 7


def test_a_grid_over_whole_strategies_and_estimators_runs():
    X, y = load_iris(return_X_y=True)
    grid = {
        "strategy": [None, RandomSampling(), UncertaintySampling(Entropy())],
        "estimator": [None, RandomForestClassifier(5, random_state=0), GaussianNB()],
    }
    budgeted = BudgetedClassifier(budget=15, seed_set=10, batch_size=5, random_state=0)
    search = GridSearchCV(budgeted, grid, cv=2, error_score="raise").fit(X, y)
    assert (search.cv_results_["mean_test_score"] > 0.5).all()


def test_cross_val_score_is_better_with_a_larger_budget():
    X, y = load_digits(return_X_y=True)
    small, large = (
        cross_val_score(BudgetedClassifier(budget=budget), X, y, cv=3).mean() for budget in (5, 80)
    )
    assert large > small + 0.1


def test_a_pipeline_works_inside_and_outside():
    X, y = load_iris(return_X_y=True)
    classifier = IncrementalKNeighborsClassifier(metric="euclidean")
    inside = BudgetedClassifier(make_pipeline(StandardScaler(), classifier), budget=20)
    outside = make_pipeline(StandardScaler(), BudgetedClassifier(classifier, budget=20))
    np.testing.assert_allclose(
        inside.fit(X, y).predict_proba(X), outside.fit(X, y).predict_proba(X)
    )


def test_a_pipeline_on_texts_is_fitted_and_scored():
    words = {"apple": ["ripe", "red", "green", "pie"], "orange": ["juice", "peel", "sweet", "soft"]}
    texts = [f"{name} {word} {i}" for name, kinds in words.items() for word in kinds for i in "xyz"]
    y = np.repeat(["apple", "orange"], 12)
    budgeted = BudgetedClassifier(
        make_pipeline(TfidfVectorizer(), IncrementalKNeighborsClassifier(3)), budget=6
    )
    assert budgeted.fit(texts, y).score(texts, y) > 0.9
    assert not hasattr(budgeted, "n_features_in_")
    assert cross_val_score(budgeted, texts, y, cv=3, error_score="raise").mean() > 0.6


@pytest.mark.parametrize(
    ("estimator", "present", "absent"),
    [
        (None, "predict_proba", "decision_function"),
        (LinearSVC(), "decision_function", "predict_proba"),
    ],
)
def test_it_has_the_methods_of_its_estimator(estimator, present, absent):
    X, y = load_iris(return_X_y=True)
    unfitted = BudgetedClassifier(estimator, budget=40, seed_set=20, random_state=0)
    fitted = clone(unfitted).fit(X, y)
    for stage in (unfitted, fitted):
        assert hasattr(stage, present)
        assert not hasattr(stage, absent)
    assert getattr(fitted, present)(X).shape == (150, 3)


def test_it_takes_sparse_samples_where_its_estimator_does():
    assert get_tags(BudgetedClassifier()).input_tags.sparse
    for estimator in (LinearSVC(), LogisticRegression()):
        sparse = get_tags(BudgetedClassifier(estimator)).input_tags.sparse
        assert sparse == get_tags(estimator).input_tags.sparse
    assert not get_tags(BudgetedClassifier(GaussianNB())).input_tags.sparse


def test_decision_functions_serve_the_area_under_the_roc_curve():
    X, y = load_iris(return_X_y=True)
    budgeted = BudgetedClassifier(LinearSVC(), budget=20, seed_set=5, random_state=0)
    scores = cross_val_score(budgeted, X[50:], y[50:], cv=3, scoring="roc_auc", error_score="raise")
    assert scores.mean() > 0.8
