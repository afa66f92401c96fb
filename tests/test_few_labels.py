"""Every classifier of scikit-learn works from zero labels on, and mistakes are raised."""

import warnings
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectFromModel, SelectKBest, SelectPercentile
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.naive_bayes import CategoricalNB, GaussianNB
from sklearn.neighbors import (
    KNeighborsClassifier,
    NeighborhoodComponentsAnalysis,
    RadiusNeighborsClassifier,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import all_estimators
from sklearn.utils.validation import check_is_fitted

from skactive import ActiveLearner
from skactive.model_selection import BudgetedClassifier, compare_strategies
from skactive.strategies import (
    BADGE,
    CDFProduct,
    DropQuery,
    ExpectedErrorReduction,
    QueryByCommittee,
    RandomSampling,
    UncertaintySampling,
)

pytestmark = pytest.mark.filterwarnings("ignore")

RNG = np.random.default_rng(0)
Y = np.array(["apple", "orange"] * 16)
X = np.abs(RNG.normal(size=(32, 3)) + 3 * (Y == "orange")[:, np.newaxis])

# They need an estimator, or settings for few and small samples.
SETTINGS = {
    "AdaBoostClassifier": {"n_estimators": 3},
    "BaggingClassifier": {"n_estimators": 3},
    "CategoricalNB": {"min_categories": 9},
    "ClassifierChain": None,  # for several labels at once
    "ExtraTreesClassifier": {"n_estimators": 3},
    "FixedThresholdClassifier": {"estimator": LogisticRegression()},
    "GradientBoostingClassifier": {"n_estimators": 3},
    "HistGradientBoostingClassifier": {"max_iter": 3},
    "LogisticRegressionCV": {"cv": 3, "Cs": 2},
    "MLPClassifier": {"max_iter": 5, "hidden_layer_sizes": (3,)},
    "MultiOutputClassifier": None,  # for several labels at once
    "OneVsOneClassifier": {"estimator": LogisticRegression()},
    "OneVsRestClassifier": {"estimator": LogisticRegression()},
    "OutputCodeClassifier": {"estimator": LinearSVC()},
    "PassiveAggressiveClassifier": None,  # deprecated: a setting of SGDClassifier
    "QuadraticDiscriminantAnalysis": {"reg_param": 0.5},
    "RadiusNeighborsClassifier": {"radius": 30.0},
    "RandomForestClassifier": {"n_estimators": 3},
    "SelfTrainingClassifier": None,  # takes no labels that are strings
    "StackingClassifier": {"estimators": [("a", LogisticRegression())]},
    "TunedThresholdClassifierCV": {
        "estimator": LogisticRegression(),
        "thresholds": 4,
        "cv": 3,
    },
    "VotingClassifier": {"estimators": [("a", KNeighborsClassifier())], "voting": "soft"},
}
ESTIMATORS = {
    name: estimator(**(SETTINGS.get(name) or {}))
    for name, estimator in all_estimators(type_filter="classifier")
    if SETTINGS.get(name, {}) is not None
} | {
    "calibrated": CalibratedClassifierCV(LinearSVC()),
    "grid": GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=3),
}
WITHOUT_PROBABILITIES = {"OutputCodeClassifier"}
every_estimator = pytest.mark.parametrize("name", list(ESTIMATORS))


def strategy_for(name):
    return (
        RandomSampling(random_state=0) if name in WITHOUT_PROBABILITIES else UncertaintySampling()
    )


@every_estimator
def test_every_classifier_learns_from_zero_labels_on(name):
    learner = ActiveLearner(ESTIMATORS[name], strategy_for(name), X_pool=X)
    # One by one while there are few, then several at once.
    for n_instances in (1, 1, 1, 1, 2, 4, 6):
        learner.teach(indices := learner.query(n_instances), Y[indices])
    assert len(learner.labeled) == 16
    assert learner.answers.tolist() == Y[learner.answered].tolist()
    assert learner.fit_error is None
    assert set(learner.predict(X)) <= {"apple", "orange"}


