"""When the labelling of a session can stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from skactive.learner import ActiveLearner, Verdict

# Number of answers between two notes of the criteria.
EVERY = 10
# Number of comparisons of notes.
WINDOW = 3
# Number of answers that the criteria look back, and a step more.
N_NOTED = (WINDOW + 1) * EVERY


class StoppingAdvice(NamedTuple):
    """Whether labelling can stop.

    Attributes
    ----------
    stop : bool
        Whether it can.
    sentence : str or None
        The reason, or the missing condition; None before there are vectors.
    verdicts : list of Verdict
        The verdict of each criterion.
    """

    stop: bool
    sentence: str | None
    verdicts: list[Verdict]


def criteria() -> list[Any]:
    """Return the criteria of a session; all of them must be met.

    They compare predictions, and no probabilities: those of small pools are low for long.
    """
    from skactive.learner import StabilizedPredictions

    return [StabilizedPredictions(every=EVERY, window=WINDOW)]


def teach(learner: ActiveLearner, places: Sequence[int], labels: Sequence[Any]) -> None:
    """Teach answers in the order in which they were given, for the notes of the criteria.

    A learner that is created later has the notes of one that was there from the beginning, as far
    as the criteria look back. The answers before are taught at once.
    """
    start = max(len(places) - N_NOTED, 0)
    learner.teach(places[:start], labels[:start])
    for first in range(start, len(places), EVERY):
        chosen = slice(first, first + EVERY)
        learner.teach(places[chosen], labels[chosen])


def advice(
    progress: Any,  # of a learner, or None
    *,
    n_postponed: int,
    is_complete: bool,
) -> StoppingAdvice:
    """Return whether labelling can stop.

    Parameters
    ----------
    progress : Progress or None
        That of the learner; None if there is none yet.
    n_postponed : int
        Number of postponed samples, which the learner does not ask.
    is_complete : bool
        Whether the learner has all samples.
    """
    if progress is None:
        return StoppingAdvice(False, None, [])
    if progress.n_left == 0 and not is_complete:
        return StoppingAdvice(False, "Continue: other samples are not read yet.", progress.verdicts)
    if progress.n_left == 0 and n_postponed:
        return StoppingAdvice(
            False, "Continue: only postponed samples are left.", progress.verdicts
        )
    return StoppingAdvice(progress.stop, progress.advice, progress.verdicts)
