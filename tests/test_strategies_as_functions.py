"""Every strategy called as a function by modAL, with any learner and any pool."""

import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_blobs
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from strategies_under_contract import assert_query, every_strategy

from skactive.measures import Diversity, InformationDensity
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.strategies import CDFProduct, UncertaintySampling

BLOBS, BLOB_LABELS = make_blobs(40, centers=3, random_state=0)
SEEDS = np.arange(9)
LEARNERS = {
    "a classifier": lambda: GaussianNB().fit(BLOBS[SEEDS], BLOB_LABELS[SEEDS]),
    "nearest neighbours": lambda: IncrementalKNeighborsClassifier().fit(
        BLOBS[SEEDS], BLOB_LABELS[SEEDS]
    ),
    "a decision function": lambda: LinearSVC().fit(BLOBS[SEEDS], BLOB_LABELS[SEEDS]),
    "a pipeline": lambda: make_pipeline(StandardScaler(), GaussianNB()).fit(
        BLOBS[SEEDS], BLOB_LABELS[SEEDS]
    ),
    "one step": lambda: make_pipeline(GaussianNB()).fit(BLOBS[SEEDS], BLOB_LABELS[SEEDS]),
    "one class": lambda: GaussianNB().fit(BLOBS[SEEDS], np.zeros(9)),
    "an unfitted classifier": LogisticRegression,
    "unfitted neighbours": IncrementalKNeighborsClassifier,
    "an unfitted pipeline": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
}


def as_learner(estimator, X_training):
    return SimpleNamespace(estimator=estimator, X_training=X_training)


@every_strategy
@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda estimator: estimator,
        lambda estimator: SimpleNamespace(estimator=estimator),
        lambda estimator: as_learner(estimator, None),
        lambda estimator: as_learner(estimator, BLOBS[SEEDS]),
        lambda estimator: as_learner(estimator, BLOBS[SEEDS].tolist()),
        lambda estimator: as_learner(estimator, BLOBS[:0]),
    ],
    ids=["bare", "estimator", "no X_training", "X_training", "list", "empty"],
)
def test_a_modal_call_accepts_learners_of_any_kind(strategy, learner, wrap):
    X_pool = BLOBS[9:]
    for n_instances in (1, 2, 5):
        answer = strategy(wrap(LEARNERS[learner]()), X_pool, n_instances=n_instances)
        assert_query(answer, range(len(X_pool)), n_instances)
    assert_query(strategy(wrap(LEARNERS[learner]()), X_pool), range(len(X_pool)), 1)
    with pytest.raises(ValueError, match="n_instances=32 samples were requested, but 31 of the"):
        strategy(wrap(LEARNERS[learner]()), X_pool, 32)


@every_strategy
@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, sp.csr_matrix, pd.DataFrame])
def test_a_modal_call_accepts_pools_of_any_form(strategy, form):
    learner = as_learner(LEARNERS["nearest neighbours"](), BLOBS[SEEDS])
    expected = strategy(learner, BLOBS[9:], 4)
    np.testing.assert_allclose(strategy(learner, form(BLOBS[9:]), 4), expected, rtol=1e-5)


@every_strategy
def test_a_modal_call_selects_as_from_the_same_pool(strategy):
    classifier = LEARNERS["nearest neighbours"]()
    pool = Pool(BLOBS[9:], estimator=IncrementalKNeighborsClassifier())
    pool.add_labeled(BLOBS[SEEDS], BLOB_LABELS[SEEDS])
    # The classifier keeps float64, the pool float32.
    np.testing.assert_allclose(
        strategy(classifier, BLOBS[9:], 4), strategy.select(pool, 4), rtol=1e-4
    )


@every_strategy
def test_a_modal_call_does_not_change_the_learner(strategy):
    learner = as_learner(LEARNERS["a pipeline"](), BLOBS[SEEDS])
    before = pickle.dumps(learner)
    strategy(learner, BLOBS[9:], 4)
    assert pickle.dumps(learner) == before


def test_a_modal_call_uses_the_last_step_of_a_pipeline():
    X = BLOBS * np.array([1.0, 1000.0])
    pipeline = make_pipeline(StandardScaler(), GaussianNB()).fit(X[SEEDS], BLOB_LABELS[SEEDS])
    scaled = pipeline[0].transform(X)
    strategy = CDFProduct([("density", InformationDensity("euclidean")), ("far", Diversity())])
    found = strategy(as_learner(pipeline, X[SEEDS]), X[9:], 3)
    expected = strategy(as_learner(pipeline[-1], scaled[SEEDS]), scaled[9:], 3)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "wrapper",
    [
        CalibratedClassifierCV(LinearSVC(), cv=2),
        BaggingClassifier(GaussianNB(), random_state=0),
        GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-3]}, cv=2),
    ],
)
def test_a_modal_call_uses_a_classifier_that_wraps_another(wrapper):
    X, y = BLOBS[:20], BLOB_LABELS[:20]
    wrapper.fit(X, y)
    posterior = np.sort(wrapper.predict_proba(BLOBS[20:]), axis=1)
    expected = 1 - (posterior[:, -1] - posterior[:, -2])
    for learner in (wrapper, SimpleNamespace(estimator=wrapper)):
        indices, utilities = UncertaintySampling()(learner, BLOBS[20:], 3)
        np.testing.assert_allclose(utilities, np.sort(expected)[::-1][:3])
        np.testing.assert_allclose(expected[indices], utilities)


def test_a_classifier_that_fails_is_not_taken_for_an_unfitted_one():
    class Broken(GaussianNB):
        def predict_proba(self, X):
            raise ValueError("out of order")

    with pytest.raises(ValueError, match="out of order"):
        UncertaintySampling()(Broken().fit(BLOBS, BLOB_LABELS), BLOBS)
