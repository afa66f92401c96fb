"""Errors about optional packages that are not installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def install_hint(extra: str) -> str:
    """Return the sentence that says how to install an extra of skactive."""
    return f"Install it with: pip install 'skactive[{extra}]'"


def not_installed(owner: str, package: str, extra: str) -> ImportError:
    """Return the error about an optional package.

    Parameters
    ----------
    owner : str
        What needs the package: the beginning of the message.
    package : str
        The name under which it is installed, or what it is called.
    extra : str
        The extra of skactive that contains it.

    Returns
    -------
    error : ImportError
        A sentence that names all three.
    """
    return ImportError(f"{owner} needs {package}, which is not installed. {install_hint(extra)}")


def import_optional(module: str, owner: str, package: str, extra: str) -> Any:  # any module
    """Return a module of an optional package, or raise the error that names its extra.

    Parameters
    ----------
    module : str
        The full name of the module.
    owner, package, extra : str
        As in `not_installed`.

    Returns
    -------
    module : module
        The module.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # If a requirement of the package is missing, the original error names it.
        if error.name not in {module, module.partition(".")[0]}:
            raise
        raise not_installed(owner, package, extra) from error
