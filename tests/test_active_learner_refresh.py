"""Steps that learn from labels: left out, refitted in the background, and replaced."""

import copy
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from skactive import ActiveLearner
from skactive.metric_learning import ContrastiveMap, WithinClassWhitening
from skactive.neighbors import IncrementalKNeighborsClassifier


def clouds(n_samples=60):
    rng = np.random.default_rng(0)
    y = np.arange(n_samples) % 3
    return rng.normal(size=(n_samples, 4)) + 2 * np.eye(4)[y], np.array(["a", "b", "c"])[y]


class Counting(StandardScaler):
    """A transformer that counts its rows."""

    n_rows = 0

    def transform(self, X):
        Counting.n_rows += len(X)
        return super().transform(X)


class Waiting(TransformerMixin, BaseEstimator):
    """A transformer whose fit waits until the gate is open."""

    gate = threading.Event()
    fails = False

    def fit(self, X, y):
        self.gate.wait(20)
        if self.fails:
            raise np.linalg.LinAlgError("singular")
        self.scale_ = len(y)
        return self

    def transform(self, X):
        return X * self.scale_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


@pytest.fixture
def gate(monkeypatch):
    monkeypatch.setattr(Waiting, "gate", threading.Event())
    yield Waiting.gate
    Waiting.gate.set()


def waiting_learner(X, every=6, **kwargs):
    return ActiveLearner(make_pipeline(Waiting(), GaussianNB()), X_pool=X, refresh_every=every)


CLASSIFIERS = [IncrementalKNeighborsClassifier(3), LogisticRegression(), GaussianNB()]
STEPS = [
    [ContrastiveMap()],
    [StandardScaler(), NeighborhoodComponentsAnalysis(2), Normalizer()],
    [make_pipeline(StandardScaler(), LinearDiscriminantAnalysis())],
]


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("seeded", [False, True])
def test_a_refreshed_learner_is_one_built_with_the_fitted_steps(classifier, steps, seeded):
    X, y = clouds()
    seed = {"X_labeled": X[54:], "y_labeled": y[54:]} if seeded else {}
    learner = ActiveLearner(
        make_pipeline(*steps, classifier), X_pool=X[:54], refresh_every=500, **seed
    )
    learner.skip([30, 31]).teach([31], y[[31]])
    for start in (0, 4):
        places = np.arange(start, start + 4)
        learner.teach(places, y[places])
    learner.relabel([3], ["b"]).refresh()
    fitted = Pipeline([*learner.estimator.steps[:-1], ("last", classifier)])

    def check():
        fresh = ActiveLearner(fitted, X_pool=X[:54], **seed).skip([30, 31])
        fresh.teach(learner.labeled, learner.labels)
        np.testing.assert_array_equal(learner.candidates, fresh.candidates)
        np.testing.assert_array_equal(learner.labeled, fresh.labeled)
        np.testing.assert_array_equal(learner.classes_, fresh.classes_)
        np.testing.assert_allclose(learner.predict_proba(X), fresh.predict_proba(X), atol=1e-6)
        np.testing.assert_array_equal(learner.query(3), fresh.query(3))

    check()
    learner.teach([40, 41], y[[40, 41]])
    check()
    for _ in range(3):  # the new answers, the correction, and answers from before the refresh
        learner.undo()
        check()
    learner.undo()
    learner.undo()
    assert learner.labeled.size == 0
    assert learner.pool.skipped.tolist() == [30, 31]


def test_supervised_steps_are_left_out_until_there_are_labels():
    X, y = clouds()
    learner = ActiveLearner(
        make_pipeline(StandardScaler(), WithinClassWhitening(), IncrementalKNeighborsClassifier()),
        X_pool=X,
        refresh_every=9,
    )
    np.testing.assert_allclose(learner.features(X), StandardScaler().fit_transform(X))
    assert learner.estimator.steps[1][1] == "passthrough"
    learner.teach(range(9), y[:9]).refresh()
    expected = make_pipeline(StandardScaler().fit(X)).transform(X)
    expected = WithinClassWhitening().fit(expected[:9], y[:9]).transform(expected)
    np.testing.assert_allclose(learner.features(X), expected)


def test_a_seed_set_that_is_large_enough_refreshes_at_once():
    X, y = clouds()
    learner = ActiveLearner(
        make_pipeline(WithinClassWhitening(), IncrementalKNeighborsClassifier()),
        X_pool=X[10:],
        X_labeled=X[:10],
        y_labeled=y[:10],
        refresh_every=10,
    )
    assert isinstance(learner.estimator[0], WithinClassWhitening)


