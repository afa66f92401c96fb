"""The vote after each stored sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import get_config
from sklearn.base import clone

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.exact_search import choose_nearest
from skactive._engine.label_arrays import is_among, of_all_classes
from skactive._engine.labeled_samples import LabeledSamples

if TYPE_CHECKING:
    from skactive.neighbors._classifier import IncrementalKNeighborsClassifier
    from skactive.neighbors._sample_store import SampleStoringEstimator

RowFunction = Callable[[np.ndarray], np.ndarray]

# Maximum number of samples whose votes are computed in one call.
STAGES_AT_ONCE = 32


def staged(
    classifier: IncrementalKNeighborsClassifier,
    labeled: LabeledSamples,
    queries: Rows,
    of_rows: RowFunction,
) -> Iterator[np.ndarray]:
    """Yield a row-wise function of the probabilities after each stored sample, oldest first.

    A new sample changes the votes only of the queries that have it among their nearest: about
    n_neighbors / i of them for the i-th sample. Only these votes are computed again. All votes are
    computed again while fewer than n_neighbors samples are stored, and for the first sample of a
    class, since both change the share of the prior.

    Parameters
    ----------
    classifier : IncrementalKNeighborsClassifier
        The classifier whose metric and vote are used.
    labeled : LabeledSamples
        The stored samples. They are copied at the start.
    queries : Rows
        The samples to predict.
    of_rows : callable
        Maps probabilities of shape (n, n_classes) to an array of length n, row by row.
    """
    by_age = np.argsort(labeled.ids)
    stored, codes, classes = labeled.rows[by_age], labeled.codes[by_age], labeled.classes
    known = is_among(classes, [] if labeled.declared is None else labeled.declared)
    space = Space(classifier.metric, classifier.metric_params)
    nearest = _StagedNearest(classifier.n_neighbors, space, stored, codes, queries)
    return _stages(nearest, _StagedVote(classifier, codes, of_rows), codes, known)


def staged_means(
    space: Space,
    labeled: LabeledSamples,
    queries: Rows,
    n_neighbors: int,
    mean: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Iterator[np.ndarray]:
    """Yield the mean of the nearest labels after each stored sample, oldest first.

    Parameters
    ----------
    space : Space
        The metric.
    labeled : LabeledSamples
        The stored samples. They are copied at the start.
    queries : Rows
        The samples to predict.
    n_neighbors : int
        Number of neighbours.
    mean : callable
        Maps distances and labels of shape (n, n_neighbors) to an array of length n, row by row.
    """
    by_age = np.argsort(labeled.ids)
    stored, values = labeled.rows[by_age], labeled.labels[by_age]
    ranks = labeled.ranks()[by_age]
    nearest = _StagedNearest(n_neighbors, space, stored, ranks, queries)
    # For the stages, all labels are of one class, which is known.
    one_class, known = np.zeros(len(values), dtype=np.intp), np.array([True])

    def means(compared: np.ndarray, neighbors: np.ndarray, _: np.ndarray) -> np.ndarray:
        return mean(space.finish(compared), values[neighbors])

    return _stages(nearest, means, one_class, known)


def replayed(classifier: SampleStoringEstimator, method: str, X: Any) -> Iterator[np.ndarray]:
    """Yield the results of a method of a clone, to which the stored samples are added one by one.

    For classifiers whose stages are not the vote of the samples stored until then.
    """
    samples, labels = classifier.labeled_samples()
    # A regressor has no classes.
    declared = getattr(classifier, "declared_classes_", None)
    classes = getattr(classifier, "classes_", None)
    replica = clone(classifier)
    if labels is None:
        return
    for place in range(len(labels)):
        one = slice(place, place + 1)
        if place == 0 and declared is not None:
            replica.partial_fit(samples[one], labels[one], classes=declared)
        else:
            replica.add_labeled(samples[one], labels[one])
        result = getattr(replica, method)(X)
        if result.ndim > 1 and classes is not None:
            result = of_all_classes(result, replica.classes_, classes)
        yield result


def _stages(
    nearest: _StagedNearest,
    vote: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    codes: np.ndarray,
    known: np.ndarray,
) -> Iterator[np.ndarray]:
    """Yield the votes of all queries after each stored sample."""
    n_neighbors, current = nearest.n_neighbors, np.empty(0)
    for columns in row_blocks(len(codes), 32 * nearest.n_queries):
        nearest.compare(columns)
        start = columns.start
        while start < columns.stop:
            stop = start + 1
            # One neighbour more or one class more changes the vote of each query.
            all_change = start < n_neighbors or not known[codes[start]]
            known[codes[start]] = True
            if not all_change:
                limit = min(columns.stop, start + nearest.stages_at_once(start))
                while stop < limit and known[codes[stop]]:
                    stop += 1
            stages, queries, compared, neighbors = nearest.add(start, stop)
            if all_change:
                width = min(stop, n_neighbors)
                current = vote(*nearest.all(width), known)
                yield current.copy()
            else:
                values = vote(compared, neighbors, known)
                begin = 0
                for end in np.searchsorted(stages, np.arange(stop - start), side="right"):
                    current[queries[begin:end]] = values[begin:end]
                    begin = end
                    yield current.copy()
            start = stop


class _StagedVote:
    """The vote of neighbours while some classes are not known yet."""

    def __init__(
        self,
        classifier: IncrementalKNeighborsClassifier,
        codes: np.ndarray,
        of_rows: RowFunction,
    ) -> None:
        self._vote = classifier.vote
        self._finish = Space(classifier.metric, classifier.metric_params).finish
        self._codes = codes
        self._of_rows = of_rows

    def __call__(
        self, compared: np.ndarray, neighbors: np.ndarray, known: np.ndarray
    ) -> np.ndarray:
        distances, codes = self._finish(compared), self._codes[neighbors]
        if known.all():
            return self._of_rows(self._vote(distances, codes, len(known)))
        probabilities = np.zeros((len(compared), len(known)))
        compact = np.cumsum(known) - 1
        probabilities[:, known] = self._vote(distances, compact[codes], int(known.sum()))
        return self._of_rows(probabilities)


class _StagedNearest:
    """The nearest stored samples of each query, among the samples added so far.

    The arrays have shape (n_neighbors, n_queries), nearest first. A new sample is compared with
    the last row.
    """

    def __init__(
        self, n_neighbors: int, space: Space, stored: Rows, codes: np.ndarray, queries: Rows
    ) -> None:
        self.n_neighbors = n_neighbors
        self._space = space
        self._stored = stored
        self._queries = queries
        self._slack = 2 * np.broadcast_to(space.rounding(queries, stored), len(queries))
        dtype = np.result_type(queries.dtype, stored.dtype)
        shape = (min(n_neighbors, len(stored)), len(queries))
        self._nearest = np.full(shape, np.inf, dtype=dtype)
        self._neighbors = np.full(shape, -1, dtype=np.intp)
        self._rank = np.empty(len(codes), dtype=np.intp)
        self._rank[np.argsort(codes, kind="stable")] = np.arange(len(codes))

    @property
    def n_queries(self) -> int:
        return len(self._queries)

    def stages_at_once(self, start: int) -> int:
        """Return the number of samples to add next, so that a query gets few of them."""
        allowed = get_config()["working_memory"] * 2**20
        fitting = allowed / max(1, self.n_queries * 64 * len(self._nearest))
        return int(max(1, min(fitting, start // 3, STAGES_AT_ONCE)))

    def compare(self, columns: slice) -> None:
        """Compute the distances of all queries to some of the stored samples."""
        self._first, stored = columns.start, self._stored[columns]
        self._compared = np.empty((self.n_queries, len(stored)), dtype=self._nearest.dtype)
        features = 0 if self._space.by_product else 8 * stored.n_features
        for block in row_blocks(self.n_queries, 40 * len(stored) + features):
            self._compared[block] = self._space.compare(self._queries[block], stored)

    def all(self, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest of all queries, shape (n_queries, width)."""
        return self._nearest[:width].T, self._neighbors[:width].T

    def add(self, start: int, stop: int) -> tuple[np.ndarray, ...]:
        """Add samples, and return the queries with new neighbours.

        Returns
        -------
        stages, queries : ndarray of int of shape (n_changes,)
            Positions of the added sample, counted from `start`, and of the query. Sorted by stage.
        compared, neighbors : ndarray of shape (n_changes, n_neighbors)
            The nearest of the query after the stage.
        """
        added = self._compared[:, start - self._first : stop - self._first]
        reach = self._nearest[-1] + self._slack
        queries, stages = np.nonzero(added <= reach[:, np.newaxis])
        compared = np.empty((len(self._nearest), len(queries)), dtype=self._nearest.dtype)
        neighbors = np.empty(compared.shape, dtype=np.intp)
        # The first new sample of each query is inserted, for all queries at once, then the second.
        firsts = np.flatnonzero(np.diff(queries, prepend=-1))
        n_left = np.diff(firsts, append=len(queries))
        while len(firsts):
            rows, stage = queries[firsts], stages[firsts]
            compared[:, firsts], neighbors[:, firsts] = self._insert(
                rows, added[rows, stage], start + stage
            )
            more = n_left > 1
            firsts, n_left = firsts[more] + 1, n_left[more] - 1
        order = np.argsort(stages, kind="stable")
        compared, neighbors = compared.take(order, axis=1), neighbors.take(order, axis=1)
        return stages[order], queries[order], compared.T, neighbors.T

    def _insert(
        self, queries: np.ndarray, values: np.ndarray, samples: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Insert one sample into the nearest of each query, and return these."""
        old, old_neighbors = (
            of_all.take(queries, axis=1) for of_all in (self._nearest, self._neighbors)
        )
        stays = values >= old
        new = np.where(stays, old, values)
        neighbors = np.where(stays, old_neighbors, samples)
        # The neighbours behind the new sample move back by one row.
        new[1:] = np.where(stays[:-1], new[1:], old[:-1])
        neighbors[1:] = np.where(stays[:-1], neighbors[1:], old_neighbors[:-1])
        left_out = np.maximum(values, old[-1])
        tied = np.flatnonzero((left_out <= new[-1] + self._slack[queries]) & np.isfinite(left_out))
        if len(tied):
            kept, chosen = choose_nearest(
                np.vstack([old[:, tied], values[tied]]).T,
                np.vstack([old_neighbors[:, tied], samples[tied]]).T,
                len(old),
                space=self._space,
                A=self._queries[queries[tied]],
                B=self._stored,
                precedence=lambda: self._rank,
            )
            new[:, tied], neighbors[:, tied] = kept.T, chosen.T
        self._nearest[:, queries], self._neighbors[:, queries] = new, neighbors
        return new, neighbors
