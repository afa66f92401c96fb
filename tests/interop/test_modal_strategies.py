"""skactive's strategies used in modAL, and compared with modAL's own functions."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits, load_iris
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive.measures import Entropy, InformationDensity, LeastConfidence, Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling

models = pytest.importorskip("modAL.models", reason="modAL-python is not installed")

from modAL.density import information_density  # noqa: E402
from modAL.uncertainty import (  # noqa: E402
    classifier_entropy,
    classifier_margin,
    classifier_uncertainty,
    entropy_sampling,
    margin_sampling,
    uncertainty_sampling,
)

from skactive.integrations.modal import ActiveLearner, Committee  # noqa: E402

# Whole pools are passed here, with the labelled samples among them.
pytestmark = pytest.mark.filterwarnings("ignore:X_pool has samples that are labelled already")

X, y = load_iris(return_X_y=True)
SEED_SET = np.array([0, 1, 50, 51, 100, 101])
STRATEGIES = [
    CDFProduct(),
    UncertaintySampling(LeastConfidence()),
    UncertaintySampling(Margin()),
    UncertaintySampling(Entropy()),
    RandomSampling(random_state=0),
]
LEARNERS = [models.ActiveLearner, ActiveLearner]
COMMITTEES = [models.Committee, Committee]
OWN_AND_MODALS = {
    "least confidence": (LeastConfidence(), uncertainty_sampling, classifier_uncertainty, 1),
    "margin": (Margin(), margin_sampling, classifier_margin, -1),
    "entropy": (Entropy(), entropy_sampling, classifier_entropy, 1),
}


class SmoothClassifier(BaseEstimator):
    """Probabilities without ties, whose order would depend on the function."""

    def predict_proba(self, X):
        rows = np.random.default_rng(0).dirichlet(np.ones(3), size=len(X))
        self.classes_ = np.arange(3)
        return rows


def check_answer(indices, rows, metrics, pool, n_instances):
    assert indices.shape == metrics.shape == (n_instances,)
    assert len(set(indices.tolist())) == n_instances
    np.testing.assert_array_equal(rows, pool[indices])


@pytest.mark.parametrize("n_instances", [1, 2, 10])
@pytest.mark.parametrize("name", OWN_AND_MODALS)
@pytest.mark.parametrize("learner_class", LEARNERS)
def test_uncertainty_sampling_selects_as_modals_function(name, n_instances, learner_class):
    measure, modals, _, _ = OWN_AND_MODALS[name]
    own, _ = learner_class(SmoothClassifier(), UncertaintySampling(measure)).query(
        X, n_instances=n_instances
    )
    theirs, _ = learner_class(SmoothClassifier(), modals).query(X, n_instances=n_instances)
    assert set(own.tolist()) == set(theirs.tolist())


@pytest.mark.parametrize("name", OWN_AND_MODALS)
@pytest.mark.parametrize(
    "estimator",
    [GaussianNB(), KNeighborsClassifier(3), make_pipeline(StandardScaler(), GaussianNB())],
)
def test_measures_are_modals_numbers(name, estimator):
    measure, _, modals, sign = OWN_AND_MODALS[name]
    estimator.fit(X[SEED_SET], y[SEED_SET])
    own = measure.utilities(Pool(X, estimator=estimator, dtype=np.float64))
    theirs = modals(models.ActiveLearner(estimator), X)
    # Up to a constant: where modAL's margin is smallest, ours is largest, 1 - (p1 - p2).
    np.testing.assert_allclose(own, theirs if sign > 0 else 1 - theirs, atol=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_information_density_is_modals_number(metric):
    np.testing.assert_allclose(
        InformationDensity(metric=metric).utilities(Pool(X, dtype=np.float64)),
        information_density(X, metric),
        rtol=1e-12,
    )


def test_information_density_by_cosine_ranks_by_the_cosine_itself():
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    own = InformationDensity().utilities(Pool(X, dtype=np.float64))
    np.testing.assert_allclose(own, (unit @ unit.T).mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
@pytest.mark.parametrize("learner_class", LEARNERS)
@pytest.mark.parametrize("n_instances", [1, 2, 5])
def test_each_strategy_works_in_modals_learner(strategy, learner_class, n_instances):
    learner = learner_class(GaussianNB(), strategy, X_training=X[SEED_SET], y_training=y[SEED_SET])
    answer = learner.query(X, n_instances=n_instances, return_metrics=True)
    check_answer(*answer, X, n_instances)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
@pytest.mark.parametrize("learner_class", LEARNERS)
def test_each_strategy_starts_cold(strategy, learner_class):
    answer = learner_class(GaussianNB(), strategy).query(X, n_instances=3, return_metrics=True)
    check_answer(*answer, X, 3)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
@pytest.mark.parametrize("committee_class", COMMITTEES)
@pytest.mark.parametrize("member_class", LEARNERS)
@pytest.mark.parametrize("seeded", [True, False])
def test_each_strategy_works_in_modals_committee(strategy, committee_class, member_class, seeded):
    labels = {"X_training": X[SEED_SET], "y_training": y[SEED_SET]} if seeded else {}
    members = [
        member_class(GaussianNB(), **labels),
        member_class(KNeighborsClassifier(3), **labels),
    ]
    committee = committee_class(members, query_strategy=strategy)
    check_answer(*committee.query(X, return_metrics=True, n_instances=3), X, 3)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
@pytest.mark.parametrize("kind", [pd.DataFrame, scipy.sparse.csr_matrix, np.ndarray.tolist])
def test_each_strategy_takes_any_table(strategy, kind):
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), strategy)
    pool = kind(X)
    indices, rows = learner.query(pool, n_instances=2)
    learner.teach(rows, y[indices])
    again, _ = learner.query(pool, n_instances=2)
    assert len(again) == 2


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_each_strategy_takes_raw_texts_from_the_first_query_on(strategy):
    texts = [f"{kind} number {number}" for kind in ("apple", "bread") for number in range(20)]
    kinds = [text.split()[0] for text in texts]
    learner = ActiveLearner(
        make_pipeline(TfidfVectorizer(), IncrementalKNeighborsClassifier()), strategy
    )
    for _ in range(8):
        indices, rows = learner.query(texts, n_instances=2)
        learner.teach(rows, [kinds[index] for index in indices])
    assert rows == [texts[index] for index in indices]
    assert learner.estimator[-1].n_samples_fit_ == 16


def test_the_default_strategy_learns_digits_from_fewer_answers_than_chance():
    images, digits = (part[:600] for part in load_digits(return_X_y=True))

    def score(strategy):
        learner = ActiveLearner(IncrementalKNeighborsClassifier(), strategy)
        left = np.arange(len(images))
        for _ in range(40):
            indices, rows = learner.query(images[left])
            learner.teach(rows, digits[left[indices]])
            left = np.delete(left, indices)
        return learner.score(images, digits)

    by_chance = [score(RandomSampling(random_state=seed)) for seed in range(3)]
    assert score(None) > np.mean(by_chance) + 0.05
