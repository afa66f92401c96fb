"""The vote after each stored sample, changed only where the sample is among the nearest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import get_config
from sklearn.base import clone

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space
from skactive._engine.exact_search import choose_nearest
from skactive._engine.labeled_samples import LabeledSamples

if TYPE_CHECKING:
    from skactive.neighbors._classifier import IncrementalKNeighborsClassifier

RowFunction = Callable[[np.ndarray], np.ndarray]

# So many samples are taken in at once, at most: votes are taken for all of them in one go.
STAGES_AT_ONCE = 32


def staged(
    classifier: IncrementalKNeighborsClassifier,
    labeled: LabeledSamples,
    queries: Rows,
    of_rows: RowFunction,
) -> Iterator[np.ndarray]:
    """Yield a row-wise function of the probabilities after each stored sample, by age.

    A sample that arrives changes the vote of the queries that have it among their nearest, about
    n_neighbors / i of them for the i-th; only they vote again. All vote again while fewer than
    n_neighbors are stored, and where a class is met for the first time, since both change the
    share of the prior.

    Parameters
    ----------
    classifier : IncrementalKNeighborsClassifier
        Its metric and its vote.
    labeled : LabeledSamples
        The stored samples. What is needed of them is copied at the start.
    queries : Rows
        The samples to predict.
    of_rows : callable
        Takes probabilities of shape (n, n_classes) to an array of length n, row by row.
    """
    by_age = np.argsort(labeled.ids)
    stored, codes, classes = labeled.rows[by_age], labeled.codes[by_age], labeled.classes
    known = np.isin(classes, [] if labeled.declared is None else labeled.declared)
    space = Space(classifier.metric, classifier.metric_params)
    nearest = _StagedNearest(classifier.n_neighbors, space, stored, codes, queries)
    return _stages(nearest, _StagedVote(classifier, codes, of_rows), codes, known)


def replayed(
    classifier: IncrementalKNeighborsClassifier, method: str, X: Any
) -> Iterator[np.ndarray]:
    """Yield what a method says after each stored sample, all taught anew: the plain way.

    For subclasses in which a stage is not the vote of the samples stored until then.
    """
    samples, labels = classifier.labeled_samples()
    declared, classes = classifier.declared_classes_, classifier.classes_
    replica = clone(classifier)
    if labels is None:
        return
    for place in range(len(labels)):
        one = slice(place, place + 1)
        if place == 0 and declared is not None:
            replica.partial_fit(samples[one], labels[one], classes=declared)
        else:
            replica.add_labeled(samples[one], labels[one])
        said = getattr(replica, method)(X)
        yield said if said.ndim == 1 else _among(classes, replica.classes_, said)


def _among(classes: np.ndarray, known: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return probabilities of some classes as columns among all, 0 for the others."""
    if len(known) == len(classes):
        return probabilities
    among = np.zeros((len(probabilities), len(classes)))
    among[:, np.searchsorted(classes, known)] = probabilities
    return among


def _stages(
    nearest: _StagedNearest, vote: _StagedVote, codes: np.ndarray, known: np.ndarray
) -> Iterator[np.ndarray]:
    n_neighbors, current = nearest.n_neighbors, np.empty(0)
    for columns in row_blocks(len(codes), 32 * nearest.n_queries):
        nearest.compare(columns)
        start = columns.start
        while start < columns.stop:
            stop = start + 1
            # Who has fewer neighbours than may vote, or one class more, votes anew in any case.
            everybody = start < n_neighbors or not known[codes[start]]
            known[codes[start]] = True
            if not everybody:
                limit = min(columns.stop, start + nearest.stages_at_once(start))
                while stop < limit and known[codes[stop]]:
                    stop += 1
            stages, places, compared, whose = nearest.take_in(start, stop)
            if everybody:
                width = min(stop, n_neighbors)
                current = vote(*nearest.all(width), known)
                yield current.copy()
            else:
                values = vote(compared, whose, known)
                begin = 0
                for end in np.searchsorted(stages, np.arange(stop - start), side="right"):
                    current[places[begin:end]] = values[begin:end]
                    begin = end
                    yield current.copy()
            start = stop


