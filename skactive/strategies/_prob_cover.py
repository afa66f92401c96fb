"""Coverage of the pool by balls around the labelled samples: ProbCover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import row_blocks
from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.features import in_memory
from skactive._rows import concatenate_rows
from skactive._text import shown
from skactive._validation import check_integer, check_number
from skactive.base import PoolView
from skactive.strategies._base import QueryStrategy
from skactive.strategies._k_center_greedy import KCenterGreedy
from skactive.strategies._support.clusters import GEOMETRIES, clusters_of
from skactive.strategies._support.points import Points

# The largest number of samples that are counted as covered, of samples on which the radius is
# chosen, and of stored pairs within a ball.
N_COUNTED = 10_000
N_TRIED = 2_048
N_PAIRS = 2**24


class ProbCover(QueryStrategy):
    """Choose the candidate whose ball contains the most samples that no ball covers yet.

    All balls have one radius, at which most of them contain one class only, so that a label holds
    for the whole ball. Dense regions come first. The strategy is meant for the first labels of
    classes that form clusters.

    Parameters
    ----------
    radius : float, default=None
        The radius, at least 0. None takes the largest for which a share `purity` of the balls
        contains samples of one k-means cluster only.
    metric : {'cosine', 'euclidean'}, default=None
        The geometry; for the cosine, Euclidean distances of unit vectors, from 0 to 2.
        None is the metric of an incremental classifier of the pool, else the cosine.
    n_classes : int, default=None
        The number of clusters for the choice of the radius, at least 2. None takes the number of
        classes that the pool knows, at least 2: pass it if you know it.
    purity : float, default=0.95
        The share of balls with one cluster only, above 0 and at most 1.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random. The clusters do not
        depend on it.

    See Also
    --------
    TypiClust : Selects one sample for each cluster.
    KCenterGreedy : Covers all of the pool, outliers included.

    Notes
    -----
    `utilities` are numbers of samples. Of candidates that count for themselves alone, the one
    farthest from all labelled samples is chosen first, as by `KCenterGreedy`. When all candidates
    are covered, those that the fewest balls cover count as not covered. Skipped samples are not
    counted. The only component of `terms` is 'number of neighbours without cover'.

    Cost: O(n_samples² · n_features) once for each radius, in blocks, and then O(pairs within a
    ball) for each sample chosen. Of more than 10,000 samples, 10,000 drawn ones are counted for
    all; fewer, if balls are so large that more than 16 million pairs would be stored (128 MiB). The
    radius is chosen on 2048 drawn samples. The pool keeps the pairs of one radius at a time.

    References
    ----------
    O. Yehuda, A. Dekel, G. Hacohen and D. Weinshall, "Active learning through a covering lens",
    NeurIPS 2022.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.strategies import ProbCover
    >>> pool = Pool([[0.0], [1.0], [2.0], [7.0], [8.0]])
    >>> ProbCover(1.0, metric="euclidean").select(pool, 2)
    (array([1, 3]), array([3., 2.]))
    """

    _component_name = "number of neighbours without cover"

    def __init__(
        self,
        radius: float | None = None,
        *,
        metric: str | None = None,
        n_classes: int | None = None,
        purity: float = 0.95,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.radius = radius
        self.metric = metric
        self.n_classes = n_classes
        self.purity = purity

    def utilities(self, pool: PoolView) -> np.ndarray:
        whole = pool.whole
        if pool.n_candidates == 0:
            return np.zeros(0)
        balls = self._balls(whole)
        picked = pool.picked
        known = np.append(whole.labeled, np.asarray(picked, dtype=np.intp))
        n_covers = np.asarray(balls.pairs[known].sum(axis=0)).ravel()
        outside, _ = whole.labeled_outside()
        if outside is not None:
            n_covers += balls.covers_of(outside, in_memory(whole.X), self._metric(whole))
        is_open = np.zeros(whole.n_samples, dtype=bool)
        is_open[whole.candidates] = True
        is_open[picked] = False
        is_open = is_open[balls.counted]
        least = n_covers[is_open].min(initial=np.inf)
        wanted = (is_open & (n_covers == least)).astype(balls.pairs.dtype)
        return (balls.pairs @ wanted)[pool.candidates].astype(np.float64)

    def best(self, batch: PoolView) -> tuple[np.ndarray, float]:
        places, utility = super().best(batch)
        if utility > 1 or len(places) == 1:
            return places, utility
        # Candidates that are alone in their balls are equal. By position, a pool that is sorted by
        # class would be queried class by class.
        distances = KCenterGreedy(self._metric(batch)).utilities(batch)[places]
        return places[distances == distances.max()], utility

    def _metric(self, pool: PoolView) -> str:
        return chosen_metric(self, pool, GEOMETRIES)[0]

    def _balls(self, pool: PoolView) -> Balls:
        metric = self._metric(pool)
        if self.radius is not None:
            radius = check_number(self, "radius", self.radius)
        else:
            radius = self._chosen_radius(pool)
        # Each new class changes the radius; the pairs of the previous radius are discarded.
        kept = pool.cached(("ProbCover", metric), dict[float, Balls])
        if radius not in kept:
            balls = balls_of(in_memory(pool.X), metric, radius)
            kept.clear()
            kept[radius] = balls
        return kept[radius]

    def _chosen_radius(self, pool: PoolView) -> float:
        purity = check_number(self, "purity", self.purity, exclusive=True)
        if purity > 1:
            raise ValueError(
                "The 'purity' parameter of ProbCover must be a share of at most 1. "
                f"Got {shown(self.purity)} instead."
            )
        if self.n_classes is None:
            n_classes = max(len(pool.classes_), 2)
        else:
            n_classes = check_integer(self, "n_classes", self.n_classes, minimum=2)
        metric = self._metric(pool)
        key = ("ProbCover radius", metric, n_classes, purity)
        clusters = clusters_of(pool, n_classes, metric)
        return pool.cached(
            key,
            lambda: pure_radius(in_memory(pool.X), metric, clusters.labels, purity),
            shared=True,
        )


@dataclass(frozen=True, eq=False)
class Balls:
    """The pairs of samples within one radius of each other.

    Attributes
    ----------
    radius : float
        The radius.
    counted : ndarray of int of shape (n_counted,)
        The samples whose cover is counted, ascending.
    pairs : CSR matrix of shape (n_samples, n_counted)
        1 if the ball of a sample contains another sample, or itself.
    """

    radius: float
    counted: np.ndarray
    pairs: sp.csr_matrix

    def covers_of(self, outside: Any, X: Any, metric: str) -> np.ndarray:
        """Return the number of balls around rows from outside that contain each counted sample."""
        n_outside, inside = outside.shape[0], X[self.counted]
        points = Points(concatenate_rows(outside, inside), metric)
        others = np.arange(n_outside, n_outside + len(self.counted))
        n_covers = np.zeros(len(self.counted))
        for block in row_blocks(n_outside, 16 * len(others)):
            squared = points.squared_distances(np.arange(n_outside)[block], others)
            n_covers += (squared <= self.radius**2).sum(axis=0)
        return n_covers


def balls_of(X: Any, metric: str, radius: float) -> Balls:
    """Return the pairs of samples that are no farther apart than a radius."""
    points, n_samples = Points(X, metric), X.shape[0]
    counted = drawn(n_samples, N_COUNTED)
    tried = drawn(n_samples, N_TRIED)
    n_pairs = sum(row.nnz for row in _pairs(points, tried, counted, radius))
    n_pairs *= n_samples / len(tried)
    if n_pairs > N_PAIRS:
        counted = drawn(n_samples, max(int(len(counted) * N_PAIRS / n_pairs), 1))
    pairs = sp.vstack(list(_pairs(points, np.arange(n_samples), counted, radius)), format="csr")
    return Balls(radius, counted, pairs)


def pure_radius(X: Any, metric: str, labels: np.ndarray, purity: float) -> float:
    """Return the largest radius for which a share of the balls contains one label only."""
    points, tried, others = Points(X, metric), drawn(X.shape[0], N_TRIED), np.arange(X.shape[0])
    nearest = np.empty(len(tried))
    for block in row_blocks(len(tried), 16 * len(others)):
        squared = points.squared_distances(tried[block], others)
        squared[labels[tried[block]][:, np.newaxis] == labels] = np.inf
        nearest[block] = squared.min(axis=1)
    # This many balls may contain another cluster; the next one may not.
    n_impure = int((1.0 - purity) * len(tried) + 1e-9)
    squared_radius = np.partition(nearest, n_impure)[n_impure]
    if not np.isfinite(squared_radius):
        # One cluster only: all samples are equal.
        return 0.0
    return float(np.nextafter(np.float32(np.sqrt(squared_radius)), np.float32(0)))


def drawn(n_samples: int, n_drawn: int) -> np.ndarray:
    """Return positions, ascending: all of them or as many as wanted, the same each time."""
    if n_samples <= n_drawn:
        return np.arange(n_samples)
    return np.sort(np.random.default_rng(0).choice(n_samples, n_drawn, replace=False))


def _pairs(points: Points, rows: np.ndarray, others: np.ndarray, radius: float) -> Any:
    for block in row_blocks(len(rows), 16 * len(others)):
        within = points.squared_distances(rows[block], others) <= radius**2
        yield sp.csr_matrix(within, dtype=np.float32)
