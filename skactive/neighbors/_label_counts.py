"""The probability of each label of the samples of a pool, updated after each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from skactive._contracts._posterior_source import RowFunction
from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Space, space_key
from skactive._engine.exact_search import search
from skactive._engine.kept_posterior import KeptPosterior
from skactive._engine.labeled_samples import LabeledSamples
from skactive.neighbors._label_tables import LabelTables, answered_alike, counted

if TYPE_CHECKING:
    from skactive.neighbors._multi_label import IncrementalMultiLabelKNeighbors


class NeighborLabels(KeptPosterior):
    """The probability of each label, for all samples of a pool.

    An answer changes the counts of the samples that have it among their nearest, and the tables of
    all labels. While some labels are not answered, all counts are made again after each answer.

    Parameters
    ----------
    classifier : IncrementalMultiLabelKNeighbors
        The classifier whose parameters are used. They may change between two calls.
    pool : Pool
        The pool.
    """

    def __init__(self, classifier: IncrementalMultiLabelKNeighbors, pool: Any) -> None:
        self._classifier = classifier
        self._pool = pool
        self._counts = np.empty((0, 0), dtype=np.intp)
        self._tables: list[tuple[np.ndarray, LabelTables]] = []
        self._derived: dict[RowFunction, np.ndarray] = {}
        # What the counts were made by.
        self._state: tuple[Any, ...] = ()
        self._is_stale = True

    @property
    def classes(self) -> np.ndarray:
        return np.asarray(self._pool.classes_)

    @property
    def neighbors_params(self) -> dict[str, Any]:
        names = ("n_neighbors", "metric", "metric_params")
        return {name: getattr(self._classifier, name) for name in names}

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        if not self._sync():
            return None
        probabilities = np.empty((len(positions), self._counts.shape[1]))
        for columns, tables in self._tables:
            probabilities[:, columns] = tables.probabilities(
                self._counts[np.ix_(positions, columns)]
            )
        return probabilities

    def _of_all(self, function: RowFunction) -> np.ndarray | None:
        # An answer changes the tables, and with them the values of all samples.
        if not self._sync():
            return None
        if function not in self._derived:
            rows = self.rows(np.arange(len(self._counts)))
            self._derived[function] = np.empty(0) if rows is None else function(rows)
        return self._derived[function]

    def labels_changed(self) -> None:
        self._is_stale = True

    def held_out(self) -> np.ndarray | None:
        X, y = self._pool.labeled_samples()
        if len(y) < 2:
            return None
        return clone(self._classifier).set_params(max_labeled=None).fit(X, y).held_out()

    def _sync(self) -> bool:
        """Update counts and tables; return whether there are labels."""
        labeled = self._pool.book.store
        if labeled is None or len(labeled) == 0 or len(labeled.classes) == 0:
            return False
        classifier = self._classifier
        state = (
            classifier.n_neighbors,
            classifier.smoothing,
            space_key(classifier.metric, classifier.metric_params),
            self._pool.n_samples,
            tuple(labeled.classes.tolist()),
            bool((labeled.encoded >= 0).all()),
        )
        if not self._is_stale and state == self._state:
            return True
        if state != self._state:
            classifier.check_parameters()
        if state[-1]:
            self._count_kept(labeled, is_new=state != self._state)
        else:
            self._count_answered(labeled)
        self._state, self._is_stale = state, False
        self._derived.clear()
        return True

    def _count_kept(self, labeled: LabeledSamples, *, is_new: bool) -> None:
        """Count by the nearest labelled samples that the pool keeps.

        The neighbours of a labelled sample are the others of its K + 1 nearest, or its K nearest,
        if copies of the sample come before itself.
        """
        classifier, pool = self._classifier, self._pool
        k, labels = classifier.n_neighbors, labeled.labels_by_id()
        distances = pool.geometry.labeled_distances(classifier.metric, classifier.metric_params)
        nearest, more = distances.nearest(k), distances.nearest(k + 1)
        if is_new or len(self._counts) != len(nearest.has_changed):
            nearest.has_changed[:] = True
            self._counts = np.empty((len(nearest.has_changed), labels.shape[1]), dtype=np.intp)
        rows = np.flatnonzero(nearest.has_changed)
        for block in row_blocks(len(rows), 8 * k * labels.shape[1]):
            part = rows[block]
            self._counts[part] = counted(labels, nearest.ids[part])
        nearest.has_changed[:] = False
        positions, outside = pool.labeled, pool.book.outside_ids()
        own = pool.book.positions.ids(positions)
        few, is_own = nearest.ids[positions], own[:, np.newaxis]
        counts = [counted(labels, few)]
        is_among = (few == is_own).any(axis=1)
        of_more = counted(labels, more.ids[positions]) - (labels[own] > 0)
        counts[0][is_among] = of_more[is_among]
        y = [labels[own]]
        if len(outside):
            slots = labeled.slots(outside)
            space = Space(classifier.metric, classifier.metric_params)
            _, found = search(
                space,
                labeled.rows[slots],
                labeled.rows,
                k,
                precedence=labeled.precedence,
                exclude=slots,
            )
            counts.append(counted(labels, labeled.ids[found]))
            y.append(labels[outside])
        tables = LabelTables.of(
            np.concatenate(y), np.concatenate(counts), k, float(classifier.smoothing)
        )
        self._tables = [(np.arange(labels.shape[1]), tables)]

    def _count_answered(self, labeled: LabeledSamples) -> None:
        """Count the nearest labelled samples in which each label is answered."""
        classifier, rows = self._classifier, self._pool.geometry.rows
        space = Space(classifier.metric, classifier.metric_params)
        self._counts = np.zeros((len(rows), len(labeled.classes)), dtype=np.intp)
        self._tables = []
        for group in answered_alike(space, labeled, classifier.n_neighbors):
            self._tables.append((group.columns, group.tables(float(classifier.smoothing))))
            self._counts[:, group.columns] = group.counts(rows)
