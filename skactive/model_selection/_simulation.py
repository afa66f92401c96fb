"""The labelling loop with recorded labels instead of an annotator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from skactive.learner import ActiveLearner

if TYPE_CHECKING:
    from skactive.model_selection._label_source import LabelSource


def simulate(
    learner: ActiveLearner, *, budget: int, batch_size: int, label_source: LabelSource
) -> Iterator[np.ndarray]:
    """Query and label samples until `budget` labels are given.

    The last batch is smaller if `batch_size` does not divide the rest of the budget.

    Yields
    ------
    indices : ndarray of int of shape (batch_size,)
        The samples that were labelled last. The label source may have corrected earlier labels.
    """
    left = budget - len(learner.answered)
    while left > 0:
        indices = learner.query(min(batch_size, left))
        label_source.teach(learner, indices)
        left -= len(indices)
        yield indices
