"""The agreement of labels with predictions, which a drift detector watches."""

from __future__ import annotations

import copy
from collections import deque
from typing import Any, NamedTuple

import numpy as np

from skactive._text import shown

# Number of labels in the recent agreement, and in the agreement before.
N_RECENT = 20
N_BEFORE = 80


class Drop(NamedTuple):
    """A drop of the agreement: the shares that were predicted, and the numbers of labels."""

    recent: float
    before: float
    n_recent: int
    n_before: int


class Agreement:
    """Update a drift detector with each label.

    A detector may signal a change in either direction: only a drop of the agreement counts.

    Attributes
    ----------
    detector : object
        The copy of the detector.
    """

    def __init__(self, detector: Any) -> None:
        if isinstance(detector, type) or not (
            callable(getattr(detector, "update", None)) and hasattr(detector, "drift_detected")
        ):
            raise TypeError(
                "The drift detector must have `update(x)` and `drift_detected`, like those of "
                f"river, such as river.drift.PageHinkley(mode='up'). Got {shown(detector)} instead."
            )
        self._blank = detector
        self.reset()

    def reset(self) -> None:
        """Forget all labels so far, including those in the state of the detector."""
        self.detector = copy.deepcopy(self._blank)
        self.forget()

    def forget(self) -> None:
        """Forget which labels were predicted."""
        self._agreed: deque[bool] = deque(maxlen=N_RECENT + N_BEFORE)

    def update(self, agreed: bool) -> Drop | None:
        """Take note whether a label was predicted, and return the drop if there is a drift."""
        self.detector.update(float(not agreed))
        self._agreed.append(agreed)
        if not self.detector.drift_detected:
            return None
        recent, before = list(self._agreed)[-N_RECENT:], list(self._agreed)[:-N_RECENT]
        if not before:
            return None
        shares = float(np.mean(recent)), float(np.mean(before))
        return Drop(*shares, len(recent), len(before)) if shares[0] < shares[1] else None
