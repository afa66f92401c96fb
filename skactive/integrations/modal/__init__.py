"""modAL's learner and committee for current scikit-learn, and its functions as strategies.

`ActiveLearner` and `Committee` are subclasses of the modAL classes of the same names that learn
incrementally; `ModalStrategy` turns a query function of modAL into a strategy of skactive. This
module can be imported without modAL; the first use of one of the subclasses imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skactive._optional import import_optional
from skactive.integrations.modal._strategy import ModalStrategy

if TYPE_CHECKING:
    from skactive.integrations.modal._committee import IncrementalCommittee as Committee
    from skactive.integrations.modal._learner import IncrementalLearner as ActiveLearner

__all__ = ["ActiveLearner", "Committee", "ModalStrategy"]

SUBCLASSES = {"ActiveLearner", "Committee"}
ModalStrategy.__module__ = __name__


def __getattr__(name: str) -> type:
    if name not in SUBCLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals().update(_subclasses_of_modal())
    found: type = globals()[name]
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _subclasses_of_modal() -> dict[str, type]:
    models = import_optional("modAL", __name__, "modAL-python", "modal").models
    from skactive.integrations.modal._committee import IncrementalCommittee
    from skactive.integrations.modal._learner import IncrementalLearner

    return {
        "ActiveLearner": _public("ActiveLearner", IncrementalLearner, models.ActiveLearner),
        "Committee": _public("Committee", IncrementalCommittee, models.Committee),
    }


def _public(name: str, own: type, of_modal: type) -> type:
    # Docstring and module are those of the public name, under which the class is also pickled.
    return type(name, (own, of_modal), {"__doc__": own.__doc__, "__module__": __name__})
