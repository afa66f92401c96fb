"""Unlabelled samples belong to every pool, and are neither queried nor scored."""

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from skactive.base import CategoricalTarget
from skactive.model_selection import NoisyOracle, compare_strategies
from skactive.model_selection._partial_labels import known_labels
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.strategies import QueryStrategy, RandomSampling, UncertaintyHerding

pytestmark = pytest.mark.once

X, CODES = make_moons(120, noise=0.15, random_state=0)
NAMES = np.array(["ash", "birch"])[CODES]
KNOWN = np.random.default_rng(1).permutation(120)[:40]
SEEN = []


def partly(values, blank):
    """Return labels as an object array, with a blank for all but the known samples."""
    y = np.full(120, blank, dtype=object)
    y[KNOWN] = values[KNOWN]
    return y


class Spy(QueryStrategy):
    """A strategy that records what its pool has."""

    def utilities(self, pool):
        SEEN.append((pool.n_samples, pool.n_candidates, np.asarray(pool.X)))
        return -np.arange(pool.n_candidates, dtype=float)


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


def compared(y, strategies=None, *, estimator=None, X=X, **settings):
    settings = {"budget": 10, "cv": 4, "random_state": 0} | settings
    return compare_strategies(estimator, strategies or {"r": RandomSampling()}, X, y, **settings)


FORMS = {
    "None": (partly(NAMES, None), NAMES),
    "NaN": (partly(NAMES, np.nan), NAMES),
    "blank": (partly(NAMES, " ").astype(str), NAMES),
    "list": (partly(NAMES, None).tolist(), NAMES),
    "floats": (partly(CODES, np.nan).astype(float), CODES),
    "numbers and None": (partly(CODES, None).tolist(), CODES),
}


@pytest.mark.parametrize(("y", "values"), FORMS.values(), ids=FORMS)
def test_every_mark_of_a_missing_label_means_unlabelled(y, values):
    labels, labeled, unlabeled = known_labels(y, CategoricalTarget())
    np.testing.assert_array_equal(labeled, np.sort(KNOWN))
    np.testing.assert_array_equal(labels, values[labeled])
    np.testing.assert_array_equal(np.sort(np.append(labeled, unlabeled)), np.arange(120))
    assert compared(y).n_unlabeled == 80


def test_labels_of_pandas_may_be_missing():
    pd = pytest.importorskip("pandas")
    for series in (
        pd.Series(partly(NAMES, None), dtype="string"),
        pd.Series(partly(CODES, None), dtype="Int64"),
        pd.Series(partly(NAMES, None), dtype="category"),
    ):
        np.testing.assert_array_equal(known_labels(series, CategoricalTarget())[1], np.sort(KNOWN))


def test_the_pool_has_all_unlabelled_samples_and_queries_none():
    comparison = compared(partly(NAMES, None), {"spy": Spy()})
    assert comparison.n_train.tolist() == [30] * 4
    assert comparison.n_test.tolist() == [10] * 4
    others = np.setdiff1d(np.arange(120), KNOWN)
    for n_samples, n_candidates, features in SEEN:
        assert n_samples == 30 + 80
        assert n_candidates <= 30
        np.testing.assert_allclose(features[30:], X[others], atol=1e-6)


@pytest.mark.parametrize("estimator", [None, LogisticRegression(), "nearest"])
def test_all_labelled_rows_are_the_same_with_and_without_marks(estimator):
    if estimator == "nearest":
        estimator = IncrementalKNeighborsClassifier(3)
    strategies = {"h": UncertaintyHerding()}
    whole = compared(NAMES, strategies, estimator=estimator)
    as_objects = compared(NAMES.astype(object), strategies, estimator=estimator)
    np.testing.assert_array_equal(whole.test_scores, as_objects.test_scores)
    assert whole.n_unlabeled == 0


def test_unlabelled_samples_reach_the_graph_and_no_other_score():
    y = partly(NAMES, None)
    rows = np.sort(KNOWN)
    for estimator, differs in [(None, True), (IncrementalKNeighborsClassifier(3), False)]:
        strategies = {"r": RandomSampling()}
        settings = {"estimator": estimator, "scoring": "neg_log_loss"}
        with_others = compared(y, strategies, **settings)
        alone = compared(NAMES[rows], strategies, X=X[rows], **settings)
        assert (with_others.full_scores != alone.full_scores).any() == differs


def test_groups_arguments_and_oracles_go_by_rows_of_x():
    weights = np.where(np.isin(np.arange(120), KNOWN), 1.0, np.nan)
    groups = np.arange(120) % 5
    asked = []

    def oracle(positions, y):
        asked.extend(positions.tolist())
        return NAMES[positions]

    settings = {"groups": groups, "cv": GroupKFold(5), "params": {"sample_weight": weights}}
    y = partly(NAMES, None)
    logistic = LogisticRegression()
    first = compared(y, estimator=logistic, oracle=oracle, **settings)
    assert set(asked) <= set(KNOWN.tolist())
    np.testing.assert_array_equal(
        first.test_scores, compared(y, estimator=logistic, **settings).test_scores
    )
    assert np.isfinite(compared(y, oracle=NoisyOracle(0.2)).test_scores).all()


def test_scores_of_probabilities_take_the_labelled_samples():
    assert np.isfinite(compared(partly(NAMES, None), scoring="neg_log_loss").test_scores).all()


def test_a_recommendation_says_what_the_unlabelled_samples_may_bring():
    comparison = compared(partly(NAMES, None), {"random": RandomSampling()}, budget=30)
    assert (
        "With 40 more labels, chosen at random, expect an accuracy of"
        in comparison.recommendation()
    )