def test_each_answer_can_be_followed_by_a_refresh(gate):
    X, y = clouds()
    gate.set()
    learner = waiting_learner(X, every=1)
    for place in (0, 1):
        learner.teach(place, y[place])
        learner._refresher._running.exception(20)
        learner.query()
        assert learner.estimator[0].scale_ == place + 1


def test_answers_do_not_wait_for_a_refresh_and_none_is_lost(gate):
    X, y = clouds()
    learner = waiting_learner(X)
    learner.teach(range(6), y[:6])
    for place in range(6, 20):
        learner.query()
        learner.predict(X[:1])
        learner.teach(place, y[place])
        assert learner.estimator.steps[0][1] == "passthrough"
    gate.set()
    learner._refresher._running.exception(20)
    learner.query()
    assert learner.estimator[0].scale_ == 6
    assert learner.labeled.tolist() == list(range(20))
    assert learner.fitted_estimator()[-1].class_count_.sum() == 20
    learner.teach(20, y[20])
    learner._refresher._running.exception(20)
    learner.undo()
    learner.predict(X)
    assert learner.estimator[0].scale_ == 21
    assert len(learner.labeled) == 20


def test_a_refresh_that_fails_is_a_warning_and_labels_are_safe(gate, monkeypatch):
    X, y = clouds()
    learner = waiting_learner(X)
    learner.teach(range(6), y[:6])
    monkeypatch.setattr(Waiting, "fails", True)
    gate.set()
    learner._refresher._running.exception(20)
    with pytest.warns(UserWarning, match=r"not refreshed: singular In the step 'waiting'.* safe"):
        learner.query()
    assert len(learner.labeled) == 6
    assert learner.predict(X).shape == (60,)
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        learner.refresh()


def test_the_failure_of_a_running_refresh_is_reported_by_the_next(gate, monkeypatch):
    X, y = clouds()
    learner = waiting_learner(X).teach(range(6), y[:6])
    with monkeypatch.context() as patch:
        patch.setattr(Waiting, "fails", True)
        gate.set()
        learner._refresher._running.exception(20)
    with pytest.warns(UserWarning, match="not refreshed: singular"):
        learner.refresh()
    assert learner.estimator[0].scale_ == 6


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_drops_the_running_refresh_and_starts_its_own(gate, copied):
    X, y = clouds()
    learner = waiting_learner(X).teach(range(6), y[:6])
    other = copied(learner)
    assert other._refresher._running is None
    gate.set()
    other.teach(6, y[6])
    other._refresher._running.exception(20)
    other.query()
    assert other.estimator[0].scale_ == 7


def test_features_before_the_step_are_computed_once(monkeypatch):
    X, y = clouds()
    monkeypatch.setattr(Counting, "n_rows", 0)
    learner = ActiveLearner(
        make_pipeline(Counting(), ContrastiveMap(), IncrementalKNeighborsClassifier()),
        X_pool=X,
        refresh_every=1000,
    )
    n_rows = Counting.n_rows
    learner.teach(range(9), y[:9]).refresh().refresh().query()
    assert Counting.n_rows == n_rows


