"""The cost of a label."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skactive._engine.cells import first_masked
from skactive._engine.positions import array_of
from skactive._text import counted, shown
from skactive.base import PoolView
from skactive.measures._base import Measure

# The smallest cost whose reciprocal is finite, whatever the last digits.
SMALLEST = float(np.finfo(np.float64).tiny)


class LabelCost(Measure):
    """Measure how cheap the label of a candidate is, for labels that differ in their costs.

    It is the reciprocal of the cost, such as of the time that a person needs for the label. As a
    measure of `skactive.strategies.CDFProduct` it prefers cheap labels among those that are equally
    informative.

    Parameters
    ----------
    cost : array-like of shape (n_samples,) or callable, default=None
        The cost of the label of each sample of the pool, above 0, such as ``[len(text) for text in
        texts]``. A function gets the features of the pool, or the samples as the classifier takes
        them, and returns these costs: it can be used where each fold has a pool of its own, as in
        `skactive.model_selection.compare_strategies`. None: all cost the same.

    See Also
    --------
    skactive.strategies.CDFProduct : Combines it with other measures, with a weight.

    Notes
    -----
    A function is called once for a pool, with all its samples. Values are above 0. If the pool gets
    new samples, an array has to be replaced by a longer one.

    References
    ----------
    B. Settles, M. Craven and L. Friedland, "Active learning with real annotation costs", NIPS
    workshop on cost-sensitive learning, 2008.

    Examples
    --------
    >>> from skactive import Pool
    >>> from skactive.measures import LabelCost
    >>> pool = Pool([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> minutes = [1, 4, 20]
    >>> LabelCost(minutes).utilities(pool)
    array([1.  , 0.25, 0.05])
    """

    def __init__(self, cost: ArrayLike | Callable[[Any], ArrayLike] | None = None) -> None:
        self.cost = cost

    def utilities(self, pool: PoolView) -> np.ndarray:
        cost, whole = self.cost, pool.whole
        if cost is None:
            return np.ones(pool.n_candidates)
        if callable(cost):
            costs = whole.cached(
                (LabelCost, cost),
                lambda: _checked(cost(whole.take(np.arange(whole.n_samples))), whole),
            )
        else:
            costs = _checked(cost, whole)
        return np.asarray(1 / costs[pool.candidates])


def _checked(cost: ArrayLike, pool: PoolView) -> np.ndarray:
    """Return the cost of the label of each sample, or raise."""
    masked = first_masked(cost)
    if masked is not None:
        raise ValueError(
            f"In the 'cost' parameter of LabelCost, that of the sample {masked} is masked. Hint: "
            "give the label of every sample a cost."
        )
    costs = array_of(cost)
    rule = (
        "The 'cost' parameter of LabelCost must be or return one number for each of "
        f"{counted(pool.n_samples, 'sample')} of the pool."
    )
    if costs.shape != (pool.n_samples,):
        raise ValueError(f"{rule} Got {shown(cost)} instead.")
    if costs.dtype.kind not in "iuf":
        plain = costs.tolist()
        are_numbers = [isinstance(one, Real) and not isinstance(one, bool) for one in plain]
        if not all(are_numbers):
            place = are_numbers.index(False)
            raise ValueError(f"{rule} That of the sample {place} is {shown(plain[place])}.")
    try:
        values = costs.astype(np.float64)
    except OverflowError as error:
        raise ValueError(f"{rule} {str(error).capitalize()}.") from error
    wrong = np.flatnonzero(~((values >= SMALLEST) & (values < np.inf)))
    if wrong.size:
        raise ValueError(
            f"The cost of a label must be a finite number of at least {SMALLEST:.1e}. In the "
            f"'cost' parameter of LabelCost, that of the sample {wrong[0]} is {values[wrong[0]]}."
        )
    return values
