"""Steps of a Pipeline that learn from labels, and the thread that refits them."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from skactive._engine.label_arrays import joined
from skactive._estimators import fitted_steps, is_fitted, transformers
from skactive._rows import concatenate_rows, newest, take_rows
from skactive._validation import check_integer
from skactive._warning import warn_user
from skactive.base import LabelingPool

Step = tuple[str, Any]


def learns_from_labels(step: Any) -> bool:
    """Return whether a step needs labels, by its tags or those of a nested transformer."""
    if step in (None, "passthrough"):
        return False
    parts = [step, *step.get_params().values()]
    return any(
        isinstance(part, BaseEstimator)
        and hasattr(part, "transform")
        and get_tags(part).target_tags.required
        for part in parts
    )


def refresher_for(estimator: Any, X_pool: Any, every: Any) -> tuple[Any, Refresher | None]:
    """Return the steps before the first that learns from labels, and the refresher of the others.

    (None, None) if no step is refitted.
    """
    steps = estimator.steps[:-1] if isinstance(estimator, Pipeline) else []
    learning = [place for place, (_, step) in enumerate(steps) if learns_from_labels(step)]
    if every is None:
        for name, step in (steps[place] for place in learning):
            if not is_fitted(step):
                raise ValueError(
                    f"The step {name!r}, {type(step).__name__}, learns from labels, and there are "
                    "none yet. Hint: pass refresh_every=50 to fit it again after every 50 "
                    "answers, or fit it first."
                )
        return None, None
    every = check_integer("ActiveLearner", "refresh_every", every, minimum=1)
    if not learning:
        raise ValueError(
            f"refresh_every={every}, but the estimator is no Pipeline with a step that learns from "
            "labels. Hint: put one before the classifier, such as ContrastiveMap()."
        )
    classifier = estimator[-1]
    if is_fitted(classifier) and hasattr(classifier, "classes_"):
        raise ValueError(
            f"The estimator, {type(classifier).__name__}, is fitted already, on features that a "
            "refresh replaces. Hint: pass it unfitted, and its training data as X_labeled and "
            "y_labeled."
        )
    first = learning[0]
    before, base = fitted_steps(Pipeline([*steps[:first], ("last", classifier)]), X_pool)
    return before, Refresher(steps[first:], base, every)


@dataclass(frozen=True)
class RefreshedSteps:
    """Refitted steps, and the features that they return.

    Attributes
    ----------
    steps : list of (str, transformer)
        The fitted steps.
    features : array-like of length n_samples
        The features of the pool.
    seed : tuple of (X, y)
        The features and labels of the whole seed set, or (None, None).
    """

    steps: list[Step]
    features: Any
    seed: tuple[Any, Any]

    def after(self, steps: list[Step]) -> list[Step]:
        """Return steps of which the last are replaced by the refitted ones."""
        return [*steps[: len(steps) - len(self.steps)], *self.steps]


class Refresher:
    """The steps from the first that learns from labels, and the thread that refits them.

    Parameters
    ----------
    steps : list of (str, transformer)
        The steps. Before the first refresh, those that learn from labels are left out unless they
        are fitted.
    base : array-like of length n_samples
        The pool's samples as the first step takes them.
    refresh_every : int
        Number of answers after which the steps are refitted.
    """

    def __init__(self, steps: list[Step], base: Any, refresh_every: int) -> None:
        self.every = refresh_every
        self.base = base
        self.seed: tuple[Any, Any] = None, None
        self._given = steps
        # Numbers of answers since the start of the last refresh, and before it.
        self._n_new = 0
        self._n_taken = 0
        self._running: Future[RefreshedSteps] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A thread cannot be copied; a copy starts its own refresh after its next answer.
        state = vars(self).copy()
        if self._running is not None:
            state |= {"_running": None, "_n_new": self._n_new + self._n_taken}
        return state

    def first_steps(self) -> tuple[list[Step], Any]:
        """Return the steps before the first refresh, and the features of the pool."""
        steps, features, as_given = [], self.base, True
        for name, given in self._given:
            step = given
            if as_given and given not in (None, "passthrough") and is_fitted(given):
                features = given.transform(features)
            elif learns_from_labels(given):
                step, as_given = "passthrough", False
            elif given not in (None, "passthrough"):
                step, as_given = clone(given), False
                features = step.fit_transform(features)
            steps.append((name, step))
        return steps, features

    def count(self, n_answers: int, pool: LabelingPool) -> None:
        """Count new answers, and refit if there are enough and no refresh is running."""
        self._n_new += n_answers
        if self._running is None and self._n_new >= self.every:
            self.start(pool)

    def start(self, pool: LabelingPool) -> None:
        """Refit in a thread, on the present labels and the newest samples of the seed set."""
        positions, labels = pool.labeled, pool.labels
        n_seed = pool.n_labeled - len(positions)
        self._n_taken, self._n_new = self._n_new, 0
        future: Future[RefreshedSteps] = Future()
        self._running = future
        config = sklearn.get_config()

        def run() -> None:
            try:
                with sklearn.config_context(**config):
                    future.set_result(self.refit(positions, labels, n_seed))
            except Exception as error:  # noqa: BLE001  the caller raises it or warns
                future.set_exception(error)

        # The interpreter can exit while a daemon runs; it waits for the threads of an executor.
        Thread(target=run, name="skactive-refresh", daemon=True).start()

    def finished(self, *, wait: bool = False) -> RefreshedSteps | None:
        """Return refitted steps if a refresh has finished, or raise its exception."""
        running = self._running
        if running is None or not (wait or running.done()):
            return None
        try:
            return running.result()
        finally:
            self._running = None

    def finished_or_warn(self, *, wait: bool = False) -> RefreshedSteps | None:
        """Return refitted steps if a refresh has finished, or warn about its exception."""
        try:
            return self.finished(wait=wait)
        except Exception as error:  # noqa: BLE001  of a user's step, of any type
            where = " ".join(getattr(error, "__notes__", []))
            warn_user(f"The features were not refreshed: {error} {where} Labels are safe.")
            return None

    def refit(self, positions: np.ndarray, labels: np.ndarray, n_seed: int) -> RefreshedSteps:
        """Return new steps, fitted to labels, with the features of pool and seed set."""
        steps, features, y = [], self.base, labels
        seed, seed_labels = (None, None) if n_seed == 0 else newest(*self.seed, n_seed)
        if seed is not None:
            y = joined(np.asarray(seed_labels), labels)
        for name, given in self._given:
            step = given
            if given not in (None, "passthrough"):
                step = clone(given)
                try:
                    if learns_from_labels(given):
                        known = take_rows(features, positions)
                        if seed is not None:
                            known = concatenate_rows(seed, known) if len(labels) else seed
                        step.fit(known, y)
                    else:
                        step.fit(features)
                except Exception as error:
                    error.add_note(f"In the step {name!r}, refitted on {len(y)} labels.")
                    raise
                features = step.transform(features)
                seed = None if seed is None else step.transform(seed)
            steps.append((name, step))
        X_seed, y_seed = self.seed
        if X_seed is not None:
            X_seed = transformers(Pipeline([*steps, ("last", "passthrough")])).transform(X_seed)
        return RefreshedSteps(steps, features, (X_seed, y_seed))
