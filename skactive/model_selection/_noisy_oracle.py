"""An annotator with a given error rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from skactive._random_state import random_numbers
from skactive.model_selection._flips import FlipRate, coded, confusion, flipped
from skactive.model_selection._oracle import Oracle

MAX_SEED = 2**31 - 1


def annotators_seeds(
    random_state: int | np.random.RandomState | None, n_annotators: int
) -> tuple[int, list[int]]:
    """Return a seed for ties, and one for each annotator, whatever the number of annotators.

    Seeds of their own make errors independent of other draws from the same seed, such as the
    order of `RandomSampling`.
    """
    ties, *others = random_numbers(random_state).randint(MAX_SEED, size=1 + n_annotators)
    return int(ties), [int(seed) for seed in others]


class NoisyOracle(Oracle):
    """Label samples with errors at a given rate.

    The simplest model of annotators that work fast or confuse classes: whether a label is wrong
    depends on chance and on the class of the sample, not on the difficulty of the sample. A second
    query of a sample gets the same label.

    Parameters
    ----------
    flip_rate : float, dict or array-like of shape (n_classes, n_classes), default=0.1
        The probability of a wrong label, from 0 to 1. A dict has a rate for each class; classes
        that are not in it have rate 0. With a number or a dict, a wrong label is any other class
        with equal probability. A matrix has, in row i and column j, the probability that a sample
        of class i is labelled j, in the order of the sorted classes; its rows sum to 1.
    random_state : int, RandomState instance or None, default=None
        Draws the errors. An int draws the same errors for the same labels each time.

    Raises
    ------
    ValueError
        In `votes`, if a rate is outside [0, 1], a dict names an unknown class, or a matrix has
        another shape or rows that do not sum to 1.

    See Also
    --------
    AnnotatorPanel : Several such annotators, whose votes are counted or weighted.
    GaussianOracle : The same for labels that are numbers.
    BudgetedClassifier : Has a parameter `oracle`, like `compare_strategies`.

    Notes
    -----
    Cost: O(n_samples), once per loop.

    With the same `random_state`, the samples with a wrong label at a low rate are among those at
    a higher rate, so that two rates differ by their noise, not by chance. With a single class
    there are no errors.

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

    target_kinds = frozenset({"categorical"})

    def __init__(
        self,
        flip_rate: FlipRate = 0.1,
        *,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.flip_rate = flip_rate
        self.random_state = random_state

    def votes(self, y: ArrayLike, *, classes: ArrayLike | None = None) -> np.ndarray:
        """Return the label that the annotator gives each sample.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            The true labels.
        classes : array-like of shape (n_classes,), default=None
            All classes; None takes those of `y`.

        Returns
        -------
        votes : ndarray of shape (n_samples, 1)
            Labels.
        """
        known, codes = coded(y, classes)
        matrix = confusion(self, "flip_rate", self.flip_rate, known)
        _, [seed] = annotators_seeds(self.random_state, 1)
        labels = flipped(codes, matrix, np.random.RandomState(seed))
        return known[labels][:, np.newaxis]

    def labels(self, votes: np.ndarray) -> np.ndarray:
        """Return the votes of the one annotator.

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
