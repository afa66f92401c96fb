"""The uncertainty of the classifier about each candidate."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.candidate_rank import CandidateRank, enumerated
from skactive._engine.compiled import as_floats, compiled
from skactive._text import one_line
from skactive.base import PoolView
from skactive.measures._row_measure import RowMeasure

# Probabilities that are equal in theory differ in the last computed digits. Rounding makes them
# equal, so that ranks do not depend on rounding errors.
DECIMALS = 12


def least_confidence(posterior: np.ndarray) -> np.ndarray:
    """Return 1 - p1 for each row."""
    return np.round(1.0 - posterior.max(axis=1), DECIMALS)


def margin(posterior: np.ndarray) -> np.ndarray:
    """Return 1 - (p1 - p2) for each row, p1 and p2 the two largest."""
    margins = np.empty(len(posterior))
    compiled(_margins)(as_floats(posterior), 10.0**DECIMALS, margins)
    return margins


def _margins(posterior, unit, margins):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for row in range(len(posterior)):
        first = -np.inf
        # The lead of a single class is its whole probability.
        second = -np.inf if posterior.shape[1] > 1 else 0.0
        total = 0.0
        for column in range(posterior.shape[1]):
            share = np.float64(posterior[row, column])
            total += share
            second = max(second, min(first, share))
            first = max(first, share)
        # A value that is not finite stays so; the caller raises.
        lead = first - second + (total - total)
        margins[row] = np.rint((1.0 - lead) * unit) / unit


def entropy(posterior: np.ndarray) -> np.ndarray:
    """Return -Σ p ln p for each row."""
    terms = np.log(posterior, out=np.zeros_like(posterior), where=posterior > 0)
    terms *= posterior
    # Column by column, so that the sum of a row does not depend on the memory layout.
    return np.round(0.0 - sum(terms.T), DECIMALS)


# A class is named if it has at least this share of the probability of the most probable class, and
# at most so many are.
IN_QUESTION = 0.5
N_NAMED = 3
# A longer name is shortened in the middle.
NAME_WIDTH = 36


class Uncertainty(RowMeasure):
    """Base class of measures that are a row-wise function of class probabilities."""

    is_uncertainty = True
    target_kinds = frozenset({"categorical"})

    def of_probabilities(self, probabilities: ArrayLike) -> np.ndarray:
        """Return the uncertainty of class probabilities, without a pool.

        Parameters
        ----------
        probabilities : array-like of shape (n_samples, n_classes)
            Class probabilities, such as those of `predict_proba`.

        Returns
        -------
        uncertainties : ndarray of shape (n_samples,)
            One value for each row, larger is more uncertain.

        Examples
        --------
        >>> from skactive.measures import Margin
        >>> Margin().of_probabilities([[0.5, 0.5, 0.0], [0.1, 0.7, 0.2]])
        array([1. , 0.5])
        """
        function: Any = self._row_function
        return np.asarray(function(np.asarray(probabilities, dtype=np.float64)))

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        classes, probabilities = posterior
        if rank.n_lower == 0:
            rest = "no unlabelled sample has a lower uncertainty"
        else:
            rest = f"its uncertainty is higher than that of {rank.than()}"
        if len(classes) == 0:
            return f"{rest[0].upper()}{rest[1:]}."
        in_question = int(
            np.count_nonzero(np.asarray(probabilities) >= IN_QUESTION * probabilities[0])
        )
        named = [
            f"{one_line(label, NAME_WIDTH)} ({probability:.2f})"
            for label, probability in zip(classes[:N_NAMED], probabilities[:N_NAMED], strict=True)
        ]
        if in_question == 1:
            return f"The most probable class is {named[0]}; {rest}."
        if in_question <= N_NAMED:
            return f"The most probable classes are {enumerated(named[:in_question])}; {rest}."
        return f"{in_question} classes are probable, such as {enumerated(named)}; {rest}."


class LeastConfidence(Uncertainty):
    """Measure uncertainty as one minus the probability of the most probable class.

    The simplest of the three: it depends on the most probable class alone. Values lie in
    [0, 1 - 1 / n_classes].

    See Also
    --------
    Margin : Depends on the two most probable classes.
    Entropy : Depends on all classes.

    Notes
    -----
    Cost: O(n_classes) for each candidate whose posterior changed. Without a posterior, every
    candidate gets 1.

    References
    ----------
    D. D. Lewis and W. A. Gale, "A sequential algorithm for training text classifiers", 1994.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import LeastConfidence
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> pool = Pool([[1, 0], [0, 1], [3, 1]], estimator=IncrementalKNeighborsClassifier())
    >>> pool = pool.add_labels([0, 1], ["apple", "orange"])
    >>> LeastConfidence().utilities(pool).round(3)
    array([0.213])
    """

    _row_function = staticmethod(least_confidence)

    def utilities(self, pool: PoolView) -> np.ndarray:
        return self._of_posterior(pool, least_confidence)


class Margin(Uncertainty):
    """Measure uncertainty as one minus the lead of the most probable class over the next.

    The usual choice for more than two classes: it is large near the boundary between the two most
    probable classes, and ignores the others. Values lie in [0, 1]: 1 for a tie, 0 for certainty
    and if there is one class only.

    See Also
    --------
    LeastConfidence : Depends on the most probable class alone.
    Entropy : Depends on all classes.

    Notes
    -----
    Cost: O(n_classes) for each candidate whose posterior changed. Without a posterior, every
    candidate gets 1.

    References
    ----------
    T. Scheffer, C. Decomain and S. Wrobel, "Active hidden Markov models for information
    extraction", 2001.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import Margin
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> pool = Pool([[1, 0], [0, 1], [3, 1]], estimator=IncrementalKNeighborsClassifier())
    >>> pool = pool.add_labels([0, 1], ["apple", "orange"])
    >>> Margin().utilities(pool).round(3)
    array([0.426])
    """

    _row_function = staticmethod(margin)

    def utilities(self, pool: PoolView) -> np.ndarray:
        return self._of_posterior(pool, margin)


class Entropy(Uncertainty):
    """Measure uncertainty as the Shannon entropy of the class probabilities, in nats.

    It depends on all classes, so that many improbable ones count together. Values lie in
    [0, ln n_classes].

    See Also
    --------
    LeastConfidence : Depends on the most probable class alone.
    Margin : Depends on the two most probable classes.

    Notes
    -----
    Cost: O(n_classes) for each candidate whose posterior changed. Without a posterior, every
    candidate gets 1.

    References
    ----------
    C. E. Shannon, "A mathematical theory of communication", 1948.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import Entropy
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> pool = Pool([[1, 0], [0, 1], [3, 1]], estimator=IncrementalKNeighborsClassifier())
    >>> pool = pool.add_labels([0, 1], ["apple", "orange"])
    >>> Entropy().utilities(pool).round(3)
    array([0.518])
    """

    _row_function = staticmethod(entropy)

    def utilities(self, pool: PoolView) -> np.ndarray:
        return self._of_posterior(pool, entropy)
