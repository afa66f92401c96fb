"""The part of a pool that adds and removes samples."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_consistent_length

from skactive._engine.cache import FeatureValues
from skactive._engine.density import similarity_sums
from skactive._engine.distances import METRICS, Rows, Space
from skactive._engine.features import check_features, check_resolved_features, loses_groups
from skactive._engine.label_book_pool import LabelBookPool
from skactive._engine.positions import check_removed
from skactive._engine.stored import is_opened
from skactive._rows import concatenate_rows, n_samples_of, stacked_features, take_rows
from skactive.pool._coverages import PoolCoverages

if TYPE_CHECKING:
    from skactive.pool._geometry import PoolGeometry
    from skactive.pool._graphs import NeighborGraphs


class ChangeablePool(LabelBookPool):
    """Base class of the pool of one process, whose samples can be added and removed.

    Neighbour graphs, similarities and the nearest labelled samples are updated. All other numbers
    are computed again on use.
    """

    geometry: PoolGeometry
    coverages: PoolCoverages
    _X: Any
    _samples: Any
    _dtype: np.dtype[Any]
    _is_resolved: bool
    _values: FeatureValues
    graphs: NeighborGraphs

    def add_samples(
        self,
        X: ArrayLike,
        samples: Any = None,  # samples of any kind
    ) -> Self:
        new = self._new_features(X)
        if self._samples is not None or samples is not None:
            samples = self._with_new_samples(samples, new.shape[0])
        n_added = new.shape[0]
        if n_added == 0:
            return self
        n_before = self.n_samples
        # Both are of float64 if the new features need it.
        X = stacked_features(self._X, new)
        rows = Rows(X, np.concatenate([self.geometry.rows.norms, Rows(new).norms]))
        before, added = rows[:n_before], rows[n_before:]

        def extended(space: Space, sums: np.ndarray) -> np.ndarray:
            of_old = sums + similarity_sums(space, before, added)
            return np.concatenate([of_old, similarity_sums(space, added, rows)])

        values = self._values.changed(X, self._similarities(extended))
        graphs = self.graphs.extended(X, rows, values)
        geometry = self.geometry.extended(rows)
        self.book.extend(n_added)
        return self._replace(X, samples, values, graphs, geometry)

    def remove_samples(self, indices: ArrayLike) -> Self:
        removed = check_removed(indices, self.n_samples, "pool")
        if len(removed) == 0:
            return self
        self._check_in_memory()
        kept = np.delete(np.arange(self.n_samples), removed)
        before = self.geometry.rows
        X = self._X[kept]
        samples = None if self._samples is None else take_rows(self._samples, kept)
        rows = Rows(X, before.norms[kept])
        left = before[removed]

        def reduced(space: Space, sums: np.ndarray) -> np.ndarray:
            return sums[kept] - similarity_sums(space, rows, left)

        values = self._values.changed(X, self._similarities(reduced))
        graphs = self.graphs.reduced(X, rows, values, kept)
        self.book.remove(removed[self.book.positions.is_labeled(removed)])
        geometry = self.geometry.reduced(rows, kept)
        self.book.keep(kept)
        return self._replace(X, samples, values, graphs, geometry)

    def _replace(
        self,
        X: Any,
        samples: Any,
        values: FeatureValues,
        graphs: NeighborGraphs,
        geometry: PoolGeometry,
    ) -> Self:
        self._X, self._samples, self._dtype = X, samples, X.dtype
        self._values, self.graphs, self.geometry = values, graphs, geometry
        self.book.listeners = geometry.listeners
        self.coverages = PoolCoverages(graphs)
        self.coverages.begin(self.book)
        # A source of probabilities has arrays of the samples that there were.
        self._source = None
        return self

    def _similarities(
        self, change: Callable[[Space, np.ndarray], np.ndarray]
    ) -> dict[Hashable, Any]:
        """Return changed sums of similarities, by their names in `FeatureValues`."""
        changed: dict[Hashable, Any] = {}
        for key, sums in self._values.items():
            match key:
                case ("density", str(metric)) if metric in METRICS:
                    changed[key] = change(Space(metric), sums)
        return changed

    def _new_features(self, X: Any) -> Any:
        """Return checked features of new samples, in the container of the pool."""
        self._check_in_memory()
        new = check_features(X, "X", self._dtype, minimum=0)
        n_features = self._X.shape[1]
        if new.shape[1] != n_features:
            raise ValueError(f"X has {new.shape[1]} features, but the pool has {n_features}.")
        if self._is_resolved and isinstance(new, np.ndarray) and isinstance(self._X, np.ndarray):
            new = self._resolved(X, new)
        if is_opened(new):
            return np.asarray(new)
        if sp.issparse(self._X):
            return type(self._X)(new)
        return new.toarray() if sp.issparse(new) else new

    def _resolved(self, X: Any, new: np.ndarray) -> np.ndarray:
        """Return new features as float64 if the pool with them needs it, or else as they are."""
        exact = check_features(X, "X", np.dtype(np.float64), minimum=0)
        if new.dtype == np.float64 or np.array_equal(new, exact):
            return new
        alone = check_resolved_features(X, "X")
        is_lost = alone.dtype == np.float64 or loses_groups(self._X, exact)
        return exact if is_lost else new

    def _with_new_samples(self, samples: Any, n_added: int) -> Any:
        """Return the samples of the pool and new ones, of the same kind."""
        if samples is None:
            raise ValueError(
                "The pool has samples beside its features. Hint: pass the new `samples` too."
            )
        if self._samples is None:
            raise ValueError(
                "The pool has no samples beside its features. Hint: pass the new features alone."
            )
        if n_samples_of(samples) != n_added:
            check_consistent_length(samples, np.empty(n_added))
        ours, theirs = _kind_of(self._samples), _kind_of(samples)
        if ours != theirs:
            raise TypeError(
                f"The samples of the pool are {ours}, and the new ones are {theirs}. Hint: pass "
                "samples of the same kind."
            )
        return concatenate_rows(self._samples, samples)

    def _check_in_memory(self) -> None:
        """Raise if the features of the pool are on disk."""
        base = self._X
        while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
            base = base.base
        if is_opened(self._X) or isinstance(base, np.memmap):
            raise TypeError(
                "The features of this pool are on disk, where samples cannot be added or removed. "
                "Hint: write all features to a new file, and create a new pool from it."
            )


def _kind_of(samples: Any) -> str:
    """Return equal descriptions for samples that can be concatenated without a conversion."""
    if hasattr(samples, "iloc"):
        columns = dict(samples.dtypes) if samples.ndim == 2 else samples.dtype
        return f"a {type(samples).__name__} with the types {columns}"
    if sp.issparse(samples):
        return f"a sparse matrix of {samples.shape[1]} columns"
    if hasattr(samples, "shape"):
        # Texts of different lengths have different types of the same kind.
        dtype = samples.dtype if samples.dtype.kind not in "US" else np.dtype(samples.dtype.kind)
        return f"an array of {dtype} of rows of the shape {samples.shape[1:]}"
    return f"a {type(samples).__name__}"
