"""When labelling may stop: criteria that look at a learner after each answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import cohen_kappa_score

from skactive._validation import check_integer, check_number
from skactive.learner._stopping.accuracy_estimate import estimate_accuracy
from skactive.learner._stopping.percent import percent

if TYPE_CHECKING:
    from skactive.learner._active_learner import ActiveLearner

Notes = list[tuple[int, Any]]


class Verdict(NamedTuple):
    """What a stopping criterion says.

    Attributes
    ----------
    criterion : str
        Its name.
    stop : bool
        Whether labelling may stop.
    reason : str
        Why, or what is missing.
    """

    criterion: str
    stop: bool
    reason: str


class StoppingCriterion(BaseEstimator, ABC):
    """Base class of what tells when labelling may stop.

    A subclass writes `reason`; one that compares with earlier states sets `every` and writes
    `note`, too. It has no memory itself: the learner keeps the notes, and drops those of answers
    that are taken back.

    See Also
    --------
    skactive.ActiveLearner : Asks the criteria passed as `stopping`.

    Examples
    --------
    >>> from skactive import ActiveLearner
    >>> from skactive.learner import StoppingCriterion
    >>> class Budget(StoppingCriterion):
    ...     def __init__(self, n_labels=100):
    ...         self.n_labels = n_labels
    ...     def reason(self, learner, notes):
    ...         n = learner.pool.n_labeled
    ...         return n >= self.n_labels, f"{n} of {self.n_labels} labels are there"
    >>> learner = ActiveLearner(X_pool=[[1.0], [2.0]], stopping=Budget(1)).teach([0], ["a"])
    >>> learner.progress.stop
    True
    """

    every: int | None = None

    def note(self, learner: ActiveLearner) -> Any:
        """Return what a later answer is to be compared with.

        Parameters
        ----------
        learner : ActiveLearner
            Who has just been taught; it is not changed.

        Returns
        -------
        note : object
            None where there is nothing to note yet.
        """
        return None

    @abstractmethod
    def reason(self, learner: ActiveLearner, notes: Notes) -> tuple[bool, str]:
        """Return whether labelling may stop, and why.

        Parameters
        ----------
        learner : ActiveLearner
            Who is taught; it is not changed.
        notes : list of (int, object)
            After how many answers what was noted, oldest first.

        Returns
        -------
        stop : bool
            Whether it may.
        reason : str
            In words.
        """


class StabilizedPredictions(StoppingCriterion):
    """Stop when further answers no longer change what is predicted.

    Every few answers the labels of a fixed part of the pool, the stop set, are predicted and
    compared with those before by Cohen's kappa, the agreement beyond chance. Labelling may stop
    when the last few comparisons agree nearly perfectly on average.

    Parameters
    ----------
    threshold : float, default=0.99
        The mean kappa that is enough, above 0 and at most 1.
    window : int, default=3
        How many comparisons are averaged, at least 1.
    every : int, default=10
        After how many answers predictions are compared, at least 1.
    stop_set_size : int, default=1000
        How many samples of the pool are predicted, at least 1.

    See Also
    --------
    ExpectedGain : Looks at the probabilities, too.

    Notes
    -----
    Stable predictions need not be right: where a strategy keeps asking in one region, nothing
    changes elsewhere. Cost: predicting the stop set every so many answers; a classifier that is
    fitted anew is fitted for it.

    References
    ----------
    M. Bloodgood and K. Vijay-Shanker, "A method for stopping active learning based on stabilizing
    predictions and the need for user-adjustable stopping", CoNLL 2009.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive import ActiveLearner
    >>> from skactive.learner import StabilizedPredictions
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = ActiveLearner(X_pool=X, stopping=StabilizedPredictions())
    >>> while not learner.progress.stop:
    ...     indices = learner.query(5)
    ...     learner = learner.teach(indices, y[indices])
    >>> bool(learner.score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        threshold: float = 0.99,
        *,
        window: int = 3,
        every: int = 10,
        stop_set_size: int = 1000,
    ) -> None:
        self.threshold = threshold
        self.window = window
        self.every = every
        self.stop_set_size = stop_set_size

    def note(self, learner: ActiveLearner) -> Any:
        check_integer(self, "stop_set_size", self.stop_set_size, minimum=1)
        found = posterior_and_classes(learner, self.stop_set_size)
        return None if found is None else found[1][found[0].argmax(axis=1)]

    def reason(self, learner: ActiveLearner, notes: Notes) -> tuple[bool, str]:
        check_number(self, "threshold", self.threshold, exclusive=True)
        window = check_integer(self, "window", self.window, minimum=1)
        known = [note for _, note in notes if note is not None][-window - 1 :]
        if len(known) <= window:
            return False, f"{window - len(known) + 1} more comparisons of predictions are needed"
        kappas = [agreement(*pair) for pair in pairwise(known)]
        if None in kappas:
            return False, "one class alone is predicted so far"
        mean = float(np.mean([kappa for kappa in kappas if kappa is not None]))
        done = mean >= self.threshold
        verb = "hardly change any more" if done else "still change"
        return done, f"predictions {verb} (kappa {mean:.3f}, asked for {self.threshold:g})"


