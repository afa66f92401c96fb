"""Functions as scorers: they may do anything with the classifier of a stage and with X."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner
from skactive.base import TransductiveEstimator
from skactive.model_selection import (
    BudgetedClassifier,
    area_under_labeling_curve,
    compare_strategies,
    labels_to_score,
)
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import RandomSampling

pytestmark = pytest.mark.once

X, Y = (part[:240] for part in load_digits(return_X_y=True))
ESTIMATORS = [
    IncrementalKNeighborsClassifier(3),
    IncrementalLabelSpreading(),
    LogisticRegression(tol=0.1),
    make_pipeline(StandardScaler(), IncrementalKNeighborsClassifier(3)),
]
CV = StratifiedKFold(2)


def under_noise(estimator, X, y):
    noisy = X + np.random.default_rng(0).normal(0, 5, X.shape)
    return accuracy_score(y, estimator.predict(noisy))


def of_a_reversed_part(estimator, X, y):
    return accuracy_score(y[:29:-1], estimator.predict(X[:29:-1]))


def curve(estimator, scoring, **parameters):
    parameters = {"budget": 16, "cv": CV} | parameters
    strategies = {"random": RandomSampling(random_state=0)}
    return compare_strategies(estimator, strategies, X, Y, scoring=scoring, **parameters)


def score_of_a_fit(estimator, X_pool, labeled, labels, score, *held_out):
    """Score a classifier that is fitted anew to the labels of a stage."""
    if isinstance(estimator, TransductiveEstimator):
        known = np.full(len(X_pool), None)
        known[labeled] = labels
        return score(clone(estimator).fit(X_pool, known), *held_out)
    if isinstance(estimator, LogisticRegression) and len(np.unique(labels)) == 1:
        return score(DummyClassifier().fit(X_pool[labeled], labels), *held_out)
    return score(clone(estimator).fit(X_pool[labeled], labels), *held_out)


@pytest.mark.parametrize("estimator", ESTIMATORS[:3], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("scoring", [under_noise, of_a_reversed_part])
def test_a_function_that_changes_X_scores_each_stage_as_a_plain_loop(
    estimator, batch_size, scoring
):
    found = curve(estimator, scoring, batch_size=batch_size)
    for place, (train, test) in enumerate(CV.split(X, Y)):
        learner = ActiveLearner(clone(estimator), RandomSampling(random_state=0), X[train])
        expected = []
        while len(learner.labeled) < 16:
            indices = learner.query(min(batch_size, 16 - len(learner.labeled)))
            learner.teach(indices, Y[train][indices])
            labeled, labels = learner.labeled, learner.labels
            expected.append(
                score_of_a_fit(estimator, X[train], labeled, labels, scoring, X[test], Y[test])
            )
        np.testing.assert_allclose(found.test_scores[0, place], expected, atol=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: str(one)[:30])
def test_a_function_gets_the_predictions_that_scorers_of_scikit_learn_get(estimator):
    functions = {
        "accuracy": lambda fitted, X, y: fitted.score(X, y),
        "neg_log_loss": lambda fitted, X, y: -log_loss(y, fitted.predict_proba(X)),
    }
    for scoring, function in functions.items():
        named = curve(estimator, scoring)
        np.testing.assert_allclose(
            curve(estimator, function).test_scores, named.test_scores, rtol=1e-6
        )
    made = curve(estimator, make_scorer(accuracy_score))
    np.testing.assert_array_equal(made.test_scores, curve(estimator, "accuracy").test_scores)


@pytest.mark.parametrize("estimator", ESTIMATORS[2:], ids=lambda one: str(one)[:30])
def test_a_function_may_read_the_attributes_of_the_classifier(estimator):
    seen = []

    def note(fitted, X, y):
        seen.append(type(fitted))
        assert fitted.n_features_in_ == 64
        assert fitted.classes_.tolist() == list(range(10))
        with np.errstate(divide="ignore"):
            expected = np.log(fitted.predict_proba(X))
        if hasattr(fitted, "predict_log_proba"):
            np.testing.assert_allclose(fitted.predict_log_proba(X), expected, rtol=1e-6)
        return 0.0

    curve(estimator, note, budget=60, batch_size=10)
    assert type(estimator) in seen
    assert len(set(seen)) == 2


def test_a_function_may_compute_importances_and_fit_again():
    def check(fitted, X, y):
        classes = fitted.classes_.tolist()
        importances = permutation_importance(fitted, X, y, n_repeats=1, random_state=0)
        assert importances.importances.shape == (4, 1)
        assert clone(fitted).fit(X, y).classes_.tolist() == classes
        assert fitted.classes_.tolist() == classes
        return importances.importances.max()

    features, names = load_iris(return_X_y=True)
    strategies = {"random": RandomSampling(random_state=0)}
    same = {"budget": 12, "batch_size": 3, "cv": 2, "random_state": 0, "scoring": check}
    found = compare_strategies(GaussianNB(), strategies, features, names, **same)
    assert found.test_scores[..., -1].min() > 0.1


def test_an_attribute_that_needs_all_classes_is_refused_while_some_have_no_label():
    with pytest.raises(AttributeError, match=r"no attribute 'coef_'\. Hint: .*`estimator` is the"):
        curve(LogisticRegression(tol=0.1), lambda fitted, X, y: fitted.coef_.sum(), budget=3)
    n_known = []

    def count(fitted, X, y):
        n_known.append(len(getattr(fitted, "estimator", fitted).classes_))
        return 0.0

    curve(LogisticRegression(tol=0.1), count, budget=3)
    assert n_known == [1, 2, 3, 1, 2, 3, 10, 10]


@pytest.mark.parametrize("estimator", [*ESTIMATORS, GaussianNB()], ids=lambda one: str(one)[:30])
@pytest.mark.parametrize("around", [False, True])
def test_the_area_under_a_curve_of_a_function_is_that_of_its_stages(estimator, around):
    features, names = load_iris(return_X_y=True)
    train, test = np.arange(0, 150, 2), np.arange(1, 150, 2)
    budgeted = BudgetedClassifier(
        estimator, RandomSampling(), budget=12, batch_size=3, random_state=0
    )
    whole = make_pipeline(StandardScaler(), budgeted) if around else budgeted
    whole.fit(features[train], names[train])

    def moved(X):
        return X[::-1] + np.random.default_rng(0).normal(0, 0.3, X.shape)

    def on_moved(fitted, X, y):
        assert X is held_out
        return accuracy_score(y[::-1], fitted.predict(moved(X)))

    held_out, y = features[test], names[test]
    X_moved = whole[0].transform(moved(held_out)) if around else moved(held_out)
    scores = [accuracy_score(y[::-1], one) for one in budgeted.staged_predict(X_moved)]
    area = area_under_labeling_curve(whole, held_out, y, scoring=on_moved)
    assert area == pytest.approx((np.sum(scores) - (scores[0] + scores[-1]) / 2) / 11)
    needed = labels_to_score(scores[6], scoring=on_moved)(whole, held_out, y)
    assert needed == -1 - np.flatnonzero(np.array(scores) >= scores[6])[0]
