"""Base class of pools with a `LabelBook`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from skactive._contracts._labeling_pool import LabelingPool
from skactive._contracts._posterior_source import PosteriorSource
from skactive._contracts._target import Target
from skactive._engine.label_book import LabelBook
from skactive._engine.labels import CATEGORICAL
from skactive._engine.positions import check_positions
from skactive._validation import check_integer
from skactive._warning import warn_user

T = TypeVar("T")


class LabelBookPool(LabelingPool):
    """Base class that reads and changes the labels of a pool in its `LabelBook`.

    A subclass sets `book` and `_source`, adds labels with their features, and implements
    `_labels_replaced`.

    Attributes
    ----------
    book : LabelBook
        The labels.
    """

    book: LabelBook
    _target: Target = CATEGORICAL
    _source: PosteriorSource | None

    @abstractmethod
    def _labels_replaced(self) -> Self:
        """Update cached values after labels were removed, replaced, forgotten or restored."""

    @property
    def target(self) -> Target:
        """The kind of labels."""
        return self._target

    @property
    def candidates(self) -> np.ndarray:
        """Positions of the samples neither labelled nor skipped, ascending."""
        return self.book.positions.candidates

    @property
    def n_candidates(self) -> int:
        """Number of candidates."""
        return len(self.candidates)

    @property
    def labeled(self) -> np.ndarray:
        """Positions of the labelled samples, in the order in which they were labelled."""
        return self.book.positions.labeled

    @property
    def labels(self) -> np.ndarray:
        """The labels of `labeled`."""
        return self.labels_of(self.labeled)

    @property
    def skipped(self) -> np.ndarray:
        """Positions of the skipped samples that are not labelled, ascending."""
        return self.book.positions.skipped

    @property
    def n_labeled(self) -> int:
        """Number of labelled samples, the seed set included."""
        return self.book.n_labeled

    @property
    def n_forgotten(self) -> int:
        """Number of forgotten labels."""
        return self.book.n_forgotten

    @property
    def classes_(self) -> np.ndarray:
        """The labels known so far, sorted."""
        return self.book.classes

    def is_labeled(self, indices: ArrayLike) -> np.ndarray:
        return self.book.positions.is_labeled(check_positions(indices, self.n_samples))

    def labels_of(self, indices: ArrayLike) -> np.ndarray:
        return self.book.labels_of(indices)

    def labeled_samples(self) -> tuple[Any, np.ndarray]:
        return self.book.samples()

    def labeled_outside(self) -> tuple[Any, np.ndarray | None]:
        return self.book.outside()

    def new_labels(self, indices: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        new = self.book.new_labels(indices, y)
        return new.positions, new.labels

    def completed_labels(self, indices: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        new = self.book.new_labels(indices, y)
        return new.completed, new.completed_labels

    def replaced_labels(self, indices: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        positions, labels = self.book.replacements(indices, y)
        return self.book.labels_of(positions), labels

    def remove_labels(self, indices: ArrayLike) -> Self:
        return self._labels_replaced() if self.book.remove(indices) else self

    def relabel(self, indices: ArrayLike, y: ArrayLike) -> Self:
        return self._labels_replaced() if self.book.relabel(indices, y) else self

    def forget(self, n_kept: int) -> Self:
        check_integer("forget", "n_kept", n_kept, minimum=0)
        return self._labels_replaced() if self.book.forget(n_kept) else self

    def restore_forgotten(self) -> Self:
        return self._labels_replaced() if self.book.restore_forgotten() else self

    def skip(self, indices: ArrayLike) -> Self:
        self.book.positions.skip(indices)
        return self

    def unskip(self, indices: ArrayLike) -> Self:
        self.book.positions.unskip(indices)
        return self

    def invalidate_posterior(self) -> Self:
        if self._source is not None:
            self._source.labels_changed()
        return self

    def recall(self) -> Self:
        """Restore forgotten labels: the name of `restore_forgotten` until version 0.1.

        Returns
        -------
        self : LabelingPool
            The pool.
        """
        name = type(self).__name__
        warn_user(f"{name}.recall is now {name}.restore_forgotten.", DeprecationWarning)
        return self.restore_forgotten()

    def refitted(self) -> Self:
        """Discard the posterior: the name of `invalidate_posterior` until version 0.1.

        Returns
        -------
        self : LabelingPool
            The pool.
        """
        name = type(self).__name__
        warn_user(f"{name}.refitted is now {name}.invalidate_posterior.", DeprecationWarning)
        return self.invalidate_posterior()

    def anywhere(self, values: np.ndarray, name: str) -> bool:
        return bool(values.any())

    def is_constant(self, values: np.ndarray, name: str) -> bool:
        return len(values) == 0 or bool(values.min() == values.max())

    def mean_of(self, points: Any, name: str) -> np.ndarray:  # arrays and sparse matrices
        return np.asarray(points.mean(axis=0, dtype=np.float64)).ravel()

    def once_per_batch(self, key: Hashable, compute: Callable[[], T]) -> T:
        return compute()

    def _add_seed_set(self, X: ArrayLike | None, y: ArrayLike | None) -> None:
        """Add the seed set of a new pool, or raise if X is missing."""
        if X is not None:
            self.add_labeled(X, y)  # type: ignore[arg-type] # a missing y is refused there
        elif y is not None:
            raise ValueError("y_labeled was passed without X_labeled. Hint: pass the samples too.")
