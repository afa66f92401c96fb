"""Class probabilities of a classifier that learns when it is next used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skactive._engine.external_posterior import ExternalPosterior

if TYPE_CHECKING:
    from skactive.base import LabelingPool
    from skactive.learner._updaters import EstimatorUpdater


class CatchUpPosterior:
    """Creates the posterior source of a learner's pool.

    Attributes
    ----------
    updater : EstimatorUpdater or None
        It fits the classifier before the classifier is called. A copy has none, since the updater
        refers to the pool: the learner sets it again.
    """

    def __init__(self) -> None:
        self.updater: EstimatorUpdater | None = None

    def __call__(self, pool: LabelingPool) -> ExternalPosterior:
        return ExternalPosterior(pool, self._catch_up)

    def __getstate__(self) -> dict[str, Any]:
        return {"updater": None}

    def _catch_up(self) -> None:
        if self.updater is not None:
            self.updater.catch_up()
