"""Whether the answers that arrive still agree with what was predicted."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from skactive._warning import warn_user

# How many answers make up the agreement of late, and the agreement before.
N_RECENT = 20
N_BEFORE = 80


class DriftWarning(UserWarning):
    """Warns that answers agree less with the predictions: the task may have changed.

    Given by `ActiveLearner` with a `drift_detector`. `ActiveLearner.forget` then forgets what is
    no longer true.

    Parameters
    ----------
    message : str
        What is said.
    n_answers : int
        How many answers had been given.
    agreement : float
        The share of the last 20 answers that had been predicted.
    agreement_before : float
        The share of the up to 80 before those, since the last such warning.

    See Also
    --------
    ActiveLearner.drifts : The numbers of answers after which it was given.

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
        # All of them, or a warning that another process hands back could not be made again.
        super().__init__(message, n_answers, agreement, agreement_before)
        self.n_answers = n_answers
        self.agreement = agreement
        self.agreement_before = agreement_before

    def __str__(self) -> str:
        return str(self.args[0])


class AgreementWatch:
    """Tell a drift detector of each answer whether it was predicted, and pass its signal on.

    Detectors signal any change, or one of the wrong direction: only those are passed on after
    which agreement is lower than before.
    """

    def __init__(self, detector: Any) -> None:
        if isinstance(detector, type) or not (
            callable(getattr(detector, "update", None)) and hasattr(detector, "drift_detected")
        ):
            raise TypeError(
                "The drift detector must have `update(x)` and `drift_detected`, as river's have, "
                f"such as river.drift.PageHinkley(mode='up'). Got {detector!r} instead."
            )
        self._blank = detector
        self.drifts: list[int] = []
        self.start_anew()

    def start_anew(self) -> None:
        """Forget the answers so far, those that the detector remembers included."""
        self.detector = copy.deepcopy(self._blank)
        self._agreed: list[bool] = []

    def take_in(self, agreed: np.ndarray, n_answers: int) -> None:
        """Take in whether answers were predicted, of which the last was number `n_answers`."""
        for place, one in enumerate(agreed.tolist()):
            self.detector.update(float(not one))
            self._agreed.append(one)
            if self.detector.drift_detected:
                self._signal(n_answers - len(agreed) + place + 1)

    def _signal(self, n_answers: int) -> None:
        recent, earlier = self._agreed[-N_RECENT:], self._agreed[:-N_RECENT][-N_BEFORE:]
        if not earlier:
            return
        agreement, before = float(np.mean(recent)), float(np.mean(earlier))
        if agreement >= before:
            return
        self._agreed = []
        self.drifts.append(n_answers)
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
