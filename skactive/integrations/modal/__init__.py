"""modAL's learner and committee for today's scikit-learn, and its functions among our strategies.

`ActiveLearner` and `Committee` are subclasses of the modAL classes of the same names, taught label
by label; `ModalStrategy` makes a query function of modAL one of our strategies. This module
imports without modAL; the first use of one of the subclasses imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skactive.integrations.modal._strategy import ModalStrategy

if TYPE_CHECKING:
    from skactive.integrations.modal._committee import TaughtCommittee as Committee
    from skactive.integrations.modal._learner import TaughtLearner as ActiveLearner

__all__ = ["ActiveLearner", "Committee", "ModalStrategy"]

SUBCLASSES = {"ActiveLearner", "Committee"}
ModalStrategy.__module__ = __name__


def __getattr__(name: str) -> Any:
    if name not in SUBCLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals().update(_subclasses_of_modal())
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _subclasses_of_modal() -> dict[str, type]:
    try:
        from modAL import models
    except ModuleNotFoundError as error:
        if error.name != "modAL":
            raise
        raise ImportError(
            "skactive.integrations.modal needs modAL-python, which is not installed. "
            "Install it with: pip install 'skactive[modal]'"
        ) from error
    from skactive.integrations.modal._committee import TaughtCommittee
    from skactive.integrations.modal._learner import TaughtLearner

    return {
        "ActiveLearner": _public("ActiveLearner", TaughtLearner, models.ActiveLearner),
        "Committee": _public("Committee", TaughtCommittee, models.Committee),
    }


def _public(name: str, taught: type, of_modal: type) -> type:
    # Docstring and module are those of the public name, by which the class is also pickled.
    return type(name, (taught, of_modal), {"__doc__": taught.__doc__, "__module__": __name__})
