"""The base class of measures of the predictive distribution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skactive._engine.targets import check_kind
from skactive.base import PoolView
from skactive.measures._base import Measure


class RowMeasure(Measure):
    """Base class of measures that are a row-wise function of the posterior."""

    # Each class declares its own: a subclass that overrides `utilities` has none.
    _row_function: Callable[[np.ndarray], np.ndarray]

    def utilities_everywhere(self, pool: PoolView) -> np.ndarray:
        function = vars(type(self)).get("_row_function")
        if function is not None:
            check_kind(self, pool.target.kind)
            values = pool.of_posterior(function.__func__, everywhere=True)
            # A value that is not finite is reported by the base class.
            if values is not None and np.isfinite(values.sum()):
                return values
        return super().utilities_everywhere(pool)

    def _of_posterior(
        self, pool: PoolView, function: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Return a function of the posterior of the candidates, 1 for each without a posterior."""
        check_kind(self, pool.target.kind)
        values = pool.of_posterior(function)
        return np.ones(pool.n_candidates) if values is None else values
