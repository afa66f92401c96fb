"""Staged predictions of BudgetedClassifier, and the scorers that read its labelling curve."""

import pickle
from functools import partial

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits, load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skactive.model_selection import (
    BudgetedClassifier,
    StrategyComparison,
    area_under_labeling_curve,
    labels_to_score,
)
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
ESTIMATORS = [
    None,
    make_pipeline(StandardScaler(), IncrementalKNeighborsClassifier(3)),
    GaussianNB(),
    make_pipeline(StandardScaler(), LogisticRegression(tol=0.1)),
    LinearSVC(),
]


class FixedStage(ClassifierMixin, BaseEstimator):
    """A classifier that predicts its labels."""

    def __init__(self, labels, probabilities, classes):
        self.labels = labels
        self.probabilities = probabilities
        self.classes = classes
        self.classes_ = classes

    def predict(self, X):
        return self.labels

    def predict_proba(self, X):
        return self.probabilities


def budgeted(estimator=None, **parameters):
    parameters = {"budget": 10, "batch_size": 4, "seed_set": 3, "random_state": 0} | parameters
    return BudgetedClassifier(estimator, CDFProduct(), **parameters)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: str(one)[:30])
def test_a_stage_is_the_model_with_the_first_answers(estimator):
    fitted = budgeted(estimator).fit(X, NAMES)
    features = fitted.features(X)
    stages = list(fitted.staged_predict(X))
    assert len(stages) == fitted.n_labeled_ == 10
    has_probabilities = hasattr(fitted, "staged_predict_proba")
    assert has_probabilities == hasattr(fitted, "predict_proba")
    votes = list(fitted.staged_predict_proba(X)) if has_probabilities else [None] * 10
    for stage in range(10):
        predictions, probabilities = stages[stage], votes[stage]
        selected = fitted.query_indices_[: stage + 1]
        if len(np.unique(NAMES[selected])) == 1:
            assert set(predictions) == set(NAMES[selected])
            continue
        if isinstance(fitted.classifier_, IncrementalLabelSpreading):
            # It learns from the samples without a label, too.
            known = np.full(len(X), None)
            known[selected] = NAMES[selected]
            fresh = clone(fitted.classifier_).fit(features.astype(np.float32), known)
            # The temperature magnifies the error of the scores.
            tolerance = 10 * fresh.tol
        else:
            tolerance = 1e-5
            fresh = clone(fitted.classifier_).fit(features[selected], NAMES[selected])
        np.testing.assert_array_equal(predictions, fresh.predict(features))
        if has_probabilities:
            known = np.isin(fitted.classes_, fresh.classes_)
            # Some use partial_fit, others products of another shape.
            np.testing.assert_allclose(
                probabilities[:, known], fresh.predict_proba(features), atol=tolerance
            )
            assert (probabilities[:, ~known] == 0).all()
    np.testing.assert_array_equal(stages[-1], fitted.predict(X))


@pytest.mark.parametrize("estimator", [None, LogisticRegression(), GaussianNB()])
def test_with_one_class_in_the_seed_set_that_class_is_predicted(estimator):
    places = np.r_[0:40, 50:52]
    fitted = BudgetedClassifier(
        estimator, RandomSampling(), budget=42, seed_set=5, random_state=0
    ).fit(X[places], NAMES[places])
    assert set(NAMES[places][fitted.query_indices_[:5]]) == {"setosa"}
    first, last = next(fitted.staged_predict(X)), fitted.predict(X)
    assert set(first) == {"setosa"}
    np.testing.assert_allclose(next(fitted.staged_predict_proba(X)), [[1, 0]] * 150)
    assert set(last) <= {"setosa", "versicolor"}


def test_nearest_neighbours_learn_from_a_single_class():
    fitted = BudgetedClassifier(budget=5).fit(X[:50], NAMES[:50])
    assert set(fitted.predict(X)) == {"setosa"}
    assert fitted.classes_.tolist() == ["setosa"]


