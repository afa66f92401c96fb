"""Vectors, labels and lists of images from a user's own files."""

from skactive._public import present
from skactive.datasets._list_images import list_images
from skactive.datasets._load_vectors import load_vectors

__all__ = ["list_images", "load_vectors"]

present(__name__)
