"""The agreement of answers with predictions, and a warning when it drops."""

from __future__ import annotations

from typing import Any

import numpy as np

from skactive._agreement import Agreement, Drop
from skactive._warning import warn_user


class DriftWarning(UserWarning):
    """Warns that answers agree less with the predictions: the task may have changed.

    `ActiveLearner` with a `drift_detector` gives it. `ActiveLearner.forget` forgets the labels
    from before the change.

    Parameters
    ----------
    message : str
        The text of the warning.
    n_answers : int
        Number of answers so far.
    agreement : float
        The share of the last 20 answers that had been predicted.
    agreement_before : float
        The share of up to 80 answers before those, since the last such warning.

    See Also
    --------
    ActiveLearner.drifts : The numbers of answers after which a drop was detected.

    Examples
    --------
    >>> from skactive.learner import DriftWarning
    >>> warning = DriftWarning("Answers changed.", 150, 0.4, 0.85)
    >>> warning.n_answers, warning.agreement
    (150, 0.4)
    """

    def __init__(
        self, message: str, n_answers: int, agreement: float, agreement_before: float
    ) -> None:
        # With all arguments, so that a warning of another process can be unpickled.
        super().__init__(message, n_answers, agreement, agreement_before)
        self.n_answers = n_answers
        self.agreement = agreement
        self.agreement_before = agreement_before

    def __str__(self) -> str:
        return str(self.args[0])


class AgreementWatch:
    """Update a drift detector with each answer, and warn when it signals a drop."""

    target_kinds = frozenset({"categorical"})
    name_of_kind_error = "drift_detector"

    def __init__(self, detector: Any) -> None:
        self._agreement = Agreement(detector)
        self.drifts: list[int] = []

    @property
    def detector(self) -> Any:  # the user's detector
        """The copy of the detector."""
        return self._agreement.detector

    def reset(self) -> None:
        """Forget all answers so far, including those in the state of the detector."""
        self._agreement.reset()

    def update(self, agreed: np.ndarray, n_answers: int, *, warns: bool = True) -> None:
        """Record whether answers were predicted; the last one has the number `n_answers`."""
        for place, one in enumerate(agreed.tolist()):
            drop = self._agreement.update(one)
            if drop is not None:
                self._agreement.forget()
                self.drifts.append(n_answers - len(agreed) + place + 1)
                if warns:
                    self._warn(drop)

    def _warn(self, drop: Drop) -> None:
        n_answers = self.drifts[-1]
        warn_user(
            DriftWarning(
                f"After {n_answers} answers the task seems to have changed: {drop.recent:.0%} of "
                f"the last {drop.n_recent} answers were predicted, {drop.before:.0%} of the "
                f"{drop.n_before} before. "
                f"Hint: if it has, `forget(n_kept={drop.n_recent})` forgets all older answers.",
                n_answers,
                drop.recent,
                drop.before,
            )
        )
