"""compare_strategies: its labelling curves, and the arguments it rejects."""

import threading

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import get_scorer, make_scorer, recall_score
from sklearn.model_selection import (
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skactive import ActiveLearner
from skactive.model_selection import compare_strategies, labeling_curve
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, RandomSampling, UncertaintySampling

STRATEGIES = {"random": RandomSampling(), "cdf-product": CDFProduct()}


def clouds(n_classes=3, n_samples=60):
    rng = np.random.default_rng(0)
    y = np.arange(n_samples) % n_classes
    X = rng.normal(size=(n_samples, 4)) + 2.5 * np.eye(4)[y]
    return X, np.array(["ash", "birch", "cedar"])[y]


def same_curves(first, second):
    np.testing.assert_array_equal(first.test_scores, second.test_scores)
    np.testing.assert_array_equal(first.full_scores, second.full_scores)


def curve_of_refits(estimator, strategy, X, y, split, scoring, budget, batch_size=1):
    """Run one loop; once all classes are known, fit again and score with scikit-learn."""
    train, test = split
    learner = ActiveLearner(clone(estimator), clone(strategy), X[train])
    scores = []
    while len(learner.labeled) < budget:
        indices = learner.query(min(batch_size, budget - len(learner.labeled)))
        learner.teach(indices, y[train][indices])
        if len(learner.classes_) < len(np.unique(y)):
            scores.append(np.nan)
            continue
        fitted = clone(estimator).fit(X[train][learner.labeled], learner.labels)
        scores.append(get_scorer(scoring)(fitted, X[test], y[test]))
    return np.array(scores)


@pytest.mark.parametrize(
    "estimator",
    [
        # Uniform weights: with others, rounding would rank equal votes.
        IncrementalKNeighborsClassifier(3, weights="uniform"),
        LogisticRegression(tol=0.1),
    ],
)
@pytest.mark.parametrize(
    ("n_classes", "scoring"),
    [
        (3, "accuracy"),
        (3, "balanced_accuracy"),
        (3, "neg_log_loss"),
        (2, "neg_log_loss"),
        (2, "roc_auc"),
        (3, "roc_auc_ovr"),
    ],
)
def test_every_point_is_the_score_of_a_new_fit(estimator, n_classes, scoring):
    X, y = clouds(n_classes)
    cv = StratifiedKFold(2)
    comparison = compare_strategies(
        estimator, {"cdf": CDFProduct()}, X, y, budget=10, cv=cv, scoring=scoring
    )
    for place, split in enumerate(cv.split(X, y)):
        expected = curve_of_refits(estimator, CDFProduct(), X, y, split, scoring, 10)
        known = np.isfinite(expected)
        assert known.sum() >= 5
        curve = comparison.test_scores[0, place]
        np.testing.assert_allclose(curve[known], expected[known], rtol=1e-4)
        assert np.isfinite(curve).all()
        direct = get_scorer(scoring)(
            clone(estimator).fit(X[split[0]], y[split[0]]), X[split[1]], y[split[1]]
        )
        assert comparison.full_scores[place] == direct


@pytest.mark.parametrize("estimator", [LinearSVC(), make_pipeline(StandardScaler(), LinearSVC())])
def test_a_decision_function_serves_scores_that_rank(estimator):
    X, y = clouds(2)
    comparison = compare_strategies(
        estimator, {"margin": UncertaintySampling()}, X, y, budget=30, cv=2, scoring="roc_auc"
    )
    everything = comparison.test_scores[0, :, -1]
    np.testing.assert_allclose(everything, comparison.full_scores, atol=1e-3)


@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(3), LogisticRegression()])
def test_a_class_without_labels_has_probability_zero(estimator):
    X, y = clouds()
    seen = []

    def scorer(fitted, X, y):
        seen.append((fitted.classes_.tolist(), fitted.predict_proba(X), fitted.predict(X)))
        return 0.0

    compare_strategies(
        estimator, {"cdf": CDFProduct()}, X, y, budget=6, cv=ShuffleSplit(1), scoring=scorer
    )
    for classes, probabilities, predictions in seen:
        assert classes == ["ash", "birch", "cedar"]
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        assert set(predictions) <= set(classes)
    assert [np.count_nonzero(seen[0][1].max(axis=0)), len(seen)] == [1, 7]


def test_results_do_not_depend_on_the_number_of_processes():
    X, y = clouds()
    same = {"budget": 8, "cv": 2, "random_state": 3}
    alone = compare_strategies(None, STRATEGIES, X, y, **same)
    together = compare_strategies(None, STRATEGIES, X, y, n_jobs=2, **same)
    same_curves(alone, together)