class _StagedVote:
    """The vote of neighbours, some classes of which are not known yet."""

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

    def __call__(self, compared: np.ndarray, whose: np.ndarray, known: np.ndarray) -> np.ndarray:
        distances, codes = self._finish(compared), self._codes[whose]
        if known.all():
            return self._of_rows(self._vote(distances, codes, len(known)))
        probabilities = np.zeros((len(compared), len(known)))
        compact = np.cumsum(known) - 1
        probabilities[:, known] = self._vote(distances, compact[codes], int(known.sum()))
        return self._of_rows(probabilities)


class _StagedNearest:
    """The nearest stored samples of every query, among those taken in so far.

    Arrays have a row for each place among the nearest, from the nearest on: an arrival is held
    against the last row, and moves through the others.
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
        self._held = np.full(shape, np.inf, dtype=dtype)
        self._whose = np.full(shape, -1, dtype=np.intp)
        self._rank = np.empty(len(codes), dtype=np.intp)
        self._rank[np.argsort(codes, kind="stable")] = np.arange(len(codes))

    @property
    def n_queries(self) -> int:
        return len(self._queries)

    def stages_at_once(self, start: int) -> int:
        """Return how many samples to take in next, so that few come to one query."""
        allowed = get_config()["working_memory"] * 2**20
        fitting = allowed / max(1, self.n_queries * 64 * len(self._held))
        return int(max(1, min(fitting, start // 3, STAGES_AT_ONCE)))

    def compare(self, columns: slice) -> None:
        """Compute the distances of all queries to some of the stored samples."""
        self._first, stored = columns.start, self._stored[columns]
        self._compared = np.empty((self.n_queries, len(stored)), dtype=self._held.dtype)
        features = 0 if self._space.by_product else 8 * stored.n_features
        for block in row_blocks(self.n_queries, 40 * len(stored) + features):
            self._compared[block] = self._space.compare(self._queries[block], stored)

    def all(self, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest of all queries, shape (n_queries, width)."""
        return self._held[:width].T, self._whose[:width].T

    def take_in(self, start: int, stop: int) -> tuple[np.ndarray, ...]:
        """Take in samples, and return who came among whose nearest.

        Returns
        -------
        stages, places : ndarrays of shape (n_changes,)
            Which sample it was, counted from `start`, and which query. By stage.
        compared, whose : ndarrays of shape (n_changes, n_neighbors)
            The nearest of the query from then on.
        """
        arrived = self._compared[:, start - self._first : stop - self._first]
        reach = self._held[-1] + self._slack
        places, stages = np.nonzero(arrived <= reach[:, np.newaxis])
        compared = np.empty((len(self._held), len(places)), dtype=self._held.dtype)
        whose = np.empty(compared.shape, dtype=np.intp)
        # What comes to one query goes one after the other, all queries at the same time.
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        in_turn = np.diff(firsts, append=len(places))
        while len(firsts):
            who, stage = places[firsts], stages[firsts]
            compared[:, firsts], whose[:, firsts] = self._insert(
                who, arrived[who, stage], start + stage
            )
            more = in_turn > 1
            firsts, in_turn = firsts[more] + 1, in_turn[more] - 1
        order = np.argsort(stages, kind="stable")
        compared, whose = compared.take(order, axis=1), whose.take(order, axis=1)
        return stages[order], places[order], compared.T, whose.T

    def _insert(
        self, places: np.ndarray, values: np.ndarray, arrivals: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        held, whose = self._held.take(places, axis=1), self._whose.take(places, axis=1)
        stays = values >= held
        now, whose_now = np.where(stays, held, values), np.where(stays, whose, arrivals)
        # Behind the place where the arrival goes in, everybody moves on by one.
        now[1:] = np.where(stays[:-1], now[1:], held[:-1])
        whose_now[1:] = np.where(stays[:-1], whose_now[1:], whose[:-1])
        left_out = np.maximum(values, held[-1])
        contested = np.flatnonzero(
            (left_out <= now[-1] + self._slack[places]) & np.isfinite(left_out)
        )
        if len(contested):
            kept, chosen = choose_nearest(
                np.vstack([held[:, contested], values[contested]]).T,
                np.vstack([whose[:, contested], arrivals[contested]]).T,
                len(held),
                space=self._space,
                A=self._queries[places[contested]],
                B=self._stored,
                precedence=lambda: self._rank,
            )
            now[:, contested], whose_now[:, contested] = kept.T, chosen.T
        self._held[:, places], self._whose[:, places] = now, whose_now
        return now, whose_now
