"""The annotators to ask about the next sample."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from scipy.stats import t

from skactive._text import did_you_mean, shown
from skactive._validation import check_number


class AnnotatorSelection:
    """Select the annotators to ask about the next sample, by their agreement with each other.

    Of each annotator, the share of votes that agree with the majority has a confidence interval.
    Those whose upper end is at least `threshold` times the largest one are asked: at first all of
    them, later those that are reliable, and sometimes one about whom little is known.

    Parameters
    ----------
    annotators : sequence of str or other hashable names
        The annotators, at least two.
    threshold : float, default=0.9
        The share of the largest upper end that is required, at least 0 and at most 1. 0 always asks
        all of them.
    confidence : float, default=0.95
        The probability of the intervals, above 0 and below 1.

    Attributes
    ----------
    n_votes : dict of int
        The number of votes of each annotator on samples with two votes or more.
    n_agreed : dict of int
        The number of those that were the label of the sample.

    See Also
    --------
    skactive.model_selection.AnnotatorPanel : Simulated annotators, and other ways to count votes.

    Notes
    -----
    The interval is that of Student's t-distribution for the mean of the agreements, 1 or 0, to
    which one of each is added. A sample with one vote says nothing about the annotator. Agreement
    is not correctness: annotators who make the same errors count as reliable.

    Cost: O(n_annotators).

    References
    ----------
    P. Donmez, J. G. Carbonell and J. Schneider, "Efficiently learning the accuracy of labeling
    sources for selective sampling", KDD 2009.

    Examples
    --------
    >>> from skactive.learner import AnnotatorSelection
    >>> selection = AnnotatorSelection(["ann", "bob", "eve"])
    >>> selection.select()
    ['ann', 'bob', 'eve']
    >>> for _ in range(20):
    ...     label = selection.record({"ann": "cat", "bob": "cat", "eve": "dog"})
    >>> label, selection.select()
    ('cat', ['ann', 'bob'])
    """

    def __init__(
        self,
        annotators: Iterable[Hashable],
        *,
        threshold: float = 0.9,
        confidence: float = 0.95,
    ) -> None:
        if isinstance(annotators, str | bytes) or not isinstance(annotators, Iterable):
            raise TypeError(
                "The 'annotators' parameter of AnnotatorSelection must be a list of names. "
                f"Got {shown(annotators)} instead."
            )
        names = list(annotators)
        if len(names) < 2 or len(set(names)) < len(names):
            raise ValueError(
                "The 'annotators' parameter of AnnotatorSelection must have at least two different "
                f"names, each of them once. Got {shown(names)} instead."
            )
        self.annotators = names
        self.threshold = check_number(self, "threshold", threshold)
        if self.threshold > 1:
            raise ValueError(
                "The 'threshold' parameter of AnnotatorSelection must be a number of at most 1. "
                f"Got {threshold} instead."
            )
        self.confidence = check_number(self, "confidence", confidence, exclusive=True, below=1.0)
        self.n_votes: dict[Any, int] = dict.fromkeys(names, 0)
        self.n_agreed: dict[Any, int] = dict.fromkeys(names, 0)

    def intervals(self) -> dict[Any, tuple[float, float]]:
        """Return the interval of the agreement of each annotator.

        Returns
        -------
        intervals : dict of (float, float)
            The lower and the upper end, by annotator. An end may be below 0 or above 1.
        """
        return {name: self._interval(name) for name in self.annotators}

    def select(self) -> list[Any]:
        """Return the annotators to ask about the next sample.

        Returns
        -------
        annotators : list
            Those with a large upper end, in the order of `annotators`.
        """
        upper = {name: high for name, (_, high) in self.intervals().items()}
        required = self.threshold * max(upper.values())
        return [name for name in self.annotators if upper[name] >= required]

    def record(self, votes: Mapping[Any, Any]) -> Any:  # labels of any kind
        """Take note of the votes on a sample, and return its label.

        Parameters
        ----------
        votes : dict of labels
            The votes by annotator, of those who answered: at least one.

        Returns
        -------
        label : label
            The label with most votes. In a tie, that of the annotators with the largest mean
            agreement; then the first one in `votes`.

        Raises
        ------
        ValueError
            If there is no vote, or one of an unknown annotator. Nothing is noted.
        """
        if not isinstance(votes, Mapping) or not votes:
            raise ValueError(
                "The votes on a sample must be a dict with at least one label by annotator. "
                f"Got {shown(votes)} instead."
            )
        for name in votes:
            if name not in self.n_votes:
                known = {str(one): str(one) for one in self.annotators}
                hint = did_you_mean(str(name), known).strip()
                raise ValueError(
                    f"There is no annotator {shown(name)}.{f' Hint: {hint}' if hint else ''}"
                )
        weights: dict[Any, tuple[int, float]] = {}
        for name, label in votes.items():
            n, agreement = weights.get(label, (0, 0.0))
            weights[label] = n + 1, max(agreement, self._mean(name))
        winner = max(weights, key=lambda label: weights[label])
        if len(votes) > 1:
            for name, label in votes.items():
                self.n_votes[name] += 1
                self.n_agreed[name] += int(label == winner)
        return winner

    def _mean(self, name: Any) -> float:
        return (self.n_agreed[name] + 1) / (self.n_votes[name] + 2)

    def _interval(self, name: Any) -> tuple[float, float]:
        n, mean = self.n_votes[name] + 2, self._mean(name)
        quantile = float(t.isf((1 - self.confidence) / 2, n - 1))
        half = quantile * float(np.sqrt(mean * (1 - mean) / n))
        return mean - half, mean + half
