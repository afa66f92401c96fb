"""Sources of labels in a simulated loop: true labels, a function, or votes of annotators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.targets import check_kind, recorded_labels
from skactive._random_state import random_numbers, seeded
from skactive._text import shown
from skactive.base import Target
from skactive.learner import ActiveLearner
from skactive.model_selection._noisy_oracle import MAX_SEED
from skactive.model_selection._oracle import Oracle


class LabelSource:
    """Label samples with their true labels.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        The labels of the learner's pool.
    """

    # Number of annotators that label each sample.
    n_annotators = 1
    # Whether the last answers changed earlier labels.
    revised = False

    def __init__(self, y: np.ndarray) -> None:
        self.y = y

    def teach(self, learner: ActiveLearner, indices: np.ndarray) -> None:
        """Teach a learner the labels of samples of its pool."""
        learner.teach(indices, self.y[indices])


class CallableLabelSource(LabelSource):
    """Label the queried samples with the result of a function.

    Parameters
    ----------
    oracle : callable
        ``oracle(positions, y)`` returns labels.
    y : ndarray of shape (n_samples,)
        All true labels.
    rows : ndarray of int of shape (n_pool,)
        The positions of the samples of the pool in `y`.
    positions : ndarray of int of shape (n_pool,)
        The positions that the function gets.
    target : Target
        The kind of labels.
    """

    def __init__(
        self,
        oracle: Callable[..., ArrayLike],
        y: np.ndarray,
        rows: np.ndarray,
        positions: np.ndarray,
        target: Target,
    ) -> None:
        super().__init__(y)
        self._oracle = oracle
        self._rows = rows
        self._positions = positions
        self._target = target

    def teach(self, learner: ActiveLearner, indices: np.ndarray) -> None:
        if len(indices) == 0:
            return
        answers = self._oracle(self._positions[indices], self.y[self._rows[indices]])
        learner.teach(indices, checked_answers(answers, len(indices), self.y, self._target))


class VotedLabelSource(LabelSource):
    """Label samples by aggregating the votes on all samples queried so far.

    Parameters
    ----------
    oracle : Oracle
        The source of votes, with its `random_state` set.
    y : ndarray of shape (n_samples,)
        All true labels.
    rows : ndarray of int of shape (n_pool,)
        The positions of the samples of the pool in `y`.
    target : Target
        The kind of labels.
    """

    def __init__(self, oracle: Oracle, y: np.ndarray, rows: np.ndarray, target: Target) -> None:
        super().__init__(y)
        self._oracle = oracle
        self._target = target
        # Numbers have no classes.
        classes = np.unique(y) if target.kind == "categorical" else None
        votes = np.asarray(oracle.votes(y, classes=classes))
        if votes.ndim != 2 or len(votes) != len(y) or votes.shape[1] == 0:
            raise ValueError(
                f"The votes of {type(oracle).__name__} have the shape {votes.shape}, but there "
                f"are {len(y)} samples. Hint: `votes` returns a row for each sample and a column "
                "for each annotator."
            )
        self._votes = votes[rows]
        self._queried = np.empty(0, dtype=np.intp)
        self.n_annotators = votes.shape[1]

    def teach(self, learner: ActiveLearner, indices: np.ndarray) -> None:
        if len(indices) == 0:
            return
        n_before = len(self._queried)
        queried = np.concatenate([self._queried, indices])
        answers = self._oracle.labels(self._votes[queried])
        labels = checked_answers(answers, len(queried), self.y, self._target)
        learner.teach(indices, labels[n_before:])
        self._queried = queried
        # Labels that the learner has forgotten are not corrected.
        known = learner.labeled
        last = {position: place for place, position in enumerate(queried.tolist())}
        now = labels[[last[position] for position in known.tolist()]]
        changed = now != learner.labels
        self.revised = bool(changed.any())
        if self.revised:
            learner.relabel(known[changed], now[changed])


def check_oracle(owner: object, oracle: Any, target: Target) -> None:
    """Raise unless a parameter is an oracle for the kind of labels, a function or None."""
    if oracle is None or isinstance(oracle, Oracle):
        check_kind(oracle, target.kind)
        return
    if isinstance(oracle, type) or not callable(oracle):
        name = owner if isinstance(owner, str) else type(owner).__name__
        raise TypeError(
            f"The 'oracle' parameter of {name} must be an Oracle, such as NoisyOracle(0.1), or a "
            f"function of positions and labels. Got {shown(oracle)} instead."
        )


def label_source(
    oracle: Oracle | Callable[..., ArrayLike] | None,
    y: np.ndarray,
    random_state: int | np.random.RandomState | None = None,
    rows: np.ndarray | None = None,
    positions: np.ndarray | None = None,
    *,
    target: Target,
) -> LabelSource:
    """Return the source of labels of one loop.

    Parameters
    ----------
    oracle : Oracle, callable or None
        The parameter; None means the true labels.
    y : ndarray of shape (n_samples,)
        All true labels.
    random_state : int, RandomState instance or None, default=None
        Replaces each random state of the oracle that is None.
    rows : ndarray of int of shape (n_pool,), default=None
        The positions of the samples of the pool in `y`; None means all of `y`.
    positions : ndarray of int of shape (n_pool,), default=None
        The positions of these samples that an oracle which is a function gets; None means `rows`.
    target : Target
        The kind of labels.

    Returns
    -------
    label_source : LabelSource
        Teaches a learner that has this pool.
    """
    if oracle is None:
        return LabelSource(y if rows is None else y[rows])
    if rows is None:
        rows = np.arange(len(y))
    if not isinstance(oracle, Oracle):
        known = rows if positions is None else positions
        return CallableLabelSource(oracle, y, rows, known, target)
    voting: Oracle = seeded(oracle, int(random_numbers(random_state).randint(MAX_SEED)))
    # A generator would break ties differently for the same votes each time.
    for name, value in voting.get_params().items():
        if name.split("__")[-1] == "random_state" and not isinstance(value, int | np.integer):
            voting.set_params(**{name: int(random_numbers(value).randint(MAX_SEED))})
    return VotedLabelSource(voting, y, rows, target)


def checked_answers(answers: ArrayLike, n: int, y: np.ndarray, target: Target) -> np.ndarray:
    """Return the answers of an oracle as labels, or raise before a learner gets them."""
    try:
        labels = recorded_labels(answers, target)
    except ValueError as error:
        raise ValueError(f"The oracle returned invalid labels: {error}") from error
    if len(labels) != n:
        raise ValueError(
            f"The oracle returned {len(labels)} labels for {n} samples. "
            "Hint: return one label for each sample, in the order of the positions."
        )
    if (labels.dtype.kind in "US") != (y.dtype.kind in "US"):
        kinds = ("a string", "numbers") if labels.dtype.kind in "US" else ("a number", "strings")
        raise ValueError(
            f"The oracle returned {labels.tolist()[0]!r}, {kinds[0]}, but the labels in y are "
            f"{kinds[1]}, such as {y.tolist()[0]!r}."
        )
    return labels
