"""Strategies by their names in the registry, and strings where other values are expected."""

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from skactive import ActiveLearner
from skactive._validation import check_strategy
from skactive.cli._output import CommandError
from skactive.cli._strategies import checked_names
from skactive.model_selection import BudgetedClassifier, compare_strategies, labeling_curve
from skactive.neighbors import (
    IncrementalKNeighborsClassifier,
    IncrementalKNeighborsRegressor,
    IncrementalMultiLabelKNeighbors,
)
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling, all_strategies

X = np.random.default_rng(0).normal(size=(24, 3))
Y = np.arange(24) % 2
KNN = IncrementalKNeighborsClassifier(3)
FEW = {"budget": 4, "cv": 2, "random_state": 0}

ENTRY_POINTS = {
    "ActiveLearner": lambda name: ActiveLearner(KNN, name, X_pool=X).query(),
    "BudgetedClassifier": lambda name: BudgetedClassifier(KNN, name, budget=4).fit(X, Y),
    "compare_strategies": lambda name: compare_strategies(KNN, {"one": name}, X, Y, **FEW),
    "compare_strategies, list": lambda name: compare_strategies(KNN, [name, "random"], X, Y, **FEW),
    "labeling_curve": lambda name: labeling_curve(KNN, name, X, Y, **FEW),
}


@pytest.mark.parametrize("entry_point", list(ENTRY_POINTS))
def test_every_entry_point_takes_names_and_suggests_them(entry_point):
    ENTRY_POINTS[entry_point]("margin")
    with pytest.raises(
        ValueError,
        match=r"^There is no strategy 'margn'. The names are those that "
        r"skactive.strategies.all_strategies\(\) returns. Hint: did you mean margin\?$",
    ):
        ENTRY_POINTS[entry_point]("margn")
    with pytest.raises(ValueError, match=r"no strategy 'auto'. .*all_strategies\(\) returns.$"):
        ENTRY_POINTS[entry_point]("auto")


# Other spellings of a name, and a typing error in one.
SPELLINGS = [
    str.upper,
    str.title,
    lambda name: name.replace("-", "_"),
    lambda name: name.replace("-", " ").title(),
    lambda name: name.replace("-", ""),
    lambda name: name.replace("-", "").upper(),
    lambda name: f" {name}-",
    lambda name: f"{name[:-2]}{name[-1]}",
]


@pytest.mark.parametrize("name", list(all_strategies()))
def test_any_spelling_of_a_name_hints_at_it_in_python_and_in_the_command(name):
    for spelled in {spelling(name) for spelling in SPELLINGS} - {name}:
        with pytest.raises(ValueError, match=rf"^There is no strategy .* did you mean {name}\?$"):
            check_strategy(spelled)
        with pytest.raises(CommandError, match=rf"^There is no strategy .* did you mean {name}\?$"):
            checked_names([spelled])


def test_the_name_of_a_class_hints_at_the_strategy_with_its_default_parameters():
    known = all_strategies()
    names = {type(known[name].strategy).__name__: name for name in reversed(known)}
    assert (names["UncertaintyHerding"], names["UncertaintySampling"]) == ("herding", "margin")
    for class_name, name in names.items():
        for spelled in {class_name, class_name.lower(), f"{class_name}s"}.difference(known):
            hint = rf" Hint: did you mean {name}\?$"
            with pytest.raises(ValueError, match=hint):
                check_strategy(spelled)
            with pytest.raises(CommandError, match=hint):
                checked_names([spelled])


ESTIMATORS = {
    "categorical": KNN,
    "continuous": IncrementalKNeighborsRegressor(),
    "multilabel": IncrementalMultiLabelKNeighbors(),
}


@pytest.mark.parametrize("name", list(all_strategies()))
def test_a_name_is_the_strategy_of_the_registry(name):
    suits = all_strategies()[name].suits
    estimator = next(one for kind, one in ESTIMATORS.items() if suits(kind))
    learner = ActiveLearner(estimator, name, X_pool=X)
    assert repr(learner.strategy) == repr(all_strategies()[name].strategy)


def test_results_are_those_of_the_strategy():
    named, given = (
        BudgetedClassifier(KNN, strategy, budget=8).fit(X, Y).query_indices_
        for strategy in ("margin", UncertaintySampling())
    )
    np.testing.assert_array_equal(named, given)
    assert labeling_curve(KNN, "margin", X, Y, **FEW).names == ("margin",)
    both = compare_strategies(KNN, ["margin", "random"], X, Y, **FEW)
    same = compare_strategies(
        KNN, {"margin": UncertaintySampling(), "random": RandomSampling()}, X, Y, **FEW
    )
    np.testing.assert_array_equal(both.test_scores, same.test_scores)


def test_a_parameter_of_a_named_strategy_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"strategy='margin' has no parameters.*UncertaintySampl"):
        BudgetedClassifier(strategy="margin").set_params(strategy__measure=None)


@pytest.mark.parametrize("samples", [X, X.tolist()])
def test_samples_passed_as_the_estimator_are_named(samples):
    sentence = r"must be a classifier or a regressor. Got .* of shape \(24.*pool=X\)"
    for arguments in [(samples,), (samples, None, X)]:
        with pytest.raises(TypeError, match=sentence):
            ActiveLearner(*arguments)


@pytest.mark.parametrize("value", ["auto", ["auto"]])
def test_a_string_as_a_stopping_criterion_is_one_sentence(value):
    with pytest.raises(TypeError, match=r"`stopping` must be a stopping criterion.* Got 'auto'"):
        ActiveLearner(KNN, X_pool=X, stopping=value)


def test_single_weights_are_parameters_of_grids_and_distributions():
    budgeted = BudgetedClassifier(KNN, CDFProduct(weights={"density": 0.5}), budget=6)
    assert budgeted.get_params()["strategy__weights__density"] == 0.5
    assert budgeted.get_params()["strategy__weights__uncertainty"] == 1.0
    twin = clone(budgeted).set_params(strategy__weights__uncertainty=2.0)
    assert twin.strategy.weights == {"density": 0.5, "uncertainty": 2.0}
    assert budgeted.strategy.weights == {"density": 0.5}
    assert clone(twin).get_params()["strategy__weights__uncertainty"] == 2.0
    values = {
        "strategy__weights__uncertainty": [0.0, 4.0],
        "strategy__weights__density": [0.0, 1.0],
    }
    grid = GridSearchCV(budgeted, values, cv=2).fit(X, Y)
    assert set(grid.best_params_) == set(values)
    drawn = {"strategy__weights__uncertainty": uniform(0, 4)}
    search = RandomizedSearchCV(budgeted, drawn, n_iter=2, cv=2, random_state=0).fit(X, Y)
    weight = search.best_params_["strategy__weights__uncertainty"]
    assert search.best_estimator_.strategy.weights["uncertainty"] == weight
    with pytest.raises(ValueError, match="weights__typo"):
        CDFProduct().set_params(weights__typo=1.0)
    np.testing.assert_array_equal(
        CDFProduct()
        .set_params(weights__density=0.0, random_state=3)
        .get_params(deep=False)["weights"],
        {"density": 0.0},
    )
