"""Labelled vectors to predictions, instantly."""

from skactive._public import present
from skactive.neighbors._blockwise import BlockwiseKNeighborsTransformer
from skactive.neighbors._classifier import IncrementalKNeighborsClassifier
from skactive.neighbors._explanation import VoteExplanation
from skactive.neighbors._graph import NeighborGraph
from skactive.neighbors._label_spreading import IncrementalLabelSpreading

__all__ = [
    "BlockwiseKNeighborsTransformer",
    "IncrementalKNeighborsClassifier",
    "IncrementalLabelSpreading",
    "NeighborGraph",
    "VoteExplanation",
]

present(__name__)
