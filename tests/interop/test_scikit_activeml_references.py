"""Strategies compared with those of scikit-activeml."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skactive.pool import Batch, Pool
from skactive.strategies import BADGE, QueryByCommittee

pytest.importorskip("skactiveml", reason="scikit-activeml is not installed")

from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import Badge
from skactiveml.pool import QueryByCommittee as TheirCommittee

X, LABELS = (part[:200] for part in load_digits(return_X_y=True))
X = X / np.linalg.norm(X, axis=1, keepdims=True)
LABELED = np.random.default_rng(0).permutation(200)[:40]
CLASSES = np.unique(LABELS)
y = np.full(200, np.nan)
y[LABELED] = LABELS[LABELED]
POOL = Pool(X, dtype=np.float64).add_labels(LABELED, LABELS[LABELED])


def test_badge_weighs_candidates_as_theirs_does():
    # Their embedding has the gradient of the intercept, ours a constant column of the features.
    probe = LogisticRegression(C=10.0, max_iter=1000)
    without_column = make_pipeline(FunctionTransformer(lambda rows: rows[:, :-1]), probe)
    with_column = np.column_stack([X, np.ones(len(X))])
    indices, probabilities = Badge(random_state=0).query(
        with_column,
        y,
        SklearnClassifier(without_column, classes=CLASSES),
        batch_size=4,
        return_utilities=True,
    )
    batch = Batch(POOL)
    assert indices[0] == BADGE(probe).select(POOL)[0][0]
    lengths = np.full(len(X), np.inf)
    lengths[POOL.candidates] = BADGE(probe).utilities(POOL)
    for index, expected in zip(indices, probabilities, strict=True):
        # Theirs counts the origin among the selected samples, unlike the paper's code.
        squares = np.minimum(BADGE(probe).utilities(batch), lengths[batch.candidates])
        np.testing.assert_allclose(
            squares / squares.sum(), expected[batch.candidates], rtol=1e-6, atol=1e-12
        )
        batch.pick(int(index))


@pytest.mark.parametrize(
    ("own", "theirs"), [("vote_entropy", "vote_entropy"), ("kl", "KL_divergence")]
)
def test_the_disagreement_of_a_committee_equals_theirs(own, theirs):
    members = [GaussianNB(var_smoothing=0.1), KNeighborsClassifier(3), KNeighborsClassifier(7)]
    _, expected = TheirCommittee(method=theirs, random_state=0).query(
        X,
        y,
        [SklearnClassifier(one, classes=CLASSES) for one in members],
        return_utilities=True,
    )
    found = QueryByCommittee(members, own).utilities(POOL)
    # They floor probabilities at 1e-7.
    np.testing.assert_allclose(found, expected[0][POOL.candidates], atol=1e-5)
