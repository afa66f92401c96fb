"""Predictions of a session: the class of each sample, or its labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from skactive._label_names import Label, label_set, plain_label

if TYPE_CHECKING:
    from skactive.learner import ActiveLearner


class PoolPredictions:
    """The probabilities of samples, and the labels that they predict.

    Parameters
    ----------
    names : list of str
        The samples.
    classes : list of str
        The classes.
    chances : ndarray of shape (n_samples, n_classes)
        Their probabilities.
    multi_label : bool
        Whether a sample can have several of them.
    """

    def __init__(
        self, names: list[str], classes: list[str], chances: np.ndarray, *, multi_label: bool
    ) -> None:
        self._names = names
        self._classes = classes
        self._chances = chances
        self._multi_label = multi_label

    @cached_property
    def pairs(self) -> dict[str, tuple[Label, float]]:
        """The label of each sample, and its probability."""
        found = pairs_of(self._classes, self._chances, multi_label=self._multi_label)
        return dict(zip(self._names, found, strict=True))

    def of_class(self, label: str) -> list[tuple[str, float]]:
        """Return the samples that are predicted to have a label, and its probability."""
        if label not in self._classes:
            return []
        place = self._classes.index(label)
        chance = self._chances[:, place]
        is_best = self._chances.argmax(axis=1) == place
        is_predicted = chance > 0.5 if self._multi_label else is_best
        return [
            (self._names[row], float(chance[row])) for row in np.flatnonzero(is_predicted).tolist()
        ]


NONE = PoolPredictions([], [], np.empty((0, 1)), multi_label=False)


def pairs_of(
    classes: Sequence[str], chances: np.ndarray, *, multi_label: bool
) -> Iterator[tuple[Label, float]]:
    """Return the label of each row of probabilities, and its probability.

    The probability of several labels is that of the most doubtful decision about one of them.
    """
    if not multi_label:
        best = chances.argmax(axis=1).tolist()
        return zip([classes[one] for one in best], chances.max(axis=1).tolist(), strict=True)
    labels = [
        label_set(classes[place] for place in np.flatnonzero(row).tolist()) for row in chances > 0.5
    ]
    doubtful = np.maximum(chances, 1 - chances).min(axis=1, initial=1.0)
    return zip(labels, doubtful.tolist(), strict=True)


def predictions_of(learner: ActiveLearner, classes: list[str]) -> PoolPredictions:
    """Return the predictions of all samples of the pool of a session's own learner.

    Parameters
    ----------
    learner : ActiveLearner
        The learner.
    classes : list of str
        The classes of the session. Of several labels, one that was renamed or removed is left out.
    """
    from sklearn.exceptions import NotFittedError

    try:
        classifier = learner.fitted_estimator()
    except NotFittedError:
        return NONE
    # No neighbours are searched for the samples of the pool.
    names, chances = learner.ids.tolist(), classifier.label_distributions_
    if learner.pool.target.kind == "multilabel":
        known, present = [str(one) for one in learner.classes_.tolist()], set(classes)
        kept = [place for place, one in enumerate(known) if one in present]
        return PoolPredictions(
            names, [known[place] for place in kept], chances[:, kept], multi_label=True
        )
    return PoolPredictions(names, classifier.classes_.tolist(), chances, multi_label=False)


def predicted_labels(learner: Any, X: Any) -> list[Label]:  # an ActiveLearner; any samples
    """Return the predicted labels of samples."""
    predicted, target = learner.predict(X), learner.pool.target
    if target.kind == "multilabel":
        predicted = target.from_estimator(predicted, learner.classes_)
    return [plain_label(one) for one in predicted.tolist()]
