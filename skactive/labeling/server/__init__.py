"""The page to label in, on this machine: ``skactive label SOURCE``."""

from skactive._public import present
from skactive.labeling.server._demo import write_digits
from skactive.labeling.server._security import is_loopback
from skactive.labeling.server._serving import serve

__all__ = ["is_loopback", "serve", "write_digits"]

present(__name__)
