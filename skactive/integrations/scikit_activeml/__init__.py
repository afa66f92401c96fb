"""scikit-activeml's strategies among ours, and ours among scikit-activeml's.

`ActivemlStrategy` makes a query strategy of ``skactiveml.pool`` one of skactive, `SkactiveStrategy`
the other way round. This module imports without scikit-activeml; using it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skactive.integrations.scikit_activeml._activeml_strategy import ActivemlStrategy
from skactive.integrations.scikit_activeml._package import activeml as _activeml

if TYPE_CHECKING:
    from skactive.integrations.scikit_activeml._skactive_strategy import (
        WrappedStrategy as SkactiveStrategy,
    )

__all__ = ["ActivemlStrategy", "SkactiveStrategy"]

ActivemlStrategy.__module__ = __name__


def __getattr__(name: str) -> Any:
    if name != "SkactiveStrategy":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    theirs = _activeml().base.SingleAnnotatorPoolQueryStrategy
    from skactive.integrations.scikit_activeml._skactive_strategy import WrappedStrategy

    # Docstring and module are those of the public name, by which the class is also pickled.
    body = {"__doc__": WrappedStrategy.__doc__, "__module__": __name__}
    globals()[name] = type(name, (WrappedStrategy, theirs), body)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
