"""The cosine does not depend on the lengths of vectors, however long or short they are."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits

from skactive import ActiveLearner
from skactive.metric_learning import ContrastiveMap
from skactive.neighbors import (
    IncrementalKNeighborsClassifier,
    NeighborGraph,
    PrincipalKNeighborsTransformer,
)
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.strategies import all_strategies

X, Y = load_digits(return_X_y=True)
X, Y = X[:150].astype(np.float32), Y[:150]

# Powers of two, which change no digit: squares underflow or overflow in float32.
SCALES = [2.0**-100, 2.0**-60, 2.0**-30, 2.0**60, 2.0**110]

# The probe of BADGE takes features as they are, RandomSampling none.
STRATEGIES = sorted(set(all_strategies("categorical")) - {"badge", "random"})


def scaled(scale, convert=np.asarray):
    return convert(X * np.float32(scale))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neighbors_do_not_depend_on_the_scale(scale, dtype):
    transformer = PrincipalKNeighborsTransformer(5)
    expected, found = (
        NeighborGraph.of(A.astype(dtype), n_neighbors=5, transformer=transformer)
        for A in (X, scaled(scale))
    )
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.distances, expected.distances)


@pytest.mark.parametrize("scale", [2.0**-100, 1e-20, 1e15])
def test_predictions_of_label_spreading_do_not_depend_on_the_scale(scale):
    expected, found = (
        IncrementalLabelSpreading(head_weight=1.0)
        .fit(A, np.where(np.arange(len(A)) < 12, Y, -1))
        .predict_proba(A)
        for A in (X, scaled(scale))
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_queries_do_not_depend_on_the_scale(strategy):
    chosen = []
    for scale in (1.0, *SCALES):
        learner = ActiveLearner(IncrementalKNeighborsClassifier(), strategy, scaled(scale))
        first = learner.query(3).tolist()
        chosen.append(first + learner.teach(range(12), Y[:12]).query(3).tolist())
    assert chosen == chosen[:1] * len(chosen)


@pytest.mark.parametrize("scale", SCALES)
def test_a_learned_map_does_not_depend_on_the_scale(scale):
    expected, found = (
        ContrastiveMap().fit(A[:40].astype(np.float64), Y[:40]).transform(X.astype(np.float64))
        for A in (X, scaled(scale))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("convert", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("strategy", ["herding", "cdf-product", "k-center", "typi-clust"])
def test_vectors_below_the_precision_of_the_type_count_as_zero_vectors(strategy, convert):
    short, zero = X.copy(), X.copy()
    # The squared norm of digits is about 3,000.
    short[::7] *= np.float32(1e-42)
    zero[::7] = 0
    learners = [
        ActiveLearner(IncrementalKNeighborsClassifier(), strategy, convert(A))
        for A in (short, zero)
    ]
    for indices in ([0, 1, 2], [7, 9]):
        for learner in learners:
            learner.teach(indices, Y[indices])
    one, other = learners
    np.testing.assert_array_equal(one.query(3), other.query(3))
    np.testing.assert_array_equal(one.predict_proba(short), other.predict_proba(zero))
