"""The `skactive` command."""

from skactive._public import present
from skactive.cli._main import main

__all__ = ["main"]

present(__name__)
