"""The valid parameters of label spreading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skactive._engine.distances import METRICS
from skactive._validation import check_choice, check_integer, check_number

if TYPE_CHECKING:
    from skactive.semi_supervised._labeled_nodes import NodeLabelingEstimator


def check_spreading_parameters(estimator: NodeLabelingEstimator) -> None:
    """Raise a TypeError or ValueError that names the first invalid parameter."""
    check_integer(estimator, "n_neighbors", estimator.n_neighbors, minimum=1)
    check_choice(estimator, "metric", estimator.metric, METRICS)
    given = estimator.get_params(deep=False)
    for name in ("alpha", "class_mass", "head_weight"):
        if name not in given:
            continue
        value = check_number(estimator, name, given[name])
        if value > 1 or (name == "alpha" and value == 1):
            bound = "below 1" if name == "alpha" else "of at most 1"
            raise ValueError(
                f"The {name!r} parameter of {type(estimator).__name__} must be a number {bound}. "
                f"Got {value} instead."
            )
    check_number(estimator, "tol", estimator.tol, exclusive=True)
