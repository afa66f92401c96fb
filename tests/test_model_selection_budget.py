"""BudgetedClassifier: the labels it uses, and the arguments it rejects."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from skactive import ActiveLearner
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling


def three_clouds(n_samples=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n_samples) % 3
    centres = np.array([[4.0, 0.0, 1.0], [0.0, 4.0, 1.0], [0.0, 0.0, 5.0]])
    return centres[y] + rng.normal(size=(n_samples, 3)), np.array(["x", "y", "z"])[y]


ESTIMATORS = [
    IncrementalKNeighborsClassifier(3),
    IncrementalLabelSpreading(4),
    LogisticRegression(),
    GaussianNB(),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
@pytest.mark.parametrize("strategy", [CDFProduct(), UncertaintySampling(), RandomSampling()])
def test_labels_that_were_not_queried_have_no_effect(estimator, strategy):
    X, y = three_clouds()
    budgeted = BudgetedClassifier(
        estimator, strategy, budget=13, batch_size=4, seed_set=3, random_state=0
    )
    honest = clone(budgeted).fit(X, y)
    unused = np.setdiff1d(np.arange(60), honest.query_indices_)
    garbled = y.astype("<U7")
    garbled[unused] = np.random.default_rng(1).choice(["x", "y", "z", "garbage"], len(unused))
    blind = clone(budgeted).fit(X, garbled)
    np.testing.assert_array_equal(blind.query_indices_, honest.query_indices_)
    used = np.isin(blind.classes_, honest.classes_)
    assert blind.classes_[~used].tolist() == ["garbage"]
    np.testing.assert_array_equal(blind.predict_proba(X)[:, used], honest.predict_proba(X))
    np.testing.assert_array_equal(blind.predict(X), honest.predict(X))
    assert not blind.predict_proba(X)[:, ~used].any()


@pytest.mark.parametrize(("budget", "batch_size"), [(1, 1), (7, 3), (10, 5), (60, 7), (5, 50)])
def test_exactly_the_budget_is_spent(budget, batch_size):
    X, y = three_clouds()
    budgeted = BudgetedClassifier(budget=budget, batch_size=batch_size).fit(X, y)
    assert budgeted.n_labeled_ == budget
    assert len(np.unique(budgeted.query_indices_)) == budget
    assert len(budgeted.estimator_.labeled_indices_) == budget
    np.testing.assert_array_equal(budgeted.classes_, np.unique(y))


def test_the_same_samples_are_selected_as_in_an_interactive_loop():
    X, y = three_clouds()
    learner = ActiveLearner(X_pool=X)
    for n_instances in (3, 3, 2):
        indices = learner.query(n_instances)
        learner.teach(indices, y[indices])
    budgeted = BudgetedClassifier(budget=8, batch_size=3).fit(X, y)
    np.testing.assert_array_equal(budgeted.query_indices_, learner.labeled)
    np.testing.assert_array_equal(budgeted.predict_proba(X), learner.predict_proba(X))


def test_the_seed_set_comes_first_and_out_of_the_budget():
    X, y = three_clouds()
    same = {"random_state": 3, "seed_set": 6}
    short = BudgetedClassifier(budget=6, **same).fit(X, y)
    long = BudgetedClassifier(budget=10, **same).fit(X, y)
    np.testing.assert_array_equal(long.query_indices_[:6], short.query_indices_)
    assert long.n_labeled_ == 10
    other = BudgetedClassifier(budget=6, seed_set=6, random_state=4).fit(X, y)
    assert set(other.query_indices_) != set(short.query_indices_)


def test_a_random_state_repeats_the_whole_loop():
    X, y = three_clouds()
    random = BudgetedClassifier(strategy=RandomSampling(), budget=12, random_state=5)
    first, second = (clone(random).fit(X, y).query_indices_ for _ in range(2))
    np.testing.assert_array_equal(first, second)
    third = clone(random).set_params(random_state=6).fit(X, y).query_indices_
    assert not np.array_equal(first, third)


def test_a_random_state_of_the_strategys_own_stays():
    X, y = three_clouds()
    orders = [
        BudgetedClassifier(
            strategy=RandomSampling(random_state=1), budget=12, random_state=random_state
        )
        .fit(X, y)
        .query_indices_
        for random_state in (5, 6)
    ]
    np.testing.assert_array_equal(*orders)


def test_the_random_state_breaks_ties_of_the_default_strategy_too():
    X, y = np.repeat(np.eye(3), 10, axis=0), np.repeat(["x", "y", "z"], 10)
    firsts = {
        int(BudgetedClassifier(budget=1, random_state=seed).fit(X, y).query_indices_[0])
        for seed in range(8)
    }
    assert len(firsts) > 1


def test_arguments_are_not_modified():
    X, y = three_clouds()
    estimator, strategy = IncrementalKNeighborsClassifier(), RandomSampling()
    BudgetedClassifier(estimator, strategy, budget=5, random_state=0).fit(X, y)
    assert not hasattr(estimator, "classes_")
    assert strategy.random_state is None


def test_fitting_again_forgets_the_first_fit():
    X, y = three_clouds()
    again = BudgetedClassifier(budget=9).fit(X[:, :2], y == "x").fit(X, y)
    once = BudgetedClassifier(budget=9).fit(X, y)
    np.testing.assert_array_equal(again.query_indices_, once.query_indices_)
    np.testing.assert_array_equal(again.predict_proba(X), once.predict_proba(X))
    assert again.n_features_in_ == 3


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        (
            {"budget": 61},
            ValueError,
            "budget=61 is larger than the number of samples, n_samples=60",
        ),
        ({"budget": 0}, ValueError, "'budget' parameter of BudgetedClassifier must be an int of"),
        ({"budget": 5.0}, ValueError, r"an int of at least 1\. Got 5\.0 instead"),
        ({"budget": None}, TypeError, r"an int of at least 1\. Got None instead"),
        ({"budget": True}, TypeError, r"an int of at least 1\. Got True instead"),
        ({"batch_size": 0}, ValueError, "'batch_size' parameter of BudgetedClassifier must be"),
        ({"seed_set": -1}, ValueError, "'seed_set' parameter .* an int of at least 0. Got -1"),
        ({"seed_set": 11}, ValueError, "seed_set=11 is larger than the budget of 10. Hint"),
        ({"estimator": "kNN"}, TypeError, "estimator must be a classifier. Got 'kNN'"),
        (
            {"strategy": "cdf"},
            ValueError,
            "There is no strategy 'cdf'. The names are those that",
        ),
        ({"strategy": LogisticRegression()}, TypeError, "must be a query strategy, such as"),
    ],
)
def test_parameters_that_cannot_be_are_refused_by_name(parameters, error, message):
    X, y = three_clouds()
    with pytest.raises(error, match=message):
        BudgetedClassifier(**{"budget": 10} | parameters).fit(X, y)


def test_labels_that_are_missing_or_too_few_are_refused():
    X, y = three_clouds()
    budgeted = BudgetedClassifier(budget=10)
    missing = y.astype(object)
    missing[17] = None
    with pytest.raises(ValueError, match=r"y\[17\] is missing \(None\)"):
        budgeted.fit(X, missing)
    with pytest.raises(ValueError, match=r"y\[2\] is missing \(NaN or infinity: nan\)"):
        budgeted.fit(X[:3], [0.0, 1.0, np.nan])
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        budgeted.fit(X, None)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        budgeted.fit(X, y[:-1])
    with pytest.raises(ValueError, match="Unknown label type"):
        budgeted.fit(X, np.linspace(0, 1, 60))
    assert not hasattr(budgeted, "estimator_")


def test_a_budget_with_a_single_class_raises_with_the_class():
    X, y = three_clouds()
    with pytest.raises(
        ValueError, match=r"LogisticRegression cannot predict yet: the classes known.* \['x'\]"
    ):
        BudgetedClassifier(LogisticRegression(), budget=5).fit(X[y == "x"], y[y == "x"])
