"""Recorded loops of labels that are numbers: BudgetedRegressor, comparisons and their scores."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scikit_learns_checks import each_check_of
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_regressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import BayesianRidge, LogisticRegression, Ridge
from sklearn.metrics import make_scorer, mean_pinball_loss, r2_score
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from skactive import ActiveLearner
from skactive._estimators import classifier_of
from skactive.learner import default_regressor
from skactive.measures import Entropy, PredictiveVariance
from skactive.model_selection import (
    AnnotatorPanel,
    BudgetedClassifier,
    BudgetedRegressor,
    GaussianOracle,
    NoisyOracle,
    StrategyComparison,
    area_under_labeling_curve,
    compare_strategies,
    labeling_curve,
    labels_to_score,
)
from skactive.neighbors import (
    IncrementalKNeighborsClassifier,
    IncrementalKNeighborsRegressor,
    IncrementalMultiLabelKNeighbors,
)
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import (
    CDFProduct,
    KCenterGreedy,
    RandomSampling,
    UncertaintyHerding,
    UncertaintySampling,
    all_strategies,
)

NEAREST = IncrementalKNeighborsRegressor(3, metric="euclidean")
ESTIMATORS = {
    "nearest": NEAREST,
    "nearest in a pipeline": make_pipeline(StandardScaler(), NEAREST),
    "forgetting": IncrementalKNeighborsRegressor(3, metric="euclidean", half_life=4.0),
    "ridge": Ridge(),
    "bayesian": BayesianRidge(),
    # It predicts from three labels on.
    "scikit-learn's nearest": KNeighborsRegressor(3),
    "forest": RandomForestRegressor(4, random_state=0),
}


class Sure(ClassifierMixin, BaseEstimator):
    """A classifier without probabilities and decision function."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.nearest_ = KNeighborsClassifier(1).fit(X, y)
        return self

    def predict(self, X):
        return self.nearest_.predict(X)


every_estimator = pytest.mark.parametrize("name", ESTIMATORS)


def waves(n_samples=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 3)) + 2
    return X, 5 + X[:, 0] + np.sin(3 * X[:, 1]) + 0.1 * rng.normal(size=n_samples)


X, Y = waves()


def plain_predictions(estimator, X_labeled, y_labeled, X_test):
    """Fit a new copy, and predict the mean while there are too few labels."""
    try:
        return clone(estimator).fit(X_labeled, y_labeled).predict(X_test)
    except ValueError:
        return np.full(len(X_test), y_labeled.mean())


def plain_curve(estimator, strategy, X, y, split, score, budget, batch_size=1):
    """Run one loop, and fit again for each score."""
    train, test = split
    learner = ActiveLearner(clone(estimator), clone(strategy), X[train])
    scores = []
    while len(learner.labeled) < budget:
        indices = learner.query(min(batch_size, budget - len(learner.labeled)))
        learner.teach(indices, y[train][indices])
        predicted = plain_predictions(estimator, X[train][learner.labeled], learner.labels, X[test])
        scores.append(score(y[test], predicted))
    return np.array(scores)


def mean_error(y, predicted):
    return -np.abs(y - predicted).mean()


# ---------------------------------------------------------------------------- BudgetedRegressor


