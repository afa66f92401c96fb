"""The variance of the predictions of several regressors."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from skactive._engine.blocks import row_blocks
from skactive._engine.candidate_rank import CandidateRank
from skactive._engine.chosen_metric import chosen_metric
from skactive._engine.committees import BaggedNeighbors, fitted_regressors
from skactive._engine.numbers import rounded
from skactive._engine.targets import check_kind
from skactive._estimators import check_regressors
from skactive._validation import check_integer
from skactive.base import PoolView
from skactive.measures._base import Measure
from skactive.measures._predictive_variance import deviation_sentence


class CommitteeVariance(Measure):
    """Measure uncertainty as the variance of the predictions of a committee of regressors.

    Regressors that all fit the labels differ in regions where labels are missing. Values are at
    least 0, in squared units of the labels.

    Parameters
    ----------
    committee : list of regressors, default=None
        At least two members: copies of them are fitted to the features of the labelled samples.
        None takes the members of the pool's estimator if it is a committee of modAL, else
        `n_members` means of nearest neighbours, each with a bootstrap sample of the labels.
    n_members : int, default=10
        Number of members of the default committee, at least 2.
    n_neighbors : int, default=5
        Number of neighbours of each member of the default committee, at least 1.
    metric : str, default=None
        The metric of the default committee. None is the metric of an incremental regressor of the
        pool, else the cosine.
    random_state : int, default=0
        The seed of the bootstrap samples.

    See Also
    --------
    PredictiveVariance : The variance by a single regressor.
    skactive.strategies.QueryByCommittee : For labels that are classes.

    Notes
    -----
    Without two labels or two fitted members, every candidate gets 1.

    Cost with the default committee: O(n_samples · n_features) for each label, to keep the nearest
    labelled samples, and O(n_members · n_candidates · n_neighbors) for the means. With others:
    fitting each, and its predictions.

    References
    ----------
    R. Burbidge, J. J. Rowland and R. D. King, "Active learning for regression based on query by
    committee", IDEAL 2007.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from skactive import Pool
    >>> from skactive.base import ContinuousTarget
    >>> from skactive.measures import CommitteeVariance
    >>> pool = Pool([[0.0], [1.0], [2.0], [4.0]], target=ContinuousTarget())
    >>> committee = [LinearRegression(), KNeighborsRegressor(1)]
    >>> CommitteeVariance(committee).utilities(pool.add_labels([0, 1], [0.0, 2.0]))
    array([1., 9.])
    """

    is_uncertainty = True
    target_kinds = frozenset({"continuous"})

    def __init__(
        self,
        committee: Sequence[Any] | None = None,
        *,
        n_members: int = 10,
        n_neighbors: int = 5,
        metric: str | None = None,
        random_state: int = 0,
    ) -> None:
        self.committee = committee
        self.n_members = n_members
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.random_state = random_state

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_kind(self, pool.target.kind)
        check_integer(self, "n_members", self.n_members, minimum=2)
        check_integer(self, "n_neighbors", self.n_neighbors, minimum=1)
        check_integer(self, "random_state", self.random_state, minimum=0)
        metric, _ = chosen_metric(self, pool)
        if self.committee is not None:
            check_regressors(self, "committee", self.committee)
        whole = pool.whole
        values = pool.once_per_batch(self, lambda: self._values(whole, metric))
        if values is None:
            return np.ones(pool.n_candidates)
        return np.asarray(values[np.searchsorted(whole.candidates, pool.candidates)])

    def sentence(
        self,
        value: float,
        rank: CandidateRank,
        posterior: tuple[Sequence[Hashable], Sequence[float]],
    ) -> str:
        return deviation_sentence("the committee's predictions", value, rank)

    def _values(self, pool: PoolView, metric: str) -> np.ndarray | None:
        """Return the variance of each candidate, or None without two members."""
        candidates = pool.candidates
        learners = getattr(pool.estimator, "learner_list", None)
        if self.committee is None and not learners:
            if pool.n_labeled < 2:
                return None
            bagged = BaggedNeighbors(
                pool, self.n_members, self.n_neighbors, metric, self.random_state
            )
            values = np.empty(len(candidates))
            for block in row_blocks(len(candidates), 200 * (self.n_members + self.n_neighbors)):
                values[block] = bagged.means(candidates[block]).var(axis=0)
            return rounded(values)
        if self.committee is not None:
            members = fitted_regressors(self.committee, pool)
            samples = pool.X[candidates]
        else:
            members, samples = learners, pool.take(candidates)
        if members is None or len(candidates) == 0:
            return None if members is None else np.empty(0)
        predicted = [np.asarray(member.predict(samples), dtype=np.float64) for member in members]
        return rounded(np.var(predicted, axis=0))
