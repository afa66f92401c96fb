"""The candidates, and everything computed about them once and kept up to date label by label."""

from skactive._public import present
from skactive.pool._batch import Batch
from skactive.pool._pool import Pool

__all__ = ["Batch", "Pool"]

present(__name__)