@pytest.mark.parametrize(
    "name",
    [
        "KNeighborsClassifier",
        "NearestCentroid",
        "LinearDiscriminantAnalysis",
        "calibrated",
    ],
)
def test_classifiers_that_need_many_labels_can_be_budgeted_and_compared(name):
    estimator, strategy = ESTIMATORS[name], strategy_for(name)
    budgeted = BudgetedClassifier(estimator, strategy, budget=14, batch_size=7).fit(X, Y)
    assert set(budgeted.predict(X)) <= {"apple", "orange"}
    same = {"budget": 10, "batch_size": 5, "cv": StratifiedKFold(2)}
    scores = compare_strategies(estimator, {"one": strategy}, X, Y, **same).test_scores
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("name", "strategy"),
    [
        ("KNeighborsClassifier", None),
        ("KNeighborsClassifier", QueryByCommittee()),
        ("grid", CDFProduct()),
    ],
)
def test_stages_without_a_classifier_predict_the_most_frequent_label(name, strategy):
    budgeted = BudgetedClassifier(ESTIMATORS[name], strategy, budget=6).fit(X, Y)
    stages = list(budgeted.staged_predict(X))
    assert len(stages) == 6
    answers = budgeted.y_labeled_
    assert set(stages[0]) == {answers[0]}
    assert len(set(stages[2])) == 1
    shares = list(budgeted.staged_predict_proba(X))
    np.testing.assert_array_equal(budgeted.classes_[shares[2].argmax(axis=1)], stages[2])
    curve = compare_strategies(
        ESTIMATORS[name],
        {"one": RandomSampling()},
        X,
        Y,
        budget=4,
        cv=2,
        random_state=0,
        scoring=lambda fitted, X, y: fitted.score(X, y),
    ).test_scores
    np.testing.assert_array_equal(curve[..., :2], 0.5)


MEMBERS = [
    KNeighborsClassifier(7),
    LinearDiscriminantAnalysis(),
    CalibratedClassifierCV(LinearSVC()),
]


@pytest.mark.parametrize(
    "strategy",
    [
        QueryByCommittee(MEMBERS),
        QueryByCommittee(MEMBERS[:1]),
        ExpectedErrorReduction(estimator=KNeighborsClassifier(7), n_candidates=2),
        BADGE(KNeighborsClassifier(7)),
        DropQuery(KNeighborsClassifier(7)),
    ],
    ids=lambda strategy: type(strategy).__name__,
)
def test_strategies_with_classifiers_of_their_own_start_without_them(strategy):
    learner = ActiveLearner(GaussianNB(), strategy, X_pool=X)
    for _ in range(9):
        learner.teach(indices := learner.query(), Y[indices])
    assert len(set(learner.labeled.tolist())) == 9


def test_the_reason_is_named_until_the_classifier_can_be_fitted():
    learner = ActiveLearner(KNeighborsClassifier(3), X_pool=X)
    assert learner.fit_error is None
    learner.teach([0, 1], Y[:2]).query()
    assert "Expected n_neighbors <= n_samples_fit" in str(learner.fit_error)
    with pytest.raises(
        NotFittedError, match=r"label more samples\. It raised: Expected n_neighbors"
    ) as info:
        learner.predict(X)
    assert info.value.__cause__ is learner.fit_error
    assert "KNeighborsClassifier waits for more labels, since it raised: Ex" in str(
        learner.progress
    )
    learner.teach([2], Y[2:3])
    assert learner.predict(X[:1]).tolist() == ["apple"]
    assert learner.fit_error is None
    assert "waits" not in str(learner.progress)
    assert learner.undo().tolist() == [2]
    learner.query()
    assert learner.fit_error is not None


class Demanding(ClassifierMixin, BaseEstimator):
    """Cannot be fitted to labels of any number."""

    def fit(self, X, y):
        raise ValueError(f"{len(y)} samples are not what this classifier is made for")

    def decision_function(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (KNeighborsClassifier(weights="near"), "'weights' parameter"),
        (KNeighborsClassifier(n_neighbors=0), "'n_neighbors' parameter"),
        (CalibratedClassifierCV(LinearSVC(C=-1)), "'C' parameter"),
    ],
)
def test_a_mistake_that_more_labels_do_not_mend_is_raised_at_once(estimator, message):
    learner = ActiveLearner(estimator, UncertaintySampling(), X_pool=X)
    learner.teach(np.arange(12), Y[:12])
    with pytest.raises(ValueError, match=message):
        learner.query()
    with pytest.raises(ValueError, match=message):
        learner.predict(X)
    assert learner.labels.tolist() == Y[:12].tolist()


