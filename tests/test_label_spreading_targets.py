"""Spreading of numbers and of several labels: formulas, histories, pools and learners."""

import pickle
from contextlib import suppress

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_spreading import solved
from scikit_learns_checks import each_check_of
from sklearn.base import clone
from sklearn.datasets import load_digits, make_multilabel_classification, make_swiss_roll
from sklearn.exceptions import NotFittedError
from test_multi_label_neighbors import EXPECTED, indicating

from skactive import ActiveLearner, Pool
from skactive.base import HasPosteriorSource, MultiLabelTarget, TransductiveEstimator
from skactive.model_selection import BudgetedRegressor, compare_strategies
from skactive.neighbors import (
    IncrementalKNeighborsRegressor,
    IncrementalMultiLabelKNeighbors,
    NeighborGraph,
)
from skactive.semi_supervised import (
    IncrementalLabelSpreading,
    IncrementalLabelSpreadingRegressor,
    IncrementalMultiLabelSpreading,
)
from skactive.strategies import all_strategies


def odd_samples():
    """Four components, some samples twice or thrice, and zero vectors."""
    rng = np.random.default_rng(0)
    apart = np.repeat(np.eye(4), 10, axis=0) + 0.05 * rng.random((40, 4))
    return np.vstack([apart, apart[::4], apart[::8], np.zeros((3, 4))])


X = odd_samples()
GRAPH = NeighborGraph.of(X, n_neighbors=4)
NEW = X[::3] + 0.02
N_LABELS = 3
ESTIMATORS = {
    "numbers": IncrementalLabelSpreadingRegressor(4),
    "sets": IncrementalMultiLabelSpreading(4),
}
UNLABELED = {"numbers": np.full(len(X), None), "sets": np.full((len(X), N_LABELS), -1)}
KINDS = sorted(ESTIMATORS)


def answers(kind, seed, n):
    rng = np.random.default_rng(seed)
    if kind == "numbers":
        return rng.choice([-3.5, 0.0, 2.0, 1e3], n)
    return rng.choice([-1, 0, 1], (n, N_LABELS), p=[0.2, 0.4, 0.4])


def predicted(estimator, samples):
    if hasattr(estimator, "classes_"):
        return estimator.predict_proba(samples)
    return np.column_stack(estimator.predict(samples, return_std=True))


def assert_equal(estimator, other, tolerance=1e-9):
    np.testing.assert_array_equal(other.labeled_indices_, estimator.labeled_indices_)
    assert other.y_labeled_.tolist() == estimator.y_labeled_.tolist()
    if len(estimator.labeled_indices_) == 0:
        for one in (estimator, other):
            with pytest.raises(NotFittedError, match="no label yet"):
                one.predict(X)
        return
    scale = max(1.0, np.abs(estimator.y_labeled_).max())
    for samples in (X, NEW):
        expected = predicted(other, samples)
        np.testing.assert_allclose(predicted(estimator, samples), expected, 0, tolerance * scale)
    nodes = estimator.labeled_indices_
    for found, expected in (
        (estimator.transduction_, other.transduction_),
        (estimator.spread_distributions(), other.spread_distributions()),
        (estimator.held_out_spread(nodes), other.held_out_spread(nodes)),
        (estimator.held_out_distributions(nodes), other.held_out_distributions(nodes)),
    ):
        np.testing.assert_allclose(found, expected, 0, tolerance * scale)


