"""Pools: samples, labels, and the numbers that measures read."""

from skactive._public import present
from skactive.pool._batch import Batch
from skactive.pool._pool import Pool

__all__ = ["Batch", "Pool"]

present(__name__)
