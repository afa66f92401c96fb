"""Parts of an estimator or strategy in scikit-learn's HTML representation."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import isclass
from typing import Any

from sklearn.base import BaseEstimator


class Diagram:
    """A box with one box per part, for scikit-learn's HTML representation of an object.

    scikit-learn draws only parameters with a method `fit`. Measures and strategies have none, so
    that their owners define scikit-learn's hook `_sk_visual_block_`, which returns a diagram. It
    has the attributes that scikit-learn reads; the class of scikit-learn with these attributes is
    private.

    Parameters
    ----------
    owner : estimator
        The object that is represented.
    parts : sequence of (str, object)
        Names and parts.
    """

    name_caption = None
    doc_link_label = None
    dash_wrapped = True

    def __init__(self, owner: BaseEstimator, parts: Sequence[tuple[str, object]]) -> None:
        self.kind = "parallel" if parts else "single"
        self.estimators = [part for _, part in parts] if parts else owner
        self.names: list[str] | str = [f"{name}: {type(part).__name__}" for name, part in parts]
        self.name_details: list[str] | str = [str(part) for _, part in parts]
        if not parts:
            self.names, self.name_details = type(owner).__name__, str(owner)

    def _sk_visual_block_(self) -> Diagram:
        return self


def nested_parts(owner: Any) -> list[tuple[str, object]]:
    """Return the names and values of the parameters that have parameters themselves."""
    return [
        (name, value)
        for name, value in owner.get_params().items()
        if "__" not in name and hasattr(value, "get_params") and not isclass(value)
    ]
