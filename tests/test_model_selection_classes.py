"""BudgetedClassifier has a column for each class, also for those that the budget missed."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_blobs
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import RandomSampling

NAMES = np.array(["apple", "lemon", "orange", "pear"])
X, CODES = make_blobs([8, 20, 7, 25], centers=np.eye(4)[:, :3] * 9, random_state=0)[:2]
Y = NAMES[CODES]
# The oracle knows "lemon" and "pear" alone.
MISSED = np.isin(NAMES, ["apple", "orange"])


def two_of_four(positions, y):
    return np.where(np.isin(y, NAMES[MISSED]), "lemon", y)


def budgeted(estimator=None, budget=12, **params):
    return BudgetedClassifier(
        estimator, RandomSampling(random_state=0), budget=budget, oracle=two_of_four, **params
    )


ESTIMATORS = [
    None,
    IncrementalKNeighborsClassifier(metric="euclidean"),
    IncrementalKNeighborsClassifier(max_labeled=6),
    GaussianNB(),
    LogisticRegression(),
    make_pipeline(StandardScaler(), LinearSVC()),
    RidgeClassifier(),
    SVC(decision_function_shape="ovo"),
]
WITH_PROBABILITIES = [one for one in ESTIMATORS if hasattr(budgeted(one), "predict_proba")]
each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: str(one)[:30])


@each_estimator
def test_missed_classes_are_known_and_never_predicted(estimator):
    fitted = budgeted(estimator).fit(X, Y)
    assert fitted.classes_.tolist() == NAMES.tolist()
    assert set(fitted.y_labeled_) == {"lemon", "pear"}
    predicted = fitted.predict(X)
    assert set(predicted) == {"lemon", "pear"}
    for stage in fitted.staged_predict(X):
        assert set(stage) <= {"lemon", "pear"}
    if hasattr(fitted, "decision_function"):
        decision = fitted.decision_function(X)
        assert decision.shape == (len(X), 4)
        np.testing.assert_array_equal(NAMES[decision.argmax(axis=1)], predicted)


@pytest.mark.parametrize("estimator", WITH_PROBABILITIES, ids=lambda one: str(one)[:30])
def test_missed_classes_have_probability_0_at_every_stage(estimator):
    fitted = budgeted(estimator).fit(X, Y)
    final = fitted.predict_proba(X)
    np.testing.assert_array_equal(final[:, ~MISSED], fitted.estimator_.predict_proba(X))
    stages = list(fitted.staged_predict_proba(X))
    assert len(stages) == 12
    for probabilities in [*stages, final]:
        assert probabilities.shape == (len(X), 4)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        assert not probabilities[:, MISSED].any()


@pytest.mark.parametrize("known", [0, 1])
def test_the_decision_for_one_of_two_classes_is_a_single_value(known):
    y = np.array(["no", "yes"])[[1 - known, *[known] * 11]]
    fitted = BudgetedClassifier(
        RidgeClassifier(),
        RandomSampling(),
        budget=3,
        oracle=lambda positions, _: [y[-1]] * len(positions),
    ).fit(X[:12], y)
    assert fitted.classes_.tolist() == ["no", "yes"]
    np.testing.assert_array_equal(fitted.decision_function(X), [2.0 * known - 1] * len(X))


META_ESTIMATORS = {
    "soft voting": lambda one: VotingClassifier([("a", one), ("b", GaussianNB())], voting="soft"),
    "hard voting": lambda one: VotingClassifier([("a", one), ("b", GaussianNB())]),
    "stacking": lambda one: StackingClassifier([("a", one), ("b", GaussianNB())], cv=2),
    "bagging": lambda one: BaggingClassifier(one, n_estimators=2, random_state=0),
    "calibration": lambda one: CalibratedClassifierCV(one, cv=2),
    "grid": lambda one: GridSearchCV(
        one, {"budget": [8, 12]}, scoring="neg_log_loss", cv=2, error_score="raise"
    ),
}
FEW = {"budget": 8, "seed_set": 2, "random_state": 0}


@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(), LogisticRegression()])
@pytest.mark.parametrize("name", list(META_ESTIMATORS))
def test_meta_estimators_take_a_classifier_that_missed_classes(name, estimator):
    one = BudgetedClassifier(estimator, RandomSampling(), oracle=two_of_four_codes, **FEW)
    fitted = META_ESTIMATORS[name](one).fit(X, CODES)
    assert set(fitted.predict(X)) <= set(range(4))
    if name != "hard voting":
        probabilities = fitted.predict_proba(X)
        assert probabilities.shape == (len(X), 4)
        assert np.isfinite(probabilities).all()


def two_of_four_codes(positions, y):
    return np.where(np.isin(y, [0, 2]), y.dtype.type(1), y)


@pytest.mark.parametrize(
    "scoring",
    [
        "accuracy",
        "balanced_accuracy",
        "f1_macro",
        "neg_log_loss",
        "roc_auc_ovr",
        "roc_auc_ovo",
        "top_k_accuracy",
        "matthews_corrcoef",
    ],
)
@pytest.mark.parametrize("estimator", [None, GaussianNB()])
def test_scorers_take_a_classifier_that_missed_classes(scoring, estimator):
    fitted = budgeted(estimator).fit(X, Y)
    assert np.isfinite(get_scorer(scoring)(fitted, X, Y))


def test_predictions_across_folds_have_the_columns_of_all_classes():
    # The predictions are made with the classes' codes.
    one = budgeted(GaussianNB()).set_params(oracle=two_of_four_codes)
    probabilities = cross_val_predict(one, X, Y, cv=3, method="predict_proba")
    assert probabilities.shape == (len(X), 4)
    assert not probabilities[:, MISSED].any()


@pytest.mark.parametrize(
    "y",
    [
        np.array([2**63 + 1, 2**63 + 2, 2**63 + 3] * 8, dtype=np.uint64),
        np.array(["1", "01", "001"] * 8, dtype=object),
        np.array([-1, 0, 7] * 8, dtype=np.int8),
    ],
    ids=lambda y: y.dtype.name,
)
def test_classes_keep_the_values_of_the_labels(y):
    fitted = clone(budgeted(GaussianNB(), budget=2)).set_params(oracle=None).fit(X[:24], y)
    assert fitted.classes_.tolist() == sorted(set(y.tolist()))
    assert set(fitted.predict(X).tolist()) <= set(y.tolist())


def test_described_classes_without_a_sample_have_columns():
    X, y = load_iris(return_X_y=True)
    descriptions = {code: X[[30 * code]] for code in range(5)}
    spreading = IncrementalLabelSpreading(5, class_descriptions=descriptions)
    for estimator in (spreading, make_pipeline(StandardScaler(), spreading)):
        budgeted = BudgetedClassifier(estimator, RandomSampling(), budget=4, random_state=0)
        budgeted.fit(X, y)
        assert budgeted.classes_.tolist() == [0, 1, 2, 3, 4]
        for probabilities in (budgeted.predict_proba(X), *budgeted.staged_predict_proba(X)):
            assert probabilities.shape == (len(X), 5)
            np.testing.assert_allclose(probabilities.sum(axis=1), 1)
