"""Imports of TensorFlow, TensorFlow Hub and Pillow, made on first use."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skactive._optional import import_optional


def import_tensorflow() -> Any:
    """Return the module `tensorflow`, or raise an error that names the extra with it."""
    return _imported("tensorflow", "tensorflow")


def import_tensorflow_hub() -> Any:
    """Return the module `tensorflow_hub`, or raise an error that names what is missing."""
    import_tensorflow()
    try:
        return _imported("tensorflow_hub", "tensorflow-hub")
    except ModuleNotFoundError as error:
        if error.name != "pkg_resources":
            raise
        # tensorflow-hub 0.16.1, its last release, imports a module that setuptools has up to
        # release 81.
        raise ImportError(
            "tensorflow-hub imports pkg_resources, which setuptools 82 and later no longer have. "
            "Install an earlier one with: pip install 'setuptools<82'"
        ) from error


def import_pillow() -> Any:
    """Return the module `PIL.Image`, or raise an error that names the extra with it."""
    return import_optional("PIL.Image", "Reading images", "pillow", "image")


def _imported(module: str, distribution: str) -> Any:
    with _without_deprecations():
        return import_optional(module, "HubEmbedder", distribution, "hub")


@contextmanager
def _without_deprecations() -> Iterator[None]:
    # These packages use deprecated names of others, which our users cannot change: pkg_resources
    # in tensorflow-hub, SWIG's types and old names of NumPy in TensorFlow.
    with warnings.catch_warnings():
        for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", category)
        warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
        yield