@pytest.mark.parametrize("estimator", ESTIMATORS[:4], ids=lambda one: str(one)[:30])
@pytest.mark.parametrize("scoring", ["accuracy", "balanced_accuracy", "neg_log_loss"])
def test_the_area_is_that_of_a_comparison_of_each_stages_scores(estimator, scoring):
    fitted = budgeted(estimator).fit(X, NAMES)
    test = slice(1, None, 7)
    curve = []
    for predictions, votes in zip(
        fitted.staged_predict(X[test]), fitted.staged_predict_proba(X[test]), strict=True
    ):
        stage = FixedStage(predictions, votes, fitted.classes_)
        curve.append(get_scorer(scoring)(stage, X[test], NAMES[test]))
    comparison = StrategyComparison(
        ("one",), np.arange(1, 11), np.array([[curve]]), np.ones(1), scoring
    )
    area = area_under_labeling_curve(fitted, X[test], NAMES[test], scoring=scoring)
    assert area == pytest.approx(comparison.area_under_curve()[0, 0], rel=1e-12)
    middle = float(np.sort(curve)[5])
    needed = labels_to_score(middle, scoring=scoring)(fitted, X[test], NAMES[test])
    assert needed == -comparison.labels_to_score(middle)[0]


def test_a_score_that_is_never_reached_takes_one_label_more_than_were_used():
    fitted = budgeted().fit(X, NAMES)
    assert labels_to_score(1.01)(fitted, X, NAMES) == -11.0
    assert labels_to_score(0.0)(fitted, X, NAMES) == -1.0
    with pytest.raises(TypeError, match="'score' parameter of labels_to_score must be a finite"):
        labels_to_score("0.9")


def test_a_pipeline_around_and_a_search_are_looked_into():
    inner = budgeted(estimator=None)
    around = make_pipeline(StandardScaler(), inner).fit(X, NAMES)
    direct = area_under_labeling_curve(around[-1], around[0].transform(X), NAMES)
    assert area_under_labeling_curve(around, X, NAMES) == direct
    search = GridSearchCV(inner, {"budget": [9]}, cv=2).fit(X, NAMES)
    assert labels_to_score(0.5)(search, X, NAMES) == labels_to_score(0.5)(
        search.best_estimator_, X, NAMES
    )


def test_a_decision_function_serves_scores_that_rank_and_no_others():
    two = Y < 2
    fitted = budgeted(LinearSVC()).fit(X[two], Y[two])
    rank = partial(area_under_labeling_curve, scoring="roc_auc")
    assert 0.5 < rank(fitted, X[two], Y[two]) <= 1
    with pytest.raises(
        TypeError,
        match=r"scoring='neg_log_loss' needs a method that LinearSVC does not have: .*Hint",
    ):
        area_under_labeling_curve(fitted, X[two], Y[two], scoring="neg_log_loss")


@pytest.mark.parametrize("estimator", [LogisticRegression(), make_pipeline(LogisticRegression())])
def test_an_estimator_without_stages_raises(estimator):
    estimator.fit(X, Y)
    message = "needs the predictions after each label, which .* does not have. Hint: pass a"
    with pytest.raises(TypeError, match="area_under_labeling_curve " + message):
        area_under_labeling_curve(estimator, X, Y)
    with pytest.raises(TypeError, match="labels_to_score " + message):
        labels_to_score(0.9)(estimator, X, Y)


SPACE = {
    "strategy__weights": [{"density": 0.0}, {"uncertainty": 2.0}],
    "strategy__density__metric": ["cosine", "euclidean"],
    "estimator__n_neighbors": [1, 5],
}
KNN = BudgetedClassifier(IncrementalKNeighborsClassifier(), CDFProduct(), budget=12)


@pytest.mark.parametrize("scoring", [area_under_labeling_curve, labels_to_score(0.9), "accuracy"])
@pytest.mark.parametrize(
    "search",
    [
        partial(GridSearchCV, param_grid=SPACE),
        partial(RandomizedSearchCV, param_distributions=SPACE, n_iter=4, random_state=0),
        partial(HalvingGridSearchCV, param_grid=SPACE, min_resources=60, random_state=0),
        partial(
            HalvingGridSearchCV,
            param_grid=SPACE,
            resource="budget",
            min_resources=5,
            max_resources=20,
            random_state=0,
        ),
    ],
    ids=["grid", "random", "halving-samples", "halving-budget"],
)
def test_searches_tune_by_the_curve(search, scoring):
    found = search(KNN, cv=2, scoring=scoring, error_score="raise")
    found = pickle.loads(pickle.dumps(clone(found))).fit(X, NAMES)
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()
    assert set(SPACE) <= set(found.best_params_)
    assert found.best_estimator_.classifier_.n_neighbors in (1, 5)


