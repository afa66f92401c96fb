"""Pools: samples, labels, and the numbers that measures read."""

from skactive._engine.cache import FeatureCache
from skactive._public import present
from skactive.pool._batch import Batch
from skactive.pool._pool import Pool

__all__ = ["Batch", "FeatureCache", "Pool"]

present(__name__)
