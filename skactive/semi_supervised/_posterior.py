"""The posterior of label spreading, for nodes of the graph and for other samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.kept_posterior import CACHED_BYTES, WHOLE_SHARE, KeptPosterior, as_slice
from skactive._engine.label_arrays import of_all_classes
from skactive._io.fingerprint import fingerprint

if TYPE_CHECKING:
    from skactive._contracts._labeling_pool import LabelingPool
    from skactive._contracts._posterior_source import RowFunction
    from skactive.semi_supervised._label_spreading import IncrementalLabelSpreading
    from skactive.semi_supervised._nearest_nodes import NearestNodes


class SpreadingEstimator(Protocol):
    """What the posterior of nodes is read from."""

    metric: str

    @property
    def labeled_indices_(self) -> np.ndarray:
        """The labelled nodes."""

    def spread_distributions(self, nodes: Any) -> np.ndarray:
        """Return the spread labels at nodes."""

    def held_out_spread(self, nodes: Any) -> np.ndarray:
        """Return the spread labels of labelled nodes, each without its own label."""

    def held_out_distributions(self, nodes: Any) -> np.ndarray:
        """Return the predictions of labelled nodes, each without its own label."""


class NodePosterior(KeptPosterior):
    """The distributions of labels that spread along the graph of a pool.

    The samples of the pool are the first nodes of the estimator. The caller adds their labels to
    the estimator. Each label may change all rows.

    Parameters
    ----------
    estimator : SpreadingEstimator
        The estimator.
    pool : LabelingPool
        The pool.
    """

    def __init__(self, estimator: SpreadingEstimator, pool: LabelingPool) -> None:
        self._estimator = estimator
        self._pool = pool
        self._derived: dict[RowFunction, np.ndarray] = {}

    @property
    def classes(self) -> np.ndarray:
        return np.asarray(self._pool.classes_)

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        if not self._has_labels():
            return None
        return self._estimator.spread_distributions(positions)

    def labels_changed(self) -> None:
        self._derived.clear()

    @property
    def neighbors_params(self) -> dict[str, Any]:
        return {"metric": self._estimator.metric}

    def held_out(self) -> np.ndarray | None:
        return self._of_labeled(self._estimator.held_out_spread)

    def held_out_predictions(self) -> np.ndarray | None:
        return self._of_labeled(self._estimator.held_out_distributions)

    def _of_labeled(self, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray | None:
        """Return a function of the labelled nodes, in the order of the pool's labels."""
        pool = self._pool
        if not self._has_labels():
            return None
        n_outside = pool.n_labeled - len(pool.labeled)
        nodes = np.concatenate([pool.n_samples + np.arange(n_outside), pool.labeled])
        return function(nodes)

    def _of_all(self, function: RowFunction) -> np.ndarray | None:
        if function not in self._derived:
            rows = self.rows(np.arange(self._pool.n_samples))
            if rows is None:
                return None
            self._derived[function] = function(rows)
        return self._derived[function]

    def _has_labels(self) -> bool:
        return self._pool.n_labeled > 0 and len(self._estimator.labeled_indices_) > 0


class SpreadPosterior(NodePosterior):
    """The posterior of classes that spread along the graph of a pool.

    Each label changes the weights of the classes, so that the rows of all samples that labels have
    reached are evaluated again. The posterior of the others stays uniform.

    Parameters
    ----------
    classifier : IncrementalLabelSpreading
        The classifier.
    pool : LabelingPool
        The pool.
    """

    def __init__(self, classifier: IncrementalLabelSpreading, pool: LabelingPool) -> None:
        super().__init__(classifier, pool)
        self._classifier = classifier
        self._values: dict[RowFunction, SpreadValues] = {}

    @property
    def classes(self) -> np.ndarray:
        return self._classifier.classes_

    def labels_changed(self) -> None:
        for values in self._values.values():
            values.is_stale = True

    def _of_labeled(self, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray | None:
        found = super()._of_labeled(function)
        if found is None:
            return None
        return of_all_classes(found, self._classifier.classes_, self._pool.classes_)

    def _of_all(self, function: RowFunction) -> np.ndarray | None:
        if not self._has_labels():
            return None
        if function not in self._values or self._values[function].is_stale:
            self._values[function] = self._evaluated(function, self._values.get(function))
        return self._values[function].values

    def _has_labels(self) -> bool:
        return len(self._pool.classes_) > 0 and len(self._classifier.classes_) > 0

    def _evaluated(self, function: RowFunction, before: SpreadValues | None) -> SpreadValues:
        """Return a function of the probabilities, evaluated for the rows that may have changed."""
        n_samples, n_classes = self._pool.n_samples, len(self._classifier.classes_)
        is_reached = self._classifier.is_reached()[:n_samples].copy()
        if before is not None and before.n_classes == n_classes:
            values, rows = before.values, np.flatnonzero(before.is_reached | is_reached)
        else:
            values, rows = np.empty(n_samples), np.arange(n_samples)
        if len(rows) > WHOLE_SHARE * len(values):
            rows = np.arange(len(values))
        # Blocks fit into the processor's cache.
        for block in row_blocks(len(rows), CACHED_BYTES):
            some = as_slice(rows[block])
            values[some] = function(self._classifier.spread_distributions(some))
        return SpreadValues(values, is_reached, n_classes)


@dataclass
class SpreadValues:
    """Values of a function of the posterior of all samples.

    `is_reached` marks the samples that a label has reached. The posterior of all others was
    uniform.
    """

    values: np.ndarray
    is_reached: np.ndarray
    n_classes: int
    is_stale: bool = False


class OutsidePosterior(KeptPosterior):
    """The posterior of samples outside the graph, in a pool that has all labels.

    The nodes nearest to the samples and the features of the regression are computed once.

    Parameters
    ----------
    classifier : IncrementalLabelSpreading
        The classifier, which the caller labels.
    pool : LabelingPool
        The samples, and outside of them every labelled sample of the classifier. The nearest nodes
        are shared with pools of the same cache.
    """

    def __init__(self, classifier: IncrementalLabelSpreading, pool: LabelingPool) -> None:
        self._classifier = classifier
        self._pool = pool
        self._nearest = self._shared_nearest()
        self._mapped: np.ndarray | None = None
        self._n_nodes = -1

    @property
    def classes(self) -> np.ndarray:
        return self._classifier.classes_

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        if len(self._classifier.classes_) == 0:
            return None
        spread = self._classifier.spread_at(self._nearest.take(positions))
        mapped = self._of_regression()
        return self._classifier.probabilities(spread, None if mapped is None else mapped[positions])

    def labels_changed(self) -> None:
        # The classifier notices changes of its labels.
        pass

    def held_out(self) -> np.ndarray | None:
        """Return None: the samples of the pool have no labels."""
        return None

    def _of_regression(self) -> np.ndarray | None:
        n_nodes = self._classifier.n_samples_seen_
        if self._n_nodes != n_nodes:
            self._mapped, self._n_nodes = self._classifier.mapped(self._pool.X), n_nodes
        return self._mapped

    def _shared_nearest(self) -> NearestNodes:
        classifier, graph = self._classifier, self._classifier.graph_
        # The weights depend on the distances in the graph, which may be approximate.
        key = (type(classifier), graph.metric, graph.fingerprint, fingerprint(graph.distances))
        pool = self._pool
        return pool.cached(key, lambda: classifier.nearest_nodes(pool.X), shared=True)

    def _of_all(self, function: RowFunction) -> np.ndarray | None:
        posterior = self.rows(np.arange(len(self._nearest)))
        return None if posterior is None else function(posterior)