def test_a_running_refresh_does_not_keep_the_interpreter():
    code = (
        "import numpy as np, threading\n"
        "from skactive import Pool\n"
        "from skactive.learner._refresh import Refresher\n"
        "class Endless:\n"
        "    def __call__(self, *_): threading.Event().wait()\n"
        "refreshing = Refresher([], np.eye(2), 1)\n"
        "refreshing.refit = Endless()\n"
        "refreshing.start(Pool(np.eye(2)).add_labels([0], [1]))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


KNN = IncrementalKNeighborsClassifier()


@pytest.mark.parametrize(
    ("estimator", "every", "message"),
    [
        (make_pipeline(ContrastiveMap(), KNN), 0, "'refresh_every' .* at least 1. Got 0 instead"),
        (KNN, 50, "refresh_every=50, but the estimator is no Pipeline with a step that learns"),
        (make_pipeline(StandardScaler(), KNN), 50, "no Pipeline with a step that learns"),
        (make_pipeline(ContrastiveMap(), KNN), None, "'contrastivemap', ContrastiveMap, learns"),
    ],
)
def test_an_estimator_that_cannot_be_refreshed_raises(estimator, every, message):
    with pytest.raises(ValueError, match=message):
        ActiveLearner(estimator, X_pool=clouds()[0], refresh_every=every)


def test_a_fitted_classifier_on_features_to_be_replaced_is_refused():
    X, y = clouds()
    fitted = make_pipeline(ContrastiveMap(), IncrementalKNeighborsClassifier()).fit(X, y)
    with pytest.raises(ValueError, match="fitted already, on features that a refresh replaces"):
        ActiveLearner(fitted, X_pool=X, refresh_every=50)
    ActiveLearner(fitted, X_pool=X)


def test_refreshing_without_steps_or_labels_raises():
    X, _ = clouds()
    with pytest.raises(ValueError, match="nothing to refresh: no step learns"):
        ActiveLearner(X_pool=X).refresh()
    learner = ActiveLearner(
        make_pipeline(ContrastiveMap(), IncrementalKNeighborsClassifier()),
        X_pool=X,
        refresh_every=50,
    )
    with pytest.raises(ValueError, match="nothing to refresh from: no label"):
        learner.refresh()


def seen(learner, X):
    """The visible state of a learner."""
    return (
        learner.labeled.tolist(),
        learner.labels.tolist(),
        learner.candidates.tolist(),
        learner.pool.skipped.tolist(),
        learner.answered.tolist(),
        learner.answers.tolist(),
        learner.predict_proba(X).round(9).tolist(),
    )


@pytest.mark.parametrize("with_seed", [False, True])
@pytest.mark.parametrize("forgetting", [{"max_labeled": 8}, {"half_life": 3.0}, {}])
def test_a_refresh_keeps_forgotten_samples_and_undo_restores_them(forgetting, with_seed):
    X, y = clouds()
    pipeline = make_pipeline(ContrastiveMap(), IncrementalKNeighborsClassifier(**forgetting))
    seed = {"X_labeled": X[50:54], "y_labeled": y[50:54]} if with_seed else {}
    learner = ActiveLearner(pipeline, X_pool=X[:50], refresh_every=1000, **seed)
    learner.teach(range(10), y[:10]).skip([30, 31]).relabel([9], ["c"]).teach([30, 12], ["a", "b"])
    if not forgetting:
        learner.forget(n_kept=5)
    learner.teach([13, 2], ["b", "c"])
    known, labels, candidates, *_ = seen(learner, X)
    learner.refresh()
    steps = make_pipeline(learner.estimator[0], "passthrough")
    again = ActiveLearner(
        make_pipeline(learner.estimator[0], IncrementalKNeighborsClassifier(**forgetting)),
        X_pool=X[:50],
        **seed,
    )
    again.teach(range(10), y[:10]).skip([30, 31]).relabel([9], ["c"]).teach([30, 12], ["a", "b"])
    if not forgetting:
        again.forget(n_kept=5)
    again.teach([13, 2], ["b", "c"])
    assert seen(learner, X)[:3] == (known, labels, candidates)
    assert seen(learner, X) == seen(again, X)
    np.testing.assert_array_equal(learner.pool.X, steps.transform(X[:50]).astype(np.float32))
    for _ in range(4):
        np.testing.assert_array_equal(learner.undo(), again.undo())
        assert seen(learner, X) == seen(again, X)


def test_refreshes_go_on_when_no_more_labels_are_kept():
    X, y = clouds()
    pipeline = make_pipeline(ContrastiveMap(), IncrementalKNeighborsClassifier(max_labeled=6))
    learner = ActiveLearner(pipeline, X_pool=X, refresh_every=5)
    maps = set()
    for start in range(0, 30, 5):
        learner.teach(range(start, start + 5), y[start : start + 5])
        learner._refresher._running.exception(20)
        learner.query()
        maps.add(learner.estimator[0].transform(X).tobytes())
    assert len(maps) == 6


def test_weights_go_along_through_a_refresh():
    X, y = clouds()
    weights = np.random.default_rng(1).uniform(0.1, 3, len(X))
    learner = ActiveLearner(
        make_pipeline(ContrastiveMap(), LogisticRegression(C=0.1)),
        X_pool=X,
        refresh_every=1000,
        fit_params={"sample_weight": weights},
    )
    learner.teach(range(12), y[:12]).refresh()
    features = learner.estimator[0].transform(X)[:12]
    alone = LogisticRegression(C=0.1).fit(features, y[:12], weights[:12])
    np.testing.assert_allclose(learner.fitted_estimator()[-1].coef_, alone.coef_)
