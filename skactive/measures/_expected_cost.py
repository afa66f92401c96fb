"""The expected cost of an error."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from numbers import Real

import numpy as np

from skactive._engine.numbers import rounded
from skactive._engine.targets import check_kind
from skactive._text import shown
from skactive.base import PoolView
from skactive.measures._base import Measure


class ExpectedCost(Measure):
    """Measure the expected cost of the prediction, for errors that differ in their costs.

    It is min_j Σ_i p_i c_ij, with the class probabilities p of the candidate and the cost c_ij if a
    sample of class i gets the label j: the expected cost of the cheapest label.

    Parameters
    ----------
    costs : dict of (label, label) to float, default=None
        The costs of errors, by the true and the predicted label, each at least 0. An error that is
        not named costs 1, and a correct label 0. With None the measure is that of
        `LeastConfidence`.

    See Also
    --------
    LeastConfidence : All errors cost the same.

    Notes
    -----
    The classifier still predicts the most probable class. The cheapest one has the smallest entry
    in ``predict_proba(X) @ c``. Cost: O(n_classes²) for each candidate, beside that of the
    posterior. Values are at least 0. Without a posterior, every candidate gets 1.

    References
    ----------
    D. D. Margineantu, "Active cost-sensitive learning", IJCAI 2005.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import ExpectedCost
    >>> from skactive.neighbors import IncrementalKNeighborsClassifier
    >>> X = [[1, 0], [0, 1], [3, 1], [1, 3]]
    >>> pool = Pool(X, estimator=IncrementalKNeighborsClassifier())
    >>> pool = pool.add_labels([0, 1], ["healthy", "ill"])
    >>> ExpectedCost({("ill", "healthy"): 10}).utilities(pool).round(2)
    array([0.79, 0.21])
    """

    target_kinds = frozenset({"categorical"})

    def __init__(self, costs: Mapping[tuple[Hashable, Hashable], float] | None = None) -> None:
        self.costs = costs

    def utilities(self, pool: PoolView) -> np.ndarray:
        check_kind(self, pool.target.kind)
        costs = self._checked_costs()
        posterior = pool.posterior()
        if posterior is None:
            return np.ones(pool.n_candidates)
        matrix = 1 - np.eye(posterior.shape[1])
        column = {label: place for place, label in enumerate(pool.classes_.tolist())}
        for (true, predicted), cost in costs.items():
            if true in column and predicted in column:
                matrix[column[true], column[predicted]] = cost
        return rounded((posterior @ matrix).min(axis=1))

    def _checked_costs(self) -> Mapping[tuple[Hashable, Hashable], float]:
        """Return the costs, or raise."""
        if self.costs is None:
            return {}
        expected = (
            "The 'costs' parameter of ExpectedCost must be a dict by pairs of labels, the true and "
            'the predicted one, such as {("ill", "healthy"): 10}.'
        )
        if not isinstance(self.costs, Mapping):
            raise TypeError(f"{expected} Got {shown(self.costs)} instead.")
        for pair, cost in self.costs.items():
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise TypeError(f"{expected} It has the key {shown(pair)}.")
            is_number = isinstance(cost, Real) and not isinstance(cost, bool)
            if not is_number or not 0 <= cost < np.inf:
                raise ValueError(
                    f"The cost of {shown(pair)} in the 'costs' parameter of ExpectedCost must be a "
                    f"finite number of at least 0. Got {shown(cost)} instead."
                )
        return self.costs
