"""TensorFlow and TensorFlow Hub, imported when they are needed and not before."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

_EXTRA = "Install it with: pip install 'skactive[hub]'"


def import_tensorflow() -> Any:
    """Return the module `tensorflow`, or raise naming the extra that has it."""
    return _imported("tensorflow", "tensorflow")


def import_tensorflow_hub() -> Any:
    """Return the module `tensorflow_hub`, or raise naming what it lacks."""
    import_tensorflow()
    try:
        return _imported("tensorflow_hub", "tensorflow-hub")
    except ModuleNotFoundError as error:
        if error.name != "pkg_resources":
            raise
        # tensorflow-hub 0.16.1, its last release, imports what setuptools ships up to release 81.
        raise ImportError(
            "tensorflow-hub imports pkg_resources, which setuptools 82 and later no longer have. "
            "Install an earlier one with: pip install 'setuptools<82'"
        ) from error


def import_pillow() -> Any:
    """Return the module `PIL.Image`, or raise naming the extra that has it."""
    return _imported("PIL.Image", "pillow")


def _imported(module: str, distribution: str) -> Any:
    try:
        with _calm():
            return import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in {module, module.partition(".")[0]}:
            raise
        raise ImportError(
            f"HubEmbedder needs {distribution}, which is not installed. {_EXTRA}"
        ) from error


@contextmanager
def _calm() -> Iterator[None]:
    # What these packages use of others' deprecated names is nothing that our users can mend:
    # pkg_resources in tensorflow-hub, SWIG's types and NumPy's old names in TensorFlow.
    with warnings.catch_warnings():
        for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", category)
        warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
        yield
