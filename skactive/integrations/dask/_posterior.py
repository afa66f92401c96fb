"""Class probabilities of the samples of a partitioned pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._contracts._posterior_source import RowFunction
from skactive.base import Classifier, PosteriorSource

if TYPE_CHECKING:
    from skactive.integrations.dask._pool import PartitionedPool


class PartitionedPosterior(PosteriorSource):
    """Probabilities that the partitions compute, and the client merges.

    Parameters
    ----------
    pool : PartitionedPool
        The pool.
    local : PosteriorSource
        The source that the estimator creates for the pool. It is used for values that follow from
        the labelled samples alone.
    """

    def __init__(self, pool: PartitionedPool, local: Any) -> None:
        self._pool = pool
        self._local = local

    @property
    def classes(self) -> np.ndarray:
        return np.asarray(self._local.classes)

    @property
    def neighbors_params(self) -> dict[str, Any]:
        return dict(self._local.neighbors_params)

    def classifier(self) -> Classifier:
        """Return the classifier, after it has learnt all labels."""
        classifier: Classifier = self._local.classifier()
        return classifier

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        return self._pool.posterior_of(positions)

    def of_rows(self, function: RowFunction, positions: np.ndarray) -> np.ndarray | None:
        posterior = self.rows(positions)
        return None if posterior is None else function(posterior)

    def labels_changed(self) -> None:
        self._local.labels_changed()

    def held_out(self) -> np.ndarray | None:
        found: np.ndarray | None = self._local.held_out()
        return found

    def held_out_predictions(self) -> np.ndarray | None:
        found: np.ndarray | None = self._local.held_out_predictions()
        return found
