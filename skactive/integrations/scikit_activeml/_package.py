"""scikit-activeml, imported on first use."""

from __future__ import annotations

import warnings
from typing import Any

from skactive._optional import not_installed


def activeml() -> Any:
    """Return the package with its modules loaded, or raise an error that names the extra."""
    try:
        with warnings.catch_warnings():
            # skorch 0.9, which modAL pins, reads its own version through pkg_resources.
            warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
            import skactiveml
            import skactiveml.base
            import skactiveml.classifier
            import skactiveml.utils
    except ModuleNotFoundError as error:
        if error.name != "skactiveml":
            raise
        owner = "skactive.integrations.scikit_activeml"
        raise not_installed(owner, "scikit-activeml", "activeml") from error
    return skactiveml
