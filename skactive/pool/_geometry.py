"""The part of a pool that holds its features, densities and distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError

from skactive._engine.blocks import row_blocks
from skactive._engine.distances import Rows, Space, space_key
from skactive._engine.features import check_features
from skactive._engine.label_book import LabelBook, LabelListener
from skactive._engine.labeled_distances import LabeledDistances
from skactive.pool._snapshot import PoolSnapshot, digest_of


class PoolGeometry:
    """Densities, and distances to labelled and other samples, by metric.

    Parameters
    ----------
    rows : Rows of length n_samples
        Checked features.
    snapshot : PoolSnapshot or None
        Densities and distances that were computed earlier.
    """

    def __init__(self, rows: Rows, snapshot: PoolSnapshot | None) -> None:
        self.rows = rows
        self._snapshot = snapshot
        self._densities = {} if snapshot is None else snapshot.densities()

    def begin(self, book: LabelBook) -> None:
        """Follow the labels of a new book."""
        self._book = book
        self._distances: dict[str, LabeledDistances] = {}

    def density(
        self,
        metric: str,
        metric_params: dict[str, Any] | None,
        compute: Callable[[str, Space], np.ndarray],
    ) -> np.ndarray:
        """Return the density of all samples, computed on first use."""
        key = space_key(metric, metric_params)
        if key not in self._densities:
            self._densities[key] = compute(key, Space(metric, metric_params))
        return np.asarray(self._densities[key])

    def labeled_distances(
        self, metric: str, metric_params: dict[str, Any] | None
    ) -> LabeledDistances:
        """Return the distances to the labelled samples, kept up to date from the first call on."""
        if self._book.store is None:
            raise NotFittedError(
                "No sample of this pool is labelled yet. Hint: call 'add_labels' first."
            )
        key = space_key(metric, metric_params)
        if key not in self._distances:
            space = Space(metric, metric_params)
            distances = LabeledDistances(space, self.rows, self._book.store)
            self._distances[key] = distances
            self._book.listeners.append(distances)
            self._restore(key, distances)
        return self._distances[key]

    def distances_to(
        self, chosen: Rows, metric: str, metric_params: dict[str, Any] | None
    ) -> np.ndarray:
        """Return the distances of all samples to given rows, shape (n_samples, len(chosen))."""
        space, n_samples = Space(metric, metric_params), len(self.rows)
        features = 0 if space.by_product else 8 * self.rows.n_features
        blocks = row_blocks(n_samples, 40 * len(chosen) + features)
        return np.vstack([space.finish(space.compare(self.rows[b], chosen)) for b in blocks])

    def distances_to_samples(
        self, X: ArrayLike, metric: str, metric_params: dict[str, Any] | None
    ) -> np.ndarray:
        """Return the distances of all samples to samples outside the pool."""
        outside = Rows(check_features(X, "X", self.rows.dtype, minimum=0))
        return self.distances_to(outside, metric, metric_params)

    def labeled_neighbors(
        self, n_neighbors: int, metric: str, metric_params: dict[str, Any] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and rows of the nearest labelled samples of every sample."""
        store = self._book.store
        if store is None or len(store) == 0:
            n_samples = len(self.rows)
            return np.empty((n_samples, 0)), np.empty((n_samples, 0), dtype=np.intp)
        distances = self.labeled_distances(metric, metric_params)
        nearest = distances.nearest(n_neighbors)
        places = np.searchsorted(np.sort(store.ids), nearest.ids)
        return distances.finish(nearest.compared), places

    @property
    def listeners(self) -> list[LabelListener]:
        """The distances, which follow the labels."""
        return list(self._distances.values())

    def extended(self, rows: Rows) -> PoolGeometry:
        """Return the numbers of more samples, the first of which are those of this object."""
        return self._changed(rows, lambda distances: distances.extended(rows))

    def reduced(self, rows: Rows, kept: np.ndarray) -> PoolGeometry:
        """Return the numbers of the samples that stay, given their ascending positions."""
        return self._changed(rows, lambda distances: distances.reduced(rows, kept))

    def discard_densities(self) -> None:
        """Compute densities again on use."""
        self._densities = {}

    def _changed(
        self, rows: Rows, change: Callable[[LabeledDistances], LabeledDistances]
    ) -> PoolGeometry:
        changed = PoolGeometry(rows, None)
        changed.begin(self._book)
        changed._distances = {key: change(distances) for key, distances in self._distances.items()}
        return changed

    def keep(self, snapshot: PoolSnapshot) -> None:
        """Store densities and distances in a snapshot."""
        for key, density in self._densities.items():
            snapshot.arrays[f"density {key}"] = density
        positions = self._book.positions
        if 0 < self._book.n_labeled == positions.n_labeled:
            # Distances that were read from a snapshot and not used yet are stored again.
            for metric in set() if self._snapshot is None else self._snapshot.metrics():
                self.labeled_distances(metric, None)
            labeled = positions.labeled
            snapshot.arrays["positions"] = labeled
            snapshot.arrays["labels digest"] = np.array(digest_of(self._book.labels_of(labeled)))
            for key, distances in self._distances.items():
                snapshot.keep(key, distances, positions.ids(labeled))

    def _restore(self, key: str, distances: LabeledDistances) -> None:
        """Restore distances from the snapshot if its labels came before all others."""
        if self._snapshot is None or self._book.n_outside:
            return
        positions = self._book.positions
        labeled = positions.labeled
        if self._snapshot.is_of(labeled, self._book.labels_of(labeled)):
            ids, n_kept = positions.ids(labeled), len(self._snapshot.arrays["positions"])
            if ids[:n_kept].max() < ids[n_kept:].min(initial=len(self.rows) + ids.max()):
                self._snapshot.restore(key, distances, ids[:n_kept])
