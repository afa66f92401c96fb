"""The base class of all measures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

import numpy as np
from sklearn.base import BaseEstimator

from skactive._engine.candidate_rank import CandidateRank
from skactive._validation import checked_utilities
from skactive.base import PoolView


class Measure(ABC, BaseEstimator):
    """Base class of all measures, which assign a utility to each candidate of a pool.

    A subclass implements `utilities`; its parameters are those of its `__init__`, as for any
    scikit-learn estimator, so that a grid search can set them.

    See Also
    --------
    skactive.strategies.CDFProduct : Combines measures of different scales.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive import Pool
    >>> from skactive.measures import Measure
    >>> class Length(Measure):
    ...     def utilities(self, pool):
    ...         return np.linalg.norm(pool.X[pool.candidates], axis=1)
    >>> Length().utilities(Pool([[3.0, 4.0], [1.0, 0.0]]))
    array([5., 1.], dtype=float32)
    """

    # Whether the labelled sample nearest to a candidate explains its value.
    about_labeled = False
    # Whether its value is an uncertainty of the prediction, and called so in explanations.
    is_uncertainty = False
    # The kinds of labels that it can be used with, see `skactive.base.Target`. None means any.
    target_kinds: frozenset[str] | None = None

    @abstractmethod
    def utilities(self, pool: PoolView) -> np.ndarray:
        """Return how informative each candidate is.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            Finite, larger is better, in the order of ``pool.candidates``.
        """

    def utilities_everywhere(self, pool: PoolView) -> np.ndarray:
        """Return the utility of every sample of a pool, 0 for samples that are not candidates.

        Parameters
        ----------
        pool : PoolView
            The pool. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_samples,)
            Finite.
        """
        everywhere = np.zeros(pool.n_samples)
        everywhere[pool.candidates] = checked_utilities(
            type(self).__name__, self.utilities(pool), pool
        )
        return everywhere

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str | None:
        """Return the meaning of a value for an annotator, in one sentence.

        `ActiveLearner.explain_query` prints it. Override it to replace the default sentence.

        Parameters
        ----------
        value : float
            The utility of a candidate.
        rank : CandidateRank
            Its rank among all candidates: `n_lower`, `share_lower`, and `than()` in words.
        posterior : tuple of (classes, probabilities)
            The class probabilities of the candidate, largest first; empty if there are none.

        Returns
        -------
        sentence : str or None
            None prints a sentence with the name and value of the measure.
        """
        return None


def known_labels(pool: PoolView) -> np.ndarray:
    """Return all labels, those of the seed set first."""
    outside = pool.labeled_outside()[1]
    return pool.labels if outside is None else np.concatenate([outside, pool.labels])
