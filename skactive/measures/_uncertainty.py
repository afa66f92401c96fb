"""How unsure the classifier is of a candidate."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from skactive._engine.candidate_rank import CandidateRank, enumerated
from skactive._engine.compiled import as_floats, compiled
from skactive.base import PoolView
from skactive.measures._base import Measure

# Probabilities that are equal on paper differ in the last places as computed. Rounded, they tie,
# and a rank is not made of noise.
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
        # A single class leads by all that it has.
        second = -np.inf if posterior.shape[1] > 1 else 0.0
        total = 0.0
        for column in range(posterior.shape[1]):
            share = np.float64(posterior[row, column])
            total += share
            second = max(second, min(first, share))
            first = max(first, share)
        # What is not finite stays so, to be refused by whoever looks at it.
        lead = first - second + (total - total)
        margins[row] = np.rint((1.0 - lead) * unit) / unit


def entropy(posterior: np.ndarray) -> np.ndarray:
    """Return -Σ p ln p for each row."""
    logarithms = np.log(posterior, out=np.zeros_like(posterior), where=posterior > 0)
    return np.round(0.0 - np.einsum("ij,ij->i", posterior, logarithms), DECIMALS)


# A class is in question if it has at least this share of the probability of the most probable
# one; this many are named.
IN_QUESTION = 0.5
N_NAMED = 3


class Uncertainty(Measure):
    """Base class of measures that are a row-wise function of the posterior."""

    # Declared by each class itself: a subclass that overrides `utilities` has none.
    _row_function: Callable[[np.ndarray], np.ndarray]

    def utilities_everywhere(self, pool: PoolView) -> np.ndarray:
        function = vars(type(self)).get("_row_function")
        if function is not None:
            values = pool.of_posterior(function.__func__, everywhere=True)
            # A value that is not finite is reported by the base class.
            if values is not None and np.isfinite(values.sum()):
                return values
        return super().utilities_everywhere(pool)

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        classes, probabilities = posterior
        if rank.n_lower == 0:
            more = "there is no candidate of which it is surer"
        else:
            more = f"it is less sure than of {rank.than()}"
        if len(classes) == 0:
            return f"The classifier is unsure: {more}."
        in_question = int(
            np.count_nonzero(np.asarray(probabilities) >= IN_QUESTION * probabilities[0])
        )
        named = [
            f"{label} ({probability:.2f})"
            for label, probability in zip(classes[:N_NAMED], probabilities[:N_NAMED], strict=True)
        ]
        if in_question == 1:
            return f"The classifier takes it for {named[0]}; {more}."
        if in_question <= N_NAMED:
            return f"The classifier hesitates between {enumerated(named[:in_question])}: {more}."
        first = f"{enumerated(named)} first among them"
        return f"The classifier hesitates between {in_question} classes, {first}: {more}."


class LeastConfidence(Uncertainty):
    """Measure uncertainty as one minus the probability of the most probable class.

    The plainest of the three: it looks at the winner alone. Values lie in
    [0, 1 - 1 / n_classes].

    See Also
    --------
    Margin : Looks at the two most probable classes.
    Entropy : Looks at all classes.

    Notes
    -----
    Cost: O(n_classes) for each candidate whose posterior changed. While nothing is known, every
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
        """Return the uncertainty of each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            In [0, 1 - 1 / n_classes].
        """
        return _of_posterior(pool, least_confidence)


class Margin(Uncertainty):
    """Measure uncertainty as one minus the lead of the most probable class over the next.

    The usual choice for more than two classes: it asks about the border between the two classes
    in question, whatever the others have. Values lie in [0, 1]: 1 for a tie, 0 for certainty
    and where there is one class only.

    See Also
    --------
    LeastConfidence : Looks at the winner alone.
    Entropy : Looks at all classes.

    Notes
    -----
    Cost: O(n_classes) for each candidate whose posterior changed. While nothing is known, every
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
        """Return the uncertainty of each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            In [0, 1].
        """
        return _of_posterior(pool, margin)


class Entropy(Uncertainty):
    """Measure uncertainty as the Shannon entropy of the class probabilities, in nats.

    It looks at all classes, so that many improbable ones count together. Values lie in
    [0, ln n_classes].

    See Also
    --------
    LeastConfidence : Looks at the winner alone.
    Margin : Looks at the two most probable classes.

    Notes
    -----
    Cost: O(n_classes) for each candidate whose posterior changed. While nothing is known, every
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
        """Return the uncertainty of each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            In nats, in [0, ln n_classes].
        """
        return _of_posterior(pool, entropy)


def _of_posterior(pool: PoolView, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    values = pool.of_posterior(function)
    return np.ones(pool.n_candidates) if values is None else values