def test_a_seed_repeats_everything_and_another_changes_it():
    X, y = clouds()
    first, again, other = (
        compare_strategies(None, STRATEGIES, X, y, budget=10, cv=3, random_state=seed)
        for seed in (1, 1, 2)
    )
    same_curves(first, again)
    assert not np.array_equal(first.test_scores, other.test_scores)


def test_a_strategy_scores_the_same_in_any_company():
    X, y = clouds()
    same = {"budget": 10, "cv": 3, "random_state": 1}
    both = compare_strategies(None, STRATEGIES, X, y, **same)
    alone = compare_strategies(None, {"cdf-product": CDFProduct()}, X, y, **same)
    np.testing.assert_array_equal(both.test_scores[1], alone.test_scores[0])
    assert both.names == ("random", "cdf-product")


def test_strategies_and_estimator_stay_as_they_were():
    X, y = clouds()
    estimator, strategy = IncrementalKNeighborsClassifier(), RandomSampling()
    compare_strategies(estimator, {"random": strategy}, X, y, budget=5, cv=2, random_state=0)
    assert strategy.random_state is None
    assert not hasattr(estimator, "classes_")


@pytest.mark.parametrize(
    ("budget", "batch_size", "n_labels"),
    [
        (6, 1, [1, 2, 3, 4, 5, 6]),
        (10, 4, [4, 8, 10]),
        (8, 4, [4, 8]),
        (3, 7, [3]),
        (1, 1, [1]),
    ],
)
def test_points_have_the_numbers_of_labels(budget, batch_size, n_labels):
    X, y = clouds()
    comparison = compare_strategies(
        None, STRATEGIES, X, y, budget=budget, batch_size=batch_size, cv=2
    )
    assert comparison.n_labels.tolist() == n_labels
    assert comparison.test_scores.shape == (2, 2, len(n_labels))
    assert comparison.area_under_curve().shape == (2, 2)


def test_scores_of_batches_equal_those_of_new_fits():
    X, y = clouds()
    cv = StratifiedKFold(2)
    estimator = IncrementalKNeighborsClassifier(3)
    comparison = compare_strategies(
        estimator, {"cdf": CDFProduct()}, X, y, budget=14, batch_size=4, cv=cv
    )
    for place, split in enumerate(cv.split(X, y)):
        expected = curve_of_refits(estimator, CDFProduct(), X, y, split, "accuracy", 14, 4)
        known = np.isfinite(expected)
        assert known[-1]
        np.testing.assert_array_equal(comparison.test_scores[0, place][known], expected[known])


def test_the_whole_training_part_gives_the_full_score():
    X, y = clouds()
    comparison = compare_strategies(None, STRATEGIES, X, y, budget=30, cv=2, batch_size=5)
    for curves in comparison.test_scores:
        np.testing.assert_array_equal(curves[:, -1], comparison.full_scores)


def test_groups_stay_together():
    X, y = clouds()
    groups = np.arange(60) // 6
    cv = StratifiedGroupKFold(3)
    grouped = compare_strategies(None, STRATEGIES, X, y, budget=8, cv=cv, groups=groups)
    splits = list(cv.split(X, y, groups))
    listed = compare_strategies(None, STRATEGIES, X, y, budget=8, cv=splits)
    np.testing.assert_array_equal(grouped.test_scores[1], listed.test_scores[1])
    np.testing.assert_array_equal(grouped.full_scores, listed.full_scores)


def test_a_scorer_may_be_a_callable():
    X, y = clouds(2)
    recall = make_scorer(recall_score, pos_label="birch")
    comparison = compare_strategies(None, STRATEGIES, X, y, budget=5, cv=2, scoring=recall)
    assert comparison.test_scores.max() <= 1
    assert comparison.scoring == "score"


@pytest.mark.parametrize("form", [sp.csr_array, sp.csr_matrix, np.ndarray.tolist])
def test_samples_of_other_forms_give_the_same_curves(form):
    X, y = clouds()
    X = np.round(X * (X > 1), 1)
    same = {"budget": 10, "cv": 2, "random_state": 0}
    estimator = IncrementalKNeighborsClassifier(metric="euclidean")
    same_curves(
        compare_strategies(estimator, STRATEGIES, X, y, **same),
        compare_strategies(estimator, STRATEGIES, form(X), y.tolist(), **same),
    )


