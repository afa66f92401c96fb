"""Oracles with errors: their rates and kinds, and their effect on a loop."""

import itertools
import pickle
import sys

import numpy as np
import pytest
from scikit_learns_checks import each_check_of
from scipy.stats import binomtest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skactive import ActiveLearner
from skactive.base import CategoricalTarget
from skactive.model_selection import (
    AnnotatorPanel,
    BudgetedClassifier,
    NoisyOracle,
    Oracle,
    compare_strategies,
)
from skactive.model_selection._label_source import label_source
from skactive.model_selection._simulation import simulate
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, RandomSampling

# Simulated answers are the same on every Python version.
pytestmark = pytest.mark.once

NAMES = np.array(["ash", "birch", "cedar"])
MATRIX = np.array([[0.7, 0.3, 0.0], [0.0, 0.5, 0.5], [0.2, 0.0, 0.8]])


def clouds(n_samples=60):
    rng = np.random.default_rng(0)
    codes = np.arange(n_samples) % 3
    return rng.normal(size=(n_samples, 4)) + 2.5 * np.eye(4)[codes], NAMES[codes]


def is_plausible(n_seen, n, probability):
    """Return whether a count is likely for a probability, at a level of one in a thousand."""
    if probability in {0.0, 1.0}:
        return n_seen == n * probability
    return binomtest(n_seen, n, probability).pvalue > 1e-3


@pytest.mark.parametrize(
    ("flip_rate", "expected"),
    [
        (0.0, np.eye(3)),
        (0.3, np.full((3, 3), 0.15) + 0.55 * np.eye(3)),
        (1, np.full((3, 3), 0.5) - 0.5 * np.eye(3)),
        ({"birch": 0.4}, [[1, 0, 0], [0.2, 0.6, 0.2], [0, 0, 1]]),
        (MATRIX, MATRIX),
        (MATRIX.tolist(), MATRIX),
    ],
)
def test_labels_are_flipped_as_often_as_stated_and_to_the_classes_stated(flip_rate, expected):
    y = np.repeat(NAMES, 4000)
    voted = NoisyOracle(flip_rate, random_state=7).votes(y)
    assert voted.shape == (12000, 1)
    for row, column in itertools.product(range(3), range(3)):
        n_seen = int((voted[y == NAMES[row], 0] == NAMES[column]).sum())
        assert is_plausible(n_seen, 4000, float(expected[row][column]))


def test_errors_at_a_low_rate_are_among_those_at_a_higher_one():
    y = np.repeat(NAMES, 500)
    before = np.zeros(1500, dtype=bool)
    previous = y
    for rate in (0.05, 0.1, 0.3, 0.9):
        voted = NoisyOracle(rate, random_state=1).votes(y)[:, 0]
        wrong = voted != y
        assert wrong[before].all()
        np.testing.assert_array_equal(voted[before], previous[before])
        before, previous = wrong, voted


def test_the_answer_for_a_sample_depends_on_its_position_and_the_seed_alone():
    y = np.repeat(NAMES, 300)
    oracle = AnnotatorPanel(3, [0.2, MATRIX, {"ash": 0.5}], random_state=3)
    everything = oracle.votes(y)
    np.testing.assert_array_equal(oracle.votes(y), everything)
    np.testing.assert_array_equal(oracle.votes(y[:100], classes=NAMES), everything[:100])
    other = clone(oracle).set_params(random_state=4).votes(y)
    assert not np.array_equal(other, everything)


def test_annotators_err_each_for_oneself_and_the_same_in_any_company():
    y = np.repeat(NAMES, 2000)
    panel = AnnotatorPanel(4, 0.2, random_state=0).votes(y)
    np.testing.assert_array_equal(AnnotatorPanel(2, 0.2, random_state=0).votes(y), panel[:, :2])
    np.testing.assert_array_equal(NoisyOracle(0.2, random_state=0).votes(y), panel[:, :1])
    wrong = panel != y[:, np.newaxis]
    for first, second in itertools.combinations(range(4), 2):
        assert is_plausible(int((wrong[:, first] & wrong[:, second]).sum()), len(y), 0.04)


