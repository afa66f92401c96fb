"""The base class of estimators that weight the nearest labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.labeled_samples import LabeledSamples
from skactive.neighbors._neighbor_search import NeighborSearchingEstimator
from skactive.neighbors._parameters import check_vote_parameters


class WeightedNeighborsEstimator(NeighborSearchingEstimator):
    """Base class of estimators whose neighbours have weights by their distance and age."""

    weights: str | Callable[[np.ndarray], ArrayLike]
    bandwidth: float | None
    smoothing: float
    half_life: float | None

    @property
    def forgets(self) -> bool:
        """Whether `max_labeled` or `half_life` is set."""
        return self.max_labeled is not None or self.half_life is not None

    def check_parameters(self) -> None:
        """Raise an error for the first invalid parameter.

        Raises
        ------
        TypeError, ValueError
            If a parameter has an invalid type or value. The message names the parameter and its
            valid values.
        ImportError
            If ``algorithm='hnsw'`` and usearch is not installed.
        """
        check_vote_parameters(self)

    def _ages(self, labeled: LabeledSamples, slots: np.ndarray) -> np.ndarray | None:
        return None if self.half_life is None else labeled.ages()[slots]
