"""Labelled vectors to predictions, instantly."""

from skactive._public import present
from skactive.neighbors._blockwise import BlockwiseKNeighborsTransformer
from skactive.neighbors._classifier import IncrementalKNeighborsClassifier
from skactive.neighbors._explanation import VoteExplanation
from skactive.neighbors._graph import NeighborGraph

__all__ = [
    "BlockwiseKNeighborsTransformer",
    "IncrementalKNeighborsClassifier",
    "NeighborGraph",
    "VoteExplanation",
]

present(__name__)
