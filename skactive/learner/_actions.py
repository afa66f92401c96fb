"""The actions of a learner: teach, relabel, skip, forget and undo."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError

from skactive._engine.positions import check_positions
from skactive.learner._history.actions import (
    Action,
    Forgot,
    History,
    Relabeled,
    Skipped,
    Taught,
    relabel,
    restored_on_error,
    unlabel,
)
from skactive.learner._predictions import LearnerPredictions

if TYPE_CHECKING:
    from skactive.learner._drift import AgreementWatch
    from skactive.learner._history.journal import Journal
    from skactive.learner._stopping.criteria import StoppingHistory


class LearnerActions(LearnerPredictions):
    """The part of `ActiveLearner` that changes labels, and takes changes back."""

    _history: History
    _journal: Journal | None
    _stopping: StoppingHistory
    _watch: AgreementWatch | None

    @abstractmethod
    def _answers_recorded(self, n_new: int) -> None:
        """Update the refresh and the stopping criteria after new answers."""

    def teach(self, indices: ArrayLike, y: ArrayLike) -> Self:
        """Store labels, in any order and number.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Positions in X_pool, queried or not. A labelled sample may be passed again with its
            label, a sample with a forgotten label with any label. Skipped samples can be labelled,
            too.
        y : label or array-like of shape (n,)
            Their labels.

        Returns
        -------
        self : ActiveLearner
            The learner with the labels.

        Raises
        ------
        ValueError
            If lengths differ, a label is missing, or a sample would get two labels. No label is
            stored.

        Warns
        -----
        DriftWarning
            If the `drift_detector` signals and the classifier predicted fewer of the last answers.
        """
        self._finish_refresh()
        positions = check_positions(indices, self.pool.n_samples)
        places = np.arange(len(positions))
        if len(positions) > 1:
            places = np.sort(np.unique(positions, return_index=True)[1])
        places = places[~self.pool.is_labeled(positions[places])]
        fresh = positions[places]
        predicted = self._predicted(fresh)
        n_forgotten = self.pool.n_forgotten
        self.pool.add_labels(positions, y)
        if len(fresh) == 0:
            return self
        labels, forgot = self.pool.target.validate(y)[places], self.pool.n_forgotten > n_forgotten
        try:
            self._updater.add(fresh, labels)
        except Exception:
            unlabel(self.pool, fresh, forgot=forgot)
            raise
        self._record(Taught(fresh, labels, forgot))
        if self._watch is not None and predicted is not None:
            self._watch.update(~self.pool.target.differ(predicted, labels), self._history.n_answers)
        self._answers_recorded(len(fresh))
        return self

    def relabel(self, indices: ArrayLike, y: ArrayLike) -> Self:
        """Replace wrong labels.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Positions of labelled samples.
        y : label or array-like of shape (n,)
            Their new labels.

        Returns
        -------
        self : ActiveLearner
            The learner with the new labels.

        Raises
        ------
        ValueError
            If a sample is not labelled or named twice, lengths differ, or a label is missing.
            No label is replaced.
        """
        positions = check_positions(indices, self.pool.n_samples)
        before = relabel(self.pool, self._updater, positions, y)
        after = self.pool.labels_of(positions)
        if self.pool.target.differ(before, after).any():
            self._record(Relabeled(positions, before, after))
        return self

    def skip(self, indices: ArrayLike) -> Self:
        """Skip samples that cannot be labelled, so that they are not queried again.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,)
            Positions of samples that are not labelled.

        Returns
        -------
        self : ActiveLearner
            The learner.
        """
        positions = np.unique(check_positions(indices, self.pool.n_samples))
        fresh = positions[~np.isin(positions, self.pool.skipped)]
        self.pool.skip(positions)
        if len(fresh):
            self._record(Skipped(fresh))
        return self

    def forget(self, n_kept: int = 0) -> Self:
        """Forget the oldest labels, for example after the task has changed.

        Their samples are candidates again. The seed set is older than any answer, and is
        forgotten first. Samples that the classifier was fitted to before stay if they cannot be
        removed one by one. A `drift_detector` starts again.

        Parameters
        ----------
        n_kept : int, default=0
            Number of newest labels that are kept.

        Returns
        -------
        self : ActiveLearner
            The learner, as if only the labels that are kept had been taught.

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> learner = ActiveLearner(X_pool=[[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
        >>> learner = learner.teach([0, 2, 1], ["good", "bad", "bad"]).forget(n_kept=1)
        >>> learner.labeled, learner.candidates
        (array([1]), array([0, 2]))
        >>> learner.answered, learner.answers
        (array([0, 2, 1]), array(['good', 'bad', 'bad'], dtype='<U4'))
        """
        before, n_before = self.pool.labeled, self.pool.n_labeled
        self.pool.forget(n_kept)
        if self.pool.n_labeled < n_before:
            with restored_on_error(self.pool.restore_forgotten, self._updater):
                self._updater.start_over()
            self._record(Forgot(before[~self.pool.is_labeled(before)], n_kept))
        if self._watch is not None:
            self._watch.reset()
        return self

    def undo(self) -> np.ndarray:
        """Undo the last `teach`, `skip`, `relabel` or `forget` that changed something.

        Returns
        -------
        indices : ndarray of int of shape (n,)
            Positions of the samples that it changed.

        Raises
        ------
        ValueError
            If there is nothing to undo.
        """
        if not self._history:
            raise ValueError("There is no answer to take back.")
        action = self._history.undo(self.pool, self._updater)
        if self._journal is not None:
            try:
                self._journal.write({"undo": True})
            except BaseException:
                self._history.redo(action, self.pool, self._updater)
                raise
        self._stopping.undone(self._history.n_answers)
        return action.positions

    def _record(self, action: Action) -> None:
        """Add an action to the history and the journal, or to neither."""
        self._history.append(action)
        if self._journal is not None:
            try:
                self._journal.write(action.entry(self.pool.target))
            except BaseException:
                self._history.undo(self.pool, self._updater)
                raise

    def _predicted(self, positions: np.ndarray) -> np.ndarray | None:
        if self._watch is None or len(positions) == 0:
            return None
        try:
            self.fitted_estimator()
            return np.asarray(self._updater.classifier.predict(self.pool.take(positions)))
        except NotFittedError:
            return None
