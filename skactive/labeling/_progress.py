"""The progress of a labelling session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skactive._label_names import Label
from skactive._text import counted, counted_labels
from skactive.labeling._predictions import predicted_labels
from skactive.labeling._stopping import StoppingAdvice

if TYPE_CHECKING:
    from skactive.learner import AccuracyEstimate

# The speed is that of the last answers.
N_TIMED = 20


class TestAccuracy(NamedTuple):
    """The accuracy on the test samples.

    Attributes
    ----------
    value : float
        The share of correct predictions, in [0, 1].
    lower : float
        The lower end of Wilson's interval of 95 per cent.
    upper : float
        The upper end.
    n_labeled : int
        Number of test samples with a label.
    """

    value: float
    lower: float
    upper: float
    n_labeled: int

    def __str__(self) -> str:
        return (
            f"{100 * self.value:.0f} % of {counted(self.n_labeled, 'test sample')} are predicted "
            f"correctly (95 % interval: {100 * self.lower:.0f} to {100 * self.upper:.0f} %)"
        )


class CurvePoint(NamedTuple):
    """A point of the curve of a session.

    Attributes
    ----------
    n_labeled : int
        Number of labels that were taught.
    accuracy : AccuracyEstimate or None
        The accuracy that was estimated from them.
    test_accuracy : TestAccuracy or None
        The accuracy on the test samples that had a label then.
    """

    n_labeled: int
    accuracy: AccuracyEstimate | None
    test_accuracy: TestAccuracy | None


@dataclass(frozen=True)
class SessionProgress:
    """The state of a labelling session: ``print(session.progress())``.

    Attributes
    ----------
    n_samples : int
        Number of samples.
    n_labeled : int
        Number of labels that are taught: those of test samples are not.
    n_test : int
        Number of test samples.
    n_test_labeled : int
        Number of test samples with a label.
    n_skipped : int
        Number of skipped samples.
    n_postponed : int
        Number of postponed samples.
    n_embedded : int
        Number of samples that are embedded so far.
    n_unreadable : int
        Number of those among them that cannot be read.
    labels_per_class : dict of str to int
        Number of labels of each class, those of test samples included.
    labels_per_minute : float or None
        The speed of the last 20 answers; None with fewer than three.
    accuracy : AccuracyEstimate or None
        The accuracy on the samples left, estimated from the taught labels; None with few labels.
    test_accuracy : TestAccuracy or None
        The accuracy on the labelled test samples; None without one.
    advice : StoppingAdvice
        Whether labelling can stop, the reasons as a sentence, and the verdict of each criterion.
    curve : list of CurvePoint
        The accuracies by the number of labels, over all days of the session. The last point is the
        present one.
    error : Exception or None
        The error that ended the embedding, or that of the classifier for the present labels.
    """

    n_samples: int
    n_labeled: int
    n_test: int
    n_test_labeled: int
    n_skipped: int
    n_postponed: int
    n_embedded: int
    n_unreadable: int
    labels_per_class: dict[str, int]
    labels_per_minute: float | None
    accuracy: AccuracyEstimate | None
    test_accuracy: TestAccuracy | None
    advice: StoppingAdvice
    curve: list[CurvePoint]
    error: Exception | None

    def __str__(self) -> str:
        labels = counted_labels(self.n_labeled, self.n_test_labeled)
        lines = [f"{labels} of {counted(self.n_samples, 'sample')}"]
        for n, name in [
            (self.n_skipped, "skipped"),
            (self.n_postponed, "postponed"),
            (self.n_unreadable, "unreadable"),
        ]:
            if n:
                lines[0] += f", {n:,} {name}"
        if self.labels_per_class:
            lines.append(", ".join(f"{name}: {n:,}" for name, n in self.labels_per_class.items()))
        if self.accuracy is not None:
            lines.append(f"Estimated from these labels: {self.accuracy}")
        if self.test_accuracy is not None:
            lines.append(f"Test set: {self.test_accuracy}")
        if self.advice.sentence is not None:
            lines.append(self.advice.sentence)
        if self.n_embedded < self.n_samples:
            line = f"{self.n_embedded:,} of {counted(self.n_samples, 'sample')} are read so far"
            if self.accuracy is not None or self.test_accuracy is not None:
                line += "; the accuracies can change until all are"
            lines.append(line)
        if self.failure is not None:
            lines.append(self.failure)
        return "\n".join(lines)

    @property
    def failure(self) -> str | None:
        """The error as a sentence, with the step that failed; None without one."""
        if self.error is None:
            return None
        failed = "Reading the samples" if self.n_embedded < self.n_samples else "Learning"
        return f"{failed} failed: {str(self.error) or type(self.error).__name__}"


def labels_per_minute(times: Sequence[str]) -> float | None:
    """Return the speed of the last answers: 60 divided by the median of the seconds between two."""
    last = sorted(set(times))[-N_TIMED - 1 :]
    if len(last) < 3:
        return None
    seconds = np.diff([datetime.fromisoformat(time).timestamp() for time in last])
    return float(60 / np.median(seconds))


def accuracy_on_test(
    learner: Any,  # an ActiveLearner, or None
    places: list[int],
    labels: list[Label],
) -> TestAccuracy | None:
    """Return the accuracy on labelled samples of the pool that were not taught.

    A prediction of several labels is correct if all of them are.
    """
    if learner is None or not places:
        return None
    from scipy.stats import binomtest
    from sklearn.exceptions import NotFittedError

    try:
        predicted = predicted_labels(learner, learner.samples(places))
    except NotFittedError:
        return None
    n_right = sum(one == other for one, other in zip(predicted, labels, strict=True))
    interval = binomtest(n_right, len(labels)).proportion_ci(method="wilson")
    return TestAccuracy(n_right / len(labels), interval.low, interval.high, len(labels))