NODES = st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=6, unique=True)
STEPS = st.lists(
    st.tuples(st.sampled_from(["label", "label", "remove", "keep few"]), NODES, st.integers(0, 99)),
    max_size=12,
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(steps=STEPS, head_weight=st.sampled_from([0, 0.5, 1]), is_whole=st.booleans())
def test_the_labels_left_decide_and_not_their_history(kind, steps, head_weight, is_whole):
    def started():
        estimator = clone(ESTIMATORS[kind]).set_params(head_weight=head_weight)
        return estimator.fit_graph(GRAPH, X)

    estimator, order = started(), {}
    for action, nodes, seed in steps:
        if action == "label":
            y = answers(kind, seed, len(nodes))
            # An answer that completes an earlier one comes later in the order of its label.
            y = np.abs(y) if is_whole or kind == "numbers" else y
            named = [node for node in nodes if is_whole or kind == "numbers" or node not in order]
            order.update(zip(named, y, strict=False))
            estimator.relabel(named, y[: len(named)])
        else:
            gone = [node for node in order if (node in nodes) == (action == "remove")]
            estimator.remove_labeled(gone)
            order = {node: order[node] for node in order if node not in gone}
    fresh, one_by_one = started(), started()
    if order:
        fresh.relabel(list(order), np.array(list(order.values())))
    for node, label in order.items():
        one_by_one.relabel([node], [label])
    assert_equal(estimator, fresh)
    assert_equal(estimator, one_by_one)
    assert_equal(pickle.loads(pickle.dumps(estimator)), fresh)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(seeds=st.lists(st.integers(0, 99), min_size=1, max_size=4), removed=st.integers(0, 5))
def test_nodes_that_join_spread_labels_as_if_given_afterwards(kind, seeds, removed):
    estimator = clone(ESTIMATORS[kind]).fit(X, UNLABELED[kind])
    order = []
    for seed in seeds:
        nodes = np.random.default_rng(seed).integers(0, len(NEW), 2)
        estimator.add_labeled(NEW[nodes] + 1e-3 * seed, np.abs(answers(kind, seed, 2)))
        order += [node for node in estimator.last_ids_.tolist() if node not in order]
    gone = estimator.labeled_indices_[:removed]
    estimator.remove_labeled(gone)
    left = [node for node in order if node not in gone]
    other = clone(estimator).fit_graph(estimator.graph_, estimator.graph_.X)
    if left:
        places = np.searchsorted(estimator.labeled_indices_, left)
        other.relabel(left, estimator.y_labeled_[places])
    assert_equal(estimator, other)


@pytest.mark.parametrize("kind", KINDS)
def test_all_ways_to_give_labels_are_equal(kind):
    y = UNLABELED[kind].copy()
    y[:6] = np.abs(answers(kind, 1, 6))
    fitted = clone(ESTIMATORS[kind]).fit(X, y)
    assert_equal(clone(fitted).partial_fit(X, y), fitted)
    assert_equal(clone(fitted).fit(sp.csr_matrix(X), y), fitted, tolerance=1e-6)
    relabeled = clone(fitted).fit(X, UNLABELED[kind]).relabel(range(6), y[:6])
    assert_equal(relabeled, fitted)
    added = clone(fitted).fit(X, UNLABELED[kind]).add_labeled(X[:6], y[:6])
    assert len(added.graph_.X) == len(X)
    assert sorted(added.y_labeled_.tolist()) == sorted(fitted.y_labeled_.tolist())
    first = clone(fitted).add_labeled(X[:6], y[:6])
    assert first.n_samples_seen_ == 6
    assert first.partial_fit(X[6:], y[6:]).n_samples_seen_ == len(X)
    assert first.labeled_indices_.tolist() == list(range(6))


# ---------------------------------------------------------------------------------- numbers


def plain_numbers(kernel, labeled, y, own=None):
    """Mean and standard deviation of each node, or of one node without its own label."""
    means, deviations = [], []
    for node in range(len(kernel)) if own is None else [labeled[own]]:
        rest = [place for place in range(len(y)) if place != own]
        masses, known = kernel[node, labeled[rest]], y[rest]
        mean, variance = (known.mean(), known.var()) if rest else (0.0, 0.0)
        ratio = masses @ known / masses.sum() if masses.sum() else 0.0
        means.append((masses @ known + 0.005 * mean) / (masses.sum() + 0.005))
        within = masses @ (known - ratio) ** 2
        deviations.append(np.sqrt((within + variance) / (masses.sum() + 1)))
    return np.array(means), np.array(deviations)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("n_labels", [2, 7, 20])
def test_spread_numbers_are_those_of_the_dense_system(alpha, n_labels):
    digits = load_digits().data[:80] + 1.0
    regressor = IncrementalLabelSpreadingRegressor(
        5, metric="manhattan", alpha=alpha, head_weight=0, tol=1e-12
    ).fit(digits, [None] * 80)
    kernel = solved(regressor.graph_.affinity(), np.eye(80), alpha)[0]
    rng = np.random.default_rng(n_labels)
    labeled = np.sort(rng.choice(80, n_labels, replace=False))
    y = rng.normal(50, 3, n_labels)
    regressor.relabel(labeled, y)
    held_out = [plain_numbers(kernel, labeled, y, own) for own in range(n_labels)]
    mean_out, std_out = np.array([[mean[0], std[0]] for mean, std in held_out]).T
    squares = [
        (number - mean) ** 2 / std**2 if std > 1e-9 else 1.0
        for number, mean, std in zip(y, mean_out, std_out, strict=True)
    ]
    factor = np.sqrt((sum(squares) + 8) / (n_labels + 8))
    means, deviations = plain_numbers(kernel, labeled, y)
    found = regressor.spread_distributions()
    np.testing.assert_allclose(found[:, 0], means, rtol=1e-7)
    np.testing.assert_allclose(found[:, 1], factor * deviations, rtol=1e-6)
    np.testing.assert_allclose(regressor.transduction_, means, rtol=1e-7)
    found = regressor.held_out_spread(labeled[::-1])[::-1]
    np.testing.assert_allclose(found[:, 0], mean_out, rtol=1e-7)
    np.testing.assert_allclose(found[:, 1], factor * std_out, rtol=1e-6, atol=1e-6)


def test_the_error_of_a_large_tolerance_is_bounded():
    digits = load_digits().data[:200]
    y, labeled = np.linspace(-1, 1, 9), np.arange(0, 180, 20)
    loose, exact = (
        IncrementalLabelSpreadingRegressor(head_weight=0, metric="manhattan", tol=tol)
        .fit(digits, [None] * 200)
        .relabel(labeled, y)
        .transduction_
        for tol in (3e-3, 1e-10)
    )
    assert 0 < np.abs(loose - exact).max() < 0.5
    assert np.abs(loose - exact).mean() < 0.05


@pytest.mark.parametrize(("factor", "shift"), [(-2.0, 5.0), (1e-12, 0.0), (1e148, 0.0), (1, 1e6)])
def test_predictions_follow_the_unit_of_the_labels(factor, shift):
    rolled, y = make_swiss_roll(150, random_state=0)
    plain = IncrementalLabelSpreadingRegressor(metric="euclidean").fit(rolled, [None] * 150)
    other = clone(plain).fit(rolled, [None] * 150)
    plain.relabel(range(20), y[:20])
    other.relabel(range(20), factor * y[:20] + shift)
    mean, std = plain.predict(rolled + 0.1, return_std=True)
    mean_of_other, std_of_other = other.predict(rolled + 0.1, return_std=True)
    np.testing.assert_allclose(mean_of_other, factor * mean + shift, rtol=1e-6)
    np.testing.assert_allclose(std_of_other, abs(factor) * std, rtol=1e-6)


def test_one_label_and_equal_labels_are_predicted_everywhere_without_deviation():
    regressor = clone(ESTIMATORS["numbers"]).fit(X, UNLABELED["numbers"])
    for nodes in ([3], [7, 11, 40]):
        regressor.relabel(nodes, [2.5] * len(nodes))
        mean, std = regressor.predict(NEW, return_std=True)
        np.testing.assert_allclose(mean, 2.5, rtol=1e-12)
        np.testing.assert_allclose(std, 0.0, atol=1e-12)


def test_where_no_label_spreads_to_the_mean_and_deviation_are_those_of_all_labels():
    apart = np.vstack([np.eye(2)[np.repeat([0, 1], 10)], -np.eye(2)[np.repeat([0, 1], 10)]])
    apart = apart + 0.01 * np.random.default_rng(0).random(apart.shape)
    graph = NeighborGraph.of(apart, n_neighbors=3, metric="manhattan")
    regressor = IncrementalLabelSpreadingRegressor(3, metric="manhattan", head_weight=0)
    regressor.fit_graph(graph, apart).relabel([0, 1, 11], [1.0, 2.0, 6.0])
    distributions = regressor.spread_distributions()
    near, far = distributions[:10, 1], distributions[20:]
    np.testing.assert_allclose(far[:, 0], 3.0)
    np.testing.assert_allclose(far[:, 1] / far[0, 1], 1.0)
    assert (near < far[0, 1]).all()


def test_a_spiral_is_learned_from_few_labels_that_mislead_the_nearest():
    rolled, y = make_swiss_roll(600, noise=0.1, random_state=0)
    spreading = IncrementalLabelSpreadingRegressor(metric="euclidean").fit(
        rolled, np.where(np.arange(600) < 30, y, np.nan)
    )
    nearest = IncrementalKNeighborsRegressor(metric="euclidean").fit(rolled[:30], y[:30])
    assert spreading.score(rolled[30:], y[30:]) > 0.9
    assert nearest.score(rolled[30:], y[30:]) < 0.6
    # The regression with straight lines through the gaps has little weight.
    assert spreading.head_weight_ < 0.5


@pytest.mark.parametrize("head_weight", [0, 0.5, 1])
def test_the_shares_of_an_explanation_add_up(head_weight):
    regressor = IncrementalLabelSpreadingRegressor(4, head_weight=head_weight, tol=1e-9)
    y = UNLABELED["numbers"].copy()
    y[::7] = np.arange(len(y[::7]))
    regressor.fit(X, y)
    explanation = regressor.explain(NEW)
    np.testing.assert_allclose(explanation.shares.sum(axis=1) + explanation.prior_share, 1.0)
    np.testing.assert_array_equal(explanation.predictions, regressor.predict(NEW))
    assert (np.diff(explanation.shares, axis=1) <= 0).all()
    assert explanation.prior_share[0] == pytest.approx(regressor.head_weight_)
    assert "regression" in str(regressor.explain(NEW[:1])) or head_weight == 0
    if head_weight == 0:
        means = (explanation.shares * explanation.labels).sum(axis=1)
        np.testing.assert_allclose(means, explanation.predictions, rtol=1e-9)


@each_check_of(IncrementalLabelSpreadingRegressor())
def test_scikit_learns_checks_pass_with_numbers(estimator, check):
    check(estimator)


def test_a_number_that_is_missing_is_no_label():
    for y in ([1.5, None, np.nan], np.array([1.5, np.nan, np.nan])):
        regressor = IncrementalLabelSpreadingRegressor(1).fit(X[:3], y)
        assert regressor.labeled_indices_.tolist() == [0]
    with pytest.raises(ValueError, match=r"NaN in all samples.*pass None for every sample"):
        regressor.fit(X[:3], np.full(3, np.nan))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", 1.0], r"y\[0\] is 'a', of type str, but the labels of a regression are numbers"),
        ([True, 1.0], r"y\[0\] is True, of type bool, but the labels of a regression are numbers"),
        ([1.0, np.inf], r"y\[1\] is missing \(NaN or infinity: inf\)"),
        ([1.0], "inconsistent numbers of samples"),
    ],
)
def test_numbers_that_are_none_change_nothing(y, message):
    regressor = clone(ESTIMATORS["numbers"]).fit(X, UNLABELED["numbers"]).relabel([1], [3.0])
    for call in (
        lambda: regressor.fit(X[:2], y),
        lambda: regressor.partial_fit(X[:2], y),
        lambda: regressor.add_labeled(X[:2], y),
        lambda: regressor.relabel([1, 2], y),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert regressor.y_labeled_.tolist() == [3.0]
    assert regressor.n_samples_seen_ == len(X)


# ------------------------------------------------------------------------------------- sets


@pytest.mark.parametrize("head_weight", [0, 0.75])
@settings(max_examples=10, deadline=None)
@given(steps=STEPS)
def test_each_label_is_that_of_a_classifier_of_its_own(head_weight, steps):
    several = IncrementalMultiLabelSpreading(4, head_weight=head_weight).fit_graph(GRAPH, X)
    single = [
        IncrementalLabelSpreading(4, head_weight=head_weight).fit_graph(GRAPH, X, [0, 1])
        for _ in range(N_LABELS)
    ]
    for _, nodes, seed in steps:
        rows = answers("sets", seed, len(nodes))
        several.relabel(nodes, rows)
        for one, column in zip(single, rows.T, strict=True):
            gone = np.intersect1d(np.array(nodes)[column < 0], one.labeled_indices_)
            one.remove_labeled(gone)
            one.relabel(np.array(nodes)[column >= 0], column[column >= 0])
    if not steps:
        return
    for samples in (X, NEW):
        expected = np.column_stack([one.predict_proba(samples)[:, 1] for one in single])
        np.testing.assert_allclose(several.predict_proba(samples), expected, 0, 1e-9)
        np.testing.assert_array_equal(several.predict(samples), expected > 0.5)
    expected = np.column_stack([one.label_distributions_[:, 1] for one in single])
    np.testing.assert_allclose(several.label_distributions_, expected, 0, 1e-9)
    np.testing.assert_array_equal(several.transduction_, expected > 0.5)
    for column, one in enumerate(single):
        nodes = one.labeled_indices_
        if len(nodes):
            found = several.held_out_distributions(nodes)[:, column]
            np.testing.assert_allclose(found, one.held_out_distributions(nodes)[:, 1], 0, 1e-9)
            found = several.held_out_spread(nodes)[:, column]
            np.testing.assert_allclose(found, one.held_out_spread(nodes)[:, 1], 0, 1e-9)


def test_labels_that_are_not_answered_say_nothing():
    classifier = clone(ESTIMATORS["sets"]).fit(X, UNLABELED["sets"])
    classifier.relabel([0, 10], [[1, -1, 0], [0, -1, 1]])
    probabilities = classifier.predict_proba(X)
    np.testing.assert_allclose(probabilities[:, 1], 0.5)
    assert probabilities[1, 0] > 0.5 > probabilities[1, 2]
    classifier.relabel([0], [[-1, 1, 0]])
    assert classifier.predict_proba(X)[1, 1] > 0.5


def test_shares_of_several_labels_are_the_mean_of_those_of_each():
    y = UNLABELED["sets"].copy()
    y[::7] = answers("sets", 3, len(y[::7]))
    classifier = clone(ESTIMATORS["sets"]).fit(X, y)
    explanation = classifier.explain(NEW)
    np.testing.assert_allclose(explanation.shares.sum(axis=1) + explanation.prior_share, 1.0)
    assert (np.diff(explanation.shares, axis=1) <= 0).all()
    for found, row in zip(explanation.predictions, classifier.predict(NEW), strict=True):
        assert found == set(np.flatnonzero(row).tolist())
    by_node = dict(zip(classifier.labeled_indices_.tolist(), classifier.y_labeled_, strict=True))
    for node, label in zip(explanation.indices[0].tolist(), explanation.labels[0], strict=True):
        assert set(label) == set(np.flatnonzero(by_node[node] == 1).tolist())
        assert label.unanswered == set(np.flatnonzero(by_node[node] < 0).tolist())


class OfAnyNumbers(IncrementalMultiLabelSpreading):
    """The checks pass columns of any numbers, which are no indicator."""

    def fit(self, X, y):
        return super().fit(X, indicating(y))

    def partial_fit(self, X, y, classes=None):
        return super().partial_fit(X, indicating(y))


@each_check_of(OfAnyNumbers(metric="euclidean"), expected_failed_checks=EXPECTED)
def test_scikit_learns_checks_pass_with_sets(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([[1, 0, 1, 1]] * 2, "y has 4 columns, but there are 3 labels"),
        ([[1, 3, 0]] * 2, r"y\[0, 1\] is 3, but an indicator matrix has 1"),
        ([1, 0], "y must be an indicator matrix"),
        ([[1, 0, 1]], "inconsistent numbers of samples"),
    ],
)
def test_rows_that_are_none_change_nothing(y, message):
    classifier = clone(ESTIMATORS["sets"]).fit(X, UNLABELED["sets"]).relabel([1], [[1, 0, 1]])
    for call in (
        lambda: classifier.partial_fit(X[:2], y),
        lambda: classifier.add_labeled(X[:2], y),
        lambda: classifier.relabel([1, 2], y),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert classifier.y_labeled_.tolist() == [[1, 0, 1]]
    assert classifier.n_samples_seen_ == len(X)


# ------------------------------------------------------------------------ pools and learners


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_the_contracts_of_a_transductive_estimator(kind):
    estimator = clone(ESTIMATORS[kind])
    assert isinstance(estimator, TransductiveEstimator)
    assert isinstance(estimator, HasPosteriorSource)
    with pytest.raises(NotFittedError, match="has no graph"):
        estimator.predict(X)
    with pytest.raises(ValueError, match="`classes` were passed, but labels are"):
        estimator.fit_graph(GRAPH, X, ["a"])
    with pytest.raises(ValueError, match="The 'head_weight' parameter"):
        estimator.set_params(head_weight=1.5).fit(X, UNLABELED[kind])


TARGETS = {"numbers": None, "sets": MultiLabelTarget(["b", "c", "a"])}
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["teach", "teach", "undo", "relabel", "skip", "predict", "query"]),
        NODES,
        st.integers(0, 99),
    ),
    max_size=12,
)


