"""ActiveLearner with all kinds of classifiers: unfitted, fitted, failing, and with a seed set."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skactive import ActiveLearner
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import RandomSampling


def three_clouds(n_samples=30):
    rng = np.random.default_rng(1)
    y = np.arange(n_samples) % 3
    centres = np.array([[4.0, 0.5, 1.0], [0.5, 4.0, 1.0], [0.5, 0.5, 5.0]])
    return centres[y] + rng.normal(size=(n_samples, 3)), np.array(["x", "y", "z"])[y]


class OneClassFails(LogisticRegression):
    """A classifier that cannot be fitted on one class, with an unhelpful error."""

    def fit(self, X, y):
        if len(set(y)) == 1:
            raise ValueError("the solver needs samples of at least 2 classes")
        return super().fit(X, y)


class Moody(ClassifierMixin, BaseEstimator):
    """A classifier that fits only while `good_mood`."""

    good_mood = False

    def fit(self, X, y):
        self.half_done_ = True
        if not self.good_mood:
            raise RuntimeError("out of memory")
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.shares_ = np.bincount(codes) / len(codes)
        return self

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class MoodyInPasses(GaussianNB):
    """A classifier with partial_fit that fails after half of a call while the mood is bad."""

    good_mood = True

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        if not self.good_mood:
            super().partial_fit(X[:1], y[:1], classes)
            raise RuntimeError("out of memory")
        return super().partial_fit(X, y, classes)


class Deaf(IncrementalKNeighborsClassifier):
    """An incremental classifier that rejects the label 'unheard'."""

    def add_labeled(self, X, y):
        if "unheard" in y:
            raise RuntimeError("I did not get that")
        return super().add_labeled(X, y)

    def relabel(self, indices, y):
        if "unheard" in y:
            raise RuntimeError("I did not get that")
        return super().relabel(indices, y)


REFITTED = [LogisticRegression(), RandomForestClassifier(5, random_state=0), LinearSVC()]


@pytest.mark.parametrize("estimator", [LogisticRegression(), LinearSVC(), OneClassFails()])
def test_a_classifier_that_needs_two_classes_waits_for_the_second(estimator):
    X, y = three_clouds()
    learner = ActiveLearner(estimator, X_pool=X)
    with pytest.raises(NotFittedError, match="cannot predict yet: the classes known so far are"):
        learner.predict(X)
    learner.teach(0, "x")
    learner.query()
    with pytest.raises(NotFittedError, match=r"so far are \['x'\]. Hint: label more samples"):
        learner.predict(X)
    learner.teach([1], y[[1]]).query()
    assert set(learner.predict(X)) == {"x", "y"}


def test_an_error_of_fit_on_several_classes_is_raised():
    X, y = three_clouds()
    learner = ActiveLearner(LogisticRegression(C=-1), X_pool=X).teach([0, 1], y[:2])
    with pytest.raises(ValueError, match="The 'C' parameter of LogisticRegression must be"):
        learner.predict(X)


def test_a_classifier_that_is_content_with_one_class_predicts_it():
    X, _ = three_clouds()
    learner = ActiveLearner(RandomForestClassifier(5, random_state=0), X_pool=X).teach(0, "x")
    assert set(learner.predict(X)) == {"x"}


@pytest.mark.parametrize("estimator", REFITTED)
def test_a_refitted_classifier_equals_a_fit_on_the_answers(estimator):
    X, y = three_clouds()
    learner = ActiveLearner(estimator, X_pool=X)
    for positions in ([4, 3], [8], [11, 2, 20]):
        learner.teach(positions, y[positions]).query()
    direct = clone(estimator).fit(X[learner.labeled], y[learner.labeled])
    np.testing.assert_array_equal(learner.predict(X), direct.predict(X))
    assert learner.fitted_estimator() is learner.estimator
    assert learner.score(X, y) == direct.score(X, y)


def test_labels_outlive_a_fit_that_fails(monkeypatch):
    X, y = three_clouds()
    learner = ActiveLearner(Moody(), X_pool=X).teach([0, 1], y[:2])
    for call in (learner.query, lambda: learner.predict(X), lambda: learner.score(X, y)):
        with pytest.raises(RuntimeError, match="out of memory"):
            call()
    learner.teach([4], y[[4]])
    assert learner.labeled.tolist() == [0, 1, 4]
    monkeypatch.setattr(Moody, "good_mood", True)
    assert learner.predict(X).tolist() == ["y"] * 30
    assert learner.query() not in [0, 1, 4]
    assert learner.undo().tolist() == [4]
    assert learner.predict_proba(X[:1]).tolist() == [[0.5, 0.5]]


def test_a_pass_that_fails_halfway_is_not_counted_twice(monkeypatch):
    X, y = three_clouds()
    learner = ActiveLearner(MoodyInPasses(), X_pool=X).teach([0, 1], y[:2])
    learner.predict(X)
    learner.teach([3, 4], y[3:5])
    monkeypatch.setattr(MoodyInPasses, "good_mood", False)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="out of memory"):
            learner.predict(X)
    monkeypatch.setattr(MoodyInPasses, "good_mood", True)
    assert learner.fitted_estimator().class_count_.tolist() == [2, 2]


def test_an_answer_that_the_classifier_refuses_is_taken_back():
    X, y = three_clouds()
    learner = ActiveLearner(Deaf(1), X_pool=X).teach([0, 1], y[:2])
    with pytest.raises(RuntimeError, match="I did not get that"):
        learner.teach([5, 2], ["z", "unheard"])
    with pytest.raises(RuntimeError, match="I did not get that"):
        learner.relabel([0, 1], ["unheard", "x"])
    assert learner.labeled.tolist() == [0, 1]
    assert learner.labels.tolist() == ["x", "y"]
    assert learner.pool.posterior().shape == (28, 2)
    learner.teach([5], ["z"])
    assert learner.predict(X[[0, 1, 5]]).tolist() == ["x", "y", "z"]
    assert learner.undo().tolist() == [5]
    assert learner.undo().tolist() == [0, 1]


@pytest.mark.parametrize("estimator", [*REFITTED, make_pipeline(StandardScaler(), LinearSVC())])
def test_a_fitted_classifier_that_would_forget_is_refused(estimator):
    X, y = three_clouds()
    fitted = clone(estimator).fit(X[:9], y[:9])
    with pytest.raises(
        ValueError, match=r"fitted already, and can only be fitted again, which would disc"
    ):
        ActiveLearner(fitted, X_pool=X)
    learner = ActiveLearner(fitted, X_pool=X[9:], X_labeled=X[:9], y_labeled=y[:9])
    assert learner.score(X[:9], y[:9]) > 0.8


def test_samples_of_a_fitted_nearest_neighbours_classifier_are_the_seed_set():
    X, y = three_clouds()
    fitted = IncrementalKNeighborsClassifier(3).fit(X[:6], y[:6])
    learner = ActiveLearner(fitted, X_pool=X[6:])
    seeded = ActiveLearner(
        IncrementalKNeighborsClassifier(3), X_pool=X[6:], X_labeled=X[:6], y_labeled=list(y[:6])
    )
    for _ in range(5):
        indices = learner.query(2)
        np.testing.assert_array_equal(seeded.query(2), indices)
        learner.teach(indices, y[6:][indices])
        seeded.teach(indices, y[6:][indices])
    np.testing.assert_array_equal(learner.predict_proba(X), seeded.predict_proba(X))
    assert fitted.n_samples_fit_ == 6
    assert learner.pool.n_labeled == 16
    while learner.labeled.size:
        learner.undo()
    np.testing.assert_array_equal(learner.predict_proba(X), fitted.predict_proba(X))


def test_a_fitted_pipeline_keeps_its_scaling_and_its_samples():
    X, y = three_clouds()
    pipeline = make_pipeline(StandardScaler(), IncrementalKNeighborsClassifier(metric="euclidean"))
    pipeline.fit(X[:6], y[:6])
    learner = ActiveLearner(pipeline, X_pool=X[6:])
    np.testing.assert_array_equal(learner.predict_proba(X), pipeline.predict_proba(X))
    learner.teach([0], y[[6]])
    both = IncrementalKNeighborsClassifier(metric="euclidean").fit(
        pipeline[:-1].transform(X[:7]), y[:7]
    )
    np.testing.assert_allclose(
        learner.predict_proba(X), both.predict_proba(pipeline[:-1].transform(X))
    )
    assert pipeline[-1].n_samples_fit_ == 6


@pytest.mark.parametrize(
    "estimator",
    [
        IncrementalKNeighborsClassifier(),
        LogisticRegression(),
        GaussianNB(),
        make_pipeline(StandardScaler(), SGDClassifier(random_state=0)),
    ],
)
def test_a_seed_set_is_known_before_the_first_query(estimator):
    X, y = three_clouds()
    learner = ActiveLearner(estimator, X_pool=X[9:], X_labeled=X[:9], y_labeled=y[:9])
    assert learner.classes_.tolist() == ["x", "y", "z"]
    assert learner.score(X[9:], y[9:]) > 0.8
    assert learner.labeled.size == 0
    learner.teach([0, 1], y[9:11]).undo()
    assert learner.score(X[9:], y[9:]) > 0.8


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"X_labeled": [[1.0, 2.0, 3.0]]}, "X_labeled was passed without y_labeled. Hint"),
        ({"y_labeled": ["x"]}, "y_labeled was passed without X_labeled. Hint"),
        ({"X_labeled": [[1, 2, 3]], "y_labeled": ["x", "y"]}, "inconsistent numbers of samples"),
        ({"X_labeled": [[1.0, 2.0]], "y_labeled": ["x"]}, "X_labeled has 2 features, but the po"),
        ({"X_labeled": [[1.0, 2.0, np.nan]], "y_labeled": ["x"]}, "Input X_labeled contains NaN"),
        ({"X_labeled": [[1.0, 2.0, 3.0]], "y_labeled": [None]}, r"y\[0\] is missing"),
    ],
)
@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(), LogisticRegression()])
def test_a_seed_set_that_cannot_be_is_refused(estimator, seed, message):
    with pytest.raises(ValueError, match=message):
        ActiveLearner(estimator, X_pool=three_clouds()[0], **seed)


@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(), GaussianNB()])
def test_an_empty_seed_set_is_none(estimator):
    X, y = three_clouds()
    learner = ActiveLearner(estimator, X_pool=X, X_labeled=X[:0], y_labeled=[])
    learner.teach([0, 1], y[:2])
    assert learner.predict(X[:2]).tolist() == ["x", "y"]


@pytest.mark.parametrize(
    "estimator",
    [
        IncrementalKNeighborsClassifier(),
        LogisticRegression(),
        RandomForestClassifier(5, random_state=0),
        SGDClassifier(loss="log_loss", random_state=0),
    ],
)
def test_probabilities_have_the_order_of_declared_and_new_classes(estimator):
    X, _ = three_clouds()
    learner = ActiveLearner(estimator, X_pool=X, classes=["z", "y", "unmet"])
    assert learner.classes_.tolist() == ["unmet", "y", "z"]
    learner.teach([1, 2, 4, 5], ["y", "z", "y", "z"]).query()
    probabilities = learner.predict_proba(X[[1, 2]])
    assert probabilities.shape == (2, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert probabilities[:, 1:].argmax(axis=1).tolist() == [0, 1]
    learner.teach(0, "new")
    assert learner.classes_.tolist() == ["new", "unmet", "y", "z"]
    assert learner.predict_proba(X).shape == (30, 4)
    learner.undo()
    assert learner.classes_.tolist() == ["unmet", "y", "z"]
    np.testing.assert_allclose(learner.predict_proba(X[[1, 2]]), probabilities)


def test_declared_classes_are_equally_probable_before_the_first_answer():
    X, _ = three_clouds()
    learner = ActiveLearner(X_pool=X, classes=["a", "b"])
    np.testing.assert_allclose(learner.predict_proba(X), learner.pool.posterior())
    np.testing.assert_allclose(learner.predict_proba(X[:1]), [[0.5, 0.5]])
    learner.teach(0, "c").undo()
    np.testing.assert_array_equal(learner.estimator.classes_, ["a", "b"])
    np.testing.assert_allclose(learner.predict_proba(X), learner.pool.posterior())


@pytest.mark.parametrize("estimator", [Perceptron(random_state=0), SGDClassifier(random_state=0)])
def test_declared_classes_let_a_classifier_in_passes_start_with_one_answer(estimator):
    X, y = three_clouds()
    learner = ActiveLearner(estimator, X_pool=X, classes=["x", "y", "z"]).teach(0, "x")
    assert learner.predict(X[:1]) == ["x"]
    learner.teach(range(1, 12), y[1:12])
    assert learner.score(X, y) > 0.7


def test_answers_reach_a_classifier_in_passes_one_by_one():
    X, y = three_clouds()
    learner = ActiveLearner(SGDClassifier(random_state=0), RandomSampling(random_state=0), X)
    learner.teach([0, 1, 2], y[:3]).fitted_estimator()
    passes = SGDClassifier(random_state=0).partial_fit(X[:3], y[:3], classes=["x", "y", "z"])
    for position in range(3, 10):
        learner.teach(position, y[position]).fitted_estimator()
        passes.partial_fit(X[[position]], y[[position]])
    np.testing.assert_array_equal(learner.estimator.coef_, passes.coef_)


def test_a_fitted_classifier_with_partial_fit_is_updated():
    X, y = three_clouds()
    fitted = GaussianNB().fit(X[:9], y[:9])
    before = fitted.class_count_.tolist()
    learner = ActiveLearner(fitted, X_pool=X[9:])
    assert learner.classes_.tolist() == ["x", "y", "z"]
    assert learner.predict_proba(X).shape == (30, 3)
    learner.teach([0, 1], y[9:11])
    assert learner.fitted_estimator().class_count_.tolist() == [4, 4, 3]
    learner.undo()
    assert learner.fitted_estimator().class_count_.tolist() == before
    np.testing.assert_array_equal(learner.predict_proba(X), fitted.predict_proba(X))
    assert fitted.class_count_.tolist() == before


def test_a_class_that_a_fitted_classifier_cannot_learn_is_refused_whole():
    X, y = three_clouds()
    fitted = GaussianNB().fit(X[:9], y[:9])
    learner = ActiveLearner(fitted, X_pool=X[9:]).teach([0, 1], y[9:11])
    message = r"GaussianNB was fitted with the classes \['x', 'y', 'z'\] and cannot learn 'new'"
    with pytest.raises(ValueError, match=message):
        learner.teach([2, 3], ["z", "new"])
    with pytest.raises(ValueError, match=message):
        learner.relabel([0, 1], ["new", "x"])
    assert learner.labels.tolist() == ["x", "y"]
    assert learner.classes_.tolist() == ["x", "y", "z"]
    assert learner.score(X, y) > 0.8
    with pytest.raises(ValueError, match=message):
        ActiveLearner(fitted, X_pool=X, X_labeled=X[:1], y_labeled=["new"])


@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(), GaussianNB()])
def test_classes_cannot_be_declared_to_a_fitted_classifier_that_lacks_them(estimator):
    X, y = three_clouds()
    fitted = clone(estimator).fit(X[:9], y[:9])
    with pytest.raises(ValueError, match=r"`classes` names 'w', but .* with the classes \['x', "):
        ActiveLearner(fitted, X_pool=X, classes=["x", "w"])
    assert ActiveLearner(fitted, X_pool=X, classes=["x", "y"]).classes_.tolist() == ["x", "y", "z"]


@pytest.mark.parametrize("estimator", [Ridge, KMeans(), StandardScaler(), GaussianNB, "kNN", 3])
def test_an_object_that_is_not_a_classifier_or_regressor_raises(estimator):
    with pytest.raises(TypeError, match="The estimator must be a classifier or a regressor"):
        ActiveLearner(estimator, X_pool=np.eye(3))


@pytest.mark.parametrize(
    "estimator",
    [
        IncrementalKNeighborsClassifier(),
        LogisticRegression(),
        GaussianNB(),
        make_pipeline(StandardScaler(), SGDClassifier(random_state=0)),
    ],
)
def test_the_estimator_that_was_passed_is_never_changed(estimator):
    X, y = three_clouds()
    before = repr(vars(estimator))
    learner = ActiveLearner(estimator, X_pool=X).teach([0, 1, 2], y[:3])
    learner.query()
    learner.predict(X)
    assert repr(vars(estimator)) == before
    assert learner.estimator is not estimator


@pytest.mark.parametrize("classes", [None, ["x", "y", "z"]])
@pytest.mark.parametrize("is_asked", [True, False])
@pytest.mark.filterwarnings("ignore:divide by zero encountered in log:RuntimeWarning")
def test_naive_bayes_waits_until_its_labels_have_a_variance(classes, is_asked):
    X, y = three_clouds()
    X[3] = X[0]
    learner = ActiveLearner(GaussianNB(), X_pool=X, classes=classes)
    for number, position in enumerate([0, 3, 6, 1, 4, 7, 2]):
        learner.teach([position], y[[position]])
        if is_asked:
            assert learner.query()[0] in learner.candidates
        # Without declared classes it needs two; with them, two samples that differ.
        if number < (3 if classes is None else 2):
            with pytest.raises(NotFittedError, match="GaussianNB cannot predict yet"):
                learner.predict(X)
        else:
            assert np.isfinite(learner.predict_proba(X)).all()
            assert learner.query()[0] in learner.candidates
    assert learner.score(X, y) > 0.6
