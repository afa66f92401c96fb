"""The valid parameters of label spreading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skactive._engine.class_descriptions import check_descriptions
from skactive._engine.distances import METRICS
from skactive._validation import check_choice, check_integer, check_number

if TYPE_CHECKING:
    from skactive.semi_supervised._label_spreading import IncrementalLabelSpreading


def check_spreading_parameters(classifier: IncrementalLabelSpreading) -> None:
    """Raise a TypeError or ValueError that names the first invalid parameter."""
    check_integer(classifier, "n_neighbors", classifier.n_neighbors, minimum=1)
    check_choice(classifier, "metric", classifier.metric, METRICS)
    for name in ("alpha", "class_mass", "head_weight"):
        value = check_number(classifier, name, getattr(classifier, name))
        if value > 1 or (name == "alpha" and value == 1):
            bound = "below 1" if name == "alpha" else "of at most 1"
            raise ValueError(
                f"The {name!r} parameter of {type(classifier).__name__} must be a number {bound}. "
                f"Got {value} instead."
            )
    check_number(classifier, "tol", classifier.tol, exclusive=True)
    check_descriptions(classifier, classifier.class_descriptions)