@each_check_of(
    BudgetedRegressor(budget=10, seed_set=4, random_state=2),
    BudgetedRegressor(
        # By itself, it gives no standard deviation for an array of objects.
        make_pipeline(StandardScaler(), BayesianRidge()),
        UncertaintySampling(),
        budget=10,
        batch_size=5,
        seed_set=5,
        random_state=0,
    ),
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


@every_estimator
def test_labels_that_were_not_queried_have_no_effect(name):
    budgeted = BudgetedRegressor(
        ESTIMATORS[name], CDFProduct(), budget=13, batch_size=4, seed_set=3, random_state=0
    )
    if name in {"ridge", "scikit-learn's nearest"}:
        budgeted.set_params(strategy=KCenterGreedy())
    honest = clone(budgeted).fit(X, Y)
    unused = np.setdiff1d(np.arange(60), honest.query_indices_)
    garbled = Y.copy()
    garbled[unused] = np.random.default_rng(1).normal(size=len(unused)) * 1e6
    blind = clone(budgeted).fit(X, garbled)
    np.testing.assert_array_equal(blind.query_indices_, honest.query_indices_)
    np.testing.assert_array_equal(blind.predict(X), honest.predict(X))
    np.testing.assert_array_equal(honest.y_labeled_, Y[honest.query_indices_])
    assert honest.n_labeled_ == honest.n_answers_ == 13
    assert not hasattr(honest, "classes_")


@every_estimator
def test_a_stage_is_the_model_with_the_first_answers(name):
    estimator = ESTIMATORS[name]
    fitted = BudgetedRegressor(
        estimator, RandomSampling(), budget=10, batch_size=4, seed_set=3, random_state=0
    ).fit(X, Y)
    stages = list(fitted.staged_predict(X))
    assert len(stages) == 10
    for stage, predicted in enumerate(stages, start=1):
        queried = fitted.query_indices_[:stage]
        # The scaler has seen the whole pool.
        features = fitted.features(X)
        last = fitted.regressor_
        expected = plain_predictions(last, features[queried], Y[queried], features)
        # The pool has the features in float32.
        np.testing.assert_allclose(predicted, expected, rtol=1e-4)
    np.testing.assert_allclose(stages[-1], fitted.predict(X), rtol=1e-5)


@pytest.mark.parametrize("scoring", [None, "neg_mean_absolute_error"])
@every_estimator
def test_scorers_of_searches_read_the_stages(name, scoring):
    fitted = BudgetedRegressor(ESTIMATORS[name], RandomSampling(), budget=10, random_state=0).fit(
        X[:40], Y[:40]
    )
    score = r2_score if scoring is None else mean_error
    scores = [score(Y[40:], predicted) for predicted in fitted.staged_predict(X[40:])]
    area = np.mean([(one + other) / 2 for one, other in pairwise(scores)])
    found = area_under_labeling_curve(fitted, X[40:], Y[40:], scoring=scoring)
    assert found == pytest.approx(area, rel=1e-4)
    goal = np.sort(scores)[5] - 1e-6
    needed = labels_to_score(goal, scoring=scoring)(fitted, X[40:], Y[40:])
    assert needed == -(np.flatnonzero(np.array(scores) >= goal)[0] + 1)


def test_an_estimator_that_cannot_score_its_stages_is_named():
    fitted = BudgetedRegressor(NEAREST, budget=5).fit(X, Y)
    with pytest.raises(ValueError, match="scoring='accuracy' cannot score these labels"):
        area_under_labeling_curve(fitted, X, Y, scoring="accuracy")
    with pytest.raises(ValueError, match=r"y\[1\] is missing"):
        area_under_labeling_curve(fitted, X[:2], [1.0, np.nan])


@pytest.mark.parametrize("name", ["nearest", "nearest in a pipeline", "bayesian"])
def test_standard_deviations_are_those_of_the_estimator(name):
    fitted = BudgetedRegressor(ESTIMATORS[name], budget=20).fit(X, Y)
    mean, std = fitted.predict(X, return_std=True)
    expected_mean, expected_std = fitted.estimator_.predict(X, return_std=True)
    np.testing.assert_allclose(mean, expected_mean)
    np.testing.assert_allclose(std, expected_std)
    np.testing.assert_allclose(mean, fitted.predict(X))


def test_the_standard_deviation_of_an_ensemble_is_that_of_its_members():
    fitted = BudgetedRegressor(ESTIMATORS["forest"], RandomSampling(), budget=20).fit(X, Y)
    members = [member.predict(X) for member in fitted.estimator_.estimators_]
    np.testing.assert_allclose(fitted.predict(X, return_std=True)[1], np.std(members, axis=0))


def test_a_regressor_without_standard_deviations_says_so():
    fitted = BudgetedRegressor(Ridge(), RandomSampling(), budget=20).fit(X, Y)
    with pytest.raises(TypeError, match="Ridge gives no standard deviation"):
        fitted.predict(X, return_std=True)


def test_the_default_is_the_regressor_of_every_entry_point():
    budgeted = BudgetedRegressor(budget=8, random_state=0).fit(X, Y)
    named = BudgetedRegressor(default_regressor(), budget=8, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(budgeted.predict(X), named.predict(X))
    assert type(budgeted.regressor_) is IncrementalKNeighborsRegressor
    curve = labeling_curve(None, None, X, Y, budget=8, cv=2, random_state=0)
    other = labeling_curve(default_regressor(), None, X, Y, budget=8, cv=2, random_state=0)
    np.testing.assert_array_equal(curve.test_scores, other.test_scores)
    assert curve.scoring == "r2"
    assert curve.kind == "continuous"


def test_a_grid_tunes_weights_uncertainty_and_estimator_together():
    grid = {
        "strategy__weights": [None, {"density": 0.0}],
        "strategy__uncertainty": [PredictiveVariance()],
        "estimator__n_neighbors": [1, 4],
    }
    budgeted = BudgetedRegressor(NEAREST, CDFProduct(), budget=12)
    search = GridSearchCV(budgeted, grid, cv=3, error_score="raise").fit(X, Y)
    assert len(np.unique(search.cv_results_["mean_test_score"])) == 4
    herding = BudgetedRegressor(NEAREST, UncertaintyHerding(), budget=12)
    grid = {"strategy__uncertainty": ["auto", "distance", None]}
    scores = GridSearchCV(herding, grid, cv=3, error_score="raise").fit(X, Y).cv_results_
    assert scores["mean_test_score"][0] == scores["mean_test_score"][1]
    assert scores["mean_test_score"][1] != scores["mean_test_score"][2]
    area = GridSearchCV(budgeted, {"budget": [4, 20]}, cv=3, scoring=area_under_labeling_curve)
    assert area.fit(X, Y).best_params_ == {"budget": 20}


def test_it_has_the_tags_of_a_regressor():
    assert get_tags(BudgetedRegressor()).estimator_type == "regressor"
    assert (
        get_tags(BudgetedRegressor(Ridge())).input_tags.sparse
        == get_tags(Ridge()).input_tags.sparse
    )
    assert not get_tags(BudgetedRegressor(BayesianRidge())).input_tags.sparse
    scores = cross_val_score(BudgetedRegressor(NEAREST, budget=30), X, Y, cv=3)
    assert scores.mean() > cross_val_score(BudgetedRegressor(NEAREST, budget=2), X, Y).mean()


@pytest.mark.parametrize(
    ("parameters", "y", "error", "message"),
    [
        ({"budget": 0}, Y, ValueError, r"'budget' parameter of BudgetedRegressor must be an int"),
        ({"budget": 61}, Y, ValueError, r"budget=61 is larger than the number of samples"),
        ({}, np.where(np.arange(60) == 7, np.nan, Y), ValueError, r"y\[7\] is missing \(NaN or"),
        ({}, np.where(np.arange(60) == 7, np.inf, Y), ValueError, r"y\[7\] is missing .* inf"),
        ({}, ["low"] * 60, ValueError, r"y\[0\] is 'low', of type str, but the labels of a"),
        ({}, [None] * 60, ValueError, r"y\[0\] is missing \(None\)"),
        ({}, None, ValueError, "BudgetedRegressor requires y to be passed"),
        ({"estimator": LogisticRegression()}, Y, TypeError, "must be a regressor. Got Logistic"),
        ({"estimator": X}, Y, TypeError, r"Hint: pass samples to fit, BudgetedRegressor\(\)\.fit"),
        ({"strategy": "entropy"}, Y, TypeError, "Entropy needs categorical labels. Got continuous"),
        ({"strategy": "badge"}, Y, TypeError, "BADGE needs categorical labels. Got continuous"),
        ({"strategy": CDFProduct([("u", Entropy())])}, Y, TypeError, "Entropy needs categorical"),
        ({"oracle": NoisyOracle()}, Y, TypeError, "NoisyOracle needs categorical labels"),
        ({"oracle": AnnotatorPanel()}, Y, TypeError, "AnnotatorPanel needs categorical labels"),
        ({"oracle": GaussianOracle(-1)}, Y, ValueError, "'std' parameter of GaussianOracle must"),
        ({"oracle": lambda i, y: y[:0]}, Y, ValueError, "The oracle returned 0 labels for 1"),
        ({"oracle": lambda i, y: ["a"]}, Y, ValueError, r"oracle returned invalid labels: y\[0\]"),
        ({"oracle": lambda i, y: [np.nan]}, Y, ValueError, "oracle returned invalid labels"),
    ],
)
def test_a_fit_that_cannot_be_is_refused(parameters, y, error, message):
    budgeted = BudgetedRegressor(**{"budget": 10} | parameters)
    with pytest.raises(error, match=message):
        budgeted.fit(X, y)
    assert not hasattr(budgeted, "estimator_")


def test_a_classifier_refuses_the_oracle_of_numbers():
    with pytest.raises(TypeError, match="GaussianOracle needs continuous labels"):
        BudgetedClassifier(oracle=GaussianOracle(), budget=4).fit(X, np.arange(60) % 2)
    with pytest.raises(TypeError, match=r"The estimator must be a classifier\. Got Ridge"):
        BudgetedClassifier(Ridge(), budget=4).fit(X, np.arange(60) % 2)


def test_equal_labels_are_learnt():
    fitted = BudgetedRegressor(budget=5).fit(X, np.full(60, 3.0))
    np.testing.assert_array_equal(fitted.predict(X), np.full(60, 3.0))


# ------------------------------------------------------------------------------ GaussianOracle


@given(seed=st.integers(0, 5), std=st.floats(0.0, 10.0))
def test_errors_are_proportional_to_the_standard_deviation(seed, std):
    one, other = (GaussianOracle(s, random_state=seed).votes(Y)[:, 0] - Y for s in (std, 1.0))
    np.testing.assert_allclose(one, std * other, atol=1e-12)


def test_the_oracle_labels_a_loop_and_its_grid():
    exact, noisy, again = (
        BudgetedRegressor(NEAREST, RandomSampling(), budget=20, oracle=oracle, random_state=0)
        .fit(X, Y)
        .y_labeled_
        for oracle in (GaussianOracle(0.0), GaussianOracle(0.5), GaussianOracle(0.5))
    )
    np.testing.assert_array_equal(noisy, again)
    assert 0.2 < np.std(noisy - exact) < 0.8
    scores = compare_strategies(
        NEAREST, ["random"], X, Y, budget=20, cv=3, oracle=GaussianOracle(5.0), random_state=0
    )
    true = compare_strategies(NEAREST, ["random"], X, Y, budget=20, cv=3, random_state=0)
    assert scores.mean_scores[0, -1] < true.mean_scores[0, -1]
    # The score with every label is that of the true labels.
    np.testing.assert_array_equal(scores.full_scores, true.full_scores)


# --------------------------------------------------------------------------- compare_strategies


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize(
    ("scoring", "score"),
    [
        (None, r2_score),
        ("neg_mean_absolute_error", mean_error),
        (
            make_scorer(mean_pinball_loss, alpha=0.1),
            lambda y, p: mean_pinball_loss(y, p, alpha=0.1),
        ),
        (lambda one, X, y: mean_error(y, one.predict(X)), mean_error),
    ],
)
@every_estimator
def test_every_point_is_the_score_of_a_new_fit(name, scoring, score, batch_size):
    cv = KFold(2)
    strategy = CDFProduct() if name.startswith("nearest") else KCenterGreedy("euclidean")
    comparison = compare_strategies(
        ESTIMATORS[name], {"one": strategy}, X, Y, budget=10, cv=cv, scoring=scoring,
        batch_size=batch_size,
    )  # fmt: skip
    for place, split in enumerate(cv.split(X)):
        # The transformers of a pipeline are fitted to the pool.
        train = split[0]
        steps = StandardScaler().fit(X[train]) if "pipeline" in name else None
        samples = X if steps is None else steps.transform(X)
        estimator = NEAREST if "pipeline" in name else ESTIMATORS[name]
        expected = plain_curve(estimator, strategy, samples, Y, split, score, 10, batch_size)
        np.testing.assert_allclose(comparison.test_scores[0, place], expected, rtol=1e-3)
        fitted = clone(ESTIMATORS[name]).fit(X[train], Y[train])
        full = score(Y[split[1]], fitted.predict(X[split[1]]))
        assert comparison.full_scores[place] == pytest.approx(full)


def test_several_labels_of_each_sample_are_refused_with_one():
    estimator, y = IncrementalMultiLabelKNeighbors(), (X > 2).astype(int)
    with pytest.raises(TypeError, match="BudgetedClassifier needs categorical labels"):
        BudgetedClassifier(estimator, "random", budget=5).fit(X, y)


def test_an_int_makes_shuffled_folds():
    comparison = compare_strategies(NEAREST, ["random"], X, Y, budget=5, cv=4, random_state=3)
    same = compare_strategies(
        NEAREST, ["random"], X, Y, budget=5, random_state=3,
        cv=KFold(4, shuffle=True, random_state=3),
    )  # fmt: skip
    np.testing.assert_array_equal(comparison.test_scores, same.test_scores)
    assert comparison.n_test.tolist() == [15, 15, 15, 15]


def test_unlabelled_samples_are_part_of_the_pool_and_not_queried():
    some = Y.copy()
    some[::3] = np.nan
    comparison = compare_strategies(NEAREST, ["greedy-x"], X, some, budget=5, cv=2, random_state=0)
    assert comparison.n_unlabeled == 20
    assert (comparison.n_train + comparison.n_test).tolist() == [40, 40]
    assert np.isfinite(comparison.test_scores).all()
    listed = [None if np.isnan(one) else one for one in some.tolist()]
    same = compare_strategies(NEAREST, ["greedy-x"], X, listed, budget=5, cv=2, random_state=0)
    np.testing.assert_array_equal(comparison.test_scores, same.test_scores)


def test_without_names_all_strategies_for_the_kind_of_labels_are_compared():
    few = {"budget": 3, "cv": ShuffleSplit(1, random_state=0), "random_state": 0}
    compared = compare_strategies(NEAREST, None, X, Y, **few)
    assert list(compared.names) == list(all_strategies("continuous"))
    assert "variance" in compared.names
    assert not {"margin", "entropy", "badge"} & set(compared.names)
    nearest = IncrementalKNeighborsClassifier()
    compared = compare_strategies(nearest, None, X, np.arange(60) % 2, **few)
    assert list(compared.names) == list(all_strategies("categorical"))
    assert "variance" not in compared.names


NEED_DEVIATIONS = [
    "cdf-product",
    "density-weighted",
    "variance",
    "expected-variance",
]


@pytest.mark.parametrize(
    ("estimator", "y", "left_out", "needed"),
    [
        (Ridge(), Y, NEED_DEVIATIONS, "standard deviations"),
        (
            make_pipeline(StandardScaler(), KNeighborsRegressor()),
            Y,
            NEED_DEVIATIONS,
            "standard deviations",
        ),
        (Ridge(), np.r_[np.zeros(50), np.ones(10)], NEED_DEVIATIONS, "standard deviations"),
        (BayesianRidge(), Y, [], ""),
        (RandomForestRegressor(5, random_state=0), Y, [], ""),
        (IncrementalKNeighborsRegressor(), Y, [], ""),
        (Sure(), Y > 5, ["herding", "margin"], "probabilities"),
    ],
)
def test_strategies_that_an_estimator_cannot_serve_are_left_out_with_a_warning(
    estimator, y, left_out, needed
):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        names = compare_strategies(estimator, None, X, y, budget=3, cv=2, random_state=0).names
    kind = "continuous" if is_regressor(estimator) else "categorical"
    others = [name for name in all_strategies(kind) if name not in names]
    assert set(left_out) <= set(others)
    assert {"random", "k-center", "max-herding"} <= set(names)
    assert len(caught) == bool(left_out)
    if kind == "continuous":
        assert others == left_out
    if left_out:
        name = type(classifier_of(estimator)).__name__
        start = f"Strategies that need {needed}, which {name} does not have, are left out: "
        assert str(caught[0].message).startswith(f"{start}{', '.join(others)}. Hint: ")
        assert caught[0].filename == __file__


def test_a_strategy_that_an_estimator_cannot_serve_raises_if_it_is_named():
    with pytest.raises(TypeError, match="Ridge gives no standard deviation"):
        compare_strategies(Ridge(), ["variance"], X, Y, budget=3, cv=2)


def test_results_are_stored_and_do_not_depend_on_processes(tmp_path):
    same = {"budget": 5, "cv": 2, "random_state": 0}
    alone = compare_strategies(NEAREST, ["random", "variance"], X, Y, **same)
    for _ in range(2):
        stored = compare_strategies(
            NEAREST, ["random", "variance"], X, Y, memory=tmp_path, n_jobs=2, **same
        )
        np.testing.assert_array_equal(stored.test_scores, alone.test_scores)


@pytest.mark.parametrize(
    ("y", "estimator", "scoring"),
    [
        (Y, IncrementalKNeighborsRegressor(), "r2"),
        (Y.astype(object), IncrementalKNeighborsRegressor(), "r2"),
        (Y.tolist(), IncrementalKNeighborsRegressor(), "r2"),
        (np.arange(60) % 3, IncrementalLabelSpreading(), "accuracy"),
        (np.arange(60) % 3 + 0.0, IncrementalLabelSpreading(), "accuracy"),
        (np.array(["ash", "elm"])[np.arange(60) % 2], IncrementalLabelSpreading(), "accuracy"),
        ([None, "ash", "elm", "ash", "elm", "ash"] * 10, IncrementalLabelSpreading(), "accuracy"),
    ],
)
def test_none_is_the_estimator_and_score_of_the_labels(y, estimator, scoring):
    same = {"budget": 4, "cv": 2, "random_state": 0}
    found = compare_strategies(None, ["random"], X, y, **same)
    expected = compare_strategies(estimator, ["random"], X, y, scoring=scoring, **same)
    np.testing.assert_array_equal(found.test_scores, expected.test_scores)
    assert found.scoring == scoring


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"y": np.full(60, 2.5)}, ValueError, "All labels in y are 2.5, so that there is nothing"),
        ({"y": np.full(60, np.nan)}, ValueError, "y has no label"),
        ({"y": np.where(Y > 9, np.inf, Y)}, ValueError, r"y\[\d+\] is missing .*inf"),
        ({"y": ["low", "high"] * 30}, ValueError, r"y\[0\] is 'low', of type str"),
        ({"y": Y[:-1]}, ValueError, "inconsistent numbers of samples"),
        ({"budget": 0}, ValueError, "'budget' parameter of compare_strategies must be an int"),
        ({"budget": 40}, ValueError, "budget=40 is larger than the smallest training part"),
        ({"cv": 31}, ValueError, "cv=31 folds of two samples or more need 62 labels. Got 60"),
        (
            {"scoring": "accuracy"},
            ValueError,
            "scoring='accuracy' cannot score these labels, which",
        ),
        ({"scoring": "roc_auc"}, ValueError, "scoring='roc_auc' cannot score these labels, which"),
        ({"scoring": 3}, TypeError, "'scoring' parameter of compare_strategies"),
        ({"strategies": ["random", "margin"]}, TypeError, "Margin needs categorical labels"),
        ({"strategies": {"own": "drop-query"}}, TypeError, "DropQuery needs categorical labels"),
        ({"oracle": NoisyOracle()}, TypeError, "NoisyOracle needs categorical labels"),
        ({"estimator": StandardScaler()}, TypeError, "must be a classifier or a regressor. Got"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused_before_any_loop(
    parameters, error, message, tmp_path
):
    given = {"estimator": NEAREST, "strategies": ["random"], "X": X, "y": Y, "budget": 5, "cv": 2}
    given |= {"memory": tmp_path, "random_state": 0} | parameters
    if error is TypeError and "scoring" in parameters:
        error = (TypeError, ValueError)
    with pytest.raises(error, match=message):
        compare_strategies(**given)
    assert not list(tmp_path.iterdir())


# --------------------------------------------------------------------------- StrategyComparison


def comparison_of(curves, scoring="r2", kind="continuous", full=0.5):
    """Return a comparison with three equal splits."""
    scores = np.repeat(np.array(list(curves.values()))[:, np.newaxis], 3, axis=1)
    n_labels = np.arange(10, 10 * scores.shape[2] + 1, 10)
    return StrategyComparison(
        tuple(curves), n_labels, scores, np.full(3, full), scoring, kind=kind,
        n_train=np.full(3, 60), n_test=np.full(3, 30),
    )  # fmt: skip


CURVES = {"random": [0.0, 0.2, 0.25, 0.4], "greedy": [0.1, 0.4, 0.45, 0.5], "bad": [0.0, 0, 0, 0]}


def test_labels_are_counted_for_the_scores_of_the_baseline():
    summary = comparison_of(CURVES).summary()
    assert summary.n_baseline.tolist() == [20, 30, 40]
    np.testing.assert_array_equal(summary.labels_needed, [[20, 30, 40], [20, 20, 20], [np.nan] * 3])
    assert list(summary.table())[:4] == ["strategy", "labels_50", "labels_75", "labels_100"]
    np.testing.assert_array_equal(summary.savings[:2], [[1, 1, 1], [2, 2, 2]])
    assert np.isnan(summary.savings[2]).all()
    assert str(summary).splitlines() == [
        "          labels to match the baseline at  area under  label savings at 40 labels",
        "strategy  20 labels  30 labels  40 labels   the curve  (95 % interval)",
        "---------------------------------------------------------------------------------",
        "random           20         30         40       0.217  1, the baseline",
        "greedy           20         20         20       0.383  2.0 (2.0 to 2.0)",
        "bad            > 40       > 40       > 40       0.000  –",
    ]


# Each example resamples two comparisons.
@settings(max_examples=25)
@given(
    shift=st.floats(-100, 100),
    scale=st.floats(0.1, 100),
    curve=st.lists(st.floats(-1, 1), min_size=4, max_size=4),
)
def test_counts_do_not_depend_on_zero_and_unit_of_the_score(shift, scale, curve):
    # Rounded, so that equal scores stay equal.
    curves = CURVES | {"greedy": np.round(curve, 2).tolist()}
    moved = {name: np.round(shift + scale * np.array(one), 9) for name, one in curves.items()}
    plain, other = comparison_of(curves), comparison_of(moved, "neg_mean_squared_error")
    np.testing.assert_array_equal(plain.summary().labels_needed, other.summary().labels_needed)
    np.testing.assert_array_equal(plain.summary().savings, other.summary().savings)


def test_savings_at_the_end_of_the_baseline_are_those_of_each_draw():
    rng = np.random.default_rng(0)
    scores = np.cumsum(rng.random((2, 6, 8)), axis=2)
    comparison = StrategyComparison(
        ("random", "other"), np.arange(1, 9), scores, np.ones(6), "r2", kind="continuous"
    )
    found = comparison.label_savings(None, baseline="random", n_resamples=50, random_state=4)
    random, draws = np.random.default_rng(4), []
    for _ in range(50):
        means = scores[:, random.integers(6, size=6)].mean(axis=1)
        needed = [np.flatnonzero(curve >= means[0, -1]) for curve in means]
        draws.append((needed[0][0] + 1) / (needed[1][0] + 1) if len(needed[1]) else np.inf)
    assert found[0].tolist() == [1, 1, 1]
    highest = np.quantile(draws, 0.975, method="higher")
    assert found[1, 2] == highest or (np.isnan(found[1, 2]) and np.isinf(highest))


def test_without_the_baseline_shares_of_the_full_score_are_counted():
    summary = comparison_of({"greedy": CURVES["greedy"]}).summary()
    assert summary.n_baseline is None
    # 80, 90 and 95 % of 0.5.
    np.testing.assert_array_equal(summary.labels_needed, [[20, 30, 40]])
    assert "labels_80" in summary.table()


def test_a_comparison_prints_the_scores_it_refers_to():
    text = repr(comparison_of(CURVES))
    assert "the R² of random with 40 labels is 0.400; with every label it is 0.500>" in text
    errors = {name: [100 * score - 300 for score in one] for name, one in CURVES.items()}
    text = repr(comparison_of(errors, "neg_mean_absolute_error", full=-212.3456))
    assert "the neg mean absolute error of random with 40 labels is -260; with every" in text
    assert "-212.3>" in text


@pytest.mark.parametrize(
    ("curves", "sentence"),
    [
        (
            CURVES,
            "Use greedy: it needed 20 labels for the R² of random with 40 labels, where random ",
        ),
        (
            {"random": [0.0, 0.2, 0.3, 0.4], "slow": [0.0, 0.1, 0.2, 0.2]},
            "Use random: it needed 20 labels for the R² of random with 20 labels, and slow, the ",
        ),
    ],
)
def test_a_recommendation_names_the_score_of_the_baseline(curves, sentence):
    assert comparison_of(curves).recommendation().startswith(sentence)


def test_an_outlook_has_the_digits_of_the_errors():
    errors = {"random": [-90.123, -70.456, -65.5, -63.25], "greedy": [-60, -59, -58, -57.0]}
    text = comparison_of(errors, "neg_mean_absolute_error", full=-61.0).recommendation(n_more=10)
    assert "expect a neg mean absolute error of -59.9 (" in text


def test_classes_keep_shares_of_the_full_score():
    summary = comparison_of(CURVES, "accuracy", kind="categorical").summary()
    assert summary.n_baseline is None
    assert "100 % is the accuracy with every label, 0.500" in repr(
        comparison_of(CURVES, "accuracy", kind="categorical")
    )
