"""The agreement of labels with predictions, and a signal when it drops."""

from __future__ import annotations

import copy
from collections import deque
from typing import Any

import numpy as np

from skactive._text import shown

# Number of labels in the recent agreement, and in the agreement before.
N_RECENT = 20
N_BEFORE = 80


class ErrorWatch:
    """Update a drift detector with each label; only a drop of the agreement is a drift."""

    def __init__(self, detector: Any) -> None:
        if isinstance(detector, type) or not (
            callable(getattr(detector, "update", None)) and hasattr(detector, "drift_detected")
        ):
            raise TypeError(
                "The drift detector must have `update(x)` and `drift_detected`, like those of "
                f"river, such as river.drift.PageHinkley(mode='up'). Got {shown(detector)} instead."
            )
        self._blank = detector
        self.restart()

    def restart(self) -> None:
        """Forget all labels, including those in the state of the detector."""
        self.detector = copy.deepcopy(self._blank)
        self._agreed: deque[bool] = deque(maxlen=N_RECENT + N_BEFORE)

    def update(self, agreed: bool) -> bool:
        """Take note whether a label was predicted, and return whether there is a drift."""
        self.detector.update(float(not agreed))
        self._agreed.append(agreed)
        if not self.detector.drift_detected:
            return False
        recent, earlier = list(self._agreed)[-N_RECENT:], list(self._agreed)[:-N_RECENT]
        return bool(earlier) and bool(np.mean(recent) < np.mean(earlier))
