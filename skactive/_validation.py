"""Checks of parameters; messages state the fact and the value."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from skactive._text import did_you_mean, shortened, shown

if TYPE_CHECKING:
    from skactive.base import PoolView


# The number of names that a message lists.
N_CHOICES_SHOWN = 12


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
    known = sorted(choices)
    listed = str(known)
    if len(known) > N_CHOICES_SHOWN:
        listed = f"{listed[:-1].rsplit(', ', len(known) - N_CHOICES_SHOWN)[0]}, ...]"
    guess = did_you_mean(value, known).strip() if isinstance(value, str) else ""
    raise _parameter_error(owner, name, f"one of {listed}", value, guess)


def check_dtype(owner: object, value: Any, choices: Collection[np.dtype[Any]]) -> np.dtype[Any]:
    """Return `value` as one of the types of numbers, or raise."""
    try:
        dtype = np.dtype(value)
        if dtype in choices:
            return dtype
    except TypeError:
        pass
    *others, last = sorted((one.name for one in choices), key=len)
    raise _parameter_error(owner, "dtype", f"{', '.join(others)} or {last}", value)


def check_jobs(owner: object, value: Any) -> None:
    """Raise unless a value is a number of processes, as in joblib."""
    is_int = isinstance(value, Integral) and not isinstance(value, bool)
    if value is not None and (not is_int or value == 0):
        raise _parameter_error(owner, "n_jobs", "an int other than 0, or None", value)


def check_scoring(owner: object, value: Any) -> None:
    """Raise unless a value is the name of a score, or a function."""
    if not isinstance(value, str) and (not callable(value) or isinstance(value, type)):
        raise _parameter_error(owner, "scoring", "the name of a score or a function", value)


def check_bandwidth(owner: object, value: Any) -> float | str | None:
    """Return `value` if it is the bandwidth of a similarity: a number, 'median' or None."""
    if value is None or (isinstance(value, str) and value == "median"):
        return value
    if isinstance(value, str):
        return check_choice(owner, "bandwidth", value, {"median"})
    return check_number(owner, "bandwidth", value, exclusive=True)


def check_path(owner: object, name: str, value: Any) -> Any:
    """Return `value` if it is the path of a file or folder, or raise."""
    if isinstance(value, str | os.PathLike):
        return value
    raise _parameter_error(owner, name, "a path: a str or a pathlib.Path", value, error=TypeError)


def check_name(owner: object, name: str, value: Any) -> None:
    """Raise unless a value is a str or None."""
    if not isinstance(value, str | None):
        raise _parameter_error(owner, name, "a str or None", value, error=TypeError)


def check_names(owner: object, name: str, value: Any, *, or_one: bool = False) -> None:
    """Raise unless a value is a list of strings or None, or one string if that is allowed."""
    if value is None or (or_one and isinstance(value, str)):
        return
    is_list = hasattr(value, "__iter__") and not isinstance(value, str | bytes | Mapping)
    if not is_list or not all(isinstance(one, str) for one in value):
        expected = f"{'a str, ' if or_one else ''}a list of str or None"
        raise _parameter_error(owner, name, expected, value, error=TypeError)


def check_mapping(owner: object, name: str, value: Any, keys: str) -> Mapping[str, Any]:
    """Return `value` if it is a dict whose keys are strings, or raise; None is an empty dict."""
    if value is None:
        return {}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    raise _parameter_error(owner, name, f"a dict by {keys}, or None", value, error=TypeError)


def check_method(
    owner: object, name: str, value: Any, method: str, expected: str, *, hint: str = ""
) -> Any:
    """Return `value` if it is an object with a method, and no class, or raise.

    `method` may list alternatives, separated by spaces.
    """
    has_one = any(callable(getattr(value, one, None)) for one in method.split())
    if has_one and not isinstance(value, type):
        return value
    raise _parameter_error(owner, name, expected, value, hint, TypeError)


def check_measure(owner: object, name: str, value: Any) -> Any:
    """Return `value` if it is a measure, or raise."""
    expected = "a measure, such as skactive.measures.Entropy()"
    return check_method(owner, name, value, "utilities", expected)


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
        guess = closest_strategy(strategy, known)
        raise ValueError(
            f"There is no strategy {shortened(repr(strategy), 40)}. The names are those that "
            f"skactive.strategies.all_strategies() returns.{guess}"
        )
    if not hasattr(strategy, "select") or isinstance(strategy, type):
        hint = ""
        if hasattr(strategy, "utilities") and not isinstance(strategy, type):
            hint = " Hint: a measure is queried by UncertaintySampling(measure)."
        raise TypeError(
            "The strategy must be a query strategy, such as CDFProduct(), or a name, such as "
            f"'herding'. Got {shown(strategy)} instead.{hint}"
        )
    return strategy


def closest_strategy(name: str, known: Mapping[str, Any]) -> str:
    """Return a hint at the strategy whose name or class resembles a name, '' if none does.

    Parameters
    ----------
    name : str
        The name.
    known : dict of str to QueryStrategy
        The strategies by name. Of several with a class, the first has its default parameters.
    """
    by_class = {type(known[one]).__name__: one for one in reversed(list(known))}
    guess = did_you_mean(name, dict(zip(known, known, strict=True)) | by_class)
    return f" Hint: {guess.strip()}" if guess else ""


def _parameter_error(
    owner: object,
    name: str,
    expected: str,
    value: Any,
    hint: str = "",
    error: type[Exception] | None = None,
) -> Exception:
    name_of_owner = owner if isinstance(owner, str) else type(owner).__name__
    sentence = (
        f"The {name!r} parameter of {name_of_owner} must be {expected}. Got {shown(value)} instead."
    )
    if hint:
        sentence += f" Hint: {hint}"
    if error is None:
        comparable = isinstance(value, Real | str) and not isinstance(value, bool)
        error = ValueError if comparable else TypeError
    return error(sentence)


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
