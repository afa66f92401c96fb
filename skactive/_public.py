"""The public names of objects, now and in earlier versions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from skactive._warning import warn_user


def present(package: str) -> None:
    """Set the ``__module__`` of all objects in a package's ``__all__`` to the package.

    Neither ``repr`` nor a pickle then names the private module that defines a class, so that the
    private module can be renamed. The ``__init__`` of a package calls it last:
    ``present(__name__)``.

    Parameters
    ----------
    package : str
        Name of an imported package.
    """
    module = sys.modules[package]
    for name in module.__all__:
        member = getattr(module, name)
        parts = getattr(member, "__module__", "").split(".")
        if parts[0] == "skactive" and any(part.startswith("_") for part in parts):
            member.__module__ = package


def moved(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a module's ``__getattr__`` for names that have moved to other packages.

    Parameters
    ----------
    package : str
        Name of the package that had the names.
    names : dict of str to str
        The new path of each name, ``"package.name"``.

    Returns
    -------
    getattr : callable
        Returns the object from its new package, with a `DeprecationWarning`.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 - becomes that of the module
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        warn_user(
            f"{package}.{name} is now {names[name]}. The old name will be removed in version 0.4.",
            DeprecationWarning,
        )
        new_package, _, new_name = names[name].rpartition(".")
        return getattr(import_module(new_package), new_name)

    return __getattr__