class ExpectedGain(StoppingCriterion):
    """Stop when further answers no longer promise to make many predictions right.

    The expected error is the mean of 1 - p₁ over a part of the pool, p₁ being the probability of
    the predicted class. Its level depends on how a classifier is calibrated, so that what counts is
    by how much it fell per answer over the last few: the gain.

    Parameters
    ----------
    threshold : float, default=0.0005
        The gain per answer that is too small to go on, above 0: 0.0005 is one more right
        prediction among 2,000 samples.
    window : int, default=50
        Over how many answers the gain is taken, at least 10.
    every : int, default=10
        After how many answers the error is noted, at least 1.
    stop_set_size : int, default=1000
        On how many samples of the pool, at least 1.

    See Also
    --------
    StabilizedPredictions : Looks at the labels predicted alone.

    Notes
    -----
    For the idea of stopping by what is expected of the unlabelled samples see the reference, whose
    thresholds on the error itself suppose calibrated probabilities. A classifier that is sure of
    itself too soon promises little gain: look at the accuracy as well. Cost: predicting the stop
    set every so many answers.

    References
    ----------
    J. Zhu, H. Wang, E. Hovy and M. Ma, "Confidence-based stopping criteria for active learning for
    data annotation", ACM Transactions on Speech and Language Processing, 2010.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive import ActiveLearner
    >>> from skactive.learner import ExpectedGain
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = ActiveLearner(X_pool=X, stopping=ExpectedGain(0.002))
    >>> while not learner.progress.stop:
    ...     indices = learner.query(5)
    ...     learner = learner.teach(indices, y[indices])
    >>> bool(learner.score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        threshold: float = 0.0005,
        *,
        window: int = 50,
        every: int = 10,
        stop_set_size: int = 1000,
    ) -> None:
        self.threshold = threshold
        self.window = window
        self.every = every
        self.stop_set_size = stop_set_size

    def note(self, learner: ActiveLearner) -> Any:
        check_integer(self, "stop_set_size", self.stop_set_size, minimum=1)
        found = posterior_and_classes(learner, self.stop_set_size)
        if found is None or found[0].shape[1] < 2:
            return None
        return float(1 - found[0].max(axis=1).mean())

    def reason(self, learner: ActiveLearner, notes: Notes) -> tuple[bool, str]:
        check_number(self, "threshold", self.threshold, exclusive=True)
        window = check_integer(self, "window", self.window, minimum=10)
        known = [(n, error) for n, error in notes if error is not None]
        before = [one for one in known if one[0] <= known[-1][0] - window]
        if not before:
            n_known = known[-1][0] - known[0][0] if known else 0
            return False, f"{window - n_known} more answers are needed to see a gain"
        (n_before, error_before), (n_now, error_now) = before[-1], known[-1]
        gain = (error_before - error_now) / (n_now - n_before)
        done = gain < self.threshold
        verb = "promises little" if done else "still promises a gain"
        return done, (
            f"an answer {verb} ({1000 * gain:.2f} more right of 1,000 samples, "
            f"asked for {1000 * self.threshold:g})"
        )


class SufficientAccuracy(StoppingCriterion):
    """Stop when the accuracy on the samples left is surely high enough.

    It goes by the lower end of the interval of `AccuracyEstimate`, which makes no claim on labels
    having been drawn at random.

    Parameters
    ----------
    target : float, default=0.9
        The share of right predictions that is enough, above 0 and below 1.

    See Also
    --------
    AccuracyEstimate : How it is estimated, and what it cannot promise.

    Notes
    -----
    Nothing is kept from answer to answer: the estimate is made when it is looked at.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive import ActiveLearner
    >>> from skactive.learner import SufficientAccuracy
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = ActiveLearner(X_pool=X, stopping=SufficientAccuracy(0.8))
    >>> while not learner.progress.stop:
    ...     indices = learner.query(5)
    ...     learner = learner.teach(indices, y[indices])
    >>> bool(learner.score(X, y) > 0.8)
    True
    """

    def __init__(self, target: float = 0.9) -> None:
        self.target = target

    def reason(self, learner: ActiveLearner, notes: Notes) -> tuple[bool, str]:
        target = check_number(self, "target", self.target, exclusive=True)
        if target >= 1:
            raise ValueError(
                "The 'target' parameter of SufficientAccuracy must be a number below 1. "
                f"Got {target} instead."
            )
        estimate = estimate_accuracy(learner)
        if estimate is None:
            return False, "there are too few labels to estimate the accuracy"
        done = estimate.lower >= target
        verb = "reaches" if done else "is below"
        return done, (
            f"the accuracy is at least {percent(estimate.lower)} %, which {verb} {100 * target:g} %"
        )


class StoppingHistory:
    """The criteria of a learner, and what they noted.

    Parameters
    ----------
    criteria : StoppingCriterion, sequence of them or None
        As passed by the user; copied.
    """

    def __init__(self, criteria: Any) -> None:
        given = [] if criteria is None else criteria
        given = list(given) if isinstance(given, Sequence) else [given]
        for one in given:
            if not isinstance(one, StoppingCriterion):
                raise TypeError(
                    "`stopping` must be a stopping criterion, such as StabilizedPredictions(), or "
                    f"a list of them. Got {one!r} instead."
                )
            if one.every is not None:
                check_integer(one, "every", one.every, minimum=1)
        self.criteria = [clone(one) for one in given]
        self._notes: list[Notes] = [[] for _ in given]

    def taught(self, learner: ActiveLearner, n_answers: int) -> None:
        """Let the criteria note what they need after an answer."""
        for one, notes in zip(self.criteria, self._notes, strict=True):
            if one.every is None:
                continue
            last = notes[-1][0] if notes else 0
            if n_answers // one.every > last // one.every:
                notes.append((n_answers, one.note(learner)))

    def undone(self, n_answers: int) -> None:
        """Drop what was noted after answers that were taken back."""
        for notes in self._notes:
            while notes and notes[-1][0] > n_answers:
                notes.pop()

    def verdicts(self, learner: ActiveLearner) -> list[Verdict]:
        """Return what each criterion says."""
        return [
            Verdict(type(one).__name__, *one.reason(learner, notes))
            for one, notes in zip(self.criteria, self._notes, strict=True)
        ]


def posterior_and_classes(
    learner: ActiveLearner, n_samples: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the posterior of a fixed part of the pool, and the labels of its columns."""
    pool = learner.pool
    drawn = np.random.default_rng(0).permutation(pool.n_samples)[:n_samples]
    source = pool.posterior_source
    # The probabilities of the candidates are kept.
    posterior = None if source is None else source.peek(np.sort(drawn))
    return None if posterior is None or source is None else (posterior, source.classes)


def agreement(before: np.ndarray, after: np.ndarray) -> float | None:
    """Return Cohen's kappa of two predictions, None where both are of one class."""
    if len(np.unique(np.concatenate([np.unique(before), np.unique(after)]))) < 2:
        return None
    return float(cohen_kappa_score(before, after))
