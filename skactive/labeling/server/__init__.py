"""The page to label in, on this machine: ``skactive label SOURCE``."""

from skactive._public import present
from skactive.labeling.server._serving import serve

__all__ = ["serve"]

present(__name__)
