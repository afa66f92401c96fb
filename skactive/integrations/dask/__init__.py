"""Pools that outgrow one machine, on a Dask cluster.

`PartitionedPool` is a pool whose samples are held by the workers, and from which strategies choose
as from any other; `PartitionedLearner` is an `ActiveLearner` on such a pool. This module imports
without Dask; the first pool imports it.
"""

from skactive.integrations.dask._learner import PartitionedLearner
from skactive.integrations.dask._pool import PartitionedPool

__all__ = ["PartitionedLearner", "PartitionedPool"]

PartitionedLearner.__module__ = PartitionedPool.__module__ = __name__
