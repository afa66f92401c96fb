"""Every method that takes samples by their numbers refuses other names with the same words."""

import re

import numpy as np
import pytest

from skactive import ActiveLearner, Pool
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.semi_supervised import IncrementalLabelSpreading

X = np.random.default_rng(0).normal(size=(6, 3))
LABELS = ["a", "b"]


def learner():
    return ActiveLearner(X_pool=X).teach([0, 1], LABELS)


def pool():
    return Pool(X, estimator=IncrementalKNeighborsClassifier()).add_labels([0, 1], LABELS)


def neighbors():
    return IncrementalKNeighborsClassifier().fit(X[:2], LABELS)


def spreading():
    return IncrementalLabelSpreading().fit(X, [*LABELS, -1, -1, -1, -1])


POSITIONS = "Samples of the pool are named by integer positions"
CALLS = {
    "learner.teach": (lambda names: learner().teach(names, LABELS), POSITIONS),
    "learner.skip": (lambda names: learner().skip(names), POSITIONS),
    "learner.relabel": (lambda names: learner().relabel(names, LABELS), POSITIONS),
    "learner.query": (lambda names: learner().query(candidates=names), POSITIONS),
    "learner.samples": (lambda names: learner().samples(names), POSITIONS),
    "learner.explain_query": (lambda names: learner().explain_query(names), POSITIONS),
    "pool.add_labels": (lambda names: pool().add_labels(names, LABELS), POSITIONS),
    "pool.remove_labels": (lambda names: pool().remove_labels(names), POSITIONS),
    "pool.relabel": (lambda names: pool().relabel(names, LABELS), POSITIONS),
    "pool.skip": (lambda names: pool().skip(names), POSITIONS),
    "pool.unskip": (lambda names: pool().unskip(names), POSITIONS),
    "pool.take": (lambda names: pool().take(names), POSITIONS),
    "pool.posterior": (lambda names: pool().posterior(names), POSITIONS),
    "pool.distances_to": (lambda names: pool().distances_to(names), POSITIONS),
    "neighbors.remove_labeled": (
        lambda names: neighbors().remove_labeled(names),
        "Labelled samples are named by integers",
    ),
    "neighbors.relabel": (
        lambda names: neighbors().relabel(names, LABELS),
        "Labelled samples are named by integers",
    ),
    "spreading.remove_labeled": (
        lambda names: spreading().remove_labeled(names),
        "Nodes are named by integers",
    ),
    "spreading.relabel": (
        lambda names: spreading().relabel(names, LABELS),
        "Nodes are named by integers",
    ),
}
WRONG = {
    "uneven tuples": [("a", 1), ("b",)],
    "uneven lists": [[0, 1], [0]],
    "pairs": [(0, 1), (1, 0)],
    "strings": ["0", "1"],
    "fractions": [0.5, 1.0],
}


@pytest.mark.parametrize("names", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(("call", "rule"), CALLS.values(), ids=CALLS)
def test_other_names_than_integers_are_refused(call, rule, names):
    message = f"{rule}. Got {names!r} instead. Hint: pass an integer or a list of integers."
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        call(names)
