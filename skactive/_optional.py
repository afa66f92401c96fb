"""Errors about optional packages that are not installed."""

from __future__ import annotations


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