def test_texts_are_compared_through_a_pipeline():
    words = {"apple": ["ripe", "red", "green", "pie"], "orange": ["juice", "peel", "sweet", "soft"]}
    texts = [f"{name} {word} {i}" for name, kinds in words.items() for word in kinds for i in "xyz"]
    y = np.repeat(["apple", "orange"], 12)
    for last in (IncrementalKNeighborsClassifier(3), LogisticRegression()):
        comparison = compare_strategies(
            make_pipeline(TfidfVectorizer(), last), STRATEGIES, texts, y, budget=6, cv=2
        )
        assert comparison.mean_scores[1, -1] > 0.6


def test_the_progress_bar_is_optional_and_on_standard_error(capsys):
    X, y = clouds()
    compare_strategies(None, STRATEGIES, X, y, budget=2, cv=2)
    assert capsys.readouterr() == ("", "")
    compare_strategies(None, STRATEGIES, X, y, budget=2, cv=2, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "labelling loops: 100%" in err
    assert "6/6" in err


@pytest.mark.skipif(
    tuple(map(int, joblib.__version__.split(".")[:2])) < (1, 4),
    reason="joblib 1.3 gives results in the order of the jobs alone",
)
def test_the_bar_does_not_wait_for_the_slowest_loop(monkeypatch):
    X, y = clouds()
    second_is_done = threading.Event()

    class Slow(RandomSampling):
        def utilities(self, pool):
            assert second_is_done.wait(30)
            return super().utilities(pool)

    places = []

    def bar(finished, **_):
        for place, result in finished:
            places.append(place)
            second_is_done.set()
            yield place, result

    monkeypatch.setattr("skactive.model_selection._compare_strategies.ProgressBar", bar)
    with joblib.parallel_config("threading"):
        compare_strategies(
            None, {"slow": Slow(), "r": RandomSampling()}, X, y, budget=2, cv=2, n_jobs=2
        )
    assert places[0] == 1
    assert sorted(places) == list(range(6))


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        (
            {"budget": 31},
            ValueError,
            "budget=31 is larger than the smallest training part, which has 30",
        ),
        ({"budget": 0}, ValueError, "'budget' parameter of compare_strategies must be an int of"),
        ({"batch_size": 2.5}, ValueError, "'batch_size' parameter of compare_strategies must be"),
        ({"strategies": {}}, ValueError, "`strategies` is empty. Hint: pass a dict"),
        ({"y": ["ash"] * 60}, ValueError, "y has one class, 'ash', but a classifier needs"),
        ({"y": ["ash", "birch"]}, ValueError, "inconsistent numbers of samples"),
        ({"y": ["ash", None] * 30}, ValueError, "y has one class, 'ash'"),
        ({"y": [None, ""] * 30}, ValueError, "y has no label: every entry is None, NaN or blank"),
        ({"groups": [1, 2], "cv": StratifiedGroupKFold(2)}, ValueError, "inconsistent numbers"),
        ({"scoring": "beauty"}, ValueError, "'beauty' is not a valid scoring value|scoring"),
        ({"strategies": {"none": LogisticRegression()}}, TypeError, "must be a query strategy"),
        ({"strategies": {"none": max}}, TypeError, "must be a query strategy"),
        ({"strategies": [CDFProduct()]}, TypeError, "must be a dict of query strategies by name"),
        ({"y": [0.0, np.nan] * 30}, ValueError, "y has one class, 0.0"),
        ({"cv": []}, ValueError, "`cv` returns no split. Hint"),
        (
            {"y": ["ash"] * 59 + ["birch"]},
            ValueError,
            r"and class 'birch' has 1. Hint: leave this class out, or pass a splitter",
        ),
        (
            {"y": ["ash", "birch", None] * 20, "cv": [([0, 1], [59])]},
            ValueError,
            "`cv` returns position 59, but there are 40 labelled samples. Hint: the positions",
        ),
        (
            {"cv": 8, "y": ["ash"] * 57 + ["birch"] * 3},
            ValueError,
            r"cv=8 stratified folds need 8 samples of each class, and class 'birch' has 3. Hint",
        ),
    ],
)
def test_an_invalid_comparison_raises(parameters, error, message):
    X, y = clouds()
    arguments = {"strategies": STRATEGIES, "y": y, "budget": 10, "cv": 2} | parameters
    with pytest.raises(error, match=message):
        compare_strategies(None, arguments.pop("strategies"), X, arguments.pop("y"), **arguments)


