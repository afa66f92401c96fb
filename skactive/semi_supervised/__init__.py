"""Classifiers that learn from labelled and unlabelled samples."""

from skactive._public import present
from skactive.semi_supervised._label_spreading import IncrementalLabelSpreading

__all__ = ["IncrementalLabelSpreading"]

present(__name__)
