"""Stopping criteria, evaluated after each answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from math import floor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import cohen_kappa_score
from sklearn.preprocessing import MultiLabelBinarizer

from skactive._text import counted, shown
from skactive._validation import check_integer, check_number
from skactive.learner._stopping.accuracy_estimate import estimate_accuracy, percent

if TYPE_CHECKING:
    from skactive.learner._active_learner import ActiveLearner

Notes = list[tuple[int, Any]]


class Verdict(NamedTuple):
    """The verdict of a stopping criterion.

    Attributes
    ----------
    criterion : str
        Its name.
    stop : bool
        Whether labelling can stop.
    reason : str
        The reason, or the missing condition.
    is_limit : bool
        Whether it is sufficient alone.
    """

    criterion: str
    stop: bool
    reason: str
    is_limit: bool = False


class StoppingCriterion(BaseEstimator, ABC):
    """Base class of stopping criteria.

    A subclass implements `reason`. A criterion that compares with earlier states sets `every` and
    implements `note`, too. It has no memory: the learner keeps the notes, and removes those of
    answers that are undone. Labelling stops when all criteria are met, or one with `is_limit`.

    See Also
    --------
    skactive.ActiveLearner : Evaluates the criteria passed as `stopping`.

    Examples
    --------
    >>> from skactive import ActiveLearner
    >>> from skactive.learner import StoppingCriterion
    >>> class EachClass(StoppingCriterion):
    ...     def __init__(self, n_classes=2):
    ...         self.n_classes = n_classes
    ...     def reason(self, learner, notes):
    ...         n = len(learner.pool.classes_)
    ...         return n >= self.n_classes, f"{n} of {self.n_classes} classes"
    >>> learner = ActiveLearner(X_pool=[[1.0], [2.0]], stopping=EachClass(1)).teach([0], ["a"])
    >>> learner.progress.stop
    True
    """

    every: int | None = None
    # Whether labelling stops if this criterion is met, and others are not.
    is_limit = False

    # The kinds of labels that it can be used with, see `skactive.base.Target`. None means any.
    target_kinds: frozenset[str] | None = None

    def check_parameters(self) -> None:
        """Raise if a parameter is invalid. A learner calls it when it is created."""
        if self.every is not None:
            check_integer(self, "every", self.every, minimum=1)

    def note(self, learner: ActiveLearner) -> object:
        """Return a note of the present state, for a comparison after later answers.

        Parameters
        ----------
        learner : ActiveLearner
            The learner after an answer; it is not changed.

        Returns
        -------
        note : object
            None if there is nothing to note yet.
        """
        return None

    @abstractmethod
    def reason(self, learner: ActiveLearner, notes: Notes) -> tuple[bool, str]:
        """Return whether labelling can stop, and the reason.

        Parameters
        ----------
        learner : ActiveLearner
            The learner; it is not changed.
        notes : list of (int, object)
            Numbers of answers and the notes after them, oldest first.

        Returns
        -------
        stop : bool
            Whether labelling can stop.
        reason : str
            The reason in words.
        """


class StabilizedPredictions(StoppingCriterion):
    """Stop when further answers no longer change the predictions.

    Every few answers the labels of a fixed part of the pool, the stop set, are predicted and
    compared with those before by Cohen's kappa, the agreement beyond chance, which is 1 if none
    changes. Labelling can stop when the mean of the last few kappas is at least `threshold`. If
    samples have several labels, each label of each sample is a prediction.

    Parameters
    ----------
    threshold : float, default=0.99
        The sufficient mean kappa, above 0 and at most 1.
    window : int, default=3
        Number of comparisons in the mean, at least 1.
    every : int, default=10
        Number of answers between comparisons, at least 1.
    stop_set_size : int, default=1000
        Number of samples of the pool that are predicted, at least 1.

    See Also
    --------
    ExpectedGain : Uses the probabilities, too.

    Notes
    -----
    Stable predictions can be wrong: if a strategy selects samples of one region only, predictions
    elsewhere do not change. Cost: a prediction of the stop set after every `every` answers; a
    classifier without incremental updates is refitted for it.

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

    every: int

    target_kinds = frozenset({"categorical", "multilabel"})

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

    def check_parameters(self) -> None:
        super().check_parameters()
        check_number(self, "threshold", self.threshold, exclusive=True)
        check_integer(self, "window", self.window, minimum=1)
        check_integer(self, "stop_set_size", self.stop_set_size, minimum=1)

    def note(self, learner: ActiveLearner) -> np.ndarray | None:
        found = posterior_and_classes(learner, self.stop_set_size)
        if found is None:
            return None
        posterior, classes = found
        target = learner.pool.target
        if target.kind == "multilabel":
            return target.from_estimator((posterior > 0.5).astype(np.int8), classes)
        return classes[posterior.argmax(axis=1)]

    def reason(self, learner: ActiveLearner, notes: Notes) -> tuple[bool, str]:
        self.check_parameters()
        window = self.window
        known = [note for _, note in notes if note is not None][-window - 1 :]
        if len(known) <= window:
            n = (window - len(known) + 1) * self.every
            return False, _needed(n, "it can be said whether the predictions have settled")
        is_multilabel = learner.pool.target.kind == "multilabel"
        kappas = [
            agreement(*(decisions(*pair) if is_multilabel else pair)) for pair in pairwise(known)
        ]
        if None in kappas:
            same = "labels are" if is_multilabel else "class is"
            return False, f"the same {same} predicted for all samples so far"
        mean = float(np.mean([kappa for kappa in kappas if kappa is not None]))
        done = mean >= self.threshold
        verb = "no longer change" if done else "still change"
        # Rounded down: one that does not suffice is not shown as if it did.
        shown = floor(1000 * mean) / 1000
        return done, f"predictions {verb} (agreement {shown:.3f}, sufficient {self.threshold:g})"


