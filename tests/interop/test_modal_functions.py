"""modAL's functions used as strategies."""

import pickle
import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

pytest.importorskip("modAL.models", reason="modAL-python is not installed")

from modAL.batch import uncertainty_batch_sampling
from modAL.density import information_density
from modAL.disagreement import (
    consensus_entropy,
    consensus_entropy_sampling,
    max_disagreement_sampling,
    vote_entropy_sampling,
)
from modAL.models import ActiveLearner as ModalLearner
from modAL.models import Committee as ModalCommittee
from modAL.uncertainty import (
    classifier_entropy,
    entropy_sampling,
    margin_sampling,
    uncertainty_sampling,
)
from modAL.utils.combination import make_product, make_query_strategy
from modAL.utils.selection import multi_argmax
from strategies_under_contract import assert_query

from skactive import ActiveLearner, Pool
from skactive.integrations.modal import ModalStrategy
from skactive.model_selection import compare_strategies
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import QueryByCommittee, RankedBatch, UncertaintySampling

# Whole pools are passed here, with the labelled samples among them.
pytestmark = pytest.mark.filterwarnings("ignore:X_pool has samples that are labelled already")

X, y = load_iris(return_X_y=True)
X = X + np.random.default_rng(0).normal(scale=0.05, size=X.shape)
names = np.array(["setosa", "versicolor", "virginica"])[y]
LABELED = np.array([3, 60, 100, 70, 20, 140])
LEFT = np.setdiff1d(np.arange(len(X)), LABELED)
by_uncertainty = make_product(classifier_entropy, classifier_entropy, exponents=[1, 2])


def expected_error():
    with warnings.catch_warnings():
        # The module compares strings by `is`.
        warnings.simplefilter("ignore", SyntaxWarning)
        with pytest.MonkeyPatch.context() as patch:
            # The module uses names removed in numpy 1.24.
            patch.setattr(np, "float", float, raising=False)
            from modAL.expected_error import expected_error_reduction
    return expected_error_reduction


FUNCTIONS = {
    "uncertainty": ModalStrategy(uncertainty_sampling),
    "margin": ModalStrategy(margin_sampling, random_state=2),
    "entropy": ModalStrategy(entropy_sampling),
    "batch": ModalStrategy(uncertainty_batch_sampling, query_params={"metric": "cosine"}),
    "vote entropy": ModalStrategy(vote_entropy_sampling),
    "consensus": ModalStrategy(consensus_entropy_sampling, committee=[GaussianNB()] * 2),
    "disagreement": ModalStrategy(max_disagreement_sampling, random_state=1),
    "density": ModalStrategy(information_density, query_params={"metric": "cosine"}),
    "entropy of a classifier": ModalStrategy(classifier_entropy),
    "entropy of a committee": ModalStrategy(consensus_entropy),
    "product": ModalStrategy(by_uncertainty),
    "partial": ModalStrategy(partial(margin_sampling, random_tie_break=False)),
}
every_function = pytest.mark.parametrize("strategy", FUNCTIONS.values(), ids=FUNCTIONS)


@every_function
@pytest.mark.parametrize(
    "estimator",
    [None, LogisticRegression(max_iter=2000), IncrementalLabelSpreading()],
    ids=["neighbors", "logistic", "spreading"],
)
def test_every_function_selects_in_our_loop(strategy, estimator):
    learner = ActiveLearner(estimator, strategy, X)
    for n_instances in (1, 1, 1, 3):
        indices, utilities = learner.query(n_instances, return_utilities=True)
        assert_query((indices, utilities), learner.candidates, n_instances)
        np.testing.assert_array_equal(indices, learner.query(n_instances))
        learner.teach(indices, names[indices])
    assert "Sample" in str(learner.explain_query(learner.query()))
    assert_query(learner.query(2, candidates=learner.candidates[:5], return_utilities=True),
                 learner.candidates[:5], 2)  # fmt: skip


