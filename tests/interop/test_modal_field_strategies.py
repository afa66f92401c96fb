"""Committees and expected errors compared with modAL's own functions."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import ExpectedErrorReduction, QueryByCommittee

models = pytest.importorskip("modAL.models", reason="modAL-python is not installed")

from modAL.disagreement import (  # noqa: E402
    KL_max_disagreement,
    consensus_entropy,
    consensus_entropy_sampling,
    max_disagreement_sampling,
    vote_entropy,
    vote_entropy_sampling,
)

from skactive.integrations.modal import ActiveLearner, Committee  # noqa: E402

# Whole pools are passed here, with the labelled samples among them.
pytestmark = pytest.mark.filterwarnings("ignore:X_pool has samples that are labelled already")

X, y = load_iris(return_X_y=True)
POOL = X[1::3]
MODALS = {
    "vote_entropy": (vote_entropy, vote_entropy_sampling),
    "consensus_entropy": (consensus_entropy, consensus_entropy_sampling),
    "max_kl": (KL_max_disagreement, max_disagreement_sampling),
}


def members(member_class, seeds=range(4)):
    estimators = [
        GaussianNB(),
        KNeighborsClassifier(5),
        make_pipeline(StandardScaler(), GaussianNB(var_smoothing=0.1)),
        IncrementalKNeighborsClassifier(7),
    ]
    learners = []
    for seed, estimator in zip(seeds, estimators, strict=True):
        chosen = np.random.default_rng(seed).permutation(len(X))[:25]
        learners.append(member_class(estimator, X_training=X[chosen], y_training=y[chosen]))
    return learners


@pytest.mark.parametrize("disagreement", MODALS)
@pytest.mark.parametrize(
    "classes", [(models.Committee, models.ActiveLearner), (Committee, ActiveLearner)]
)
def test_the_disagreement_of_a_modal_committee_equals_modals(disagreement, classes):
    committee = classes[0](members(classes[1]))
    values, sampling = MODALS[disagreement]
    theirs = values(committee, POOL)
    indices, utilities = QueryByCommittee(disagreement=disagreement)(committee, POOL, 10)
    np.testing.assert_allclose(utilities, np.sort(theirs)[::-1][:10], atol=1e-9)
    np.testing.assert_allclose(theirs[indices], utilities, atol=1e-9)
    selected = classes[0](members(classes[1]), QueryByCommittee(disagreement=disagreement))
    chosen, _ = selected.query(POOL, n_instances=3)
    by_modal = sampling(committee, POOL, n_instances=3)
    np.testing.assert_allclose(
        np.sort(theirs[chosen]), np.sort(theirs[np.asarray(by_modal[0])]), atol=1e-9
    )


def test_with_an_unfitted_committee_the_selection_is_geometric():
    committee = Committee([ActiveLearner(GaussianNB()) for _ in range(2)], QueryByCommittee())
    indices, _ = committee.query(POOL, n_instances=3)
    assert len(set(indices.tolist())) == 3


def test_members_can_have_different_classes():
    learners = [
        ActiveLearner(
            GaussianNB(), X_training=X[::7][y[::7] != left], y_training=y[::7][y[::7] != left]
        )
        for left in range(3)
    ]
    committee = Committee(learners)
    _, utilities = QueryByCommittee(disagreement="consensus_entropy")(committee, POOL, 10)
    np.testing.assert_allclose(
        utilities, np.sort(consensus_entropy(committee, POOL))[::-1][:10], atol=1e-9
    )


@pytest.mark.parametrize(("loss", "modals"), [("zero_one", "binary"), ("log", "log")])
def test_expected_error_orders_candidates_as_modals_function(loss, modals, monkeypatch):
    # modAL's module uses np.float, removed in numpy 1.24, and compares strings by `is`.
    monkeypatch.setattr(np, "float", float, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        from modAL.expected_error import expected_error_reduction
    rng = np.random.default_rng(0)
    # Iris has equal distances, whose order differs between float32 and float64.
    Z = X + rng.normal(scale=0.05, size=X.shape)
    chosen, left = np.split(rng.permutation(len(X))[:50], [12])
    for estimator in (GaussianNB(), KNeighborsClassifier(3)):
        learner = models.ActiveLearner(estimator, X_training=Z[chosen], y_training=y[chosen])
        strategy = ExpectedErrorReduction(loss, estimator=estimator)
        # modAL returns the sum over the others, skactive the decrease of the mean.
        theirs = np.empty(len(left))
        order, worth = expected_error_reduction(learner, Z[left], modals, n_instances=len(left))
        theirs[order] = -np.asarray(worth) / (len(left) - 1)
        order, worth = strategy(learner, Z[left], len(left))
        found = worth - theirs[order]
        np.testing.assert_allclose(found, found[0], atol=1e-4)
