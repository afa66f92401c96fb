"""The base class of estimator updaters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skactive._engine.external_posterior import ExternalPosterior
from skactive._rows import concatenate_rows, newest, take_rows
from skactive.base import LabelingPool


@dataclass
class UpdateSource:
    """The samples and labels that an estimator learns from.

    Attributes
    ----------
    samples : indexable of length n_samples
        The samples of the pool as the classifier takes them.
    pool : LabelingPool
        The labels given so far.
    seed : tuple of (X, y)
        Labelled samples from outside the pool, or (None, None).
    classes : array-like or None
        Labels that are known beforehand.
    fit_params : dict
        Further arguments of the methods by which the classifier learns.
    """

    samples: Any
    pool: LabelingPool
    seed: tuple[Any, Any] = (None, None)
    classes: Any = None
    fit_params: dict[str, Any] = field(default_factory=dict)

    def encoded(self, labels: np.ndarray) -> np.ndarray:
        """Return labels as the classifier takes them."""
        return self.pool.target.for_estimator(labels, self.pool.classes_)

    def labeled_samples(self) -> Any:  # samples of any kind
        """Return the labelled samples as the classifier takes them, in the order of their labels.

        The seed set comes first, as in ``pool.labeled_samples()``.
        """
        X = take_rows(self.samples, self.pool.labeled)
        n_outside = self.pool.n_labeled - len(self.pool.labeled)
        return concatenate_rows(newest(*self.seed, n_outside)[0], X) if n_outside else X


class EstimatorUpdater(ABC):
    """Keeps a classifier up to date with the labels of a pool.

    The pool already contains the change when a method is called.
    """

    classifier: Any

    # The error for which the classifier is not fitted, as long as there are too few labels.
    error: ValueError | None = None

    def check(self, labels: np.ndarray) -> None:
        """Raise if the classifier cannot learn labels."""

    @abstractmethod
    def add(self, positions: np.ndarray, labels: np.ndarray) -> None:
        """Learn labels of pool samples."""

    @abstractmethod
    def remove(self, positions: np.ndarray) -> None:
        """Forget labels of pool samples."""

    @abstractmethod
    def relabel(self, positions: np.ndarray, labels: np.ndarray) -> None:
        """Replace labels of pool samples."""

    @abstractmethod
    def start_over(self) -> None:
        """Learn the labels of the pool again, after its oldest were forgotten or restored."""

    def catch_up(self) -> None:
        """Learn the answers that were deferred until the classifier is used."""

    def labeled_samples(self) -> Any:  # samples of any kind
        """Return the labelled samples as the classifier takes them, None if the pool has them."""
        return None

    def positions_of(self, ids: np.ndarray) -> np.ndarray:
        """Return the positions of samples by their ids in the classifier, -1 if outside."""
        return np.full(np.shape(ids), -1)


class CatchUpPosterior:
    """Creates the posterior source of a learner's pool.

    Attributes
    ----------
    updater : EstimatorUpdater or None
        It fits the classifier before the classifier is called. A copy has none, since the updater
        refers to the pool: the learner sets it again.
    """

    def __init__(self) -> None:
        self.updater: EstimatorUpdater | None = None

    def __call__(self, pool: LabelingPool) -> ExternalPosterior:
        return ExternalPosterior(pool, self._catch_up, self._labeled_samples)

    def __getstate__(self) -> dict[str, Any]:
        return {"updater": None}

    def _catch_up(self) -> None:
        if self.updater is not None:
            self.updater.catch_up()

    def _labeled_samples(self) -> Any:
        return None if self.updater is None else self.updater.labeled_samples()