def test_each_annotator_of_a_list_has_a_rate_of_its_own():
    y = np.repeat(NAMES, 2000)
    rates = (0.0, 0.1, 0.6)
    stack = np.stack([np.full((3, 3), r / 2) + (1 - 1.5 * r) * np.eye(3) for r in rates])
    panels = [AnnotatorPanel(3, form, random_state=2) for form in (rates, list(rates), stack)]
    votes = [
        panel.votes(y) for panel in [*panels, AnnotatorPanel(3, np.array(rates), random_state=3)]
    ]
    for voted in votes:
        for place, rate in enumerate(rates):
            assert is_plausible(int((voted[:, place] != y).sum()), len(y), rate)
    np.testing.assert_array_equal(votes[0], votes[1])
    np.testing.assert_array_equal(votes[0], votes[2])


def test_errors_do_not_follow_the_order_of_random_sampling_with_the_same_seed():
    X, y = clouds(900)
    shares = []
    for seed in range(12):
        budgeted = BudgetedClassifier(
            strategy=RandomSampling(),
            budget=90,
            batch_size=90,
            oracle=NoisyOracle(0.5),
            random_state=seed,
        ).fit(X, y)
        shares.append((budgeted.y_labeled_ != y[budgeted.query_indices_]).sum())
    assert is_plausible(int(sum(shares)), 12 * 90, 0.5)


@pytest.mark.parametrize("n_annotators", [1, 2, 3, 4, 5])
def test_the_majority_is_that_of_a_naive_count_with_ties_among_those_tied(n_annotators):
    y = np.repeat(NAMES, 200)
    panel = AnnotatorPanel(n_annotators, 0.5, random_state=0)
    votes = panel.votes(y)
    labels = panel.labels(votes)
    n_ties = 0
    for row, label in zip(votes.tolist(), labels.tolist(), strict=True):
        counts = {name: row.count(name) for name in row}
        winners = [name for name, count in counts.items() if count == max(counts.values())]
        assert label in winners
        n_ties += len(winners) > 1
    assert (n_ties > 0) == (n_annotators > 1)
    np.testing.assert_array_equal(panel.labels(votes[:50]), labels[:50])


def test_ties_go_to_each_of_those_tied_alike():
    votes = np.tile(NAMES[[2, 0, 1]], (6000, 1))
    labels = AnnotatorPanel(random_state=0).labels(votes)
    for name in NAMES:
        assert is_plausible(int((labels == name).sum()), 6000, 1 / 3)


def test_a_single_class_has_nothing_to_be_taken_for():
    for rate in (0.9, {"ash": 1.0}, [[1.0]]):
        assert NoisyOracle(rate).votes(["ash"] * 5).ravel().tolist() == ["ash"] * 5


def test_labels_of_every_type_come_back_as_they_are():
    for y in (np.array([3, 5, 8] * 30), np.array([True, False] * 30), NAMES[np.arange(60) % 3]):
        voted = NoisyOracle(0.5, random_state=0).votes(y)
        assert voted.dtype == y.dtype
        assert set(voted.ravel().tolist()) == set(y.tolist())
        assert (voted[:, 0] != y).any()


def test_parameters_are_scikit_learns():
    panel = AnnotatorPanel(2, [0.1, MATRIX], random_state=3)
    assert panel.get_params() == {
        "n_annotators": 2,
        "flip_rate": panel.flip_rate,
        "aggregate": "majority",
        "random_state": 3,
    }
    y = np.repeat(NAMES, 20)
    for twin in (clone(panel), pickle.loads(pickle.dumps(panel))):
        np.testing.assert_array_equal(twin.votes(y), panel.votes(y))
    budgeted = BudgetedClassifier(oracle=panel)
    budgeted.set_params(oracle__n_annotators=5, oracle__flip_rate=0.2)
    assert (panel.n_annotators, clone(budgeted).oracle.flip_rate) == (5, 0.2)


