"""A limit of the labels, or of the time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from skactive._text import counted
from skactive._validation import check_integer, check_number
from skactive.learner._stopping.criteria import Notes, StoppingCriterion

if TYPE_CHECKING:
    from skactive.learner._active_learner import ActiveLearner


class LabelingLimit(StoppingCriterion):
    """Stop at a number of labels, or after a time.

    Unlike other criteria, which all have to be met, a limit that is reached is sufficient:
    ``stopping=[StabilizedPredictions(), LabelingLimit(300)]`` stops when predictions are stable,
    with 300 labels at the latest.

    Parameters
    ----------
    n_labels : int, default=None
        The number of labels, at least 1. The labels of the seed set count. None is no limit.
    minutes : float, default=None
        The time since the first answer, in minutes, above 0. A learner that is resumed starts anew,
        and breaks count. None is no limit.

    See Also
    --------
    StabilizedPredictions : Stops when more labels change nothing.

    Notes
    -----
    Cost: O(1).

    Examples
    --------
    >>> from skactive import ActiveLearner
    >>> from skactive.learner import LabelingLimit
    >>> learner = ActiveLearner(X_pool=[[1.0], [2.0], [3.0]], stopping=LabelingLimit(2))
    >>> learner = learner.teach([0], ["a"])
    >>> learner.progress.advice
    'Continue: 1 of at most 2 labels.'
    >>> learner.teach([2], ["b"]).progress.stop
    True
    """

    every = 1
    is_limit = True

    def __init__(self, n_labels: int | None = None, *, minutes: float | None = None) -> None:
        self.n_labels = n_labels
        self.minutes = minutes

    def check_parameters(self) -> None:
        if self.n_labels is None and self.minutes is None:
            raise ValueError(
                "LabelingLimit() has no limit. Hint: pass n_labels, such as LabelingLimit(300), or "
                "minutes."
            )
        if self.n_labels is not None:
            check_integer(self, "n_labels", self.n_labels, minimum=1)
        if self.minutes is not None:
            check_number(self, "minutes", self.minutes, exclusive=True)

    def note(self, learner: ActiveLearner) -> float:
        return time.time()

    def reason(self, learner: ActiveLearner, notes: Notes) -> tuple[bool, str]:
        self.check_parameters()
        reached, parts = [], []
        if self.n_labels is not None:
            n = learner.pool.n_labeled
            reached.append(n >= self.n_labels)
            parts.append(f"{n:,} of at most {counted(self.n_labels, 'label')}")
        if self.minutes is not None:
            passed = (time.time() - notes[0][1]) / 60 if notes else 0.0
            reached.append(passed >= self.minutes)
            # Hundredths matter for short limits only.
            digits = 100 if self.minutes < 10 else 1
            parts.append(f"{int(passed * digits) / digits:g} of at most {self.minutes:g} minutes")
        if any(reached):
            parts = [part for part, is_reached in zip(parts, reached, strict=True) if is_reached]
        return any(reached), ", ".join(parts)
