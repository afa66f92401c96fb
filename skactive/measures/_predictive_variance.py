"""The variance of the prediction of each candidate."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from skactive._engine.candidate_rank import CandidateRank
from skactive._engine.numbers import rounded
from skactive._estimators import no_deviation
from skactive.base import PoolView
from skactive.measures._base import Measure
from skactive.measures._label_uncertainty import LabelUncertainty
from skactive.measures._row_measure import RowMeasure
from skactive.measures._uncertainty import Margin


def variance(moments: np.ndarray) -> np.ndarray:
    """Return the square of the standard deviation in each row."""
    return rounded(np.square(moments[:, 1]))


def deviation_sentence(predicted: str, value: float, rank: CandidateRank) -> str:
    """Return a variance as a standard deviation in words."""
    if rank.n_lower == 0:
        rest = "no unlabelled sample has a lower one"
    else:
        rest = f"which is higher than that of {rank.than()}"
    return f"The standard deviation of {predicted} is {value**0.5:.4g}, {rest}."


class PredictiveVariance(RowMeasure):
    """Measure uncertainty as the variance of the predicted label, for continuous labels.

    The standard deviation comes from the estimator: from nearest neighbours, label spreading,
    ``predict(X, return_std=True)`` or the members of an ensemble. Values are at least 0, in squared
    units of the labels.

    See Also
    --------
    Margin : For labels that are classes.
    TargetUncertainty : Either of them, by the kind of labels.

    Notes
    -----
    Cost: O(1) for each candidate, beside that of the posterior. Without a posterior, every
    candidate gets 1.

    References
    ----------
    S. Seo, M. Wallat, T. Graepel and K. Obermayer, "Gaussian process regression: active data
    selection and test point rejection", IJCNN 2000.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import PredictiveVariance
    >>> from skactive.neighbors import IncrementalKNeighborsRegressor
    >>> pool = Pool([[0.0], [1.0], [4.0], [4.5]], estimator=IncrementalKNeighborsRegressor(2))
    >>> pool = pool.add_labels([0, 1], [0.0, 2.0])
    >>> PredictiveVariance().utilities(pool).round(2)
    array([0.33, 0.33])
    """

    is_uncertainty = True
    target_kinds = frozenset({"continuous"})

    _row_function = staticmethod(variance)

    def utilities(self, pool: PoolView) -> np.ndarray:
        values = self._of_posterior(pool, variance)
        if np.isnan(values).any():
            raise no_deviation(pool.estimator)
        return values

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        return deviation_sentence("its prediction", value, rank)


class TargetUncertainty(Measure):
    """Measure uncertainty as is usual for the kind of labels.

    It is `Margin` for categorical labels, `PredictiveVariance` for continuous ones and
    `LabelUncertainty` for sets of labels, so that a strategy works with each. `UncertaintyHerding`
    and `CDFProduct` use it by default.

    See Also
    --------
    Margin : For labels that are classes.
    PredictiveVariance : For labels that are numbers.
    LabelUncertainty : For samples with several labels.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import TargetUncertainty
    >>> from skactive.neighbors import (
    ...     IncrementalKNeighborsClassifier,
    ...     IncrementalKNeighborsRegressor,
    ... )
    >>> X = [[1, 0], [0, 1], [3, 1]]
    >>> pool = Pool(X, estimator=IncrementalKNeighborsClassifier())
    >>> TargetUncertainty().utilities(pool.add_labels([0, 1], ["apple", "orange"])).round(3)
    array([0.426])
    >>> pool = Pool(X, estimator=IncrementalKNeighborsRegressor())
    >>> TargetUncertainty().utilities(pool.add_labels([0, 1], [1.0, 3.0])).round(3)
    array([0.506])
    """

    is_uncertainty = True

    def utilities(self, pool: PoolView) -> np.ndarray:
        return usual_measure(pool.target.kind).utilities(pool)

    def utilities_everywhere(self, pool: PoolView) -> np.ndarray:
        return usual_measure(pool.target.kind).utilities_everywhere(pool)

    def for_kind(self, kind: str) -> Measure:
        """Return the measure that is used for a kind of labels.

        Parameters
        ----------
        kind : str
            The kind, see `skactive.base.Target`.

        Returns
        -------
        measure : Measure
            The measure.
        """
        return usual_measure(kind)


def usual_measure(kind: str) -> Measure:
    """Return the usual measure of uncertainty for a kind of labels."""
    usual = {"continuous": PredictiveVariance, "multilabel": LabelUncertainty}
    return usual.get(kind, Margin)()
