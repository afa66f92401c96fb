"""A committee of the members of the learner's own classifier."""

import numpy as np
import pytest
from scipy.special import rel_entr
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner
from skactive.strategies import QueryByCommittee

NAMES_OF_DIGITS = np.array(list("qrstuvwxyz"))


def digits_learner(estimator):
    X, y = load_digits(return_X_y=True)
    X, y = X[:300], NAMES_OF_DIGITS[y[:300]]
    learner = ActiveLearner(estimator, QueryByCommittee("estimator", "kl"), X)
    return learner.teach(range(40), y[:40])


def divergence(probabilities):
    """The mean Kullback-Leibler divergence of the members from their mean: BALD."""
    mean = probabilities.mean(axis=0)
    return np.mean([rel_entr(one, mean).sum(axis=1) for one in probabilities], axis=0)


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(5, random_state=0),
        ExtraTreesClassifier(5, random_state=0),
        BaggingClassifier(n_estimators=5, max_features=0.5, random_state=0),
        VotingClassifier([("a", GaussianNB()), ("b", KNeighborsClassifier(3))], voting="soft"),
        VotingClassifier([("a", GaussianNB()), ("b", KNeighborsClassifier(3))]),
        make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_ensemble_is_its_own_committee(estimator):
    learner = digits_learner(estimator)
    indices, utilities = learner.query(return_utilities=True)
    fitted = learner.fitted_estimator()
    X = load_digits().data[40:300]
    if hasattr(fitted, "steps"):
        X, fitted = fitted[:-1].transform(X), fitted[-1]
    columns = getattr(fitted, "estimators_features_", [slice(None)] * len(fitted.estimators_))
    answers = np.zeros((len(fitted.estimators_), len(X), len(fitted.classes_)))
    for place, (member, chosen) in enumerate(zip(fitted.estimators_, columns, strict=True)):
        answers[place][:, member.classes_.astype(int)] = member.predict_proba(X[:, chosen])
    expected = divergence(answers)
    assert utilities[0] == pytest.approx(expected.max(), abs=1e-9)
    assert expected[indices[0] - 40] == pytest.approx(expected.max(), abs=1e-9)


class Drawn(GaussianNB):
    """A classifier that draws its probabilities, as a network with dropout does."""

    shape = (4, 10)

    def sample_proba(self, X):
        n_members, n_classes = self.shape
        rng = np.random.default_rng(0)
        return rng.dirichlet(np.ones(n_classes), (n_members, len(X)))


def test_a_classifier_that_draws_its_probabilities_is_a_committee():
    learner = digits_learner(Drawn(var_smoothing=0.1))
    indices, utilities = learner.query(return_utilities=True)
    expected = divergence(Drawn().sample_proba(np.zeros((260, 64))))
    assert utilities[0] == pytest.approx(expected.max())
    assert indices[0] == 40 + expected.argmax()


def test_probabilities_of_another_shape_are_refused():
    class Wrong(Drawn):
        shape = (4, 3)

    with pytest.raises(ValueError, match=r"shape \(n_members, 260, 10\). Got the shape \(4, 260"):
        digits_learner(Wrong(var_smoothing=0.1)).query()


@pytest.mark.parametrize("estimator", [GaussianNB(), AdaBoostClassifier(), None])
def test_a_classifier_without_members_is_no_committee(estimator):
    learner = ActiveLearner(estimator, QueryByCommittee("estimator"), np.eye(5))
    with pytest.raises(TypeError, match="needs a classifier with members, such as RandomForest"):
        learner.query()
