"""Linear maps learnt from labels, which move samples of one class closer to each other."""

from skactive._public import present
from skactive.metric_learning._contrastive_map import ContrastiveMap
from skactive.metric_learning._large_margin import LargeMarginNearestNeighbor
from skactive.metric_learning._within_class_whitening import WithinClassWhitening

__all__ = ["ContrastiveMap", "LargeMarginNearestNeighbor", "WithinClassWhitening"]

present(__name__)
