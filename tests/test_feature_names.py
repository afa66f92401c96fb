"""The columns of a DataFrame pool are expected in every later DataFrame, without a warning."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner
from skactive.model_selection import BudgetedClassifier, compare_strategies
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import RandomSampling

X = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=list("abc"))
Y = np.where(X.a + X.b > 0, "x", "y")
OTHERS = {"permuted": X[["c", "b", "a"]], "renamed": X.rename(columns={"a": "z"})}

ESTIMATORS = {
    "default": lambda: None,
    "transductive": IncrementalLabelSpreading,
    "incremental": IncrementalKNeighborsClassifier,
    "refitted": LogisticRegression,
    "partial_fit": GaussianNB,
    "Pipeline": lambda: make_pipeline(StandardScaler(), IncrementalLabelSpreading()),
    "Pipeline of DataFrames": lambda: make_pipeline(
        StandardScaler().set_output(transform="pandas"), IncrementalLabelSpreading()
    ),
    "Pipeline of one step": lambda: make_pipeline(IncrementalLabelSpreading()),
}
FAILS = pytest.raises(ValueError, match="The feature names should match those")


def taught(estimator, seeds):
    seeded = {"X_labeled": X[30:], "y_labeled": Y[30:]} if seeds else {}
    learner = ActiveLearner(estimator, X_pool=X[:30], **seeded).teach(range(8), Y[:8])
    learner.teach([20], Y[20:21]).undo()
    return learner.relabel([3], ["x"])


@pytest.mark.parametrize("seeds", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_learner_expects_the_columns_of_its_pool(name, seeds):
    learner = taught(ESTIMATORS[name](), seeds)
    for one in (learner, pickle.loads(pickle.dumps(learner))):
        assert len(one.predict(X)) == len(one.predict_proba(X)) == 40
        one.query()
        for other in OTHERS.values():
            with FAILS:
                one.predict(other)
    if name in ("default", "incremental", "Pipeline of DataFrames"):
        assert learner.explain(X).predictions.tolist() == learner.predict(X).tolist()
        with FAILS:
            learner.explain(OTHERS["permuted"])


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_seed_set_has_the_columns_of_the_pool(name, other):
    with FAILS:
        ActiveLearner(ESTIMATORS[name](), X_pool=X[:30], X_labeled=OTHERS[other], y_labeled=Y)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_budgeted_classifier_expects_the_columns_of_its_fit(name):
    classifier = BudgetedClassifier(ESTIMATORS[name](), RandomSampling(random_state=0), budget=8)
    assert len(classifier.fit(X, Y).predict(X)) == 40
    for other in OTHERS.values():
        with FAILS:
            classifier.predict(other)


@pytest.mark.parametrize("name", ["default", "Pipeline of DataFrames"])
def test_strategies_are_compared_on_a_table_without_a_warning(name):
    strategies = {"random": RandomSampling(random_state=0)}
    estimator = ESTIMATORS[name]()
    assert compare_strategies(estimator, strategies, X, Y, budget=6, cv=2).test_scores.min() >= 0
