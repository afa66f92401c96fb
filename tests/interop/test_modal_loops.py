"""modAL's published examples select the same samples with modAL's learner and with ours."""

from functools import partial

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris, make_blobs
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skactive.neighbors import IncrementalKNeighborsClassifier

models = pytest.importorskip("modAL.models", reason="modAL-python is not installed")

from modAL.batch import uncertainty_batch_sampling  # noqa: E402
from modAL.density import information_density  # noqa: E402
from modAL.disagreement import max_std_sampling  # noqa: E402
from modAL.uncertainty import (  # noqa: E402
    classifier_uncertainty,
    entropy_sampling,
    margin_sampling,
    uncertainty_sampling,
)
from modAL.utils.selection import multi_argmax  # noqa: E402

from skactive.integrations.modal import ActiveLearner, Committee  # noqa: E402

# Whole pools are passed here, with the labelled samples among them.
pytestmark = pytest.mark.filterwarnings("ignore:X_pool has samples that are labelled already")

OLD_SPELLING = "ignore:'force_all_finite' was renamed:FutureWarning"
SKLEARN = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
modal_can_teach = pytest.mark.skipif(
    SKLEARN >= (1, 8), reason="modAL's teach needs force_all_finite, gone in scikit-learn 1.8"
)

X, y = load_iris(return_X_y=True)
SEED_SET = np.random.default_rng(0).choice(150, 9, replace=False)


class RebuiltLearner:
    """modAL's learner for any scikit-learn: it is built again instead of taught."""

    def __init__(self, estimator, query_strategy, X_training, y_training):
        self.parts = estimator, query_strategy
        self.X_training, self.y_training = X_training, y_training

    def query(self, X_pool, **query_kwargs):
        estimator, query_strategy = self.parts
        learner = models.ActiveLearner(
            clone(estimator), query_strategy, self.X_training, self.y_training
        )
        return learner.query(X_pool, **query_kwargs)

    def teach(self, X, y):
        self.X_training = np.concatenate([self.X_training, X])
        self.y_training = np.concatenate([self.y_training, y])


def selected(learner, X, y, n_queries, **query_kwargs):
    """Return the positions in X that a learner selects, each only once."""
    left = np.arange(len(X))
    path = []
    for _ in range(n_queries):
        indices, rows = learner.query(X[left], **query_kwargs)
        indices = np.atleast_1d(indices)
        learner.teach(rows.reshape(len(indices), -1), y[left[indices]])
        path += left[indices].tolist()
        left = np.delete(left, indices)
    return path


def uncertain_and_dense(classifier, X_pool):
    return multi_argmax(
        classifier_uncertainty(classifier, X_pool) * information_density(X_pool, "cosine")
    )


def largest_std(regressor, X_pool):
    _, std = regressor.predict(X_pool, return_std=True)
    index = np.argmax(std)
    return index, X_pool[index]


BLOBS = make_blobs(90, centers=3, cluster_std=2.0, random_state=0)
WAVE_X = np.linspace(0, 20, 60).reshape(-1, 1)
WAVE = WAVE_X, np.sin(WAVE_X.ravel())
PROJECTED = PCA(2, random_state=0).fit_transform(X), y
COSINE = partial(uncertainty_batch_sampling, metric="cosine")

# The examples of modAL's documentation: samples and labels, estimator, strategy, arguments.
EXAMPLES = {
    "pool-based sampling": ((X, y), KNeighborsClassifier(3), uncertainty_sampling, {}),
    "margin": ((X, y), GaussianNB(), margin_sampling, {}),
    "entropy, three at once": ((X, y), GaussianNB(), entropy_sampling, {"n_instances": 3}),
    "ranked batches": (
        PROJECTED,
        KNeighborsClassifier(3),
        uncertainty_batch_sampling,
        {"n_instances": 3},
    ),
    "ranked batches by cosine": ((X, y), GaussianNB(), COSINE, {"n_instances": 2}),
    "information density": (BLOBS, GaussianNB(), uncertain_and_dense, {}),
    "forest": (BLOBS, RandomForestClassifier(10, random_state=0), entropy_sampling, {}),
    "active regression": (
        WAVE,
        GaussianProcessRegressor(RBF(1.0, "fixed") + WhiteKernel(0.1, "fixed")),
        largest_std,
        {},
    ),
    "taught at once": ((X, y), IncrementalKNeighborsClassifier(), uncertainty_sampling, {}),
}


