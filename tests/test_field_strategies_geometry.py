"""Geometric strategies, each compared with a slow reference written from its paper."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_blobs
from sklearn.metrics import pairwise_distances
from small_pools import labeled_pool, samples
from strategies import CLASS_NAMES, small_integers

from skactive import ActiveLearner
from skactive.measures import Diversity, Entropy, InformationDensity, LeastConfidence, Margin
from skactive.neighbors import IncrementalKNeighborsClassifier
from skactive.pool import Pool
from skactive.strategies import (
    DensityWeightedUncertainty,
    KCenterGreedy,
    ProbCover,
    RankedBatch,
    TypiClust,
    _prob_cover,
    _typi_clust,
)
from skactive.strategies._prob_cover import pure_radius
from skactive.strategies._support.clusters import clusters_of, rounded_up
from skactive.strategies._typi_clust import typicality

GEOMETRIC = [KCenterGreedy, TypiClust, ProbCover, RankedBatch, DensityWeightedUncertainty]
every_class = pytest.mark.parametrize("strategy", GEOMETRIC)


def unit(X):
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(norms > 0, norms, 1)


def blobs(n_samples=120, centers=6, seed=0, n_features=4):
    X, y = make_blobs(
        n_samples, n_features, centers=centers, center_box=(-30, 30), random_state=seed
    )
    return X.astype(np.float32), y


# ------------------------------------------------------------------ KCenterGreedy


@settings(max_examples=40, deadline=None)
@given(small_integers(9), st.integers(1, 5), st.sampled_from(["euclidean", "manhattan"]))
def test_k_center_greedy_is_farthest_first_traversal(X, n_labeled, metric):
    distances = pairwise_distances(X, metric=metric)
    pool = labeled_pool(X, n_labeled)
    known = pool.labeled.tolist()
    indices, utilities = KCenterGreedy(metric).select(pool, 4)
    for index, utility in zip(indices, utilities, strict=True):
        nearest = {c: distances[c, known].min() for c in range(9) if c not in known}
        farthest = max(nearest.values())
        assert utility == pytest.approx(farthest, rel=1e-6)
        assert index == min(c for c, value in nearest.items() if value == farthest)
        known.append(index)


@pytest.mark.parametrize("strategy", [KCenterGreedy, RankedBatch])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_without_labels_the_sample_with_the_least_squared_distances_comes_first(strategy, metric):
    X = blobs()[0]
    points = unit(X) if metric == "cosine" else X
    squares = pairwise_distances(points, metric="sqeuclidean").mean(axis=1)
    assert strategy(metric=metric).select(Pool(X))[0][0] == squares.argmin()


def test_parameter_metric_of_k_center_greedy():
    pool = labeled_pool(samples("spread"), 3)
    for metric in ("cosine", "euclidean", "chebyshev"):
        expected = Diversity(metric, aggregate="min").utilities(pool)
        np.testing.assert_allclose(KCenterGreedy(metric).utilities(pool), expected)
    with pytest.raises(ValueError, match="'metric' parameter of KCenterGreedy must be one of"):
        KCenterGreedy("near").select(pool)


def test_parameter_metric_params_of_k_center_greedy():
    pool = labeled_pool(samples("spread"), 3)
    strategy = KCenterGreedy("minkowski", metric_params={"p": 3})
    expected = pool.distance_to_labeled("minkowski", "min", {"p": 3})
    np.testing.assert_allclose(strategy.utilities(pool), expected)


# ------------------------------------------------------------------ TypiClust


def slow_typicality(X, n_neighbors):
    distances = np.sort(pairwise_distances(X.astype(float)), axis=1)[:, 1 : n_neighbors + 1]
    return 1 / distances.mean(axis=1)


def slow_typi_clust(X, clusters, known, n_neighbors, least):
    """The paper's selection: the densest sample of the largest cluster with the fewest labels."""
    sizes = np.bincount(clusters)
    n_labels = np.bincount(clusters[known], minlength=len(sizes))
    free = np.setdiff1d(np.arange(len(X)), known)
    order = sorted(set(clusters[free]), key=lambda c: (sizes[c] < least, n_labels[c], -sizes[c], c))
    members = free[clusters[free] == order[0]]
    if len(members) == 1:
        return members[0]
    return members[slow_typicality(X[members], n_neighbors).argmax()]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(("n_samples", "seed"), [(90, 0), (150, 1), (400, 2)])