def act(learner, action, nodes, labels):
    new, known = np.setdiff1d(nodes, learner.labeled), learner.labeled[: len(nodes)]
    if action == "teach":
        learner.teach(new, labels(len(new)))
    elif action == "relabel" and len(known):
        learner.relabel(known, labels(len(known)))
    elif action == "skip":
        learner.skip(new)
    elif action == "undo":
        with suppress(ValueError):  # there may be nothing to undo
            learner.undo()
    elif action == "predict":
        learner.pool.posterior()
    elif len(learner.candidates):
        learner.query()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(actions=ACTIONS, seeds=st.booleans())
def test_a_learner_equals_a_fresh_one_with_the_labels_left(kind, actions, seeds):
    def labels(seed, n):
        return np.abs(answers(kind, seed, n))

    more = {"X_labeled": NEW[:3], "y_labeled": labels(5, 3)} if seeds else {}
    more |= {"X_pool": X, "graph": GRAPH, "target": TARGETS[kind]}
    learner = ActiveLearner(clone(ESTIMATORS[kind]), **more)
    for action, nodes, seed in actions:
        act(learner, action, nodes, lambda n: labels(seed, n))  # noqa: B023
    fresh = ActiveLearner(clone(ESTIMATORS[kind]), **more)
    if len(learner.labeled):
        fresh.teach(learner.labeled, learner.labels)
    assert_equal(learner.estimator, fresh.estimator, tolerance=1e-7)
    if learner.pool.n_labeled:
        posterior = learner.pool.posterior(range(len(X)))
        np.testing.assert_allclose(posterior, fresh.pool.posterior(range(len(X))), 1e-7, 1e-7)
        expected = learner.estimator.spread_distributions(slice(len(X)))
        np.testing.assert_array_equal(posterior, expected)
        source = learner.pool.posterior_source
        for held_out in (source.held_out(), source.held_out_predictions()):
            assert held_out.shape == (learner.pool.n_labeled, posterior.shape[1])
    else:
        assert learner.pool.posterior() is None


