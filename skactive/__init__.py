"""Active learning for scikit-learn: label a handful of samples, get a classifier.

The import of this package loads no other package: each one is loaded on first use, as in
``skactive.strategies.CDFProduct()``. ``ActiveLearner`` and ``Pool`` are also names of this
package.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0.dev0"

__all__ = [
    "ActiveLearner",
    "Pool",
    "base",
    "cli",
    "datasets",
    "embedding",
    "inspection",
    "integrations",
    "labeling",
    "learner",
    "measures",
    "metric_learning",
    "model_selection",
    "neighbors",
    "pool",
    "semi_supervised",
    "strategies",
    "streams",
]

_PACKAGE_OF = {"ActiveLearner": "learner", "Pool": "pool"}

if TYPE_CHECKING:
    from skactive import (
        base,
        cli,
        datasets,
        embedding,
        inspection,
        integrations,
        labeling,
        learner,
        measures,
        metric_learning,
        model_selection,
        neighbors,
        pool,
        semi_supervised,
        strategies,
        streams,
    )
    from skactive.learner import ActiveLearner
    from skactive.pool import Pool
else:
    # Hidden from type checkers, which would otherwise take every misspelt name for a known one.
    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module 'skactive' has no attribute {name!r}")
        package = import_module(f"skactive.{_PACKAGE_OF.get(name, name)}")
        if name in _PACKAGE_OF:
            globals()[name] = getattr(package, name)
            return globals()[name]
        return package


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
