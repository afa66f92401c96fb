"""`Committee` works as modAL's, for any labels, with members that learn incrementally."""

import doctest
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skactive.neighbors import IncrementalKNeighborsClassifier

models = pytest.importorskip("modAL.models", reason="modAL-python is not installed")

from modAL.disagreement import (  # noqa: E402
    consensus_entropy_sampling,
    max_disagreement_sampling,
    vote_entropy_sampling,
)

from skactive.integrations import modal  # noqa: E402
from skactive.integrations.modal import ActiveLearner, Committee  # noqa: E402

# Whole pools are passed here, with the labelled samples among them.
pytestmark = pytest.mark.filterwarnings("ignore:X_pool has samples that are labelled already")

X, y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]
DISAGREEMENTS = [vote_entropy_sampling, consensus_entropy_sampling, max_disagreement_sampling]


def members(labels=NAMES):
    return [
        ActiveLearner(estimator, X_training=X[start::10], y_training=labels[start::10])
        for start, estimator in [(0, GaussianNB()), (7, IncrementalKNeighborsClassifier())]
    ]


def test_it_is_modals_committee():
    assert isinstance(Committee(members()), models.Committee)


@pytest.mark.parametrize("disagreement", DISAGREEMENTS)
@pytest.mark.parametrize("labels", [NAMES, pd.Series(NAMES), NAMES.astype(object)], ids=type)
def test_labels_may_be_strings(disagreement, labels):
    committee = Committee(members(np.asarray(labels)), disagreement)
    indices, rows = committee.query(X, n_instances=2)
    committee.teach(rows, NAMES[indices])
    assert set(committee.vote(X).ravel()) == set(NAMES)
    assert committee.score(X, NAMES) > 0.8


@pytest.mark.parametrize("disagreement", DISAGREEMENTS)
def test_numbers_vote_as_in_modals_committee(disagreement):
    own, theirs = Committee(members(y), disagreement), models.Committee(members(y), disagreement)
    np.testing.assert_array_equal(own.vote(X), theirs.vote(X))
    np.testing.assert_array_equal(own.vote_proba(X), theirs.vote_proba(X))
    np.testing.assert_array_equal(own.query(X, n_instances=5)[0], theirs.query(X, n_instances=5)[0])


def test_members_learn_as_they_learn_alone():
    committee = Committee(members())
    committee.teach(X[[60]], NAMES[[60]])
    for learner in committee:
        assert len(learner.X_training) == 16
    alone = members()[1]
    alone.teach(X[[60]], NAMES[[60]])
    np.testing.assert_array_equal(
        committee.learner_list[1].predict_proba(X), alone.predict_proba(X)
    )


def test_a_member_with_add_labeled_is_not_refitted(monkeypatch):
    committee = Committee(members())
    incremental = committee.learner_list[1].estimator
    monkeypatch.setattr(incremental, "fit", None)
    committee.teach(X[[60]], NAMES[[60]])
    assert incremental.n_samples_fit_ == 16


def test_modals_own_committee_teaches_our_members():
    committee = models.Committee(members(y))
    committee.teach(X[60:62], y[60:62])
    committee.teach(X[62:64], y[62:64], bootstrap=True)
    committee.rebag()
    assert [len(learner.X_training) for learner in committee] == [19, 19]


def test_a_new_label_extends_the_classes():
    committee = Committee(members())
    committee.teach(X[[60]], ["unheard of"])
    assert "unheard of" in committee.classes_
    assert committee.n_classes_ == 4
    assert committee.predict_proba(X).shape == (150, 4)


def test_members_can_have_different_classes():
    first = ActiveLearner(GaussianNB(), X_training=X[:100:10], y_training=NAMES[:100:10])
    second = ActiveLearner(GaussianNB(), X_training=X[50::10], y_training=NAMES[50::10])
    committee = Committee([first, second])
    probabilities = committee.vote_proba(X)
    assert probabilities.shape == (150, 2, 3)
    assert probabilities[:, 0, 2].max() == probabilities[:, 1, 0].max() == 0


def test_only_new_fits_on_the_new_alone_and_keeps_them_as_modals_committee_does():
    committee = Committee(members())
    committee.teach(X[::50], NAMES[::50], only_new=True)
    incremental = committee.learner_list[1]
    assert incremental.estimator.n_samples_fit_ == 3
    assert len(incremental.X_training) == 18
    committee.teach(X[[60]], NAMES[[60]])
    assert incremental.estimator.n_samples_fit_ == 19


def test_a_bad_answer_changes_no_member():
    committee = Committee(members())
    with pytest.raises(ValueError, match="Input X contains NaN"):
        committee.teach([[np.nan] * 4], ["setosa"])
    assert [len(learner.X_training) for learner in committee] == [15, 15]


def test_nothing_is_known_before_the_first_label():
    committee = Committee([ActiveLearner(GaussianNB()), ActiveLearner(GaussianNB())])
    assert committee.classes_ is None
    with pytest.raises(NotFittedError):
        committee.predict_proba(X)
    committee.teach(X[::50], NAMES[::50])
    assert list(committee.classes_) == sorted(set(NAMES))


def test_raw_texts_are_voted_on():
    committee = Committee(
        [
            ActiveLearner(
                make_pipeline(HashingVectorizer(n_features=64), IncrementalKNeighborsClassifier(1)),
                X_training=["an apple", "some bread"],
                y_training=["apple", "bread"],
            )
            for _ in range(2)
        ]
    )
    assert committee.predict(["apple", "bread"]).tolist() == ["apple", "bread"]
    assert committee.vote(["apple"]).tolist() == [["apple", "apple"]]


def test_a_strategy_is_called_once_and_its_error_surfaces():
    calls = []

    def failing(committee, X_pool):
        calls.append(1)
        raise LookupError("no candidate left")

    with pytest.raises(LookupError, match="no candidate left"):
        Committee(members(), failing).query(X)
    assert len(calls) == 1


def test_n_instances_by_position_is_an_error():
    with pytest.raises(TypeError, match=r"must be a bool. Got 3 instead. Hint: pass n_instances"):
        Committee(members()).query(X, 3)


def test_it_is_cloned_pickled_and_shown():
    committee = Committee(members())
    assert clone(committee).predict(X[:3]).tolist() == committee.predict(X[:3]).tolist()
    assert type(pickle.loads(pickle.dumps(committee))) is Committee
    assert repr(committee).startswith("Committee(learner_list=[ActiveLearner(")


def test_it_is_cross_validated_as_a_classifier():
    assert cross_val_score(Committee(members()), X, NAMES).mean() > 0.9


@pytest.mark.parametrize("name", modal.__all__)
def test_the_example_in_the_docstring_runs(name):
    [example] = doctest.DocTestFinder(recurse=False).find(getattr(modal, name), name, module=False)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.DocTestRunner(optionflags=options).run(example).failed == 0
    assert example.examples
