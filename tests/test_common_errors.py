"""The messages in the user guide's table of common errors are those that the package raises."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.svm import LinearSVC
from test_documentation import names, rows

from skactive import ActiveLearner
from skactive.model_selection import BudgetedClassifier, compare_strategies
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling

GUIDE = Path(__file__).parents[1] / "docs" / "user_guide.md"
X = np.random.default_rng(0).normal(size=(100, 3))


class MyClassifier(LinearSVC):
    """A classifier without probabilities."""

    decision_function = property()


def learner(estimator=None, strategy=None, **options):
    estimator = IncrementalKNeighborsClassifier() if estimator is None else estimator
    return ActiveLearner(estimator, strategy or RandomSampling(), X_pool=X, **options)


def raw_samples():
    ActiveLearner(IncrementalKNeighborsClassifier(), X_pool=["an apple", "an orange"])


def missing_numbers():
    ActiveLearner(
        IncrementalKNeighborsClassifier(), X_pool=np.where(np.arange(100) == 17, np.nan, 0)[:, None]
    )


def too_many_samples():
    learner().teach(range(97), [0, 1] * 48 + [0]).query(5)


def nothing_left():
    learner().teach(range(98), [0, 1] * 49).skip([98, 99]).query()


def explained_after_its_label():
    learner().teach([7], ["apple"]).explain_query(7)


def taught_twice():
    learner().teach([7], ["apple"]).teach([7], ["pear"])


def a_missing_label():
    learner().teach([0], [None])


def text_among_numbers():
    learner().teach([0], [0]).teach([1], ["apple"])


def one_class():
    learner(SGDClassifier()).teach([0], ["apple"]).predict(X)


def fitted_beforehand():
    learner(LogisticRegression().fit(X, np.arange(100) % 2))


def no_probabilities():
    learner(MyClassifier(), UncertaintySampling()).teach([0, 1], ["a", "b"]).query()


def a_misspelt_measure():
    learner(strategy=CDFProduct(weights={"uncertain": 2.0})).teach([0], [0]).query()


def an_oracle_of_one_label():
    BudgetedClassifier(batch_size=3, budget=30, oracle=lambda positions, y: y[:1]).fit(
        X, np.arange(100) % 2
    )


def too_large_a_budget():
    samples = np.tile(X, (10, 1))
    compare_strategies(
        None, {"random": RandomSampling()}, samples, np.arange(1000) % 2, budget=900, cv=5
    )


# In the order of the table.
CAUSES = [
    raw_samples,
    missing_numbers,
    nothing_left,
    too_many_samples,
    explained_after_its_label,
    taught_twice,
    a_missing_label,
    text_among_numbers,
    one_class,
    fitted_beforehand,
    no_probabilities,
    a_misspelt_measure,
    an_oracle_of_one_label,
    too_large_a_budget,
]
MESSAGES = [names(row[0])[0] for row in rows(GUIDE.read_text(encoding="utf-8"), "message")]


def test_every_row_has_a_cause():
    assert len(MESSAGES) == len(CAUSES)


@pytest.mark.parametrize(("message", "cause"), [*zip(MESSAGES, CAUSES, strict=False)])
def test_the_message_is_the_one_raised(message, cause):
    pattern = re.escape(message).replace("…", ".*")
    with pytest.raises(Exception, match=f"^{pattern}"):
        cause()
