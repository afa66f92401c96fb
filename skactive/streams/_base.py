"""The base class of strategies that decide about the samples of a stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator

from skactive.measures import LeastConfidence
from skactive.streams._budget import StreamBudget

Posterior = Callable[[np.ndarray], np.ndarray | None]


class StreamStrategy(ABC, BaseEstimator):
    """Base class of strategies that decide at once whether to query each sample of a stream.

    A subclass implements `decide`. It may keep what it has seen in attributes that end in ``_``;
    `begin` sets them. A decision depends on the samples so far alone, never on later ones, also
    where several samples arrive in one batch.

    See Also
    --------
    StreamSampler : The loop that uses a strategy.
    skactive.strategies.QueryStrategy : Chooses samples from a pool.

    Notes
    -----
    `StreamSampler` calls `begin` once; for each batch `uncertainties`; then for each sample of the
    batch, in order, `utility`, `decide` and `observe`; and `learned` after new labels.

    Examples
    --------
    >>> from skactive.streams import StreamSampler, StreamStrategy
    >>> class HalfUnsure(StreamStrategy):
    ...     def decide(self, utility, budget):
    ...         return utility >= 0.4
    >>> sampler = StreamSampler(strategy=HalfUnsure(), budget=1.0)
    >>> sampler = sampler.teach([[0.0], [4.0]], ["left", "right"])
    >>> sampler.query([[0.1], [2.0], [3.9]])
    array([False,  True, False])
    """

    def begin(self, random_state: np.random.RandomState) -> None:
        """Forget all samples.

        Parameters
        ----------
        random_state : RandomState
            The random numbers of all further decisions.
        """

    def uncertainties(self, X: np.ndarray, posterior: Posterior) -> np.ndarray:
        """Return the uncertainty about each sample of a batch.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            The samples.
        posterior : callable
            Returns the class probabilities of samples, an array of shape (n_samples, n_classes),
            or None while the classifier cannot predict.

        Returns
        -------
        uncertainties : ndarray of shape (n_samples,)
            One minus the largest class probability, or 1 while there are no predictions.
        """
        probabilities = posterior(X)
        if probabilities is None:
            return np.ones(len(X))
        return LeastConfidence().of_probabilities(probabilities)

    def utility(
        self,
        x: np.ndarray,
        uncertainty: float,
    ) -> float:
        """Return the utility of a label of the next sample.

        Parameters
        ----------
        x : ndarray of shape (n_features,)
            The sample.
        uncertainty : float
            Its value of `uncertainties`.

        Returns
        -------
        utility : float
            Larger is better; -inf for a sample that is not to be queried. By default the
            uncertainty.
        """
        return uncertainty

    @abstractmethod
    def decide(self, utility: float, budget: StreamBudget) -> bool:
        """Return whether to query the next sample.

        Parameters
        ----------
        utility : float
            Its utility.
        budget : StreamBudget
            The budget before the sample. It is not changed.

        Returns
        -------
        queried : bool
            `StreamSampler` does not query the sample if no budget is left, whatever this value.
        """

    def observe(self, x: np.ndarray, queried: bool) -> None:
        """Take note of the decision about a sample.

        Parameters
        ----------
        x : ndarray of shape (n_features,)
            The sample.
        queried : bool
            Whether it is queried.
        """

    def learned(self, samples: Callable[[], np.ndarray]) -> None:
        """Take note that the classifier has learned labels, or forgotten some.

        Parameters
        ----------
        samples : callable
            Returns the labelled samples that are kept, an array of shape (n_kept, n_features),
            oldest first.
        """
