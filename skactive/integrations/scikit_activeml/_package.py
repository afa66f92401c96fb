"""scikit-activeml, imported on first use."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from skactive._optional import import_optional


def activeml() -> Any:
    """Return the package with its modules loaded, or raise an error that names the extra."""
    owner = "skactive.integrations.scikit_activeml"
    with warnings.catch_warnings():
        # skorch 0.9, which modAL pins, reads its own version through pkg_resources.
        warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
        package = import_optional("skactiveml", owner, "scikit-activeml", "activeml")
        for part in ("base", "classifier", "regressor", "utils"):
            import_module(f"skactiveml.{part}")
        return package