# Labels that are taught.


@pytest.mark.parametrize(
    "oracle", [NoisyOracle(0.3, random_state=1), AnnotatorPanel(3, 0.4, random_state=1)]
)
@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(3), LogisticRegression()])
def test_the_classifier_learns_the_answers_and_stores_them(oracle, estimator):
    X, y = clouds()
    budgeted = BudgetedClassifier(
        estimator, budget=20, batch_size=3, seed_set=4, oracle=oracle, random_state=0
    ).fit(X, y)
    votes = oracle.votes(y)[budgeted.query_indices_]
    np.testing.assert_array_equal(budgeted.y_labeled_, oracle.labels(votes))
    assert (budgeted.y_labeled_ != y[budgeted.query_indices_]).any()
    assert budgeted.n_answers_ == 20 * votes.shape[1]
    anew = clone(estimator).fit(X[budgeted.query_indices_], budgeted.y_labeled_)
    np.testing.assert_array_equal(budgeted.classes_, anew.classes_)
    np.testing.assert_allclose(budgeted.predict_proba(X), anew.predict_proba(X), atol=1e-12)


def test_without_an_oracle_the_answers_are_the_true_labels():
    X, y = clouds()
    same = {"budget": 12, "seed_set": 3, "random_state": 0}
    plain = BudgetedClassifier(**same).fit(X, y)
    faultless = BudgetedClassifier(oracle=NoisyOracle(0), **same).fit(X, y)
    called = BudgetedClassifier(oracle=lambda positions, labels: labels, **same).fit(X, y)
    for budgeted in (plain, faultless, called):
        np.testing.assert_array_equal(budgeted.query_indices_, plain.query_indices_)
        np.testing.assert_array_equal(budgeted.y_labeled_, y[plain.query_indices_])
        np.testing.assert_array_equal(budgeted.predict_proba(X), plain.predict_proba(X))
        assert budgeted.n_answers_ == 12


class SecondThoughts(Oracle):
    """An oracle with one class for everything at first, and the true labels later."""

    def __init__(self, patience=10, first="an elm, maybe"):
        self.patience = patience
        self.first = first

    def votes(self, y, *, classes=None):
        return np.asarray(y)[:, np.newaxis]

    def labels(self, votes):
        if len(votes) < self.patience:
            return np.array([self.first] * len(votes))
        return votes[:, 0]


@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(3), LogisticRegression()])
def test_later_revisions_equal_teaching_the_final_labels(estimator):
    X, y = clouds()
    budgeted = BudgetedClassifier(
        estimator, RandomSampling(), budget=14, batch_size=2, seed_set=2, random_state=0
    )
    honest = clone(budgeted).fit(X, y)
    revised = clone(budgeted).set_params(oracle=SecondThoughts()).fit(X, y)
    np.testing.assert_array_equal(revised.query_indices_, honest.query_indices_)
    np.testing.assert_array_equal(revised.y_labeled_, honest.y_labeled_)
    np.testing.assert_array_equal(revised.classes_, honest.classes_)
    np.testing.assert_allclose(revised.predict_proba(X), honest.predict_proba(X), atol=1e-12)
    never = clone(budgeted).set_params(oracle=SecondThoughts(15), estimator=None).fit(X, y)
    assert set(never.y_labeled_.tolist()) == {"an elm, maybe"}


