"""Numbers that are measured with an error."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from skactive._validation import check_number
from skactive.base import ContinuousTarget
from skactive.model_selection._noisy_oracle import annotators_seeds
from skactive.model_selection._oracle import Oracle


class GaussianOracle(Oracle):
    """Label samples with numbers that have a normally distributed error.

    The model of a measurement without bias. A second query of a sample gets the same label.

    Parameters
    ----------
    std : float, default=1.0
        The standard deviation of the error, in units of the labels, at least 0.
    random_state : int, RandomState instance or None, default=None
        Draws the errors. An int draws the same errors each time.

    See Also
    --------
    NoisyOracle : The same for labels that are classes.
    BudgetedRegressor : Has a parameter `oracle`, like `compare_strategies`.

    Notes
    -----
    Cost: O(n_samples), once per loop.

    With the same `random_state`, the errors are proportional to `std`, so that two values differ by
    their noise, not by chance.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.model_selection import GaussianOracle
    >>> y = np.linspace(0.0, 100.0, 1000)
    >>> errors = GaussianOracle(2.0, random_state=0).votes(y)[:, 0] - y
    >>> float(errors.std().round(1))
    2.0
    """

    target_kinds = frozenset({"continuous"})

    def __init__(
        self, std: float = 1.0, *, random_state: int | np.random.RandomState | None = None
    ) -> None:
        self.std = std
        self.random_state = random_state

    def votes(self, y: ArrayLike, *, classes: ArrayLike | None = None) -> np.ndarray:
        """Return the number that is measured for each sample.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            The true labels.
        classes : None
            Numbers have no classes.

        Returns
        -------
        votes : ndarray of shape (n_samples, 1)
            The numbers.
        """
        labels = ContinuousTarget().validate(y)
        std = check_number(self, "std", self.std)
        _, [seed] = annotators_seeds(self.random_state, 1)
        errors = np.random.RandomState(seed).standard_normal(len(labels))
        return np.asarray(labels + std * errors)[:, np.newaxis]

    def labels(self, votes: np.ndarray) -> np.ndarray:
        """Return the only measurement of each sample.

        Parameters
        ----------
        votes : ndarray of shape (n, 1)
            Rows of the result of `votes`.

        Returns
        -------
        labels : ndarray of shape (n,)
            Their only column.
        """
        return np.asarray(votes)[:, 0]