def first(posterior):
    return posterior[:, 0].copy()


@pytest.mark.parametrize("kind", KINDS)
def test_functions_of_the_posterior_are_evaluated_again_after_each_label(kind):
    learner = ActiveLearner(clone(ESTIMATORS[kind]), "random", X, graph=GRAPH, target=TARGETS[kind])
    assert learner.pool.of_posterior(first) is None
    for place in range(4):
        learner.teach([place * 11], np.abs(answers(kind, place, 1)))
        expected = learner.pool.posterior()[:, 0]
        np.testing.assert_array_equal(learner.pool.of_posterior(first), expected)
    source = learner.pool.posterior_source
    posterior = learner.estimator.held_out_spread(learner.labeled)
    np.testing.assert_array_equal(source.held_out(), posterior)


@pytest.mark.parametrize("kind", KINDS)
def test_all_strategies_query_with_it(kind):
    for name in all_strategies("continuous" if kind == "numbers" else "multilabel"):
        learner = ActiveLearner(clone(ESTIMATORS[kind]), name, X, graph=GRAPH, target=TARGETS[kind])
        for seed in range(3):
            new = learner.query(2)
            learner.teach(new, np.abs(answers(kind, seed, 2)))
        assert len(np.unique(learner.query(3))) == 3, name


def test_before_the_first_number_a_learner_cannot_predict():
    learner = ActiveLearner(clone(ESTIMATORS["numbers"]), X_pool=X, graph=GRAPH)
    with pytest.raises(NotFittedError, match=r"cannot predict yet\. Hint: label more"):
        learner.predict(X)
    assert learner.to_frame()["predicted"].isna().all()
    learner.teach([0, 30], [1.0, 2.0])
    mean, std = learner.predict(X, return_std=True)
    np.testing.assert_allclose(learner.to_frame()["predicted"], mean)
    np.testing.assert_allclose(learner.to_frame()["std"], std)
    assert learner.explain(NEW).indices.max() <= 30


