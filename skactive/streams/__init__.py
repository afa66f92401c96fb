"""Samples that arrive one by one: decide at once whether to label each of them, within a budget."""

from skactive._public import present
from skactive.streams._base import StreamStrategy
from skactive.streams._budget import StreamBudget
from skactive.streams._cognitive_dual import CognitiveDual
from skactive.streams._fixed_uncertainty import FixedUncertainty
from skactive.streams._local_density import LocalDensity
from skactive.streams._periodic_sampling import PeriodicSampling
from skactive.streams._probabilistic_sampling import ProbabilisticSampling
from skactive.streams._random_sampling import StreamRandomSampling
from skactive.streams._random_variable_uncertainty import RandomVariableUncertainty
from skactive.streams._registry import StreamStrategyEntry, all_stream_strategies
from skactive.streams._sampler import StreamSampler
from skactive.streams._split import Split
from skactive.streams._stream_herding import StreamHerding
from skactive.streams._variable_uncertainty import VariableUncertainty

__all__ = [
    "CognitiveDual",
    "FixedUncertainty",
    "LocalDensity",
    "PeriodicSampling",
    "ProbabilisticSampling",
    "RandomVariableUncertainty",
    "Split",
    "StreamBudget",
    "StreamHerding",
    "StreamRandomSampling",
    "StreamSampler",
    "StreamStrategy",
    "StreamStrategyEntry",
    "VariableUncertainty",
    "all_stream_strategies",
]

present(__name__)
