"""The posterior of label spreading, for nodes of the graph and for other samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.kept_posterior import CACHED_BYTES, WHOLE_SHARE, KeptPosterior, as_slice
from skactive._io.fingerprint import fingerprint

if TYPE_CHECKING:
    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._posterior_source import RowFunction
    from skactive.semi_supervised._label_spreading import IncrementalLabelSpreading


class SpreadPosterior(KeptPosterior):
    """The posterior of labels that spread along the graph of a pool, mixed with a vote.

    The samples of the pool are the first nodes of the classifier. The caller adds their labels to
    the classifier. The vote is that of the labelled samples of the pool. Each label changes the
    weights of classes and of the vote, so that all rows are evaluated again:
    O(n_samples · n_classes). Without a vote, the posterior of samples that no label has reached
    stays uniform.

    Parameters
    ----------
    classifier : IncrementalLabelSpreading
        The classifier.
    pool : Pool
        The pool.
    """

    def __init__(self, classifier: IncrementalLabelSpreading, pool: Any) -> None:
        self._classifier = classifier
        self._pool = pool
        self._vote_source: Any = classifier.voter_.posterior_source(pool)
        self._posterior: np.ndarray | None = None
        self._derived: dict[RowFunction, SpreadValues] = {}

    @property
    def classes(self) -> np.ndarray:
        return self._classifier.classes_

    @property
    def neighbors_params(self) -> dict[str, Any]:
        return dict(self._vote_source.neighbors_params)

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        if self._posterior is None and self._has_labels():
            n_samples = self._pool.n_samples
            self._posterior = np.empty((n_samples, len(self._classifier.classes_)), order="F")
            for rows, posterior in self._blocks(np.arange(n_samples), self._votes()):
                self._posterior[rows] = posterior
        return None if self._posterior is None else self._posterior[positions]

    def labels_changed(self) -> None:
        self._vote_source.labels_changed()
        self._posterior = None
        for derived in self._derived.values():
            derived.is_stale = True

    def held_out(self) -> np.ndarray | None:
        vote = self._vote_source.held_out()
        if vote is None:
            return None
        n_outside = len(vote) - len(self._pool.labeled)
        nodes = np.concatenate([self._pool.n_samples + np.arange(n_outside), self._pool.labeled])
        return self._classifier.mixed(self._classifier.held_out_distributions(nodes), vote)

    def _of_all(self, function: RowFunction) -> np.ndarray | None:
        if not self._has_labels():
            return None
        if function not in self._derived or self._derived[function].is_stale:
            self._derived[function] = self._evaluated(function, self._derived.get(function))
        return self._derived[function].values

    def _has_labels(self) -> bool:
        return len(self._pool.classes_) > 0 and len(self._classifier.classes_) > 0

    def _evaluated(self, function: RowFunction, before: SpreadValues | None) -> SpreadValues:
        """Return a function of the probabilities, evaluated for the rows that may have changed."""
        n_samples = self._pool.n_samples
        votes, n_classes = self._votes(), len(self._classifier.classes_)
        is_reached = self._classifier.is_reached()[:n_samples].copy()
        if before is not None and votes is None and before.n_classes == n_classes:
            values, rows = before.values, np.flatnonzero(before.is_reached | is_reached)
        else:
            values, rows = np.empty(n_samples), np.arange(n_samples)
        if len(rows) > WHOLE_SHARE * len(values):
            rows = np.arange(len(values))
        for some, posterior in self._blocks(rows, votes):
            values[some] = function(posterior)
        return SpreadValues(values, is_reached, None if votes is not None else n_classes)

    def _votes(self) -> np.ndarray | None:
        # The caller may have labelled only the pool, or only the classifier.
        same = np.array_equal(self._classifier.classes_, self._pool.classes_)
        if not same or self._classifier.half_vote is None:
            return None
        votes: np.ndarray | None = self._vote_source.of_every_sample()
        return votes

    def _blocks(
        self, rows: np.ndarray, votes: np.ndarray | None
    ) -> Iterator[tuple[np.ndarray | slice, np.ndarray]]:
        """Yield the posterior of ascending rows in blocks that fit into the processor's cache."""
        for block in row_blocks(len(rows), CACHED_BYTES):
            some = as_slice(rows[block])
            spread = self._classifier.spread_distributions(some)
            yield some, self._classifier.mixed(spread, None if votes is None else votes[some])


@dataclass
class SpreadValues:
    """Values of a function of the posterior of all samples.

    `is_reached` marks the samples that a label has reached. Without a vote, the posterior of all
    others was uniform. With a vote, `n_classes` is None.
    """

    values: np.ndarray
    is_reached: np.ndarray
    n_classes: int | None
    is_stale: bool = False


class OutsidePosterior(KeptPosterior):
    """The posterior of samples outside the graph, in a pool that has all labels.

    The nodes nearest to the samples are found once.

    Parameters
    ----------
    classifier : IncrementalLabelSpreading
        The classifier, which the caller labels.
    pool : LabelingPool
        The samples, and outside of them every labelled sample of the classifier.
    nearest : tuple of ndarray of shape (n_samples, n_neighbors), default=None
        The nearest nodes, as `classifier.nearest_nodes(pool.X)` returns them. None computes them,
        and shares them with pools of the same cache.
    """

    def __init__(
        self,
        classifier: IncrementalLabelSpreading,
        pool: LabelingPool,
        nearest: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        self._classifier = classifier
        self._nearest = self._shared_nearest(pool) if nearest is None else nearest
        self._vote_source = classifier.voter_.posterior_source(pool)

    @property
    def classes(self) -> np.ndarray:
        return self._classifier.classes_

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        vote = self._vote_source.rows(positions)
        if vote is None:
            return None
        nodes, weights = self._nearest
        spread = self._classifier.spread_at((nodes[positions], weights[positions]))
        return self._classifier.mixed(spread, vote)

    def labels_changed(self) -> None:
        self._vote_source.labels_changed()

    def held_out(self) -> np.ndarray | None:
        return self._vote_source.held_out()

    def _shared_nearest(self, pool: LabelingPool) -> tuple[np.ndarray, np.ndarray]:
        classifier, graph = self._classifier, self._classifier.graph_
        # The weights depend on the distances in the graph, which may be approximate.
        key = (type(classifier), graph.metric, graph.fingerprint, fingerprint(graph.distances))
        return pool.cached(key, lambda: classifier.nearest_nodes(pool.X), shared=True)

    def _of_all(self, function: RowFunction) -> np.ndarray | None:
        posterior = self.rows(np.arange(len(self._nearest[0])))
        return None if posterior is None else function(posterior)
