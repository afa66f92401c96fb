"""A query function of modAL as a strategy of skactive."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError

from skactive._engine.cold_start import cold_start_utilities, has_two_classes
from skactive._engine.committees import BaggedNeighbors, FittedMembers, fitted_committee
from skactive._estimators import no_deviation, predicted_with_std
from skactive._few_labels import fitted_copy
from skactive._text import shown
from skactive.base import LabelingPool, PoolView
from skactive.integrations._pool_estimator import estimator_like
from skactive.measures import Margin
from skactive.strategies import QueryStrategy, UncertaintySampling

N_MEMBERS = 10

# These functions minimise the metric that they return.
MINIMIZING = {"margin_sampling", "expected_error_reduction"}
# The functions of these modules return the best samples in no order.
UNORDERED = {"modAL.uncertainty", "modAL.disagreement", "modAL.expected_error"}


class ModalStrategy(QueryStrategy):
    """Choose candidates by a function of modAL, or by a user-written one of the same form.

    Such functions take a learner (or committee), samples and `n_instances`, and return positions:
    ``modAL.uncertainty.margin_sampling``, ``modAL.batch.uncertainty_batch_sampling``,
    ``modAL.expected_error.expected_error_reduction``, ``modAL.disagreement.vote_entropy_sampling``.
    Functions without `n_instances` that return a number for each sample are utilities, and the
    samples with the largest ones are chosen: ``modAL.uncertainty.classifier_entropy``, the result
    of ``modAL.utils.combination.make_product``, or ``modAL.density.information_density``, which
    gets no learner. ``modAL.disagreement.max_std_sampling`` gets a regressor, for labels that are
    numbers.

    Parameters
    ----------
    function : callable
        The function.
    query_params : dict, default=None
        Further arguments of the function, by name, such as ``{"metric": "cosine"}``.
    committee : list of classifiers, default=None
        The members, if the first argument of the function has the name `committee`: copies of them
        are fitted to the labelled samples. None takes 10 nearest-neighbour classifiers, fitted to
        bootstrap samples.
    random_state : int, RandomState instance or None, default=None
        Ties are broken at random, or by position if it is None. modAL itself draws from numpy's
        global generator if `query_params` request it.

    See Also
    --------
    ActiveLearner : A strategy of skactive in the loop of modAL.
    skactive.integrations.scikit_activeml.ActivemlStrategy : The same for scikit-activeml.

    Notes
    -----
    The function gets the features of the candidates, and a learner with the labelled samples as
    `X_training` and `y_training`; the class probabilities of the candidates are those of the pool.
    A committee starts when two classes are labelled, the functions of ``modAL.uncertainty`` when
    the candidates differ in their margins. Until then the most central candidate is chosen first,
    then the candidate farthest from all labelled samples.

    `margin_sampling` and `expected_error_reduction` choose the samples with the smallest metrics:
    their utilities are the negative metrics. If a function returns only positions, the utilities
    are n, n - 1, …, 1.

    Cost: that of the function, and of copying the features of the candidates.

    References
    ----------
    T. Danka and P. Horvath, "modAL: A modular active learning framework for Python", 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skactive import ActiveLearner
    >>> from skactive.integrations.modal import ModalStrategy
    >>> def smallest(learner, X, n_instances=1):
    ...     order = np.argsort(X[:, 0])[:n_instances]
    ...     return order, -X[order, 0]
    >>> learner = ActiveLearner(strategy=ModalStrategy(smallest), X_pool=[[3.0], [1.0], [2.0]])
    >>> learner.query(2)
    array([1, 2])
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        query_params: dict[str, Any] | None = None,
        committee: Sequence[Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.function = function
        self.query_params = query_params
        self.committee = committee

    def utilities(self, pool: PoolView) -> np.ndarray:
        """Return the utility of each candidate.

        Parameters
        ----------
        pool : PoolView
            The candidates to choose from. It is not changed.

        Returns
        -------
        utilities : ndarray of shape (n_candidates,)
            For a function that chooses samples: its metrics if all candidates are requested.
        """
        whole, candidates = pool.whole, pool.candidates
        if self._waits(whole):
            if self._first_argument() in {"committee", "regressor"}:
                return cold_start_utilities(pool, "cosine")
            return UncertaintySampling().utilities(pool)
        answer = self._answer(whole, candidates, len(candidates))
        if _are_utilities(answer, len(candidates)):
            return np.asarray(answer, dtype=np.float64)
        order, worth = self._chosen(answer, len(candidates), len(candidates))
        utilities = np.empty(len(candidates))
        utilities[order] = worth
        return utilities

    def select(
        self, pool: LabelingPool, n_instances: int = 1, *, candidates: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose candidates, in the order of the function.

        Parameters
        ----------
        pool : LabelingPool
            The pool to choose from. It is not changed.
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
            If fewer candidates are left, or the function returns fewer samples, other samples, or
            a sample twice.
        """
        if self._waits(pool):
            return super().select(pool, n_instances, candidates=candidates)
        batch = pool.batch(self, candidates)
        self._check_n_instances(batch, n_instances)
        among = batch.candidates
        tie_break = self._tie_break(pool)
        if tie_break is not None:
            # A function that chooses the first of equal samples now chooses a random one.
            among = among[np.argsort(tie_break[among])]
        answer = self._answer(pool, among, n_instances)
        if _are_utilities(answer, len(among)):
            worth = np.asarray(answer, dtype=np.float64)
            order = np.argsort(-worth, kind="stable")[:n_instances]
            return among[order], worth[order]
        order, worth = self._chosen(answer, n_instances, len(among))
        return among[order], worth

    def _waits(self, pool: PoolView) -> bool:
        """Return whether the function can tell no candidate from another yet."""
        if self._first_argument() == "regressor":
            return pool.posterior() is None
        if self._first_argument() == "committee":
            return not has_two_classes(pool)
        of_uncertainty = getattr(self.function, "__module__", "") == "modAL.uncertainty"
        return of_uncertainty and pool.is_constant(Margin().utilities(pool), "Margin")

    def _first_argument(self) -> str:
        if not callable(self.function) or isinstance(self.function, type):
            raise TypeError(
                "The 'function' parameter of ModalStrategy must be a query strategy of modAL, a "
                f"function. Got {shown(self.function)} instead."
            )
        return next(iter(_parameters(self.function)), "")

    def _answer(self, pool: PoolView, candidates: np.ndarray, n: int) -> Any:
        X, params = pool.X[candidates], dict(self.query_params or {})
        if "n_instances" in _parameters(self.function):
            params["n_instances"] = int(n)
        first = self._first_argument()
        if first == "X":
            return self.function(X, **params)
        if first == "committee":
            return self.function(self._committee(pool, candidates, X), X, **params)
        return self.function(PoolLearner(pool, candidates, X), X, **params)

    def _committee(self, pool: PoolView, candidates: np.ndarray, X: Any) -> PoolCommittee:
        if self.committee is not None:
            members: Any = fitted_committee(self.committee, pool)
        if self.committee is None or members is None:
            seed = int(self.random_state) if isinstance(self.random_state, int | np.integer) else 0
            members = BaggedNeighbors(pool, N_MEMBERS, 5, "cosine", seed)
        return PoolCommittee(members, candidates, X)

    def _chosen(self, answer: Any, n: int, n_candidates: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the places and utilities in the result of a function, most useful first."""
        name = getattr(self.function, "__name__", repr(self.function))
        places, metrics = (
            answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, None)
        )
        places = np.atleast_1d(np.asarray(places))
        if places.dtype.kind not in "iu" or len(np.unique(places)) != n or len(places) != n:
            raise ValueError(
                f"{name} must return {n} different samples. Got {places.tolist()} instead."
            )
        if places.min() < 0 or places.max() >= n_candidates:
            raise ValueError(
                f"{name} must return positions of its samples, from 0 to {n_candidates - 1}. Got "
                f"{places.tolist()} instead."
            )
        if metrics is None:
            return places, np.arange(n, 0.0, -1.0)
        worth = np.asarray(metrics, dtype=np.float64).ravel()
        if len(worth) != n:
            raise ValueError(
                f"{name} must return one metric for each of its {n} samples. Got {len(worth)}."
            )
        module = getattr(self.function, "__module__", "")
        if module.startswith("modAL.") and name in MINIMIZING:
            worth = -worth
        if module in UNORDERED:
            order = np.argsort(-worth, kind="stable")
            return places[order], worth[order]
        return places, worth


class PoolLearner:
    """A pool with the interface of the learners of modAL.

    Parameters
    ----------
    pool : PoolView
        The pool.
    candidates : ndarray of int of shape (n,)
        The samples that the function chooses from.
    X : {ndarray, CSR matrix} of shape (n, n_features)
        The features of the candidates: the object that is passed to the function.
    """

    on_transformed = False

    def __init__(self, pool: PoolView, candidates: np.ndarray, X: Any) -> None:
        self._pool = pool
        self._candidates = candidates
        self._X = X
        self._fitted: Any = None
        self.X_training: Any = None
        self.y_training: Any = None
        if pool.n_labeled:
            self.X_training, self.y_training = pool.labeled_samples()

    @property
    def estimator(self) -> Any:
        """A classifier like that of the pool, fitted to the labelled samples."""
        if self._fitted is None:
            self._fitted = blank = estimator_like(self._pool)
            if self.X_training is not None:
                fitted = fitted_copy(blank, self.X_training, self.y_training)
                self._fitted = blank if fitted is None else fitted
        return self._fitted

    @property
    def classes_(self) -> np.ndarray:
        """The known labels."""
        return self._pool.classes_

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the posterior of the pool for the candidates, that of `estimator` for others."""
        if X is not self._X:
            return np.asarray(self.estimator.predict_proba(X))
        posterior = self._pool.posterior(self._candidates)
        if posterior is None:
            raise NotFittedError("No label is known yet. Hint: teach some labels first.")
        return posterior

    def predict(self, X: Any, return_std: bool = False) -> Any:  # an array, or a pair
        """Return the labels that `estimator` predicts.

        With `return_std`, the standard deviations too: those of the pool for the candidates.
        """
        if not return_std:
            return np.asarray(self.estimator.predict(X))
        if X is not self._X:
            return predicted_with_std(self.estimator, X)
        posterior = self._pool.posterior(self._candidates)
        if posterior is None:
            raise NotFittedError("No label is known yet. Hint: teach some labels first.")
        if np.isnan(posterior[:, 1]).any():
            raise no_deviation(self._pool.estimator)
        return posterior[:, 0], posterior[:, 1]


class PoolCommittee:
    """A committee that votes on the candidates, with the interface of the committees of modAL.

    Parameters
    ----------
    members : BaggedNeighbors or FittedMembers
        The members.
    candidates : ndarray of int of shape (n,)
        The samples that the function chooses from.
    X : {ndarray, CSR matrix} of shape (n, n_features)
        The features of the candidates: the object that is passed to the function.
    """

    on_transformed = False

    def __init__(
        self, members: BaggedNeighbors | FittedMembers, candidates: np.ndarray, X: Any
    ) -> None:
        self.classes_ = members.classes
        self._X = X
        self._probabilities = members.probabilities(candidates)

    def __len__(self) -> int:
        return len(self._probabilities)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def vote_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of each member, shape (n, n_members, n_classes)."""
        if X is not self._X:
            raise ValueError(
                "A committee of ModalStrategy can only vote on all candidates at once. Hint: pass "
                "the X that the function gets."
            )
        return self._probabilities.swapaxes(0, 1)

    def vote(self, X: Any) -> np.ndarray:
        """Return the label that each member predicts, shape (n, n_members)."""
        return np.asarray(self.classes_[self.vote_proba(X).argmax(axis=2)])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the mean of the probabilities of the members, shape (n, n_classes)."""
        return np.asarray(self.vote_proba(X).mean(axis=1))


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return dict(inspect.signature(function).parameters)


def _are_utilities(answer: Any, n_candidates: int) -> bool:
    """Return whether a result has a float for each sample; positions are integers."""
    if isinstance(answer, tuple):
        return False
    values = np.asarray(answer)
    return values.shape == (n_candidates,) and values.dtype.kind == "f"
