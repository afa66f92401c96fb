"""Further arguments of a classifier's `fit`, restricted to the labelled samples."""

from __future__ import annotations

from collections.abc import Callable, Collection
from inspect import Parameter, signature
from typing import Any

import numpy as np

from skactive._contracts._estimators import IncrementalEstimator
from skactive._estimators import has_partial_fit
from skactive._rows import n_samples_of, take_rows


def check_fit_params(classifier: Any, names: Collection[str]) -> None:
    """Raise unless the learning methods of a classifier take arguments of these names."""
    for method in learning_methods(classifier):
        for name in names:
            if not _takes(getattr(classifier, method), name):
                raise TypeError(
                    f"{type(classifier).__name__}.{method}() got an unexpected keyword argument "
                    f"{name!r}. Hint: choose a classifier whose {method} takes it, or remove it."
                )


def learning_methods(classifier: Any) -> list[str]:
    """Return the names of the methods that answers are passed to."""
    if isinstance(classifier, IncrementalEstimator):
        return ["add_labeled"]
    return ["partial_fit"] if has_partial_fit(classifier) else ["fit"]


def per_sample(params: dict[str, Any], positions: np.ndarray, n_samples: int) -> dict[str, Any]:
    """Return arguments in which values per sample are restricted to some samples."""
    return {
        name: take_rows(value, positions) if _is_per_sample(value, n_samples) else value
        for name, value in params.items()
    }


def _is_per_sample(value: Any, n_samples: int) -> bool:
    if isinstance(value, str | dict) or getattr(value, "ndim", 1) == 0:
        return False
    is_sized = hasattr(value, "__len__") or hasattr(value, "shape")
    return is_sized and n_samples_of(value) == n_samples


def _takes(method: Callable[..., Any], name: str) -> bool:
    parameters = signature(method).parameters
    anything = any(one.kind is Parameter.VAR_KEYWORD for one in parameters.values())
    return anything or name in parameters