@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(3), LogisticRegression()])
@pytest.mark.parametrize(
    ("scoring", "first"),
    [
        ("accuracy", "an elm, maybe"),
        ("accuracy", "ash"),
        ("neg_log_loss", "ash"),
        (lambda fitted, X, y: fitted.score(X, y), "an elm, maybe"),
        (lambda fitted, X, y: -log_loss(y, fitted.predict_proba(X)), "ash"),
    ],
)
def test_revisions_affect_the_scores_of_the_test_part(estimator, scoring, first):
    X, y = clouds()
    same = {"budget": 12, "cv": 2, "random_state": 0, "batch_size": 2, "scoring": scoring}
    comparison, honest = (
        compare_strategies(estimator, {"random": RandomSampling()}, X, y, oracle=oracle, **same)
        for oracle in (SecondThoughts(8, first), None)
    )
    late, early = comparison.test_scores[0], honest.test_scores[0]
    np.testing.assert_allclose(late[:, 3:], early[:, 3:], rtol=1e-6)
    assert (late[:, :3] < early[:, :3]).any()
    np.testing.assert_array_equal(comparison.full_scores, honest.full_scores)


# Functions.


def test_a_function_is_called_once_for_each_sample_with_its_true_label():
    X, y = clouds()
    requested = []

    def oracle(positions, labels):
        requested.append(positions.tolist())
        np.testing.assert_array_equal(labels, y[positions])
        return ["cedar"] * len(positions)

    budgeted = BudgetedClassifier(
        budget=11, batch_size=4, seed_set=2, oracle=oracle, random_state=0
    ).fit(X, y)
    assert [len(positions) for positions in requested] == [2, 4, 4, 1]
    assert list(itertools.chain(*requested)) == budgeted.query_indices_.tolist()
    assert set(budgeted.y_labeled_.tolist()) == {"cedar"}
    assert budgeted.n_answers_ == 11


def test_in_a_comparison_a_function_gets_positions_in_all_of_X():
    X, y = clouds()
    splits = list(StratifiedKFold(3).split(X, y))
    requested = []

    def oracle(positions, labels):
        requested.append(set(positions.tolist()))
        np.testing.assert_array_equal(labels, y[positions])
        return labels

    same = {"budget": 10, "cv": splits, "random_state": 0}
    called = compare_strategies(None, {"cdf": CDFProduct()}, X, y, oracle=oracle, **same)
    plain = compare_strategies(None, {"cdf": CDFProduct()}, X, y, **same)
    np.testing.assert_array_equal(called.test_scores, plain.test_scores)
    for place, (train, _) in enumerate(splits):
        questions = requested[10 * place : 10 * place + 10]
        assert len(set().union(*questions)) == 10
        assert set().union(*questions) <= set(train.tolist())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (["ash"], "returned 1 labels for 3 samples. Hint: return one label for each"),
        (None, r"returned invalid labels: y\[0\] is missing \(None\)"),
        (["ash", None, "ash"], r"returned invalid labels: y\[1\] is missing \(None\)"),
        ([0.5, 1.0, 2.0], "returned invalid labels: Unknown label type"),
        ([1, 2, 1], "returned 1, a number, but the labels in y are strings, such as 'ash'"),
        ([["ash", "elm"]] * 3, "returned invalid labels"),
    ],
)
def test_an_invalid_answer_raises_before_anything_is_taught(answer, message):
    X, y = clouds()
    budgeted = BudgetedClassifier(budget=9, batch_size=3, oracle=lambda positions, labels: answer)
    with pytest.raises(ValueError, match=message):
        budgeted.fit(X, y)
    assert not hasattr(budgeted, "estimator_")


def test_a_bad_answer_leaves_the_earlier_ones_in_the_learner():
    X, y = clouds()
    answers = iter([["ash", "birch"], ["ash", None]])
    learner = ActiveLearner(X_pool=X)
    source = label_source(lambda positions, labels: next(answers), y, target=CategoricalTarget())
    with pytest.raises(ValueError, match=r"y\[1\] is missing"):
        list(simulate(learner, budget=6, batch_size=2, label_source=source))
    assert learner.labels.tolist() == ["ash", "birch"]


