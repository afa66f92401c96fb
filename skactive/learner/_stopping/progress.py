"""The state of the labelling."""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._text import counted
from skactive.learner._stopping.accuracy_estimate import (
    AccuracyEstimate,
    estimate_accuracy,
    percent,
)
from skactive.learner._stopping.criteria import StoppingHistory, Verdict

if TYPE_CHECKING:
    from skactive.learner._active_learner import ActiveLearner


class Progress:
    """The state of the labelling, and whether it can stop: ``print(learner.progress)``.

    Everything except the counts is computed on first use.

    Parameters
    ----------
    learner : ActiveLearner
        The learner.
    history : StoppingHistory
        Its criteria, with their notes.
    lock : threading.RLock
        The lock of its actions.

    Attributes
    ----------
    n_labeled : int
        Number of labels, the seed set included.
    n_left : int
        Number of candidates left.

    See Also
    --------
    skactive.ActiveLearner.progress : Returns it.

    Notes
    -----
    It describes the present state of the learner: get another one after each answer.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skactive import ActiveLearner
    >>> from skactive.learner import StabilizedPredictions
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = ActiveLearner(X_pool=X, stopping=StabilizedPredictions())
    >>> for _ in range(5):
    ...     indices = learner.query(4)
    ...     learner = learner.teach(indices, y[indices])
    >>> print(learner.progress)  # doctest: +ELLIPSIS
    20 labels, 1,777 samples left; about ... % of the samples left are predicted correctly ...
    Continue: about 20 more labels are needed before it can be said whether the ...
    """

    def __init__(
        self,
        learner: ActiveLearner,
        history: StoppingHistory,
        lock: Any,  # threading.RLock is a function until Python 3.13
    ) -> None:
        self._learner = learner
        self._history = history
        self._lock = lock
        self.n_labeled = learner.pool.n_labeled
        self.n_left = learner.pool.n_candidates
        self._kind = learner.pool.target.kind

    @cached_property
    def expected_error(self) -> float | None:
        """The mean of 1 - p₁ over the samples left, None without a posterior.

        If labels are numbers, the mean of the standard deviations; if a sample has several, the
        mean of min(p, 1 - p) over the labels, the expected Hamming loss.
        """
        with self._lock:
            posterior = self._learner.pool.posterior()
        if posterior is None or len(posterior) == 0:
            return None
        if self._kind == "categorical":
            return float(np.mean(1 - posterior.max(axis=1)))
        if self._kind == "multilabel":
            return float(np.mean(np.minimum(posterior, 1 - posterior)))
        deviation = float(np.mean(posterior[:, 1]))
        return deviation if np.isfinite(deviation) else None

    @cached_property
    def accuracy(self) -> AccuracyEstimate | None:
        """The estimated accuracy on the samples left, None while there are few labels.

        None, too, if labels are numbers, or a sample has several.
        """
        if self._kind != "categorical":
            return None
        with self._lock:
            return estimate_accuracy(self._learner)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """The verdict of each criterion, in the order in which they were passed."""
        with self._lock:
            return self._history.verdicts(self._learner)

    @property
    def stop(self) -> bool:
        """Whether all criteria are met, a limit is reached, or no candidates are left."""
        needed = [verdict.stop for verdict in self.verdicts if not verdict.is_limit]
        is_reached = any(verdict.stop for verdict in self.verdicts if verdict.is_limit)
        return self.n_left == 0 or is_reached or (bool(needed) and all(needed))

    @property
    def advice(self) -> str | None:
        """The sentence "Stop: …" or "Continue: …" with its reasons, None without criteria."""
        if self.n_left == 0:
            return "Stop: no samples are left."
        if not self.verdicts:
            return None
        return (
            f"Stop: {self._reasons(True)}." if self.stop else f"Continue: {self._reasons(False)}."
        )

    def _reasons(self, stop: bool) -> str:
        return "; ".join(verdict.reason for verdict in self.verdicts if verdict.stop == stop)

    def __str__(self) -> str:
        with self._lock:
            return "\n".join(self._lines())

    def __repr__(self) -> str:
        labels, samples = counted(self.n_labeled, "label"), counted(self.n_left, "sample")
        return f"<Progress: {labels}, {samples} left>"

    def _repr_html_(self) -> str:
        with self._lock:
            return f"<p>{'<br>'.join(escape(line) for line in self._lines())}</p>"

    def _lines(self) -> list[str]:
        first = f"{counted(self.n_labeled, 'label')}, {counted(self.n_left, 'sample')} left"
        if self.accuracy is not None:
            first += f"; {self.accuracy}"
        elif self.expected_error is not None:
            if self._kind != "continuous":
                each = " of each label" if self._kind == "multilabel" else ""
                first += f"; expected error{each} {percent(self.expected_error)} %"
            else:
                first += f"; mean standard deviation {self.expected_error:.4g}"
        error = self._learner.fit_error
        if error is not None:
            name = type(self._learner.pool.estimator).__name__
            first += f"; {name} waits for more labels, since it raised: {error}"
        lines = [first] if self.advice is None else [first, self.advice]
        if not self.stop and (met := self._reasons(True)):
            lines.append(f"Met: {met}.")
        return lines
