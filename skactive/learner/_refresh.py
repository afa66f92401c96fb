"""Steps of a Pipeline that learn from the answers, refitted beside the loop and swapped in."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Thread
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from skactive._estimators import fitted_steps, is_fitted
from skactive._rows import take_rows
from skactive._validation import check_integer
from skactive.learner._updaters.updaters import concatenate_rows, newest

Step = tuple[str, Any]


def learns_from_labels(step: Any) -> bool:
    """Tell whether fitting a step takes labels, by its tags or those of a transformer within."""
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
    """Return the steps before the first that learns from labels, and what refits the others.

    (None, None) where nothing is to be refitted.
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
            "refresh replaces. Hint: pass it unfitted, and what it was fitted on as X_labeled and "
            "y_labeled."
        )
    first = learning[0]
    before, base = fitted_steps(Pipeline([*steps[:first], ("last", classifier)]), X_pool)
    return before, Refresher(steps[first:], base, every)


class Refresher:
    """The steps from the first that learns from labels on, and the thread that refits them.

    Parameters
    ----------
    steps : list of (str, transformer)
        The steps; before the first refresh those that learn from labels are left out unless they
        are fitted.
    base : array-like of length n_samples
        The pool's samples as the first of them sees them.
    refresh_every : int
        After how many answers they are refitted.
    """

    def __init__(self, steps: list[Step], base: Any, refresh_every: int) -> None:
        self.every = check_integer("ActiveLearner", "refresh_every", refresh_every, minimum=1)
        self.base = base
        self.seed: tuple[Any, Any] = None, None
        self._given = steps
        # Answers since the last refresh was started, and those that it was started after.
        self._n_new = 0
        self._n_taken = 0
        self._running: Future[tuple[list[Step], Any]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A thread cannot be copied: the copy starts anew where the next answer is taught.
        state = vars(self).copy()
        if self._running is not None:
            state |= {"_running": None, "_n_new": self._n_new + self._n_taken}
        return state

    def first_steps(self) -> tuple[list[Step], Any]:
        """Return the steps before the first refresh, and the features they make of the pool."""
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

    def heard(self, n_answers: int) -> None:
        """Count answers that arrived."""
        self._n_new += n_answers

    def is_due(self) -> bool:
        """Tell whether enough answers came since the last refresh, and none is running."""
        return self._running is None and self._n_new >= self.every

    def start(self, positions: np.ndarray, labels: np.ndarray, n_seed: int) -> None:
        """Refit in a thread, on what is labelled now and the newest of the seed set."""
        self._n_taken, self._n_new = self._n_new, 0
        future: Future[tuple[list[Step], Any]] = Future()
        self._running = future
        config = sklearn.get_config()

        def run() -> None:
            try:
                with sklearn.config_context(**config):
                    future.set_result(self.refit(positions, labels, n_seed))
            except Exception as error:  # noqa: BLE001  raised again, or warned of, where it is taken
                future.set_exception(error)

        # A daemon: the interpreter may end while it runs. For an executor's threads it would wait.
        Thread(target=run, name="skactive-refresh", daemon=True).start()

    def finished(self, *, wait: bool = False) -> tuple[list[Step], Any] | None:
        """Return refitted steps and the pool's features once there are any, or raise."""
        running = self._running
        if running is None or not (wait or running.done()):
            return None
        try:
            return running.result()
        finally:
            self._running = None

    def refit(
        self, positions: np.ndarray, labels: np.ndarray, n_seed: int
    ) -> tuple[list[Step], Any]:
        """Return fresh steps, fitted, and the features they make of the pool."""
        steps, features, y = [], self.base, labels
        seed, seed_labels = (None, None) if n_seed == 0 else newest(*self.seed, n_seed)
        if seed is not None:
            y = np.concatenate([seed_labels, labels]) if len(labels) else np.asarray(seed_labels)
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
        return steps, features
