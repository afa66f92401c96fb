"""Votes weighted by crowd-kit, compared with its own results."""

import numpy as np
import pytest

crowdkit = pytest.importorskip("crowdkit")
pd = pytest.importorskip("pandas")

from crowdkit import aggregation  # noqa: E402 - once it is known to be there
from sklearn.datasets import load_digits  # noqa: E402

from skactive import ActiveLearner  # noqa: E402
from skactive.model_selection import (  # noqa: E402
    AnnotatorPanel,
    BudgetedClassifier,
    compare_strategies,
)
from skactive.neighbors import IncrementalKNeighborsClassifier  # noqa: E402
from skactive.strategies import CDFProduct, RandomSampling  # noqa: E402

MODELS = {"dawid-skene": "DawidSkene", "one-coin": "OneCoinDawidSkene"}


def of_crowd_kit(votes, model):
    """Return the labels of crowd-kit for votes, one row per answer."""
    answers = [
        (task, worker, label)
        for task, row in enumerate(votes.tolist())
        for worker, label in enumerate(row)
    ]
    frame = pd.DataFrame(answers, columns=["task", "worker", "label"])
    return getattr(aggregation, model)().fit_predict(frame).sort_index().tolist()


@pytest.mark.filterwarnings("ignore")  # crowd-kit is called directly here
@pytest.mark.parametrize(
    ("aggregate", "classes"),
    [
        ("dawid-skene", np.array(["ash", "birch", "cedar"])),
        ("one-coin", np.array([3, 5, 8])),
        ("one-coin", np.array([False, True])),
    ],
)
def test_weighed_labels_are_crowd_kits_own(aggregate, classes):
    y = np.random.default_rng(0).choice(classes, size=25)
    panel = AnnotatorPanel(3, [0.05, 0.4, 0.5], aggregate=aggregate, random_state=1)
    votes = panel.votes(y)
    labels = panel.labels(votes)
    assert labels.dtype == classes.dtype
    assert labels.tolist() == of_crowd_kit(votes, MODELS[aggregate])


@pytest.mark.parametrize("aggregate", MODELS)
def test_few_votes_have_an_answer_too(aggregate):
    panel = AnnotatorPanel(2, aggregate=aggregate)
    assert panel.labels(np.array([["ash", "ash"]])).tolist() == ["ash"]
    assert panel.labels(np.array([["ash", "birch"]])).tolist()[0] in {"ash", "birch"}
    alone = AnnotatorPanel(1, aggregate=aggregate)
    assert alone.labels(np.array([["ash"], ["birch"]])).tolist() == ["ash", "birch"]


def test_two_equal_errors_outvote_a_careful_annotator_except_with_one_coin():
    X, y = load_digits(return_X_y=True)
    same = {"budget": 60, "batch_size": 20, "random_state": 0}
    shares = {}
    for aggregate in ("majority", "one-coin"):
        panel = AnnotatorPanel(3, [0.02, 0.45, 0.45], aggregate=aggregate)
        budgeted = BudgetedClassifier(oracle=panel, **same).fit(X, y)
        shares[aggregate] = (budgeted.y_labeled_ == y[budgeted.query_indices_]).mean()
        assert budgeted.n_answers_ == 180
    assert shares["one-coin"] > shares["majority"] + 0.05


def test_earlier_labels_are_revised_as_later_votes_estimate_reliability(monkeypatch):
    X, y = load_digits(return_X_y=True)
    panel = AnnotatorPanel(3, [0.02, 0.45, 0.45], aggregate="one-coin", random_state=5)
    budgeted = BudgetedClassifier(
        strategy=RandomSampling(), oracle=panel, budget=60, batch_size=45, seed_set=15
    )
    revisions = []
    relabel = ActiveLearner.relabel

    def recorded_relabel(learner, indices, y):
        revisions.append(indices)
        return relabel(learner, indices, y)

    monkeypatch.setattr(ActiveLearner, "relabel", recorded_relabel)
    budgeted.set_params(estimator=IncrementalKNeighborsClassifier(), random_state=0).fit(X, y)
    selected = budgeted.query_indices_
    [revised] = revisions
    assert set(revised.tolist()) <= set(selected[:15].tolist())
    votes = panel.votes(y)
    before, after = panel.labels(votes[selected[:15]]), panel.labels(votes[selected])
    np.testing.assert_array_equal(revised, selected[:15][before != after[:15]])
    np.testing.assert_array_equal(budgeted.y_labeled_, after)
    assert budgeted.estimator_.n_samples_fit_ == 60


def test_a_comparison_runs_with_weighted_votes():
    X, y = load_digits(return_X_y=True)
    comparison = compare_strategies(
        None,
        {"cdf": CDFProduct()},
        X[:300],
        y[:300],
        budget=40,
        batch_size=20,
        cv=2,
        oracle=AnnotatorPanel(3, [0.02, 0.4, 0.4], aggregate="one-coin"),
        random_state=0,
    )
    assert comparison.mean_scores[0, -1] > 0.7