def test_typi_clust_equals_the_slow_reference(metric, n_samples, seed):
    X, y = make_blobs(n_samples, 5, centers=5, cluster_std=4.0, random_state=seed)
    pool = Pool(X.astype(np.float32))
    points = unit(pool.X) if metric == "cosine" else pool.X
    strategy = TypiClust(metric, n_neighbors=4, min_cluster_size=5)
    for n_labeled in range(30):
        n_clusters = max(rounded_up(n_labeled + 1), min(16, n_samples // 5))
        clusters = clusters_of(pool, n_clusters, metric).labels
        expected = slow_typi_clust(points, clusters, pool.labeled, 4, 5)
        assert strategy.select(pool)[0][0] == expected
        pool.add_labels([expected], [str(y[expected])])


def test_typi_clust_selects_from_each_blob_once():
    X, y = blobs(120, centers=6)
    strategy = TypiClust("euclidean", n_neighbors=10, max_clusters=6)
    indices, utilities = strategy.select(Pool(X), 6)
    assert sorted(y[indices]) == list(range(6))
    for index, utility in zip(indices, utilities, strict=True):
        members = np.flatnonzero(y == y[index])
        expected = slow_typicality(X[members], 10)
        assert index == members[expected.argmax()]
        assert utility == pytest.approx(expected.max(), rel=1e-4)


def test_labels_from_outside_count_for_the_nearest_cluster():
    X, y = blobs(120, centers=6)
    seeds = np.stack([X[y == label].mean(axis=0) for label in range(4)])
    pool = Pool(X, X_labeled=seeds, y_labeled=list("abcd"))
    strategy = TypiClust("euclidean", max_clusters=6)
    assert sorted(y[strategy.select(pool, 2)[0]]) == [4, 5]


def test_numbers_of_clusters_are_few_and_at_most_half_too_large():
    numbers = np.arange(1, 2000)
    rounded = np.array([rounded_up(int(number)) for number in numbers])
    assert (rounded >= numbers).all()
    assert (rounded <= numbers * 1.5).all()
    assert rounded[:6].tolist() == [1, 2, 3, 4, 6, 6]
    assert len(np.unique(rounded[:300])) == 17


def test_a_large_cluster_gives_its_most_typical_sample(monkeypatch):
    X = np.random.default_rng(0).normal(size=(3000, 3)).astype(np.float32)
    expected = slow_typicality(X, 20)
    found = typicality(X, "euclidean", 20)
    assert found.argmax() == expected.argmax()
    assert found.max() == pytest.approx(expected.max(), rel=1e-4)
    assert (found <= expected * 1.0001).all()
    monkeypatch.setattr(_typi_clust, "N_DRAWN", 3000)
    np.testing.assert_allclose(typicality(X, "euclidean", 20), expected, rtol=1e-4)


def test_parameter_metric_of_typi_clust():
    X = np.array([[1, 0], [2, 0.1], [3, 0], [0, 1], [0, 2], [0.1, 3.0]])
    by_angle = TypiClust("cosine", n_neighbors=2).select(Pool(X), 2)[0]
    assert {index < 3 for index in by_angle} == {True, False}
    with pytest.raises(ValueError, match="'metric' parameter of TypiClust must be one of"):
        TypiClust("manhattan").select(Pool(X))


def test_parameter_n_neighbors_of_typi_clust():
    # A close pair, and one sample in the middle of a ring.
    ring = [[np.cos(a), np.sin(a)] for a in np.arange(0, 6.2, 0.6)]
    X = np.array([[0, 0], *ring, [5, 0], [5, 0.01]])
    chosen = [
        TypiClust("euclidean", n_neighbors=n, max_clusters=1).select(Pool(X))[0][0] for n in (1, 8)
    ]
    assert chosen == [12, 0]
    with pytest.raises(ValueError, match="'n_neighbors' parameter of TypiClust must be an int"):
        TypiClust(n_neighbors=0).select(Pool(X))


def test_parameter_max_clusters_of_typi_clust():
    X, y = blobs(120, centers=2)
    indices = TypiClust("euclidean", max_clusters=2).select(Pool(X), 8)[0]
    # With more labels than clusters, the cluster with fewer labels comes next.
    assert sorted(y[indices]) == [0] * 4 + [1] * 4
    assert (np.diff(y[indices][:2]) != 0).all()
    with pytest.raises(ValueError, match="'max_clusters' parameter of TypiClust must be an int"):
        TypiClust(max_clusters=0).select(Pool(X))


def test_parameter_min_cluster_size_of_typi_clust():
    X = np.vstack([blobs(60, centers=2)[0], [[500.0] * 4]])
    small, large = (
        TypiClust("euclidean", max_clusters=3, min_cluster_size=size).select(Pool(X), 3)[0]
        for size in (1, 6)
    )
    assert 60 in small
    assert 60 not in large
    with pytest.raises(ValueError, match="'min_cluster_size' parameter of TypiClust must be an "):
        TypiClust(min_cluster_size=0).select(Pool(X))


# ------------------------------------------------------------------ ProbCover


def slow_prob_cover(edges, known, n_instances):
    """The paper's loop over the dense graph: drop edges to covered samples, select the largest."""
    edges, known, chosen = edges.copy(), list(known), []
    for _ in range(n_instances):
        edges[:, edges[known].any(axis=0)] = False
        degrees = edges.sum(axis=1)
        degrees[known] = -1
        if degrees.max() == 0:
            break
        chosen.append((int(degrees.argmax()), int(degrees.max())))
        known.append(chosen[-1][0])
    return chosen


@settings(max_examples=60, deadline=None)
@given(
    small_integers(14), st.integers(0, 4), st.sampled_from([0.0, 1.0, 1.5, 9.0]), st.integers(0, 3)
)
def test_prob_cover_equals_the_slow_reference(X, n_labeled, radius, n_outside):
    seeds = X[:n_outside]
    outside = {"X_labeled": seeds, "y_labeled": CLASS_NAMES[:n_outside]} if n_outside else {}
    pool = Pool(X[n_outside:], **outside)
    pool.add_labels(np.arange(n_labeled), ["a"] * n_labeled)
    # In the reference, the seed set comes before the pool.
    edges = pairwise_distances(X) <= radius + 1e-9
    expected = slow_prob_cover(edges, range(n_outside + n_labeled), pool.n_candidates)
    indices, utilities = ProbCover(radius, metric="euclidean").select(pool, max(len(expected), 1))
    if expected:
        chosen = zip((indices + n_outside).tolist(), utilities.tolist(), strict=True)
        # The order of candidates that count for themselves alone is another one.
        n_same = sum(degree > 1 for _, degree in expected)
        assert list(chosen)[:n_same] == expected[:n_same]
        assert utilities[: n_same + 1].tolist() == [degree for _, degree in expected[: n_same + 1]]


def test_candidates_that_are_alone_in_their_balls_are_chosen_far_from_the_labelled():
    pool = Pool([[0.0], [1.0], [2.0], [3.0], [9.0]]).add_labels([0], ["a"])
    indices, utilities = ProbCover(0.5, metric="euclidean").select(pool, 3)
    assert indices.tolist() == [4, 3, 1]
    assert utilities.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("purity", [0.7, 0.95, 1.0])
def test_the_radius_is_the_largest_of_which_enough_balls_are_pure(metric, purity):
    X, y = make_blobs(100, 3, centers=3, cluster_std=3.0, center_box=(2, 9), random_state=1)
    X = X.astype(np.float32)
    distances = pairwise_distances((unit(X) if metric == "cosine" else X).astype(float))
    radius = pure_radius(X, metric, y, purity)

    def pure(r):
        return np.mean([len(set(y[row <= r])) == 1 for row in distances])

    assert pure(radius) >= purity - 1e-9
    # A distance within rounding of the radius counts as nearer.
    assert pure(radius * 1.005) < purity


def test_balls_that_are_covered_once_are_covered_twice():
    pool = Pool([[0.0], [0.5], [1.0], [1.5], [2.0]])
    indices, utilities = ProbCover(1.0, metric="euclidean").select(pool, 5)
    assert indices.tolist() == [2, 1, 4, 0, 3]
    assert utilities.tolist() == [5, 3, 1, 1, 1]


def test_skipped_samples_need_no_cover():
    pool = Pool([[0.0], [1.0], [2.0], [10.0], [11.0]]).skip([0, 2])
    assert ProbCover(1.0, metric="euclidean").utilities(pool).tolist() == [1, 2, 2]


def test_candidates_left_out_are_to_be_covered_all_the_same():
    pool = Pool([[0.0], [1.0], [2.0], [10.0], [11.0]])
    strategy = ProbCover(1.0, metric="euclidean")
    assert strategy.select(pool, 1, candidates=[2, 4, 3])[0].tolist() == [2]
    assert strategy.select(pool, 1, candidates=[1, 3])[1].tolist() == [3.0]


def test_beyond_the_bounds_a_draw_of_the_pool_is_counted(monkeypatch):
    X, y = blobs(600, centers=6)
    exact = ProbCover(metric="euclidean", n_classes=6).select(Pool(X), 6)[0]
    monkeypatch.setattr(_prob_cover, "N_COUNTED", 200)
    pool = Pool(X)
    fewer = ProbCover(metric="euclidean", n_classes=6).select(pool, 6)[0]
    monkeypatch.setattr(_prob_cover, "N_PAIRS", 2_000)
    fewest = ProbCover(metric="euclidean", n_classes=6)
    other = Pool(X)
    assert sorted(y[exact]) == sorted(y[fewer]) == sorted(y[fewest.select(other, 6)[0]])
    assert len(fewest._balls(pool).counted) == 200
    balls = fewest._balls(other)
    assert len(balls.counted) < 200
    assert balls.pairs.nnz < 3_000


def test_parameter_radius_of_prob_cover():
    pool = Pool([[0.0], [1.0], [2.0], [10.0], [11.0]])
    for radius, expected in [(0, [1] * 5), (1, [2, 3, 2, 2, 2]), (100, [5] * 5)]:
        assert ProbCover(radius, metric="euclidean").utilities(pool).tolist() == expected
    with pytest.raises(ValueError, match="'radius' parameter of ProbCover must be a finite numb"):
        ProbCover(-1.0).select(pool)


def test_parameter_metric_of_prob_cover():
    X = [[1.0, 0.0], [9.0, 0.0], [0.0, 1.0]]
    assert ProbCover(0.5).utilities(Pool(X)).tolist() == [2, 2, 1]
    assert ProbCover(0.5, metric="euclidean").utilities(Pool(X)).tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="'metric' parameter of ProbCover must be one of"):
        ProbCover(metric="manhattan").select(Pool(X))


def test_parameter_n_classes_of_prob_cover():
    X, y = blobs(240, centers=8)
    pool = Pool(X)
    few, many = (ProbCover(metric="euclidean", n_classes=n)._chosen_radius(pool) for n in (2, 8))
    assert many < few
    # None takes the number of labelled classes.
    places = [np.flatnonzero(y == label)[0] for label in range(8)]
    pool.add_labels(places, y[places])
    assert ProbCover(metric="euclidean")._chosen_radius(pool) == many
    with pytest.raises(ValueError, match="'n_classes' parameter of ProbCover must be an int of at"):
        ProbCover(n_classes=1).select(pool)


def test_parameter_purity_of_prob_cover():
    pool = Pool(np.random.default_rng(0).normal(size=(200, 2)))
    radii = [ProbCover(purity=purity)._chosen_radius(pool) for purity in (0.5, 0.9, 1.0)]
    assert radii[0] > radii[1] > radii[2] >= 0
    with pytest.raises(ValueError, match="'purity' parameter of ProbCover must be a share of"):
        ProbCover(purity=1.1).select(pool)
    with pytest.raises(ValueError, match="'purity' parameter of ProbCover must be a finite number"):
        ProbCover(purity=0.0).select(pool)


# ------------------------------------------------------------------ RankedBatch


@pytest.mark.parametrize("measure", [None, Margin(), Entropy()])
def test_ranked_batch_equals_the_formula(measure):
    X = blobs(40)[0]
    pool = labeled_pool(X, 4, "abc").skip([7])
    distances = pairwise_distances(X.astype(float))
    uncertain = dict(
        zip(pool.candidates, (measure or LeastConfidence()).utilities(pool), strict=True)
    )
    known, free = pool.labeled.tolist(), pool.candidates.tolist()
    indices, utilities = RankedBatch(measure, metric="euclidean").select(pool, 6)
    for index, utility in zip(indices.tolist(), utilities, strict=True):
        alpha = len(free) / (len(free) + len(known))
        scores = {}
        for c in free:
            similarity = 1 / (1 + distances[c, known].min())
            scores[c] = alpha * (1 - similarity) + (1 - alpha) * uncertain[c]
        assert index == max(scores, key=scores.get)
        assert utility == pytest.approx(scores[index], rel=1e-5)
        known.append(index)
        free.remove(index)


def test_a_choice_among_some_candidates_keeps_the_scores():
    pool = labeled_pool(samples("spread"), 4)
    whole = RankedBatch().utilities(pool)
    _, (worth,) = RankedBatch().select(pool, candidates=pool.candidates[[2]])
    assert worth == whole[2]


def test_parameter_uncertainty_of_ranked_batch():
    pool = labeled_pool(samples("spread"), 5)
    plain, other = RankedBatch().utilities(pool), RankedBatch(Entropy()).utilities(pool)
    assert np.ptp(plain - other) > 0
    nested = RankedBatch(Diversity()).set_params(uncertainty__metric="euclidean")
    assert nested.get_params()["uncertainty__metric"] == "euclidean"


def test_parameter_metric_of_ranked_batch():
    pool = labeled_pool(samples("spread"), 5)
    euclidean, cosine = (RankedBatch(metric=m).utilities(pool) for m in ("euclidean", "cosine"))
    assert np.ptp(euclidean - cosine) > 0
    with pytest.raises(ValueError, match="'metric' parameter of RankedBatch must be one of"):
        RankedBatch(metric="near").select(pool)


def test_parameter_metric_params_of_ranked_batch():
    pool = labeled_pool(samples("spread"), 5)
    flat = RankedBatch(metric="minkowski", metric_params={"p": 1}).utilities(pool)
    np.testing.assert_allclose(flat, RankedBatch(metric="manhattan").utilities(pool), rtol=1e-6)


# ------------------------------------------------------------------ DensityWeightedUncertainty


def test_parameter_uncertainty_of_density_weighted_uncertainty():
    pool = labeled_pool(samples("spread"), 5)
    density = np.maximum(InformationDensity().utilities(pool), 0)
    for measure in (Entropy(), Margin()):
        found = DensityWeightedUncertainty(measure).utilities(pool)
        np.testing.assert_allclose(found, measure.utilities(pool) * density, rtol=1e-6)
    np.testing.assert_array_equal(
        DensityWeightedUncertainty().utilities(pool),
        DensityWeightedUncertainty(Entropy()).utilities(pool),
    )


def test_parameter_density_of_density_weighted_uncertainty():
    pool = labeled_pool(samples("spread"), 5)
    density = InformationDensity("euclidean")
    found = DensityWeightedUncertainty(density=density).utilities(pool)
    np.testing.assert_allclose(found, Entropy().utilities(pool) * density.utilities(pool))


@pytest.mark.parametrize("beta", [0, 0.5, 2])
def test_parameter_beta_of_density_weighted_uncertainty(beta):
    pool = labeled_pool(samples("spread"), 5)
    density = np.maximum(InformationDensity().utilities(pool), 0) ** beta
    found = DensityWeightedUncertainty(beta=beta).utilities(pool)
    np.testing.assert_allclose(found, Entropy().utilities(pool) * density, rtol=1e-6)
    with pytest.raises(ValueError, match="'beta' parameter of DensityWeightedUncertainty must be"):
        DensityWeightedUncertainty(beta=-1.0).select(pool)


def test_density_then_distance_decides_while_all_are_equally_uncertain():
    found = DensityWeightedUncertainty().utilities(pool := labeled_pool(samples("spread"), 0))
    np.testing.assert_allclose(found, np.maximum(pool.density("euclidean"), 0), rtol=1e-6)
    pool = labeled_pool(samples("spread"), 2, "a")
    strategy, far = DensityWeightedUncertainty(), KCenterGreedy("euclidean")
    np.testing.assert_array_equal(strategy.utilities(pool), far.utilities(pool))
    assert list(strategy.terms(pool)) == list(far.terms(pool)) == ["distance"]


# ------------------------------------------------------------------ all of them


@every_class
def test_parameter_random_state_decides_among_equals(strategy):
    pool = Pool(np.ones((40, 2)), estimator=IncrementalKNeighborsClassifier())
    assert strategy().select(pool, 3)[0].tolist() == [0, 1, 2]
    assert len({strategy(random_state=seed).select(pool)[0][0] for seed in range(8)}) > 4


def test_parameter_random_state_of_k_center_greedy():
    test_parameter_random_state_decides_among_equals(KCenterGreedy)


def test_parameter_random_state_of_typi_clust():
    test_parameter_random_state_decides_among_equals(TypiClust)


def test_parameter_random_state_of_prob_cover():
    test_parameter_random_state_decides_among_equals(ProbCover)


def test_parameter_random_state_of_ranked_batch():
    test_parameter_random_state_decides_among_equals(RankedBatch)


def test_parameter_random_state_of_density_weighted_uncertainty():
    test_parameter_random_state_decides_among_equals(DensityWeightedUncertainty)


@every_class
@pytest.mark.parametrize("n_labeled", [0, 1, 60])
def test_duplicates_by_the_thousand_are_taken_one_by_one(strategy, n_labeled):
    X = np.repeat(np.random.default_rng(0).normal(size=(3, 8)), 1500, axis=0)
    pool = labeled_pool(X, n_labeled, "ab" if n_labeled > 1 else "a")
    strategy = strategy(n_classes=3) if strategy is ProbCover else strategy()
    indices, utilities = strategy.select(pool, 6)
    assert len(set(indices.tolist())) == 6
    assert np.isfinite(utilities).all()
    if n_labeled == 0 and isinstance(strategy, KCenterGreedy | TypiClust | ProbCover):
        assert sorted(indices[:3] // 1500) == [0, 1, 2]


@every_class
def test_the_same_samples_are_selected_from_sparse_and_dense_pools(strategy):
    X = np.abs(blobs(200, n_features=6)[0])
    X[X < 8] = 0
    estimator = IncrementalKNeighborsClassifier()
    chosen = []
    for form in (np.asarray, sp.csr_matrix, sp.csr_array):
        pool = Pool(form(X), estimator=estimator, X_labeled=form(X[:3]), y_labeled=list("abc"))
        chosen.append(strategy().select(pool.add_labels([5, 9], ["a", "b"]), 4)[0].tolist())
    assert chosen[0] == chosen[1] == chosen[2]


@every_class
def test_a_label_more_or_less_leaves_the_pool_as_if_it_were_new(strategy):
    X = blobs(150)[0]
    kept = labeled_pool(X, 20)
    for n_labeled in range(20, 26):
        strategy().select(kept)
        fresh = Pool(X, estimator=kept.estimator).add_labels(kept.labeled, kept.labels)
        indices, utilities = strategy().select(kept, 3)
        expected = strategy().select(fresh, 3)
        np.testing.assert_array_equal(indices, expected[0])
        np.testing.assert_allclose(utilities, expected[1], rtol=1e-5)
        if n_labeled % 2:
            kept.remove_labels(kept.labeled[:4])
        kept.add_labels(strategy().select(kept, 2)[0], ["c", "a"])


@pytest.mark.parametrize(
    ("strategy", "n_labeled", "words"),
    [
        (KCenterGreedy(), 0, "Its nearness to the middle of all samples, "),
        (KCenterGreedy(), 3, "It differs from the labelled samples: it is farther from the"),
        (TypiClust(), 3, "Its typicality, "),
        (ProbCover(), 3, "Its number of neighbours without cover, "),
        (RankedBatch(), 3, "Its balance of distance and uncertainty, "),
        (DensityWeightedUncertainty(), 3, "It is in a dense region: its density is higher than"),
        (DensityWeightedUncertainty(), 0, "Uncertainty has no effect"),
    ],
)
def test_explanations_of_queries_contain_the_expected_words(strategy, n_labeled, words):
    X, y = blobs(120)
    learner = ActiveLearner(IncrementalKNeighborsClassifier(), strategy, X_pool=X)
    learner.teach(range(n_labeled), y[:n_labeled])
    text = " ".join(learner.explain_query(learner.query()[0]).sentences)
    assert words in text


def test_questions_one_by_one_share_clusterings_and_pairs(monkeypatch):
    computed = []
    cached = Pool.cached

    def counting(self, key, compute, *, shared=False):
        return cached(self, key, lambda: computed.append(key) or compute(), shared=shared)

    monkeypatch.setattr(Pool, "cached", counting)
    X, y = blobs(400)
    pool = Pool(X)
    for _ in range(40):
        for strategy in (TypiClust(), ProbCover(n_classes=6), RankedBatch()):
            pool.add_labels(indices := strategy.select(pool)[0], y[indices])
    # Up to 120 labels: 16, 24, 32, 48, 64, 96 and 128 clusters, and 6 for the radius.
    assert len([key for key in computed if key[0] == "clusters_of"]) == 8
    assert len(computed) == len(set(computed)) == 10


def test_a_radius_that_changes_leaves_one_set_of_pairs_with_the_pool():
    X, y = blobs(120)
    pool, strategy = Pool(X), ProbCover(metric="euclidean")
    for _ in range(12):
        pool.add_labels(indices := strategy.select(pool)[0], y[indices])
    assert len(pool.classes_) > 2
    assert len(pool.cached(("ProbCover", "euclidean"), dict)) == 1
