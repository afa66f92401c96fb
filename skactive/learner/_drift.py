"""The agreement of answers with predictions, and a warning when it drops."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from skactive._text import shown
from skactive._warning import warn_user

# Number of answers in the recent agreement, and in the agreement before.
N_RECENT = 20
N_BEFORE = 80


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
    """Update a drift detector with each answer, and warn when it signals.

    A detector may signal a change in either direction: the learner warns only if the agreement
    is lower than before.
    """

    target_kinds = frozenset({"categorical"})
    name_of_kind_error = "drift_detector"

    def __init__(self, detector: Any) -> None:
        if isinstance(detector, type) or not (
            callable(getattr(detector, "update", None)) and hasattr(detector, "drift_detected")
        ):
            raise TypeError(
                "The drift detector must have `update(x)` and `drift_detected`, like those of "
                f"river, such as river.drift.PageHinkley(mode='up'). Got {shown(detector)} instead."
            )
        self._blank = detector
        self.drifts: list[int] = []
        self.reset()

    def reset(self) -> None:
        """Forget all answers so far, including those in the state of the detector."""
        self.detector = copy.deepcopy(self._blank)
        self._agreed: list[bool] = []

    def update(self, agreed: np.ndarray, n_answers: int, *, warns: bool = True) -> None:
        """Record whether answers were predicted; the last one has the number `n_answers`."""
        for place, one in enumerate(agreed.tolist()):
            self.detector.update(float(not one))
            self._agreed.append(one)
            if self.detector.drift_detected:
                self._signal(n_answers - len(agreed) + place + 1, warns)

    def _signal(self, n_answers: int, warns: bool) -> None:
        recent, earlier = self._agreed[-N_RECENT:], self._agreed[:-N_RECENT][-N_BEFORE:]
        if not earlier:
            return
        agreement, before = float(np.mean(recent)), float(np.mean(earlier))
        if agreement >= before:
            return
        self._agreed = []
        self.drifts.append(n_answers)
        if not warns:
            return
        warn_user(
            DriftWarning(
                f"After {n_answers} answers the task seems to have changed: {agreement:.0%} of "
                f"the last {len(recent)} answers were predicted, {before:.0%} of the "
                f"{len(earlier)} before. "
                f"Hint: if it has, `forget(n_kept={len(recent)})` forgets all older answers.",
                n_answers,
                agreement,
                before,
            )
        )
