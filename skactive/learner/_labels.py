"""The labels of a learner."""

from __future__ import annotations

import numpy as np

from skactive._engine.label_arrays import label_array
from skactive.learner._transactions import LearnerState, locked_labels


class LearnerLabels(LearnerState):
    """The part of `ActiveLearner` that reads its labels."""

    @property
    @locked_labels
    def classes_(self) -> np.ndarray:
        """The labels known so far, sorted."""
        return self._pool.classes_

    @property
    @locked_labels
    def candidates(self) -> np.ndarray:
        """Positions of the samples neither labelled nor skipped, ascending."""
        return self._pool.candidates

    @property
    @locked_labels
    def labeled(self) -> np.ndarray:
        """Positions of the labelled samples, in order of teaching, without forgotten ones."""
        return self._pool.labeled

    @property
    @locked_labels
    def labels(self) -> np.ndarray:
        """Their labels."""
        return self._pool.labels

    @property
    @locked_labels
    def skipped(self) -> np.ndarray:
        """Positions of the skipped samples that are not labelled, ascending."""
        return np.asarray(self._pool.skipped)

    @property
    @locked_labels
    def answered(self) -> np.ndarray:
        """Positions of all samples that were ever taught, in order; repeated if taught again."""
        return np.array([position for position, *_ in self._history.answers()], dtype=np.intp)

    @property
    @locked_labels
    def answers(self) -> np.ndarray:
        """The labels of `answered`, including forgotten ones."""
        answers = [label for _, label, _ in self._history.answers()]
        if self._pool.target.kind == "multilabel":
            return np.fromiter(answers, dtype=object, count=len(answers))
        return label_array(answers)