class ExpectedGain(StoppingCriterion):
    """Stop when further answers are no longer expected to correct many predictions.

    The expected error is the mean of 1 - p₁ over a part of the pool, where p₁ is the probability of
    the predicted class. Its level depends on the calibration of the classifier. The criterion is
    therefore its decrease per answer over the last answers, the gain.

    Parameters
    ----------
    threshold : float, default=0.0005
        The smallest sufficient gain per answer, above 0: 0.0005 is one more correct prediction
        among 2,000 samples.
    window : int, default=50
        Number of answers over which the gain is computed, at least 10.
    every : int, default=10
        Number of answers between notes of the error, at least 1.
    stop_set_size : int, default=1000
        Number of samples of the pool that are predicted, at least 1.

    See Also
    --------
    StabilizedPredictions : Uses the predicted labels alone.

    Notes
    -----
    The reference proposes thresholds on the expected error itself, which need calibrated
    probabilities. With an overconfident classifier the gain is small too early: check the accuracy
    as well. Cost: a prediction of the stop set after every `every` answers.

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

    every: int

    target_kinds = frozenset({"categorical"})

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

    def check_parameters(self) -> None:
        super().check_parameters()
        check_number(self, "threshold", self.threshold, exclusive=True)
        check_integer(self, "window", self.window, minimum=10)
        check_integer(self, "stop_set_size", self.stop_set_size, minimum=1)

    def note(self, learner: ActiveLearner) -> float | None:
        found = posterior_and_classes(learner, self.stop_set_size)
        if found is None or found[0].shape[1] < 2:
            return None
        return float(1 - found[0].max(axis=1).mean())

    def reason(self, learner: ActiveLearner, notes: Notes) -> tuple[bool, str]:
        self.check_parameters()
        window = self.window
        known = [(n, error) for n, error in notes if error is not None]
        before = [one for one in known if one[0] <= known[-1][0] - window]
        if not before:
            # The first note is made after `every` answers.
            n_known = known[-1][0] - known[0][0] if known else -self.every
            return False, _needed(window - n_known, "the gain of a label can be estimated")
        (n_before, error_before), (n_now, error_now) = before[-1], known[-1]
        gain = (error_before - error_now) / (n_now - n_before)
        done = gain < self.threshold
        size = "less than" if done else "at least"
        return done, (
            f"a label is expected to correct {1000 * gain:.2f} of 1,000 predictions, {size} "
            f"{1000 * self.threshold:g}"
        )


class SufficientAccuracy(StoppingCriterion):
    """Stop when the accuracy on the samples left is high enough.

    It compares the lower end of the interval of `AccuracyEstimate`, which does not need labels
    drawn at random, with a target.

    Parameters
    ----------
    target : float, default=0.9
        The sufficient share of correct predictions, above 0 and below 1.

    See Also
    --------
    AccuracyEstimate : The estimate and its limitations.

    Notes
    -----
    Nothing is kept from answer to answer: the estimate is computed when it is read.

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

    target_kinds = frozenset({"categorical"})

    def __init__(self, target: float = 0.9) -> None:
        self.target = target

    def check_parameters(self) -> None:
        target = check_number(self, "target", self.target, exclusive=True)
        if target >= 1:
            raise ValueError(
                "The 'target' parameter of SufficientAccuracy must be a number below 1. "
                f"Got {target} instead."
            )

    def reason(self, learner: ActiveLearner, notes: Notes) -> tuple[bool, str]:
        self.check_parameters()
        target = self.target
        estimate = estimate_accuracy(learner)
        if estimate is None:
            return False, "there are too few labels to estimate the accuracy"
        done = estimate.lower >= target
        verb = "reaches" if done else "is below"
        return done, (
            f"the accuracy is at least {percent(estimate.lower)} %, which {verb} {100 * target:g} %"
        )


