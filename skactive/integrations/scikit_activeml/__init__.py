"""Strategies of scikit-activeml in skactive, and strategies of skactive in scikit-activeml.

`ActivemlStrategy` turns a query strategy of ``skactiveml.pool`` into one of skactive,
`SkactiveStrategy` does the opposite. This module can be imported without scikit-activeml; the first
use of a class imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skactive.integrations.scikit_activeml._activeml_strategy import ActivemlStrategy
from skactive.integrations.scikit_activeml._package import activeml as _activeml

if TYPE_CHECKING:
    from skactive.integrations.scikit_activeml._skactive_strategy import (
        WrappedStrategy as SkactiveStrategy,
    )

__all__ = ["ActivemlStrategy", "SkactiveStrategy"]

ActivemlStrategy.__module__ = __name__


def __getattr__(name: str) -> type:
    if name != "SkactiveStrategy":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    theirs = _activeml().base.SingleAnnotatorPoolQueryStrategy
    from skactive.integrations.scikit_activeml._skactive_strategy import WrappedStrategy

    # Docstring and module are those of the public name, under which the class is also pickled.
    body = {"__doc__": WrappedStrategy.__doc__, "__module__": __name__}
    globals()[name] = type(name, (WrappedStrategy, theirs), body)
    found: type = globals()[name]
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