class NeedsFive(ClassifierMixin, BaseEstimator):
    """Fitted to five samples of each of two classes, and no fewer."""

    def fit(self, X, y):
        counts = Counter(np.asarray(y).tolist())
        if len(counts) < 2 or min(counts.values()) < 5:
            raise ValueError("too few labels")
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        check_is_fitted(self)
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.mark.parametrize("names", [["a", "b"], ["a", "a\0"], [1, 2], [b"a", b"a\0"]])
def test_a_classifier_waits_for_labels_of_any_names(names):
    learner = ActiveLearner(NeedsFive(), UncertaintySampling(), X_pool=X)
    for index in range(9):
        learner.teach(index, names[index % 2])
        learner.query()
        assert str(learner.fit_error) == "too few labels"
    learner.teach(9, names[1])
    assert learner.predict_proba(X).tolist() == [[0.5, 0.5]] * len(X)


def test_an_error_is_raised_when_every_class_has_enough_labels():
    X_many, y_many = np.tile(X, (2, 1)), np.tile(Y, 2)
    learner = ActiveLearner(Demanding(), UncertaintySampling(), X_pool=X_many)
    learner.teach(np.arange(58), y_many[:58])
    assert len(learner.query()) == 1
    with pytest.raises(NotFittedError, match="It raised: 58 samples are not what this"):
        learner.predict(X)
    learner.teach([58, 59], y_many[58:60])
    for _ in range(2):
        with pytest.raises(ValueError, match="60 samples are not what this"):
            learner.query()


def test_probabilities_that_are_no_numbers_are_not_used():
    learner = ActiveLearner(
        GaussianNB(), CDFProduct(), X_pool=X, classes=["apple", "orange", "pear"]
    )
    for _ in range(6):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            learner.teach(indices := learner.query(), Y[indices])
        posterior = learner.pool.posterior()
        assert posterior is None or np.isfinite(posterior).all()
    assert len(learner.predict(X)) == len(X)


PARTLY_FIT = {
    "early stopping": SGDClassifier(early_stopping=True),
    "balanced": SGDClassifier(class_weight="balanced", loss="log_loss"),
    "early stopping, perceptrons": MLPClassifier((3,), early_stopping=True, max_iter=5),
}
# Its early stopping takes no labels that are strings.
OLD_PERCEPTRONS = sklearn.__version__.startswith(("1.6.", "1.7."))


@pytest.mark.parametrize("name", list(PARTLY_FIT))
def test_settings_that_exclude_partial_fit_learn_by_fit(name):
    if OLD_PERCEPTRONS and name == "early stopping, perceptrons":
        pytest.skip("scikit-learn scores labels that are strings from version 1.8 on")
    learner = ActiveLearner(PARTLY_FIT[name], UncertaintySampling(), X_pool=X)
    learner.teach(np.arange(24), Y[:24]).query()
    learner.teach([24], Y[24:25])
    assert learner.fit_error is None
    assert set(learner.predict(X)) <= {"apple", "orange"}
    assert learner.undo().tolist() == [24]
    assert learner.predict(X).shape == (32,)


