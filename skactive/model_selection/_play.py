"""The labelling loop with recorded labels in the person's place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from skactive.learner import ActiveLearner

if TYPE_CHECKING:
    from skactive.model_selection._label_source import LabelSource


def play(
    learner: ActiveLearner,
    y: np.ndarray,
    *,
    budget: int,
    batch_size: int,
    label_source: LabelSource | None = None,
) -> Iterator[np.ndarray]:
    """Answer queries with `y` until `budget` labels are given, and yield what was asked.

    Where `label_source` is passed, it answers instead, and may correct what it answered earlier.
    The last batch is smaller where `batch_size` does not divide what is left of the budget.
    """
    left = budget - len(learner.answered)
    while left > 0:
        indices = learner.query(min(batch_size, left))
        if label_source is None:
            learner.teach(indices, y[indices])
        else:
            label_source.teach(learner, indices)
        left -= len(indices)
        yield indices
