"""The table of a learner's samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skactive._frame import Tabular

if TYPE_CHECKING:
    from skactive.base import LabelingPool
    from skactive.learner._history.actions import Action


class PoolTable(Tabular):
    """Labels and predictions of all samples of a learner's pool.

    Parameters
    ----------
    ids : ndarray of shape (n_samples,)
        The names of the samples.
    pool : LabelingPool
        The labels.
    actions : list of Action
        The actions in effect.
    predictions : pair of ndarray of shape (n_samples,)
        The predicted classes and their probabilities, or numbers and their standard deviations.
    """

    def __init__(
        self,
        ids: np.ndarray,
        pool: LabelingPool,
        actions: list[Action],
        predictions: tuple[np.ndarray, np.ndarray],
    ) -> None:
        self._ids, self._pool, self._actions = ids, pool, actions
        self._predictions = predictions

    def table(self) -> dict[str, np.ndarray]:
        n_samples, never = len(self._ids), np.datetime64("NaT", "s")
        label = np.full(n_samples, None, dtype=object)
        label[self._pool.labeled] = objects(self._pool.labels)
        skipped = np.zeros(n_samples, dtype=bool)
        skipped[self._pool.skipped] = True
        asked = np.full(n_samples, never)
        for action in self._actions:
            asked[action.positions] = np.datetime64(action.time[:19], "s")
        asked[~(skipped | self._pool.is_labeled(np.arange(n_samples)))] = never
        predicted, confidence = self._predictions
        measure = "std" if self._pool.target.kind == "continuous" else "confidence"
        return {
            "id": objects(self._ids),
            "label": label,
            "predicted": predicted,
            measure: confidence,
            "skipped": skipped,
            "asked_at": asked,
        }


def objects(values: np.ndarray) -> np.ndarray:
    """Return an array of objects, one for each value."""
    return np.fromiter(values.tolist(), dtype=object, count=len(values))
