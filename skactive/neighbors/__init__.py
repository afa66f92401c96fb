"""Nearest neighbours: an incremental classifier and regressor, and neighbour graphs of pools."""

from skactive._public import moved, present
from skactive.neighbors._blockwise import BlockwiseKNeighborsTransformer
from skactive.neighbors._classifier import IncrementalKNeighborsClassifier
from skactive.neighbors._explanation import VoteExplanation
from skactive.neighbors._graph import NeighborGraph
from skactive.neighbors._multi_label import IncrementalMultiLabelKNeighbors
from skactive.neighbors._principal import PrincipalKNeighborsTransformer
from skactive.neighbors._regressor import IncrementalKNeighborsRegressor

__all__ = [
    "BlockwiseKNeighborsTransformer",
    "IncrementalKNeighborsClassifier",
    "IncrementalKNeighborsRegressor",
    "IncrementalMultiLabelKNeighbors",
    "NeighborGraph",
    "PrincipalKNeighborsTransformer",
    "VoteExplanation",
]

__getattr__ = moved(
    __name__,
    {"IncrementalLabelSpreading": "skactive.semi_supervised.IncrementalLabelSpreading"},
)

present(__name__)
