"""The actions of a learner: teach, relabel, skip, forget and undo."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError

from skactive._engine.positions import check_unlabeled
from skactive._validation import check_integer
from skactive._warning import warn_user
from skactive.learner._history.actions import (
    Action,
    Forgot,
    Relabeled,
    Skipped,
    Taught,
    Unlabeled,
    Unskipped,
)
from skactive.learner._predictions import LearnerPredictions
from skactive.learner._transactions import Change, locked

if TYPE_CHECKING:
    from skactive.learner._drift import AgreementWatch


class LearnerActions(LearnerPredictions):
    """The part of `ActiveLearner` that changes labels, and takes changes back."""

    _watch: AgreementWatch | None

    @abstractmethod
    def _answers_recorded(self, n_new: int) -> None:
        """Update the refresh and the stopping criteria after new answers."""

    @locked
    def teach(
        self,
        indices: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        ids: Any = None,  # names of any kind
    ) -> Self:
        """Store labels, in any order and number.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,), default=None
            Positions in X_pool, queried or not. A labelled sample may be passed again with its
            label, a sample with a forgotten label with any label. Skipped samples can be labelled,
            too.
        y : label or array-like of shape (n,)
            Their labels. A set of labels (`skactive.base.MultiLabelTarget`) that completes an
            earlier answer about a sample is a `relabel` of this sample.
        ids : id or list of ids of length n, default=None
            The samples by their names, instead of `indices`: ``teach(ids=["3.jpg"], y=["apple"])``.

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
        positions = self._positions("teach", indices, ids)
        fresh, labels = self._pool.new_labels(positions, y)
        if len(fresh) < len(positions):
            completed, after = self._pool.completed_labels(positions, y)
            if len(completed):
                self._do(Relabeled(completed, self._pool.labels_of(completed), after))
        if len(fresh):
            self._updater.check(labels)
            self._do(Taught(fresh, labels))
        return self

    @locked
    def relabel(
        self,
        indices: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        ids: Any = None,  # names of any kind
    ) -> Self:
        """Replace wrong labels.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,), default=None
            Positions of labelled samples.
        y : label or array-like of shape (n,)
            Their new labels. With several labels for each sample, ``{"a": True}`` changes one.
        ids : id or list of ids of length n, default=None
            The samples by their names, instead of `indices`.

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
        positions = self._positions("relabel", indices, ids)
        before, after = self._pool.replaced_labels(positions, y)
        if self._pool.target.differ(before, after).any():
            self._updater.check(after)
            self._do(Relabeled(positions, before, after))
        return self

    @locked
    def unlabel(
        self,
        indices: ArrayLike | None = None,
        *,
        ids: Any = None,  # names of any kind
    ) -> Self:
        """Remove the labels of samples, so that they are candidates again.

        `undo` takes back the last answer; `unlabel` removes any.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,), default=None
            Positions of labelled samples.
        ids : id or list of ids of length n, default=None
            The samples by their names, instead of `indices`.

        Returns
        -------
        self : ActiveLearner
            The learner without these labels. Labels that a classifier with `max_labeled` forgot for
            them stay forgotten.

        Raises
        ------
        ValueError
            If a sample is not labelled. No label is removed.

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> learner = ActiveLearner(X_pool=[[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
        >>> learner = learner.teach([0, 2, 1], ["good", "bad", "bad"]).unlabel(2)
        >>> learner.labeled, learner.answers
        (array([0, 1]), array(['good', 'bad'], dtype='<U4'))
        """
        positions = np.unique(self._positions("unlabel", indices, ids))
        self._pool.labels_of(positions)  # raises if a sample is not labelled
        if len(positions):
            self._do(Unlabeled(positions))
            self._stopping.undone(self._history.n_answers)
        return self

    @locked
    def skip(
        self,
        indices: ArrayLike | None = None,
        *,
        ids: Any = None,  # names of any kind
    ) -> Self:
        """Skip samples that cannot be labelled, so that they are not queried again.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,), default=None
            Positions of samples that are not labelled.
        ids : id or list of ids of length n, default=None
            The samples by their names, instead of `indices`.

        Returns
        -------
        self : ActiveLearner
            The learner.
        """
        positions = np.unique(self._positions("skip", indices, ids))
        check_unlabeled(positions, self._pool.labeled)
        fresh = np.setdiff1d(positions, self._pool.skipped)
        if len(fresh):
            self._do(Skipped(fresh))
        return self

    @locked
    def unskip(
        self,
        indices: ArrayLike | None = None,
        *,
        ids: Any = None,  # names of any kind
    ) -> Self:
        """Make skipped samples candidates again.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,), default=None
            Positions of samples. Those that are not skipped are ignored.
        ids : id or list of ids of length n, default=None
            The samples by their names, instead of `indices`.

        Returns
        -------
        self : ActiveLearner
            The learner.
        """
        positions = self._positions("unskip", indices, ids)
        skipped = np.intersect1d(positions, self._pool.skipped)
        if len(skipped):
            self._do(Unskipped(skipped))
        return self

    @locked
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
        n_kept = check_integer("forget", "n_kept", n_kept, minimum=0)
        n_forgotten = self._pool.n_labeled - n_kept
        if n_forgotten > 0:
            n_outside = self._pool.n_labeled - len(self._pool.labeled)
            self._do(Forgot(self._pool.labeled[: max(n_forgotten - n_outside, 0)], n_kept))
        if self._watch is not None:
            self._watch.reset()
        return self

    @locked
    def undo(self) -> np.ndarray:
        """Undo the last action that changed something.

        Actions are `teach`, `relabel`, `unlabel`, `skip`, `unskip` and `forget`.

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
        actions = self._history.actions
        action, n_before = actions[-1], len(actions)

        def reverse() -> None:
            if not action.reverse(self._pool, self._updater):
                self._rebuild(actions[:-1])

        self._commit(
            Change(
                entry=action.undo_entry,
                apply=reverse,
                record=actions.pop,
                is_recorded=lambda: len(actions) < n_before,
            )
        )
        self._stopping.undone(self._history.n_answers)
        return action.positions

    def _do(self, action: Action) -> None:
        """Execute an action, and update the detector, the stopping criteria and the refresh."""
        predicted = self._predicted(action)
        actions = self._history.actions
        n_before = len(actions)
        self._commit(
            Change(
                entry=lambda: action.entry(self._pool.target),
                apply=lambda: action.apply(self._pool, self._updater),
                record=lambda: actions.append(action),
                is_recorded=lambda: len(actions) > n_before,
                time=action.time,
            )
        )
        self._observe(action, predicted)

    def _observe(self, action: Action, predicted: np.ndarray | None, *, warns: bool = True) -> None:
        """Update what follows the answers. The answers are stored, whatever it raises."""
        answers = action.answers()
        if answers is None:
            return
        try:
            self._answers_recorded(len(answers[1]))
            if self._watch is not None and predicted is not None:
                differ = self._pool.target.differ(predicted, answers[1])
                self._watch.update(~differ, self._history.n_answers, warns=warns)
        except Warning:
            raise
        except Exception as error:  # noqa: BLE001  of a user's detector or criterion, of any type
            if warns:
                warn_user(
                    "The answers are stored, but a drift detector or stopping criterion failed: "
                    f"{type(error).__name__}: {error}"
                )

    def _predicted(self, action: Action) -> np.ndarray | None:
        answers = action.answers()
        if self._watch is None or answers is None:
            return None
        try:
            self.fitted_estimator()
            return np.asarray(self._updater.classifier.predict(self._pool.take(answers[0])))
        except NotFittedError:
            return None
