"""How far labelling has come."""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from skactive.learner._stopping.accuracy_estimate import AccuracyEstimate, estimate_accuracy
from skactive.learner._stopping.criteria import StoppingHistory, Verdict
from skactive.learner._stopping.percent import percent

if TYPE_CHECKING:
    from skactive.learner._active_learner import ActiveLearner


class Progress:
    """How far labelling has come, and whether it may stop: ``print(learner.progress)``.

    Everything beside the counts is worked out when it is first looked at.

    Parameters
    ----------
    learner : ActiveLearner
        Whose progress.
    history : StoppingHistory
        Its criteria, and what they noted.

    Attributes
    ----------
    n_labeled : int
        Number of labels, those known from the start included.
    n_left : int
        Number of samples left to ask about.

    See Also
    --------
    skactive.ActiveLearner.progress : Where it comes from.

    Notes
    -----
    It looks at the learner as it stands: ask the learner for another one after each answer.

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
    20 labels, 1,777 samples left; about ... % of what is left is predicted right (95 % ...)
    Go on: 2 more comparisons of predictions are needed.
    """

    def __init__(self, learner: ActiveLearner, history: StoppingHistory) -> None:
        self._learner = learner
        self._history = history
        self.n_labeled = learner.pool.n_labeled
        self.n_left = learner.pool.n_candidates

    @cached_property
    def expected_error(self) -> float | None:
        """The mean of 1 - p₁ over the samples left, None while nothing is known of them."""
        posterior = self._learner.pool.posterior()
        if posterior is None or len(posterior) == 0:
            return None
        return float(np.mean(1 - posterior.max(axis=1)))

    @cached_property
    def accuracy(self) -> AccuracyEstimate | None:
        """How many of the samples left are predicted right, None while there are few labels."""
        return estimate_accuracy(self._learner)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What each criterion says, in the order in which they were passed."""
        return self._history.verdicts(self._learner)

    @property
    def stop(self) -> bool:
        """Whether all criteria say so, or nothing is left to ask about."""
        return self.n_left == 0 or (
            bool(self.verdicts) and all(verdict.stop for verdict in self.verdicts)
        )

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return f"<Progress: {self.n_labeled:,} labels, {self.n_left:,} samples left>"

    def _repr_html_(self) -> str:
        return f"<p>{'<br>'.join(escape(line) for line in self._lines())}</p>"

    def _lines(self) -> list[str]:
        labels = "1 label" if self.n_labeled == 1 else f"{self.n_labeled:,} labels"
        samples = "1 sample" if self.n_left == 1 else f"{self.n_left:,} samples"
        first = f"{labels}, {samples} left"
        if self.accuracy is not None:
            first += f"; {self.accuracy}"
        elif self.expected_error is not None:
            first += f"; expected error {percent(self.expected_error)} %"
        if self.n_left == 0:
            return [first, "Stop: nothing is left to ask about."]
        if not self.verdicts:
            return [first]
        reasons = "; ".join(verdict.reason for verdict in self.verdicts)
        return [first, f"{'Stop' if self.stop else 'Go on'}: {reasons}."]
