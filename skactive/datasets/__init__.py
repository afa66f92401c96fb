"""Vectors, labels and lists of images from files."""

from skactive._public import present
from skactive.datasets._list_images import list_images
from skactive.datasets._load_vectors import load_vectors
from skactive.datasets._vector_file import VectorFile, open_vectors, write_vectors

__all__ = ["VectorFile", "list_images", "load_vectors", "open_vectors", "write_vectors"]

present(__name__)
