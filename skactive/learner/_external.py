"""Class probabilities of a classifier that learns when it is next used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skactive._engine.external_posterior import ExternalPosterior

if TYPE_CHECKING:
    from skactive.base import LabelingPool
    from skactive.learner._active_learner import ActiveLearner


class CatchUpPosterior:
    """Creates the posterior source of a learner's pool.

    Parameters
    ----------
    learner : ActiveLearner
        Its updater fits the classifier before the classifier is called.
    """

    def __init__(self, learner: ActiveLearner) -> None:
        self._learner = learner

    def __call__(self, pool: LabelingPool) -> ExternalPosterior:
        return ExternalPosterior(pool, self._catch_up)

    def _catch_up(self) -> None:
        self._learner._updater.catch_up()  # noqa: SLF001 - its own part
