"""The criteria of `LabelUncertainty` choose the samples that modAL's functions choose."""

import numpy as np
import pytest
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from skactive import Pool
from skactive.base import MultiLabelTarget
from skactive.measures import LabelUncertainty
from skactive.strategies import UncertaintySampling

multilabel = pytest.importorskip("modAL.multilabel", reason="modAL-python is not installed")

X, Y = make_multilabel_classification(120, n_classes=4, n_features=8, random_state=1)
NAMES = ["max_loss", "mean_max_loss", "min_confidence", "avg_confidence", "max_score", "avg_score"]


def pool_of(classifier):
    classifier.fit(X[:40], Y[:40])
    pool = Pool(X, estimator=classifier, target=MultiLabelTarget(list("abcd")), dtype=np.float64)
    return pool.add_labels(range(40), Y[:40])


@pytest.mark.parametrize("name", NAMES)
def test_the_best_samples_have_the_same_values(name):
    classifier = OneVsRestClassifier(LogisticRegression(max_iter=2000))
    pool = pool_of(classifier)
    indices, expected = getattr(multilabel, name)(
        classifier, X[40:], n_instances=8, random_tie_break=False
    )
    sign = -1 if name == "min_confidence" else 1
    utilities = LabelUncertainty(name).utilities(pool)
    np.testing.assert_allclose(utilities[indices], sign * np.asarray(expected), atol=1e-9)
    best = np.sort(utilities)[::-1][:8]
    np.testing.assert_allclose(np.sort(utilities[indices])[::-1], best, atol=1e-9)


def test_the_sample_nearest_to_a_boundary_is_the_same():
    classifier = OneVsRestClassifier(LinearSVC())
    pool = pool_of(classifier)

    class Learner:
        estimator = classifier

    expected = multilabel.SVM_binary_minimum(Learner(), X[40:])
    strategy = UncertaintySampling(LabelUncertainty("SVM_binary_minimum"))
    assert strategy.select(pool)[0].tolist() == [40 + int(expected)]