def test_a_new_name_adds_a_label_and_undo_removes_it():
    learner = ActiveLearner(clone(ESTIMATORS["sets"]), "random", X, target=MultiLabelTarget())
    learner.teach([0, 10], [{"b"}, {"c"}])
    before = learner.predict_proba(X)
    learner.teach([3], [{"a", "b"}])
    assert learner.classes_.tolist() == ["a", "b", "c"]
    assert learner.predict_proba(X).shape == learner.pool.posterior(range(len(X))).shape
    learner.undo()
    assert learner.pool.posterior(range(len(X))).shape == (len(X), 2)
    np.testing.assert_allclose(learner.predict_proba(X), before)
    learner.teach(20, {"d": True}).unlabel([20])
    assert learner.pool.posterior().shape[1] == 2


def test_a_pool_of_other_samples_takes_the_predictions():
    y = UNLABELED["numbers"].copy()
    y[::7] = 1.0 * np.arange(len(y[::7]))
    regressor = clone(ESTIMATORS["numbers"]).fit(X, y)
    pool = Pool(NEW, estimator=regressor).add_labels([0], [1.0])
    expected = np.column_stack(regressor.predict(pool.X, return_std=True))
    np.testing.assert_allclose(pool.posterior(range(len(NEW))), expected)
    rows = UNLABELED["sets"].copy()
    rows[::7] = np.abs(answers("sets", 3, len(rows[::7])))
    classifier = clone(ESTIMATORS["sets"]).fit(X, rows)
    pool = Pool(NEW, estimator=classifier, target=TARGETS["sets"]).add_labels([0], [[1, 0, 1]])
    np.testing.assert_allclose(pool.posterior(range(len(NEW))), classifier.predict_proba(pool.X))


def test_comparisons_and_budgeted_regressors_run_with_it():
    rolled, y = make_swiss_roll(120, random_state=0)
    estimator = IncrementalLabelSpreadingRegressor(8, metric="euclidean")
    comparison = compare_strategies(
        estimator, ["herding", "variance", "random"], rolled, y, budget=12, cv=2, random_state=0
    )
    assert comparison.names == ("herding", "variance", "random")
    budgeted = BudgetedRegressor(estimator, budget=15).fit(rolled, y)
    assert budgeted.score(rolled, y) > 0.4
    assert len(list(budgeted.staged_predict(rolled[:5]))) == 15


def test_several_labels_spread_where_few_are_known():
    X_many, Y = make_multilabel_classification(500, n_features=30, n_classes=4, random_state=0)
    spreading = IncrementalMultiLabelSpreading().fit(X_many, np.full(Y.shape, -1))
    spreading.relabel(range(20), Y[:20])
    nearest = IncrementalMultiLabelKNeighbors().fit(X_many[:20], Y[:20])
    loss = [np.mean(one.predict(X_many[20:]) != Y[20:]) for one in (spreading, nearest)]
    assert loss[0] < loss[1]
