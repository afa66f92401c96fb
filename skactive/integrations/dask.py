"""Pools that outgrow one machine, on a Dask cluster.

`PartitionedPool` is a pool whose samples are held by the workers, and from which strategies choose
as from any other. This module imports without Dask; the first pool imports it.
"""

from skactive.integrations._partitioned_pool import PartitionedPool

__all__ = ["PartitionedPool"]

PartitionedPool.__module__ = __name__
