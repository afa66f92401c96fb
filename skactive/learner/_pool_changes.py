"""Samples that join and leave the pool of a learner."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skactive._rows import concatenate_rows, n_samples_of, take_rows
from skactive.learner._actions import LearnerActions
from skactive.learner._arguments import check_samples, names_of
from skactive.learner._history.actions import Action, History
from skactive.learner._history.named_samples import has_names
from skactive.learner._pool_samples import PoolSamples
from skactive.learner._transactions import Change, locked

if TYPE_CHECKING:
    from skactive.learner._refresh import Refresher
    from skactive.learner._updaters import UpdateSource


class LearnerPoolChanges(LearnerActions):
    """The part of `ActiveLearner` whose pool grows and shrinks."""

    _source: UpdateSource
    _refresher: Refresher | None
    _fit_params: dict[str, Any]
    # The samples whose features the pool has. None while the pool changes.
    _samples_of_pool: PoolSamples | None = None

    @abstractmethod
    def _actions_of(self, entries: Any) -> list[Action]:
        """Return the actions in entries of the journal."""

    @abstractmethod
    def _reset_labels(self) -> None:
        """Remove all labels of the pool, and reset the classifier."""

    @locked
    def extend(
        self,
        X_new: Any,  # samples of any kind
        *,
        ids: ArrayLike | None = None,
    ) -> Self:
        """Add samples to the pool, as candidates.

        Parameters
        ----------
        X_new : array-like of length n_new
            Samples of the kind of X_pool. Their positions follow those of X_pool.
        ids : array-like of length n_new, default=None
            Their names, which no sample of the pool has. They are needed if the samples of the
            pool have names.

        Returns
        -------
        self : ActiveLearner
            The learner as if it had been created with all samples. Steps of a Pipeline that were
            fitted to the first samples are not fitted again.

        Raises
        ------
        TypeError
            If the features of the pool are on disk.
        ValueError
            If an id is missing or is in the pool already, X_new has other columns or features, or
            the learner was created with `refresh_every` or `fit_params`, which belong to the
            samples of the first pool. The pool stays as it was.

        Notes
        -----
        Neighbour graphs, densities and distances are updated, in O(n_new · n_samples · n_features).
        `undo` reverses the last action before; `remove` removes samples. With a `journal`, answers
        that it has for the new samples, from an earlier session, are used.

        Examples
        --------
        >>> from skactive import ActiveLearner
        >>> learner = ActiveLearner(X_pool=[[1.0, 0.0], [0.0, 1.0]], ids=["a", "b"])
        >>> learner = learner.teach(ids=["a"], y=["apple"]).extend([[0.9, 0.1]], ids=["c"])
        >>> learner.ids[learner.candidates]
        array(['b', 'c'], dtype='<U1')
        """
        self._finish_refresh()
        self._check_changeable("extend")
        new = self._new_samples(X_new)
        if getattr(new, "columns", None) is not None:
            self._check_columns(new)
        self._check_shape(new)
        features = new if self._steps is None else self._steps.transform(new)
        samples = self._with(new, features, ids)
        journal, n_new = self._journal, n_samples_of(new)
        entry: dict[str, Any] = {"extend": n_new, "pool": len(samples.ids)}
        entries: list[Any] = []
        if journal is not None:
            known, entries = journal.arrivals(samples.X_pool, len(samples.ids), samples.ids)
            entry |= known
        self._change_pool(
            samples,
            entry,
            lambda: self._add_to_pool(samples, features),
            lambda: self._history.actions,
            entries,
        )
        return self

    @locked
    def remove(
        self,
        indices: ArrayLike | None = None,
        *,
        ids: Any = None,  # names of any kind
    ) -> Self:
        """Remove samples from the pool, with their labels.

        Parameters
        ----------
        indices : int or array-like of int of shape (n,), default=None
            Positions in X_pool. The samples that are left are numbered from 0 on, in their order.
        ids : id or list of ids of length n, default=None
            The samples by their names, instead of `indices`.

        Returns
        -------
        self : ActiveLearner
            The learner as if it had been created without these samples. `undo` does not bring them
            back: `extend` adds them again, without their labels. Use `skip` to keep a sample.

        Raises
        ------
        TypeError
            If the features of the pool are on disk.
        ValueError
            If no sample would be left, or the learner was created with `refresh_every` or
            `fit_params`. The pool stays as it was.
        """
        self._finish_refresh()
        self._check_changeable("remove")
        positions = np.unique(self._positions("remove", indices, ids))
        if len(positions) == 0:
            return self
        n_samples = len(self.ids)
        if len(positions) == n_samples:
            raise ValueError(
                f"remove would leave none of the {n_samples} samples. Hint: keep at least one."
            )
        is_kept = np.ones(n_samples, dtype=bool)
        is_kept[positions] = False
        kept = np.flatnonzero(is_kept)
        X_pool = self._kept_samples(kept)
        features = X_pool if self._steps is None else take_rows(self._samples.features, kept)
        are_named = self._samples.are_named
        names = self.ids[kept] if are_named else names_of(X_pool, None)
        samples = replace(
            self._samples,
            X_pool=X_pool,
            ids=names,
            features=features,
            are_named=are_named or has_names(X_pool),
        )
        history = self._history.without(is_kept)
        self._change_pool(
            samples,
            {"remove": positions.tolist(), "pool": len(kept)},
            lambda: self._remove_from_pool(samples, positions),
            lambda: history.actions,
            [],
        )
        return self

    def _change_pool(
        self,
        samples: PoolSamples,
        entry: dict[str, Any],
        change: Callable[[], object],
        actions: Callable[[], list[Action]],
        entries: list[Any],
    ) -> None:
        after: list[Action] = []

        def apply() -> None:
            self._samples_of_pool = None
            change()
            if self._pool.n_forgotten:
                # Without the removed samples, other labels would have been forgotten.
                self._reset_labels()
                History(actions()).replay(self._pool)
            self._source.samples = samples.features
            returned = self._actions_of(entries)
            History(returned).replay(self._pool)
            self._updater.start_over()
            after[:] = [*actions(), *returned]

        def record() -> None:
            if self._journal is not None:
                self._journal.set_pool(samples.X_pool, len(samples.ids), samples.ids)
            self._history = History(after)
            self._samples = self._samples_of_pool = samples

        self._commit(
            Change(
                entry=lambda: entry,
                apply=apply,
                record=record,
                is_recorded=lambda: self._samples_of_pool is samples,
            )
        )

    # What depends on the kind of the pool.

    def _new_samples(self, X_new: Any) -> Any:
        return check_samples(X_new, "X_new")

    def _joined_samples(self, new: Any) -> Any:
        return concatenate_rows(self.X_pool, new)

    def _kept_samples(self, kept: np.ndarray) -> Any:
        return take_rows(self.X_pool, kept)

    def _add_to_pool(self, samples: PoolSamples, new: Any) -> None:
        self._pool.add_samples(samples.vectors(new), new)

    def _remove_from_pool(self, samples: PoolSamples, positions: np.ndarray) -> None:
        self._pool.remove_samples(positions)

    def _check_changeable(self, method: str) -> None:
        for name, value in (("refresh_every", self._refresher), ("fit_params", self._fit_params)):
            if value:
                raise ValueError(
                    f"{method} cannot be used with {name}, which belongs to the samples of the "
                    "first pool. Hint: create a new learner with the same journal."
                )

    def _check_shape(self, new: Any) -> None:
        if not hasattr(self.X_pool, "shape"):
            return
        known, shape = np.shape(self.X_pool)[1:], np.shape(new)[1:]
        if known != shape:
            raise ValueError(
                f"The samples of X_new have the shape {shape}, but those of X_pool have {known}. "
                "Hint: pass samples of the same kind."
            )

    def _check_columns(self, new: Any) -> None:
        known = getattr(self.X_pool, "columns", None)
        if known is not None and list(known) != list(new.columns):
            raise ValueError(
                f"X_new has the columns {list(new.columns)}, but X_pool has {list(known)}. Hint: "
                "pass the same columns in the same order."
            )

    def _names_of_new(self, new: Any, ids: Any) -> np.ndarray:
        """Return the names of all samples, with those of the new ones."""
        names = names_of(new, ids, "X_new")
        if not has_names(new, ids):
            if self._samples.are_named:
                raise ValueError(
                    f"The samples of X_pool have ids, such as {self.ids[:1].tolist()[0]!r}, and "
                    "those of X_new have none. Hint: pass ids, one for each new sample."
                )
            return np.arange(len(self.ids) + len(names))
        both = [*self.ids.tolist(), *names.tolist()]
        joined = np.concatenate([self.ids, names])
        if joined.tolist() != both:
            joined = np.fromiter(both, dtype=object, count=len(both))
        return joined

    def _with(self, new: Any, features: Any, ids: Any) -> PoolSamples:
        """Return the samples of the pool and the new ones."""
        names = self._names_of_new(new, ids)
        X_pool = self._joined_samples(new)
        of_all = X_pool
        if self._steps is not None:
            of_all = concatenate_rows(self._samples.features, features)
        are_named = self._samples.are_named or has_names(new, ids)
        samples = replace(
            self._samples, X_pool=X_pool, ids=names, features=of_all, are_named=are_named
        )
        samples.check_distinct(len(self.ids))
        return samples
