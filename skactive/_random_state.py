"""Seeds of strategies and oracles."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone


def seeded(strategy: Any, seed: int | None) -> Any:
    """Return a clone of a strategy or oracle, with `seed` for each `random_state` of None."""
    strategy = clone(strategy)
    if seed is not None:
        unset = {
            name: seed
            for name, value in strategy.get_params().items()
            if value is None and name.split("__")[-1] == "random_state"
        }
        strategy.set_params(**unset)
    return strategy