@pytest.mark.parametrize(
    ("function", "ours"),
    [
        (uncertainty_sampling, UncertaintySampling("least_confidence")),
        (margin_sampling, UncertaintySampling("margin")),
        (uncertainty_batch_sampling, RankedBatch(metric="euclidean")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_function_selects_the_same_as_in_modal(function, ours):
    theirs = ModalLearner(GaussianNB(), X_training=X[LABELED], y_training=names[LABELED])
    learner = ActiveLearner(GaussianNB(), ModalStrategy(function), X)
    learner.teach(LABELED, names[LABELED])
    expected, metrics = function(theirs, X[LEFT], n_instances=5)
    indices, utilities = learner.query(5, return_utilities=True)
    assert set(indices.tolist()) == set(LEFT[expected].tolist())
    sign = -1 if function is margin_sampling else 1
    np.testing.assert_allclose(np.sort(utilities), np.sort(sign * metrics), atol=1e-5)
    if function is uncertainty_batch_sampling:
        np.testing.assert_array_equal(indices, LEFT[expected])
    else:
        assert (np.diff(utilities) <= 0).all()


@pytest.mark.parametrize(
    ("function", "disagreement"),
    [(vote_entropy_sampling, "vote_entropy"), (max_disagreement_sampling, "max_kl")],
)
def test_a_committee_disagrees_as_in_modal(function, disagreement):
    members = [GaussianNB(), LogisticRegression(max_iter=2000)]
    pool = Pool(X, dtype=np.float64).add_labels(LABELED, names[LABELED])
    _, utilities = ModalStrategy(function, committee=members).select(pool, 9)
    theirs = ModalCommittee(
        [ModalLearner(clone(m), X_training=X[LABELED], y_training=y[LABELED]) for m in members]
    )
    _, metrics = function(theirs, X[LEFT], n_instances=9)
    np.testing.assert_allclose(utilities, np.sort(metrics)[::-1], atol=1e-9)
    _, worth = QueryByCommittee(members, disagreement).select(pool, 9)
    np.testing.assert_allclose(utilities, worth, atol=1e-9)


def test_expected_error_equals_modals():
    function = expected_error()
    few = LEFT[::8]
    theirs = ModalLearner(GaussianNB(), X_training=X[LABELED], y_training=names[LABELED])
    expected, metrics = function(theirs, X[few], loss="log", n_instances=3)
    strategy = ModalStrategy(function, query_params={"loss": "log"})
    pool = ActiveLearner(GaussianNB(), strategy, X).teach(LABELED, names[LABELED]).pool
    indices, utilities = strategy.select(pool, 3, candidates=few)
    assert set(indices.tolist()) == set(few[expected].tolist())
    np.testing.assert_allclose(np.sort(-utilities), np.sort(metrics), rtol=1e-3)
    with pytest.raises(ValueError, match=r"must return 2 different samples. Got \[0\] instead"):
        strategy.select(Pool(X), 2)


def test_equals_are_chosen_by_position_or_at_random():
    pool = Pool(np.ones((30, 2)), estimator=IncrementalKNeighborsClassifier())
    drawn = {
        int(ModalStrategy(margin_sampling, random_state=seed).select(pool)[0][0])
        for seed in range(8)
    }
    assert len(drawn) > 3
    assert ModalStrategy(margin_sampling).select(pool)[0] == [0]


def test_functions_that_name_positions_alone_are_ranked_in_their_order():
    last = ModalStrategy(lambda learner, X, n_instances: np.arange(len(X))[::-1][:n_instances])
    indices, utilities = last.select(Pool(X).add_labels([149], ["b"]), 2)
    assert indices.tolist() == [148, 147]
    assert utilities.tolist() == [2.0, 1.0]
    made = make_query_strategy(classifier_entropy, multi_argmax)
    pool = Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels([3, 60], ["a", "b"])
    np.testing.assert_array_equal(
        ModalStrategy(made).select(pool)[0], ModalStrategy(entropy_sampling).select(pool)[0]
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([1, 1], "must return 2 different samples. Got .1, 1. instead"),
        ([0.5, 1.5], "must return 2 different samples"),
        ([0, 200], r"must return positions of its samples, from 0 to 149. Got \[0, 200\]"),
    ],
)
def test_a_function_that_answers_amiss_is_named(answer, message):
    def amiss(learner, X, n_instances):
        return answer

    with pytest.raises(ValueError, match=f"amiss {message}"):
        ModalStrategy(amiss).select(Pool(X), 2)


def test_a_committee_of_ours_answers_only_for_its_candidates():
    def curious(committee, X, n_instances):
        return committee.vote(X[:2])

    with pytest.raises(ValueError, match="can only vote on all candidates at once"):
        ModalStrategy(curious).select(Pool(X).add_labels(LABELED, names[LABELED]))


@every_function
def test_functions_are_cloned_and_tuned_as_strategies_are(strategy):
    copied = clone(strategy).set_params(random_state=7)
    assert repr(copied.function) == repr(strategy.function)
    assert copied.random_state == 7
    if strategy.function is not by_uncertainty:
        assert (
            pickle.loads(pickle.dumps(strategy)).get_params().keys() == copied.get_params().keys()
        )


def test_one_comparison_contains_all_packages():
    peers = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed")
    from skactive.integrations.scikit_activeml import ActivemlStrategy

    strategies = {
        "skactive": UncertaintySampling(),
        "modAL": ModalStrategy(margin_sampling),
        "modAL, a committee": ModalStrategy(vote_entropy_sampling),
        "scikit-activeml": ActivemlStrategy(peers.UncertaintySampling("margin_sampling")),
    }
    comparison = compare_strategies(None, strategies, X, names, budget=10, cv=2, random_state=0)
    areas = comparison.area_under_curve().mean(axis=1)
    assert areas.shape == (4,)
    assert (areas > 0.5).all()
