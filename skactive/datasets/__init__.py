"""Vectors and labels from a user's own files."""

from skactive._public import present
from skactive.datasets._load_vectors import load_vectors

__all__ = ["load_vectors"]

present(__name__)
