"""The parts of an estimator or strategy, in scikit-learn's HTML representation."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import isclass
from typing import Any


class Diagram:
    """What scikit-learn draws of an object: a box, with one box in it for each of its parts.

    scikit-learn shows by itself the parameters that have `fit`. Measures and strategies have none,
    so that their owners answer `_sk_visual_block_`, the hook by which scikit-learn asks. What it
    reads of the answer is here; the class it uses itself is private to it.

    Parameters
    ----------
    owner : object
        Whose parts they are.
    parts : sequence of (str, object)
        Names and parts.
    """

    name_caption = None
    doc_link_label = None
    dash_wrapped = True

    def __init__(self, owner: Any, parts: Sequence[tuple[str, Any]]) -> None:
        self.kind = "parallel" if parts else "single"
        self.estimators = [part for _, part in parts] if parts else owner
        self.names: Any = [f"{name}: {type(part).__name__}" for name, part in parts]
        self.name_details: Any = [str(part) for _, part in parts]
        if not parts:
            self.names, self.name_details = type(owner).__name__, str(owner)

    def _sk_visual_block_(self) -> Diagram:
        return self


def nested_parts(owner: Any) -> list[tuple[str, Any]]:
    """Return the parameters that have parameters themselves, with their names."""
    return [
        (name, value)
        for name, value in owner.get_params().items()
        if "__" not in name and hasattr(value, "get_params") and not isclass(value)
    ]