@pytest.fixture(params=EXAMPLES)
def example(request):
    (samples, labels), estimator, strategy, query_kwargs = EXAMPLES[request.param]
    seed_set = SEED_SET % len(samples)

    def path_of(learner_class):
        learner = learner_class(
            clone(estimator), strategy, X_training=samples[seed_set], y_training=labels[seed_set]
        )
        return selected(learner, samples, labels, 8, **query_kwargs)

    return path_of


def test_the_loop_selects_as_with_modals_functions(example):
    assert example(ActiveLearner) == example(RebuiltLearner)


@modal_can_teach
@pytest.mark.filterwarnings(OLD_SPELLING)
def test_the_loop_selects_as_modals_own_loop(example):
    assert example(ActiveLearner) == example(models.ActiveLearner)


@modal_can_teach
@pytest.mark.filterwarnings(OLD_SPELLING)
def test_a_seeded_bootstrap_draws_the_same_as_modals():
    def probabilities(learner_class):
        np.random.seed(0)  # noqa: NPY002
        learner = learner_class(
            GaussianNB(), margin_sampling, X[SEED_SET], y[SEED_SET], bootstrap_init=True
        )
        initial = learner.predict_proba(X)
        learner.teach(X[:3], y[:3], bootstrap=True)
        return initial, learner.predict_proba(X)

    own, theirs = probabilities(ActiveLearner), probabilities(models.ActiveLearner)
    np.testing.assert_array_equal(own[0], theirs[0])
    np.testing.assert_array_equal(own[1], theirs[1])


@modal_can_teach
@pytest.mark.filterwarnings(OLD_SPELLING)
@pytest.mark.parametrize("only_new", [False, True])
def test_a_committee_selects_as_modals_own(only_new):
    def path_of(learner_class, committee_class):
        members = [
            learner_class(
                RandomForestClassifier(5, random_state=member),
                X_training=X[member::50],
                y_training=y[member::50],
            )
            for member in range(3)
        ]
        committee = committee_class(members)
        path = []
        for _ in range(6):
            indices, rows = committee.query(X)
            committee.teach(np.r_[rows, X[::50]], np.r_[y[indices], y[::50]], only_new=only_new)
            path += indices.tolist()
        return path, committee.score(X, y)

    expected = path_of(models.ActiveLearner, models.Committee)
    assert path_of(ActiveLearner, models.Committee) == expected
    assert path_of(ActiveLearner, Committee) == expected


def test_query_by_committee_learns_iris():
    members = [
        ActiveLearner(
            RandomForestClassifier(10, random_state=member),
            X_training=X[member::60],
            y_training=y[member::60],
        )
        for member in range(2)
    ]
    committee = Committee(members)
    before = committee.score(X, y)
    selected(committee, X, y, 20)
    assert committee.score(X, y) > max(before, 0.9)


def test_pool_based_sampling_learns_iris():
    learner = ActiveLearner(KNeighborsClassifier(3), uncertainty_sampling, X[SEED_SET], y[SEED_SET])
    selected(learner, X, y, 20)
    assert learner.score(X, y) > 0.95


def test_stream_based_sampling_teaches_uncertain_samples():
    learner = ActiveLearner(KNeighborsClassifier(3), X_training=X[SEED_SET], y_training=y[SEED_SET])
    for position in np.random.default_rng(0).permutation(150):
        row = X[[position]]
        if classifier_uncertainty(learner, row)[0] >= 0.3:
            learner.teach(row, y[[position]])
    assert len(SEED_SET) < len(learner.X_training) < 60
    assert learner.score(X, y) > 0.9


def test_a_committee_of_regressors_takes_the_learner_as_a_member():
    samples, values = WAVE
    kernel = RBF(1.0, "fixed") + WhiteKernel(0.1, "fixed")
    committee = models.CommitteeRegressor(
        [
            ActiveLearner(
                GaussianProcessRegressor(kernel),
                X_training=samples[start::20],
                y_training=values[start::20],
            )
            for start in (0, 7)
        ],
        query_strategy=max_std_sampling,
    )
    path = selected(committee, samples, values, 5)
    assert len(set(path)) == 5
    assert len(committee.learner_list[0].X_training) == 8
