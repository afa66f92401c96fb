"""The base class of query strategies: greedy selection, and modAL's interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skactive._engine.targets import check_kind
from skactive._html import Diagram, nested_parts
from skactive._random_state import random_numbers
from skactive._validation import check_integer, check_method, checked_utilities
from skactive.base import BatchView, LabelingPool, PoolView, Target
from skactive.strategies._support.learner_pool import pool_of_learner
from skactive.strategies._utility_component import UtilityComponent


class QueryStrategy(ABC, BaseEstimator):
    """Base class of query strategies, which choose the candidates to label next.

    A subclass implements `utilities`; `select` picks the best candidate, counts it as labelled in
    distances, and picks the next. A strategy has no memory: its choice depends on the pool and on
    its parameters alone.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random. An int gives the same
        choice for the same pool each time.

    See Also
    --------
    skactive.ActiveLearner : The loop that uses a strategy.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.strategies import QueryStrategy
    >>> class FarthestFirst(QueryStrategy):
    ...     def utilities(self, pool):
    ...         distances = pool.distance_to_labeled("euclidean", "min")
    ...         return pool.density("euclidean") if distances is None else distances
    >>> pool = Pool([[0.0], [1.0], [3.0]]).add_labels([0], ["near"])
    >>> indices, utilities = FarthestFirst().select(pool, 2)
    >>> indices, utilities
    (array([2, 1]), array([3., 1.]))
    """

    # The way to choose from partitions of a pool: by "utility", if that of a candidate depends on
    # the candidate and the labelled samples alone; by the "product" of `distribution_factors`; by
    # "chance". None needs the whole pool. Each class declares its own rule.
    partition_rule: str | None = None

    # The kinds of labels that it can be used with, see `skactive.base.Target`. None means any.
    target_kinds: frozenset[str] | None = None

    # The name of the utility as the only component; None takes the name of the class.
    _component_name: str | None = None

    def __init__(self, *, random_state: int | np.random.RandomState | None = None) -> None:
        self.random_state = random_state

    @abstractmethod
    def utilities(self, pool: PoolView) -> np.ndarray:
        """Return the utility of each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            Finite, larger is better, in the order of ``pool.candidates``.
        """

    def terms(self, pool: PoolView) -> dict[str, UtilityComponent]:
        """Return the components of the utility: measures with their values and factors.

        `ActiveLearner.explain_query` explains them in words. A strategy that combines measures
        overrides this method; by default the strategy itself is the only component.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        terms : dict of str to UtilityComponent
            By the name of the measure. The product of their factors is the utility. Empty for a
            strategy that chooses at random.
        """
        name = type(self).__name__
        values = checked_utilities(name, self.utilities(pool), pool)
        return {self._component_name or name: UtilityComponent(self, values, values)}

    def check_target(self, target: Target) -> None:
        """Raise if the strategy, or one of its measures, needs labels of another kind.

        `ActiveLearner` calls it before the first query.

        Parameters
        ----------
        target : Target
            The kind of labels.

        Raises
        ------
        TypeError
            If it does. The message names the part.
        """
        for part in (self, *self.get_params().values()):
            check_kind(part, target.kind)

    def select(
        self, pool: LabelingPool, n_instances: int = 1, *, candidates: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose candidates, most useful first.

        Parameters
        ----------
        pool : LabelingPool
            The pool. It is not changed.
        n_instances : int, default=1
            Number of samples, at least 1 and at most ``pool.n_candidates``.
        candidates : array-like of int of shape (n,), default=None
            Positions to choose from, labelled and skipped ones excluded; None takes all
            candidates of the pool.

        Returns
        -------
        indices : ndarray of int of shape (n_instances,)
            Positions in the pool, without repetition.
        utilities : ndarray of shape (n_instances,)
            The utility of each when it was chosen.

        Raises
        ------
        ValueError
            If fewer candidates are left, or one of `candidates` is labelled or skipped.
        """
        expected = "a Pool, such as the `pool` of a learner"
        check_method(self, "pool", pool, "batch", expected)
        check_kind(self, pool.target.kind)
        batch = pool.batch(self, candidates)
        self._check_n_instances(batch, n_instances)
        return self._choose(batch, n_instances, self._tie_break(pool))

    def __call__(
        self,
        learner: Any,  # objects of modAL
        X_pool: Any,  # samples of any kind
        n_instances: int = 1,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose samples for modAL, or for any object with an estimator.

        Parameters
        ----------
        learner : object
            An active learner or committee of modAL, an object with `estimator` and optionally
            `X_training`, or a classifier.
        X_pool : array-like of length n_samples
            The unlabelled samples. For a Pipeline: the input of its first step.
        n_instances : int, default=1
            Number of samples to choose.

        Returns
        -------
        indices : ndarray of int of shape (n_instances,)
            Rows of X_pool, most useful first, without repetition.
        utilities : ndarray of shape (n_instances,)
            The utility of each when it was chosen.
        """
        return self.select(pool_of_learner(learner, X_pool), n_instances)

    def _sk_visual_block_(self) -> Diagram:
        return Diagram(self, nested_parts(self))

    def best(self, batch: PoolView) -> tuple[np.ndarray, float]:
        """Return the places of the best candidates, and their utility.

        `select` calls it for each pick. A subclass overrides it to find the largest utility
        without computing all of them.

        Parameters
        ----------
        batch : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        places : ndarray of int of shape (n,)
            Places in ``batch.candidates``, ascending; more than one if utilities are equal.
        utility : float
            The largest of `utilities`.
        """
        values = checked_utilities(type(self).__name__, self.utilities(batch), batch)
        return np.flatnonzero(values == values.max()), float(values.max())

    def _choose(
        self, batch: BatchView, n_instances: int, tie_break: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the samples of a query, and their utilities; the largest key breaks ties."""
        indices = np.empty(n_instances, dtype=np.intp)
        chosen = np.empty(n_instances)
        for place in range(n_instances):
            best, chosen[place] = batch.best()
            indices[place] = best[0] if tie_break is None else best[tie_break[best].argmax()]
            if place < n_instances - 1:
                batch.pick(int(indices[place]))
        return indices, chosen

    def _check_n_instances(self, pool: BatchView, n_instances: Any) -> None:
        if pool.n_candidates == 0:
            raise ValueError(
                f"No sample is left to label: each of the pool's {pool.n_samples} is labelled, "
                "skipped or not among the candidates that were passed. Hint: undo() takes labels "
                "back, unskip() makes skipped samples candidates again, and extend() adds samples."
            )
        check_integer("query", "n_instances", n_instances, minimum=1)
        if n_instances > pool.n_candidates:
            raise ValueError(
                f"n_instances={n_instances} samples were requested, but {pool.n_candidates} "
                f"of the pool's {pool.n_samples} are left to label."
            )

    def _tie_break(self, pool: PoolView) -> np.ndarray | None:
        if self.random_state is None:
            return None
        return random_keys(self.random_state, pool.n_samples)


# Each query of a loop uses the same keys.
@lru_cache(maxsize=2)
def _fixed_keys(seed: int, n_samples: int) -> np.ndarray:
    keys = np.random.default_rng((seed, n_samples)).random(n_samples)
    keys.flags.writeable = False
    return keys


def draw_keys(random_state: Any, pool: PoolView) -> np.ndarray:
    """Return one number per sample, by which candidates are drawn; others after each label."""
    seed: Any = 0 if random_state is None else random_state
    if isinstance(seed, int | np.integer):
        # Otherwise the same few would be tried until all of them are labelled.
        return np.random.default_rng((int(seed), pool.n_labeled)).random(pool.n_samples)
    return random_keys(seed, pool.n_samples)


def drawn_candidates(candidates: np.ndarray, keys: np.ndarray, wanted: int | None) -> np.ndarray:
    """Return the candidates with the smallest keys, ascending; all if None are wanted."""
    if wanted is None or wanted >= len(candidates):
        return candidates
    return np.sort(candidates[np.argpartition(keys[candidates], wanted)[:wanted]])


def random_keys(random_state: Any, n_samples: int) -> np.ndarray:
    """Return one random number per sample of a pool.

    An int gives fixed keys for each pool size. In a pool that shrinks from query to query, as
    modAL's does, ties are then broken at other positions each time.
    """
    if isinstance(random_state, int | np.integer) and random_state >= 0:
        return _fixed_keys(int(random_state), n_samples)
    return np.asarray(random_numbers(random_state).random_sample(n_samples))
