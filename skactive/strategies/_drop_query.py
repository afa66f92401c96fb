"""Candidates whose predictions are inconsistent under dropout: DropQuery."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from skactive._engine.blocks import row_blocks
from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.cold_start import (
    cold_start_utilities,
    has_two_classes,
    posterior_of_classes,
)
from skactive._engine.features import in_memory
from skactive._estimators import check_classifier
from skactive._few_labels import fitted_copy
from skactive._random_state import random_numbers
from skactive._validation import check_integer, check_number
from skactive.base import Classifier, PoolView
from skactive.measures import Entropy
from skactive.strategies._badge import SpannedLogisticRegression, squared_norms
from skactive.strategies._base import QueryStrategy
from skactive.strategies._support.clusters import GEOMETRIES, clusters_of_rows, rounded_up

# Rounded so that equal samples get equal distances and predictions.
DECIMALS = 9


class DropQuery(QueryStrategy):
    """Choose typical candidates among those with predictions that dropout changes.

    Dropout sets features of a sample to 0 at random. If the prediction for a candidate then
    changes in most of several trials, the candidate is near a border between classes. Such
    candidates are clustered by k-means, and the ones nearest to the centres are chosen, so that
    a query is uncertain, and yet typical and diverse.

    Parameters
    ----------
    probe : classifier, default=None
        The classifier whose predictions are compared. A copy is fitted to the features of the
        labelled samples, scaled to a mean square norm of 1 over the pool. None takes
        ``LogisticRegression(C=10)``, a linear classifier as in the paper.
    rate : float, default=0.75
        Probability that a feature is dropped, at least 0 and below 1. The others are divided by
        1 - `rate`.
    n_trials : int, default=3
        Number of trials, at least 1. A candidate is inconsistent if its prediction changes in
        more than half of them.
    n_clusters : int, default=20
        Number of clusters of a query, at least 1. A batch of more samples has more.
    metric : {'cosine', 'euclidean'}, default=None
        The geometry of the clusters; for the cosine, Euclidean distances of unit vectors.
        None is the metric of an incremental classifier of the pool, else the cosine.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random. It is also the seed of
        the dropout; None drops as 0 does.

    See Also
    --------
    QueryByCommittee : Compares the predictions of several classifiers.
    TypiClust : Clusters the whole pool.

    Notes
    -----
    In the paper a batch has one sample of each cluster, and as many clusters as samples. So it is
    here for `n_clusters` samples. A single cluster would make each query of one sample the mean of
    all inconsistent candidates, which is far below random sampling (0.38 against 0.75, the mean
    accuracy of nearest neighbours with up to 100 labels of digits). Therefore a smaller query is a
    part of such a batch. The first clusters are those with the fewest picked samples, of these the
    ones with the fewest labelled samples, then the largest. In a larger batch there are as many
    clusters as samples, rounded up to two binary digits. If fewer candidates than requested are
    inconsistent, those with the next largest number of changes are clustered after them.

    The features that are dropped follow from the values of a sample, the number of labels and the
    seed, not from its position: equal samples are equally consistent, and other features are
    dropped after each answer. Predictions and distances are computed in float64 and rounded, so
    that the choices do not depend on the order of the pool. Of candidates at the same distance the
    first comes first, or a random one with a `random_state`.

    `utilities` are 1 / (1 + turn of the cluster + a share below 1 for the distance to its
    centre) for the candidates that come next, and 0 for all others. The only component of `terms`
    is "cluster's turn".

    Until labels of two classes are known, and enough for the probe, the first choice is the most
    central candidate, the next is the one farthest from all labelled samples. If only the
    probabilities of a learner are known, as for a learner of modAL without `y_training`,
    candidates with more than the mean entropy count as inconsistent.

    Cost: fitting the probe; its predictions for ``(1 + n_trials) · n_candidates`` samples; at most
    25 passes of k-means over the inconsistent candidates, O(n_features · n_clusters) for each and
    at most 5,000 of them, or 20 for each cluster. Memory: O(n_candidates · n_features) for the
    inconsistent candidates.

    References
    ----------
    S. R. Gupte, J. Aklilu, J. J. Nirschl and S. Yeung-Levy, "Revisiting active learning in the
    era of vision foundation models", TMLR 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive import Pool
    >>> from skactive.strategies import DropQuery
    >>> X, y = load_digits(return_X_y=True)
    >>> pool = Pool(X).add_labels(range(20), y[:20])
    >>> indices, utilities = DropQuery().select(pool, 3)
    >>> indices, utilities.round(2)
    (array([ 331, 1075, 1439]), array([0.85, 0.85, 0.84]))
    """

    _component_name = "cluster's turn"

    target_kinds = frozenset({"categorical"})

    def __init__(
        self,
        probe: Classifier | None = None,
        *,
        rate: float = 0.75,
        n_trials: int = 3,
        n_clusters: int = 20,
        metric: str | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.probe = probe
        self.rate = rate
        self.n_trials = n_trials
        self.n_clusters = n_clusters
        self.metric = metric

    def utilities(self, pool: PoolView) -> np.ndarray:
        self._check_parameters()
        metric, _ = chosen_metric(self, pool, GEOMETRIES)
        whole = pool.whole
        layers = pool.once_per_batch(self, lambda: self._layers(whole))
        if layers is None:
            return cold_start_utilities(pool, metric)
        return layers.utilities(pool.candidates, pool.picked)

    def _check_parameters(self) -> None:
        if self.probe is not None:
            check_classifier(self.probe, "The 'probe' parameter of DropQuery")
        check_number(self, "rate", self.rate, below=1)
        for name in ("n_trials", "n_clusters"):
            check_integer(self, name, getattr(self, name), minimum=1)

    def _layers(self, pool: PoolView) -> Layers | None:
        """Return the candidates by consistency, None if there are no predictions."""
        changes = self._changes(pool)
        if changes is None:
            return None
        metric, _ = chosen_metric(self, pool, GEOMETRIES)
        # All inconsistent candidates are in one layer, the others by their number of changes.
        levels = np.where(2 * changes > self.n_trials, self.n_trials + 1, changes)
        return Layers(pool, levels, self.n_clusters, metric)

    def _changes(self, pool: PoolView) -> np.ndarray | None:
        """Return the number of trials in which the prediction for each candidate changes."""
        if not has_two_classes(pool):
            if posterior_of_classes(pool) is None:
                return None
            entropy = Entropy().utilities(pool)
            return np.where(entropy > entropy.mean(), self.n_trials, 0)
        squares = pool.cached((DropQuery, "squares"), lambda: squared_norms(pool.X))
        scale = 1 / float(np.sqrt(squares.mean())) if squares.any() else 1.0
        predict = self._probed(pool, scale)
        if predict is None:
            return None
        candidates, seeds = pool.candidates, self._seeds(pool.n_labeled)
        changes = np.zeros(len(candidates), dtype=np.intp)
        for block in row_blocks(len(candidates), 64 * pool.X.shape[1]):
            rows = pool.X[candidates[block]].astype(np.float64)
            whole = predict(rows * scale)
            for seed in seeds:
                changes[block] += predict(dropped_out(rows, self.rate, seed) * scale) != whole
        return changes

    def _probed(self, pool: PoolView, scale: float) -> Callable[[Any], np.ndarray] | None:
        """Return the predictions of the fitted probe, None if there are too few labels for it."""
        X, y = pool.labeled_samples()
        scaled = X.astype(np.float64) * scale
        if self.probe is None:
            linear = SpannedLogisticRegression().fit(scaled, y)
            return lambda rows: np.round(linear.predict_proba(rows), DECIMALS).argmax(axis=1)
        fitted = fitted_copy(self.probe, scaled, y)
        return None if fitted is None else partial(predictions, fitted)

    def _seeds(self, n_labeled: int) -> list[np.uint64]:
        """Return a seed for each trial, others after each answer."""
        seed = 0 if self.random_state is None else self.random_state
        if not isinstance(seed, int | np.integer):
            seed = random_numbers(seed).randint(2**31 - 1)
        entropy = (int(seed), n_labeled)
        return list(np.random.SeedSequence(entropy).generate_state(self.n_trials, np.uint64))


class Layers:
    """Candidates in layers, each of them clustered when its turn comes.

    Parameters
    ----------
    pool : PoolView
        The pool.
    levels : ndarray of int of shape (n_candidates,)
        The layer of each candidate; the largest comes first.
    n_clusters : int
        The smallest number of clusters of a layer.
    metric : str
        The geometry of the clusters.
    """

    def __init__(self, pool: PoolView, levels: np.ndarray, n_clusters: int, metric: str) -> None:
        self._pool, self._candidates = pool, pool.candidates
        self._levels, self._n_clusters, self._metric = levels, n_clusters, metric
        self._kept: dict[tuple[int, int], Layer] = {}

    def utilities(self, candidates: np.ndarray, picked: np.ndarray) -> np.ndarray:
        """Return the utility of the candidates that are left after some were picked."""
        values = np.zeros(len(candidates))
        if len(candidates) == 0:
            return values
        levels = self._levels[np.searchsorted(self._candidates, candidates)]
        n_clusters = self._n_clusters
        if len(picked) >= n_clusters:
            n_clusters = rounded_up(len(picked) + 1)
        layer = self.layer(int(levels.max()), n_clusters)
        is_next = levels == levels.max()
        own = layer.labels[np.searchsorted(layer.members, picked[np.isin(picked, layer.members)])]
        n_picked = np.bincount(own, minlength=len(layer.n_labels))
        sizes = np.bincount(layer.labels, minlength=len(layer.n_labels))
        turns = np.empty(len(sizes))
        turns[np.lexsort((-sizes, layer.n_labels, n_picked))] = np.arange(len(sizes))
        places = np.searchsorted(layer.members, candidates[is_next])
        values[is_next] = 1 / (1 + turns[layer.labels[places]] + layer.shares[places])
        return values

    def layer(self, level: int, n_clusters: int) -> Layer:
        """Return the candidates of a level in clusters, found at the first call."""
        if (level, n_clusters) not in self._kept:
            members = self._candidates[self._levels == level]
            rows = in_memory(self._pool.X[members]).astype(np.float64)
            clusters = clusters_of_rows(rows, self._metric, n_clusters)
            distances = clusters.distances(rows, self._metric)
            largest = max(float(distances.max()), np.finfo(np.float64).tiny)
            shares = np.round(distances / (2 * largest), DECIMALS)
            labeled = self._pool.labeled_samples()[0].astype(np.float64)
            n_labels = clusters.count(labeled, self._metric)
            self._kept[level, n_clusters] = Layer(members, clusters.labels, shares, n_labels)
        return self._kept[level, n_clusters]


class Layer(NamedTuple):
    """Candidates in clusters.

    Attributes
    ----------
    members : ndarray of int of shape (n_members,)
        Their positions in the pool, ascending.
    labels : ndarray of int of shape (n_members,)
        Their clusters.
    shares : ndarray of shape (n_members,)
        Their distances to the centres of their clusters, scaled to a largest one of 1/2.
    n_labels : ndarray of int of shape (n_clusters,)
        The number of labelled samples of each cluster.
    """

    members: np.ndarray
    labels: np.ndarray
    shares: np.ndarray
    n_labels: np.ndarray


def predictions(classifier: Any, X: Any) -> np.ndarray:
    """Return the predictions of a classifier."""
    return np.asarray(classifier.predict(X))


def dropped_out(X: Any, rate: float, seed: np.uint64) -> Any:
    """Return rows with some features set to 0 and the others divided by ``1 - rate``.

    Which are dropped follows from the seed and the values of a row, in every form of X. A power of
    two as a factor of the values changes nothing.
    """
    is_sparse = sp.issparse(X)
    values = X.data if is_sparse else np.ascontiguousarray(X)
    n_columns = X.shape[1]
    columns = scrambled(np.arange(1, n_columns + 1, dtype=np.uint64) * STEP)
    own = columns[X.indices] if is_sparse else columns
    bits = scrambled(np.frexp(values)[0].view(np.uint64) ^ own)
    # Zeros do not count, so that sparse and dense rows are equal.
    bits = np.where(values == 0, np.uint64(0), bits)
    if is_sparse:
        rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        digests = np.zeros(X.shape[0], dtype=np.uint64)
        np.add.at(digests, rows, bits)
        of_values = digests[rows]
    else:
        of_values = bits.sum(axis=1, dtype=np.uint64)[:, np.newaxis]
    drawn = scrambled(scrambled(of_values) ^ scrambled(own + seed)) >> np.uint64(11)
    left = np.where(drawn < np.uint64(rate * 2.0**53), 0.0, values / (1 - rate))
    return sp.csr_matrix((left, X.indices, X.indptr), shape=X.shape) if is_sparse else left


# The constants of the generator SplitMix64.
STEP = np.uint64(0x9E3779B97F4A7C15)
FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def scrambled(numbers: np.ndarray) -> np.ndarray:
    """Return 64-bit numbers whose bits all depend on all bits of the given ones."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * FACTORS[0]
    numbers = (numbers ^ (numbers >> np.uint64(27))) * FACTORS[1]
    return np.asarray(numbers ^ (numbers >> np.uint64(31)))
