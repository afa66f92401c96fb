"""PyNNDescent builds the neighbour graph in place of scikit-learn's own transformer."""

import numpy as np
import pytest

from skactive import Pool
from skactive.neighbors import NeighborGraph

# Slow, and the other package is the same for all releases of scikit-learn.
pytestmark = pytest.mark.once

pynndescent = pytest.importorskip("pynndescent")


def recall(graph, exact):
    found = [len(np.intersect1d(a, b)) for a, b in zip(graph.indices, exact.indices, strict=True)]
    return np.mean(found) / exact.n_neighbors


@pytest.mark.filterwarnings("ignore")
def test_pynndescent_builds_the_pools_graph():
    X = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    transformer = pynndescent.PyNNDescentTransformer(10, metric="cosine", random_state=0)
    graph = Pool(X).graph(10, transformer=transformer)
    exact = NeighborGraph.of(X, n_neighbors=10)
    assert graph.n_neighbors == 10
    assert not (graph.indices == np.arange(400)[:, np.newaxis]).any()
    assert (np.diff(graph.distances, axis=1) >= 0).all()
    assert recall(graph, exact) > 0.95
    np.testing.assert_allclose(graph.distances[:, 0], exact.distances[:, 0], atol=1e-3)


@pytest.mark.filterwarnings("ignore")
def test_duplicates_by_the_thousand_have_a_useful_graph():
    rng = np.random.default_rng(0)
    X = np.vstack([np.ones((1_500, 8)), rng.normal(size=(200, 8))]).astype(np.float32)
    transformer = pynndescent.PyNNDescentTransformer(10, metric="euclidean", random_state=0)
    graph = NeighborGraph.of(X, n_neighbors=10, metric="euclidean", transformer=transformer)
    affinity = graph.affinity()
    assert np.isfinite(affinity.data).all()
    assert (graph.bandwidths > 0).all()
    assert (affinity != affinity.T).nnz == 0
