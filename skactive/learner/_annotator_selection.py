"""The annotators to ask about the next sample."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from scipy.stats import t

from skactive._engine.labels import CATEGORICAL, check_labels, is_missing_label
from skactive._text import counted, did_you_mean, shown
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
        try:
            n_distinct = len(set(names))
        except TypeError as error:
            raise TypeError(
                "The 'annotators' parameter of AnnotatorSelection must be a list of names. "
                f"Got {shown(names)} instead. Hint: names are strings or other hashable values."
            ) from error
        if len(names) < 2 or n_distinct < len(names):
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
        votes : dict or Series of labels
            The votes by annotator, of those who answered: at least one. A vote is a label as in
            `CategoricalTarget`, or a set of labels.

        Returns
        -------
        label : label
            The label with most votes; a frozenset, if votes are sets. In a tie, that of the
            annotators with the largest mean agreement; then the first one in `votes`.

        Raises
        ------
        ValueError
            If there is no vote, or one of an unknown annotator, or one is missing or no label, or
            they are of different types. Nothing is noted.
        """
        if hasattr(votes, "to_dict") and not hasattr(votes, "columns"):
            votes = _of_series(votes)
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
        labels = _labels(votes)
        weights: dict[Any, tuple[int, float]] = {}
        for name, label in labels.items():
            n, agreement = weights.get(label, (0, 0.0))
            weights[label] = n + 1, max(agreement, self._mean(name))
        winner = max(weights, key=lambda label: weights[label])
        if len(labels) > 1:
            for name, label in labels.items():
                self.n_votes[name] += 1
                self.n_agreed[name] += int(label == winner)
        return winner

    def __repr__(self) -> str:
        n_votes = sum(self.n_votes.values())
        return (
            f"{type(self).__name__}({counted(len(self.annotators), 'annotator')}, "
            f"{counted(n_votes, 'vote')})"
        )

    def _mean(self, name: Any) -> float:
        return (self.n_agreed[name] + 1) / (self.n_votes[name] + 2)

    def _interval(self, name: Any) -> tuple[float, float]:
        n, mean = self.n_votes[name] + 2, self._mean(name)
        quantile = float(t.isf((1 - self.confidence) / 2, n - 1))
        half = quantile * float(np.sqrt(mean * (1 - mean) / n))
        return mean - half, mean + half


def _of_series(votes: Any) -> dict[Any, Any]:
    """Return the votes of a Series by its index, or raise."""
    names = list(votes.index)
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"There are two votes of {shown(name)}. Hint: give one of each.")
    return dict(zip(names, votes.tolist(), strict=True))


def _labels(votes: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the votes as labels that compare as those of a learner do, or raise."""
    labels = {name: _label(name, vote) for name, vote in votes.items()}
    are_sets = {isinstance(label, frozenset) for label in labels.values()}
    if len(are_sets) > 1:
        raise ValueError(
            f"Of the votes {shown(list(votes.values()))}, some are sets. Hint: give all votes as "
            "labels, or all as sets of labels."
        )
    # A set of True and 1 has one of them only.
    given = list(labels.values())
    try:
        check_labels([one for label in given for one in label] if True in are_sets else given)
    except ValueError as error:
        raise ValueError(str(error).replace("y mixes", "The votes mix", 1)) from error
    return labels


def _label(name: Any, vote: Any) -> Any:
    """Return a vote as Python's own label or a frozenset of such labels, or raise."""
    if getattr(vote, "ndim", None) == 0 and vote is not np.ma.masked:
        vote = vote if isinstance(vote, np.generic) else vote.item()
    if vote is np.ma.masked or is_missing_label(vote):
        raise ValueError(
            f"The vote of {shown(name)} is missing ({vote}). Hint: leave a missing vote out."
        )
    is_fraction = isinstance(vote, float | np.floating) and not float(vote).is_integer()
    if is_fraction or isinstance(vote, list | tuple | Mapping) or getattr(vote, "ndim", None):
        raise ValueError(
            f"The vote of {shown(name)} is {shown(vote)}, which is not a label. Hint: a vote is "
            "one label, or a set of labels."
        )
    is_set = isinstance(vote, set | frozenset)
    if is_set and (getattr(vote, "unanswered", None) or getattr(vote, "named", None) is not None):
        raise ValueError(
            f"The vote of {shown(name)}, {shown(vote)}, answers some labels only. Hint: a vote is "
            "the set of all labels of the sample."
        )
    try:
        clean = CATEGORICAL.validate(list(vote) if is_set else [vote]).tolist()
    except ValueError as error:
        fact = str(error).removeprefix("y[0] is ").replace("y mixes", "it mixes", 1)
        raise ValueError(f"The vote of {shown(name)} is no label: {fact}") from error
    return frozenset(clean) if is_set else clean[0]
