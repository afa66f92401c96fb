"""The expected variance of the predictions after each possible answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skactive._engine.cold_start import cold_start_utilities
from skactive._engine.continuous import as_number
from skactive._estimators import check_regressor, no_deviation, predictive_moments
from skactive._few_labels import fitted_copy
from skactive._rows import concatenate_rows
from skactive._validation import check_integer
from skactive.base import IncrementalEstimator, PoolView
from skactive.strategies._base import QueryStrategy, draw_keys, drawn_candidates
from skactive.strategies._support.texts_of_pools import check_estimator_takes_vectors

# Nodes and weights by which the mean over a normal distribution is exact for polynomials up to the
# fifth degree.
NODES = np.array([0.0, -np.sqrt(3), np.sqrt(3)])
WEIGHTS = np.array([2 / 3, 1 / 6, 1 / 6])


class ExpectedVarianceReduction(QueryStrategy):
    """Choose the candidates with the lowest expected variance of the pool after their labels.

    The utility of a candidate is the present mean variance of the predictions for the other
    candidates, less the mean that is expected after the regressor has learnt its label. The label
    is not known: the mean is taken over its predictive distribution, a normal one.

    Parameters
    ----------
    estimator : regressor, default=None
        The regressor whose variance is expected, with standard deviations as `PredictiveVariance`
        needs them. None takes that of the pool. A regressor with `add_labeled` learns each possible
        label and removes it; any other one is copied, and refitted for each.
    n_candidates : int or None, default=100
        Number of candidates that are tried, at least 1, drawn again after each label; None tries
        all.
    n_evaluated : int or None, default=500
        Number of candidates whose variance is evaluated, at least 1, drawn again after each label;
        None takes all.
    random_state : int, RandomState instance or None, default=None
        None breaks ties by position; otherwise they are broken at random. It is also the seed of
        the draws of candidates; None draws as 0 does.

    See Also
    --------
    UncertaintySampling : With the variance of the candidate alone.
    ExpectedErrorReduction : For labels that are classes.

    Notes
    -----
    The mean over the label is that of the Gauss-Hermite rule with three nodes. Candidates that are
    not tried get the lowest utility of those that are. Each sample of a batch is chosen as if it
    were alone. Until two labels are known, the first choice is the most central candidate, the next
    is the one farthest from all labelled samples. The only component of `terms` is 'variance
    reduction'.

    Cost: 3 · n_candidates times that of learning a label and of ``n_evaluated`` predictions.

    References
    ----------
    D. A. Cohn, Z. Ghahramani and M. I. Jordan, "Active learning with statistical models", Journal
    of Artificial Intelligence Research 4, 1996.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.neighbors import IncrementalKNeighborsRegressor
    >>> from skactive.strategies import ExpectedVarianceReduction
    >>> X = [[0.0], [1.0], [5.0], [5.5], [6.0], [9.0]]
    >>> pool = Pool(X, estimator=IncrementalKNeighborsRegressor(2, metric="euclidean"))
    >>> pool = pool.add_labels([0, 5], [0.0, 4.0])
    >>> ExpectedVarianceReduction().select(pool)[0]
    array([4])
    """

    target_kinds = frozenset({"continuous"})

    _component_name = "variance reduction"

    def __init__(
        self,
        *,
        estimator: Any = None,  # any regressor
        n_candidates: int | None = 100,
        n_evaluated: int | None = 500,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(random_state=random_state)
        self.estimator = estimator
        self.n_candidates = n_candidates
        self.n_evaluated = n_evaluated

    def utilities(self, pool: PoolView) -> np.ndarray:
        if self.estimator is not None:
            check_regressor(self, "estimator", self.estimator)
        for name in ("n_candidates", "n_evaluated"):
            if getattr(self, name) is not None:
                check_integer(self, name, getattr(self, name), minimum=1)
        whole, candidates = pool.whole, pool.candidates
        found = pool.once_per_batch(self, lambda: self._reductions(whole))
        if found is None:
            return cold_start_utilities(pool, "euclidean")
        keys, reductions = found
        tried = drawn_candidates(candidates, keys, self.n_candidates)
        if len(tried) == 0:
            return np.empty(0)
        values = reductions(tried)
        utilities = np.full(len(candidates), values.min())
        utilities[np.searchsorted(candidates, tried)] = values
        return utilities

    def _reductions(
        self, pool: PoolView
    ) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None:
        """Return the keys of the draws and the reductions, or None with too few labels."""
        own = pool.estimator if self.estimator is None else self.estimator
        if self.estimator is None:
            hint = "pass another regressor, such as IncrementalKNeighborsRegressor, as `estimator`."
            check_estimator_takes_vectors(self, pool, hint)
        X, y = pool.labeled_samples()
        fitted = fitted_copy(own, X, y) if own is not None and len(y) > 1 else None
        if fitted is None:
            return None
        keys = draw_keys(self.random_state, pool)
        evaluated = drawn_candidates(pool.candidates, 1 - keys, self.n_evaluated)
        model = VarianceLookahead(pool, own, fitted, evaluated)
        return keys, model.reductions


class VarianceLookahead:
    """The reduction of the mean variance by each possible label.

    Parameters
    ----------
    pool : PoolView
        The pool.
    regressor : regressor
        The regressor to fit to further labels.
    fitted : regressor
        A copy that is fitted to the present labels.
    evaluated : ndarray of int of shape (n_evaluated,)
        The samples whose variance is evaluated.
    """

    def __init__(self, pool: PoolView, regressor: Any, fitted: Any, evaluated: np.ndarray) -> None:
        self._pool, self._regressor, self._fitted = pool, regressor, fitted
        self._evaluated = evaluated
        self._others = pool.X[evaluated]
        self._now = self._variances(fitted)
        self._values = np.full(pool.n_samples, np.nan)

    def reductions(self, positions: np.ndarray) -> np.ndarray:
        """Return the reduction for candidates, computed once for each."""
        for position in positions[np.isnan(self._values[positions])].tolist():
            others = self._evaluated != position
            if not others.any():
                self._values[position] = 0.0
                continue
            mean, deviation = self._moments(self._fitted, self._pool.X[[position]])[0]
            expected = sum(
                weight * self._after(position, as_number(mean + node * deviation))[others].mean()
                for node, weight in zip(NODES, WEIGHTS, strict=True)
            )
            self._values[position] = self._now[others].mean() - expected
        # Rounded relatively to the present variance, so that equal samples have equal values.
        unit = np.exp2(np.frexp(self._now.max(initial=0.0))[1])
        return np.round(self._values[positions] / unit, 9) * unit

    def _after(self, position: int, label: float) -> np.ndarray:
        """Return the variances after a further label."""
        sample = self._pool.X[[position]]
        if isinstance(self._fitted, IncrementalEstimator):
            ids = getattr(self._fitted.add_labeled(sample, [label]), "last_ids_", ())
            variances = self._variances(self._fitted)
            self._fitted.remove_labeled(ids)
            return variances
        X, y = self._pool.labeled_samples()
        extended = concatenate_rows(X, sample)
        refitted = fitted_copy(self._regressor, extended, np.append(y, label))
        return self._now if refitted is None else self._variances(refitted)

    def _variances(self, regressor: Any) -> np.ndarray:
        return np.square(self._moments(regressor, self._others)[:, 1])

    def _moments(self, regressor: Any, samples: Any) -> np.ndarray:
        moments = predictive_moments(regressor, samples)
        if moments is None or np.isnan(moments).any():
            raise no_deviation(regressor)
        return moments