def test_scorers_work_together_and_in_plain_loops():
    scoring = {"area": area_under_labeling_curve, "labels": labels_to_score(0.9)}
    scores = cross_validate(KNN, X, NAMES, cv=2, scoring=scoring, error_score="raise")
    assert (scores["test_area"] > 0.3).all()
    assert (scores["test_labels"] < 0).all()
    areas = []
    for weight in (0.0, 1.0, 3.0):
        trial = clone(KNN).set_params(strategy__weights={"density": weight})
        areas.append(area_under_labeling_curve(trial.fit(X, NAMES), X, NAMES))
    assert len(set(areas)) == 3


@pytest.mark.parametrize("name", ["strategy__weights", "estimator__n_neighbors"])
def test_parameters_of_none_are_refused_with_the_remedy(name):
    with pytest.raises(ValueError, match=r"=None has no parameters to set\. Hint: pass"):
        BudgetedClassifier().set_params(**{name: 1})
    BudgetedClassifier().set_params(
        strategy=UncertaintySampling(),
        estimator=IncrementalKNeighborsClassifier(),
        estimator__n_neighbors=3,
    )


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            {"density": -1.0},
            r"parameter of CDFProduct must be a finite number of at least 0\. Got -1\.0",
        ),
        ({"novelty": 1.0}, r"names 'novelty', which is not one of its measures: \['uncertainty', "),
    ],
)
def test_a_search_reports_errors_about_weights(weights, message):
    search = GridSearchCV(KNN, {"strategy__weights": [weights]}, cv=2, error_score="raise")
    with pytest.raises(ValueError, match=message):
        search.fit(X, NAMES)


def test_missing_labels_of_any_type_are_named():
    pd = pytest.importorskip("pandas")
    missing = [
        np.where(np.arange(150) == 7, np.nan, Y),
        np.where(np.arange(150) == 7, None, NAMES),
        pd.Series(Y, dtype="Int64").mask(np.arange(150) == 7),
        pd.Series(NAMES, dtype="string").mask(np.arange(150) == 7),
        pd.Series(NAMES, dtype="category").mask(np.arange(150) == 7),
    ]
    for y in missing:
        with pytest.raises(ValueError, match=r"y\[7\] is missing"):
            KNN.fit(X, y)


def test_stages_over_digits_end_where_predict_does():
    digits, y = load_digits(return_X_y=True)
    fitted = BudgetedClassifier(budget=60).fit(digits[:600], y[:600])
    accuracies = [
        np.mean(predictions == y[600:]) for predictions in fitted.staged_predict(digits[600:])
    ]
    assert accuracies[-1] == fitted.score(digits[600:], y[600:])
    assert accuracies[0] < 0.3
    assert accuracies[-1] > 0.7


@pytest.mark.parametrize("forgetting", [{"max_labeled": 7}, {"half_life": 4.0}])
def test_stages_with_forgetting_equal_a_classifier_with_the_first_answers(
    forgetting,
):
    X, y = load_digits(return_X_y=True)
    X_pool, y_pool, X_test = X[:200], y[:200], X[200:260]
    forgetful = IncrementalKNeighborsClassifier(**forgetting)
    fitted = BudgetedClassifier(forgetful, CDFProduct(), budget=20).fit(X_pool, y_pool)
    updated = clone(forgetful)
    stages = list(fitted.staged_predict(X_test))
    assert len(stages) == fitted.n_labeled_ == 20
    for index, predicted in zip(fitted.query_indices_, stages, strict=True):
        updated.add_labeled(X_pool[[index]], y_pool[[index]])
        np.testing.assert_array_equal(predicted, updated.predict(X_test))
    np.testing.assert_array_equal(stages[-1], fitted.predict(X_test))
    stored = list(fitted.estimator_.staged_predict(X_test))
    assert len(stored) == fitted.estimator_.n_samples_fit_
    np.testing.assert_array_equal(stored[-1], fitted.predict(X_test))