class StoppingHistory:
    """The criteria of a learner, and their notes.

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
                got = criteria if isinstance(criteria, str) else one
                raise TypeError(
                    "`stopping` must be a stopping criterion, such as StabilizedPredictions(), or "
                    f"a list of them. Got {shown(got)} instead."
                )
            one.check_parameters()
        self.criteria = [clone(one) for one in given]
        self._notes: list[Notes] = [[] for _ in given]

    def taught(self, learner: ActiveLearner, n_answers: int) -> None:
        """Take the notes of the criteria after an answer."""
        for one, notes in zip(self.criteria, self._notes, strict=True):
            if one.every is None:
                continue
            last = notes[-1][0] if notes else 0
            if n_answers // one.every > last // one.every:
                notes.append((n_answers, one.note(learner)))

    def undone(self, n_answers: int) -> None:
        """Remove the notes after answers that were undone."""
        for notes in self._notes:
            while notes and notes[-1][0] > n_answers:
                notes.pop()

    def verdicts(self, learner: ActiveLearner) -> list[Verdict]:
        """Return the verdict of each criterion."""
        return [
            Verdict(type(one).__name__, stop, reason, one.is_limit)
            for one, notes in zip(self.criteria, self._notes, strict=True)
            for stop, reason in [one.reason(learner, notes)]
        ]


def _needed(n_labels: int, before: str) -> str:
    verb = "is" if n_labels == 1 else "are"
    return f"about {counted(n_labels, 'more label')} {verb} needed before {before}"


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


def decisions(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two predictions of sets of labels as decisions about each label of each sample."""
    binarizer = MultiLabelBinarizer().fit([*before, *after])
    return binarizer.transform(before).ravel(), binarizer.transform(after).ravel()


def agreement(before: np.ndarray, after: np.ndarray) -> float | None:
    """Return Cohen's kappa of two predictions, None if both are of one class."""
    if len(np.unique(np.concatenate([np.unique(before), np.unique(after)]))) < 2:
        return None
    return float(cohen_kappa_score(before, after))
