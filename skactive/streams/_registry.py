"""The registry of strategies of streams, which the documentation and the tests read."""

from __future__ import annotations

from typing import Any, NamedTuple

from skactive._text import did_you_mean, shortened, shown
from skactive.streams._base import StreamStrategy
from skactive.streams._cognitive_dual import CognitiveDual
from skactive.streams._fixed_uncertainty import FixedUncertainty
from skactive.streams._local_density import LocalDensity
from skactive.streams._periodic_sampling import PeriodicSampling
from skactive.streams._probabilistic_sampling import ProbabilisticSampling
from skactive.streams._random_sampling import StreamRandomSampling
from skactive.streams._random_variable_uncertainty import RandomVariableUncertainty
from skactive.streams._split import Split
from skactive.streams._stream_herding import StreamHerding
from skactive.streams._variable_uncertainty import VariableUncertainty


class StreamStrategyEntry(NamedTuple):
    """A strategy of streams in the registry.

    Attributes
    ----------
    strategy : StreamStrategy
        An instance with default parameters.
    criterion : str
        The criterion by which it queries a sample, in a few words.
    """

    strategy: StreamStrategy
    criterion: str


def all_stream_strategies() -> dict[str, StreamStrategyEntry]:
    """Return the strategies of streams, by the names that `StreamSampler` takes.

    Returns
    -------
    strategies : dict of str to StreamStrategyEntry
        New instances at each call.

    See Also
    --------
    skactive.strategies.all_strategies : The strategies of pools.

    Examples
    --------
    >>> from skactive.streams import all_stream_strategies
    >>> all_stream_strategies()["split"].strategy
    Split()
    """
    named = {
        "herding": (StreamHerding(), "covers many uncertain samples seen lately"),
        "split": (Split(), "confidence below a threshold that adapts; some at random"),
        "variable-uncertainty": (
            VariableUncertainty(),
            "confidence below a threshold that adapts",
        ),
        "random-variable-uncertainty": (
            RandomVariableUncertainty(),
            "confidence below a threshold that adapts, with a random factor",
        ),
        "fixed-uncertainty": (FixedUncertainty(), "confidence below a fixed threshold"),
        "local-density": (LocalDensity(), "uncertain, and near to samples seen lately"),
        "cognitive-dual": (CognitiveDual(), "uncertain, and near to remembered samples"),
        "probabilistic": (
            ProbabilisticSampling(),
            "expected corrections by a label, with few labels around",
        ),
        "periodic": (PeriodicSampling(), "equal distances in time"),
        "random": (StreamRandomSampling(), "random choice: the baseline"),
    }
    return {name: StreamStrategyEntry(*entry) for name, entry in named.items()}


def stream_strategy(strategy: Any) -> Any:
    """Return a strategy of streams, a new one for a name of the registry, or raise."""
    if isinstance(strategy, str):
        known = all_stream_strategies()
        if strategy in known:
            return known[strategy].strategy
        classes = {type(entry.strategy).__name__: name for name, entry in known.items()}
        guess = did_you_mean(strategy, {**dict(zip(known, known, strict=True)), **classes}).strip()
        raise ValueError(
            f"There is no strategy {shortened(repr(strategy), 40)} for streams. The names are "
            f"{', '.join(map(repr, known))}.{f' Hint: {guess}' if guess else ''}"
        )
    if isinstance(strategy, type) or not callable(getattr(strategy, "decide", None)):
        raise TypeError(
            "The strategy must be a strategy of streams, such as Split(), or a name, such as "
            f"'split'. Got {shown(strategy)} instead."
        )
    return strategy
