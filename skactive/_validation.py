"""Checks of parameters; messages state the fact and the value."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from skactive._text import did_you_mean

if TYPE_CHECKING:
    from skactive.base import PoolView


def are_plain_features(X: Any, n_features: int, dtypes: Collection[Any]) -> bool:
    """Return whether scikit-learn's checks, which take 0.1 ms, would return X unchanged."""
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.shape[1] == n_features
        and X.dtype in dtypes
        and X.flags.c_contiguous
        # With a NaN or an infinity the sum is not finite.
        and math.isfinite(X.sum(dtype=np.float64))
    )


def with_canonical_rows(X: Any) -> Any:
    """Return a CSR matrix with sorted columns and no duplicate or zero entries; arrays as they are.

    Equal rows then have equal entries, and no function has to sum duplicates in place.
    """
    if not sp.issparse(X) or (X.has_canonical_format and X.data.all()):
        return X
    X = X.copy()
    X.sum_duplicates()
    X.eliminate_zeros()
    return X


def check_integer(owner: object, name: str, value: Any, *, minimum: int) -> int:
    """Return `value` as an int of at least `minimum`, or raise."""
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= minimum:
        return int(value)
    raise _parameter_error(owner, name, f"an int of at least {minimum}", value)


def check_number(
    owner: object,
    name: str,
    value: Any,
    *,
    minimum: float = 0.0,
    exclusive: bool = False,
    below: float = math.inf,
) -> float:
    """Return `value` as a finite float of at least (or above) `minimum` and `below`, or raise."""
    if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
        number = float(value)
        if (number > minimum or (number == minimum and not exclusive)) and number < below:
            return number
    bound = f"{'above' if exclusive else 'of at least'} {minimum:g}"
    if below < math.inf:
        bound += f" and below {below:g}"
    raise _parameter_error(owner, name, f"a finite number {bound}", value)


def check_choice(owner: object, name: str, value: Any, choices: Collection[str]) -> str:
    """Return `value` if it is one of `choices`, or raise."""
    if isinstance(value, str) and value in choices:
        return value
    raise _parameter_error(owner, name, f"one of {sorted(choices)}", value)


# Returns the query strategies by name. `skactive.strategies`, a later package, sets it.
_registries: list[Callable[[], Mapping[str, Any]]] = []


def register_strategies(registry: Callable[[], Mapping[str, Any]]) -> None:
    """Set the function that returns the query strategies by name."""
    _registries[:] = [registry]


def check_strategy(strategy: Any) -> Any:
    """Return a query strategy, a new one for a name of the registry, or raise."""
    if isinstance(strategy, str):
        known = _registries[0]() if _registries else {}
        if strategy in known:
            return known[strategy]
        guess = did_you_mean(strategy.lower().replace("_", "-"), list(known)).strip()
        raise ValueError(
            f"There is no strategy {strategy!r}. The strategies are: {', '.join(known)}."
            + (f" Hint: {guess}" if guess else "")
        )
    if not hasattr(strategy, "select") or isinstance(strategy, type):
        raise TypeError(
            "The strategy must be a query strategy, such as CDFProduct(), or a name, such as "
            f"'margin'. Got {strategy!r} instead."
        )
    return strategy


def _parameter_error(owner: object, name: str, expected: str, value: Any) -> Exception:
    name_of_owner = owner if isinstance(owner, str) else type(owner).__name__
    sentence = (
        f"The {name!r} parameter of {name_of_owner} must be {expected}. Got {value!r} instead."
    )
    comparable = isinstance(value, Real | str) and not isinstance(value, bool)
    return ValueError(sentence) if comparable else TypeError(sentence)


def checked_utilities(source: str, utilities: ArrayLike, pool: PoolView) -> np.ndarray:
    """Return utilities as an array of one finite number per candidate, or raise."""
    values = np.asarray(utilities)
    if values.shape != (pool.n_candidates,):
        raise ValueError(
            f"{source} must return one number per candidate, shape ({pool.n_candidates},). "
            f"Got shape {values.shape} instead."
        )
    # The sum is not finite if a value is not, and is faster than a check of all values.
    with np.errstate(over="ignore", invalid="ignore"):
        total = values.sum()
    if not math.isfinite(total) and not np.isfinite(values).all():
        place = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(
            f"{source} gave sample {pool.candidates[place]} of the pool the utility "
            f"{values[place]}, which is not finite."
        )
    return values
