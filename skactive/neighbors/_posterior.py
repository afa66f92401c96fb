"""The posterior of the nearest-neighbour vote in a pool, updated after each label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import nearest_others, space_key
from skactive._engine.kept_posterior import CACHED_BYTES, WHOLE_SHARE, KeptPosterior, as_slice

if TYPE_CHECKING:
    from skactive._contracts._posterior_source import RowFunction
    from skactive.neighbors._classifier import IncrementalKNeighborsClassifier


class VotedPosterior(KeptPosterior):
    """The votes of the nearest labelled samples, for all samples of a pool.

    A label changes only the votes of samples that have it among their nearest. With `half_life`
    each label increases the age of the others, and the votes of all samples are computed again:
    O(n_samples · n_neighbors).

    Parameters
    ----------
    classifier : IncrementalKNeighborsClassifier
        The classifier whose parameters are used. They may change between two calls.
    pool : Pool
        The pool.
    """

    def __init__(self, classifier: IncrementalKNeighborsClassifier, pool: Any) -> None:
        self._classifier = classifier
        self._pool = pool
        self._posterior = np.empty((0, 0))
        self._classes: np.ndarray | None = None
        self._derived: dict[RowFunction, np.ndarray] = {}
        self._parameters: tuple[Any, ...] = ()
        self._labels_changed = False

    @property
    def classes(self) -> np.ndarray:
        return np.asarray(self._pool.classes_)

    @property
    def neighbors_params(self) -> dict[str, Any]:
        names = ("n_neighbors", "metric", "metric_params")
        return {name: getattr(self._classifier, name) for name in names}

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        return self._posterior[positions] if self._sync() else None

    def labels_changed(self) -> None:
        # The labelled distances of the pool keep the rows with new neighbours. With `half_life`
        # the other rows change too.
        self._labels_changed = True

    def held_out(self) -> np.ndarray | None:
        X, y = self._pool.labeled_samples()
        if len(y) < 2:
            return None
        classes, classifier = self._pool.classes_, self._classifier
        codes = np.searchsorted(classes, y)
        distances, nearest = nearest_others(
            X, classifier.n_neighbors, classifier.metric, classifier.metric_params
        )
        ages = None if classifier.half_life is None else len(y) - 1 - nearest
        return classifier.vote(distances, codes[nearest], len(classes), ages)

    def _of_all(self, function: RowFunction) -> np.ndarray | None:
        if not self._sync():
            return None
        if function not in self._derived:
            self._derived[function] = function(self._posterior)
        return self._derived[function]

    def _sync(self) -> bool:
        """Update the rows that changed, and return whether any class is known."""
        labeled = self._pool.book.store
        if labeled is None or len(labeled.classes) == 0:
            return False
        classes, classifier = labeled.classes, self._classifier
        parameters = (
            classifier.n_neighbors,
            classifier.weights,
            classifier.bandwidth,
            classifier.smoothing,
            classifier.half_life,
            space_key(classifier.metric, classifier.metric_params),
        )
        if parameters != self._parameters:
            classifier.check_parameters()
        distances = self._pool.geometry.labeled_distances(
            classifier.metric, classifier.metric_params
        )
        nearest = distances.nearest(classifier.n_neighbors)
        if self._classes is not classes or parameters != self._parameters:
            nearest.has_changed[:] = True
            # In this order the probabilities of one class are contiguous.
            self._posterior = np.empty((len(nearest.has_changed), len(classes)), order="F")
            self._derived.clear()
            self._classes, self._parameters = classes, parameters
        if self._labels_changed and classifier.half_life is not None:
            nearest.has_changed[:] = True
        self._labels_changed = False
        rows = np.flatnonzero(nearest.has_changed)
        if len(rows) > WHOLE_SHARE * len(nearest.has_changed):
            rows = np.arange(len(nearest.has_changed))
        codes_of, ages_of = labeled.codes_by_id(), None
        if classifier.half_life is not None:
            ages_of = labeled.ages_by_id()
        for block in row_blocks(len(rows), CACHED_BYTES):
            part = as_slice(rows[block])
            ids = nearest.ids[part]
            posterior = classifier.vote(
                distances.finish(nearest.compared[part]),
                codes_of[ids],
                len(classes),
                None if ages_of is None else ages_of[ids],
            )
            self._posterior[part] = posterior
            for function, derived in self._derived.items():
                derived[part] = function(posterior)
        nearest.has_changed[:] = False
        return True
