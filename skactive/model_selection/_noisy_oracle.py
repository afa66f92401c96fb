"""One person who errs at a given rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from skactive.model_selection._flips import FlipRate, coded, confusion, flipped
from skactive.model_selection._oracle import Oracle

MAX_SEED = 2**31 - 1


def annotators_seeds(
    random_state: int | np.random.RandomState | None, n_annotators: int
) -> tuple[int, list[int]]:
    """Return a seed for ties, and one for each annotator, who keeps it in any company.

    A generator of their own keeps errors independent of what else is drawn from the same seed,
    such as the order of `RandomSampling`.
    """
    ties, *others = check_random_state(random_state).randint(MAX_SEED, size=1 + n_annotators)
    return int(ties), [int(seed) for seed in others]


class NoisyOracle(Oracle):
    """Answer with the true label, or, at a given rate, with another.

    People label in a hurry, and some classes look like others. This is the simplest model of
    it: whether a sample is answered wrongly depends on chance and on its class, not on how
    hard the sample itself is. Whoever is asked about the same sample again says the same again.

    Parameters
    ----------
    flip_rate : float, dict or array-like of shape (n_classes, n_classes), default=0.1
        How often a label is wrong, from 0 to 1. A dict has a rate for each class, 0 for those
        it does not name. Either way a wrong answer is any other class with equal chance. A
        matrix has, in row i and column j, the probability that class i is taken for class j, in
        the order of the sorted classes; its rows sum to 1.
    random_state : int, RandomState instance or None, default=None
        Draws the errors. An int draws the same for the same labels each time.

    Raises
    ------
    ValueError
        If a rate is outside [0, 1], a dict names a class that there is not, or a matrix has
        another shape or rows that do not sum to 1. It comes from `votes`, which knows the classes.

    See Also
    --------
    AnnotatorPanel : Several such people, whose votes are counted or weighed.
    BudgetedClassifier : Takes it as its `oracle`, as does `compare_strategies`.

    Notes
    -----
    Cost: O(n_samples), once per loop.

    With the same `random_state`, the samples answered wrongly at a low rate are among those
    answered wrongly at a higher one: what differs between two rates is noise, and not luck. With
    a single class there is nothing to take it for, and no error.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive.model_selection import NoisyOracle
    >>> y = np.repeat(["ash", "birch", "cedar"], 1000)
    >>> oracle = NoisyOracle({"birch": 0.3}, random_state=0)
    >>> wrong = oracle.votes(y)[:, 0] != y
    >>> [round(float(wrong[y == name].mean()), 1) for name in ["ash", "birch", "cedar"]]
    [0.0, 0.3, 0.0]
    """

    def __init__(
        self,
        flip_rate: FlipRate = 0.1,
        *,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.flip_rate = flip_rate
        self.random_state = random_state

    def votes(self, y: ArrayLike, *, classes: ArrayLike | None = None) -> np.ndarray:
        """Return what would be said about every sample.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            The true labels.
        classes : array-like of shape (n_classes,), default=None
            The labels there are; None takes those of `y`.

        Returns
        -------
        votes : ndarray of shape (n_samples, 1)
            Labels.
        """
        known, codes = coded(y, classes)
        matrix = confusion(self, "flip_rate", self.flip_rate, known)
        _, [seed] = annotators_seeds(self.random_state, 1)
        said = flipped(codes, matrix, np.random.RandomState(seed))
        return known[said][:, np.newaxis]

    def labels(self, votes: np.ndarray) -> np.ndarray:
        """Return what the one person said.

        Parameters
        ----------
        votes : ndarray of shape (n, 1)
            Rows of what `votes` returned.

        Returns
        -------
        labels : ndarray of shape (n,)
            Their only column.
        """
        return np.asarray(votes)[:, 0]