class FirstLoopError(Exception):
    """Raised by the first score: errors about strategies must come earlier."""


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (CDFProduct(weights={"density": -1.0}), r"weights\['density'\]. .* at least 0. Got -1.0"),
        (
            CDFProduct(weights={"beauty": 1.0}),
            r"names 'beauty', which is not one of its measures: \['uncertainty', 'density', 'div",
        ),
    ],
)
def test_a_fault_of_the_last_strategy_shows_before_the_first_loop(strategy, message):
    X, y = clouds()

    def scorer(*_):
        raise FirstLoopError

    strategies = {"random": RandomSampling(), "good": CDFProduct(), "bad": strategy}
    with pytest.raises(ValueError, match=message):
        compare_strategies(None, strategies, X, y, budget=9, cv=2, scoring=scorer)
    del strategies["bad"]
    with pytest.raises(FirstLoopError):
        compare_strategies(None, strategies, X, y, budget=9, cv=2, scoring=scorer)


@pytest.mark.parametrize(
    "estimator", [LinearSVC(), RidgeClassifier(), make_pipeline(StandardScaler(), LinearSVC())]
)
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "scoring", ["neg_log_loss", lambda fitted, X, y: fitted.predict_proba(X).max()]
)
def test_a_score_of_probabilities_needs_a_classifier_that_gives_them(estimator, n_classes, scoring):
    X, y = clouds(n_classes)
    selected = []

    class Noted(RandomSampling):
        def utilities(self, pool):
            selected.append(len(pool.labeled))
            return super().utilities(pool)

    with pytest.raises(ValueError, match=r"scoring='?.* needs probabilities, and .* has no pred"):
        compare_strategies(estimator, {"r": Noted()}, X, y, budget=9, cv=2, scoring=scoring)
    assert selected == []


@pytest.mark.parametrize("scoring", ["roc_auc", "f1", "average_precision"])
def test_a_score_that_does_without_probabilities_is_given(scoring):
    X, y = clouds(2)
    y = y == "birch"
    found = compare_strategies(RidgeClassifier(), STRATEGIES, X, y, budget=9, cv=2, scoring=scoring)
    assert np.isfinite(found.test_scores).all()


def test_the_sizes_of_the_splits_are_kept():
    X, y = clouds()
    found = compare_strategies(None, STRATEGIES, X, y, budget=5, cv=ShuffleSplit(2, test_size=9))
    assert (found.n_train.tolist(), found.n_test.tolist()) == ([51, 51], [9, 9])


def test_a_labeling_curve_is_a_comparison_of_one():
    X, y = clouds()
    same = {"budget": 9, "batch_size": 2, "cv": 3, "random_state": 4, "scoring": "f1_macro"}
    alone = labeling_curve(None, RandomSampling(), X, y, **same)
    assert alone.names == ("RandomSampling",)
    same_curves(alone, compare_strategies(None, {"r": RandomSampling()}, X, y, **same))
    default = labeling_curve(None, None, X, y, **same)
    assert default.names == ("UncertaintyHerding",)


@pytest.mark.parametrize(
    "cv", [16, StratifiedShuffleSplit(16, random_state=0), StratifiedGroupKFold(16)]
)
def test_a_labeling_curve_takes_folds_and_splitters(cv):
    X, y = clouds()
    groups = np.arange(60) if isinstance(cv, StratifiedGroupKFold) else None
    curve = labeling_curve(None, RandomSampling(), X, y, budget=3, cv=cv, groups=groups)
    assert curve.test_scores.shape == (1, 16, 3)


def test_the_first_of_sixteen_folds_are_those_of_the_seed():
    X, y = clouds()
    splits = list(StratifiedKFold(16, shuffle=True, random_state=5).split(X, y))
    settings = {"budget": 3, "random_state": 5}
    same_curves(
        labeling_curve(None, RandomSampling(), X, y, **settings),
        labeling_curve(None, RandomSampling(), X, y, cv=splits, **settings),
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"budget": 0}, "'budget' parameter of labeling_curve must be an int of at least 1"),
        ({"batch_size": 0}, "'batch_size' parameter of labeling_curve must be an int of at le"),
        ({"budget": 57}, "budget=57 is larger than the smallest training part, which has 56"),
    ],
)
def test_a_labeling_curve_that_cannot_be_is_refused(parameters, message):
    X, y = clouds()
    with pytest.raises(ValueError, match=message):
        labeling_curve(None, RandomSampling(), X, y, **parameters)


def test_active_selection_is_better_than_random_on_digits():
    X, y = load_digits(return_X_y=True)
    comparison = compare_strategies(None, STRATEGIES, X, y, budget=60, cv=4, random_state=0)
    random, active = comparison.area_under_curve()
    assert (active > random).all()
    assert (active - random).mean() > 0.05
    savings = comparison.label_savings(comparison.mean_scores[0, -1], baseline="random")
    assert savings[1, 0] > 1.4
