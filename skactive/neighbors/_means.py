"""Mean and standard deviation of the nearest labels in a pool, updated after each label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._contracts._posterior_source import PosteriorSource, RowFunction
from skactive._engine.blocks import row_blocks
from skactive._engine.distances import nearest_others, space_key
from skactive._engine.kept_posterior import CACHED_BYTES

if TYPE_CHECKING:
    from skactive.neighbors._regressor import IncrementalKNeighborsRegressor


class NeighborMeans(PosteriorSource):
    """The mean and standard deviation of the nearest labels, for all samples of a pool.

    A label changes only the means of samples that have it among their nearest. The variance of all
    labels, which is part of each standard deviation, is added when rows are read.

    Parameters
    ----------
    regressor : IncrementalKNeighborsRegressor
        The regressor whose parameters are used. They may change between two calls.
    pool : Pool
        The pool.
    """

    def __init__(self, regressor: IncrementalKNeighborsRegressor, pool: Any) -> None:
        self._regressor = regressor
        self._pool = pool
        # Mean, variance and number of the neighbours of each sample.
        self._moments = np.empty((0, 3))
        self._parameters: tuple[Any, ...] = ()
        self._labels_changed = False

    @property
    def classes(self) -> np.ndarray:
        return np.empty(0)

    @property
    def neighbors_params(self) -> dict[str, Any]:
        names = ("n_neighbors", "metric", "metric_params")
        return {name: getattr(self._regressor, name) for name in names}

    def rows(self, positions: np.ndarray) -> np.ndarray | None:
        overall = self._sync()
        if overall is None:
            return None
        mean, variance, votes = self._moments[positions].T
        return np.column_stack([mean, self._regressor.deviation(variance, votes, overall)])

    def of_rows(self, function: RowFunction, positions: np.ndarray) -> np.ndarray | None:
        rows = self.rows(positions)
        return None if rows is None else function(rows)

    def labels_changed(self) -> None:
        self._labels_changed = True

    def held_out(self) -> np.ndarray | None:
        X, y = self._pool.labeled_samples()
        if len(y) < 2:
            return None
        regressor = self._regressor
        distances, nearest = nearest_others(
            X, regressor.n_neighbors, regressor.metric, regressor.metric_params
        )
        ages = None if regressor.half_life is None else len(y) - 1 - nearest
        mean, variance, votes = regressor.moments(distances, y[nearest], ages)
        return np.column_stack([mean, regressor.deviation(variance, votes, float(y.var()))])

    def _sync(self) -> float | None:
        """Update the moments that changed, and return the variance of all labels."""
        labeled = self._pool.book.store
        if labeled is None or len(labeled) == 0:
            return None
        regressor = self._regressor
        parameters = (
            regressor.n_neighbors,
            regressor.weights,
            regressor.bandwidth,
            regressor.half_life,
            space_key(regressor.metric, regressor.metric_params),
        )
        distances = self._pool.geometry.labeled_distances(regressor.metric, regressor.metric_params)
        nearest = distances.nearest(regressor.n_neighbors)
        if parameters != self._parameters or len(self._moments) != len(nearest.has_changed):
            regressor.check_parameters()
            nearest.has_changed[:] = True
            self._moments = np.empty((len(nearest.has_changed), 3))
            self._parameters = parameters
        if self._labels_changed and regressor.half_life is not None:
            nearest.has_changed[:] = True
        self._labels_changed = False
        rows = np.flatnonzero(nearest.has_changed)
        values_of = labeled.labels_by_id()
        ages_of = None if regressor.half_life is None else labeled.ages_by_id()
        for block in row_blocks(len(rows), CACHED_BYTES):
            part = rows[block]
            ids = nearest.ids[part]
            moments = regressor.moments(
                distances.finish(nearest.compared[part]),
                values_of[ids],
                None if ages_of is None else ages_of[ids],
            )
            self._moments[part] = np.column_stack(moments)
        nearest.has_changed[:] = False
        return float(labeled.labels.var())
