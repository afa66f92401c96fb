"""The strategies of the command: their names, weights and metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from skactive.cli._output import CommandError

if TYPE_CHECKING:
    from skactive.strategies import QueryStrategy

BASELINE = "random"
DEFAULT_NAMES = ("herding", "cdf-product", "margin", BASELINE)
# If labels are numbers.
DEFAULT_FOR_NUMBERS = ("herding", "cdf-product", "variance", BASELINE)
WITH_WEIGHTS = "cdf-product"
WEIGHTED = ("uncertainty", "density", "diversity")
METRICS = ("cosine", "euclidean", "manhattan", "chebyshev")


def list_of_strategies() -> str:
    """Return a list of the strategies for the help."""
    from skactive.strategies import all_strategies

    lines = [f"\n  {name:<20}{entry.criterion}" for name, entry in all_strategies().items()]
    return f"strategies, with the criterion by which each chooses samples:{''.join(lines)}"


def names_for(names: Sequence[str] | None, *, are_numbers: bool) -> list[str]:
    """Return the names of strategies that can be used with the labels, None for the defaults."""
    from skactive.strategies import all_strategies

    if names is None:
        return list(DEFAULT_FOR_NUMBERS if are_numbers else DEFAULT_NAMES)
    usable = all_strategies("continuous" if are_numbers else "categorical")
    for name in names:
        if name not in usable:
            needed, got = ("classes", "numbers") if are_numbers else ("numbers", "classes")
            task = "classification" if are_numbers else "regression"
            raise CommandError(
                f"The strategy {name!r} needs {needed}, but the labels are {got}. Hint: choose "
                f"among {', '.join(usable)}, or pass --task {task} if they are {needed}."
            )
    return list(names)


def checked_names(names: Sequence[str]) -> list[str]:
    """Return the names of strategies, each once, and the baseline."""
    from skactive.strategies import all_strategies

    known = {name: entry.strategy for name, entry in all_strategies().items()}
    for name in names:
        if name not in known:
            raise CommandError(_unknown(name, known))
    return list(dict.fromkeys([*names, BASELINE]))


def strategy_weight(text: str) -> tuple[str, float]:
    """Return the name and number of NAME=NUMBER, with the name of a factor."""
    name, _, number = text.partition("=")
    try:
        weight = float(number)
    except ValueError:
        weight = -1.0
    if name not in WEIGHTED or not 0 <= weight < float("inf"):
        raise CommandError(
            f"--weights takes NAME=NUMBER with a number of at least 0 and a name among "
            f"{', '.join(WEIGHTED)}. Got {text!r} instead."
        )
    return name, weight


def build_strategies(
    names: Sequence[str], *, metric: str, weights: Mapping[str, float]
) -> dict[str, QueryStrategy]:
    """Return the strategies of these names; the comparison sets their seeds."""
    from skactive.strategies import all_strategies

    known = all_strategies()
    strategies = {name: known[name].with_metric(metric) for name in names}
    if WITH_WEIGHTS in strategies:
        strategies[WITH_WEIGHTS].set_params(weights=dict(weights))
    return strategies


def _unknown(name: str, known: Mapping[str, QueryStrategy]) -> str:
    from skactive._validation import closest_strategy

    sentence = f"There is no strategy {name!r}. The strategies are: {', '.join(known)}."
    if "." in name or "/" in name:
        return f"{sentence} Hint: put the file before the options."
    return sentence + closest_strategy(name, known)