REACHING_NEAR_LABELS = {
    "radius": (RadiusNeighborsClassifier(0.8), X),
    "categories": (CategoricalNB(), np.arange(32)[:, np.newaxis] // 2),
}


@pytest.mark.parametrize("strategy", [UncertaintySampling(), CDFProduct(), None])
@pytest.mark.parametrize("name", list(REACHING_NEAR_LABELS))
def test_classifiers_that_predict_only_near_their_labels_are_queried(name, strategy):
    estimator, samples = REACHING_NEAR_LABELS[name]
    learner = ActiveLearner(estimator, strategy, X_pool=samples)
    for _ in range(20):
        learner.teach(indices := learner.query(), Y[indices])
        str(learner.progress)
    assert learner.predict(samples[learner.labeled]).shape == (20,)
    assert str(learner.explain_query(learner.query()))
    BudgetedClassifier(estimator, strategy, budget=20).fit(samples, Y)


WITH_A_SINGLE_CLASS = [
    "AdaBoostClassifier",
    "DecisionTreeClassifier",
    "DummyClassifier",
    "HistGradientBoostingClassifier",
    "LabelPropagation",
    "OneVsRestClassifier",
    "RandomForestClassifier",
]


@pytest.mark.parametrize("name", [*WITH_A_SINGLE_CLASS, "RidgeClassifier", "LinearSVC", "grid"])
def test_queries_are_explained_from_one_label_on(name):
    learner = ActiveLearner(ESTIMATORS[name], strategy_for(name), X_pool=X)
    for n_labels in (1, 2):
        learner.teach(indices := learner.query(), Y[indices])
        assert str(learner.explain_query(learner.query())), n_labels
        assert len(learner.to_frame()) == len(X)


@pytest.mark.parametrize("name", WITH_A_SINGLE_CLASS)
def test_a_single_class_has_probability_one(name):
    learner = ActiveLearner(ESTIMATORS[name], X_pool=X, classes=["apple", "orange"])
    learner.teach([0, 2, 4], Y[[0, 2, 4]]).query()
    np.testing.assert_array_equal(learner.predict_proba(X), np.tile([1.0, 0.0], (32, 1)))
    budgeted = BudgetedClassifier(ESTIMATORS[name], UncertaintySampling(), budget=1).fit(X, Y)
    assert np.sort(budgeted.predict_proba(X), axis=1).tolist() == [[0.0, 1.0]] * 32


NEED_LABELS = {
    "filter": SelectKBest(k=1),
    "model": SelectFromModel(LogisticRegression()),
    "metric": NeighborhoodComponentsAnalysis(),
    "columns": make_column_transformer((SelectKBest(k=1), [0, 1])),
    "nested": make_pipeline(StandardScaler(), SelectPercentile()),
    "union": make_union(StandardScaler(), SelectKBest(k=1)),
}


@pytest.mark.parametrize("step", NEED_LABELS.values(), ids=NEED_LABELS)
def test_a_step_that_needs_labels_is_named(step):
    pipeline = make_pipeline(step, LogisticRegression())
    message = f"{type(step).__name__}, learns from labels, and there are none yet. Hint: .*fit it"
    with pytest.raises(ValueError, match=message):
        ActiveLearner(pipeline, X_pool=X)
    with pytest.raises(ValueError, match=message):
        UncertaintySampling()(make_learner(pipeline), X)


def make_learner(estimator):
    """Return an object with the attributes that strategies read, like a learner of modAL."""
    return SimpleNamespace(estimator=estimator, X_training=None, y_training=None)


def test_a_frozen_estimator_that_is_not_fitted_is_left_alone():
    frozen = FrozenEstimator(LogisticRegression(C=2.0))
    learner = ActiveLearner(frozen, UncertaintySampling(), X_pool=X).teach(np.arange(8), Y[:8])
    for _ in range(2):
        with pytest.raises(NotFittedError, match="LogisticRegression instance is not fitted"):
            learner.query()
    assert frozen.estimator.C == 2.0


def test_modal_names_the_reason_until_the_classifier_can_be_fitted():
    pytest.importorskip("modAL")
    from skactive.integrations.modal import ActiveLearner as ModalLearner

    learner = ModalLearner(KNeighborsClassifier(3), X_training=X[:2], y_training=Y[:2])
    for call in (learner.predict, learner.predict_proba, lambda X: learner.score(X, Y)):
        with pytest.raises(NotFittedError, match=r"\['apple', 'orange'\]. Hint: label more sam"):
            call(X)
    learner.teach(X[2:3], Y[2:3])
    assert learner.predict_proba(X).shape == (32, 2)
    assert 0 <= learner.score(X, Y) <= 1
