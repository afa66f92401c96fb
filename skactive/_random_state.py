"""Seeds of strategies and oracles."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from skactive._text import shown


def random_numbers(random_state: Any) -> np.random.RandomState:
    """Return the generator of a `random_state`, or raise; None is NumPy's global generator."""
    try:
        generator: np.random.RandomState = check_random_state(random_state)
    except ValueError as error:
        raise ValueError(
            "The 'random_state' parameter must be an int of at least 0, a RandomState or None. "
            f"Got {shown(random_state)} instead."
        ) from error
    return generator


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