def test_numbers_are_not_answered_with_strings():
    X, y = load_iris(return_X_y=True)
    budgeted = BudgetedClassifier(budget=5, oracle=lambda positions, labels: ["setosa"])
    with pytest.raises(ValueError, match=r"returned 'setosa', a string, but .* numbers, such as 0"):
        budgeted.fit(X, y)


# Invalid arguments.


@pytest.mark.parametrize(
    ("oracle", "error", "message"),
    [
        (NoisyOracle(1.1), ValueError, r"'flip_rate' .* must be a number from 0 to 1.* Got 1\.1 i"),
        (NoisyOracle(-0.1), ValueError, r"of NoisyOracle must be a number .* Got -0\.1 instead"),
        (NoisyOracle(float("nan")), ValueError, "must be a number from 0 to 1.* Got nan instead"),
        (NoisyOracle(True), TypeError, "must be a number from 0 to 1.* Got True instead"),
        (NoisyOracle("often"), TypeError, "must be a number from 0 to 1.* Got 'often' instead"),
        (NoisyOracle(None), TypeError, "must be a number from 0 to 1.* Got None instead"),
        (NoisyOracle([0.1, 0.2]), TypeError, r"or a matrix .* Got \[0\.1, 0\.2\] instead"),
        (NoisyOracle({"ash": 2}), ValueError, "must be a number from 0 to 1, .* Got 2 instead"),
        (
            NoisyOracle({"ahs": 0.1}),
            ValueError,
            r"names 'ahs', which is not one of the classes: \['ash', 'birch', 'cedar'\]",
        ),
        (
            NoisyOracle(np.eye(2)),
            ValueError,
            r"a matrix of shape \(2, 2\), but there are 3 classes: \['ash', 'birch', 'cedar'\]",
        ),
        (NoisyOracle(2 * np.eye(3)), ValueError, r"values outside \[0, 1\] in row 0: \[2\.0"),
        (
            NoisyOracle(np.full((3, 3), 0.3)),
            ValueError,
            r"a matrix whose row 0 sums to 0\.9\. Hint: each row",
        ),
        (AnnotatorPanel(0), ValueError, "'n_annotators' parameter of AnnotatorPanel must be an i"),
        (AnnotatorPanel(2.0), ValueError, "an int of at least 1. Got 2.0 instead"),
        (
            AnnotatorPanel(3, [0.1, 0.2]),
            ValueError,
            "'flip_rate' parameter of AnnotatorPanel has 2 entries for n_annotators=3. Hint: pass",
        ),
        (
            AnnotatorPanel(2, [0.1, 1.2]),
            ValueError,
            r"'flip_rate\[1\]' parameter of AnnotatorPanel must be a number .* Got 1\.2",
        ),
        (
            AnnotatorPanel(aggregate="mean"),
            ValueError,
            r"'aggregate' .* one of \['dawid-skene', 'majority', 'one-coin'\]. Got 'mean'",
        ),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_by_name(oracle, error, message):
    X, y = clouds()
    with pytest.raises(error, match=message):
        BudgetedClassifier(budget=5, oracle=oracle).fit(X, y)


@pytest.mark.parametrize("oracle", ["noisy", 0.1, NoisyOracle])
def test_an_object_that_is_not_an_oracle_raises(oracle):
    X, y = clouds()
    fault = "'oracle' parameter of {} must be an Oracle, such as NoisyOracle.*, or a function"
    with pytest.raises(TypeError, match=fault.format("BudgetedClassifier")):
        BudgetedClassifier(budget=5).set_params(oracle=oracle).fit(X, y)
    with pytest.raises(TypeError, match=fault.format("compare_strategies")):
        compare_strategies(None, {"cdf": CDFProduct()}, X, y, budget=5, oracle=oracle)


def test_votes_of_another_shape_are_refused():
    class OneRow(SecondThoughts):
        def votes(self, y, *, classes=None):
            return np.asarray(y)

    X, y = clouds()
    with pytest.raises(ValueError, match=r"votes of OneRow have the shape \(60,\), but there are"):
        BudgetedClassifier(budget=5, oracle=OneRow()).fit(X, y)


def test_a_label_outside_the_classes_is_refused():
    with pytest.raises(ValueError, match=r"y holds 'elm', which is not one of the classes: \['a"):
        NoisyOracle().votes(["ash", "elm"], classes=["ash", "birch"])


def test_weighing_without_crowd_kit_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "crowdkit", None)
    panel = AnnotatorPanel(aggregate="one-coin")
    with pytest.raises(ImportError) as error:
        panel.labels(panel.votes(["ash", "birch"]))
    assert str(error.value) == (
        "Weighing the votes of an AnnotatorPanel needs crowd-kit, which is not installed. "
        "Install it with: pip install 'skactive[crowd]'"
    )


# scikit-learn's tools, and seeds.


# At this rate the data of the checks is still learned well enough with ten labels.
@each_check_of(
    BudgetedClassifier(budget=10, seed_set=4, oracle=AnnotatorPanel(3, 0.02), random_state=2)
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


def test_a_grid_over_rates_shows_the_cost_of_noise():
    X, y = clouds(240)
    budgeted = BudgetedClassifier(oracle=NoisyOracle(), budget=40, random_state=0)
    grid = {"oracle__flip_rate": [0.0, 0.2, 0.6]}
    search = GridSearchCV(budgeted, grid, cv=3, error_score="raise").fit(X, y)
    clean, some, much = search.cv_results_["mean_test_score"]
    assert clean > some > much


def test_a_random_state_repeats_errors_and_none_draws_new_ones():
    X, y = clouds()

    def answers(oracle_state, random_state):
        oracle = AnnotatorPanel(2, 0.5, random_state=oracle_state)
        budgeted = BudgetedClassifier(budget=30, oracle=oracle, random_state=random_state)
        return budgeted.fit(X, y).y_labeled_.tolist()

    assert answers(None, 0) == answers(None, 0)
    assert answers(None, 0) != answers(None, 1)
    assert answers(3, None) == answers(3, None)
    assert answers(None, None) != answers(None, None)
    generators = [np.random.RandomState(5) for _ in range(2)]
    assert answers(generators[0], None) == answers(generators[1], None)


def test_curves_do_not_depend_on_processes_and_strategies_get_the_same_errors():
    X, y = clouds()
    same = {"budget": 10, "cv": 2, "oracle": NoisyOracle(0.3)}
    twins = {"one": CDFProduct(), "same": CDFProduct()}
    for random_state in (0, None):
        comparison = compare_strategies(None, twins, X, y, random_state=random_state, **same)
        if random_state is not None:
            together = compare_strategies(None, twins, X, y, n_jobs=2, random_state=0, **same)
            np.testing.assert_array_equal(together.test_scores, comparison.test_scores)
        np.testing.assert_array_equal(comparison.test_scores[0], comparison.test_scores[1])


def test_every_label_of_a_noisy_training_part_scores_below_the_true_ones():
    X, y = clouds(120)
    comparison = compare_strategies(
        IncrementalKNeighborsClassifier(1),
        {"random": RandomSampling()},
        X,
        y,
        budget=60,
        batch_size=60,
        cv=2,
        oracle=NoisyOracle(0.4, random_state=0),
        random_state=0,
    )
    assert (comparison.test_scores[0, :, -1] < comparison.full_scores - 0.1).all()


def test_ties_stay_settled_when_the_classifier_forgets():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 3
    panel = AnnotatorPanel(2, 0.5, random_state=3)
    forgetful = IncrementalKNeighborsClassifier(max_labeled=5)
    fitted = BudgetedClassifier(
        forgetful, RandomSampling(), budget=30, oracle=panel, random_state=0
    ).fit(X, y)
    expected = panel.labels(panel.votes(y, classes=[0, 1, 2])[fitted.query_indices_])
    np.testing.assert_array_equal(fitted.y_labeled_, expected)
    assert fitted.n_answers_ == 60
