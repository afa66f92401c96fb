"""RankedBatch ranks as modAL's `uncertainty_batch_sampling`."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB

from skactive.strategies import RankedBatch

models = pytest.importorskip("modAL.models", reason="modAL-python is not installed")

from modAL.batch import uncertainty_batch_sampling  # noqa: E402

# Whole pools are passed here, with the labelled samples among them.
pytestmark = pytest.mark.filterwarnings("ignore:X_pool has samples that are labelled already")

X, y = make_classification(160, 6, n_informative=4, n_classes=3, random_state=0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
@pytest.mark.parametrize("n_labeled", [6, 60, 120])
def test_ranked_batch_equals_modals_function(seed, metric, n_labeled):
    order = np.random.default_rng(seed).permutation(len(X))
    labeled, rest = order[:n_labeled], order[n_labeled:]
    learner = models.ActiveLearner(GaussianNB(), X_training=X[labeled], y_training=y[labeled])
    expected = uncertainty_batch_sampling(learner, X[rest], n_instances=10, metric=metric)[0]
    indices, _ = RankedBatch(metric=metric)(learner, X[rest], n_instances=10)
    np.testing.assert_array_equal(indices, expected)
