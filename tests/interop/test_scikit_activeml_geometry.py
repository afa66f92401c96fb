"""KCenterGreedy, TypiClust and ProbCover select the same as scikit-activeml's own classes."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from skactive.pool import Pool
from skactive.strategies import KCenterGreedy, ProbCover, TypiClust
from skactive.strategies._support.clusters import clusters_of

peer = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed")


def pools(seed, n_samples=200):
    X, y = make_blobs(n_samples, 6, centers=6, cluster_std=3.0, random_state=seed)
    X = X.astype(np.float32)
    labels = np.full(n_samples, np.nan)
    labels[:7] = y[:7]
    return Pool(X).add_labels(np.arange(7), y[:7]), X, labels


@pytest.mark.parametrize("seed", range(5))
def test_k_center_greedy_chooses_as_core_set(seed):
    pool, X, labels = pools(seed)
    expected = peer.CoreSet(random_state=0).query(X, labels, batch_size=12)
    np.testing.assert_array_equal(KCenterGreedy("euclidean").select(pool, 12)[0], expected)


@pytest.mark.parametrize("seed", range(5))
def test_typi_clust_chooses_as_its_peer_does_from_the_same_clusters(seed):
    pool, X, labels = pools(seed)

    class SameClusters:
        def __init__(self, n_clusters):
            self.n_clusters = n_clusters

        def fit_predict(self, X):
            return clusters_of(pool, self.n_clusters, "euclidean").labels

    strategy = TypiClust("euclidean", n_neighbors=5, max_clusters=10, min_cluster_size=1)
    theirs = peer.TypiClust(cluster_algo=SameClusters, k=5, random_state=0)
    expected, utilities = theirs.query(X, labels, batch_size=3, return_utilities=True)
    sizes = np.bincount(clusters_of(pool, 10, "euclidean").labels)
    sizes[clusters_of(pool, 10, "euclidean").labels[:7]] = 0
    largest = np.sort(sizes)[-4:]
    if len(np.unique(largest)) == 4:
        indices, typicality = strategy.select(pool, 3)
        np.testing.assert_array_equal(indices, expected)
        np.testing.assert_allclose(typicality, np.nanmax(utilities, axis=1), rtol=1e-4)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("radius", [4.0, 7.0])
@pytest.mark.filterwarnings("ignore:The maximum purity")
def test_prob_cover_covers_as_much_as_its_peer(seed, radius):
    pool, X, labels = pools(seed)
    theirs = peer.ProbCover(n_classes=6, deltas=[radius], random_state=0)
    chosen, utilities = theirs.query(X, labels, batch_size=1, return_utilities=True)
    ours = ProbCover(radius, metric="euclidean").utilities(pool)
    np.testing.assert_array_equal(ours, utilities[0][pool.candidates])
    assert ours[chosen[0] - 7] == ours.max()


@pytest.mark.parametrize("seed", range(5))
def test_the_radius_is_the_largest_of_its_peers_grid_that_is_pure(seed):
    pool, X, labels = pools(seed)
    radius = ProbCover(metric="euclidean", n_classes=6)._chosen_radius(pool)

    class SameClusters:
        def __init__(self, n_clusters):
            self.n_clusters = n_clusters

        def fit_predict(self, X):
            return clusters_of(pool, self.n_clusters, "euclidean").labels

    grid = [radius * share for share in (0.5, 0.9, 0.999, 1.02, 1.5)]
    theirs = peer.ProbCover(n_classes=6, deltas=grid, cluster_algo=SameClusters, random_state=0)
    theirs.query(X, labels)
    assert theirs.delta_max_ <= grid[2] + 1e-12
    assert theirs.delta_max_ == pytest.approx(grid[2])
