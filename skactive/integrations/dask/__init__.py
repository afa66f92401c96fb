"""Pools that are too large for one machine, on a Dask cluster.

`PartitionedPool` is a pool whose samples are held by the workers; strategies choose from it as from
a `Pool`. `PartitionedLearner` is an `ActiveLearner` on such a pool. This module can be
imported without Dask; the first pool imports it.
"""

from skactive.integrations.dask._learner import PartitionedLearner
from skactive.integrations.dask._pool import PartitionedPool

__all__ = ["PartitionedLearner", "PartitionedPool"]

PartitionedLearner.__module__ = PartitionedPool.__module__ = __name__
