"""scikit-activeml, imported on first use."""

from __future__ import annotations

from typing import Any


def activeml() -> Any:
    """Return the package, with what is used of it loaded, or raise naming the extra."""
    try:
        import skactiveml
        import skactiveml.base
        import skactiveml.classifier
        import skactiveml.utils
    except ModuleNotFoundError as error:
        if error.name != "skactiveml":
            raise
        raise ImportError(
            "skactive.integrations.scikit_activeml needs scikit-activeml, which is not installed. "
            "Install it with: pip install 'skactive[activeml]'"
        ) from error
    return skactiveml
